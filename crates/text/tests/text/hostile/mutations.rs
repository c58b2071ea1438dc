//! Damaged tokenizers, each from its seed.

use any2any_adapter::{Random, Seed};
use serde_json::{Value as Json, json};

use super::bases::{GPT, golden};

/// A damaged file of Hugging Face's format.
pub(crate) fn damaged_json(bases: &[(&'static str, Json)], seed: u64) -> Vec<u8> {
    let mut random = Seed(17).random("json", seed);
    let mut file = bases[random.below(bases.len())].1.clone();
    for _ in 0..1 + random.below(3) {
        damage(&mut file, bases, &mut random);
    }
    let mut document = file.to_string().into_bytes();
    match random.below(20) {
        0..4 => flip(&mut document, &mut random),
        4 => {
            // The same key twice, the second with another value.
            let key = ["\"model\":", "\"vocab\":", "\"type\":", "\"merges\":"][random.below(4)];
            let text = String::from_utf8_lossy(&document).into_owned();
            let extra = format!("{key}{},{key}", extreme(&mut random));
            document = text.replacen(key, &extra, 1).into_bytes();
        }
        5 => {
            // Deeper than any parser goes.
            let depth = [100, 130, 100_000][random.below(3)];
            let text = String::from_utf8_lossy(&document).into_owned();
            let deep = format!("\"normalizer\":{}1{},\"x\":", "[".repeat(depth), "]".repeat(depth));
            document = text.replacen("\"normalizer\":", &deep, 1).into_bytes();
        }
        _ => {}
    }
    document
}

/// A damaged model of SentencePiece.
pub(crate) fn damaged_model(seed: u64) -> Vec<u8> {
    let mut random = Seed(17).random("model", seed);
    let names = ["unigram", "unigram_bytes", "bpe", "bpe_bytes", "words", "characters"];
    let mut document = golden(&format!("sentencepiece_{}.model", names[random.below(names.len())]));
    if random.below(4) == 0 {
        document.extend(hostile_field(&mut random));
    }
    if random.below(8) != 0 {
        for _ in 0..1 + random.below(3) {
            flip(&mut document, &mut random);
        }
    }
    document
}

/// A message behind the others: a piece, or what a text is normalised with.
fn hostile_field(random: &mut Random) -> Vec<u8> {
    let field = |number: u8, value: &[u8]| {
        let mut written = vec![number << 3 | 2];
        let mut length = value.len();
        while length > 127 {
            written.push(length as u8 | 128);
            length >>= 7;
        }
        written.push(length as u8);
        [&written, value].concat()
    };
    let number = |bits: u32| [&[2 << 3 | 5], &bits.to_le_bytes()[..]].concat();
    let units = |count: usize, random: &mut Random| -> Vec<u8> {
        (0..count).flat_map(|_| (random.next_u64() as u32 & !(1 << 31)).to_le_bytes()).collect()
    };
    match random.below(6) {
        // A score that is no number, or endless.
        0 => field(1, &[field(1, b"e"), number(0x7fc0_0000)].concat()),
        1 => field(1, &[field(1, b"er"), number(0x7f80_0000)].concat()),
        2 => {
            let long = "a".repeat([500, 5_000, 200_000][random.below(3)]);
            field(1, &field(1, long.as_bytes()))
        }
        3 => {
            let array = units(64, random);
            let map = [&(array.len() as u32).to_le_bytes()[..], &array, "x\0y\0".as_bytes()].concat();
            field(3, &field(2, &map))
        }
        4 => {
            let map = super::bases::character_map(&[("a", &"a".repeat(500_000))]);
            field([3, 5][random.below(2)], &field(2, &map))
        }
        _ => {
            let surface = "?".repeat(1_000_000);
            // unk_surface is field 44, whose number takes two bytes.
            let mut written = field(0, surface.as_bytes());
            written.splice(0..1, [0xe2, 0x02]);
            field(2, &written)
        }
    }
}

fn flip(document: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(document.len());
    match random.below(9) {
        0..6 => document[at] = random.below(256) as u8,
        6 => document.truncate(at.max(1)),
        7 => {
            let end = (at + random.below(40)).min(document.len());
            let part = document[at..end].to_vec();
            document.splice(at..at, part);
        }
        _ => drop(document.drain(at..(at + 1 + random.below(9)).min(document.len()))),
    }
    if document.is_empty() {
        document.push(b'{');
    }
}

/// One change of a file's tree.
fn damage(file: &mut Json, bases: &[(&'static str, Json)], random: &mut Random) {
    match random.below(10) {
        0 => {
            // A part of another tokenizer.
            let part = PARTS[random.below(PARTS.len())];
            file[part] = bases[random.below(bases.len())].1[part].clone();
        }
        1 | 2 => {
            let (part, step) = step(random);
            file[part] = step;
        }
        3 => {
            let place = [
                "unk_id",
                "unk_token",
                "continuing_subword_prefix",
                "end_of_word_suffix",
                "dropout",
                "max_input_chars_per_word",
                "byte_fallback",
                "type",
            ][random.below(8)];
            if file["model"].is_object() {
                file["model"][place] = extreme(random);
            }
        }
        _ => {
            let mut places = Vec::new();
            list(file, "", random.below(2) == 0, &mut places);
            let Some(pointer) = places.get(random.below(places.len().max(1))).cloned() else { return };
            let other = places[random.below(places.len())].clone();
            let other = file.pointer(&other).cloned().unwrap_or_default();
            let Some((parent, key)) = pointer.rsplit_once('/') else { return };
            let key = key.replace("~1", "/").replace("~0", "~");
            match (random.below(6), file.pointer_mut(parent)) {
                (0, Some(Json::Object(map))) => drop(map.remove(&key)),
                (0, Some(Json::Array(list))) => drop(list.pop()),
                (1, Some(Json::Object(map))) => {
                    let value = map.get(&key).cloned().unwrap_or_default();
                    map.insert(format!("{key}{key}"), value);
                }
                (1, Some(Json::Array(list))) => {
                    let value = list.last().cloned().unwrap_or_default();
                    list.push(value);
                }
                (2, _) if other.to_string().len() < 20_000 => {
                    if let Some(value) = file.pointer_mut(&pointer) {
                        *value = other;
                    }
                }
                _ => {
                    if let Some(value) = file.pointer_mut(&pointer) {
                        *value = match (value.as_u64(), random.below(3)) {
                            (Some(number), 0) => json!(number.wrapping_add(1)),
                            (Some(number), 1) => json!(number.wrapping_sub(1)),
                            _ => extreme(random),
                        };
                    }
                }
            }
        }
    }
}

const PARTS: [&str; 6] =
    ["normalizer", "pre_tokenizer", "decoder", "post_processor", "model", "added_tokens"];

/// The places of a tree; without those of the vocabulary, which are nearly all, where `without` says so.
fn list(value: &Json, pointer: &str, without: bool, places: &mut Vec<String>) {
    if !pointer.is_empty() {
        places.push(pointer.to_owned());
    }
    if without && (pointer.ends_with("/vocab") || pointer.ends_with("/merges")) {
        return;
    }
    match value {
        Json::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                list(value, &format!("{pointer}/{key}"), without, places);
            }
        }
        Json::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                list(value, &format!("{pointer}/{index}"), without, places);
            }
        }
        _ => {}
    }
}

/// A value that nobody expects.
fn extreme(random: &mut Random) -> Json {
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    match random.below(22) {
        0 => json!(0),
        1 => json!(-1),
        2 => json!(1),
        3 => json!(u32::MAX - 1),
        4 => json!(u32::MAX),
        5 => json!(u64::MAX),
        6 => json!(1u64 << 53),
        7 => json!(1e308),
        8 => json!(-1e308),
        9 => json!(0.5),
        10 => json!(""),
        11 => json!("\u{0}"),
        12 => json!("a".repeat(10_000)),
        13 => json!("ä"),
        14 => json!("<unk>"),
        15 => Json::Null,
        16 => json!(true),
        17 => json!([]),
        18 => json!({}),
        19 => nested(60),
        20 => json!(100_000),
        _ => json!("▁"),
    }
}

/// A step that is well-formed and hostile, with the part of the file that it belongs to.
fn step(random: &mut Random) -> (&'static str, Json) {
    let patterns = [
        "",
        "a*",
        "(a+)+$",
        "(a|a)*b",
        "(?=a)",
        "(a*)*(?!b)c",
        "(?<=a+)b",
        ".*.*.*=",
        "\\b",
        "$",
        "^",
        "(",
        "[",
        "a{1000}{1000}",
        "(?:a?){30}a{30}",
        "(.)\\1",
        "(?>a+)b",
        " ",
        "\\p{L}{1,3}(?=(?:\\p{L}{3})*$)",
        "(?i:ä)",
        GPT,
    ];
    let pattern = patterns[random.below(patterns.len())];
    let pattern =
        if random.below(4) == 0 { json!({ "String": pattern }) } else { json!({ "Regex": pattern }) };
    let contents = ["", " ", "aa", "ab", "ä", &"a".repeat(5_000)].map(str::to_owned);
    let content = contents[random.below(contents.len())].clone();
    let count = [1, 2, 8, 40][random.below(4)];
    let kind = random.below(16);
    let mut word = |words: &[&str]| words[random.below(words.len())].to_owned();
    let behavior = word(&["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]);
    let scheme = word(&["always", "first", "never"]);
    let letter = word(&["▁", "a", " ", "", "ab", "ä"]);
    let form = word(&["NFKD", "ByteLevel", "Nmt", "NFC"]);
    let cutter = word(&["UnicodeScripts", "Whitespace", "WhitespaceSplit", "BertPreTokenizer"]);
    let joiner = word(&["ByteFallback", "Fuse", "ByteLevel"]);
    let mut length = || [0, 1, 2, usize::MAX][random.below(4)];
    let (start, stop, invert) = (length(), length(), length() == 0);
    let (part, list, step) = match kind {
        0 => (
            "normalizer",
            "normalizers",
            json!({ "type": "Replace", "pattern": pattern, "content": content }),
        ),
        1 => ("normalizer", "normalizers", json!({ "type": "Prepend", "prepend": content })),
        2 => {
            let mut map = super::bases::character_map(&[("a", &content), ("ä", "ae")]);
            flip(&mut map, random);
            let map = super::bases::base64(&map);
            ("normalizer", "normalizers", json!({ "type": "Precompiled", "precompiled_charsmap": map }))
        }
        3 => ("normalizer", "normalizers", json!({ "type": form })),
        4 => ("pre_tokenizer", "pretokenizers", json!({ "type": "FixedLength", "length": start })),
        5 => (
            "pre_tokenizer",
            "pretokenizers",
            json!({ "type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert }),
        ),
        6 => (
            "pre_tokenizer",
            "pretokenizers",
            json!({ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": invert }),
        ),
        7 => (
            "pre_tokenizer",
            "pretokenizers",
            json!({ "type": "Metaspace", "replacement": letter, "prepend_scheme": scheme, "split": true }),
        ),
        8 => ("pre_tokenizer", "pretokenizers", json!({ "type": cutter })),
        9 => ("pre_tokenizer", "pretokenizers", json!({ "type": "CharDelimiterSplit", "delimiter": letter })),
        10 => ("decoder", "decoders", json!({ "type": "Replace", "pattern": pattern, "content": content })),
        11 => {
            ("decoder", "decoders", json!({ "type": "Strip", "content": "a", "start": start, "stop": stop }))
        }
        12 => ("decoder", "decoders", json!({ "type": "BPEDecoder", "suffix": content })),
        13 => (
            "decoder",
            "decoders",
            json!({ "type": "CTC", "pad_token": content, "word_delimiter_token": letter, "cleanup": true }),
        ),
        14 => ("decoder", "decoders", json!({ "type": "WordPiece", "prefix": content, "cleanup": true })),
        _ => ("decoder", "decoders", json!({ "type": joiner })),
    };
    let steps = vec![step; count];
    let mut sequence = json!({ "type": "Sequence", list: steps });
    for _ in 0..[0, 0, 0, 3, 30][random.below(5)] {
        sequence = json!({ "type": "Sequence", list: [sequence] });
    }
    (part, if random.below(20) == 0 { without_type(sequence) } else { sequence })
}

/// A step that old files write without its type.
fn without_type(mut step: Json) -> Json {
    if let Some(step) = step.as_object_mut() {
        step.remove("type");
    }
    step
}
