//! Tokenizers of strangers: thousands of damaged files, each read, used and thrown away in a process with little
//! memory and little time. Every one works or is refused with a word; none aborts, hangs or panics.

mod bases;
mod lines;
mod mutations;
mod patient;
mod process;

use self::mutations::{damaged_json, damaged_model};
use self::process::{Found, in_processes, is_child, report};

/// Number of damaged files of Hugging Face's format.
const JSON: u64 = 3000;
/// Number of damaged models of SentencePiece.
const MODELS: u64 = 1000;

#[test]
fn every_damaged_tokenizer_works_or_is_refused() {
    let found = in_processes("json", JSON);
    report(&found);
    assert_eq!(found.bad, [""; 0], "seeds of damaged tokenizer.json files");
    assert!(found.works > JSON / 10 && found.refused > JSON / 4, "{found:?}");
}

#[test]
fn every_damaged_model_of_sentencepiece_works_or_is_refused() {
    let found = in_processes("model", MODELS);
    report(&found);
    assert_eq!(found.bad, [""; 0], "seeds of damaged .model files");
    assert!(found.works > MODELS / 10 && found.refused > MODELS / 10, "{found:?}");
}

#[test]
fn every_hostile_line_ends_in_its_word() {
    let found: Found = in_processes("line", lines::LINES.len() as u64);
    report(&found);
    assert_eq!(found.bad, [""; 0], "hostile lines");
}

/// The part of the tests above that runs in processes of its own.
#[test]
fn child() {
    let bases = bases::all();
    is_child(|kind, seed| match kind {
        "json" => patient::try_file("tokenizer.json", &damaged_json(&bases, seed)).map(drop),
        "model" => patient::try_file("tokenizer.model", &damaged_model(seed)).map(drop),
        _ => lines::check(&bases, seed as usize),
    });
}
