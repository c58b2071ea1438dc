//! Hostile lines of a `tokenizer.json`, each with the word that it ends in.

use serde_json::{Value as Json, json};

use super::bases::{base64, character_map};
use super::patient::try_file;

/// The tokenizer, what is done to it, and what is said, of the file or of a text; nothing where all works.
type Line = (&'static str, fn(&mut Json), &'static str);

pub(crate) const LINES: &[Line] = &[
    ("byte_level_bpe", |_| {}, ""),
    ("split_bpe", |_| {}, ""),
    ("byte_fallback_bpe", |_| {}, ""),
    ("word_piece", |_| {}, ""),
    ("unigram", |_| {}, ""),
    ("precompiled_unigram", |_| {}, ""),
    ("word_level", |_| {}, ""),
    // Numbers of tokens.
    (
        "word_piece",
        |file| file["model"]["vocab"]["a"] = json!(u32::MAX - 1),
        "model.vocab: 'a' has the id 4294967294, and ids go up to 2097151",
    ),
    ("word_piece", |file| file["model"]["vocab"]["a"] = json!(1_000_000), "gives one the number 1000000"),
    ("word_piece", |file| file["model"]["vocab"]["a"] = json!(-1), "model.vocab: 'a' has the id -1"),
    ("word_piece", |file| file["model"]["vocab"]["a"] = json!(7), ""),
    ("word_piece", |file| file["model"]["unk_id"] = json!(u32::MAX - 1), ""),
    (
        "unigram",
        |file| file["model"]["unk_id"] = json!(u32::MAX - 1),
        "model.unk_id: 4294967294 is none of the 100 tokens",
    ),
    ("unigram", |file| file["model"]["unk_id"] = json!(100), "model.unk_id: 100 is none"),
    ("unigram", |file| file["model"]["unk_id"] = Json::Null, "unknown token"),
    (
        "word_piece",
        |file| file["added_tokens"][0]["id"] = json!(u32::MAX - 1),
        "added_tokens[0].id: 4294967294",
    ),
    (
        "word_piece",
        |file| file["added_tokens"][0]["content"] = json!("a".repeat(5000)),
        "added_tokens[0].content: the token 'aaaaaaaaaaaaaaaaaaaa...' has 5000 bytes",
    ),
    // Names and scores.
    (
        "unigram",
        |file| file["model"]["vocab"][9][0] = json!(""),
        "model.vocab[9]: a name and its score are needed",
    ),
    ("unigram", |file| file["model"]["vocab"][9][1] = Json::Null, "model.vocab[9]: a name and its score"),
    ("unigram", |file| file["model"]["vocab"][9][1] = json!(-1e308), ""),
    (
        "unigram",
        |file| file["model"]["vocab"][9][0] = json!("a".repeat(1_000_000)),
        "has 1000000 bytes, and may have 1024",
    ),
    (
        "unigram",
        |file| {
            let pieces = (2..1000).map(|length| json!(["a".repeat(length), -1.0]));
            file["model"]["vocab"].as_array_mut().expect("pieces").extend(pieces);
        },
        "",
    ),
    // Merges.
    (
        "byte_level_bpe",
        |file| file["model"]["continuing_subword_prefix"] = json!("##"),
        "is shorter than continuing_subword_prefix '##'",
    ),
    (
        "byte_level_bpe",
        |file| file["model"]["merges"][0] = json!(["a", "nowhere"]),
        "model.merges[0]: 'nowhere' is not in model.vocab",
    ),
    (
        "byte_fallback_bpe",
        |file| file["model"]["merges"][0] = json!("a nowhere"),
        "model.merges[0]: 'nowhere' is not in model.vocab",
    ),
    (
        "byte_fallback_bpe",
        |file| {
            file["model"]["merges"] = json!([]);
            file["model"]["continuing_subword_prefix"] = json!("##");
            file["model"]["end_of_word_suffix"] = json!("</w>");
        },
        "",
    ),
    (
        "byte_level_bpe",
        |file| {
            // A prefix that ends within a character.
            file["model"]["vocab"]["xä"] = json!(330);
            file["model"]["continuing_subword_prefix"] = json!("xy");
            file["model"]["merges"] = json!([["a", "xä"]]);
        },
        "'xä' is shorter than",
    ),
    (
        "byte_level_bpe",
        |file| file["model"]["end_of_word_suffix"] = json!("w".repeat(100_000)),
        "model.end_of_word_suffix: 'wwwwwwwwwwwwwwwwwwww...' has 100000 bytes, and may have 64",
    ),
    // Words.
    (
        "word_piece",
        |file| file["model"]["max_input_chars_per_word"] = json!(u64::MAX),
        "model.max_input_chars_per_word: 18446744073709551615, and it may be 1000",
    ),
    ("word_piece", |file| file["model"]["unk_token"] = json!("missing"), "[UNK] token"),
    // Steps.
    (
        "byte_level_bpe",
        |file| file["pre_tokenizer"] = json!({ "type": "FixedLength", "length": 0 }),
        "pre_tokenizer.length: 0, and a part has at least 1 character",
    ),
    (
        "byte_level_bpe",
        |file| file["pre_tokenizer"] = split(json!({ "String": "" })),
        "pre_tokenizer.pattern: it is empty",
    ),
    (
        "byte_level_bpe",
        |file| file["pre_tokenizer"] = split(json!({ "Regex": "" })),
        "pre_tokenizer.pattern: it is empty",
    ),
    (
        "byte_level_bpe",
        |file| file["pre_tokenizer"] = split(json!({ "Regex": "(a*)*(?!b)c" })),
        "pre_tokenizer.pattern: '(a*)*(?!b)c' has look-around beside more than one repetition",
    ),
    (
        "byte_level_bpe",
        |file| file["pre_tokenizer"] = split(json!({ "Regex": "(a)\\1" })),
        "pre_tokenizer.pattern: it is no expression that can be matched in linear time",
    ),
    (
        "byte_level_bpe",
        |file| file["pre_tokenizer"] = split(json!({ "Regex": "a{1000}{1000}" })),
        "its counted repetitions multiply",
    ),
    ("byte_level_bpe", |file| file["pre_tokenizer"] = split(json!({ "Regex": "(a+)+$|b*" })), ""),
    (
        "byte_level_bpe",
        |file| {
            let step = json!({ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": false });
            file["pre_tokenizer"] = json!({ "type": "Sequence", "pretokenizers": vec![step; 30] });
        },
        "its pre-tokenizers make more than",
    ),
    (
        "byte_level_bpe",
        |file| {
            let step = json!({ "type": "Whitespace" });
            file["pre_tokenizer"] = json!({ "type": "Sequence", "pretokenizers": vec![step; 40] });
        },
        "there are more than 32 steps",
    ),
    (
        "unigram",
        |file| {
            let step = json!({ "type": "Replace", "pattern": { "String": "a" }, "content": "aa" });
            file["normalizer"] = json!({ "type": "Sequence", "normalizers": vec![step; 30] });
        },
        "its normalizers make more than",
    ),
    (
        "unigram",
        |file| {
            file["normalizer"] =
                json!({ "type": "Replace", "pattern": { "String": "a" }, "content": "a".repeat(1000) });
        },
        "normalizer.content: 'aaaaaaaaaaaaaaaaaaaa...' has 1000 bytes",
    ),
    (
        "unigram",
        |file| {
            file["normalizer"] = json!({ "type": "Prepend", "prepend": "a".repeat(100_000_000) });
        },
        "normalizer.prepend: 'aaaaaaaaaaaaaaaaaaaa...' has 100000000 bytes",
    ),
    (
        "unigram",
        |file| {
            let nested = (0..40).fold(
                json!({ "type": "NFC" }),
                |inner, _| json!({ "type": "Sequence", "normalizers": [inner] }),
            );
            file["normalizer"] = nested;
        },
        "steps lie more than 8 deep in one another",
    ),
    (
        "unigram",
        |file| {
            file["decoder"] =
                (0..40).fold(json!({ "type": "Fuse" }), |inner, _| json!({ "decoders": [inner] }));
        },
        "steps lie more than 8 deep in one another",
    ),
    // Maps of characters.
    ("unigram", |file| file["normalizer"] = map(&character_map(&[("a", "b")])), ""),
    (
        "unigram",
        |file| file["normalizer"] = map(&[0, 0, 0, 0, b'a']),
        "normalizer.precompiled_charsmap: its map of characters is broken",
    ),
    ("unigram", |file| file["normalizer"] = map(&[]), "normalizer.precompiled_charsmap: it is empty"),
    (
        "unigram",
        |file| file["normalizer"]["precompiled_charsmap"] = json!("?"),
        "normalizer.precompiled_charsmap: it is not in base 64",
    ),
    (
        "unigram",
        |file| {
            // A root whose children lie outside, and a value outside.
            let mut outside = character_map(&[("a", "b")]);
            outside[4..8].copy_from_slice(&(200_000u32 << 10).to_le_bytes());
            file["normalizer"] = map(&outside);
        },
        "its map of characters is broken",
    ),
    (
        "unigram",
        |file| {
            let mut outside = character_map(&[("a", "b")]);
            outside[4 + 256 * 4..8 + 256 * 4].copy_from_slice(&(1u32 << 31 | 4000).to_le_bytes());
            file["normalizer"] = map(&outside);
        },
        "its map of characters is broken",
    ),
    (
        "unigram",
        |file| file["normalizer"] = map(&character_map(&[("a", &"b".repeat(300))])),
        "replaces one by more than 256 bytes",
    ),
    // Decoders, which make text of tokens.
    (
        "unigram",
        |file| {
            file["decoder"] = json!({ "type": "Strip", "content": "a", "start": u64::MAX, "stop": u64::MAX })
        },
        "",
    ),
    ("unigram", |file| file["decoder"] = json!({ "type": "BPEDecoder", "suffix": "" }), ""),
    (
        "unigram",
        |file| {
            let step = json!({ "type": "Replace", "pattern": { "String": "e" }, "content": "ee" });
            file["decoder"] = json!({ "type": "Sequence", "decoders": vec![step; 15] });
        },
        "its decoders make more than",
    ),
    (
        "unigram",
        |file| {
            file["decoder"] = json!({ "type": "Sequence", "decoders": [
        { "type": "CTC", "pad_token": "", "word_delimiter_token": "", "cleanup": true },
        { "type": "BPEDecoder", "suffix": "</w>" },
    ] })
        },
        "",
    ),
    ("unigram", |file| file["decoder"] = json!([1, 2]), "its decoder is broken"),
    // Post-processors are read for a warning alone.
    (
        "precompiled_unigram",
        |file| {
            file["post_processor"]["special_tokens"] = json!({});
            file["post_processor"] =
                json!({ "type": "Sequence", "processors": [file["post_processor"], file["post_processor"]] });
        },
        "",
    ),
    ("precompiled_unigram", |file| file["truncation"]["max_length"] = json!(u64::MAX), ""),
    (
        "word_piece",
        |file| file["padding"] = json!({ "strategy": { "Fixed": u64::MAX }, "pad_id": u64::MAX }),
        "",
    ),
    // Not even the parts.
    ("word_piece", |file| file["model"] = json!([1]), "it has no model with a vocabulary"),
    ("word_piece", |file| file["model"]["vocab"] = json!({}), "[UNK] token"),
];

fn split(pattern: Json) -> Json {
    json!({ "type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": false })
}

fn map(map: &[u8]) -> Json {
    json!({ "type": "Precompiled", "precompiled_charsmap": base64(map) })
}

/// Tries a line.
pub(crate) fn check(bases: &[(&'static str, Json)], line: usize) -> Result<(), String> {
    let (name, change, expected) = LINES[line];
    let mut file = bases.iter().find(|(base, _)| *base == name).expect("a base").1.clone();
    change(&mut file);
    match try_file("tokenizer.json", file.to_string().as_bytes()) {
        Ok(words) if expected.is_empty() => {
            assert_eq!(words, [""; 0], "line {line} of {name}");
            Ok(())
        }
        Ok(words) => {
            assert!(words.iter().any(|word| word.contains(expected)), "line {line} of {name}: {words:?}");
            Ok(())
        }
        Err(word) => {
            let is_right = !expected.is_empty() && word.contains(expected);
            assert!(is_right, "line {line} of {name}, not {expected:?}: {word}");
            Err(word)
        }
    }
}
