//! Good experiments as they are loaded: defaults, `extends`, overrides, paths, the written-out form, the
//! schema, and the template.

use std::fs;
use std::path::Path;

use any2any_experiment::spec::{Experiment, Model, Optimizer, Schedule, SplitFiles, TiedEmbeddings};
use any2any_experiment::{
    Diagnostics, Document, Template, json_schema, load, load_run, load_str, read_yaml, template,
};
use serde_json::json;

use crate::support;

const GOOD: &str = "\
name: demo
tasks:
  translate:
    data: { dataset: toy }
    source: { text: { field: en, tokenizer: { bpe: { vocab: 1000, shared: true } } } }
    target: { text: { field: de } }
model: { transformer: { d_model: 64 } }
training: { steps: 2000, schedule: { noam: { factor: 2.0, warmup: 100 } } }
";

fn read(text: &str, overrides: &[&str]) -> Result<Document, Diagnostics> {
    let overrides: Vec<_> = overrides.iter().map(|&text| text.to_owned()).collect();
    load_str("test.yaml", text, Path::new("/data"), &overrides, &support::registry())
}

fn good(text: &str, overrides: &[&str]) -> Document {
    read(text, overrides).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

#[test]
fn defaults_are_filled_in_and_targets_inherit() {
    let document = good(GOOD, &[]);
    assert_eq!(document.given(), GOOD);
    assert!(document.warnings.is_empty(), "{}", document.warnings);
    let Experiment { seed, training, tasks, .. } = &document.experiment;
    assert_eq!((*seed, training.batch.tokens), (1, 4096));
    let task = &tasks["translate"];
    let source = task.source.as_ref().expect("a source");
    assert_eq!(source.options()["tokenizer"], json!({ "bpe": { "vocab": 1000, "shared": true } }));
    let expected = json!({
        "field": "de", "lowercase": false, "tokenizer": { "bpe": { "vocab": 1000, "shared": true } },
    });
    assert_eq!(task.target.options(), &expected);
}

/// The example of the documentation.
const MULTI30K: &str = "\
name: multi30k-en-de
seed: 1
tasks:
  translate: # one entry a task; all share the body
    data: { dataset: multi30k }
    source: { text: { field: en, tokenizer: { bpe: { vocab: 8000, shared: true } } } }
    target: { text: { field: de } }
model:
  transformer: { d_model: 128, d_ff: 256, heads: 4, encoder_layers: 4, decoder_layers: 4, dropout: 0.3 }
training:
  optimizer: { adam: { beta_2: 0.98 } }
  schedule: { inverse_sqrt: { peak: 5.0e-3, warmup: 2000 } }
  batch: { tokens: 4096 }
  steps: 8000
decoding: { beam: { size: 5, length_penalty: 1.0 } }
evaluation: { metrics: [bleu, chrf], every: 500, keep_best: 3, patience: 10 }
";

#[test]
fn the_example_loads_and_a_typo_in_any_key_is_found() {
    let document = good(MULTI30K, &[]);
    assert!(document.warnings.is_empty(), "{}", document.warnings);
    let mut keys = 0;
    for (at, _) in
        MULTI30K.match_indices(": ").filter(|(at, _)| MULTI30K[..*at].ends_with(char::is_alphanumeric))
    {
        let start =
            MULTI30K[..at].rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |before| before + 1);
        let typo = format!("{}x{}", &MULTI30K[..start], &MULTI30K[start..]);
        // A key that a person chooses cannot be mistyped.
        if !MULTI30K[start..at].ends_with("translate") {
            let diagnostics = read(&typo, &[]).expect_err(&typo);
            let message = &diagnostics.iter().next().expect("a diagnostic").message;
            assert!(message.contains("unknown key") || message.contains("is not known"), "{diagnostics}");
            keys += 1;
        }
    }
    assert!(keys > 30, "only {keys} keys");
}

#[test]
fn other_files_are_read_with_the_same_care() {
    #[derive(Debug, PartialEq, schemars::JsonSchema, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Manifest {
        /// The name.
        name: String,
        /// The splits.
        #[serde(default)]
        splits: Vec<String>,
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("toy.yaml");
    fs::write(&path, "name: toy\nsplits: [train]\n").expect("a file");
    let manifest: Manifest = read_yaml(&path).expect("a manifest");
    assert_eq!(manifest, Manifest { name: "toy".to_owned(), splits: vec!["train".to_owned()] });
    fs::write(&path, "nmae: toy\nsplits: train\n").expect("a file");
    let diagnostics = read_yaml::<Manifest>(&path).expect_err("a typo and a wrong type");
    let messages: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    assert_eq!(messages, ["unknown key `nmae`", "`splits` must be a list, found the text 'train'"]);
}

#[test]
fn ties_are_what_the_vocabularies_allow() {
    let tied = |text: &str| match good(text, &[]).experiment.model.kind {
        Model::Transformer(model) => model.tied_embeddings,
        other => panic!("{other:?}"),
    };
    assert_eq!(tied(GOOD), TiedEmbeddings::All);
    assert_eq!(tied(&GOOD.replace(", shared: true", "")), TiedEmbeddings::Target);
}

#[test]
fn signals_are_scored_by_distances_that_may_decide() {
    let text = GOOD.replace("target: { text: { field: de } }", "target: { sound: { field: de } }");
    let load = |best_by: &str, own: &str| {
        let text = text.replace("\nmodel:", &format!("\n{own}model:"))
            + "evaluation: { best_by: "
            + best_by
            + " }\n";
        load_str("sound.yaml", &text, Path::new("/data"), &[], &support::registry_with_sound())
    };
    for word in ["spectral_distance", "dynamic_time_warping", "mean_absolute_error"] {
        let document = load(word, "").unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
        let Experiment { tasks, evaluation, .. } = document.experiment;
        let metrics = tasks["translate"].metrics.clone().expect("written out");
        assert_eq!(metrics.len(), 3);
        assert!(evaluation.best_by.is_some_and(|metric| metric.find_in(&metrics).is_some()));
    }
    // A task with metrics of its own has these alone, and pictures have others.
    let error =
        load("spectral_distance", "    metrics: [mean_absolute_error]\n").expect_err("is not computed");
    assert!(error.to_string().contains("`spectral_distance` decides which checkpoint is best"), "{error}");
    let error = load("psnr", "").expect_err("is not computed");
    assert!(error.to_string().contains("`psnr` decides which checkpoint is best"), "{error}");
}

#[test]
fn overrides_come_last_and_in_order() {
    let overrides = ["training.steps=5000", "training.steps=6000", "training.clip_norm=null", "name=other"];
    let document = good(GOOD, &overrides);
    let training = &document.experiment.training;
    assert_eq!((training.steps, training.clip_norm), (6000, None));
    assert_eq!(document.experiment.name, "other");
    assert_eq!(training.schedule, Schedule::Noam { factor: 2.0, warmup: 100 });

    let document = good(GOOD, &["training.schedule.noam.warmup=7", "training.optimizer.sgd.momentum=0.5"]);
    let training = &document.experiment.training;
    assert_eq!(training.schedule, Schedule::Noam { factor: 2.0, warmup: 7 });
    assert!(matches!(&training.optimizer, Optimizer::Sgd(sgd) if sgd.momentum == 0.5));

    // Another choice takes nothing over from the one that it replaces.
    let document = good(GOOD, &["training.schedule.cosine.peak=0.1", "training.schedule.cosine.warmup=9"]);
    assert_eq!(document.experiment.training.schedule, Schedule::Cosine { peak: 0.1, warmup: 9, floor: 0.0 });
}

#[test]
fn nearer_files_win_and_paths_stay_with_their_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("shared/corpus")).expect("a folder");
    for file in ["shared/corpus/a.en", "shared/corpus/a.de", "b.en", "b.de"] {
        fs::write(at(file), "line\n").expect("a file");
    }
    let files = "files: { train: { parallel: { en: corpus/a.en, de: corpus/a.de } } }";
    fs::write(at("shared/base.yaml"), GOOD.replace("dataset: toy", files)).expect("a file");
    fs::write(at("shared/large.yaml"), "model: { transformer: { d_model: 128, heads: 8 } }\n")
        .expect("a file");
    let near = "\
extends: [shared/base.yaml, shared/large.yaml]
name: near
tasks:
  translate:
    data:
      files:
        validation: { parallel: { en: b.en, de: b.de } }
model: { transformer: { heads: 2 } }
";
    fs::write(at("near.yaml"), near).expect("a file");
    fs::write(at("nearest.yaml"), "extends: near.yaml\nseed: 9\n").expect("a file");

    let document = load(&at("nearest.yaml"), &[], &support::registry()).expect("a good experiment");
    let experiment = &document.experiment;
    assert_eq!((experiment.name.as_str(), experiment.seed, experiment.training.steps), ("near", 9, 2000));
    assert!(matches!(&experiment.model.kind, Model::Transformer(m) if (m.d_model, m.heads) == (128, 2)));
    let files = experiment.tasks["translate"].data.files.as_ref().expect("files");
    let path = |split: &SplitFiles| match split {
        SplitFiles::Parallel(files) => files["en"].list()[0].clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(path(&files.train), at("shared/corpus/a.en"));
    assert_eq!(path(files.validation.as_ref().expect("a validation split")), at("b.en"));
    assert_eq!(document.given(), "extends: near.yaml\nseed: 9\n");
}

#[test]
fn another_medium_or_model_replaces_the_whole_choice() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("base.yaml"), GOOD).expect("a file");
    let near = "extends: base.yaml\nmodel: { lstm: { d_model: 32 } }\n";
    let document =
        load_str("near.yaml", near, folder.path(), &[], &support::registry()).expect("a good experiment");
    assert!(matches!(&document.experiment.model.kind, Model::Lstm(lstm) if lstm.d_model == 32));
}

#[test]
fn what_is_written_out_loads_to_the_same() {
    let texts = [
        GOOD.to_owned(),
        GOOD.replace("name: demo", "name: '2024'"),
        GOOD.replace(
            "steps: 2000",
            "steps: 2000, optimizer: { adam_w: { epsilon: 1.0e-12 } }, clip_norm: null",
        ),
        GOOD.replace("transformer: { d_model: 64 }", "lstm: { attention: none, tied_embeddings: none }"),
        GOOD.replace("dataset: toy", "dataset: ../sets/toy.yaml"),
        GOOD.replace(
            "dataset: toy",
            "dataset: toy, seed: 3, split: { leave_out: { subject: [a, b], day: c }, shares: { validation: 0.1, by: en } }, \
             pair: { dataset: ../sets/other.yaml, on: en, samples: 10 }, limit: { train: 100, test: 5 }, \
             join: { count: [2, 3], by: en, samples: 100, test_samples: 10 }",
        ),
        GOOD.to_owned() + "decoding: { sampling: { temperature: 0.7, seed: 18446744073709551615 } }\n",
        GOOD.to_owned() + "evaluation: { metrics: [], patience: 3, best_by: null }\n",
    ];
    for text in texts {
        let first = good(&text, &[]);
        let written = first.resolved_yaml();
        let second = load_str("resolved.yaml", &written, Path::new("/elsewhere"), &[], &support::registry());
        let second = second.unwrap_or_else(|diagnostics| panic!("{written}\n{diagnostics}"));
        assert_eq!(first.experiment, second.experiment, "{written}");
        assert!(second.warnings.is_empty(), "{}", second.warnings);
        assert_eq!(written, second.resolved_yaml());
    }
}

#[test]
fn relative_paths_are_written_out_as_absolute() {
    let splits = [
        "parallel: { en: data/train.en, de: data/train.de }",
        "idx: { en: data/train.en, de: data/train.de }",
        "members: { folder: data, names: '{en}.{de}', field: text }",
        "members: { archive: data/pairs.tsv, names: '{en}.{de}', field: text }",
        "fasta: { files: { en: data/train.en, de: data/train.de } }",
        "fasta: { archive: data/pairs.tsv, members: { en: a.fasta } }",
        "parallel: { en: [data/train.en, 'data/train.?n'], de: ['data/*.de', data/train.de] }",
        "parquet: { file: [data/pairs.tsv, data/missing.parquet], columns: [en, de] }",
        "webdataset: { shards: 'data/*.tsv', fields: { en: txt, de: 'json:de' } }",
        "rows: { from: { tsv: { file: data/pairs.tsv, columns: [en, de] } }, each: { artist: [a, b] }, \
         where: { '{artist}': '1' }, except: { en: [x, y] }, words: { name: { from: en, map: { x: y } } }, \
         files: { picture: { file: 'data/sheet_{artist}.png', \
                             part: { cell: { column: '{en}', row: '{de}*2', size: 32 } } }, \
                  sound: { archive: data/pairs.tsv, member: '{en}.wav', part: { second: '{de}' } } } }",
    ];
    for split in splits {
        let text = GOOD.replace("dataset: toy", &format!("files: {{ train: {{ {split} }} }}"));
        let folder = Path::new("../../tests/diagnostics");
        let first = load_str("test.yaml", &text, folder, &[], &support::registry());
        let first = first.unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
        let written = first.resolved_yaml();
        assert!(!written.contains(" data/"), "{written}");
        let elsewhere = tempfile::tempdir().expect("a folder");
        let second = load_str("resolved.yaml", &written, elsewhere.path(), &[], &support::registry());
        let second = second.unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
        assert!(second.resolved_yaml() == written, "{written}");
    }
}

#[test]
fn a_run_loads_without_its_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = "files: { train: { parallel: { en: data/a.en, de: data/a.de } } }";
    let text = GOOD.replace("dataset: toy", files);
    let missing =
        load_str("run.yaml", &text, folder.path(), &[], &support::registry()).expect_err("no files");
    assert!(missing.to_string().contains("there is no file"), "{missing}");
    let document = load_run("run.yaml", &text, folder.path(), &support::registry()).expect("a run is whole");
    let train = |document: &Document| {
        let files = document.experiment.tasks["translate"].data.files.clone().expect("files");
        match files.train {
            SplitFiles::Parallel(files) => files["en"].list()[0].clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(train(&document), folder.path().join("data/a.en"));
    // Structure and types are checked all the same.
    let typo = load_run("run.yaml", &text.replace("steps", "stpes"), folder.path(), &support::registry());
    assert!(typo.expect_err("a typo").to_string().contains("did you mean `steps`?"));

    // In a folder to give away, paths lead there from it, or name no folder at all.
    for (place, expected) in [("given", "../data/a.en"), ("deep/er", "../../data/a.en")] {
        let place = folder.path().join(place);
        fs::create_dir_all(&place).expect("a folder");
        let (yaml, _) = document.portable_yaml(&place);
        assert!(yaml.contains(&format!("en: {expected}\n")), "{yaml}");
        let again = load_run("run.yaml", &yaml, &place, &support::registry()).expect("a run is whole");
        assert_eq!(train(&again), train(&document));
        assert_eq!(document.settings(), again.settings());
    }
    let far =
        load_run("run.yaml", &text, Path::new("/nowhere/of/mine"), &support::registry()).expect("whole");
    let (yaml, paths) = far.portable_yaml(folder.path());
    assert!(yaml.contains("en: a.en\n") && !yaml.contains("mine"), "{yaml}");
    assert!(
        paths.iter().any(|(before, after)| before.ends_with("mine/data/a.en") && after == "a.en"),
        "{paths:?}"
    );

    // Files are found where they were moved to, with as many of their folders as went along.
    let gone = document.clone().move_data(&folder.path().join("new")).expect_err("nothing is there");
    assert!(gone.to_string().contains("a.de"), "{gone}");
    for laid in ["new", "newer/data"] {
        fs::create_dir_all(folder.path().join(laid)).expect("a folder");
        fs::write(folder.path().join(laid).join("a.en"), "line\n").expect("a file");
        let top = folder.path().join(laid.split('/').next().expect("a folder"));
        let mut moved = document.clone();
        moved.move_data(&top).expect("it is there");
        assert_eq!(train(&moved), folder.path().join(laid).join("a.en"));
    }
}

#[test]
fn later_stages_report_at_the_right_place() {
    let document = good(GOOD, &["training.steps=300"]);
    let cases = [
        ("/tasks/translate/data/dataset", ("test.yaml", 4, 22)),
        ("/tasks/translate/source/text/tokenizer/bpe/vocab", ("test.yaml", 5, 61)),
        // An option that a target inherits stands at its source.
        ("/tasks/translate/target/text/tokenizer/bpe/vocab", ("test.yaml", 5, 61)),
        ("/training/batch/tokens", ("test.yaml", 8, 1)),
        ("/training/steps", ("--set", 1, 16)),
        ("/nothing", ("test.yaml", 1, 1)),
        ("", ("test.yaml", 1, 1)),
        ("no pointer", ("test.yaml", 1, 1)),
    ];
    for (pointer, expected) in cases {
        let found = document.diagnose(pointer, "wrong", None);
        assert_eq!((found.file.as_str(), found.line, found.column), expected, "{pointer}\n{found}");
    }
}

#[test]
fn a_missing_file_is_explained() {
    let error = load(Path::new("../../tests/diagnostics/base/god.yaml"), &[], &support::registry());
    let shown = error.expect_err("there is no such file").to_string();
    assert!(shown.contains("did you mean `../../tests/diagnostics/base/good.yaml`?"), "{shown}");
}

#[test]
fn the_schema_knows_the_media_and_extends() {
    let schema = json_schema(&support::registry());
    assert_eq!(schema["$defs"]["Side"]["properties"]["text"]["$ref"], "#/$defs/text");
    assert_eq!(schema["$defs"]["text"]["properties"]["tokenizer"]["$ref"], "#/$defs/text.Tokenizer");
    assert!(schema["properties"]["extends"].is_object());
    assert_eq!(schema["then"]["required"], json!(["name", "tasks", "model"]));
}

#[test]
fn the_template_is_an_experiment() {
    let folder = tempfile::tempdir().expect("a folder");
    let pair = |name: &str| {
        let files = (format!("{name} 1.source").into(), format!("{name}: 1.target").into());
        fs::write(folder.path().join(&files.0), "one\n").expect("a file");
        fs::write(folder.path().join(&files.1), "eins\n").expect("a file");
        files
    };
    for lines in [0, 100, 5_000, 29_000, 500_000, 5_000_000] {
        for (validation, test) in [(None, None), (Some(pair("valid")), Some(pair("test")))] {
            let answers = Template {
                name: "my demo".to_owned(),
                source_field: "no".to_owned(),
                target_field: if lines == 0 { "no" } else { "de" }.to_owned(),
                train: pair("train"),
                validation,
                test,
                lines,
                vocab: None,
            };
            let text = template(&answers);
            let document = load_str("new.yaml", &text, folder.path(), &[], &support::registry());
            let document = document.unwrap_or_else(|diagnostics| panic!("{text}\n{diagnostics}"));
            assert!(document.warnings.is_empty(), "{}", document.warnings);
            let files = document.experiment.tasks["translate"].data.files.as_ref().expect("files");
            assert_eq!(files.validation.is_some(), answers.validation.is_some());
            assert!(text.lines().all(|line| line.is_empty() || line.len() <= 110), "{text}");
        }
    }
}
