//! Recordings of any length, and of a language that the model tells, on every way to a model: the small Whisper of
//! `pretrained/make.py`, and what transformers makes of the same sounds.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use any2any_adapter::{Signal, Value};
use any2any_experiment::spec::Decoding;
use any2any_run::RunFolder;
use any2any_server::{Limits, Options};
use any2any_translate::{Translated, Translator};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::support::Workshop;
use crate::support::documents::root;
use crate::support::served::{Served, options};

const RATE: i64 = 16_000;
/// The most tokens that the small Whisper writes of a window.
const OF_WINDOW: usize = 20;

/// A sound of make.py, the language that is told of it, and what is written in that language.
#[derive(Deserialize)]
struct Told {
    samples: i64,
    slowness: i64,
    language: String,
    probabilities: BTreeMap<String, f64>,
    greedy: Vec<u32>,
}

/// The samples of a sound as 16-bit numbers.
fn sound(samples: i64, slowness: i64) -> impl Iterator<Item = i16> {
    (0..samples).map(move |n| ((n * n / slowness % 2001 - 1000) * (n / 800 % 5)) as i16)
}

/// A recording of 16-bit samples as RIFF/WAVE has it.
fn wav(samples: &[i16]) -> Vec<u8> {
    let bytes = 2 * samples.len() as u32;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend((RATE as u32).to_le_bytes());
    wav.extend((2 * RATE as u32).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    wav.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    wav
}

/// A recording of 70 s, of which the small Whisper tells German.
pub(crate) fn long_recording() -> Vec<u8> {
    let samples = sound(470_000, 4999).chain(sound(430_000, 977)).chain(sound(220_000, 50));
    wav(&samples.collect::<Vec<i16>>())
}

/// A folder with the runs `whisper` and `spoken`, which writes texts and has two recordings as its data: one of 70 s and one
/// of 6 s, of both of which the model tells German.
fn workshop() -> &'static Workshop {
    static WORKSHOP: OnceLock<Workshop> = OnceLock::new();
    WORKSHOP.get_or_init(|| {
        let workshop = Workshop::new();
        std::fs::create_dir(workshop.path("sounds")).expect("a new folder");
        let short: Vec<i16> = sound(100_000, 3).collect();
        for (name, recording) in [("long_one.wav", long_recording()), ("short_two.wav", wav(&short))] {
            std::fs::write(workshop.path("sounds").join(name), recording).expect("written");
        }
        let model = root().join("tests/pretrained/whisper").display().to_string();
        workshop.succeed(&["import", &model, "--run", "whisper"]);
        // Nobody trained it, so it would write little else than timestamps, which are no text.
        let moments = (0..=1500).map(|number| format!("\"<|{:.2}|>\"", f64::from(number) * 0.02));
        let suppressed = moments.chain(["\"<|startoflm|>\"".to_owned(), "\"<|startofprev|>\"".to_owned()]);
        let suppressed = suppressed.collect::<Vec<_>>().join(", ");
        let texts = format!("tasks.transcribe.decoding.suppress=[{suppressed}]");
        let files = format!(
            "tasks.transcribe.data={{files: {{train: {{members: {{folder: \"{}\", names: '{{kind}}_{{target}}.wav', field: \
             sound}}}}}}}}",
            workshop.path("sounds").display()
        );
        workshop.succeed(&["import", &model, "--run", "spoken", "--set", &files, "--set", &texts]);
        workshop
    })
}

fn recording(name: &str) -> String {
    workshop().path("sounds").join(name).display().to_string()
}

/// A recording, as a request gives it.
fn given(name: &str) -> Json {
    use base64::Engine;
    let bytes = std::fs::read(recording(name)).expect("a recording");
    let content = base64::engine::general_purpose::STANDARD.encode(bytes);
    json!({ "file": { "name": name, "content": content } })
}

fn served() -> Served {
    let runs = vec![workshop().path("spoken")];
    let limits = Limits { source: 16_384, ..Limits::default() };
    Served::with(Options { runs, limits, ..options() })
}

fn translated(name: &str, more: &[&str]) -> Json {
    let recording = recording(name);
    let asked = ["translate", "spoken", &recording, "--task", "transcribe", "--json"];
    workshop().json(&[&asked, more].concat())["translations"][0].clone()
}

#[test]
fn languages_are_told_as_another_program_tells_them() {
    let told: Vec<Told> = serde_json::from_slice(
        &std::fs::read(root().join("tests/pretrained/whisper/languages.json")).expect("written by make.py"),
    )
    .expect("JSON");
    let folder = RunFolder::new(workshop().path("whisper"));
    let translator = Translator::load(&folder, "best", &any2any_cli::media()).expect("a run");
    let task = translator.task(Some("transcribe")).expect("two tasks").clone();
    let signal = |of: &Told| {
        let samples = sound(of.samples, of.slowness).map(|sample| f32::from(sample) / 32_768.0);
        Value::Signal(Signal::mono(RATE as f64, samples.collect::<Vec<_>>()).expect("a rate"))
    };
    let values: Vec<Value> = told.iter().map(signal).collect();
    // All at once, so that sources of two languages are among each other.
    let decoding = Decoding { max_length: Some(OF_WINDOW), ..task.decoding().clone() };
    let found = translator.translate_each(&task, &values, &decoding, None).expect("two languages");
    let mut languages: Vec<&str> = Vec::new();
    for (of, found) in told.iter().zip(found) {
        let Translated { outputs, detected, .. } = found.expect("a sound");
        let detected = detected.expect("nobody names the language");
        assert_eq!(detected.language, of.language, "{} {}", of.samples, of.slowness);
        assert_eq!(detected.probabilities.len(), of.probabilities.len());
        for (language, probability) in &detected.probabilities {
            let theirs = of.probabilities[language];
            assert!(
                (f64::from(*probability) - theirs).abs() < 1e-4,
                "{language}: {probability} and {theirs}"
            );
        }
        assert_eq!(detected.probabilities[0], (detected.language, detected.probability));
        let prompt = task.with_language(&of.language).expect("a language").prompt_tokens().len();
        // Their program reads on behind a window that is cut off.
        assert_eq!(outputs[0].tokens()[prompt..], of.greedy[..OF_WINDOW], "{} {}", of.samples, of.slowness);
        languages.push(&of.language);
    }
    assert!(languages.contains(&"en") && languages.contains(&"de"), "{languages:?}");
}

#[test]
fn the_command_line_says_which_language_is_told() {
    let described = workshop().succeed(&["describe", "spoken"]);
    let expected = "transcribe: the model tells the source language itself where none is named";
    assert!(described.contains(expected), "{described}");
    let german = translated("short_two.wav", &[]);
    assert_eq!(german["detected"]["language"], "de");
    let named = translated("short_two.wav", &["--source-language", "de"]);
    assert_eq!((&named["outputs"], &named["detected"]), (&german["outputs"], &Json::Null));
    let english = translated("short_two.wav", &["--source-language", "en"]);
    assert_ne!(english["outputs"][0]["tokens"], german["outputs"][0]["tokens"]);
    let recording = recording("short_two.wav");
    let said = workshop().run(&["translate", "spoken", &recording, "--task", "transcribe"]);
    assert!(said.stderr.contains("short_two.wav: the language is de (probability 0.8"), "{}", said.stderr);
    let subtitles = ["translate", "spoken", &recording, "--task", "transcribe", "--subtitles", "srt"];
    let said = workshop().run(&subtitles);
    assert!(said.stderr.contains("short_two.wav: the language is de"), "{}", said.stderr);
    let untold = workshop().run(&["evaluate", "spoken", "--task", "transcribe", "--split", "train"]);
    assert!(
        untold.code == Some(1) && untold.stderr.contains("--source-language LANGUAGE"),
        "{}",
        untold.stderr
    );
}

#[test]
fn the_server_reads_all_windows_of_a_long_recording() {
    let served = served();
    let expected = translated("long_one.wav", &[]);
    let of_window =
        translated("short_two.wav", &[])["outputs"][0]["tokens"].as_array().expect("tokens").len();
    let labels = &expected["outputs"][0]["tokens"];
    assert!(labels.as_array().expect("tokens").len() > 2 * of_window, "three windows: {labels}");

    let source = given("long_one.wav");
    let answer = served.ask("/api/translate", &json!({ "source": source }));
    let output = &answer["outputs"][0][0];
    assert_eq!((&output["labels"], &output["view"]["text"]), (labels, &expected["outputs"][0]["text"]));
    assert_eq!(answer["detected"][0]["language"], expected["detected"]["language"]);
    let several = served.ask("/api/translate", &json!({ "sources": [given("short_two.wav"), source] }));
    assert_eq!(several["outputs"][1][0]["labels"], *labels);
    assert_eq!(several["detected"][0]["language"], "de");

    let lines = served.post("/api/translate", &json!({ "source": source, "stream": true })).body;
    // Between them stand the lengths of chunks.
    let lines = lines.lines().filter_map(|line| serde_json::from_str(line).ok());
    let lines: Vec<Json> = lines.filter(Json::is_object).collect();
    let (end, tokens) = lines.split_last().expect("an end");
    assert_eq!(end["done"], *output);
    assert_eq!(end["detected"], answer["detected"][0]);
    let streamed: Vec<&Json> = tokens.iter().map(|token| &token["label"]).collect();
    assert_eq!(json!(streamed), *labels);

    // One window alone, in the language of its own beginning.
    let second =
        served.ask("/api/translate", &json!({ "source": source, "window": 1, "source_language": "de" }));
    let whole = served.ask("/api/translate", &json!({ "source": source, "source_language": "de" }));
    let tokens = |answer: &Json| answer["outputs"][0][0]["tokens"].as_array().expect("tokens").clone();
    let (second, whole) = (tokens(&second), tokens(&whole));
    assert!(whole.windows(second.len()).any(|part| part == second), "{second:?} in {whole:?}");
    assert_eq!(served.metric("any2any_panics_total"), 0.0);
}

#[test]
fn a_look_and_a_score_are_of_a_window_that_is_named() {
    let served = served();
    let source = given("long_one.wav");
    let look =
        |window: usize| served.ask("/api/look", &json!({ "source": source, "window": window, "tokens": [] }));
    let (first, second) = (look(0)["source"].clone(), look(1)["source"].clone());
    let of = |source: &Json| (source["window"]["number"].clone(), source["window"]["count"].clone());
    assert_eq!((of(&first), of(&second)), ((json!(0), json!(3)), (json!(1), json!(3))));
    assert_eq!(first["window"]["end"], second["window"]["start"]);
    let length = |source: &Json| source["view"]["signal"]["samples"]["shape"][1].as_f64().expect("samples");
    let seconds = first["window"]["end"].as_f64().expect("seconds");
    assert!((length(&first) / RATE as f64 - seconds).abs() < 1e-6, "the window alone is shown");
    assert_eq!(first["warnings"], json!([]));
    assert_eq!(
        served.ask("/api/look", &json!({ "source": given("short_two.wav") }))["source"]["window"],
        Json::Null
    );

    let beyond = served.post("/api/look", &json!({ "source": source, "window": 3 }));
    assert!(beyond.body.contains("there is no window 3: the source is read in 3"), "{}", beyond.body);
    let score = json!({ "source": source, "target": { "text": "a" }, "source_language": "de" });
    let unnamed = served.post("/api/score", &score);
    assert!(unnamed.status == 400 && unnamed.body.contains("is read in 3 windows"), "{}", unnamed.body);
    let mut named = score;
    named["window"] = json!(2);
    assert!(served.ask("/api/score", &named)["log_probability"].as_f64().expect("a number") < 0.0);

    workshop().write("target.txt", "a\n");
    let recording = recording("long_one.wav");
    let scored =
        ["score", "spoken", "--task", "transcribe", "--source-language", "de", "--target", "target.txt"];
    let scored = workshop().run(&[&scored, &["--source", recording.as_str()][..]].concat());
    assert!(scored.code == Some(1) && scored.stderr.contains("heard at once"), "{}", scored.stderr);
    assert_eq!(served.metric("any2any_panics_total"), 0.0);
}

#[test]
fn programs_of_openai_are_told_the_language() {
    let served = served();
    let bytes = std::fs::read(recording("long_one.wav")).expect("a recording");
    let mut form = Vec::new();
    for (name, value) in [("model", "spoken"), ("response_format", "verbose_json")] {
        form.extend(
            format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    let head = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"long.wav\"\r\n\r\n";
    form.extend(head.bytes().chain(bytes).chain(b"\r\n--b--\r\n".iter().copied()));
    let answer = served.send(
        "POST",
        "/v1/audio/transcriptions",
        "content-type: multipart/form-data; boundary=b\r\n",
        &form,
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    let language = match translated("long_one.wav", &[])["detected"]["language"].as_str() {
        Some("de") => "german",
        _ => "english",
    };
    assert_eq!(answer.json()["language"], language);
    assert_eq!(served.metric("any2any_panics_total"), 0.0);
}

#[test]
fn a_long_recording_is_evaluated_whole() {
    let german = ["--source-language", "de"];
    let arguments = [
        "evaluate",
        "spoken",
        "--task",
        "transcribe",
        "--split",
        "train",
        "--trust-paths",
        "--no-controls",
        "--json",
    ];
    let output = workshop().path("outputs.txt").display().to_string();
    let scores = workshop().json(&[&arguments[..], &german, &["--output", output.as_str()]].concat());
    assert_eq!((&scores["samples"], &scores["read_in_windows"]), (&json!(2), &json!(1)));
    assert_eq!(scores["unreadable"], 0);
    assert!(scores["teacher_forced"]["tokens"].as_u64().expect("tokens") < 10, "that of the short one alone");
    let written = workshop().read("outputs.txt");
    for (line, name) in written.lines().zip(["long_one.wav", "short_two.wav"]) {
        let text = translated(name, &german)["outputs"][0]["text"].as_str().expect("a text").to_owned();
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(one_line(line), one_line(&text), "{name}");
    }
    let arguments = ["evaluate", "spoken", "--task", "transcribe", "--split", "train", "--trust-paths"];
    let with_controls = workshop().run(&[&arguments[..], &german].concat());
    assert_eq!(with_controls.code, Some(0), "{}", with_controls.stderr);
    assert!(
        with_controls.stderr.contains("1 of the sources are read in several windows"),
        "{}",
        with_controls.stderr
    );
}
