//! `any2any export --format`: models go out in the layouts of other programs, and come back.

use std::process::Command;

use serde_json::Value;

use crate::support::documents::root;
use crate::support::{LANGUAGE_MODEL, Workshop, outside};

const TRANSFORMER: &str =
    "  transformer: { d_model: 32, d_ff: 48, heads: 4, encoder_layers: 1, decoder_layers: 1 }";
const SHORT: &str = "  steps: 30\nevaluation: { metrics: [], every: 30 }";

fn json(workshop: &Workshop, name: &str) -> Value {
    serde_json::from_str(&workshop.read(name)).expect("JSON")
}

/// Two tokenizers, two vocabularies.
fn apart(workshop: &Workshop) {
    workshop.experiment(TRANSFORMER, SHORT);
    let experiment = workshop.read("experiment.yaml");
    let experiment = experiment.replace("vocab: 70, shared: true", "vocab: 60").replace(
        "target: { text: { field: de } }",
        "target: { text: { field: de, tokenizer: { bpe: { vocab: 65 } } } }",
    );
    workshop.write("experiment.yaml", &experiment);
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
}

#[test]
fn a_run_goes_out_whole_and_replaces_nothing() {
    let workshop = Workshop::new();
    apart(&workshop);
    let said = workshop.succeed(&["export", "run", "out", "--format", "huggingface"]);
    assert!(said.contains("PegasusForConditionalGeneration"), "{said}");
    let config = json(&workshop, "out/config.json");
    assert_eq!((&config["model_type"], &config["vocab_size"]), (&Value::from("pegasus"), &Value::from(125)));
    // The tokens of sources count from behind those of targets.
    let number = |name: &str| {
        let vocabulary = &json(&workshop, name)["model"]["vocab"];
        let end = vocabulary["</s>"].as_u64().expect("a number");
        (vocabulary.as_object().expect("a map").len(), end)
    };
    assert_eq!(number("out/tokenizer.json"), (125, 65 + 3));
    assert_eq!(number("out/target_tokenizer/tokenizer.json"), (65, 3));
    let said = workshop.succeed(&["export", "run", "ct2", "--format", "ctranslate2", "--json"]);
    let said: Value = serde_json::from_str(&said).expect("one object");
    assert_eq!(said["kind"], "TransformerSpec");
    let names = |name: &str| json(&workshop, name).as_array().expect("a list").len();
    assert_eq!((names("ct2/source_vocabulary.json"), names("ct2/target_vocabulary.json")), (60, 65));

    for (arguments, reason) in [
        (&["export", "run", "out", "--format", "huggingface"][..], "out: this folder is not empty"),
        (&["export", "run", "new", "--format", "ctranslate2", "--int8"], "compute_type=\"int8\""),
        (&["export", "run", "new", "--task", "translate"], "give a --format"),
        (&["export", "run", "new", "--format", "huggingface", "--task", "none"], "none"),
    ] {
        let refused = workshop.run(arguments);
        assert!(
            refused.code != Some(0) && refused.stderr.contains(reason),
            "{arguments:?}: {}",
            refused.stderr
        );
    }
    assert!(!workshop.path("new").exists());
}

#[test]
fn what_a_layout_cannot_say_is_refused_by_the_name_of_its_option() {
    for (model, part) in [
        ("  lstm: { d_model: 16, encoder_layers: 1, decoder_layers: 1 }", "`lstm`"),
        (
            "  transformer: { d_model: 16, d_ff: 16, heads: 2, encoder_layers: 1, decoder_layers: 1, positions: rotary }",
            "`positions: rotary`",
        ),
    ] {
        let workshop = Workshop::new();
        workshop.experiment(model, SHORT);
        workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
        let refused = workshop.run(&["export", "run", "out", "--format", "huggingface"]);
        assert!(refused.code == Some(2) && refused.stderr.contains(part), "{}", refused.stderr);
        assert!(!workshop.path("out").exists(), "{part}");
    }
}

/// An imported model goes out and comes in again: its translations are the same.
#[test]
fn an_imported_model_goes_out_and_comes_back() {
    for family in ["marian", "t5", "gpt2"] {
        let workshop = Workshop::new();
        let source = root().join("tests/pretrained").join(family).display().to_string();
        workshop.succeed(&["import", &source, "--run", "run"]);
        workshop.succeed(&["export", "run", "out", "--format", "huggingface"]);
        workshop.succeed(&["import", "out", "--run", "again"]);
        let weights = |run: &str| {
            let file = workshop.path(run).join("checkpoints/step-0/model.safetensors");
            std::fs::read(file).expect("weights")
        };
        assert!(weights("run") == weights("again"), "{family}: other weights");
        let written = |run: &str| match family {
            "gpt2" => workshop.succeed(&["complete", run, "the old", "--greedy", "--max-length", "12"]),
            _ => workshop.pipe(&["translate", run, "--greedy"], "the old garden loves a garden.\na dog\n"),
        };
        assert_eq!(written("run"), written("again"), "{family}");
    }
}

/// With a Python that has transformers and ctranslate2: both write what we write, of runs and of imported models.
#[test]
fn other_programs_write_what_we_write() {
    let Some(python) = outside::named("ANY2ANY_PRETRAINED_PYTHON") else { return };
    let workshop = Workshop::new();
    apart(&workshop);
    workshop.write("lm.yaml", LANGUAGE_MODEL);
    workshop.succeed(&["train", "lm.yaml", "--run", "lm"]);
    for family in ["marian", "t5", "gpt2"] {
        let source = root().join("tests/pretrained").join(family).display().to_string();
        workshop.succeed(&["import", &source, "--run", family]);
    }
    let english = workshop.read("test.en");
    for run in ["run", "lm", "marian", "t5", "gpt2"] {
        let lines: Vec<&str> = match run {
            "lm" => vec!["der ", "ein", "d"],
            "gpt2" => vec!["the old", "a dog", "the green cat"],
            "run" => english.lines().collect(),
            _ => vec!["the old garden loves a garden.", "a small dog sees the red house.", "zebra"],
        };
        workshop.write("lines.txt", &lines.join("\n"));
        let ours = match run {
            "lm" | "gpt2" => {
                let completed = lines.iter().map(|line| {
                    workshop.succeed(&["complete", run, line, "--greedy", "--max-length", "24", "--json"])
                });
                format!("[{}]", completed.collect::<Vec<_>>().join(","))
            }
            _ => workshop
                .pipe(&["translate", run, "--greedy", "--max-length", "24", "--json"], &lines.join("\n")),
        };
        workshop.write("ours.json", &ours);
        for format in ["huggingface", "ctranslate2"] {
            let out = format!("{run}-{format}");
            workshop.succeed(&["export", run, &out, "--format", format]);
            let ran = Command::new(&python)
                .arg(root().join("tests/pretrained/exported.py"))
                .args([workshop.path(&out), workshop.path("lines.txt"), workshop.path("ours.json")])
                .args(["--longest", "24"])
                .output()
                .expect("Python runs");
            let said = String::from_utf8_lossy(&ran.stdout).into_owned();
            let trouble = String::from_utf8_lossy(&ran.stderr);
            let found: Value =
                serde_json::from_str(&said).unwrap_or_else(|_| panic!("{out}: {said}{trouble}"));
            println!("{said}");
            assert_eq!(found["equal_tokens"], found["lines"], "{out}: {said}");
        }
    }
}
