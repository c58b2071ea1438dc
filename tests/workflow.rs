//! The whole way of a user through the finished binary: from two text files to a translator, and every command
//! on the run that comes of it.

use crate::support::{LANGUAGE_MODEL, TRANSFORMER, Workshop};

const TRAINING: &str = "  steps: 250
  label_smoothing: 0.0
evaluation: { metrics: [bleu, chrf, exact_match], every: 125, keep_best: 2, show: 2 }
decoding: { beam: { size: 3 } }";

#[test]
fn a_small_language_is_learned_and_every_command_works_on_the_run() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    assert!(workshop.succeed(&["check", "experiment.yaml"]).contains("no problem found"));
    let trained = workshop.json(&["train", "experiment.yaml", "--run", "run", "--json"]);
    let bleu = trained["tasks"][0]["decoded"][0]["value"].as_f64().expect("a score");
    assert!(bleu > 80.0, "BLEU {bleu} on unseen sentences of a very small language");
    assert_eq!(trained["tasks"][0]["split"], "test");
    for file in ["experiment.yaml", "resolved.yaml", "README.md", "metrics.jsonl", "checkpoints/best"] {
        assert!(workshop.path("run").join(file).is_file(), "{file} is missing");
    }
    assert_eq!(workshop.read("run/experiment.yaml"), workshop.read("experiment.yaml"));
    let card = workshop.read("run/README.md");
    assert!(card.contains("| BLEU |") && card.contains("\n- medium text: any2any-text"), "{card}");

    // Lines keep their order, whatever their lengths, and one alone is translated as among others.
    let sources = workshop.read("test.en");
    let all = workshop.pipe(&["translate", "run"], &sources);
    assert_eq!(all.lines().count(), 40);
    let third = sources.lines().nth(2).expect("a third line");
    assert_eq!(
        workshop.pipe(&["translate", "run"], &format!("{third}\n")).lines().next(),
        all.lines().nth(2)
    );
    workshop.write("hypotheses.de", &all);
    let scored = workshop.json(&[
        "metrics",
        "hypotheses.de",
        "test.de",
        "--metric",
        "bleu,chrf,exact_match",
        "--json",
    ]);
    assert_eq!(
        scored["scores"], trained["tasks"][0]["decoded"],
        "what is translated scores as in the report"
    );

    let n_best =
        workshop.pipe(&["translate", "run", "--beam", "4", "--n-best", "3"], "the dog sees bread .\n");
    assert_eq!(n_best.lines().count(), 3);
    assert!(n_best.lines().all(|line| line.starts_with("1 ||| ")), "{n_best}");
    let drawn = |seed| {
        let options = ["translate", "run", "--sample", "--temperature", "1.5", "--seed", seed];
        workshop.pipe(&options, &sources)
    };
    assert_eq!(drawn("1"), drawn("1"));
    assert_ne!(drawn("1"), drawn("2"));
    let forced = workshop.pipe(&["translate", "run", "--prefix", "eine Frau"], "the dog sees bread .\n");
    assert!(forced.starts_with("eine Frau"), "{forced}");
    let long = workshop
        .pipe(&["translate", "run", "--min-length", "30", "--max-length", "30"], "the dog sees bread .\n");
    assert!(long.len() > forced.len(), "{long}");

    let evaluated =
        workshop.json(&["evaluate", "run", "--split", "test", "--json", "--output", "decoded.de"]);
    assert_eq!(evaluated["decoded"], trained["tasks"][0]["decoded"]);
    assert_eq!(evaluated["teacher_forced"], trained["tasks"][0]["teacher_forced"]);
    assert_eq!(workshop.read("decoded.de"), all);

    let pairs = workshop.json(&["score", "run", "--source", "test.en", "--target", "test.de", "--json"]);
    let perplexity = pairs["perplexity"].as_f64().expect("a number");
    let forced = evaluated["teacher_forced"]["perplexity"].as_f64().expect("a number");
    assert!((perplexity - forced).abs() < 1e-4, "{perplexity} and {forced}");

    let average = workshop.json(&["average", "run", "--json"]);
    assert_eq!(average["checkpoints"].as_array().map(Vec::len), Some(2));
    let averaged = workshop.pipe(&["translate", "run", "--checkpoint", "run/averaged.safetensors"], &sources);
    assert_eq!(averaged.lines().count(), 40);

    workshop.succeed(&["export", "run", "model"]);
    let exact = workshop.pipe(&["translate", "run"], &sources);
    let rounded = workshop.pipe(&["translate", "run", "--int8"], &sources);
    let same = exact.lines().zip(rounded.lines()).filter(|(exact, rounded)| exact == rounded).count();
    assert!(same >= 36, "{same} of 40 translations are the same in 8 bits");
    workshop.succeed(&["export", "run", "bytes", "--int8"]);
    assert_eq!(workshop.pipe(&["translate", "bytes"], &sources), rounded, "rounded before or while it loads");
    let size = |folder: &str| {
        let file = workshop.path(folder).join("checkpoints/step-0/model.safetensors");
        std::fs::metadata(file).expect("exported").len()
    };
    assert!(size("bytes") * 5 < size("model") * 2, "{} of {} bytes", size("bytes"), size("model"));
    workshop.json(&["describe", "bytes", "--json"]);
    workshop.json(&["evaluate", "bytes", "--json"]);
    assert_eq!(workshop.pipe(&["translate", "model"], &sources), all);
    let described = workshop.json(&["describe", "run", "--json"]);
    assert!(described["parameters"].as_u64() > Some(10_000));
    assert_eq!(described["vocabularies"][0]["size"], 70);
    assert_eq!(described["history"].as_array().map(Vec::len), Some(2));
    assert!(workshop.succeed(&["describe", "run"]).contains("encoder.layers.0"));

    // A run is never overwritten unless asked, and then set aside.
    let refused = workshop.run(&["train", "experiment.yaml", "--run", "run"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("--resume run") && refused.stderr.contains("--overwrite"),
        "{}",
        refused.stderr
    );
    let anew = ["train", "experiment.yaml", "--run", "run", "--overwrite", "--set", "training.steps=2"];
    workshop.succeed(&anew);
    assert!(workshop.path("run.old-1/checkpoints/step-250").is_dir());
}

#[test]
fn two_files_become_a_translator_in_three_commands() {
    let workshop = Workshop::new();
    workshop.succeed(&["new", "mine.yaml", "--source", "train.en", "--target", "train.de"]);
    let first = workshop.read("mine.yaml");
    assert!(first.contains("vocab: 125"), "as large as three hundred sentences of few words carry: {first}");
    workshop.succeed(&["train", "mine.yaml", "--set", "training.steps=3", "--set", "evaluation.every=3"]);
    let refused = workshop.run(&["new", "mine.yaml", "--source", "train.en", "--target", "train.de"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("--overwrite"), "{}", refused.stderr);
    assert_eq!(workshop.pipe(&["translate", "runs/mine"], "the dog sees bread .\n").lines().count(), 1);
}

#[test]
fn one_line_becomes_an_experiment_with_the_vocabulary_that_it_has() {
    let workshop = Workshop::new();
    workshop.write("one.en", "the dog sees the bread .\n");
    workshop.write("one.de", "der Hund sieht das Brot .\n");
    workshop.succeed(&["new", "one.yaml", "--source", "one.en", "--target", "one.de"]);
    workshop.succeed(&["check", "one.yaml"]);
}

#[test]
fn a_language_model_completes() {
    let workshop = Workshop::new();
    workshop.write("lm.yaml", LANGUAGE_MODEL);
    workshop.succeed(&["train", "lm.yaml", "--run", "lm"]);
    let next = workshop.json(&["complete", "lm", "der Hun", "--next", "3", "--json"]);
    assert_eq!(next["next"][0]["token"], "d", "{next}");
    let probabilities =
        next["next"].as_array().expect("a list").iter().map(|token| token["probability"].as_f64());
    assert!(probabilities.flatten().sum::<f64>() <= 1.0 + 1e-6);
    let texts =
        workshop.succeed(&["complete", "lm", "die", "--count", "2", "--max-length", "20", "--seed", "3"]);
    assert!(texts.lines().count() == 2 && texts.lines().all(|line| line.starts_with("die")), "{texts}");
    let wrong = workshop.run(&["translate", "lm"]);
    assert_eq!((wrong.code, wrong.stderr.contains("complete")), (Some(1), true), "{}", wrong.stderr);
}

#[test]
fn several_tasks_share_one_body() {
    let workshop = Workshop::new();
    workshop.write(
        "both.yaml",
        "name: both
tasks:
  there:
    data: { files: { train: { parallel: { en: train.en, de: train.de } }, test: { parallel: { en: test.en, de: test.de } } } }
    source: { text: { field: en, tokenizer: { bpe: { vocab: 70, shared: true } } } }
    target: { text: { field: de } }
  back:
    data: { files: { train: { parallel: { en: train.en, de: train.de } }, test: { parallel: { en: test.en, de: test.de } } } }
    source: { text: { field: de, tokenizer: { bpe: { vocab: 70, shared: true } } } }
    target: { text: { field: en } }
    weight: 2
model:
  transformer: { d_model: 32, d_ff: 64, heads: 4, encoder_layers: 1, decoder_layers: 1, dropout: 0.0 }
training:
  steps: 700
  batch: { tokens: 300 }
  schedule: { constant: { peak: 5.0e-3, warmup: 5 } }
evaluation: { metrics: [exact_match], every: 700 }
",
    );
    let trained = workshop.json(&["train", "both.yaml", "--run", "both", "--json"]);
    for task in trained["tasks"].as_array().expect("two tasks") {
        let right = task["decoded"][0]["value"].as_f64().expect("a score");
        assert!(right > 50.0, "{}: {right} % right", task["task"]);
    }
    let there = workshop.pipe(&["translate", "both", "--task", "there"], "the cat sees the sea .\n");
    let back = workshop.pipe(&["translate", "both", "--task", "back"], "die Katze sieht das Meer .\n");
    assert_eq!((there.as_str(), back.as_str()), ("die Katze sieht das Meer .\n", "the cat sees the sea .\n"));
    let unnamed = workshop.run(&["translate", "both"]);
    assert!(unnamed.code == Some(1) && unnamed.stderr.contains("back, there"), "{}", unnamed.stderr);
}

/// The README's first command names no program: only one may be meant.
#[test]
fn cargo_run_at_the_root_means_the_command() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let arguments = ["metadata", "--format-version=1", "--no-deps", "--offline"];
    let output = std::process::Command::new(env!("CARGO")).args(arguments).current_dir(root).output();
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.expect("cargo runs").stdout).expect("JSON");
    let list = |value: &serde_json::Value| value.as_array().expect("a list").clone();
    let defaults = list(&metadata["workspace_default_members"]);
    let mut programs = Vec::new();
    for package in list(&metadata["packages"]).iter().filter(|package| defaults.contains(&package["id"])) {
        let targets = list(&package["targets"]);
        let is_program = |target: &&serde_json::Value| target["kind"][0] == "bin";
        programs.extend(targets.iter().filter(is_program).map(|target| target["name"].to_string()));
    }
    assert_eq!(programs, ["\"any2any\""]);
}
