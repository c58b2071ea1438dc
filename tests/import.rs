//! `any2any import`: small models of other programs are brought in, and write what those write (`pretrained/make.py`).

use std::path::PathBuf;

use any2any_adapter::{Sequence, Value};
use any2any_experiment::spec::{Beam, Decoding};
use any2any_run::RunFolder;
use any2any_translate::Translator;
use serde::Deserialize;

use crate::support::Workshop;
use crate::support::documents::root;

/// A source, its tokens, and the tokens that were written for it.
#[derive(Deserialize)]
struct Expected {
    text: String,
    tokens: Vec<u32>,
    greedy: Vec<u32>,
    beams: Vec<u32>,
}

fn model(family: &str) -> PathBuf {
    root().join("tests/pretrained").join(family)
}

fn expected(family: &str) -> Vec<Expected> {
    let file = std::fs::read(model(family).join("expected.json")).expect("written by make.py");
    serde_json::from_slice(&file).expect("JSON")
}

/// The most new tokens that make.py asks for, the end among them.
fn new_tokens(family: &str) -> usize {
    if family == "byt5" { 64 } else { 24 }
}

/// The decoding of make.py: greedy, or with four beams.
fn decodings(family: &str) -> [Decoding; 2] {
    let greedy = Decoding { max_length: Some(new_tokens(family)), ..Decoding::default() };
    let beams = Decoding { beam: Some(Beam { size: 4, length_penalty: 1.0, n_best: 1 }), ..greedy.clone() };
    [greedy, beams]
}

/// Imports a model, and opens the run.
fn imported(workshop: &Workshop, family: &str) -> Translator {
    let source = model(family);
    let printed = workshop.succeed(&["import", &source.display().to_string(), "--run", family]);
    assert!(printed.contains(&format!("any2any translate {family}")), "{printed}");
    Translator::load(&RunFolder::new(workshop.path(family)), "best", &any2any_cli::media()).expect("a run")
}

#[test]
fn a_language_model_goes_on_as_its_own_program_does() {
    let workshop = Workshop::new();
    let translator = imported(&workshop, "gpt2");
    let task = translator.task(None).expect("one task").clone();
    for of in expected("gpt2") {
        let prefix = Value::from(of.text.as_str());
        // The begin token before the text and the end token behind it are not of the prefix.
        let given = &of.tokens[1..of.tokens.len() - 1];
        assert_eq!(task.encode_prefix(&prefix).expect("a text"), given, "{}", of.text);
        // Greedily alone: the beams there divide by the length of what is added, ours by that of the whole text.
        let [greedy, _] = decodings("gpt2");
        let greedy = Decoding { max_length: Some(new_tokens("gpt2") + given.len()), ..greedy };
        let found = translator.complete(&task, &prefix, &greedy, 1).expect("completed");
        let tokens = found[0][0].tokens();
        let tokens = tokens.strip_suffix(&[task.end()]).unwrap_or(tokens);
        let written = of.greedy.strip_suffix(&[task.end()]).unwrap_or(&of.greedy);
        assert_eq!(tokens, [given, written].concat(), "{}", of.text);
    }
}

#[test]
fn translations_are_those_of_other_programs() {
    for family in ["marian", "t5", "bart", "mbart50", "m2m100", "nllb", "pegasus", "byt5"] {
        let workshop = Workshop::new();
        let translator = imported(&workshop, family);
        let task = translator.task(None).expect("one task").clone();
        let expected = expected(family);
        let values: Vec<Value> = expected.iter().map(|of| Value::from(of.text.as_str())).collect();
        for (value, of) in values.iter().zip(&expected) {
            let encoded = task.encode_source(value).expect("a text");
            assert_eq!(encoded.sequence, Sequence::Tokens(of.tokens.clone()), "{family}: {}", of.text);
        }
        let [greedy, beams] = decodings(family);
        for (decoding, written) in [
            (greedy, expected.iter().map(|of| &of.greedy).collect::<Vec<_>>()),
            (beams, expected.iter().map(|of| &of.beams).collect()),
        ] {
            let found = translator.translate_each(&task, &values, &decoding, None).expect("translated");
            for ((found, written), of) in found.into_iter().zip(written).zip(&expected) {
                let found = found.expect("a translation");
                let mut tokens = found.outputs[0].tokens().to_vec();
                // An output that is cut off has no end, and the prompt is among theirs.
                tokens.truncate(new_tokens(family));
                let written = written.strip_suffix(&[task.end()]).unwrap_or(written);
                let tokens = tokens.strip_suffix(&[task.end()]).unwrap_or(&tokens);
                assert_eq!(tokens, written, "{family}: {} ({decoding:?})", of.text);
            }
        }
        // Every command takes the run.
        assert!(workshop.succeed(&["describe", family]).contains("parameters"));
        let line = workshop.pipe(&["translate", family], "the old garden loves a garden.\n");
        assert!(line.starts_with("der ") && !line.contains('<') && !line.contains('_'), "{line}");
        let scored = workshop.run(&["evaluate", family]);
        assert!(scored.code == Some(1) && scored.stderr.contains("--set tasks."), "{}", scored.stderr);
        workshop.succeed(&["export", family, "exported"]);
        assert_eq!(workshop.pipe(&["translate", "exported"], "the old garden loves a garden.\n"), line);
    }
}

#[test]
fn requests_name_languages() {
    let workshop = Workshop::new();
    imported(&workshop, "m2m100");
    let described = workshop.succeed(&["describe", "m2m100"]);
    assert!(described.contains("100 languages: af am ar"), "{described}");
    workshop.write("line.txt", "the old garden loves a garden.\n");
    let languages = |source, target| {
        ["translate", "m2m100", "line.txt", "--source-language", source, "--target-language", target]
    };
    let german = workshop.succeed(&languages("en", "de"));
    assert_ne!(workshop.succeed(&languages("en", "zu")), german, "nobody trained that language");
    assert_eq!(
        workshop.succeed(&["translate", "m2m100", "line.txt"]),
        german,
        "its tokenizer says en and de"
    );
    let mistyped = workshop.run(&languages("en", "dee"));
    assert!(
        mistyped.code == Some(1) && mistyped.stderr.contains("did you mean `de`?"),
        "{}",
        mistyped.stderr
    );
    imported(&workshop, "marian");
    let untold = workshop.run(&["translate", "marian", "line.txt", "--target-language", "de"]);
    assert!(untold.stderr.contains("is not told the language of its target"), "{}", untold.stderr);
    let source = model("m2m100").display().to_string();
    let none = "tasks.translate.prompt.source_language=null";
    workshop.succeed(&["import", &source, "--run", "open", "--set", none]);
    let asked = workshop.run(&["translate", "open", "line.txt"]);
    assert!(asked.code == Some(1) && asked.stderr.contains("--source-language LANGUAGE"), "{}", asked.stderr);
}
