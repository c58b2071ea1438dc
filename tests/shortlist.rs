//! `any2any shortlist`: lists of the tokens that may be written for a source, learned from a run's pairs.

use any2any_run::{RunFolder, Shortlist};
use any2any_translate::Translator;
use serde_json::Value;

use crate::support::{TRANSFORMER, Workshop};

const TRAINING: &str = "  steps: 30
evaluation: { metrics: [], every: 30, keep_best: 1 }";

/// A run of a tiny transformer.
fn workshop() -> Workshop {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
    workshop
}

fn shortlist(workshop: &Workshop, run: &str) -> Vec<u8> {
    std::fs::read(workshop.path(run).join("shortlists/translate.bin")).expect("it was learned")
}

#[test]
fn only_listed_tokens_are_written() {
    let workshop = workshop();
    let sources = workshop.read("test.en");
    let free = workshop.pipe(&["translate", "run"], &sources);
    let said = workshop.succeed(&["shortlist", "run", "--best", "2", "--frequent", "4"]);
    assert!(said.contains("learned from 360 pairs") && said.contains("validation split: "), "{said}");
    let described = workshop.succeed(&["describe", "run"]);
    assert!(described.contains("shortlist of translate: 70 source tokens"), "{described}");
    let bytes = shortlist(&workshop, "run");
    let list = Shortlist::read(&bytes).expect("Marian's format");
    assert_eq!(list.to_bytes(), bytes);
    // Short lists change what is written, in one go and line by line, and nothing else than listed tokens comes out.
    let bounded = workshop.pipe(&["translate", "run"], &sources);
    assert_ne!(bounded, free);
    let translator = Translator::load(&RunFolder::new(workshop.path("run")), "best", &any2any_cli::media());
    let translator = translator.expect("a run");
    let task = translator.task(None).expect("one task").clone();
    let values: Vec<any2any_adapter::Value> = sources.lines().map(any2any_adapter::Value::from).collect();
    let found = translator.translate(&task, &values, task.decoding(), None).expect("translated");
    for ((value, outputs), line) in values.iter().zip(&found).zip(bounded.lines()) {
        let source = task.encode_source(value).expect("a text").sequence;
        let listed = list.listed(source.tokens().expect("tokens"), true, 70);
        assert!(listed.len() < 70, "{} tokens are listed", listed.len());
        let tokens = outputs[0].tokens();
        assert!(tokens.iter().all(|token| listed.contains(token)), "{tokens:?} of {listed:?}");
        assert_eq!(outputs[0].decoded.value, any2any_adapter::Value::from(line));
    }
    // What is given away keeps the list, and without the file all may be written again.
    workshop.succeed(&["export", "run", "exported"]);
    assert_eq!(shortlist(&workshop, "exported"), bytes);
    std::fs::remove_dir_all(workshop.path("run/shortlists")).expect("it is there");
    assert_eq!(workshop.pipe(&["translate", "run"], &sources), free);
}

#[test]
fn long_lists_write_what_the_whole_vocabulary_writes() {
    let workshop = workshop();
    let sources = workshop.read("test.en");
    let free = workshop.pipe(&["translate", "run"], &sources);
    let said = workshop.succeed(&["shortlist", "run", "--best", "70", "--frequent", "70", "--json"]);
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let tried = &said["tried"];
    assert_eq!((&said["pairs"], &tried["samples"]), (&Value::from(360), &Value::from(40)));
    assert_eq!(tried["tokens"], tried["listed_tokens"], "{said}");
    assert_eq!(tried["samples"], tried["whole_targets"], "{said}");
    assert_eq!(workshop.pipe(&["translate", "run"], &sources), free);
    // The same pairs give the same bytes.
    let bytes = shortlist(&workshop, "run");
    workshop.succeed(&["shortlist", "run", "--best", "70", "--frequent", "70", "--replace"]);
    assert_eq!(shortlist(&workshop, "run"), bytes);
    let said = workshop.succeed(&["shortlist", "run", "--limit", "100", "--replace"]);
    assert!(said.contains("learned from 100 pairs"), "{said}");
}

#[test]
fn lists_go_out_to_ctranslate2() {
    let workshop = workshop();
    workshop.succeed(&["shortlist", "run", "--best", "2", "--frequent", "4"]);
    let said = workshop.run(&["export", "run", "out", "--format", "ctranslate2"]).stderr;
    assert!(said.contains("use_vmap=True"), "{said}");
    let names: Vec<String> =
        serde_json::from_str(&workshop.read("out/shared_vocabulary.json")).expect("the names of tokens");
    let map = workshop.read("out/vmap.txt");
    let list = Shortlist::read(&shortlist(&workshop, "run")).expect("Marian's format");
    let mut lines = map.lines();
    assert_eq!(lines.next(), Some("\t"), "nothing may always be written");
    let mut found = 0;
    for line in lines {
        let (source, targets) = line.split_once('\t').expect("a name and its list");
        let number = names.iter().position(|name| name == source).expect("a token") as u32;
        let mut expected: Vec<&String> =
            list.list(number).iter().map(|&target| &names[target as usize]).collect();
        if !list.list(number).contains(&number) {
            expected.push(&names[number as usize]);
        }
        assert_eq!(targets.split(' ').collect::<Vec<_>>(), expected, "{source}");
        found += 1;
    }
    assert!(found > 40, "{found} tokens have a list");
    let said = workshop.run(&["export", "run", "other", "--format", "huggingface"]).stderr;
    assert!(said.contains("the shortlist is not written"), "{said}");
    assert!(!workshop.path("other/vmap.txt").exists());
}

#[test]
fn a_list_is_never_overwritten_unasked() {
    let workshop = workshop();
    workshop.succeed(&["shortlist", "run"]);
    let bytes = shortlist(&workshop, "run");
    let refused = workshop.run(&["shortlist", "run", "--best", "1"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("translate.bin is there already: `--replace`"), "{}", refused.stderr);
    assert_eq!(shortlist(&workshop, "run"), bytes);
}

#[test]
fn tasks_that_no_list_bounds_are_refused() {
    let workshop = Workshop::new();
    workshop.write("lm.yaml", crate::support::LANGUAGE_MODEL);
    workshop.succeed(&[
        "train",
        "lm.yaml",
        "--run",
        "lm",
        "--set",
        "training.steps=2",
        "--set",
        "evaluation.every=2",
    ]);
    let refused = workshop.run(&["shortlist", "lm"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("has no source"), "{}", refused.stderr);
    workshop.experiment("  lstm: { d_model: 16, encoder_layers: 1, decoder_layers: 1 }", TRAINING);
    workshop.succeed(&[
        "train",
        "experiment.yaml",
        "--run",
        "lstm",
        "--set",
        "training.steps=2",
        "--set",
        "evaluation.every=2",
    ]);
    let refused = workshop.run(&["shortlist", "lstm"]);
    assert!(refused.stderr.contains("this model is recurrent"), "{}", refused.stderr);
}
