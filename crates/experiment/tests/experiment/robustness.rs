//! Whatever the text, loading ends with an experiment or with diagnostics, never with a panic.

use std::path::Path;

use any2any_adapter::{Random, Seed};
use any2any_experiment::{Diagnostics, load_str};

use crate::support;

const GOOD: &str = "\
extends: []
name: demo
tasks:
  translate: # a task
    data: { files: { train: { parallel: { en: data/train.en, de: 'data/train.de' } } } }
    source: &side { text: { field: en, tokenizer: { bpe: { vocab: 1000, shared: true } } } }
    target: *side
  complete:
    data: { dataset: toy }
    source: *side
    target: { text: { field: de } }
model:
  transformer: { d_model: 64, heads: 4, positions: rotary }
training:
  steps: 2000
  schedule: { inverse_sqrt: { peak: 1.0e-3, warmup: 100 } }
decoding: { beam: { size: 5 } }
evaluation:
  metrics:
    - bleu
    - \"chrf\"
";

/// Pieces that YAML reads in ways of their own.
const PIECES: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    ",",
    "- ",
    "? ",
    "&a ",
    "*a",
    "*side",
    "!",
    "!!int ",
    "|",
    ">",
    "|\n",
    "'",
    "\"",
    "\\",
    "#",
    " #",
    "%",
    "@",
    "`",
    "\n",
    "\r",
    "\t",
    "  ",
    "---\n",
    "...\n",
    "<<: *side",
    "null",
    ".nan",
    "-1",
    "9999999999999999999999",
    "\u{feff}",
    "\u{0}",
    "翻",
    "🙂",
];

#[test]
fn unharmed() {
    let loaded = load_str("test.yaml", GOOD, Path::new("../../tests/diagnostics"), &[], &support::registry());
    assert!(loaded.is_ok_and(|document| document.warnings.is_empty()));
}

fn try_to_load(text: &str, overrides: &[String]) {
    match load_str("test.yaml", text, Path::new("../../tests/diagnostics"), overrides, &support::registry()) {
        Ok(document) => {
            let written = document.resolved_yaml();
            assert!(!written.is_empty());
            check(&document.warnings, text);
        }
        Err(diagnostics) => {
            assert!(diagnostics.has_errors(), "nothing is said about:\n{text}");
            check(&diagnostics, text);
        }
    }
}

/// A place that is shown must exist.
fn check(diagnostics: &Diagnostics, text: &str) {
    for diagnostic in diagnostics {
        assert!(!diagnostic.to_string().is_empty() && !diagnostic.message.is_empty());
        assert!(diagnostic.line >= 1 && diagnostic.column >= 1, "{diagnostic}\n{text}");
        let characters = diagnostic.source_line.chars().count();
        assert!(diagnostic.column <= characters + 1, "{diagnostic}\n{text}");
    }
}

#[test]
fn truncations() {
    for (end, _) in GOOD.char_indices() {
        try_to_load(&GOOD[..end], &[]);
        try_to_load(&GOOD[end..], &[]);
    }
}

#[test]
fn mutations() {
    for step in 0..4000 {
        let mut random = Seed(1).random("mutation", step);
        let mut characters: Vec<char> = GOOD.chars().collect();
        for _ in 0..=random.below(4) {
            mutate(&mut characters, &mut random);
        }
        try_to_load(&characters.into_iter().collect::<String>(), &[]);
    }
}

#[test]
fn overrides() {
    let keys = [
        "name",
        "tasks",
        "tasks.translate.data",
        "training.schedule",
        "training..steps",
        "",
        "model.lstm.d_model",
    ];
    for step in 0..1000 {
        let mut random = Seed(1).random("override", step);
        let mut argument = keys[random.below(keys.len())].to_owned();
        if random.below(8) > 0 {
            argument.push('=');
        }
        for _ in 0..random.below(4) {
            argument.push_str(PIECES[random.below(PIECES.len())]);
        }
        try_to_load(GOOD, &[argument]);
    }
}

fn mutate(characters: &mut Vec<char>, random: &mut Random) {
    let at = random.below(characters.len());
    let end = (at + random.below(12)).min(characters.len());
    match random.below(4) {
        0 => drop(characters.drain(at..end)),
        1 => {
            let piece: Vec<char> = characters[at..end].to_vec();
            let to = random.below(characters.len());
            characters.splice(to..to, piece);
        }
        2 => {
            characters.splice(at..end, PIECES[random.below(PIECES.len())].chars());
        }
        _ => {
            characters.splice(at..at, PIECES[random.below(PIECES.len())].chars());
        }
    }
    if characters.is_empty() {
        characters.push('a');
    }
}
