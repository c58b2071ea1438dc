//! The engine of exported pages: the module that is committed is built from the sources that lie here, and a portable file
//! answers what the program answers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use any2any_portable::PortableModel;
use any2any_server::protocol::{Look, NextTokens, Translations};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::architecture::metadata;
use crate::support::documents::root;
use crate::support::media::{UNIVERSAL, fill, fill_prepared};
use crate::support::{TRANSFORMER, Workshop};

/// The crates that the modules are compiled from, as the script that builds it lists them.
fn listed() -> Vec<String> {
    let script = std::fs::read_to_string(root().join("crates/web/build.sh")).expect("the script");
    let line = script.lines().find_map(|line| line.strip_prefix("crates=\"")).expect("it lists the crates");
    line.trim_end_matches('"').split(' ').map(str::to_owned).collect()
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("readable").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn the_modules_are_built_from_these_sources() {
    let root = root();
    let list = std::fs::read_to_string(root.join("crates/web/engine.sha256")).expect("the list");
    let recorded: BTreeSet<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    let mut found = BTreeSet::new();
    for name in listed() {
        let folder = root.join("crates").join(&name);
        for path in files(&folder.join("src")).into_iter().chain([folder.join("Cargo.toml")]) {
            let digest = Sha256::digest(std::fs::read(&path).expect("readable"));
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let path = path.strip_prefix(&root).expect("below the root").display().to_string();
            found.insert(format!("{digest}  {}", path.replace('\\', "/")));
        }
    }
    let other: Vec<&str> = found.iter().map(String::as_str).filter(|line| !recorded.contains(line)).collect();
    assert!(
        other.is_empty() && recorded.len() == found.len(),
        "the modules of exported pages were built from other sources: run crates/web/build.sh, and commit what it writes. \
         Changed since: {other:#?}"
    );
}

#[test]
fn the_module_has_the_media_of_the_program() {
    let names = |media: &any2any_adapter::Registry| -> Vec<String> {
        media.media().map(|medium| medium.name().to_owned()).collect()
    };
    assert_eq!(names(&any2any_web::media()), names(&any2any_cli::media()));
}

/// The module whose functions are lent works in the engine's memory, where data or a stack of its own would lie over what the
/// engine keeps there.
#[test]
fn the_lent_module_brings_no_data_and_no_stack() {
    const CODE: u8 = 10;
    const DATA: u8 = 11;
    /// `global.set 0`
    const SET_STACK: [u8; 2] = [0x24, 0];

    let module = std::fs::read(root().join("crates/page/assets/engine/relaxed.wasm")).expect("committed");
    assert!(module.starts_with(b"\0asm"), "a module");
    let mut rest = &module[8..];
    let number = |rest: &mut &[u8]| {
        let mut value = 0_usize;
        for place in 0.. {
            let (&byte, behind) = rest.split_first().expect("a number");
            *rest = behind;
            value |= usize::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                break;
            }
        }
        value
    };
    let mut sections = BTreeSet::new();
    while let Some((&section, behind)) = rest.split_first() {
        rest = behind;
        let length = number(&mut rest);
        let (content, behind) = rest.split_at(length);
        rest = behind;
        sections.insert(section);
        if section == CODE {
            // What moves the stack writes the global that points to it.
            assert!(!content.windows(2).any(|pair| pair == SET_STACK), "a function has a stack");
        }
    }
    assert!(sections.contains(&CODE) && !sections.contains(&DATA), "{sections:?}");
}

#[test]
fn the_script_lists_all_crates_that_the_modules_are_built_from() {
    let metadata = metadata(&root());
    let packages = metadata["packages"].as_array().expect("packages");
    let mut reached = BTreeSet::from(["web".to_owned(), "relaxed".to_owned()]);
    loop {
        let before = reached.len();
        for package in packages {
            let name = package["name"].as_str().and_then(|name| name.strip_prefix("any2any-"));
            if !name.is_some_and(|name| reached.contains(name)) {
                continue;
            }
            let uses = package["dependencies"].as_array().into_iter().flatten();
            let uses = uses.filter(|uses| uses["kind"].is_null()).filter_map(|uses| uses["name"].as_str());
            reached.extend(uses.filter_map(|name| name.strip_prefix("any2any-")).map(str::to_owned));
        }
        if reached.len() == before {
            break;
        }
    }
    assert_eq!(listed().into_iter().collect::<BTreeSet<_>>(), reached);
}

/// The model of a run as a portable file with weights as they are, read with the media of the module.
fn portable(workshop: &Workshop, run: &str) -> PortableModel {
    let said = workshop.succeed(&["export", run, "model", "--format", "portable"]);
    assert!(said.contains("bytes; tasks: "), "{said}");
    let bytes = std::fs::read(workshop.path("model")).expect("written");
    PortableModel::read(&bytes, &any2any_web::media()).expect("a portable model")
}

fn ask<T: serde::de::DeserializeOwned>(model: &PortableModel, endpoint: &str, body: &Value) -> T {
    let answer = model.answer(endpoint, body.to_string().as_bytes()).expect("an answer");
    serde_json::from_slice(&answer).expect("in the shape of the interface")
}

#[test]
fn a_portable_file_translates_as_the_program_does() {
    let workshop = Workshop::new();
    workshop.experiment(
        TRANSFORMER,
        "  steps: 120\nevaluation: { metrics: [], every: 120 }\ndecoding: { beam: { size: 3 } }",
    );
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
    let model = portable(&workshop, "run");
    let sources = workshop.read("test.en");
    let expected = workshop.pipe(&["translate", "run"], &sources);
    assert_eq!(expected.lines().count(), sources.lines().count());
    for (source, expected) in sources.lines().zip(expected.lines()) {
        let about = json!({ "task": 0, "source": { "text": source } });
        let found: Translations = ask(&model, "/api/translate", &about);
        let found = &found.outputs[0][0];
        assert_eq!(
            serde_json::to_value(&found.view).expect("plain data"),
            json!({ "text": expected }),
            "{source}"
        );
        let look = json!({ "task": 0, "source": { "text": source }, "tokens": found.tokens });
        let look: Look = ask(&model, "/api/look", &look);
        let sum: f32 = look.target.positions.iter().filter_map(|position| position.log_probability).sum();
        assert!(f64::from(sum) >= found.log_probability - 1e-3, "the end's share is not among these: {sum}");
        for layer in &look.attention {
            let keys = layer.weights.shape[2];
            for row in layer.weights.values().chunks_exact(keys) {
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{row:?}");
            }
        }
    }
    let next: NextTokens =
        ask(&model, "/api/next", &json!({ "task": 0, "source": { "text": "a dog" }, "count": 3 }));
    assert!(next.tokens.len() == 3 && next.tokens.is_sorted_by(|a, b| a.probability >= b.probability));

    // What is hidden is seen by no attention, and a silenced head changes what comes behind it.
    let source = json!({ "text": sources.lines().next() });
    let whole: Look = ask(&model, "/api/look", &json!({ "task": 0, "source": source, "tokens": [4, 5] }));
    let hidden: Look =
        ask(&model, "/api/look", &json!({ "task": 0, "source": source, "tokens": [4, 5], "masked": [1] }));
    let cross = hidden.attention.iter().find(|layer| {
        layer.weights.shape[2] == whole.source.as_ref().map_or(0, |source| source.positions.len())
    });
    let cross = cross.expect("attention to the source");
    assert!(cross.weights.values().chunks_exact(cross.weights.shape[2]).all(|row| row[1] == 0.0));
    let silenced = json!({ "task": 0, "source": source, "tokens": [4, 5], "ablated": [{ "stack": "encoder", "kind": "self", "layer": 0, "head": 0 }] });
    let silenced: Look = ask(&model, "/api/look", &silenced);
    assert_eq!(silenced.attention[0].weights, whole.attention[0].weights, "the head itself still looks");
    assert_ne!(silenced.logits, whole.logits);

    for (body, words) in [
        (json!({ "task": 7, "source": { "text": "a" } }), "task 7 of this model is not in this page"),
        (json!({ "task": 0 }), "none is given"),
        (json!({ "task": 0, "source": { "text": "a" }, "masked": [99] }), "no position 99"),
        (json!({ "task": 0, "source": { "text": "a" }, "tokens": [9999] }), "no token 9999"),
        (
            json!({ "task": 0, "source": { "text": "a" }, "decoding": { "sampling": {} } }),
            "greedily or with a beam",
        ),
    ] {
        let endpoint = if body["decoding"].is_null() { "/api/look" } else { "/api/translate" };
        let error = model.answer(endpoint, body.to_string().as_bytes()).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
    assert!(PortableModel::read(b"any2any", &any2any_web::media()).is_err());
}

#[test]
fn a_portable_file_writes_from_the_lists_of_its_run() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 30\nevaluation: { metrics: [], every: 30 }");
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
    let sources = workshop.read("test.en");
    let free = workshop.pipe(&["translate", "run"], &sources);
    workshop.succeed(&["shortlist", "run", "--best", "2", "--frequent", "4"]);
    let bounded = workshop.pipe(&["translate", "run"], &sources);
    assert_ne!(bounded, free);
    let model = portable(&workshop, "run");
    for (source, expected) in sources.lines().zip(bounded.lines()) {
        let about = json!({ "task": 0, "source": { "text": source } });
        let found: Translations = ask(&model, "/api/translate", &about);
        let found = serde_json::to_value(&found.outputs[0][0].view).expect("plain data");
        assert_eq!(found, json!({ "text": expected }), "{source}");
    }
}

/// The first files of a folder, by their names.
fn first_files(workshop: &Workshop, folder: &str) -> Vec<PathBuf> {
    let mut paths = files(&workshop.path(folder));
    paths.sort();
    paths.into_iter().step_by(7).take(12).collect()
}

#[test]
fn a_portable_file_reads_and_writes_every_medium() {
    let workshop = Workshop::new();
    fill(&workshop);
    workshop.write("universal.yaml", UNIVERSAL);
    workshop.succeed(&["train", "universal.yaml", "--run", "media", "--set", "training.steps=60"]);
    let model = portable(&workshop, "media");
    // Tasks are numbered by their names: clean, draw, feel, hear, see, sing.
    for (task, name, folder) in [(4, "see", "pictures"), (3, "hear", "sounds"), (2, "feel", "recordings")] {
        for path in first_files(&workshop, folder) {
            let given = path.display().to_string();
            let expected = workshop.json(&["translate", "media", "--task", name, "--json", &given]);
            let content = STANDARD.encode(std::fs::read(&path).expect("readable"));
            let file = json!({ "name": given, "content": content });
            let found: Translations =
                ask(&model, "/api/translate", &json!({ "task": task, "source": { "file": file } }));
            assert_eq!(
                serde_json::to_value(&found.outputs[0][0].view).expect("plain data")["text"],
                expected["translations"][0]["outputs"][0]["text"],
                "{given}"
            );
        }
    }
    // A task that writes tokens of pictures.
    let drawn: Translations =
        ask(&model, "/api/translate", &json!({ "task": 1, "source": { "text": "bar" } }));
    let view = serde_json::to_value(&drawn.outputs[0][0].view).expect("plain data");
    assert_eq!((&view["image"]["width"], &view["image"]["height"]), (&json!(12), &json!(12)), "{view}");
    // One that writes frames is none of the engine's.
    let error =
        model.answer("/api/translate", br#"{ "task": 5, "source": { "text": "bar" } }"#).expect_err("frames");
    assert!(error.to_string().contains("task 5 of this model is not in this page"), "{error}");
}

/// What an exported page has of a recorded sample is its view, from which it asks again.
#[test]
fn a_portable_file_reads_prepared_ids_and_frames_as_they_are_shown() {
    let workshop = Workshop::new();
    fill_prepared(&workshop);
    workshop.succeed(&["train", "prepared.yaml", "--run", "prepared"]);
    let model = portable(&workshop, "prepared");
    for (task, name, file) in [(0, "reverse", "ids.tsv"), (1, "turn", "frames.tsv")] {
        for line in workshop.read(file).lines().skip(1).take(5) {
            let text = line.split('\t').next().expect("a source");
            let about = |source: Value| json!({ "task": task, "source": source, "tokens": [] });
            let typed = about(json!({ "text": text }));
            let found: Translations = ask(&model, "/api/translate", &typed);
            let shown: Look = ask(&model, "/api/look", &typed);
            let source = serde_json::to_value(&shown.source).expect("plain data");
            let again: Translations =
                ask(&model, "/api/translate", &about(json!({ "view": source["view"] })));
            assert_eq!(found.outputs[0][0].tokens, again.outputs[0][0].tokens, "{text}");
            if name == "reverse" {
                let expected =
                    workshop.pipe(&["translate", "prepared", "--task", name], &format!("{text}\n"));
                let view = serde_json::to_value(&found.outputs[0][0].view).expect("plain data");
                let items: Vec<&str> = expected.split_whitespace().collect();
                assert_eq!(view, json!({ "items": items }), "{text}");
            }
        }
    }
}
