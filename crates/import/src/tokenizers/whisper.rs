//! Whisper: `tokenizer.json`, with the tokens of timestamps that some files leave to the program: `<|0.00|>` to `<|30.00|>`
//! in steps of 20 ms (Radford et al. 2022).

use serde_json::{Value as Json, json};

use super::{Folders, JSON_FILE, Tokenizers};
use crate::error::Result;

/// The number of timestamps, both ends of a window of 30 s included.
const TIMESTAMPS: usize = 1501;

/// The name of a timestamp.
fn timestamp(number: usize) -> String {
    format!("<|{}.{:02}|>", number / 50, number % 50 * 2)
}

pub(super) fn tokenizers(folders: &Folders<'_>) -> Result<Tokenizers> {
    folders.found(&[JSON_FILE])?;
    let mut file = folders.read_json(JSON_FILE)?;
    let added = file["added_tokens"]
        .as_array_mut()
        .ok_or_else(|| folders.wrong(JSON_FILE, "it has no added_tokens"))?;
    let special = |token: &Json| {
        token["content"].as_str().is_some_and(|name| name.starts_with("<|") && name.ends_with("|>"))
    };
    // None of them comes out of plain text, whatever the file says of timestamps.
    added.iter_mut().filter(|token| special(token)).for_each(|token| token["special"] = json!(true));
    if !added.iter().any(|token| token["content"] == json!(timestamp(0))) {
        let last = added.iter().filter_map(|token| token["id"].as_u64()).max().unwrap_or(0);
        added.extend((0..TIMESTAMPS).map(|number| {
            json!({
                "id": last + 1 + number as u64, "content": timestamp(number), "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false, "special": true,
            })
        }));
    }
    let path = folders.write(JSON_FILE, file.to_string().as_bytes())?;
    // Its own program fills up with the end; a token that is never written does as well, and ends nothing.
    let target = json!({
        "path": path, "shared": true, "padding": "<|startoflm|>", "begin": "<|startoftranscript|>", "end": "<|endoftext|>",
    });
    Ok(Tokenizers { source: None, target, adds_padding: false, notes: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_20_ms_apart() {
        assert_eq!([0, 1, 50, 1500].map(timestamp), ["<|0.00|>", "<|0.02|>", "<|1.00|>", "<|30.00|>"]);
    }
}
