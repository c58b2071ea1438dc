//! Every command that writes, killed without warning at fifty random moments: nothing half stays under a good name, and
//! what goes on afterwards ends as if nothing had happened.
#![cfg(unix)]

#[allow(dead_code)] // the downloader tests use all of it
#[path = "../crates/data/src/download/server.rs"]
mod server;

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use any2any_adapter::{Random, Seed};
use serde_json::Value;

use self::server::{Answer, Server};
use crate::support::{TRANSFORMER, Workshop, pack, sha256};

/// Number of kills of each command.
const KILLS: usize = 50;

/// Within what time a command is killed that takes long.
const SOON: Duration = Duration::from_millis(800);

const TRAINING: &str = "  steps: 200
  save_every: 4
  log_every: 1
evaluation: { metrics: [], every: 100, keep_best: 2 }";

/// Runs a command that must succeed, and says how long it takes.
fn whole(workshop: &Workshop, arguments: &[&str]) -> Duration {
    let began = Instant::now();
    workshop.succeed(arguments);
    began.elapsed()
}

/// Starts a command and kills it at a random moment within a time; true if it was still at work.
fn kill(workshop: &Workshop, arguments: &[&str], within: Duration, random: &mut Random) -> bool {
    let mut command = workshop.command(arguments);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    std::thread::sleep(within.mul_f64(random.unit()));
    let ended = child.try_wait().expect("it can be asked");
    child.kill().expect("SIGKILL");
    child.wait().expect("it is gone");
    if let Some(status) = ended {
        assert!(status.success(), "{arguments:?}: {status}");
    }
    ended.is_none()
}

/// Kills a command until it was at work for fifty times; `look` sees what every killed or finished one has left, and
/// whether it was killed.
fn killed(workshop: &Workshop, name: &str, arguments: &[&str], within: Duration, look: impl FnMut(bool)) {
    killed_in_turn(workshop, name, || arguments, within, look);
}

/// Kills whichever command is the next one.
fn killed_in_turn<'a>(
    workshop: &Workshop,
    name: &str,
    next: impl Fn() -> &'a [&'a str],
    mut within: Duration,
    mut look: impl FnMut(bool),
) {
    let random = &mut Seed(23).random(name, 0);
    let mut at_work = 0;
    for _ in 0..4 * KILLS {
        let was_at_work = kill(workshop, next(), within, random);
        at_work += usize::from(was_at_work);
        // A machine that has become faster is killed sooner.
        if !was_at_work {
            within = within.mul_f64(0.9);
        }
        look(was_at_work);
        if at_work == KILLS {
            return;
        }
    }
    panic!("{name} was killed at work only {at_work} times");
}

/// Every checkpoint of a run is whole, and `best` and `last` name one that is there.
fn assert_checkpoints(run: &Path) {
    let checkpoints = run.join("checkpoints");
    for entry in std::fs::read_dir(&checkpoints).into_iter().flatten() {
        let place = entry.expect("an entry").path();
        let name = place.file_name().expect("a name").to_string_lossy().into_owned();
        if name.starts_with("step-") {
            let sums = std::fs::read_to_string(place.join("checksums.sha256")).expect("checksums");
            assert_eq!(sums.lines().count(), 3, "{name}");
            for line in sums.lines() {
                let (sum, file) = line.split_once("  ").expect("a sum and a file");
                assert_eq!(sha256(&place.join(file)), sum, "{name}/{file}");
            }
        } else if ["best", "last"].contains(&name.as_str()) {
            let named = std::fs::read_to_string(&place).expect("readable");
            assert!(checkpoints.join(named.trim()).is_dir(), "{name}: {named}");
        }
    }
}

fn model(workshop: &Workshop, run: &str, step: usize) -> String {
    sha256(&workshop.path(&format!("{run}/checkpoints/step-{step}/model.safetensors")))
}

#[test]
fn a_killed_training_ends_with_the_same_bytes() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "whole"]);
    let begin = ["train", "experiment.yaml", "--run", "run", "--overwrite"];
    let resume = ["train", "--resume", "run"];
    let run = workshop.path("run");
    let next = || if run.join("checkpoints/last").exists() { &resume[..] } else { &begin[..] };
    let as_whole = || {
        assert_eq!(model(&workshop, "run", 200), model(&workshop, "whole", 200));
        let best = |run: &str| workshop.read(&format!("{run}/checkpoints/best"));
        assert_eq!(best("run"), best("whole"));
    };
    killed_in_turn(&workshop, "train", next, SOON, |was_at_work| {
        assert_checkpoints(&run);
        // Finished, it is done once more from the beginning.
        if !was_at_work {
            as_whole();
            std::fs::remove_dir_all(&run).expect("removed");
        }
    });
    workshop.succeed(next());
    as_whole();
}

#[test]
fn a_killed_export_or_average_leaves_nothing_half() {
    let workshop = Workshop::new();
    workshop.experiment(
        TRANSFORMER,
        "  steps: 9\n  save_every: 3\nevaluation: { metrics: [], every: 3, keep_best: 3 }",
    );
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
    let time = whole(&workshop, &["export", "run", "whole"]);
    let files = |folder: &Path| -> Vec<(String, String)> {
        let entries =
            std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let files = entries.filter(|path| path.is_file());
        let mut files: Vec<_> = files
            .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), sha256(&path)))
            .collect();
        files.sort();
        files
    };
    let expected = files(&workshop.path("whole"));
    let out = workshop.path("out");
    killed(&workshop, "export", &["export", "run", "out"], time, |_| {
        if out.exists() {
            assert_eq!(files(&out), expected);
            std::fs::remove_dir_all(&out).expect("removed");
        }
    });

    let time = whole(&workshop, &["average", "run", "--output", "whole.safetensors"]);
    let expected = sha256(&workshop.path("whole.safetensors"));
    let averaged = workshop.path("run/averaged.safetensors");
    killed(&workshop, "average", &["average", "run"], time, |_| {
        if averaged.exists() {
            assert_eq!(sha256(&averaged), expected);
            std::fs::remove_file(&averaged).expect("removed");
        }
    });
}

#[test]
fn a_killed_sweep_ends_with_the_same_map() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 30\n  log_every: 1\nevaluation: { metrics: [], every: 30 }");
    let sweep = |run: &'static str| {
        let rates = "training.schedule.constant.peak=0.001..100:5:log";
        let dropout = "model.transformer.dropout=0,0.05,0.1,0.15,0.2,0.25,0.3,0.35,0.4,0.45";
        ["sweep", "experiment.yaml", "--over", rates, "--over", dropout, "--run", run]
    };
    workshop.succeed(&sweep("whole"));
    let map = workshop.path("run/sweep.json");
    let mut cells = 0;
    killed(&workshop, "sweep", &sweep("run"), SOON, |_| {
        if let Ok(text) = std::fs::read_to_string(&map) {
            let read: Value = serde_json::from_str(&text).expect("JSON");
            let known = read["cells"].as_array().expect("cells").len();
            assert!(known >= cells, "what was known stays known");
            cells = known;
        }
        // Finished, it is done once more from the beginning.
        if cells == 50 {
            assert_eq!(workshop.read("run/sweep.json"), workshop.read("whole/sweep.json"));
            std::fs::remove_dir_all(workshop.path("run")).expect("removed");
            cells = 0;
        }
    });
    workshop.succeed(&sweep("run"));
    assert_eq!(workshop.read("run/sweep.json"), workshop.read("whole/sweep.json"));
}

#[test]
fn a_killed_cross_validation_ends_with_the_same_scores() {
    let workshop = Workshop::new();
    workshop.people(
        4,
        "training: { steps: 120, save_every: 4, batch: { tokens: 300 } }
evaluation: { metrics: [chrf], every: 30 }
decoding: { max_length: 12 }
",
    );
    let command = |run: &'static str| ["cross-validate", "experiment.yaml", "--over", "who", "--run", run];
    workshop.succeed(&command("whole"));
    let folds = || (0..4).map(|who| format!("who-{who}"));
    killed(&workshop, "cross-validate", &command("run"), SOON, |_| {
        for fold in folds() {
            let run = workshop.path("run").join(&fold);
            assert_checkpoints(&run);
            if let Ok(scores) = std::fs::read_to_string(run.join("scores.json")) {
                assert_eq!(scores, workshop.read(&format!("whole/{fold}/scores.json")), "{fold}");
            }
        }
        // Finished, it is done once more from the beginning.
        if folds().all(|fold| workshop.path("run").join(fold).join("scores.json").exists()) {
            std::fs::remove_dir_all(workshop.path("run")).expect("removed");
        }
    });
    workshop.succeed(&command("run"));
    for fold in folds() {
        let scores = |run: &str| workshop.read(&format!("{run}/{fold}/scores.json"));
        assert_eq!(scores("run"), scores("whole"), "{fold}");
    }
}

#[test]
fn a_killed_download_leaves_only_what_was_verified() {
    let workshop = Workshop::new();
    let random = &mut Seed(31).random("files", 0);
    let mut noise = |length: usize| -> Vec<u8> { (0..length).map(|_| random.below(256) as u8).collect() };
    let plain = noise(6_000_000);
    let pages = workshop.path("pages");
    std::fs::create_dir(&pages).expect("a folder");
    for page in 0..30 {
        std::fs::write(pages.join(format!("{page}.txt")), noise(60_000)).expect("written");
    }
    pack(&workshop.path(""), "pages.tar.gz", &["pages"]);
    std::fs::write(workshop.path("plain.txt"), &plain).expect("written");
    let packed = std::fs::read(workshop.path("pages.tar.gz")).expect("readable");
    let [plain_sum, packed_sum] = ["plain.txt", "pages.tar.gz"].map(|name| sha256(&workshop.path(name)));
    let sizes = [plain.len(), packed.len()];
    // True if the text comes a byte at a time, so that a kill is sure to meet it on its way.
    let slow = Arc::new(AtomicBool::new(false));
    let drips = slow.clone();
    let server = Server::start(move |_, asked| {
        if asked.path != "/plain.txt" {
            return Answer::proper(&packed, asked);
        }
        let drip = drips.load(Ordering::Relaxed).then_some(Duration::from_micros(1));
        Answer { drip, ..Answer::proper(&plain, asked) }
    });
    workshop.write(
        "noise.yaml",
        &format!(
            "name: noise
description: Noise.
licence: CC0
files:
  - {{ path: plain.txt, urls: [{}], sha256: {plain_sum}, bytes: {} }}
  - path: pages.tar.gz
    urls: [{}]
    sha256: {packed_sum}
    bytes: {}
    archive: {{ format: tar_gz, into: unpacked }}
splits:
  train: {{ parallel: {{ text: plain.txt }} }}
",
            server.url("/plain.txt"),
            sizes[0],
            server.url("/pages.tar.gz"),
            sizes[1]
        ),
    );
    let get = ["data", "get", "noise.yaml", "--data-root", "data"];
    let time = whole(&workshop, &get);
    let folder = workshop.path("data/noise");
    let look = |was_killed: bool| {
        for (name, sum) in [("plain.txt", &plain_sum), ("pages.tar.gz", &packed_sum)] {
            if folder.join(name).exists() {
                assert_eq!(sha256(&folder.join(name)), *sum, "{name}");
            }
        }
        let unpacked = folder.join("unpacked");
        if unpacked.exists() {
            for page in 0..30 {
                let [ours, other] =
                    [unpacked.join("pages"), pages.clone()].map(|at| at.join(format!("{page}.txt")));
                assert_eq!(std::fs::read(ours).ok(), std::fs::read(other).ok(), "page {page}");
            }
        }
        if !was_killed {
            assert!(unpacked.exists() && folder.join("plain.txt").exists());
            std::fs::remove_dir_all(&folder).expect("removed");
        }
    };
    look(false);
    killed(&workshop, "data get", &get, time, look);
    let _ = std::fs::remove_dir_all(&folder);
    slow.store(true, Ordering::Relaxed);
    let mut command = workshop.command(&get);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let began = Instant::now();
    let some = || {
        let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).any(|file| file.is_file() && file.len() > 0)
    };
    while !some() {
        assert!(began.elapsed() < Duration::from_secs(60), "nothing ever came");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("it is gone");
    slow.store(false, Ordering::Relaxed);
    look(true);
    workshop.succeed(&get);
    look(false);
    // Bytes that were there already when a download went on are not asked for again.
    let asked = server.asked();
    assert!(asked.iter().any(|asked| asked.from.is_some_and(|from| from > 0)), "no download ever went on");
}
