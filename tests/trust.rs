//! Files that a run names outside itself, the data root and the current folder are not opened without asking.

use any2any_data::DataRoot;
use any2any_server::Options;
use serde_json::json;

use crate::support::served::{SENTENCE, Served, options};
use crate::support::{TRANSFORMER, Workshop};

const TRAINING: &str = "  steps: 2
evaluation: { metrics: [bleu], every: 2 }
decoding: { beam: { size: 2 } }";

/// A workshop with a run in `work`, and a file outside that no run is to show.
fn workshop() -> Workshop {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "work/run"]);
    workshop.write("secret.txt", &"a secret line\n".repeat(40));
    workshop
}

/// Has the run name other files as its data: the secret, by its whole path or by a way up.
fn name_secret(workshop: &Workshop, secret: &str) {
    let resolved = workshop.read("work/run/resolved.yaml");
    let root = workshop.path("").canonicalize().expect("it is there");
    let mut changed = resolved;
    for split in ["train", "val", "test"] {
        for side in ["en", "de"] {
            changed = changed.replace(&root.join(format!("{split}.{side}")).display().to_string(), secret);
            changed =
                changed.replace(&workshop.path(&format!("{split}.{side}")).display().to_string(), secret);
        }
    }
    assert!(changed.contains(secret), "{changed}");
    workshop.write("work/run/resolved.yaml", &changed);
}

/// The exit code of a command in the folder `work`, and its whole output.
fn end(workshop: &Workshop, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = workshop.command(arguments);
    let output = command.current_dir(workshop.path("work")).output().expect("the binary runs");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&printed).into_owned())
}

#[test]
fn files_outside_are_opened_when_paths_are_trusted() {
    let workshop = workshop();
    // In the folder of the training, no option is needed.
    workshop.succeed(&["evaluate", "work/run", "--limit", "2"]);
    let whole = workshop.path("secret.txt").display().to_string();
    for secret in [&*whole, "../../secret.txt"] {
        name_secret(&workshop, secret);
        for command in [
            &["evaluate", "run", "--limit", "2"][..],
            &["evaluate", "run", "--limit", "2", "--split", "train"],
            &["train", "--resume", "run", "--steps", "3", "--accept-changes"],
        ] {
            let (code, printed) = end(&workshop, command);
            assert_eq!(code, Some(1), "{command:?}: {printed}");
            assert!(printed.contains("secret.txt") && printed.contains("--trust-paths"), "{printed}");
            assert!(!printed.contains("a secret line"), "{printed}");
        }
        let export = ["explore", "run", "--export", "page.html", "--overwrite"];
        let (_, printed) = end(&workshop, &export);
        let page = std::fs::read_to_string(workshop.path("work/page.html")).unwrap_or_default();
        assert!(!page.contains("a secret line") && !printed.contains("a secret line"), "{printed}");
        assert!(printed.contains("--trust-paths"), "{printed}");
        let trusting = ["evaluate", "run", "--limit", "2", "--trust-paths"];
        let (code, printed) = end(&workshop, &trusting);
        assert_eq!(code, Some(0), "{printed}");
        workshop.write(
            "work/run/resolved.yaml",
            &workshop
                .read("work/run/resolved.yaml")
                .replace(secret, &format!("{}", workshop.path("train.en").display())),
        );
    }
}

#[test]
fn a_run_extends_no_file() {
    let workshop = workshop();
    let resolved = workshop.read("work/run/resolved.yaml");
    workshop.write("work/run/resolved.yaml", &format!("extends: ../../secret.txt\n{resolved}"));
    let (code, printed) = end(&workshop, &["describe", "run"]);
    assert_ne!(code, Some(0), "{printed}");
    assert!(printed.contains("builds on no other file") && !printed.contains("a secret line"), "{printed}");
}

#[cfg(unix)]
#[test]
fn checkpoints_lie_in_the_run() {
    let workshop = workshop();
    std::fs::create_dir_all(workshop.path("elsewhere")).expect("a folder");
    workshop.write("work/run/checkpoints/best", "../../../elsewhere\n");
    let (code, printed) = end(&workshop, &["evaluate", "run"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("must hold the name of a checkpoint"), "{printed}");

    // A run whose checkpoints are another's does not go on, and so neither writes nor prunes there.
    workshop.succeed(&["train", "experiment.yaml", "--run", "other"]);
    std::fs::remove_dir_all(workshop.path("work/run/checkpoints")).expect("removed");
    std::os::unix::fs::symlink(workshop.path("other/checkpoints"), workshop.path("work/run/checkpoints"))
        .expect("a link");
    let finished = workshop.run(&["train", "--resume", "work/run", "--steps", "4"]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("leads out of the run"), "{}", finished.stderr);
    assert!(workshop.path("other/checkpoints/step-2/state.json").is_file());
    assert!(!workshop.path("other/checkpoints/step-4").exists());
}

/// The target of a link in a run is not shown to others.
#[cfg(unix)]
#[test]
fn a_server_follows_no_link_out_of_a_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .args([&crate::support::served::workshop().path("run"), &run])
        .status();
    assert!(copied.expect("cp").success());
    let secret = folder.path().join("secret.jsonl");
    std::fs::write(&secret, "{\"kind\": \"secret\"}\n").expect("written");
    std::fs::remove_file(run.join("metrics.jsonl")).expect("there");
    std::os::unix::fs::symlink(&secret, run.join("metrics.jsonl")).expect("linked");
    for trusts in [false, true] {
        let data = Some(DataRoot::at(folder.path()).trusting_runs(trusts));
        let server = Served::with(Options { runs: vec![run.clone()], data, ..options() });
        let (listed, log) = (server.get("/api/runs").json(), server.get("/api/training"));
        assert_eq!(listed[0]["model"].is_object(), trusts, "{listed}");
        assert_eq!(log.status, if trusts { 200 } else { 500 }, "{}", log.body);
        assert_eq!(log.body.contains("secret"), trusts, "{}", log.body);
        let translated = server.post("/api/translate", &json!({ "source": { "text": SENTENCE } }));
        assert_eq!(translated.status, log.status, "{}", translated.body);
        if !trusts {
            let reason = listed[0]["broken"].as_str().expect("a reason");
            assert!(reason.contains("leads out of the run: put what it leads to in its place"), "{reason}");
        }
    }
}
