//! A run is whole: it works wherever it is and whatever has become of the files that it was trained on, and it says
//! what is asked of it that it cannot do.

use std::path::Path;

use crate::support::media::fill;
use crate::support::{Finished, TRANSFORMER, Workshop, sha256};

const TRAINING: &str = "  steps: 6
evaluation: { metrics: [bleu], every: 3, keep_best: 2, show: 0, decode_at_most: 5 }
decoding: { max_length: 30 }";

/// A command in another folder than the workshop's own.
fn run_in(workshop: &Workshop, folder: &str, arguments: &[&str]) -> Finished {
    let output =
        workshop.command(arguments).current_dir(workshop.path(folder)).output().expect("the binary runs");
    Finished {
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        code: output.status.code(),
    }
}

/// A command, its exit code, and what it must say.
fn says(workshop: &Workshop, folder: &str, arguments: &[&str], code: i32, words: &[&str]) -> String {
    let finished = run_in(workshop, folder, arguments);
    assert_eq!(finished.code, Some(code), "{arguments:?}: {}", finished.stderr);
    for words in words {
        assert!(
            finished.stderr.contains(words),
            "{arguments:?} does not say '{words}':\n{}",
            finished.stderr
        );
    }
    finished.stdout
}

fn move_to(workshop: &Workshop, folder: &str, files: &[&str]) {
    std::fs::create_dir_all(workshop.path(folder)).expect("a folder");
    for file in files {
        let name = Path::new(file).file_name().expect("a file");
        std::fs::rename(workshop.path(file), workshop.path(folder).join(name)).expect("movable");
    }
}

/// Every file below a folder that holds a text.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).contains(text) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_run_outlives_its_files_and_its_folder() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "first"]);
    workshop.succeed(&["export", "first", "exported"]);
    let home = workshop.path("").display().to_string();
    assert_eq!(files_with(&workshop.path("exported"), home.trim_end_matches('/')), [""; 0]);
    let evaluated = says(&workshop, "", &["evaluate", "exported", "--json"], 0, &[]);

    // The runs go elsewhere, and so do the files.
    std::fs::create_dir_all(workshop.path("elsewhere")).expect("a folder");
    let lines = ["test.en", "test.de"].map(|name| workshop.read(name));
    move_to(&workshop, "elsewhere", &["first", "exported"]);
    let named = ["train", "val", "test"].map(|split| ["en", "de"].map(|side| format!("{split}.{side}")));
    let named: Vec<&str> = named.as_flattened().iter().map(String::as_str).collect();
    move_to(&workshop, "corpus", &named);
    workshop.write("elsewhere/a.en", &lines[0]);
    workshop.write("elsewhere/a.de", &lines[1]);
    for run in ["first", "exported"] {
        says(&workshop, "elsewhere", &["translate", run, "a.en"], 0, &[]);
        says(&workshop, "elsewhere", &["describe", run, "--json"], 0, &[]);
        says(&workshop, "elsewhere", &["score", run, "--source", "a.en", "--target", "a.de"], 0, &[]);
        let far = ["the run names", "train.", "--trust-paths", "--files FOLDER"];
        // An exported run has its paths beside it, where the files are not, and the other still names those far away.
        if run == "first" {
            says(&workshop, "elsewhere", &["evaluate", run], 1, &far);
        }
        let lost = ["there is no", "test.", "--files FOLDER"];
        says(&workshop, "elsewhere", &["evaluate", run, "--trust-paths"], 1, &lost);
        let again =
            says(&workshop, "elsewhere", &["evaluate", run, "--json", "--files", "../corpus"], 0, &[]);
        let scores = |text: &str| {
            let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
            (json["decoded"].clone(), json["teacher_forced"].clone())
        };
        assert_eq!(scores(&again), scores(&evaluated));
        let none = ["none of the experiment's files", "elsewhere", "resolved.yaml"];
        says(&workshop, "elsewhere", &["evaluate", run, "--files", "../elsewhere/first"], 2, &none);
    }
    let more = ["train", "--resume", "first", "--steps", "8"];
    says(&workshop, "elsewhere", &more, 1, &["train.", "--files FOLDER"]);
    says(&workshop, "elsewhere", &[&more[..], &["--files", "../corpus"]].concat(), 0, &[]);
}

/// Paths start at the file that they are written in, also those of tokenizers, and of `--set`.
#[test]
fn paths_start_at_their_own_file_and_a_run_keeps_its_tokenizer() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "first", "--set", "training.steps=1"]);
    std::fs::create_dir_all(workshop.path("configs/base")).expect("a folder");
    let tokenizer = workshop.path("first/vocab/shared-text/tokenizer.json");
    std::fs::copy(tokenizer, workshop.path("configs/base/words.json")).expect("a tokenizer");
    let text = workshop.read("experiment.yaml");
    let text =
        text.replace("{ bpe: { vocab: 70, shared: true } }", "{ file: { path: words.json, shared: true } }");
    let text = [".en", ".de"].iter().fold(text, |text, end| {
        ["train", "val", "test"]
            .iter()
            .fold(text, |text, split| text.replace(&format!("{split}{end}"), &format!("../../{split}{end}")))
    });
    workshop.write("configs/base/base.yaml", &text);
    workshop.write("configs/near.yaml", "extends: base/base.yaml\nname: near\n");
    workshop.write("configs/other.en", &workshop.read("val.en"));
    let set = "tasks.translate.data.files.validation.parallel.en=other.en";
    let train = ["train", "../configs/near.yaml", "--run", "../run", "--set", set];
    says(&workshop, "first", &train, 0, &[]);
    let resolved = workshop.read("run/resolved.yaml");
    assert!(resolved.contains("configs/other.en") && !resolved.contains(".."), "{resolved}");
    let lost = ["train", "../configs/near.yaml", "--run", "../lost", "--set", &set.replace("other", "lost")];
    says(&workshop, "first", &lost, 2, &["there is no file", "configs/lost.en"]);

    let before = workshop.pipe(&["translate", "run"], "the dog sees bread .\n");
    std::fs::remove_dir_all(workshop.path("configs")).expect("removable");
    assert_eq!(workshop.pipe(&["translate", "run"], "the dog sees bread .\n"), before);
    workshop.succeed(&["export", "run", "exported"]);
    assert_eq!(workshop.pipe(&["translate", "exported"], "the dog sees bread .\n"), before);
}

/// A change that would make a resumed run another is refused, with the way out; one of its scores is reported.
#[test]
fn a_changed_run_is_not_resumed_in_silence() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
    let (resolved, german) = (workshop.read("run/resolved.yaml"), workshop.read("val.de"));
    let resume = ["train", "--resume", "run", "--steps", "7"];
    let way_out = ["--accept-changes", "resolved.yaml", "start a new run"];
    for (from, to, word) in [
        ("\nseed: 1\n", "\nseed: 2\n", "`seed` is 2, and was 1"),
        ("peak: 0.005", "peak: 0.01", "constant.peak` is 0.01, and was 0.005"),
        ("dropout: 0.1", "dropout: 0.2", "dropout` is 0.2, and was 0.1"),
        ("    tokens: 300", "    tokens: 200", "`training.batch.tokens` is 200, and was 300"),
    ] {
        let changed = resolved.replacen(from, to, 1);
        assert_ne!(changed, resolved, "{from}");
        workshop.write("run/resolved.yaml", &changed);
        says(&workshop, "", &resume, 1, &[&way_out[..], &[word]].concat());
    }
    workshop.write("run/resolved.yaml", &resolved);
    workshop.write("val.de", &german.replacen("Hund", "Baum", 1));
    says(&workshop, "", &resume, 1, &[&way_out[..], &["validation data"]].concat());
    workshop.write("val.de", &german);

    // Scores alone: it goes on, and says so.
    workshop.write("run/resolved.yaml", &resolved.replacen("max_length: 30", "max_length: 31", 1));
    says(&workshop, "", &resume, 0, &["warning", "`decoding.max_length` is 31, and was 30"]);
    // From then on that is what it is trained by.
    let finished = workshop.run(&["train", "--resume", "run", "--steps", "8"]);
    assert!(finished.code == Some(0) && !finished.stderr.contains("warning"), "{}", finished.stderr);
    // Somebody means it.
    workshop.write("run/resolved.yaml", &resolved.replacen("peak: 0.005", "peak: 0.01", 1));
    let meant = ["train", "--resume", "run", "--steps", "9", "--accept-changes"];
    says(&workshop, "", &meant, 0, &["warning", "peak` is 0.01"]);

    // A run of an earlier version knows nothing of this, and goes on.
    let state = workshop.read("run/checkpoints/step-9/state.json");
    let mut state: serde_json::Value = serde_json::from_str(&state).expect("JSON");
    for key in ["experiment", "validation"] {
        assert!(state.as_object_mut().expect("a state").remove(key).is_some(), "{key}");
    }
    workshop.write("run/checkpoints/step-9/state.json", &state.to_string());
    std::fs::remove_file(workshop.path("run/checkpoints/step-9/checksums.sha256")).expect("written");
    workshop.write("run/resolved.yaml", &resolved.replacen("\nseed: 1\n", "\nseed: 3\n", 1));
    says(&workshop, "", &["train", "--resume", "run", "--steps", "10"], 0, &[]);
}

#[test]
fn lengths_and_prefixes_that_cannot_be_are_refused() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
    workshop.write("one.en", "the dog sees bread .\n");
    for (options, code, words) in [
        (&["--min-length", "10", "--max-length", "5"][..], 2, "at least 10 and at most 5"),
        (&["--min-length", "31"], 2, "at least 31 and at most 30"),
        (&["--max-length", "0"], 2, "at least 1"),
        (&["--beam", "0"], 2, "between 1 and 1024"),
        (&["--beam", "2", "--top-k", "5"], 2, "'--beam <SIZE>' cannot be used with '--top-k <K>'"),
        (&["--greedy", "--seed", "1"], 2, "'--greedy' cannot be used with '--seed <SEED>'"),
        (&["--n-best", "2", "--temperature", "0.5"], 2, "cannot be used with"),
        (&["--prefix", "der ßQ"], 1, "'ß"),
        (&["--prefix", "der Hund"], 0, ""),
        (&["--min-length", "5", "--max-length", "5"], 0, ""),
    ] {
        let arguments = [&["translate", "run", "one.en"][..], options].concat();
        let written = says(&workshop, "", &arguments, code, &[words]);
        assert!(!written.contains('\u{fffd}'), "{written}");
    }
    let set = ["check", "experiment.yaml", "--set", "decoding.min_length=31"];
    says(&workshop, "", &set, 2, &["at least 31 and at most 30"]);
}

/// A target that says nothing of how it is written is found before anything is trained.
#[test]
fn a_target_must_be_written_somehow() {
    let workshop = Workshop::new();
    fill(&workshop);
    let data = |folder: &str, end: &str| {
        format!(
            "{{ files: {{ train: {{ members: {{ folder: {folder}, names: '{{person}}_{{word}}_{{number}}.{end}', \
             field: it }} }} }} }}"
        )
    };
    for (folder, end, target, help) in [
        ("pictures", "png", "image: { field: it, background: black }", "add `output`: Kind of sequence"),
        ("sounds", "wav", "audio: { field: it, rate: 8000 }", "add `output`: Kind of sequence"),
        (
            "recordings",
            "csv",
            "eeg: { field: it, rate: 64, features: { raw: {} } }",
            "add `output`: Kind of output; needed where",
        ),
    ] {
        let data = data(folder, end);
        let text = format!(
            "name: draw
tasks:
  draw:
    data: {data}
    source: {{ text: {{ field: word, tokenizer: {{ words: {{ vocab: 7 }} }} }} }}
    target:
      {target}
model:
{TRANSFORMER}
training: {{ steps: 1, schedule: {{ constant: {{ peak: 1.0e-3 }} }} }}
evaluation: {{ metrics: [] }}
"
        );
        workshop.write("draw.yaml", &text);
        for command in [&["check", "draw.yaml"][..], &["train", "draw.yaml", "--run", "run"]] {
            says(&workshop, "", command, 2, &["draw.yaml:7", "is read here, but not written", help]);
        }
    }
    assert!(!workshop.path("run").exists());
}

/// The weights of a resumed run that says nothing of changes are those of one that never stopped.
#[test]
fn a_run_on_moved_files_goes_on_as_if_it_had_never_stopped() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "whole"]);
    workshop.succeed(&["train", "experiment.yaml", "--run", "half", "--set", "training.steps=3"]);
    move_to(&workshop, "corpus", &["train.en", "train.de", "val.en", "val.de", "test.en", "test.de"]);
    let resume = ["train", "--resume", "half", "--steps", "6", "--files", "corpus"];
    workshop.succeed(&resume);
    let of = |run: &str| sha256(&workshop.path(run).join("checkpoints/step-6/model.safetensors"));
    assert_eq!(of("whole"), of("half"));
}
