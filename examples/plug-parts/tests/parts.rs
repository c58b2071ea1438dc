//! The finished program with its parts: in the schema, checked, trained, resumed to the byte, scored and explored.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use any2any::serde_json::{self, Value};

/// The command, in a folder.
fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plug-parts"));
    command.args(arguments).current_dir(folder);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    program(folder, arguments).output().expect("the program runs")
}

fn succeed(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = run(folder, arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let messages = text(output.stderr);
    assert!(output.status.success(), "{arguments:?}: {messages}");
    (text(output.stdout), messages)
}

const EXPERIMENT: &str = include_str!("../parts.yaml");

/// A folder with the example's experiment, of a few steps.
fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let few = EXPERIMENT.replace("steps: 300", "steps: 60").replace("every: 100", "every: 30");
    std::fs::write(folder.path().join("parts.yaml"), few).expect("writable");
    folder
}

#[test]
fn parts_are_trained_resumed_scored_and_explored() {
    let folder = workshop();
    let folder = folder.path();
    assert!(succeed(folder, &["check", "parts.yaml"]).0.contains("no problem found"));
    let (_, messages) = succeed(folder, &["train", "parts.yaml", "--run", "whole", "--json"]);
    assert!(
        messages.contains("norm of all weights after step 60"),
        "the observer sees the model: {messages}"
    );

    // A run that stops half-way and goes on ends with the same bytes.
    succeed(folder, &["train", "parts.yaml", "--run", "halves", "--set", "training.steps=30"]);
    succeed(folder, &["train", "--resume", "halves", "--steps", "60", "--accept-changes"]);
    let weights = |run: &str| {
        std::fs::read(folder.join(run).join("checkpoints/step-60/model.safetensors")).expect("a checkpoint")
    };
    assert!(weights("whole") == weights("halves"), "a resumed run ends with other weights");

    let log = std::fs::read_to_string(folder.join("whole/metrics.jsonl")).expect("a log");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let rate = lines.iter().find_map(|line| Some((line["step"].as_u64()?, line["learning_rate"].as_f64()?)));
    let (step, rate) = rate.expect("a learning rate in the log");
    let expected = 1e-4 + 3.9e-3 * (1.0 - (2.0 * (step % 100) as f64 / 100.0 - 1.0).abs());
    assert!((rate - expected).abs() < 1e-12, "step {step}: {rate}, not {expected}");
    assert!(lines.iter().any(|line| line["auxiliary_loss"].as_f64().is_some_and(|loss| loss < 0.0)), "{log}");
    assert!(log.contains("last_word"), "{log}");

    // What was added is kept in the run, with its package.
    let resolved = std::fs::read_to_string(folder.join("whole/resolved.yaml")).expect("resolved");
    let card = std::fs::read_to_string(folder.join("whole/README.md")).expect("a card");
    let version = env!("CARGO_PKG_VERSION");
    for part in ["metric last_word", "schedule triangle", "loss confidence", "block gate"] {
        let line = format!("{part}: plug-parts {version}");
        assert!(resolved.contains(&line) && card.contains(&line), "{line} in\n{resolved}\n{card}");
    }
    assert!(resolved.contains("start: -2.0"), "defaults are written out: {resolved}");
    assert!(card.contains("plug-parts translate . < source.txt"), "{card}");

    let (scores, _) = succeed(folder, &["evaluate", "whole", "--limit", "20", "--json", "--confidence"]);
    assert!(scores.contains("\"last_word_words2\""), "{scores}");
    // And where metrics are named on the command line, also for texts that no run has written.
    let other = ["evaluate", "whole", "--limit", "20", "--json", "--metric", "last_word: { words: 1 }, bleu"];
    let (scores, _) = succeed(folder, &other);
    assert!(scores.contains("\"last_word_words1\"") && scores.contains("\"BLEU\""), "{scores}");
    std::fs::write(folder.join("written.txt"), "a red house\nthe cat\n").expect("writable");
    std::fs::write(folder.join("right.txt"), "the house\nthe dog\n").expect("writable");
    let texts = ["metrics", "written.txt", "right.txt", "--metric", "last_word", "--json"];
    let scores: Value = serde_json::from_str(&succeed(folder, &texts).0).expect("JSON");
    assert_eq!(scores["scores"][0]["value"], 50.0, "{scores}");
    let wrong = run(folder, &["evaluate", "whole", "--metric", "last_word: { words: 0 }"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", String::from_utf8_lossy(&wrong.stderr));

    let (described, _) = succeed(folder, &["describe", "whole"]);
    assert!(described.contains("parameters"), "{described}");
    explored(folder);
}

/// A program at work; killed when it is dropped.
struct AtWork(Child);

impl Drop for AtWork {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Opens the run in the explorer and looks at its attention.
fn explored(folder: &Path) {
    let mut server = program(folder, &["explore", "whole", "--no-token", "--no-open"]);
    let server = server.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = AtWork(server.spawn().expect("it starts"));
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().expect("piped")).read_line(&mut line).expect("an address");
    let address = line.trim().strip_prefix("http://").and_then(|rest| rest.split('/').next());
    let address = address.expect("the server says where it listens");

    let body = r#"{"source":{"text":"the dog sees a red house ."},"tokens":[]}"#;
    let mut connection = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    write!(
        connection,
        "POST /api/look HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .expect("sent");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"attention\""), "{answer}");
}

#[test]
fn parts_are_in_the_schema_and_checked() {
    let folder = workshop();
    let folder = folder.path();
    let (schema, _) = succeed(folder, &["schema"]);
    for part in ["\"triangle\"", "\"confidence\"", "\"gate\"", "\"last_word\"", "\"encoder_blocks\""] {
        assert!(schema.contains(part), "{part}");
    }
    for (from, to, expected) in [
        ("floor: 1.0e-4", "floor: 1.0", "the floor is above the peak"),
        ("period: 100", "perod: 100", "did you mean `period`?"),
        ("last_word: { words: 2 }", "last_word: { words: 0 }", "0"),
        ("encoder_blocks: [gate,", "encoder_blocks: [gat,", "gate"),
        ("confidence: { weight: 0.05 }", "confidance: { weight: 0.05 }", "did you mean `confidence`?"),
        ("confidence: { weight: 0.05 }", "confidence: {}", "weight"),
        ("metrics: [bleu, last_word,", "metrics: [bleu, last_wrd,", "last_word"),
    ] {
        let wrong = EXPERIMENT.replace(from, to);
        assert_ne!(wrong, EXPERIMENT, "{from}");
        std::fs::write(folder.join("wrong.yaml"), wrong).expect("writable");
        let output = run(folder, &["check", "wrong.yaml"]);
        let messages =
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(2), "{to}: {messages}");
        assert!(messages.contains(expected) && messages.contains("wrong.yaml:"), "{to}: {messages}");
    }
}

#[test]
fn a_metric_that_does_not_score_what_is_written_is_told_before_the_first_step() {
    let folder = workshop();
    let folder = folder.path();
    std::fs::write(folder.join("ids.tsv"), "word\tids\nthe dog\t1 2 3\na cat\t2 3\n").expect("writable");
    let ids = "name: ids
tasks:
  number:
    data: { files: { train: { tsv: { file: ids.tsv } } } }
    source: { text: { field: word, tokenizer: { characters: { min_frequency: 1 } } } }
    target: { tokens: { field: ids } }
    metrics: [last_word]
model: { transformer: { d_model: 16, d_ff: 16, heads: 2, encoder_layers: 1, decoder_layers: 1 } }
training: { steps: 1, schedule: { constant: { peak: 1.0e-3 } } }
";
    std::fs::write(folder.join("ids.yaml"), ids).expect("writable");
    let output = run(folder, &["check", "ids.yaml"]);
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{messages}");
    let expected = "`last_word` does not score values of their own kind, which `number` writes";
    assert!(messages.contains(expected) && messages.contains("ids.yaml:7"), "{messages}");
}
