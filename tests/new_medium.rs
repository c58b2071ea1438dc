//! `any2any new-medium`: what it writes, what it refuses; and the crate that it writes, compiled where it stands alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::documents::root;
use crate::support::started::Started;
use crate::support::{Finished, Workshop, finished};

/// Every file of the crate.
const FILES: [&str; 13] = [
    ".gitignore",
    "Cargo.toml",
    "README.md",
    "data/example.notes",
    "data/melodies.jsonl",
    "experiment.yaml",
    "rustfmt.toml",
    "src/adapter.rs",
    "src/main.rs",
    "src/medium.rs",
    "src/metric.rs",
    "src/tests.rs",
    "src/value.rs",
];

/// The files below a folder, as paths in it.
fn files(folder: &Path) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(inside) = folders.pop() {
        for entry in std::fs::read_dir(inside).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path.strip_prefix(folder).expect("below").display().to_string()),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_crate_is_written_whole() {
    let workshop = Workshop::new();
    for (name, medium) in [("notes", "notes"), ("go-games", "go_games")] {
        workshop.succeed(&["new-medium", name, "--into", "crates"]);
        let folder = workshop.path("crates").join(name);
        assert_eq!(files(&folder), FILES);
        for file in FILES {
            let text = workshop.read(&format!("crates/{name}/{file}"));
            assert!(!text.contains("__"), "{file} has a name that is not filled in");
        }
        let manifest = workshop.read(&format!("crates/{name}/Cargo.toml"));
        let version = env!("CARGO_PKG_VERSION");
        assert!(manifest.contains(&format!("\nname = \"{name}\"\n")), "{manifest}");
        assert!(manifest.contains(&format!("\nany2any = \"{version}\"\n")), "{manifest}");
        assert!(workshop.read(&format!("crates/{name}/src/medium.rs")).contains(&format!("\"{medium}\"")));
        assert!(
            workshop
                .read(&format!("crates/{name}/experiment.yaml"))
                .contains(&format!("source: {{ {medium}: "))
        );
    }
    let left = std::fs::read_dir(workshop.path("crates")).expect("a folder").count();
    assert_eq!(left, 2, "nothing unfinished is left behind");
}

#[test]
fn dependencies_on_clones_and_repositories_are_written() {
    let workshop = Workshop::new();
    let clone = root().canonicalize().expect("the repository");
    workshop.succeed(&["new-medium", "here", "--path", &clone.display().to_string()]);
    let package = serde_json::Value::from(clone.join("crates/any2any").display().to_string());
    assert!(workshop.read("here/Cargo.toml").contains(&format!("\nany2any = {{ path = {package} }}\n")));
    workshop.succeed(&["new-medium", "there", "--git", "https://example.org/\"any\""]);
    let git = "\nany2any = { git = \"https://example.org/\\\"any\\\"\" }\n";
    assert!(workshop.read("there/Cargo.toml").contains(git));
    let both = workshop.run(&["new-medium", "both", "--git", "a", "--path", "b"]);
    assert_eq!(both.code, Some(2), "{}", both.stderr);
    let none = workshop.run(&["new-medium", "none", "--path", "."]);
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("--path is the root of a clone of any2any"), "{}", none.stderr);
    assert!(!workshop.path("both").exists() && !workshop.path("none").exists());
}

#[test]
fn the_profile_is_that_of_the_workspace() {
    let workshop = Workshop::new();
    workshop.succeed(&["new-medium", "notes"]);
    let blocks = |text: &str| -> Vec<String> {
        let blocks = text
            .split("\n\n")
            .map(|block| block.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n"));
        blocks.filter(|block| block.starts_with("[profile.dev")).collect()
    };
    let ours = std::fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let theirs = blocks(&workshop.read("notes/Cargo.toml"));
    assert_eq!(theirs, blocks(&ours));
}

#[test]
fn names_that_no_crate_or_medium_can_have_are_refused() {
    let workshop = Workshop::new();
    for (name, reason) in [
        ("Notes", "use small letters, digits, - and _, a letter first"),
        ("9notes", "use small letters, digits, - and _, a letter first"),
        ("../notes", "use small letters, digits, - and _, a letter first"),
        ("no tes", "use small letters, digits, - and _, a letter first"),
        ("", "use small letters, digits, - and _, a letter first"),
        (&"n".repeat(65), "the name has 65 letters, and may have 64"),
        ("text", "there is a medium 'text' already: give yours another name, such as 'my_text'"),
        ("eeg", "there is a medium 'eeg' already"),
        ("any2any", "a name of any2any's own crates"),
        ("any2any-notes", "a name of any2any's own crates"),
        ("serde-json", "the name of another crate"),
        ("test", "the name of another crate"),
        ("match", "a word of Rust"),
    ] {
        let refused = workshop.run(&["new-medium", name, "--into", "crates"]);
        assert_eq!(refused.code, Some(2), "{name}: {}", refused.stderr);
        assert!(refused.stderr.contains(reason), "{name}: {}", refused.stderr);
    }
    assert!(!workshop.path("crates").exists(), "nothing is written for them");
}

#[test]
fn what_is_there_is_never_touched() {
    let workshop = Workshop::new();
    std::fs::create_dir(workshop.path("empty")).expect("a new folder");
    std::fs::create_dir(workshop.path("full")).expect("a new folder");
    workshop.write("full/mine.txt", "mine");
    workshop.write("file", "mine");
    for name in ["empty", "full", "file"] {
        let refused = workshop.run(&["new-medium", name]);
        assert_eq!(refused.code, Some(2), "{name}: {}", refused.stderr);
        assert!(refused.stderr.contains(&format!("{name} is already there")), "{}", refused.stderr);
    }
    assert_eq!(files(&workshop.path("empty")), [""; 0]);
    assert_eq!(files(&workshop.path("full")), ["mine.txt"]);
    assert_eq!(workshop.read("file"), "mine");
}

/// A crate of `new-medium` in a folder of its own.
struct Crate<'a> {
    workshop: &'a Workshop,
    target: PathBuf,
}

impl Crate<'_> {
    /// Runs a command in the folder of the crate, which must succeed.
    fn succeed(&self, command: &mut Command) -> Finished {
        let command = command.current_dir(self.workshop.path("notes")).env("CARGO_TARGET_DIR", &self.target);
        let done = finished(command.output().expect("it starts"));
        assert_eq!(done.code, Some(0), "{command:?}: {}\n{}", done.stdout, done.stderr);
        done
    }

    fn cargo(&self, arguments: &[&str]) -> Finished {
        self.succeed(Command::new(env!("CARGO")).args(arguments))
    }

    /// Runs the program that the crate is.
    fn program(&self, arguments: &[&str]) -> Finished {
        self.succeed(&mut self.command(arguments))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.target.join("debug/notes"));
        command.args(arguments).current_dir(self.workshop.path("notes"));
        command
    }
}

/// Compiles the crates of any2any once more, as dependencies.
#[test]
#[ignore = "compiles any2any as a dependency, minutes; .ci/run runs it"]
fn the_crate_compiles_conforms_trains_and_is_used() {
    let workshop = Workshop::new();
    workshop.succeed(&["new-medium", "notes", "--path", &root().display().to_string()]);
    // The same versions of what others wrote, compiled by the same profile: what is there is not compiled again. Criterion,
    // which the workspace has for its benchmarks, asks for the default features of a crate that the tensors stand on.
    std::fs::copy(root().join("Cargo.lock"), workshop.path("notes/Cargo.lock")).expect("a lock file");
    let manifest =
        workshop.read("notes/Cargo.toml").replace("\nany2any = ", "\nciborium = \"0.2\"\nany2any = ");
    workshop.write("notes/Cargo.toml", &manifest);
    let binary = Path::new(env!("CARGO_BIN_EXE_any2any"));
    let target = binary.parent().and_then(Path::parent).expect("target/debug/any2any").to_owned();
    let notes = Crate { workshop: &workshop, target };
    notes.cargo(&["fmt", "--check"]);
    notes.cargo(&["build"]);
    let tested = notes.cargo(&["test"]).stdout;
    assert!(tested.contains("test tests::notes_are_read_and_written_as_tokens ... ok"), "{tested}");

    assert!(notes.program(&["check", "experiment.yaml"]).stdout.contains("no problem found"));
    let json = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&notes.program(arguments).stdout).expect("one JSON object")
    };
    let trained = json(&["train", "experiment.yaml", "--json"]);
    let right = trained["tasks"][0]["decoded"][0]["value"].as_f64().expect("a score");
    assert!(right > 80.0, "{right} % of notes, where the same one always would be about 10");
    for file in ["resolved.yaml", "README.md"] {
        let text = workshop.read(&format!("notes/runs/notes/{file}"));
        assert!(
            text.contains("medium notes: notes 0.1.0\n")
                && text.contains("metric right_notes: notes 0.1.0\n"),
            "{text}"
        );
    }

    // What swapped sources are worth says that the model listens to the melody.
    let scores = json(&["evaluate", "runs/notes", "--controls", "--json"]);
    let text = scores.to_string();
    assert!(text.contains("right_notes") && text.contains("swapped"), "{text}");
    assert!(notes.program(&["describe", "runs/notes"]).stdout.contains("notes"));
    notes.program(&["translate", "runs/notes", "data/example.notes", "--output", "basses"]);
    assert_eq!(workshop.read("notes/basses/example.notes"), "C3/2 E3/4 G3/2 C4/2\n");

    let serving = Started::new(&mut notes.command(&["explore", "runs/notes", "--no-open", "--no-token"]));
    let runs = serving.get("/api/runs", "");
    assert!(runs.status == 200 && runs.body.contains("\"notes\""), "{}", runs.body);

    // The same medium the other way: melodies for basses, written as frames by a regression.
    let frames = [
        "train",
        "experiment.yaml",
        "--run",
        "runs/frames",
        "--json",
        "--set",
        "training.steps=20",
        "--set",
        "training.schedule.linear.warmup=2",
        "--set",
        "tasks.accompany.target.notes.form=frames",
    ];
    let written = json(&frames);
    assert!(written["tasks"][0]["decoded"][0]["value"].is_f64(), "{written}");
}
