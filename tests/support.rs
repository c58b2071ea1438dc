//! Shared parts of end-to-end tests: the finished binary, and small data that the tests write themselves.

#![allow(dead_code)] // each test file uses a part of it

pub(crate) mod bodies;
pub(crate) mod documents;
pub(crate) mod media;
pub(crate) mod npy;
pub(crate) mod outside;
pub(crate) mod served;
pub(crate) mod started;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A language model of the small language's German, letter by letter.
pub(crate) const LANGUAGE_MODEL: &str = "name: lm
tasks:
  write:
    data: { files: { train: { parallel: { de: train.de } }, validation: { parallel: { de: val.de } } } }
    target: { text: { field: de, tokenizer: { characters: {} } } }
model:
  decoder_only: { d_model: 32, d_ff: 64, heads: 4, layers: 1, dropout: 0.0, positions: rotary }
training:
  steps: 60
  batch: { tokens: 500 }
  schedule: { constant: { peak: 1.0e-2 } }
evaluation: { metrics: [], every: 60 }
";

/// A folder with a small experiment over files of its own.
pub(crate) struct Workshop {
    folder: tempfile::TempDir,
}

/// The output of a command, and its exit code.
pub(crate) struct Finished {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Workshop {
    /// A folder with `train.en`, `train.de`, `val.*` and `test.*`: sentences of a very small language.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let workshop = Self { folder };
        for (split, from, to) in [("train", 0, 360), ("val", 360, 400), ("test", 400, 440)] {
            let pairs: Vec<(String, String)> = (from..to).map(pair).collect();
            let side = |side: fn(&(String, String)) -> &String| -> String {
                pairs.iter().map(|pair| format!("{}\n", side(pair))).collect()
            };
            workshop.write(&format!("{split}.en"), &side(|pair| &pair.0));
            workshop.write(&format!("{split}.de"), &side(|pair| &pair.1));
        }
        workshop
    }

    /// Writes `experiment.yaml` for a cross-validation over `who`, a field of so many values.
    pub(crate) fn people(&self, count: usize, training: &str) {
        let row = |at: usize| {
            let [animal, tier] = [["dog", "Hund"], ["cat", "Kater"], ["bird", "Vogel"]][at % 3];
            let who = at % count;
            format!("{{\"en\": \"a {animal} {at}\", \"de\": \"ein {tier} {at}\", \"who\": \"{who}\"}}\n")
        };
        self.write("rows.jsonl", &(0..120).map(row).collect::<String>());
        let experiment = "name: small
tasks:
  translate:
    data: { files: { train: { json_lines: { file: rows.jsonl } } }, split: { shares: { validation: 0.2 } } }
    source: { text: { field: en, tokenizer: { characters: {} } } }
    target: { text: { field: de, tokenizer: { characters: {} } } }
model:
  transformer: { d_model: 16, d_ff: 16, heads: 2, encoder_layers: 1, decoder_layers: 1 }
";
        self.write("experiment.yaml", &[experiment, training].concat());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("writable");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes `experiment.yaml`: a tiny transformer with dropout, and further lines at its end.
    pub(crate) fn experiment(&self, model: &str, training: &str) {
        let text = format!(
            "name: small
tasks:
  translate:
    data:
      files:
        train: {{ parallel: {{ en: train.en, de: train.de }} }}
        validation: {{ parallel: {{ en: val.en, de: val.de }} }}
        test: {{ parallel: {{ en: test.en, de: test.de }} }}
    source: {{ text: {{ field: en, tokenizer: {{ bpe: {{ vocab: 70, shared: true }} }} }} }}
    target: {{ text: {{ field: de }} }}
model:
{model}
training:
  batch: {{ tokens: 300 }}
  schedule: {{ constant: {{ peak: 5.0e-3, warmup: 5 }} }}
{training}
"
        );
        self.write("experiment.yaml", &text);
    }

    /// The binary with arguments, in this folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_any2any"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("ANY2ANY_DATA");
        command.env("ANY2ANY_CACHE", self.path("cache"));
        command
    }

    /// A command in a process that may address two gigabytes, its program and its threads' stacks among them.
    #[cfg(unix)]
    pub(crate) fn limited(&self, arguments: &[&str]) -> Command {
        let command = self.command(arguments);
        let mut limited = Command::new("sh");
        limited.args(["-c", "ulimit -v 2097152 && exec \"$0\" \"$@\""]).arg(command.get_program());
        limited.args(command.get_args()).current_dir(self.folder.path()).env_remove("ANY2ANY_DATA");
        limited.env("ANY2ANY_CACHE", self.path("cache"));
        limited
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        finished(self.command(arguments).stdin(Stdio::null()).output().expect("the binary runs"))
    }

    /// Runs a command that must succeed, and gives its standard output.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> String {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(0), "{arguments:?}: {}", finished.stderr);
        finished.stdout
    }

    /// Runs a command with standard input, which must succeed.
    pub(crate) fn pipe(&self, arguments: &[&str], input: &str) -> String {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
        let finished = finished(child.wait_with_output().expect("it ends"));
        assert_eq!(finished.code, Some(0), "{arguments:?}: {}", finished.stderr);
        finished.stdout
    }

    /// Runs a command whose only output must be one JSON object.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.succeed(arguments)).expect("one JSON object and nothing else")
    }

    /// The SHA-256 of a run's weights and of its optimizer after a step.
    pub(crate) fn sums(&self, run: &str, step: impl std::fmt::Display) -> [String; 2] {
        ["model.safetensors", "optimizer.safetensors"]
            .map(|file| sha256(&self.path(run).join(format!("checkpoints/step-{step}")).join(file)))
    }

    /// The steps of a run and their losses, from its log.
    pub(crate) fn losses(&self, run: &str) -> Vec<(u64, f64)> {
        let log = self.read(&format!("{run}/metrics.jsonl"));
        let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
        let number = |value: &serde_json::Value| value.as_f64().expect("a number");
        lines
            .filter(|line| line["kind"] == "train")
            .map(|line| (number(&line["step"]) as u64, number(&line["loss"])))
            .collect()
    }
}

/// A sentence and its translation: the number's digits choose the words.
fn pair(number: usize) -> (String, String) {
    const WHO: [(&str, &str); 5] = [
        ("the dog", "der Hund"),
        ("the cat", "die Katze"),
        ("the child", "das Kind"),
        ("a man", "ein Mann"),
        ("a woman", "eine Frau"),
    ];
    const DOES: [(&str, &str); 4] =
        [("sees", "sieht"), ("hears", "hört"), ("finds", "findet"), ("seeks", "sucht")];
    const WHAT: [(&str, &str); 6] = [
        ("the house", "das Haus"),
        ("the tree", "den Baum"),
        ("the sea", "das Meer"),
        ("a book", "ein Buch"),
        ("a river", "einen Fluss"),
        ("bread", "Brot"),
    ];
    const WHEN: [(&str, &str); 4] =
        [("", ""), (" today", " heute"), (" now", " jetzt"), (" again", " wieder")];
    // A step that shares no factor with 480 visits every combination once.
    let number = number * 77 % 480;
    let (who, does) = (WHO[number % 5], DOES[number / 5 % 4]);
    let (what, when) = (WHAT[number / 20 % 6], WHEN[number / 120]);
    (
        format!("{} {} {}{} .", who.0, does.0, what.0, when.0),
        format!("{} {}{} {} .", who.1, does.1, when.1, what.1),
    )
}

pub(crate) fn finished(output: Output) -> Finished {
    Finished {
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        code: output.status.code(),
    }
}

/// The SHA-256 of a file.
pub(crate) fn sha256(path: &Path) -> String {
    use sha2::Digest;
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A transformer small enough to train in a test.
pub(crate) const TRANSFORMER: &str =
    "  transformer: { d_model: 32, d_ff: 64, heads: 4, encoder_layers: 1, decoder_layers: 1, dropout: 0.1 }";

/// Packs files and folders of a folder into a `.tar.gz` beside them.
pub(crate) fn pack(folder: &Path, archive: &str, names: &[&str]) {
    let file = std::fs::File::create(folder.join(archive)).expect("a new file");
    let mut packed = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    for name in names {
        let path = folder.join(name);
        match path.is_dir() {
            true => packed.append_dir_all(name, &path),
            false => packed.append_path_with_name(&path, name),
        }
        .expect("readable");
    }
    packed.into_inner().and_then(|packer| packer.finish()).expect("writable");
}
