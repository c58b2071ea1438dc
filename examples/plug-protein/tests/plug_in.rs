//! The finished program with its two media: checked, trained and used on chains that the test makes itself.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder with chains and their structure, where every residue's state follows from itself and the next.
struct Workshop {
    folder: tempfile::TempDir,
}

impl Workshop {
    fn new() -> Self {
        let workshop = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        for (split, from, to) in [("train", 0, 400), ("validation", 400, 440)] {
            let [mut sequences, mut structures, mut masks] = [String::new(), String::new(), String::new()];
            for number in from..to {
                let chain = chain(number);
                let mask: String = (0..chain.len()).map(|at| if at == 3 { '0' } else { '1' }).collect();
                sequences += &format!(">chain{number}\n{chain}\n");
                structures += &format!(">chain{number}\n{}\n", structure(&chain));
                masks += &format!(">chain{number}\n{mask}\n");
            }
            workshop.write(&format!("{split}.sequence"), &sequences);
            workshop.write(&format!("{split}.structure"), &structures);
            workshop.write(&format!("{split}.mask"), &masks);
        }
        workshop
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("writable");
    }

    /// Writes an experiment with options of source and target.
    fn experiment(&self, source: &str, target: &str, steps: usize) {
        let files = |split: &str| {
            format!("{{ sequence: {split}.sequence, structure: {split}.structure, mask: {split}.mask }}")
        };
        let text = format!(
            "name: small
tasks:
  fold:
    per_position: true
    data:
      files:
        train: {{ fasta: {{ files: {} }} }}
        validation: {{ fasta: {{ files: {} }} }}
    source: {{ amino_acids: {{ field: sequence, {source} }} }}
    target: {{ secondary_structure: {{ field: structure, {target} }} }}
model:
  transformer: {{ d_model: 32, d_ff: 64, heads: 4, encoder_layers: 1, decoder_layers: 1, dropout: 0.0 }}
training:
  steps: {steps}
  batch: {{ tokens: 256, max_source_length: 32, max_target_length: 32 }}
  schedule: {{ linear: {{ peak: 1.0e-2, warmup: 5 }} }}
evaluation: {{ metrics: [character_accuracy], every: {steps} }}
",
            files("train"),
            files("validation")
        );
        self.write("experiment.yaml", &text);
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        self.write("input", input);
        let input = std::fs::File::open(self.folder.path().join("input")).expect("just written");
        Command::new(env!("CARGO_BIN_EXE_plug-protein"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("ANY2ANY_DATA", self.folder.path())
            .stdin(Stdio::from(input))
            .output()
            .expect("the program runs")
    }

    fn succeed(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        let messages = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {messages}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

/// The chain of a number: 8 to 23 residues.
fn chain(number: usize) -> String {
    let residue = |at: usize| (number * 7919 + at * at * 31 + at * number) % 97 % 20;
    (0..8 + number % 16).map(|at| char::from(b"ACDEFGHIKLMNPQRSTVWY"[residue(at)])).collect()
}

/// A toy rule: some residues coil up, some stretch, and proline breaks what stands before it.
fn structure(chain: &str) -> String {
    let residues: Vec<char> = chain.chars().collect();
    let state = |at: usize| match (residues[at], residues.get(at + 1)) {
        (_, Some('P')) => 'C',
        ('A' | 'E' | 'K' | 'L' | 'M' | 'Q' | 'R', _) => 'H',
        ('C' | 'F' | 'I' | 'T' | 'V' | 'W' | 'Y', _) => 'E',
        _ => 'C',
    };
    (0..residues.len()).map(state).collect()
}

#[test]
fn structure_is_learned_and_written() {
    let workshop = Workshop::new();
    workshop.experiment("", "mask: mask", 300);
    assert!(workshop.succeed(&["check", "experiment.yaml"], "").contains("no problem found"));
    let trained = workshop.succeed(&["train", "experiment.yaml", "--run", "run", "--json"], "");
    let trained: any2any::serde_json::Value =
        any2any::serde_json::from_str(&trained).expect("one JSON object");
    let right = trained["tasks"][0]["decoded"][0]["value"].as_f64().expect("a score");
    assert!(right > 90.0, "{right} % of residues, where always the same state would be about 40");

    let chain = chain(407);
    let written = workshop.succeed(&["translate", "run"], &format!("{chain}\n{}\n", chain.to_lowercase()));
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], lines[1], "small letters are read as capital ones");
    assert!(lines[0].chars().all(|state| "HEC".contains(state)), "{written}");
    assert_eq!(lines[0].len(), chain.len(), "a state for every residue");

    let pair = |states: &str| {
        workshop.write("chain", &format!("{chain}\n"));
        workshop.write("states", &format!("{states}\n"));
        workshop.run(&["score", "run", "--source", "chain", "--target", "states"], "")
    };
    assert!(pair(lines[0]).status.success());
    let short = String::from_utf8(pair("HEC").stderr).expect("UTF-8");
    assert!(short.contains(&format!("3 tokens for {} positions of the source", chain.len())), "{short}");
}

/// The experiment beside the program, on an archive of the names and the shape of FLIP's.
#[test]
fn the_experiment_that_ships_trains_some_steps() {
    let workshop = Workshop::new();
    let [mut sequences, mut structures, mut masks] = [String::new(), String::new(), String::new()];
    for number in 0..100 {
        let chain = chain(number);
        let (set, validates) = match number {
            0..80 => ("train", "False"),
            80..90 => ("train", "True"),
            _ => ("test", "False"),
        };
        sequences += &format!(">{number}\n{chain}\n");
        structures += &format!(">{number} SET={set} VALIDATION={validates}\n{}\n", structure(&chain));
        masks += &format!(">{number}\n0{}\n", "1".repeat(chain.len() - 1));
    }
    let folder = workshop.folder.path().join("protein_ss");
    std::fs::create_dir(&folder).expect("a new folder");
    let path = folder.join("flip_secondary_structure_splits.zip");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).expect("a new file"));
    for (name, text) in [("sequences", sequences), ("sampled", structures), ("mask", masks)] {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(format!("splits/{name}.fasta"), options).expect("a new member");
        archive.write_all(text.as_bytes()).expect("writable");
    }
    archive.finish().expect("writable");
    // The manifest that ships, with the size of this archive, which is compared before it is opened.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = read(&here.join("../../crates/data/datasets/protein-ss.yaml"));
    let size = std::fs::metadata(&path).expect("an archive").len();
    let (head, tail) = manifest.split_once("bytes: ").expect("one file");
    let (_, tail) = tail.split_once('\n').expect("more lines");
    workshop.write("protein-ss.yaml", &format!("{head}bytes: {size}\n{tail}"));

    let shipped = here.join("protein.yaml").display().to_string();
    let dataset =
        format!("tasks.fold.data.dataset={}", workshop.folder.path().join("protein-ss.yaml").display());
    let mut arguments = vec!["train", &shipped, "--run", "run", "--json", "--set", &dataset];
    for option in ["training.steps=4", "training.schedule.cosine.warmup=1", "evaluation.every=2"] {
        arguments.extend(["--set", option]);
    }
    let trained = workshop.succeed(&arguments, "");
    let trained: any2any::serde_json::Value =
        any2any::serde_json::from_str(&trained).expect("one JSON object");
    let task = &trained["tasks"][0];
    assert!(task["teacher_forced"]["loss"].as_f64().is_some_and(f64::is_finite), "{trained}");
    assert!(task["decoded"][0]["value"].as_f64().is_some_and(|right| right > 0.0), "{trained}");
}

#[test]
fn a_chain_whose_structure_is_too_short_is_left_out_and_named() {
    let workshop = Workshop::new();
    workshop.write("train.sequence", ">a\nMKT\n>b\nMKTA\n");
    workshop.write("train.structure", ">a\nHH\n>b\nHHCC\n");
    workshop.write("train.mask", ">a\n11\n>b\n1111\n");
    workshop.experiment("", "mask: mask", 6);
    let output = workshop.run(&["train", "experiment.yaml", "--run", "run"], "");
    let messages = format!("{output:?}");
    assert!(output.status.success(), "{messages}");
    assert!(messages.contains("1 of 2 samples cannot be read and are left out: target 1: "), "{messages}");
    assert!(messages.contains("2 tokens for 3 positions of the source"), "{messages}");
}

#[test]
fn mistakes_are_told_before_the_first_step() {
    let workshop = Workshop::new();
    for (source, target, wanted) in [
        ("", "mask: structure", "the mask is the text itself"),
        ("", "mask: masc", "masc"),
        ("masc: mask", "", "did you mean `mask`"),
        ("", "mask: sequence", "the mask needs a 0 or a 1 for every letter"),
    ] {
        workshop.experiment(source, target, 40);
        let output = workshop.run(&["check", "experiment.yaml"], "");
        let messages = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{source}; {target}: {messages}");
        assert!(messages.contains(wanted), "{source}; {target}: {messages}");
    }
    let schema = workshop.succeed(&["schema"], "");
    assert!(schema.contains("amino_acids") && schema.contains("secondary_structure"));
}

fn read(path: &PathBuf) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
