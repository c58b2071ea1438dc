//! Terms, ensembles, minimum Bayes risk and word alignments, through the finished binary.

use std::collections::BTreeSet;

use crate::support::{Finished, TRANSFORMER, Workshop};

const UNTRAINED: &str = "  steps: 1
evaluation: { metrics: [bleu], every: 1 }
decoding: { max_length: 12 }";

const TRAINED: &str = "  steps: 600
  label_smoothing: 0.0
evaluation: { metrics: [bleu], every: 600 }";

fn run(workshop: &Workshop, name: &str, training: &str, seed: u64) {
    workshop.experiment(TRANSFORMER, training);
    let seed = format!("seed={seed}");
    workshop.succeed(&["train", "experiment.yaml", "--run", name, "--set", &seed]);
}

/// The words of a line, marks set off.
fn words(line: &str) -> Vec<&str> {
    line.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

fn fails(finished: &Finished, code: i32, parts: &[&str]) {
    assert_eq!(finished.code, Some(code), "{}", finished.stderr);
    for part in parts {
        assert!(finished.stderr.contains(part), "{part}: {}", finished.stderr);
    }
}

#[test]
fn every_term_is_in_every_translation_and_nothing_else_changes() {
    let workshop = Workshop::new();
    run(&workshop, "run", UNTRAINED, 1);
    workshop.write("terms.tsv", "dog\tKatze\na book\tdas Meer\nchild\tBaum\nnobody\tMann\n");
    workshop.write("none.tsv", "nobody\tMann\n\n");
    let wanted = |source: &str| -> Vec<&str> {
        let terms = [("dog", "Katze"), ("a book", "das Meer"), ("child", "Baum")];
        terms.into_iter().filter(|(term, _)| source.contains(term)).map(|(_, target)| target).collect()
    };
    let sources = workshop.read("test.en");
    for options in [&["--greedy"][..], &["--beam", "1"], &["--beam", "3"]] {
        let translate = |more: &[&str]| {
            let arguments = [&["translate", "run", "test.en"][..], options, more].concat();
            workshop.succeed(&arguments)
        };
        let plain = translate(&[]);
        assert_eq!(translate(&["--terms", "none.tsv"]), plain, "{options:?}: no source has a term");
        let with = translate(&["--terms", "terms.tsv"]);
        assert_eq!(with.lines().count(), sources.lines().count());
        let mut counted = 0;
        for ((source, with), plain) in sources.lines().zip(with.lines()).zip(plain.lines()) {
            let wanted = wanted(source);
            if wanted.is_empty() {
                assert_eq!(with, plain, "{options:?}: {source}");
            }
            for target in wanted {
                let target = words(target);
                let found = words(with).windows(target.len()).filter(|window| *window == target).count();
                assert!(found > 0, "{options:?}: {source} -> {with} lacks {target:?}");
                counted += 1;
            }
        }
        assert!(counted > 15, "{counted} terms");
    }
}

#[test]
fn terms_that_cannot_be_are_told() {
    let workshop = Workshop::new();
    run(&workshop, "run", UNTRAINED, 1);
    workshop.write("terms.tsv", "dog\tQuappe\nthe house\tHaus\n");
    let finished = workshop.run(&["translate", "run", "test.en", "--terms", "terms.tsv"]);
    fails(
        &finished,
        0,
        &["warning: terms.tsv: line 1: `Quappe` cannot be written", "the vocabulary lacks Q"],
    );
    assert!(!finished.stderr.contains("the translation lacks"), "{}", finished.stderr);
    workshop.write("bad.tsv", "dog\tHund\ndog\tKatze\ncat Katze\n");
    let finished = workshop.run(&["translate", "run", "test.en", "--terms", "bad.tsv"]);
    fails(
        &finished,
        1,
        &["bad.tsv: line 2: `dog` has another translation in line 1", "bad.tsv: line 3: there is no tab"],
    );
    let finished = workshop.run(&["translate", "run", "test.en", "--terms", "terms.tsv", "--sample"]);
    fails(&finished, 2, &["--terms cannot be forced into what is drawn at random"]);
}

#[test]
fn runs_write_together() {
    let workshop = Workshop::new();
    run(&workshop, "a", UNTRAINED, 1);
    run(&workshop, "b", UNTRAINED, 2);
    let translate = |more: &[&str]| workshop.succeed(&[&["translate", "a", "test.en"][..], more].concat());
    let alone = translate(&[]);
    assert_eq!(translate(&["--ensemble", "a", "a"]), alone, "a run agrees with itself");
    let together = translate(&["--ensemble", "b"]);
    assert_ne!(together, alone, "the other has a say");
    assert_eq!(
        workshop.succeed(&["translate", "b", "test.en", "--ensemble", "a"]),
        together,
        "in either order"
    );
    assert_eq!(translate(&["--beam", "3", "--ensemble", "b"]).lines().count(), alone.lines().count());

    workshop.write("experiment.yaml", &workshop.read("experiment.yaml").replace("vocab: 70", "vocab: 60"));
    workshop.succeed(&["train", "experiment.yaml", "--run", "other"]);
    let finished = workshop.run(&["translate", "a", "test.en", "--ensemble", "other"]);
    fails(&finished, 1, &["other: the target of task 'translate' has another size", "equal vocabularies"]);
    let finished = workshop.run(&["translate", "a", "--ensemble", "b", "test.en"]);
    fails(&finished, 2, &["test.en is a file: name the inputs before --ensemble"]);
}

#[test]
fn the_candidate_that_is_closest_to_all_is_written() {
    let workshop = Workshop::new();
    run(&workshop, "run", UNTRAINED, 1);
    workshop.write("two.en", "the dog sees bread .\n\na man hears the sea .\n");
    let risk = ["translate", "run", "two.en", "--minimum-bayes-risk"];
    let json = |more: &[&str]| workshop.json(&[&risk[..], more, &["--json"]].concat());
    let drawn = json(&["--samples", "6"]);
    assert_eq!(drawn, json(&["--samples", "6"]), "the same seed draws the same");
    assert_ne!(drawn, json(&["--samples", "6", "--seed", "5"]));
    let best = |json: &serde_json::Value, line: usize| json["translations"][line]["outputs"][0].clone();
    assert_eq!(best(&drawn, 1)["text"], "", "empty in, empty out");
    let utility = best(&drawn, 0)["score"].as_f64().expect("a number");
    assert!(utility > 100.0 / 6.0 - 1e-9 && utility <= 100.0, "its own share at least: {utility}");

    // The best of a beam is one of its hypotheses, and all of them are there, by their closeness.
    let options = ["--beam", "4", "--n-best", "4"];
    let plain = workshop.json(&[&["translate", "run", "two.en"][..], &options, &["--json"]].concat());
    let ranked = json(&options);
    let texts = |json: &serde_json::Value| -> BTreeSet<String> {
        let outputs = json["translations"][0]["outputs"].as_array().expect("a list");
        outputs.iter().map(|output| output["text"].to_string()).collect()
    };
    assert_eq!(texts(&plain), texts(&ranked));
    let scores: Vec<f64> = ranked["translations"][0]["outputs"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|output| output["score"].as_f64())
        .collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");

    // An experiment may ask for it, and then every command does it.
    let experiment = workshop.read("experiment.yaml");
    let asked = "decoding: { max_length: 12, minimum_bayes_risk: { samples: 6 } }";
    workshop.write("experiment.yaml", &experiment.replace("decoding: { max_length: 12 }", asked));
    workshop.succeed(&["train", "experiment.yaml", "--run", "asking"]);
    let asking = workshop.json(&["translate", "asking", "two.en", "--json"]);
    assert_eq!(asking["translations"], drawn["translations"]);
    let finished = workshop.run(&["translate", "run", "two.en", "--minimum-bayes-risk", "--samples", "1"]);
    fails(&finished, 2, &["--samples is 1, and must be between 2 and 1024"]);
}

/// Sentences of a language that says the words of another in the opposite order, and the two sides of a split.
fn reversed(workshop: &Workshop, split: &str, from: usize, to: usize) {
    const WORDS: [(&str, &str); 12] = [
        ("one", "eins"),
        ("two", "zwei"),
        ("three", "drei"),
        ("four", "vier"),
        ("five", "fünf"),
        ("six", "sechs"),
        ("seven", "sieben"),
        ("eight", "acht"),
        ("nine", "neun"),
        ("ten", "zehn"),
        ("eleven", "elf"),
        ("twelve", "zwölf"),
    ];
    let (mut english, mut german) = (String::new(), String::new());
    for number in from..to {
        // Numbers that no step of the loop repeats choose the words.
        let mut digits = number * 7919 % 248_832;
        let mut words = Vec::new();
        for _ in 0..3 + number % 3 {
            words.push(WORDS[digits % 12]);
            digits /= 12;
        }
        let english_words: Vec<&str> = words.iter().map(|word| word.0).collect();
        let german_words: Vec<&str> = words.iter().rev().map(|word| word.1).collect();
        english += &format!("{}\n", english_words.join(" "));
        german += &format!("{}\n", german_words.join(" "));
    }
    workshop.write(&format!("{split}.en"), &english);
    workshop.write(&format!("{split}.de"), &german);
}

#[test]
fn words_are_aligned_with_those_that_they_come_from() {
    let workshop = Workshop::new();
    for (split, from, to) in [("train", 0, 3000), ("val", 3000, 3020), ("test", 3020, 3060)] {
        reversed(&workshop, split, from, to);
    }
    workshop.experiment(TRANSFORMER, TRAINED);
    let words =
        workshop.read("experiment.yaml").replace("bpe: { vocab: 70, shared: true }", "words: { vocab: all }");
    let words = words.replace("{ field: de }", "{ field: de, tokenizer: { words: { vocab: all } } }");
    workshop.write("experiment.yaml", &words);
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
    workshop.write("input.en", &format!("{}\n \n", workshop.read("test.en").trim_end()));
    let plain = workshop.succeed(&["translate", "run", "input.en"]);
    let aligned = workshop.succeed(&["translate", "run", "input.en", "--alignments"]);
    assert_eq!(workshop.succeed(&["translate", "run", "input.en", "--alignments=pairs.txt"]), plain);
    let pairs = workshop.read("pairs.txt");
    let behind: Vec<String> =
        plain.lines().zip(pairs.lines()).map(|(text, pairs)| format!("{text} ||| {pairs}")).collect();
    assert_eq!(aligned.lines().collect::<Vec<_>>(), behind);
    assert_eq!((plain.lines().count(), pairs.lines().last()), (41, Some("")), "empty in, empty out");
    let json = workshop.json(&["translate", "run", "input.en", "--alignments", "--json"]);
    let (mut both, mut all) = (0, 0);
    let lines = workshop.read("test.en");
    let right = workshop.read("test.de");
    for (number, ((source, target), (text, pairs))) in
        lines.lines().zip(right.lines()).zip(plain.lines().zip(pairs.lines())).enumerate()
    {
        let found: Vec<(usize, usize)> =
            serde_json::from_value(json["translations"][number]["outputs"][0]["alignment"].clone())
                .expect("a list of pairs");
        let written: Vec<String> =
            found.iter().map(|(source, target)| format!("{source}-{target}")).collect();
        assert_eq!(written.join(" "), pairs);
        // What is translated wrongly has no right alignment.
        if text == target {
            let count = source.split(' ').count();
            let right: Vec<(usize, usize)> = (0..count).map(|word| (count - 1 - word, word)).collect();
            both += found.iter().filter(|pair| right.contains(pair)).count();
            all += found.len() + right.len();
        }
    }
    let error_rate = 100.0 * (1.0 - 2.0 * both as f64 / all as f64);
    println!("alignment error rate {error_rate:.1} % over {all} pairs");
    assert!(all > 200 && error_rate < 10.0, "an alignment error rate of {error_rate:.1} over {all} pairs");

    let wrong = |option: &str, value: &str| {
        workshop.run(&["translate", "run", "input.en", "--alignments", option, value])
    };
    fails(&wrong("--alignment-layer", "1"), 1, &["has no layer 1 in its decoder, which has 1, from 0"]);
    fails(
        &wrong("--alignment-heads", "0,4"),
        1,
        &["has no head 4 in its decoder's layers, which have 4, from 0"],
    );
}

#[test]
fn a_source_that_is_longer_than_the_positions_is_cut_with_a_warning() {
    let workshop = Workshop::new();
    let model = TRANSFORMER.replace("dropout: 0.1", "dropout: 0.1, positions: learned, max_positions: 32");
    let training = UNTRAINED.replace(
        "  steps: 1",
        "  steps: 1\n  batch: { tokens: 300, max_source_length: 32, max_target_length: 32 }",
    );
    workshop.experiment(&model, &training);
    let experiment = workshop.read("experiment.yaml").replacen("  batch: { tokens: 300 }\n", "", 1);
    workshop.write("experiment.yaml", &experiment);
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
    let long = "the dog sees the house ".repeat(20);
    workshop.write("long.en", &format!("the dog sees bread .\n{long}\n{long}a woman\n"));
    let finished = workshop.run(&["translate", "run", "long.en"]);
    fails(
        &finished,
        0,
        &["warning: long.en:2: ", "positions and the model reads 32: what is behind them is left out"],
    );
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!((lines.len(), lines[1]), (3, lines[2]), "what is left out changes nothing");
    let finished = workshop.run(&["translate", "run", "long.en", "--max-source", "40"]);
    fails(&finished, 1, &["long.en:2: this source has", "at most 40 are read", "2 of the sources"]);
    assert_eq!(finished.stdout.lines().skip(1).collect::<Vec<_>>(), ["", ""]);
}
