//! A text is a text: no token that is none comes out of it, whatever tokenizer cuts it.

use std::sync::Arc;

use any2any_adapter::Adapter;
use any2any_adapter::testing::Tested;
use any2any_text::Text;
use serde_json::{Value as Json, json};

use crate::corpus::{decode, encode, options};

const CHARACTERS: &str = "ab<>/s[]SEPMAKx0_412de ▁punkmtrBLä";
const SPECIAL: [&str; 5] = ["<pad>", "</s>", "<s>", "<unk>", "<mask>"];

/// Special tokens, the characters, and some more pieces.
fn pieces(more: &[&str]) -> Vec<String> {
    let special = SPECIAL.into_iter().map(str::to_owned);
    let characters = CHARACTERS.chars().map(String::from);
    special.chain(characters).chain(more.iter().map(|piece| (*piece).to_owned())).collect()
}

fn vocabulary(pieces: &[String]) -> Json {
    (0..)
        .zip(pieces)
        .map(|(number, piece)| (piece.clone(), json!(number)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn added(number: usize, content: &str, special: bool) -> Json {
    json!({
        "id": number, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": special,
    })
}

/// A `tokenizer.json` around a model, with the special tokens listed or only among the pieces.
fn document(model: Json, listed: bool, with: Json) -> Json {
    let listed: Vec<Json> = if listed {
        SPECIAL.iter().enumerate().map(|(number, name)| added(number, name, true)).collect()
    } else {
        Vec::new()
    };
    let mut document = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": listed, "normalizer": null,
        "pre_tokenizer": null, "post_processor": null, "decoder": { "type": "Fuse" }, "model": model,
    });
    for (part, value) in with.as_object().into_iter().flatten() {
        document[part] = value.clone();
    }
    document
}

fn unigram(more: &[&str], byte_fallback: bool) -> Json {
    let mut pieces = pieces(more);
    if byte_fallback {
        pieces.extend((0..=255).map(|byte| format!("<0x{byte:02X}>")));
    }
    let scored: Vec<Json> = pieces
        .iter()
        .map(|piece| json!([piece, if piece.chars().count() == 1 { -3.0 } else { 0.0 }]))
        .collect();
    json!({ "type": "Unigram", "unk_id": 3, "vocab": scored, "byte_fallback": byte_fallback })
}

fn bpe(merges: &[(&str, &str)], more: Json) -> Json {
    let made: Vec<String> = merges.iter().map(|(left, right)| format!("{left}{right}")).collect();
    let more_pieces: Vec<&str> =
        made.iter().map(String::as_str).filter(|made| !SPECIAL.contains(made)).collect();
    let mut model = json!({
        "type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": null,
        "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
        "vocab": vocabulary(&pieces(&more_pieces)), "merges": merges,
    });
    for (part, value) in more.as_object().into_iter().flatten() {
        model[part] = value.clone();
    }
    model
}

fn load(document: &Json, added: &[&str]) -> Arc<dyn Adapter> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tokenizer.json");
    std::fs::write(&path, document.to_string()).expect("a writable folder");
    let mut options = options(json!({ "file": { "path": path } }));
    options["added_tokens"] = json!(added);
    assert_eq!(Tested(Text).check(&options), [], "{document}");
    Tested(Text).fit(&options, &mut [].iter()).unwrap_or_else(|error| panic!("{error}: {document}"))
}

#[test]
fn no_special_token_comes_out_of_a_text() {
    let end_merges = [("<", "/"), ("</", "s"), ("</s", ">"), ("a", "</s>"), ("s", "a")];
    let nfkc = json!({ "normalizer": { "type": "NFKC" } });
    let spaces = json!({ "pre_tokenizer": { "type": "WhitespaceSplit" } });
    let models = [
        (unigram(&["ab"], false), json!({})),
        (unigram(&["ab"], true), nfkc.clone()),
        (unigram(&["ab"], false), nfkc),
        (bpe(&end_merges, json!({})), json!({})),
        (bpe(&end_merges, json!({ "ignore_merges": true })), json!({})),
        (
            json!({ "type": "WordLevel", "unk_token": "<unk>", "vocab": vocabulary(&pieces(&[])) }),
            spaces.clone(),
        ),
        (
            json!({
                "type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "",
                "max_input_chars_per_word": 100, "vocab": vocabulary(&pieces(&[])),
            }),
            spaces,
        ),
    ];
    for (model, with) in models {
        let kind = model["type"].clone();
        let spells = kind != "WordLevel";
        for listed in [true, false] {
            let adapter = load(&document(model.clone(), listed, with.clone()), &[]);
            for text in
                ["</s>", "a</s>b", "<s>a<pad>", "<mask>", "<unk>", "a<unk></s></s>", "＜/s＞", "<0x41>"]
            {
                let tokens = encode(adapter.as_ref(), text);
                let (end, tokens) = tokens.split_last().expect("at least the end");
                assert_eq!(*end, 1);
                let shown: Vec<String> = tokens.iter().map(|token| adapter.show(*token)).collect();
                let wide = text.contains('＜');
                let unknown_is_right = !spells || wide;
                assert!(
                    tokens.iter().all(|token| *token > 4 || (*token == 3 && unknown_is_right)),
                    "{kind}, listed {listed}: {text:?} {shown:?}"
                );
                if spells && !wide {
                    assert_eq!(decode(adapter.as_ref(), tokens).replace(' ', ""), text, "{kind}: {shown:?}");
                }
            }
        }
    }
}

#[test]
fn what_is_named_or_not_special_comes_out() {
    let model = unigram(&["ab", "deu_Latn"], false);
    let byte_level =
        json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false });
    let count = pieces(&["ab", "deu_Latn"]).len();
    let mut document = document(model, true, json!({ "decoder": byte_level }));
    let list = document["added_tokens"].as_array_mut().expect("a list");
    list.push(added(count, "<extra_0>", true));
    list.push(added(count + 1, "Bäume", false));
    list.push(added(count - 1, "deu_Latn", true));
    let text = "a<extra_0>bBäume <2de> deu_Latn";
    for (named, expected) in [
        (vec![], vec!["Bäume"]),
        (vec!["<extra_0>"], vec!["<extra_0>", "Bäume"]),
        (vec!["<2de>", "<extra_0>", "deu_Latn"], vec!["<extra_0>", "Bäume", "<2de>", "deu_Latn"]),
    ] {
        let adapter = load(&document, &named);
        let tokens = encode(adapter.as_ref(), text);
        let shown: Vec<String> = tokens.iter().map(|token| adapter.show(*token)).collect();
        let long: Vec<&str> = shown
            .iter()
            .map(String::as_str)
            .filter(|name| name.len() > 2 && *name != "</s>" && *name != "▁")
            .collect();
        assert_eq!(long, expected, "{named:?}: {shown:?}");
        assert_eq!(decode(adapter.as_ref(), &tokens), text, "{named:?}");
        let new: Vec<_> = named.iter().filter(|name| **name == "<2de>").collect();
        assert_eq!(adapter.warnings().len(), new.len(), "{:?}", adapter.warnings());
    }
}

#[test]
fn what_is_not_taken_over_is_said() {
    let template = json!({
        "type": "TemplateProcessing",
        "single": [
            { "SpecialToken": { "id": "<mask>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } },
            { "SpecialToken": { "id": "</s>", "type_id": 0 } },
        ],
        "pair": [{ "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "B", "type_id": 0 } }],
        "special_tokens": {
            "</s>": { "id": "</s>", "ids": [1], "tokens": ["</s>"] },
            "<mask>": { "id": "<mask>", "ids": [4], "tokens": ["<mask>"] },
        },
    });
    let mut ending = template.clone();
    ending["single"].as_array_mut().expect("steps").remove(0);
    let truncation =
        json!({ "direction": "Right", "max_length": 7, "strategy": "LongestFirst", "stride": 0 });
    for (model, with, said) in [
        (bpe(&[], json!({})), json!({}), vec![]),
        (bpe(&[], json!({})), json!({ "post_processor": ending }), vec![]),
        (
            bpe(&[], json!({ "dropout": 0.5 })),
            json!({ "post_processor": template, "truncation": truncation }),
            vec![
                "the tokenizer's dropout of 0.5 is switched off",
                "truncation to 7 tokens is not taken over",
                "adds '<mask>' and '</s>' to a text, is not taken over: a text is given '</s>' at its end",
            ],
        ),
    ] {
        let adapter = load(&document(model, true, with), &[]);
        let warnings = adapter.warnings();
        assert_eq!(warnings.len(), said.len(), "{warnings:?}");
        for (warning, said) in warnings.iter().zip(said) {
            assert!(warning.contains(said), "{warning}");
        }
        // A prompt of one token stands for what the post-processor adds beside the end, and so does one that is not known yet.
        let around = |warnings: &[String]| warnings.iter().any(|warning| warning.contains("post-processor"));
        assert!(!around(&adapter.warnings_beside_prompt(Some(1))));
        assert!(!around(&adapter.warnings_beside_prompt(None)));
        assert_eq!(around(&adapter.warnings_beside_prompt(Some(2))), around(&warnings));
    }
}

#[test]
fn dropout_leaves_nothing_to_chance() {
    let merges = [("a", "b"), ("ab", "s"), ("abs", "e")];
    let adapter = load(&document(bpe(&merges, json!({ "dropout": 0.9 })), true, json!({})), &[]);
    let first = encode(adapter.as_ref(), "abs abs abs abs");
    assert_eq!(first.len(), 8);
    for _ in 0..20 {
        assert_eq!(encode(adapter.as_ref(), "abs abs abs abs"), first);
    }
}

#[test]
fn options_that_do_not_fit_a_file_are_named() {
    let document = document(bpe(&[], json!({})), true, json!({}));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tokenizer.json");
    std::fs::write(&path, document.to_string()).expect("a writable folder");
    for (file, named, pointer, message) in [
        (
            json!({ "padding": "</s>" }),
            json!([]),
            "/tokenizer/file/padding",
            "padding and end cannot be one token",
        ),
        (
            json!({ "padding": "<unk>" }),
            json!([]),
            "/tokenizer/file/padding",
            "padding and unknown cannot be one token",
        ),
        (json!({ "end": "nope" }), json!([]), "/tokenizer/file/end", "the tokenizer has no token 'nope'"),
        (json!({}), json!(["x", "</s>"]), "/added_tokens/1", "'</s>' is never written in a text"),
        (json!({}), json!([" "]), "/added_tokens/0", "an added token has a name"),
        (json!({}), json!(["x", "x"]), "/added_tokens/1", "'x' is there twice"),
    ] {
        let mut file = file;
        file["path"] = json!(path);
        let mut options = options(json!({ "file": file }));
        options["added_tokens"] = named;
        let problems = [Tested(Text).check(&options), Tested(Text).check_files(&options)].concat();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].pointer, pointer);
        assert!(problems[0].message.contains(message), "{problems:?}");
    }
}

#[test]
fn two_special_tokens_that_are_one_have_a_way_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tokenizer.json");
    let leave_out = "or leave it out: the usual one is taken, or";
    for (unknown, own, pointer, message, help) in [
        // The options name them.
        (
            "<unk>",
            json!({ "padding": "<unk>" }),
            "/tokenizer/file/padding",
            "padding and unknown cannot be one token",
            ["`tokenizer.file.padding`", leave_out],
        ),
        (
            "<unk>",
            json!({ "begin": "<unk>" }),
            "/tokenizer/file/begin",
            "begin and unknown cannot be one token",
            ["`tokenizer.file.begin`", leave_out],
        ),
        // The file has them: leaving the option out is no way.
        (
            "<pad>",
            json!({}),
            "/tokenizer/file",
            "padding and unknown cannot be one token",
            ["name another token of the tokenizer with `tokenizer.file.padding`", ""],
        ),
        (
            "<s>",
            json!({}),
            "/tokenizer/file",
            "begin and unknown cannot be one token",
            ["name another token of the tokenizer with `tokenizer.file.begin`", ""],
        ),
    ] {
        let model = bpe(&[], json!({ "unk_token": unknown }));
        std::fs::write(&path, document(model, true, json!({})).to_string()).expect("a writable folder");
        let mut file = own;
        file["path"] = json!(path);
        let problems = Tested(Text).check_files(&options(json!({ "file": file })));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].pointer, pointer);
        assert!(problems[0].message.contains(message), "{problems:?}");
        let way_out = problems[0].help.as_deref().expect("a way out");
        assert!(help.iter().all(|part| way_out.contains(part)), "{way_out}");
        assert_eq!(way_out.contains(leave_out), !help[1].is_empty(), "{way_out}");
        let fitted = Tested(Text).fit(&options(json!({ "file": file })), &mut [].iter());
        let error = fitted.map(|_| ()).expect_err("the same").to_string();
        assert!(error.contains(message) && error.contains(way_out), "{error}");

        // The way out is one: `a` pads, and the end token begins.
        file["padding"] = json!("a");
        file["begin"] = json!("</s>");
        assert_eq!(Tested(Text).check_files(&options(json!({ "file": file }))), [], "{file}");
    }
    // One token begins, ends and is unknown where text is made of bytes, as in CLIP's file.
    let model = bpe(&[], json!({ "unk_token": "</s>" }));
    std::fs::write(&path, document(model, true, json!({})).to_string()).expect("a writable folder");
    let file = json!({ "path": path, "begin": "</s>" });
    assert_eq!(Tested(Text).check_files(&options(json!({ "file": file }))), []);
}
