//! Vocabularies: tokenizers from elsewhere, and what the adapters of a run have learned.

use std::sync::Once;

use any2any_adapter::testing::Tested;
use any2any_adapter::{Adapter, Medium, Sequence, Value};
use any2any_audio::Audio;
use any2any_eeg::Eeg;
use any2any_image::Image;
use any2any_text::Text;
use serde_json::{Value as Json, json};

use crate::{Target, scratch, tokens};

pub(crate) fn targets() -> Vec<Target> {
    vec![
        Target::new("text_tokenizer_json", tokens::TOKENIZER, tokenizers, |bytes| {
            tokenizer("elsewhere/tokenizer.json", bytes)
        }),
        Target::new(
            "text_sentencepiece",
            &["<unk>", "</s>", "\u{2581}", "<0x41>"],
            || vec![sentencepiece()],
            |bytes| tokenizer("elsewhere/spm.model", bytes),
        ),
        Target::new(
            "vocabulary_text",
            tokens::TOKENIZER,
            || saved(Text, &text(), "tokenizer.json"),
            |bytes| loads(Text, &text(), "tokenizer.json", bytes),
        ),
        Target::new(
            "vocabulary_letters",
            tokens::JSON,
            || saved(Text, &text(), "seen.json"),
            |bytes| loads(Text, &text(), "seen.json", bytes),
        ),
        Target::new(
            "vocabulary_image",
            tokens::JSON,
            || saved(Image, &image(), "image.json"),
            |bytes| loads(Image, &image(), "image.json", bytes),
        ),
        Target::new(
            "vocabulary_audio",
            tokens::JSON,
            || saved(Audio, &audio(), "audio.json"),
            |bytes| loads(Audio, &audio(), "audio.json", bytes),
        ),
        Target::new(
            "vocabulary_eeg",
            tokens::JSON,
            || saved(Eeg, &eeg(), "eeg.json"),
            |bytes| loads(Eeg, &eeg(), "eeg.json", bytes),
        ),
    ]
}

fn tokenizers() -> Vec<Vec<u8>> {
    let added = json!([
        { "id": 0, "content": "<unk>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true },
        { "id": 1, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true },
        { "id": 2, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true },
        { "id": 3, "content": "<pad>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true },
    ]);
    let vocab = json!({ "<unk>": 0, "<s>": 1, "</s>": 2, "<pad>": 3, "a": 4, "b": 5, "ab": 6, "##c": 7, "\u{120}a": 8 });
    let file = |model: Json, pre: Json, decoder: Json| {
        json!({ "version": "1.0", "added_tokens": added, "normalizer": { "type": "NFKC" }, "pre_tokenizer": pre,
            "post_processor": null, "decoder": decoder, "model": model })
    };
    let unigram =
        [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), ("<pad>", 0.0), ("\u{2581}a", -1.0), ("b", -2.0)];
    let files = [
        file(
            json!({ "type": "BPE", "vocab": vocab, "merges": ["a b"], "unk_token": "<unk>" }),
            json!({ "type": "Whitespace" }),
            json!({ "type": "Fuse" }),
        ),
        file(
            json!({ "type": "BPE", "vocab": vocab, "merges": [["a", "b"]], "byte_fallback": false }),
            json!({ "type": "Sequence", "pretokenizers": [
                { "type": "Split", "pattern": { "Regex": "\\s+" }, "behavior": "Removed", "invert": false },
                { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true } ] }),
            json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true }),
        ),
        file(
            json!({ "type": "WordPiece", "vocab": vocab, "unk_token": "<unk>", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100 }),
            json!({ "type": "BertPreTokenizer" }),
            json!({ "type": "WordPiece", "prefix": "##", "cleanup": true }),
        ),
        file(
            json!({ "type": "Unigram", "vocab": unigram, "unk_id": 0 }),
            json!({ "type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "always" }),
            json!({ "type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "always" }),
        ),
        file(
            json!({ "type": "BPE", "vocab": vocab, "merges": ["a b"], "unk_token": "<unk>", "end_of_word_suffix": "</w>" }),
            json!({ "type": "Whitespace" }),
            json!({ "type": "BPEDecoder", "suffix": "</w>" }),
        ),
        file(
            json!({ "type": "BPE", "vocab": vocab, "merges": ["a b"], "unk_token": "<unk>" }),
            json!({ "type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "first" }),
            json!({ "type": "Sequence", "decoders": [
                { "type": "Replace", "pattern": { "String": "\u{2581}" }, "content": " " },
                { "type": "ByteFallback" },
                { "type": "Fuse" },
                { "type": "Strip", "content": " ", "start": 1, "stop": 0 },
                { "type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": true } ] }),
        ),
    ];
    files.iter().map(|file| file.to_string().into_bytes()).collect()
}

/// A unigram model of SentencePiece: pieces, then what it was trained by.
fn sentencepiece() -> Vec<u8> {
    let field = |number: u8, content: &[u8]| [&[number << 3 | 2, content.len() as u8], content].concat();
    let piece = |piece: &str, score: f32, kind: u8| {
        let inner =
            [field(1, piece.as_bytes()), [&[0x15][..], &score.to_le_bytes()].concat(), vec![0x18, kind]];
        field(1, &inner.concat())
    };
    let pieces = [
        piece("<unk>", 0.0, 2),
        piece("<s>", 0.0, 3),
        piece("</s>", 0.0, 3),
        piece("\u{2581}a", -1.0, 1),
        piece("b", -2.0, 1),
        piece("\u{2581}", -3.0, 1),
        piece("a", -3.0, 1),
    ];
    let trainer = field(2, &[0x18, 1]);
    let normalizer = field(3, &[field(1, b"identity"), vec![0x18, 1, 0x20, 1]].concat());
    [pieces.concat(), trainer, normalizer].concat()
}

fn tokenizer(name: &str, bytes: &[u8]) -> bool {
    let path = scratch::write(name, bytes);
    let options = json!({ "field": "a", "tokenizer": { "file": { "path": path, "padding": "<pad>" } } });
    let without = json!({ "field": "a", "tokenizer": { "file": { "path": path } } });
    [options, without].iter().any(|options| {
        let problems = Tested(Text).check_files(options);
        let values = [Value::from("a b ab \u{e4} <s>"), Value::from("")];
        let fitted = Tested(Text).fit(options, &mut values.iter());
        let Ok(adapter) = fitted else { return false };
        assert_eq!(problems, [], "a file that does not pass a check is not taken");
        works(&*adapter, &values);
        true
    })
}

/// Encodes values, decodes what comes of them, and shows some tokens.
fn works(adapter: &dyn Adapter, values: &[Value]) {
    for value in values {
        if let Ok(encoded) = adapter.encode(value) {
            let _ = adapter.decode(&encoded.sequence);
            std::hint::black_box(adapter.unknown(&encoded, value));
        }
    }
    for tokens in [vec![], vec![4, 5, 0], vec![u32::MAX]] {
        let _ = adapter.decode(&Sequence::Tokens(tokens));
    }
    std::hint::black_box((adapter.show(0), adapter.show(u32::MAX), adapter.stem(), adapter.head()));
}

fn text() -> Json {
    Tested(Text).resolve(&json!({ "field": "a", "tokenizer": { "characters": {} } }))
}

fn image() -> Json {
    Tested(Image).resolve(&json!({ "field": "a", "colour": "grey", "patches": { "width": 2, "height": 2 }, "output": { "codes": { "codes": 4 } } }))
}

fn audio() -> Json {
    Tested(Audio).resolve(&json!({ "field": "a", "rate": 8000, "output": { "codes": { "codes": 4 } } }))
}

fn eeg() -> Json {
    Tested(Eeg).resolve(&json!({ "field": "a" }))
}

/// Values that an adapter of these media learns from.
fn values(medium: &str) -> Vec<Value> {
    let wave = |at: usize| (at * at % 17) as f32 / 20.0 - 0.4;
    match medium {
        "image" => vec![Value::Image(
            any2any_adapter::Image::new(4, 4, 1, (0..16).map(|at| at * 15).collect::<Vec<u8>>())
                .expect("pixels"),
        )],
        "audio" => vec![Value::Signal(
            any2any_adapter::Signal::mono(8000.0, (0..2000).map(wave).collect::<Vec<_>>()).expect("a rate"),
        )],
        "eeg" => vec![Value::Signal(
            any2any_adapter::Signal::new(
                128.0,
                vec!["Oz".to_owned()],
                (0..256).map(wave).collect::<Vec<_>>(),
            )
            .expect("a rate"),
        )],
        _ => vec![Value::from("a bab of abba"), Value::from("aa")],
    }
}

/// A file that an adapter saves.
fn saved(medium: impl Medium + Copy, options: &Json, name: &str) -> Vec<Vec<u8>> {
    let side = Tested(medium).side(options).expect("sound options");
    let values = values(medium.name());
    let opened: Vec<Value> = values.iter().map(|value| side.open(value).expect("a value").value).collect();
    let adapter = side.fit(&mut opened.iter()).expect("an adapter");
    let folder = scratch::path(&format!("saved-{}", medium.name()));
    std::fs::create_dir_all(&folder).expect("a folder");
    adapter.save(&folder).expect("written");
    vec![std::fs::read(folder.join(name)).expect("a file")]
}

/// True if an adapter loads with this file in its folder; the other files are whole.
fn loads(medium: impl Medium + Copy, options: &Json, name: &str, bytes: &[u8]) -> bool {
    static WHOLE: Once = Once::new();
    WHOLE.call_once(|| drop(saved(medium, options, name)));
    let file = scratch::write(&format!("saved-{}/{name}", medium.name()), bytes);
    let Ok(adapter) = Tested(medium).load(options, file.parent().expect("a folder")) else { return false };
    works(&*adapter, &values(medium.name()));
    true
}
