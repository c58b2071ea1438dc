//! No checkpoint and no folder is trusted: what is broken, not finite, at work or of another model is refused by name,
//! and what is whole is used instead.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Finished, TRANSFORMER, Workshop, sha256};

const TRAINING: &str = "  steps: 30
  save_every: 10
  log_every: 1
evaluation: { metrics: [], every: 10, keep_best: 3 }";

/// A workshop with a finished run of checkpoints 10, 20 and 30, named `run`.
fn trained(model: &str) -> Workshop {
    let workshop = Workshop::new();
    workshop.experiment(model, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
    workshop
}

fn refused(workshop: &Workshop, arguments: &[&str], says: &[&str]) -> Finished {
    let finished = workshop.run(arguments);
    assert_eq!(finished.code, Some(1), "{arguments:?}: {}", finished.stderr);
    for words in says {
        assert!(finished.stderr.contains(words), "{arguments:?}: no '{words}' in: {}", finished.stderr);
    }
    finished
}

/// Changes the bytes of a file.
fn change(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).expect("readable");
    change(&mut bytes);
    std::fs::write(path, bytes).expect("writable");
}

fn cut(bytes: &mut Vec<u8>) {
    bytes.truncate(bytes.len() / 2);
}

/// A training in the background that takes long, once it has a first checkpoint.
fn at_work(workshop: &Workshop, arguments: &[&str], checkpoint: &str) -> Child {
    let mut command = workshop.command(arguments);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs");
    let began = Instant::now();
    while !workshop.path(checkpoint).exists() {
        assert!(began.elapsed() < Duration::from_secs(120), "{checkpoint} never came");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

fn end(mut child: Child) {
    child.kill().expect("SIGKILL");
    child.wait().expect("it is gone");
}

#[test]
fn training_goes_on_from_the_newest_whole_checkpoint() {
    let workshop = trained(TRANSFORMER);
    let whole = sha256(&workshop.path("run/checkpoints/step-30/model.safetensors"));
    for (file, broken) in
        [("model.safetensors", "step-30"), ("optimizer.safetensors", "step-30"), ("state.json", "step-30")]
    {
        change(&workshop.path(&format!("run/checkpoints/{broken}/{file}")), cut);
        let resumed = workshop.run(&["train", "--resume", "run"]);
        assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
        for words in [&format!("{broken}/{file}"), "goes on from step-20", "step-30.old-"] {
            assert!(resumed.stderr.contains(words), "{words}: {}", resumed.stderr);
        }
        assert_eq!(sha256(&workshop.path("run/checkpoints/step-30/model.safetensors")), whole, "{file}");
    }
    assert!(workshop.path("run/checkpoints/step-30.old-3").is_dir(), "nothing is removed in silence");
    let chosen = workshop.run(&["train", "--resume", "run", "--from", "step-10"]);
    assert_eq!(chosen.code, Some(0), "{}", chosen.stderr);
    assert!(
        chosen.stderr.contains("step-20.old-1") && chosen.stderr.contains("steps 11 to 30"),
        "{}",
        chosen.stderr
    );
    assert_eq!(sha256(&workshop.path("run/checkpoints/step-30/model.safetensors")), whole);
    refused(&workshop, &["train", "--resume", "run", "--from", "step-15"], &["step-15", "step-10, step-20"]);
    for step in [10, 20, 30] {
        change(&workshop.path(&format!("run/checkpoints/step-{step}/model.safetensors")), cut);
    }
    refused(&workshop, &["train", "--resume", "run"], &["no checkpoint", "step-10", "step-20", "step-30"]);
}

/// A training that ended between its last checkpoint and what comes after it: the names of the best and the last one,
/// and removing others.
#[test]
fn a_checkpoint_without_its_names_gets_them() {
    let workshop = trained(TRANSFORMER);
    let names = || ["best", "last"].map(|name| workshop.read(&format!("run/checkpoints/{name}")));
    let named = names();
    workshop.write("run/checkpoints/last", "step-20\n");
    workshop.write("run/checkpoints/best", "step-10\n");
    workshop.write("run/checkpoints/.unfinished-name", "ste");
    assert_ne!(names(), named);
    workshop.succeed(&["train", "--resume", "run"]);
    assert_eq!(names(), named);
    assert!(!workshop.path("run/checkpoints/.unfinished-name").exists());
}

#[test]
fn flipped_bits_are_refused_by_name() {
    let workshop = trained(TRANSFORMER);
    change(&workshop.path("run/checkpoints/step-30/model.safetensors"), |bytes| {
        *bytes.last_mut().expect("not empty") ^= 1;
    });
    let says = ["step-30/model.safetensors", "checksum"];
    for command in ["translate", "export", "evaluate"] {
        let arguments = [command, "run", "--checkpoint", "step-30", "out"];
        let arguments =
            if command == "export" { ["export", "run", "out", "--checkpoint", "step-30"] } else { arguments };
        let arguments = if command == "evaluate" { &arguments[..4] } else { &arguments[..] };
        refused(&workshop, arguments, &says);
    }
    refused(&workshop, &["average", "run"], &says);
    assert!(!workshop.path("out").exists());
    // As every run was written before.
    std::fs::remove_file(workshop.path("run/checkpoints/step-30/checksums.sha256")).expect("removed");
    workshop.succeed(&["export", "run", "out", "--checkpoint", "step-30"]);
}

#[test]
fn what_is_not_finite_is_not_saved_exported_averaged_or_scored() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 5\n  save_every: 1\nevaluation: { metrics: [], every: 50 }");
    let diverge = |run: &'static str, peak: &str| {
        let peak = format!("training.schedule={{constant: {{peak: {peak}}}}}");
        let set = ["train", "experiment.yaml", "--run", run, "--set", &peak, "--set"];
        workshop.run(&[&set[..], &["training.optimizer={sgd: {}}"]].concat())
    };
    let finished = diverge("diverged", "1e308");
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("there is no finite checkpoint"), "{}", finished.stderr);
    assert!(!workshop.path("diverged/checkpoints/step-1").exists());

    let workshop = trained(TRANSFORMER);
    let ends_with = |value: f32| {
        for step in ["step-20", "step-30"] {
            let folder = workshop.path(&format!("run/checkpoints/{step}"));
            change(&folder.join("model.safetensors"), |bytes| {
                let end = bytes.len() - 4;
                bytes[end..].copy_from_slice(&value.to_le_bytes());
            });
            let _ = std::fs::remove_file(folder.join("checksums.sha256"));
        }
    };
    // Finite, and nothing that is computed from it is.
    ends_with(f32::MAX);
    let pairs = ["--source", "test.en", "--target", "test.de"];
    let of_last = [&["score", "run", "--checkpoint", "last"], &pairs[..]].concat();
    let says = ["test.de:1: ", "no finite log-probability", "of the pairs could not be scored"];
    let scored = refused(&workshop, &of_last, &says);
    assert!(!scored.stdout.contains("NaN"), "{}", scored.stdout);

    ends_with(f32::NAN);
    for command in [
        &of_last[..],
        &["translate", "run", "--checkpoint", "last"],
        &["evaluate", "run", "--checkpoint", "last"],
    ] {
        refused(&workshop, command, &["step-30", "is not finite"]);
    }
    refused(&workshop, &["export", "run", "out", "--checkpoint", "last"], &["step-30", "is not finite"]);
    refused(&workshop, &["average", "run"], &["step-20", "is not finite"]);
    assert!(!workshop.path("out").exists() && !workshop.path("run/averaged.safetensors").exists());
    let resumed = workshop.run(&["train", "--resume", "run"]);
    assert!(resumed.code == Some(0) && resumed.stderr.contains("from step-10"), "{}", resumed.stderr);
}

#[cfg(unix)]
#[test]
fn a_run_at_work_is_left_alone() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, &TRAINING.replace("steps: 30", "steps: 1000000"));
    let child = at_work(&workshop, &["train", "experiment.yaml", "--run", "run"], "run/checkpoints/last");
    for arguments in
        [&["train", "experiment.yaml", "--run", "run", "--overwrite"][..], &["train", "--resume", "run"]]
    {
        refused(&workshop, arguments, &["run: another process is training"]);
    }
    assert!(!workshop.path("run.old-1").exists());
    end(child);
    // The lock has died with it.
    let anew = ["train", "experiment.yaml", "--run", "run", "--overwrite", "--set", "training.steps=2"];
    workshop.succeed(&anew);
    assert!(workshop.path("run.old-1/checkpoints/last").is_file());
}

#[cfg(unix)]
#[test]
fn two_cross_validations_do_not_share_a_folder() {
    let workshop = Workshop::new();
    workshop.people(
        2,
        "training: { steps: 1000000, save_every: 5, batch: { tokens: 300 } }
evaluation: { metrics: [], every: 5 }
",
    );
    let command = ["cross-validate", "experiment.yaml", "--over", "who", "--run", "folds"];
    let child = at_work(&workshop, &command, "folds/who-0/checkpoints/last");
    refused(&workshop, &command, &["folds: another process is training"]);
    assert!(
        workshop.path("folds/who-0/checkpoints").is_dir() && !workshop.path("folds/who-0.old-1").exists()
    );
    end(child);
}

#[test]
fn an_export_goes_over_no_other() {
    let workshop = trained(TRANSFORMER);
    workshop.succeed(&["export", "run", "out"]);
    refused(&workshop, &["export", "run", "out"], &["out: this folder is not empty"]);
}

#[test]
fn a_model_larger_than_its_weights_is_refused_before_it_is_built() {
    for (model, larger) in [
        (TRANSFORMER, TRANSFORMER.replace("d_model: 32", "d_model: 65536")),
        ("  lstm: { d_model: 32 }", "  lstm: { d_model: 65536 }".to_owned()),
        ("  lstm: { d_model: 32 }", "  lstm: { d_model: 32, encoder_layers: 1024 }".to_owned()),
    ] {
        let workshop = trained(model);
        let resolved = workshop.read("run/resolved.yaml");
        let begin = resolved.find("\nmodel:").expect("it has one") + 1;
        let stop = begin + resolved[begin..].find("\ntraining:").expect("it comes after");
        let changed = format!("{}model:\n{larger}{}", &resolved[..begin], &resolved[stop..]);
        workshop.write("run/resolved.yaml", &changed);
        let says = [
            "step-",
            "model.safetensors",
            "the parameter ",
            if larger.contains("1024") { "missing" } else { "65536" },
        ];
        refused(&workshop, &["describe", "run"], &says);
        refused(&workshop, &["translate", "run", "test.en"], &says);
        refused(&workshop, &["export", "run", "out"], &says);
        refused(&workshop, &["train", "--resume", "run"], &[]);
    }
}

/// Writes fail at many bytes of a checkpoint: the older one is whole, and training goes on from it to the same bytes.
#[cfg(unix)]
#[test]
fn a_file_system_that_fills_leaves_the_older_checkpoint() {
    let workshop = trained(TRANSFORMER);
    let whole = sha256(&workshop.path("run/checkpoints/step-30/model.safetensors"));
    let program = env!("CARGO_BIN_EXE_any2any");
    for kilobytes in [1, 16, 64, 150, 200, 300] {
        let _ = std::fs::remove_dir_all(workshop.path("run/checkpoints/step-30"));
        workshop.succeed(&["train", "--resume", "run", "--from", "step-20", "--steps", "21"]);
        // Only files that are written from here on are limited.
        let script =
            format!("trap '' XFSZ; ulimit -f {kilobytes}; exec {program} train --resume run --steps 30");
        let mut command = std::process::Command::new("sh");
        let limited = command.args(["-c", &script]).current_dir(workshop.path("")).output().expect("a shell");
        let newest = |code: Option<i32>| if code == Some(0) { 30 } else { 21 };
        let there = workshop.path(&format!("run/checkpoints/step-{}", newest(limited.status.code())));
        assert!(there.is_dir(), "{kilobytes}: {}", String::from_utf8_lossy(&limited.stderr));
        workshop.succeed(&["train", "--resume", "run", "--steps", "30"]);
        assert_eq!(sha256(&workshop.path("run/checkpoints/step-30/model.safetensors")), whole, "{kilobytes}");
    }
}
