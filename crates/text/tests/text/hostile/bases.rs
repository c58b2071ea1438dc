//! Whole tokenizers of every kind, to be damaged.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

/// A golden file of the other tests.
pub(crate) fn golden(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    std::fs::read(path).expect("a golden file")
}

/// Tokenizers of Hugging Face's format, by name.
pub(crate) fn all() -> Vec<(&'static str, Json)> {
    let read = |name: &str| -> Json { serde_json::from_slice(&golden(name)).expect("JSON") };
    let (byte_level, word_piece) = (read("byte_level_bpe.json"), read("bert_word_piece.json"));
    let unigram = read("metaspace_unigram.json");
    let mut precompiled = unigram.clone();
    let map = base64(&character_map(&[("ﬁ", "fi"), ("ä", "a\u{308}"), ("\t", " "), ("\u{3000}", " ")]));
    precompiled["normalizer"] = json!({ "type": "Sequence", "normalizers": [
        { "type": "Precompiled", "precompiled_charsmap": map },
        { "type": "Replace", "pattern": { "Regex": " {2,}" }, "content": " " },
        { "type": "Prepend", "prepend": "▁" },
    ] });
    precompiled["post_processor"] = json!({
        "type": "TemplateProcessing",
        "single": [{ "Sequence": { "id": "A", "type_id": 0 } }, { "SpecialToken": { "id": "</s>", "type_id": 0 } }],
        "pair": [{ "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "B", "type_id": 0 } }],
        "special_tokens": { "</s>": { "id": "</s>", "ids": [2], "tokens": ["</s>"] } },
    });
    precompiled["truncation"] =
        json!({ "direction": "Right", "max_length": 512, "strategy": "LongestFirst", "stride": 0 });
    let mut split = byte_level.clone();
    split["pre_tokenizer"] = json!({ "type": "Sequence", "pretokenizers": [
        { "type": "Split", "pattern": { "Regex": GPT }, "behavior": "Isolated", "invert": false },
        { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false },
    ] });
    split["post_processor"] = json!({ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false,
        "use_regex": true });
    let mut llama = json!({
        "version": "1.0",
        "added_tokens": [],
        "normalizer": { "type": "Sequence", "normalizers": [
            { "type": "Prepend", "prepend": "▁" },
            { "type": "Replace", "pattern": { "String": " " }, "content": "▁" },
        ] },
        "pre_tokenizer": null,
        "decoder": { "type": "Sequence", "decoders": [
            { "type": "Replace", "pattern": { "String": "▁" }, "content": " " },
            { "type": "ByteFallback" },
            { "type": "Fuse" },
            { "type": "Strip", "content": " ", "start": 1, "stop": 0 },
        ] },
        "model": { "type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
            "vocab": { "<unk>": 0, "<s>": 1, "</s>": 2 },
            "merges": ["a b", "ab ab", "▁ a"] },
    });
    let names = (0..=255u8).map(|byte| format!("<0x{byte:02X}>"));
    let names = names.chain(["a", "b", "e", "r", "▁", "ab", "abab", "▁a"].map(str::to_owned));
    for (token, name) in (3..).zip(names) {
        llama["model"]["vocab"][name] = json!(token);
    }
    let words = json!({
        "version": "1.0",
        "added_tokens": [{ "id": 7, "content": "<2de>", "single_word": true, "lstrip": true, "rstrip": true,
            "normalized": true, "special": false }],
        "normalizer": { "type": "Sequence", "normalizers": [{ "type": "NFD" }, { "type": "Lowercase" },
            { "type": "StripAccents" }, { "type": "Strip", "strip_left": true, "strip_right": true }] },
        "pre_tokenizer": { "type": "Sequence", "pretokenizers": [{ "type": "Whitespace" },
            { "type": "Digits", "individual_digits": true },
            { "type": "Punctuation", "behavior": "Isolated" }] },
        "post_processor": { "type": "BertProcessing", "sep": ["</s>", 3], "cls": ["<s>", 2] },
        "decoder": { "type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": true },
        "model": { "type": "WordLevel", "unk_token": "<unk>",
            "vocab": { "<pad>": 0, "<unk>": 1, "<s>": 2, "</s>": 3, "the": 4, "ferry": 5, "leaves": 6 } },
    });
    vec![
        ("byte_level_bpe", byte_level),
        ("split_bpe", split),
        ("byte_fallback_bpe", llama),
        ("word_piece", word_piece),
        ("unigram", unigram),
        ("precompiled_unigram", precompiled),
        ("word_level", words),
    ]
}

/// The pattern by which large models cut texts into words.
pub(crate) const GPT: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// A map of characters: every node of its trie has 256 units of its own.
pub(crate) fn character_map(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut replacements = Vec::new();
    let mut units: Vec<u32> = vec![0; 256];
    // The place of the children of the node at each place.
    let mut children: std::collections::BTreeMap<usize, usize> = [(0, 0)].into();
    for (text, replacement) in pairs {
        let (mut block, mut last) = (0, 0);
        for byte in text.bytes() {
            let place = block ^ usize::from(byte);
            last = place;
            block = *children.entry(place).or_insert_with(|| {
                units.resize(units.len() + 256, 0);
                units.len() - 256
            });
            units[place] = ((place ^ block) as u32) << 10 | u32::from(byte) | units[place] & 1 << 8;
        }
        units[last] |= 1 << 8;
        units[block] = 1 << 31 | replacements.len() as u32;
        replacements.extend(replacement.bytes().chain([0]));
    }
    let size = (units.len() * 4) as u32;
    let units = units.iter().flat_map(|unit| unit.to_le_bytes());
    size.to_le_bytes().into_iter().chain(units).chain(replacements).collect()
}

/// Bytes in the alphabet of base 64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut written = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let digit = alphabet[(bits >> (18 - 6 * at) & 63) as usize];
            written.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    written
}
