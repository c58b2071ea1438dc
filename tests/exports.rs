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

/// Golden models, the arguments that they translate with, and what they are told in front of sources and of outputs where
/// CTranslate2 has to be told so.
const FAMILIES: [(&str, &[&str], [&str; 2]); 7] = [
    ("bart", &[], ["", ""]),
    ("marian", &[], ["", ""]),
    ("t5", &[], ["", ""]),
    ("gpt2", &[], ["", ""]),
    ("m2m100", &[], ["__en__", "__de__"]),
    ("mbart50", &["--set", "tasks.translate.prompt.target_language=de_DE"], ["en_XX", "de_DE"]),
    ("nllb", &["--set", "tasks.translate.prompt.target_language=deu_Latn"], ["", "deu_Latn"]),
];

fn import(workshop: &Workshop, family: &str, more: &[&str]) {
    let source = root().join("tests/pretrained").join(family).display().to_string();
    workshop.succeed(&[&["import", source.as_str(), "--run", family][..], more].concat());
}

/// The bytes of a run's weights.
fn weights(workshop: &Workshop, run: &str) -> Vec<u8> {
    std::fs::read(workshop.path(run).join("checkpoints/step-0/model.safetensors")).expect("weights")
}

/// An imported model goes out and comes in again: its translations are the same.
#[test]
fn an_imported_model_goes_out_and_comes_back() {
    for (family, more, _) in FAMILIES {
        let workshop = Workshop::new();
        import(&workshop, family, more);
        workshop.succeed(&["export", family, "out", "--format", "huggingface"]);
        workshop.succeed(&["import", "out", "--run", "again"]);
        assert!(weights(&workshop, family) == weights(&workshop, "again"), "{family}: other weights");
        let written = |run: &str| match family {
            "gpt2" => workshop.succeed(&["complete", run, "the old", "--greedy", "--max-length", "12"]),
            _ => workshop.pipe(&["translate", run, "--greedy"], "the old garden loves a garden.\na dog\n"),
        };
        assert_eq!(written(family), written("again"), "{family}");
        if !more.is_empty() {
            let described = |run: &str| {
                let said = workshop.succeed(&["describe", run]);
                said.lines().filter(|line| line.contains("languages")).map(str::to_owned).collect::<Vec<_>>()
            };
            assert!(!described(family).is_empty(), "{family}");
            assert_eq!(described(family), described("again"), "{family}");
        }
    }
}

/// The tasks of a run as its experiment says them, but for where its tokenizer came from.
fn tasks(workshop: &Workshop, run: &str) -> Value {
    let state = json(workshop, &format!("{run}/checkpoints/step-0/state.json"));
    let mut tasks = state["experiment"]["tasks"].clone();
    for task in tasks.as_object_mut().expect("tasks").values_mut() {
        task["target"]["text"]["tokenizer"]["file"]["path"] = Value::Null;
    }
    tasks
}

/// A Whisper goes out in both layouts with its windows, its languages, and the tokens that it does not write.
#[test]
fn a_whisper_goes_out_and_comes_back() {
    let workshop = Workshop::new();
    import(&workshop, "whisper", &[]);
    workshop.succeed(&["export", "whisper", "first", "--format", "huggingface", "--task", "transcribe"]);
    // Tokens that no run writes stand among those of a file that are not written, once they have gone out.
    workshop.succeed(&["import", "first", "--run", "run"]);
    for format in ["huggingface", "ctranslate2"] {
        let again = format!("again-{format}");
        workshop.succeed(&["export", "run", format, "--format", format, "--task", "transcribe"]);
        workshop.succeed(&["import", format, "--run", &again]);
        for run in ["run", again.as_str()] {
            assert!(weights(&workshop, run) == weights(&workshop, "whisper"), "{run}: other weights");
        }
        assert_eq!(tasks(&workshop, &again), tasks(&workshop, "run"), "{format}");
    }
    assert_eq!(
        json(&workshop, "first/generation_config.json"),
        json(&workshop, "huggingface/generation_config.json")
    );
    for file in ["vocab.json", "merges.txt", "tokenizer_config.json", "preprocessor_config.json"] {
        assert!(workshop.path("huggingface").join(file).is_file(), "{file}");
    }
    // A window of another length, and frames that Whisper does not have, in both of its tasks.
    let set = |option: &str| {
        let of = |task: &str| format!("tasks.{task}.source.audio.{option}");
        let [first, second] = ["transcribe", "translate"].map(of);
        import(&workshop, "whisper", &["--overwrite", "--set", &first, "--set", &second]);
    };
    set("pad_to=1.5");
    let said =
        workshop.run(&["export", "whisper", "short", "--format", "huggingface", "--task", "transcribe"]);
    assert!(said.code == Some(0) && said.stderr.contains("max_length=24000"), "{}", said.stderr);
    assert_eq!(json(&workshop, "short/config.json")["max_source_positions"], 75);
    workshop.succeed(&["import", "short", "--run", "again"]);
    assert_eq!(tasks(&workshop, "again")["transcribe"]["source"]["audio"]["pad_to"], 1.5);
    for (option, part) in [
        ("mel.window=0.02", "source.audio.mel.window"),
        ("normalize=none", "source.audio.normalize"),
        ("take=2", "source.audio.take"),
    ] {
        set(option);
        let refused =
            workshop.run(&["export", "whisper", "none", "--format", "ctranslate2", "--task", "transcribe"]);
        assert!(refused.code == Some(2) && refused.stderr.contains(part), "{}", refused.stderr);
        assert!(!workshop.path("none").exists());
    }
}

/// The tokens that CTranslate2 is told: those of sources where no `tokenizer.json` puts them in front.
fn in_front(workshop: &Workshop, out: &str, [source, target]: [&str; 2]) -> Vec<String> {
    if !out.ends_with("ctranslate2") || target.is_empty() {
        return Vec::new();
    }
    let mut told = vec!["--target".to_owned(), target.to_owned()];
    if !workshop.path(out).join("tokenizer.json").exists() {
        told.extend(["--source".to_owned(), source.to_owned()]);
    }
    told
}

/// With a Python that has transformers and ctranslate2: both write what we write, of runs and of imported models.
#[test]
fn other_programs_write_what_we_write() {
    let Some(python) = outside::named("ANY2ANY_PRETRAINED_PYTHON") else { return };
    let workshop = Workshop::new();
    apart(&workshop);
    workshop.write("lm.yaml", LANGUAGE_MODEL);
    workshop.succeed(&["train", "lm.yaml", "--run", "lm"]);
    for (family, more, _) in FAMILIES {
        import(&workshop, family, more);
    }
    let english = workshop.read("test.en");
    let of_families = FAMILIES.map(|(family, _, told)| (family, told));
    for (run, told) in [("run", ["", ""]), ("lm", ["", ""])].into_iter().chain(of_families) {
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
                .args(in_front(&workshop, &out, told))
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
