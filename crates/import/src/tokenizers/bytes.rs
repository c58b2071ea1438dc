//! ByT5, whose tokens are the bytes of UTF-8 and whose tokenizer is in no file: 3 special tokens, 256 bytes, and 125 that
//! it was trained to fill in (Xue et al. 2022).

use serde_json::{Map, Value as Json, json};

use super::Folders;
use crate::error::Result;

const SPECIAL: [&str; 3] = ["<pad>", "</s>", "<unk>"];
/// The number of tokens that stand for spans that were cut out in training.
const SPANS: usize = 125;

/// The `tokenizer.file` options of ByT5, whose file is written.
pub(super) fn tokenizer(folders: &Folders<'_>) -> Result<Json> {
    let config = folders.read_json("tokenizer_config.json")?;
    let class = config["tokenizer_class"].as_str().unwrap_or_default();
    if !class.starts_with("ByT5") {
        // Of all others there is a file.
        folders.found(&["tokenizer.json", "spiece.model"])?;
    }
    let path = folders.write("tokenizer.json", document().to_string().as_bytes())?;
    Ok(json!({ "path": path, "padding": SPECIAL[0], "begin": SPECIAL[0], "end": SPECIAL[1] }))
}

/// The tokenizer in Hugging Face's format: a BPE of bytes that merges none.
fn document() -> Json {
    let bytes = (0..=255u8).map(|byte| in_byte_level(byte).to_string());
    let spans = (0..SPANS).map(|number| format!("<extra_id_{number}>"));
    let names: Vec<String> = SPECIAL.into_iter().map(str::to_owned).chain(bytes).collect();
    let vocabulary: Map<String, Json> =
        names.iter().enumerate().map(|(number, name)| (name.clone(), json!(number))).collect();
    let special = SPECIAL.into_iter().map(str::to_owned).enumerate();
    let added: Vec<Json> = special
        .chain((names.len()..).zip(spans))
        .map(|(number, name)| {
            json!({
                "id": number, "content": name, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true,
            })
        })
        .collect();
    json!({
        "version": "1.0",
        "added_tokens": added,
        "pre_tokenizer": { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false },
        "decoder": { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false },
        "model": { "type": "BPE", "vocab": vocabulary, "merges": [] },
    })
}

/// The character that stands for a byte in byte-level vocabularies (Radford et al. 2019): itself where it is visible,
/// and one from 256 on where it is not.
fn in_byte_level(byte: u8) -> char {
    let visible = |byte: u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    match visible(byte) {
        true => char::from(byte),
        false => {
            let before = (0..byte).filter(|&byte| !visible(byte)).count() as u32;
            char::from_u32(256 + before).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
    }
}
