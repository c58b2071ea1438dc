//! Trainings that start from another run: its loss at first, frozen parts, low-rank adaptation, vocabularies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use any2any_adapter::Registry;
use any2any_architecture::belongs_to;
use any2any_data::DataRoot;
use any2any_run::{Existing, RunFolder, Weights, read_weights};
use any2any_train::{Prepared, Resuming, Trainer};
use any2any_translate::Translator;
use any2any_translate::evaluate::{TeacherForced, teacher_forced};

const TRANSFORMER: &str =
    "transformer: { d_model: 16, d_ff: 24, heads: 2, encoder_layers: 1, decoder_layers: 1, dropout: 0.1 }";

/// A folder with data, a run `base`, and experiments that start from it.
struct Place {
    folder: tempfile::TempDir,
    registry: Registry,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().expect("a folder"),
            registry: Registry::new().with(any2any_text::Text),
        };
        let word = |at: usize| ["the dog", "a cat", "sees", "hears", "the house"][at % 5];
        place.write_data(120, word, |at| ["der Hund", "eine Katze", "sieht", "hört", "das Haus"][at % 5]);
        let sides = "tokenizer: { bpe: { vocab: 45, shared: true } }";
        let run = place.run("base", TRANSFORMER, sides, 10);
        assert!(run.path().join("checkpoints/step-10").is_dir());
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_data<'w>(
        &self,
        count: usize,
        source: impl Fn(usize) -> &'w str,
        target: impl Fn(usize) -> &'w str,
    ) {
        for (split, count) in [("train", count), ("val", count / 10)] {
            let text = |word: &dyn Fn(usize) -> &'w str| -> String {
                (0..count)
                    .map(|at| format!("{} {} {} .\n", word(at), word(at / 5 + 2), word(at / 25)))
                    .collect()
            };
            std::fs::write(self.path(&format!("{split}.en")), text(&source)).expect("written");
            std::fs::write(self.path(&format!("{split}.de")), text(&target)).expect("written");
        }
    }

    /// Prepares an experiment with a model section and options of both sides.
    fn prepared(&self, model: &str, sides: &str, more: &str) -> Prepared {
        let sides = if sides.is_empty() { String::new() } else { format!(", {sides}") };
        let text = format!(
            "name: small
tasks:
  translate:
    data:
      files:
        train: {{ parallel: {{ en: train.en, de: train.de }} }}
        validation: {{ parallel: {{ en: val.en, de: val.de }} }}
    source: {{ text: {{ field: en{sides} }} }}
    target: {{ text: {{ field: de{sides} }} }}
model: {{ {model} }}
training:
  batch: {{ tokens: 300 }}
  schedule: {{ constant: {{ peak: 5.0e-3, warmup: 2 }} }}
  accumulate: 2
{more}
evaluation: {{ metrics: [], every: 100, show: 0 }}
"
        );
        let document =
            any2any_experiment::load_str("small.yaml", &text, self.folder.path(), &[], &self.registry)
                .unwrap_or_else(|problems| panic!("{problems}"));
        let root = DataRoot::at(self.path("data")).trusting_runs(true);
        any2any_train::prepare(&document, &self.registry, &root).unwrap_or_else(|error| panic!("{error}"))
    }

    /// A training that has not made a step.
    fn started(&self, run: &str, prepared: Prepared) -> Trainer {
        Trainer::start(prepared, RunFolder::new(self.path(run)), Existing::Keep).expect("a new run")
    }

    /// A whole training.
    fn run(&self, run: &str, model: &str, sides: &str, steps: u64) -> RunFolder {
        let prepared = self.prepared(model, sides, &format!("  steps: {steps}"));
        self.started(run, prepared).train(&mut ()).expect("it ends").run
    }

    fn resumed(&self, run: &str, steps: u64) {
        let resuming = Resuming { steps: Some(steps), ..Resuming::default() };
        let root = DataRoot::at(self.path("data")).trusting_runs(true);
        let trainer = Trainer::resume(RunFolder::new(self.path(run)), &self.registry, &root, resuming);
        trainer.expect("a run").train(&mut ()).expect("it ends");
    }

    fn loss(&self, run: &str, checkpoint: &str) -> TeacherForced {
        let translator =
            Translator::load(&RunFolder::new(self.path(run)), checkpoint, &self.registry).expect("a run");
        let task = translator.task(Some("translate")).expect("its task").clone();
        let root = DataRoot::at(self.path("data")).trusting_runs(true);
        let split = translator.load_split(&task, "validation", None, &root).expect("data");
        teacher_forced(&translator, &task, &split, 300).expect("scored")
    }

    fn weights(&self, checkpoint: &str) -> BTreeMap<String, Weights> {
        weights(&self.path(checkpoint).join("model.safetensors"))
    }
}

fn weights(path: &Path) -> BTreeMap<String, Weights> {
    read_weights(path).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_first_loss_is_that_of_the_start() {
    let place = Place::new();
    let before = place.loss("base", "best");
    for (run, model) in [
        ("plain", "from: base".to_owned()),
        ("same", format!("from: base, {TRANSFORMER}")),
        ("adapted", "from: base, lora: { rank: 4, dropout: 0.5, on: [query, value, inner] }".to_owned()),
        ("frozen", "from: base, freeze: [encoder]".to_owned()),
    ] {
        let prepared = place.prepared(&model, "", "  steps: 3");
        let report = prepared.taken_over.clone().expect("a start");
        assert!(report.parameters.iter().all(|of| of.taken.is_loaded()), "{report}");
        drop(place.started(run, prepared));
        assert_eq!(place.loss(run, "step-0"), before, "{model}");
        let first = place.weights(&format!("{run}/checkpoints/step-0"));
        assert_eq!(first, place.weights("base/checkpoints/step-10"), "{model}");
    }
    // A run is whole from its first checkpoint on.
    std::fs::remove_dir_all(place.path("base")).expect("it is there");
    for run in ["plain", "adapted"] {
        place.resumed(run, 3);
        assert_ne!(place.loss(run, "last"), before, "{run}");
    }
}

#[test]
fn frozen_parts_keep_their_bytes_and_take_no_state() {
    let place = Place::new();
    let parts = ["embeddings", "encoder", "cross_attention"];
    place.run("tuned", &format!("from: base, freeze: [{}]", parts.join(", ")), "", 4);
    let is_frozen = |name: &str| parts.iter().any(|part| belongs_to(part, name));
    let [before, after] =
        ["base/checkpoints/step-10", "tuned/checkpoints/step-4"].map(|of| place.weights(of));
    assert!(after.keys().any(|name| is_frozen(name)) && !after.keys().all(|name| is_frozen(name)));
    for (name, after) in &after {
        assert_eq!(*after == before[name], is_frozen(name), "{name}");
    }
    let state = weights(&place.path("tuned/checkpoints/step-4/optimizer.safetensors"));
    for name in after.keys() {
        assert_eq!(state.contains_key(&format!("mean/{name}")), !is_frozen(name), "{name}");
    }
}

/// Frozen, adapted and slowed parts go on after an interruption as if there had been none.
#[test]
fn interrupted_trainings_end_as_whole_ones() {
    let place = Place::new();
    let all = "from: base, lora: { rank: 3, alpha: 6, dropout: 0.3, on: [query, key, value, output, inner, outer] }";
    for (number, (model, rates)) in [
        ("from: base, freeze: [decoder]", ""),
        (all, ""),
        ("from: base", "  rates: { encoder: 0.1, embeddings: 0, decoder.layers.0.cross_attention: 2 }\n"),
    ]
    .into_iter()
    .enumerate()
    {
        let trained = |run: &str, steps: u64| {
            let prepared = place.prepared(model, "", &format!("{rates}  steps: {steps}"));
            place.started(run, prepared).train(&mut ()).expect("it ends");
        };
        let [whole, halves] = ["whole", "halves"].map(|run| format!("{run}-{number}"));
        trained(&whole, 6);
        trained(&halves, 2);
        place.resumed(&halves, 6);
        let mut files = vec!["model.safetensors", "optimizer.safetensors"];
        files.extend((model == all).then_some("lora.safetensors"));
        for file in files {
            let of = |run: &str| {
                std::fs::read(place.path(run).join("checkpoints/step-6").join(file)).expect("written")
            };
            assert!(of(&whole) == of(&halves), "{file} of {model}");
        }
        assert_eq!(place.loss(&whole, "last"), place.loss(&halves, "last"), "{model}");
    }
    // A rate of 0 leaves a part as it was.
    let [before, after] =
        ["base/checkpoints/step-10", "whole-2/checkpoints/step-6"].map(|of| place.weights(of));
    for (name, after) in &after {
        assert_eq!(*after == before[name], belongs_to("embeddings", name), "{name}");
    }
}

/// Dropout of an adaptation changes what is learned, and nothing of how it is kept and merged.
#[test]
fn dropout_of_an_adaptation_is_of_training_alone() {
    let place = Place::new();
    let [plain, dropped, again] =
        [("plain", "0"), ("dropped", "0.4"), ("again", "0.4")].map(|(run, rate)| {
            place.run(run, &format!("from: base, lora: {{ rank: 4, dropout: {rate} }}"), "", 4);
            weights(&place.path(run).join("checkpoints/step-4/lora.safetensors"))
        });
    assert_eq!(dropped, again);
    let a = "encoder.layers.0.self_attention.query.weight.lora_a";
    assert!(plain[a] != dropped[a] && plain[a].shape == dropped[a].shape);
    assert_eq!(place.loss("dropped", "last"), place.loss("again", "last"));
    // What was scored in training was scored without dropout.
    let log = std::fs::read_to_string(RunFolder::new(place.path("dropped")).metrics()).expect("a log");
    let scored = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let scored = scored.rev().find(|line| line["kind"] == "validation").expect("an evaluation");
    assert_eq!(scored["teacher_forced"], serde_json::json!(place.loss("dropped", "last")));
}

#[test]
fn adaptations_are_kept_apart_and_merged_where_weights_are_read() {
    let place = Place::new();
    place.run("tuned", "from: base, lora: { rank: 4, alpha: 8, on: [query, value] }", "", 6);
    let checkpoint = place.path("tuned/checkpoints/step-6");
    let before = place.weights("base/checkpoints/step-10");
    // The weights themselves are those of the start.
    let alone = place.path("alone.safetensors");
    std::fs::copy(checkpoint.join("model.safetensors"), &alone).expect("copied");
    assert_eq!(weights(&alone), before);
    let adapted = weights(&checkpoint.join("lora.safetensors"));
    assert_eq!(adapted["decoder.layers.0.cross_attention.value.weight.lora_a"].shape, [16, 4]);
    let merged = place.weights("tuned/checkpoints/step-6");
    for (name, merged) in &merged {
        let is_adapted = name.ends_with("query.weight") || name.ends_with("value.weight");
        assert_eq!(*merged == before[name], !is_adapted, "{name}");
        assert_eq!(adapted.contains_key(&format!("{name}.lora_a")), is_adapted, "{name}");
    }
    let run = RunFolder::new(place.path("tuned"));
    let exported = place.path("exported");
    run.export("best", &exported, &place.registry, any2any_translate::Precision::Float32).expect("exported");
    assert!(!exported.join("checkpoints/step-0/lora.safetensors").exists());
    assert_eq!(weights(&exported.join("checkpoints/step-0/model.safetensors")), merged);
    // What the training itself has scored is what the run scores.
    let log = std::fs::read_to_string(run.metrics()).expect("a log");
    let scored = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let scored = scored.rev().find(|line| line["kind"] == "validation").expect("an evaluation");
    assert_eq!(scored["teacher_forced"], serde_json::json!(place.loss("tuned", "last")));
    // Weights without their adaptation are not taken for the model.
    std::fs::remove_file(checkpoint.join("lora.safetensors")).expect("it is there");
    let error = read_weights(&checkpoint.join("model.safetensors")).expect_err("half a model").to_string();
    assert!(error.contains("lora.safetensors"), "{error}");
}

/// The rows of the shared table by the names of their tokens.
fn rows(place: &Place, run: &str, checkpoint: &str) -> BTreeMap<String, Vec<f32>> {
    let folder = RunFolder::new(place.path(run));
    let experiment = folder.experiment(&place.registry).expect("a run").experiment;
    let adapters = folder.adapters(&experiment, &place.registry).expect("its adapters");
    let (_, adapter) = adapters.named().next().expect("one adapter");
    let table =
        place.weights(&format!("{run}/checkpoints/{checkpoint}")).remove("stems.translate.source.table");
    let table = table.expect("a table");
    let rows = table.values.chunks(table.shape[1]).enumerate();
    rows.map(|(token, row)| (adapter.show(token as u32), row.to_vec())).collect()
}

#[test]
fn pieces_that_both_vocabularies_have_keep_their_embeddings() {
    let place = Place::new();
    let before = rows(&place, "base", "step-10");
    // A tongue with letters and words that the start has never seen.
    place.write_data(
        100,
        |at| ["ça", "où", "le zèbre", "the dog", "hier"][at % 5],
        |at| ["sees", "le"][at % 2],
    );
    for (vocabulary, sides) in
        [("extend", ""), ("replace", "tokenizer: { bpe: { vocab: 40, shared: true } }")]
    {
        let prepared = place.prepared(&format!("from: base, vocabulary: {vocabulary}"), sides, "  steps: 3");
        let report = prepared.taken_over.clone().expect("a start");
        let table = report.parameters.iter().find(|of| of.taken.name == "stems.translate.source.table");
        let table = format!("{:?}", table.expect("a table").taken.source);
        drop(place.started(vocabulary, prepared));
        let after = rows(&place, vocabulary, "step-0");
        let shared = after.keys().filter(|piece| before.contains_key(*piece)).count();
        assert!(shared > 8 && after.len() > shared, "{vocabulary}: {shared} of {}", after.len());
        assert!(table.contains(&format!("carried: {shared}")), "{vocabulary}: {shared}, not {table}");
        assert!(after.keys().any(|piece| piece.contains('ç')), "{vocabulary}: {:?}", after.keys());
        for (piece, row) in after.iter().filter(|(piece, _)| before.contains_key(*piece)) {
            assert_eq!(*row, before[piece], "{vocabulary}: {piece}");
        }
        if vocabulary == "extend" {
            assert!(before.keys().all(|piece| after.contains_key(piece)), "{:?}", after.keys());
        }
        place.resumed(vocabulary, 3);
        place.loss(vocabulary, "last");
    }
}

#[test]
fn what_is_fresh_learns_beside_an_adaptation() {
    let place = Place::new();
    place.write_data(100, |at| ["ça", "où", "le zèbre"][at % 3], |at| ["sees", "le"][at % 2]);
    let model = "from: base, vocabulary: extend, lora: { rank: 2 }";
    // A run of its own, since a training keeps its best checkpoints alone.
    drop(place.started("first", place.prepared(model, "", "  steps: 3")));
    place.run("adapted", model, "", 3);
    let (first, last) = (rows(&place, "first", "step-0"), rows(&place, "adapted", "step-3"));
    for (piece, row) in first.iter().filter(|(piece, _)| piece.contains('ç') || piece.contains('è')) {
        assert_ne!(*row, last[piece], "{piece}");
    }
    let first = place.weights("first/checkpoints/step-0");
    for (name, weights) in &place.weights("adapted/checkpoints/step-3") {
        // Adapted matrices are read as sums.
        let learns = ["table", "query.weight", "value.weight"].iter().any(|end| name.ends_with(end));
        assert_eq!(*weights != first[name], learns, "{name}");
    }
    place.resumed("adapted", 6);
    assert_ne!(rows(&place, "adapted", "step-6"), last);
}
