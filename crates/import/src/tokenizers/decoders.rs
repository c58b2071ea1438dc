//! The tokenizer of a decoder of text that reads pictures: `tokenizer.json`; or the words and merges of a byte-level BPE, as
//! RoBERTa and GPT-2 have them; or a SentencePiece model numbered as fairseq does. Special tokens are named by the numbers
//! that the model's options give them.

use std::collections::BTreeMap;

use any2any_pretrained::{Family, TokenRoles};
use serde_json::{Value as Json, json};

use crate::error::Result;

use super::{Folders, JSON_FILE, Tokenizers, sentencepiece};

const VOCABULARY: &str = "vocab.json";
const MERGES: &str = "merges.txt";
const OF_FAIRSEQ: &str = "sentencepiece.bpe.model";

/// Special tokens of byte-level vocabularies, which come out of no text.
const SPECIAL: [&str; 6] = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>"];

/// Names that padding has, where nothing names it.
const PADDING: [&str; 3] = ["<pad>", "[PAD]", "<|pad|>"];

pub(super) fn tokenizers(folders: &Folders<'_>, tokens: &TokenRoles) -> Result<Tokenizers> {
    let (mut file, names) = if folders.has(JSON_FILE) {
        let path = folders.found(&[JSON_FILE])?;
        (json!({ "path": path }), names(&folders.read_json(JSON_FILE)?))
    } else if folders.has(VOCABULARY) {
        folders.found(&[MERGES])?;
        let document = byte_level(folders)?;
        let path = folders.write(JSON_FILE, document.to_string().as_bytes())?;
        (json!({ "path": path }), names(&document))
    } else {
        folders.found(&[JSON_FILE, VOCABULARY, OF_FAIRSEQ])?;
        let fixed = ["<s>", "<pad>", "</s>", "<unk>"].map(str::to_owned);
        (sentencepiece::tokenizer(Family::VisionEncoderDecoder, folders)?, (0..).zip(fixed).collect())
    };
    let name = |token: Option<u32>| token.and_then(|token| names.get(&token).cloned());
    let end = tokens.end.first().copied();
    let begin = tokens.decoder_start.or(tokens.begin).or(end);
    for (option, token) in [("end", end), ("begin", begin)] {
        if let Some(name) = name(token) {
            file[option] = json!(name);
        }
    }
    let padding = name(tokens.padding.filter(|&padding| Some(padding) != end));
    let usual = || PADDING.iter().find(|usual| names.values().any(|name| name == *usual));
    let padding = padding.or_else(|| usual().map(|&usual| usual.to_owned()));
    if let Some(padding) = &padding {
        file["padding"] = json!(padding);
    }
    let mut notes = Vec::new();
    if let Some(name) = name(begin).filter(|_| begin != end) {
        notes.push(format!(
            "its decoder starts from {name}, which is never written here, as its own program might"
        ));
    }
    file["shared"] = json!(true);
    Ok(Tokenizers { source: None, target: file, adds_padding: padding.is_none(), notes })
}

/// The names of tokens by their numbers, of a `tokenizer.json`.
fn names(document: &Json) -> BTreeMap<u32, String> {
    let mut names = BTreeMap::new();
    let mut add = |number: Option<u64>, name: Option<&str>| {
        if let (Some(number), Some(name)) = (number.and_then(|number| u32::try_from(number).ok()), name) {
            names.insert(number, name.to_owned());
        }
    };
    match &document["model"]["vocab"] {
        Json::Object(vocabulary) => {
            vocabulary.iter().for_each(|(name, number)| add(number.as_u64(), Some(name)));
        }
        Json::Array(pieces) => {
            (0..).zip(pieces).for_each(|(number, piece)| add(Some(number), piece[0].as_str()))
        }
        _ => {}
    }
    for token in document["added_tokens"].as_array().into_iter().flatten() {
        add(token["id"].as_u64(), token["content"].as_str());
    }
    names
}

/// A `tokenizer.json` of words and merges.
fn byte_level(folders: &Folders<'_>) -> Result<Json> {
    let vocabulary = folders.read_json(VOCABULARY)?;
    let merges = String::from_utf8(folders.read(MERGES)?)
        .map_err(|_| folders.wrong(MERGES, "it is no text in UTF-8"))?;
    let is_merge = |line: &&str| !line.is_empty() && !line.starts_with("#version");
    let merges: Vec<&str> = merges.lines().filter(is_merge).collect();
    let special = |name: &'static str| Some((vocabulary[name].as_u64()?, name));
    let added = SPECIAL.into_iter().filter_map(special).map(|(id, content)| {
        json!({
            "id": id, "content": content, "single_word": false, "lstrip": content == "<mask>", "rstrip": false,
            "normalized": false, "special": true,
        })
    });
    let added: Vec<Json> = added.collect();
    let bytes = |prefix: bool| json!({ "type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": true, "use_regex": true });
    Ok(json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": null,
        "pre_tokenizer": bytes(false), "post_processor": null, "decoder": bytes(true),
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "", "end_of_word_suffix": "",
            "fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": vocabulary, "merges": merges,
        },
    }))
}
