//! Tokenizer of a Whisper: `tokenizer.json`, and for transformers the files of its class (Radford et al. 2022).

use std::path::Path;

use any2any_experiment::spec::Side;
use any2any_pretrained::export::Outgoing;
use any2any_text::Frame;
use serde_json::{Map, Value as Json, json};

use super::{CONFIG, FILE, Layout, Saved, document, numbered, token, write_json};
use crate::arguments::Usage;

/// The name of the token that Whisper's class takes for the end, if nobody says otherwise.
const END: &str = "<|endoftext|>";

/// Writes the tokenizer of texts.
pub(super) fn write(
    saved: &Saved,
    side: &Side,
    model: &Outgoing,
    layout: Layout,
    folder: &Path,
) -> anyhow::Result<()> {
    let target = &model.target;
    // A text in training is put between what Whisper is told and the end.
    let told = [target.begin].into_iter().chain(model.prompt.target.iter().copied());
    let frame = Frame {
        begin: numbered(target, told),
        end: token(target, target.end),
        padding: token(target, target.padding),
        offset: 0,
    };
    let mut file: Json = serde_json::from_str(&document(saved, side, &frame)?)?;
    for added in file["added_tokens"].as_array_mut().into_iter().flatten() {
        // Transformers counts timestamps from behind the last special token.
        if added["content"].as_str().is_some_and(is_timestamp) {
            added["special"] = json!(false);
        }
    }
    std::fs::write(folder.join(FILE), serde_json::to_vec(&file)?)?;
    if layout == Layout::Ctranslate2 {
        return Ok(());
    }
    let end = target.names.get(target.end as usize);
    let Some(vocabulary) = file["model"]["vocab"].as_object().filter(|_| end.is_some_and(|end| end == END))
    else {
        let reason = format!("the tokenizer of Whisper is BPE of bytes, whose end is {END}");
        return Err(Usage(format!("tokenizer: Hugging Face's layout cannot say it: {reason}")).into());
    };
    write_json(&folder.join("vocab.json"), &json!(vocabulary))?;
    std::fs::write(folder.join("merges.txt"), merges(&file["model"]["merges"]))?;
    Ok(write_json(&folder.join(CONFIG), &config(&file["added_tokens"]))?)
}

/// True for `<|0.00|>` and those behind it.
fn is_timestamp(name: &str) -> bool {
    let seconds = name.strip_prefix("<|").and_then(|rest| rest.strip_suffix("|>"));
    seconds.is_some_and(|seconds| seconds.contains('.') && seconds.parse::<f64>().is_ok())
}

/// The merges of a BPE, a line each.
fn merges(given: &Json) -> String {
    let line = |merge: &Json| match merge {
        Json::String(both) => both.clone(),
        // Since version 0.20 of tokenizers, the two parts stand apart.
        parts => [0_usize, 1].map(|part| parts[part].as_str().unwrap_or_default()).join(" "),
    };
    let lines = given.as_array().into_iter().flatten().map(line);
    let head = std::iter::once("#version: 0.2".to_owned());
    head.chain(lines).map(|line| line + "\n").collect()
}

fn config(added: &Json) -> Json {
    let tokens = || added.as_array().into_iter().flatten();
    let decoder: Map<String, Json> = tokens()
        .map(|token| {
            let mut of = token.clone();
            if let Some(fields) = of.as_object_mut() {
                fields.remove("id");
            }
            (token["id"].to_string(), of)
        })
        .collect();
    let mut special: Vec<&Json> =
        tokens().filter(|token| token["special"] == true && token["content"] != END).collect();
    special.sort_by_key(|token| token["id"].as_u64());
    json!({
        "tokenizer_class": "WhisperTokenizer",
        "processor_class": "WhisperProcessor",
        "added_tokens_decoder": decoder,
        "additional_special_tokens": special.iter().map(|token| &token["content"]).collect::<Vec<_>>(),
        "bos_token": END,
        "eos_token": END,
        "unk_token": END,
        "pad_token": END,
        "add_prefix_space": false,
        "errors": "replace",
        "clean_up_tokenization_spaces": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_told_from_other_tokens() {
        let names = ["<|0.00|>", "<|29.98|>", "<|en|>", "<|notimestamps|>", "0.00", "<|.|>"];
        assert_eq!(names.map(is_timestamp), [true, true, false, false, false, false]);
    }

    #[test]
    fn merges_are_lines_in_either_form() {
        assert_eq!(merges(&json!(["a b", ["ab", "c"]])), "#version: 0.2\na b\nab c\n");
    }
}
