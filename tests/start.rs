//! Trainings that start from another run, as they are typed: what is said about them, new media, models from elsewhere.

use std::collections::BTreeMap;

use any2any_architecture::belongs_to;
use any2any_data::DataRoot;
use any2any_run::{Existing, RunFolder, Weights, read_weights};
use any2any_train::Trainer;
use serde_json::Value;

use crate::support::{TRANSFORMER, Workshop};

const BASE: &str = "  steps: 30
evaluation: { metrics: [], every: 30, keep_best: 1 }";

/// A workshop with a run `base`.
fn workshop() -> Workshop {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, BASE);
    workshop.succeed(&["train", "experiment.yaml", "--run", "base"]);
    workshop
}

/// Writes `tuned.yaml`, an experiment with the data and the options of `base`, and another model section.
fn tuned(workshop: &Workshop, model: &str, training: &str) {
    let text = format!(
        "name: tuned
tasks:
  translate:
    data:
      files:
        train: {{ parallel: {{ en: train.en, de: train.de }} }}
        validation: {{ parallel: {{ en: val.en, de: val.de }} }}
    source: {{ text: {{ field: en }} }}
    target: {{ text: {{ field: de }} }}
model: {{ {model} }}
training:
  batch: {{ tokens: 300 }}
  schedule: {{ constant: {{ peak: 5.0e-3, warmup: 5 }} }}
{training}
"
    );
    workshop.write("tuned.yaml", &text);
}

const SHORT: &str = "  steps: 12
evaluation: { metrics: [], every: 12, keep_best: 1 }";

fn weights(workshop: &Workshop, checkpoint: &str) -> BTreeMap<String, Weights> {
    read_weights(&workshop.path(checkpoint).join("model.safetensors")).expect("readable")
}

/// Starts `tuned.yaml`, and stops before the first step.
fn started(workshop: &Workshop, run: &str) {
    let registry = any2any_cli::media();
    let document = any2any_experiment::load(&workshop.path("tuned.yaml"), &[], &registry)
        .unwrap_or_else(|problems| panic!("{problems}"));
    let root = DataRoot::at(workshop.path("data"));
    let prepared = any2any_train::prepare(&document, &registry, &root).expect("data");
    Trainer::start(prepared, RunFolder::new(workshop.path(run)), Existing::Keep).expect("a new run");
}

/// The teacher-forced scores of a checkpoint on the validation split, to the last digit.
fn loss(workshop: &Workshop, run: &str, checkpoint: &str) -> Value {
    let scored = workshop.json(&[
        "evaluate",
        run,
        "--checkpoint",
        checkpoint,
        "--split",
        "validation",
        "--metric",
        "chrf",
        "--json",
    ]);
    let scores = scored["teacher_forced"].clone();
    assert!(scores["loss"].is_number(), "{scored}");
    scores
}

/// A new task with a new medium in front of a trained body: the body is loaded, the entrance is fresh.
#[test]
fn a_new_medium_is_read_by_a_trained_body() {
    let workshop = workshop();
    let rows: String = (0..60)
        .map(|row| {
            format!("{{\"numbers\": [{row}, 2, {}], \"de\": \"der Hund sieht das Haus .\"}}\n", row % 7)
        })
        .collect();
    workshop.write("rows.jsonl", &rows);
    workshop.write(
        "tuned.yaml",
        "name: numbers
tasks:
  read:
    data: { files: { train: { json_lines: { file: rows.jsonl } } }, split: { shares: { validation: 0.2 } } }
    source: { tokens: { field: numbers } }
    target: { text: { field: de } }
model: { from: base, freeze: [encoder] }
training: { steps: 5, batch: { tokens: 300 }, schedule: { constant: { peak: 1.0e-3, warmup: 2 } } }
evaluation: { metrics: [], every: 5 }
",
    );
    let checked = workshop.json(&["check", "tuned.yaml", "--json"]);
    let parameters = checked["start"]["parameters"].as_array().expect("a list").clone();
    let of = |name: &str| parameters.iter().find(|of| of["name"] == name).unwrap_or(&Value::Null).clone();
    assert_eq!(of("stems.read.source.table")["state"], "fresh", "{checked}");
    assert_eq!(of("stems.read.target.table")["state"], "loaded");
    let query = of("encoder.layers.0.self_attention.query.weight");
    assert_eq!((&query["state"], &query["learns"]), (&Value::from("loaded"), &Value::from("frozen")));
    let text = workshop.succeed(&["check", "tuned.yaml"]);
    assert!(text.contains("stems.read.source") && text.contains("fresh"), "{text}");
    workshop.succeed(&["train", "tuned.yaml", "--run", "tuned"]);
    let [before, after] =
        ["base/checkpoints/step-30", "tuned/checkpoints/step-5"].map(|of| weights(&workshop, of));
    for (name, after) in after.iter().filter(|(name, _)| belongs_to("encoder", name)) {
        assert_eq!(*after, before[name], "{name}");
    }
}

#[test]
fn what_cannot_be_a_start_is_said_so() {
    let workshop = Workshop::new();
    std::fs::create_dir(workshop.path("theirs")).expect("a folder");
    workshop.write("theirs/config.json", "{}");
    std::fs::create_dir(workshop.path("empty")).expect("a folder");
    for (model, words) in [
        ("from: theirs", "config.json: `model_type` is missing"),
        ("from: empty", "is neither a run, which has a resolved.yaml, nor a model from elsewhere"),
        ("from: nowhere", "there is no folder"),
    ] {
        tuned(&workshop, model, SHORT);
        let refused = workshop.run(&["check", "tuned.yaml"]);
        assert_eq!(refused.code, Some(2), "{model}");
        assert!(
            refused.stderr.contains(words) && refused.stderr.contains("tuned.yaml:"),
            "{}",
            refused.stderr
        );
    }
}

/// Of two tasks, the one that the start had goes on as it was.
#[test]
fn a_task_more_leaves_the_other_as_it_was() {
    let workshop = workshop();
    let before = loss(&workshop, "base", "best");
    tuned(&workshop, "from: base", SHORT);
    let second = "  back:
    data: { files: { train: { parallel: { en: train.en, de: train.de } } } }
    source: { text: { field: de } }
    target: { text: { field: en } }
";
    let text = workshop.read("tuned.yaml").replace("tasks:\n", &format!("tasks:\n{second}"));
    workshop.write("tuned.yaml", &text);
    started(&workshop, "two");
    let scored = workshop.json(&[
        "evaluate",
        "two",
        "--task",
        "translate",
        "--checkpoint",
        "step-0",
        "--split",
        "validation",
        "--json",
    ]);
    assert_eq!(scored["teacher_forced"], before);
    workshop.succeed(&["train", "--resume", "two"]);
}

/// A model from elsewhere goes on learning, with its tokenizers, whose files need not be there any more.
#[test]
fn an_imported_model_is_trained_further() {
    let workshop = Workshop::new();
    let theirs = crate::support::documents::root().join("tests/pretrained/marian");
    workshop.succeed(&["import", &theirs.display().to_string(), "--run", "base"]);
    for split in ["train", "val"] {
        workshop.write(&format!("{split}.en"), &"the old garden loves a garden.\nthe garden.\n".repeat(8));
        workshop.write(&format!("{split}.de"), &"der alte Garten.\nder Garten.\n".repeat(8));
    }
    tuned(&workshop, "from: base, lora: { rank: 2 }", SHORT);
    started(&workshop, "first");
    let weights = |run: &str| weights(&workshop, &format!("{run}/checkpoints/step-0"));
    assert_eq!(weights("first"), weights("base"));
    let source = "the old garden loves a garden.\n";
    let best = workshop.pipe(&["translate", "base", "--beam", "1"], source);
    assert_eq!(workshop.pipe(&["translate", "first", "--checkpoint", "step-0", "--beam", "1"], source), best);
    workshop.succeed(&["train", "--resume", "first"]);
}

/// A folder in Hugging Face's layout is a start as the run is that it becomes: with the same loss, to the last bit, the same
/// prompt and the same tokenizers.
#[test]
fn a_model_from_elsewhere_is_a_start_without_a_run() {
    let workshop = Workshop::new();
    for split in ["train", "val"] {
        workshop.write(&format!("{split}.en"), &"the old garden loves a garden.\nthe garden.\n".repeat(8));
        workshop.write(&format!("{split}.de"), &"der alte Garten.\nder Garten.\n".repeat(8));
    }
    for family in ["marian", "bart", "mbart", "nllb", "byt5"] {
        let theirs = crate::support::documents::root().join("tests/pretrained").join(family);
        let (theirs, imported) = (theirs.display().to_string(), format!("{family}-imported"));
        workshop.succeed(&["import", &theirs, "--run", &imported]);
        let mut losses = Vec::new();
        for (start, run) in
            [(imported.as_str(), format!("{family}-run")), (&theirs, format!("{family}-folder"))]
        {
            tuned(&workshop, &format!("from: \"{start}\""), SHORT);
            let checked = workshop.json(&["check", "tuned.yaml", "--json"]);
            let parameters = checked["start"]["parameters"].as_array().expect("a list");
            assert!(parameters.iter().all(|of| of["state"] == "loaded"), "{checked}");
            started(&workshop, &run);
            assert_eq!(
                weights(&workshop, &format!("{run}/checkpoints/step-0")),
                weights(&workshop, &format!("{imported}/checkpoints/step-0")),
            );
            losses.push(loss(&workshop, &run, "step-0"));
        }
        assert_eq!(losses[0], losses[1], "{family}");
        let source = "the old garden loves a garden.\n";
        let written = |run: &str| workshop.pipe(&["translate", run], source);
        assert_eq!(written(&format!("{family}-folder")), written(&imported), "{family}");
    }
    workshop.succeed(&["train", "--resume", "marian-folder"]);
}

/// A tokenizer of a file is extended by what new texts have and it lacks; both of Marian, whose tokens have the numbers of one
/// vocabulary, by the same names.
#[test]
fn tokenizers_of_models_from_elsewhere_are_extended() {
    let workshop = Workshop::new();
    for split in ["train", "val"] {
        workshop.write(&format!("{split}.en"), &"the old garden loves жук.\nthe garden ☃.\n".repeat(12));
        workshop.write(&format!("{split}.de"), &"der alte Garten Ёж.\nder Garten.\n".repeat(12));
    }
    for family in ["marian", "t5", "nllb", "bart"] {
        let theirs = crate::support::documents::root().join("tests/pretrained").join(family);
        tuned(&workshop, &format!("from: \"{}\", vocabulary: extend", theirs.display()), SHORT);
        let checked = workshop.json(&["check", "tuned.yaml", "--json"]);
        let parameters = checked["start"]["parameters"].as_array().expect("a list").clone();
        let tables: Vec<&Value> = parameters.iter().filter(|of| of["state"] != "loaded").collect();
        // One table of both sides, and a bias where there is one: nothing else is fresh, and the byte-level BART needs nothing
        // but pieces for what is frequent.
        let named = |of: &&&Value| of["name"].as_str().is_some_and(|name| name.contains("target.table"));
        assert_eq!(tables.iter().filter(named).count(), 0, "{family}: {checked}");
        for of in &tables {
            assert_eq!(of["state"], "partly", "{family}: {of}");
            let [carried, rows] =
                [&of["carried"], &of["shape"][0]].map(|number| number.as_u64().expect("a number"));
            assert!(carried < rows && rows < carried + 40, "{family}: {of}");
        }
        assert!(!tables.is_empty(), "{family}: {checked}");
        started(&workshop, family);
        let registry = any2any_cli::media();
        let run = RunFolder::new(workshop.path(family));
        let experiment = run.experiment(&registry).expect("a run").experiment;
        let adapters = run.adapters(&experiment, &registry).expect("its adapters");
        let task = adapters.task(None).expect("one task");
        let sides = [("the old garden loves жук. ☃", true), ("der alte Garten Ёж.", false)];
        for (text, source) in sides {
            let value = any2any_adapter::Value::from(text);
            let adapter = if source { task.source().expect("a source") } else { task.target() };
            let encoded = adapter.encode(&value).expect("a text");
            let named: Vec<String> =
                encoded.sequence.tokens().expect("tokens").iter().map(|token| adapter.show(*token)).collect();
            assert!(!named.contains(&"<unk>".to_owned()), "{family}: {named:?}");
        }
        workshop.succeed(&["train", "--resume", family]);
        assert!(!workshop.pipe(&["translate", family], "the old garden loves жук.\n").is_empty());
    }
}
