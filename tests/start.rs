//! Trainings that start from another run: its loss at first, frozen parts, low-rank adaptation, vocabularies, new media.

use std::collections::BTreeMap;

use any2any_architecture::belongs_to;
use any2any_data::DataRoot;
use any2any_run::{Existing, RunFolder, Weights, read_weights};
use any2any_train::Trainer;
use serde_json::Value;

use crate::support::{TRANSFORMER, Workshop, sha256};

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
        "evaluate", run, "--checkpoint", checkpoint, "--split", "validation", "--metric", "chrf", "--json",
    ]);
    let scores = scored["tasks"][0]["teacher_forced"].clone();
    assert!(scores["loss"].is_number(), "{scored}");
    scores
}

#[test]
fn the_first_loss_is_that_of_the_start() {
    let workshop = workshop();
    let before = loss(&workshop, "base", "best");
    for (run, model) in [
        ("plain", "from: base".to_owned()),
        ("same", format!("from: base, {}", TRANSFORMER.trim())),
        ("adapted", "from: base, lora: { rank: 4, on: [query, value, inner] }".to_owned()),
        ("frozen", "from: base, freeze: [encoder]".to_owned()),
    ] {
        tuned(&workshop, &model, SHORT);
        started(&workshop, run);
        assert_eq!(loss(&workshop, run, "step-0"), before, "{model}");
        assert_eq!(weights(&workshop, "base/checkpoints/step-30"), weights(&workshop, &format!("{run}/checkpoints/step-0")));
        // The run is whole from then on.
        assert_eq!(workshop.read(&format!("{run}/vocab/shared-text/tokenizer.json")), workshop.read("base/vocab/shared-text/tokenizer.json"));
    }
    std::fs::remove_dir_all(workshop.path("base")).expect("it is there");
    workshop.succeed(&["train", "--resume", "plain"]);
}

#[test]
fn frozen_parts_keep_their_bytes_and_take_no_state() {
    let workshop = workshop();
    tuned(&workshop, "from: base, freeze: [embeddings, encoder, cross_attention]", SHORT);
    let table = workshop.run(&["train", "tuned.yaml", "--run", "tuned"]);
    assert_eq!(table.code, Some(0), "{}", table.stderr);
    for line in ["starts from", "encoder", "loaded, frozen"] {
        assert!(table.stderr.contains(line), "{}", table.stderr);
    }
    let is_frozen =
        |name: &str| ["embeddings", "encoder", "cross_attention"].iter().any(|part| belongs_to(part, name));
    let before = weights(&workshop, "base/checkpoints/step-30");
    let after = weights(&workshop, "tuned/checkpoints/step-12");
    assert!(after.keys().any(|name| is_frozen(name)) && !after.keys().all(|name| is_frozen(name)));
    for (name, after) in &after {
        assert_eq!(*after == before[name], is_frozen(name), "{name}");
    }
    let state = read_weights(&workshop.path("tuned/checkpoints/step-12/optimizer.safetensors")).expect("readable");
    for name in after.keys() {
        assert_eq!(state.contains_key(&format!("mean/{name}")), !is_frozen(name), "{name}");
    }
}

/// Frozen, adapted and slowed parts go on after an interruption as if there had been none.
#[test]
fn interrupted_trainings_end_as_whole_ones() {
    let workshop = workshop();
    for (number, (model, rates)) in [
        ("from: base, freeze: [decoder]", ""),
        ("from: base, lora: { rank: 3, alpha: 6, on: [query, key, value, output, inner, outer] }", ""),
        ("from: base", "  rates: { encoder: 0.1, embeddings: 0, decoder.layers.0.cross_attention: 2 }\n"),
    ]
    .into_iter()
    .enumerate()
    {
        tuned(&workshop, model, &format!("{rates}  accumulate: 2\n{SHORT}"));
        let [whole, halves] = ["whole", "halves"].map(|run| format!("{run}-{number}"));
        workshop.succeed(&["train", "tuned.yaml", "--run", &whole]);
        workshop.succeed(&["train", "tuned.yaml", "--run", &halves, "--set", "training.steps=5"]);
        workshop.succeed(&["train", "--resume", &halves, "--steps", "12"]);
        let mut files = vec!["model.safetensors", "optimizer.safetensors"];
        files.extend(model.contains("lora").then_some("lora.safetensors"));
        for file in files {
            let of = |run: &str| sha256(&workshop.path(run).join("checkpoints/step-12").join(file));
            assert_eq!(of(&whole), of(&halves), "{file} of {model}");
        }
        let losses = |run: &str| workshop.json(&["evaluate", run, "--split", "validation", "--json"]);
        assert_eq!(losses(&whole)["tasks"], losses(&halves)["tasks"]);
    }
}

#[test]
fn adaptations_are_kept_apart_and_merged_where_weights_are_read() {
    let workshop = workshop();
    tuned(&workshop, "from: base, lora: { rank: 4, alpha: 8, on: [query, value] }", SHORT);
    workshop.succeed(&["train", "tuned.yaml", "--run", "tuned"]);
    let checkpoint = workshop.path("tuned/checkpoints/step-12");
    // The weights themselves are those of the start.
    let [base, tuned] = ["base/checkpoints/step-30", "tuned/checkpoints/step-12"]
        .map(|checkpoint| workshop.path(checkpoint).join("model.safetensors"));
    let alone = workshop.path("alone.safetensors");
    std::fs::copy(&tuned, &alone).expect("copied");
    let before = read_weights(&base).expect("readable");
    assert_eq!(read_weights(&alone).expect("readable"), before);
    let adapted = read_weights(&checkpoint.join("lora.safetensors")).expect("readable");
    let a = &adapted["decoder.layers.0.cross_attention.value.weight.lora_a"];
    assert_eq!(a.shape, [32, 4]);
    for (name, merged) in read_weights(&tuned).expect("readable") {
        let is_adapted = adapted.contains_key(&format!("{name}.lora_a"));
        assert_eq!(merged == before[&name], !is_adapted, "{name}");
        assert_eq!(is_adapted, name.ends_with("query.weight") || name.ends_with("value.weight"), "{name}");
    }
    workshop.succeed(&["export", "tuned", "exported"]);
    assert!(!workshop.path("exported/checkpoints/step-0/lora.safetensors").exists());
    let source = "the dog sees the house .\na man finds bread now .\n";
    let written = workshop.pipe(&["translate", "tuned"], source);
    assert_eq!(workshop.pipe(&["translate", "exported"], source), written);
    // What the training itself has scored is what the run scores.
    let log = workshop.read("tuned/metrics.jsonl");
    let scored = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let scored = scored.filter(|line| line["kind"] == "validation").last().expect("an evaluation");
    assert_eq!(scored["teacher_forced"], loss(&workshop, "tuned", "best"));
    // Weights without their adaptation are not taken for the model.
    std::fs::remove_file(checkpoint.join("lora.safetensors")).expect("it is there");
    let refused = workshop.run(&["translate", "tuned"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("lora.safetensors"), "{}", refused.stderr);
}

/// A new task with a new medium in front of a trained body: the body is loaded, the entrance is fresh.
#[test]
fn a_new_medium_is_read_by_a_trained_body() {
    let workshop = workshop();
    let rows: String = (0..60)
        .map(|row| format!("{{\"numbers\": [[{row}, 1.5], [2, {}]], \"de\": \"der Hund sieht das Haus .\"}}\n", row % 7))
        .collect();
    workshop.write("rows.jsonl", &rows);
    workshop.write(
        "tuned.yaml",
        "name: numbers
tasks:
  read:
    data: { files: { train: { json_lines: { file: rows.jsonl } } }, split: { shares: { validation: 0.2 } } }
    source: { frames: { field: numbers } }
    target: { text: { field: de } }
model: { from: base, freeze: [encoder] }
training: { steps: 5, batch: { tokens: 300 }, schedule: { constant: { peak: 1.0e-3, warmup: 2 } } }
evaluation: { metrics: [], every: 5 }
",
    );
    let checked = workshop.json(&["check", "tuned.yaml", "--json"]);
    let parameters = checked["start"]["parameters"].as_array().expect("a list").clone();
    let of = |name: &str| parameters.iter().find(|of| of["name"] == name).unwrap_or(&Value::Null).clone();
    assert_eq!(of("stems.read.source.weight")["state"], "fresh", "{checked}");
    assert_eq!(of("stems.read.target.table")["state"], "loaded");
    let query = of("encoder.layers.0.self_attention.query.weight");
    assert_eq!((&query["state"], &query["learns"]), (&Value::from("loaded"), &Value::from("frozen")));
    let text = workshop.succeed(&["check", "tuned.yaml"]);
    assert!(text.contains("stems.read.source") && text.contains("fresh"), "{text}");
    workshop.succeed(&["train", "tuned.yaml", "--run", "tuned"]);
    let [before, after] = ["base/checkpoints/step-30", "tuned/checkpoints/step-5"].map(|of| weights(&workshop, of));
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
        ("from: theirs", "any2any import"),
        ("from: empty", "is no run"),
        ("from: nowhere", "there is no folder"),
    ] {
        tuned(&workshop, model, SHORT);
        let refused = workshop.run(&["check", "tuned.yaml"]);
        assert_eq!(refused.code, Some(1), "{model}");
        assert!(refused.stderr.contains(words) && refused.stderr.contains("tuned.yaml:"), "{}", refused.stderr);
    }
}
