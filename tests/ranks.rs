//! Trainings of several ranks under `mpirun`: the bytes of one process, and one end for all.
//!
//! ```text
//! cargo test --workspace --features any2any/mpi --test ranks
//! ```
//!
//! A binary of its own, since it is built with a feature that needs an MPI of the system.

mod support;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use any2any_adapter::Seed;

use support::{Finished, TRANSFORMER, Workshop, finished};

/// Within what time all ranks end after one of them has.
const SOON: Duration = Duration::from_secs(30);

const TRAINING: &str = "  steps: 12
  accumulate: 8
  save_every: 4
  log_every: 1
evaluation: { metrics: [bleu], every: 6, decode_at_most: 8 }
decoding: { max_length: 20 }";

fn workshop() -> Workshop {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop
}

/// A program as so many ranks, on as few cores as there are, whoever calls.
fn ranks(workshop: &Workshop, number: usize, program: &[&str]) -> Command {
    let mut command = Command::new("mpirun");
    command.args(["-n", &number.to_string()]).args(program).current_dir(workshop.path(""));
    command.env_remove("ANY2ANY_DATA").stdin(Stdio::null());
    // Open MPI 4 and 5 each read their own; MPICH needs none of them.
    command.envs([
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
        ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
        ("OMPI_MCA_hwloc_base_binding_policy", "none"),
        ("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe"),
        // The launcher of Open MPI 4.1 with PMIx 4.2 sometimes hangs in a lock of its own, once its ranks have ended, if one of
        // them is killed while MPI starts. With this store it does not (docs/scale.md).
        ("PMIX_MCA_gds", "hash"),
    ]);
    command
}

fn train<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&[env!("CARGO_BIN_EXE_any2any"), "train"], arguments].concat()
}

/// Trains on so many ranks to the end.
fn run(workshop: &Workshop, number: usize, arguments: &[&str]) -> Finished {
    let began = Instant::now();
    let finished = finished(ranks(workshop, number, &train(arguments)).output().expect("mpirun runs"));
    assert!(began.elapsed() < Duration::from_secs(120), "{arguments:?} took {:?}", began.elapsed());
    finished
}

fn succeed(workshop: &Workshop, number: usize, arguments: &[&str]) -> Finished {
    let finished = run(workshop, number, arguments);
    assert_eq!(finished.code, Some(0), "{number} ranks, {arguments:?}: {}", finished.stderr);
    finished
}

/// All lines of a log without what a clock says.
fn log(workshop: &Workshop, run: &str) -> Vec<serde_json::Value> {
    let log = workshop.read(&format!("{run}/metrics.jsonl"));
    let line = |line: &str| {
        let mut line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let fields = line.as_object_mut().expect("an object");
        fields.retain(|name, _| name != "seconds" && name != "tokens_per_second");
        line
    };
    log.lines().map(line).collect()
}

#[test]
fn any_number_of_ranks_ends_with_the_same_bytes_and_log() {
    let workshop = workshop();
    workshop.succeed(&["train", "experiment.yaml", "--run", "one"]);
    for number in [2, 4, 8] {
        let run = format!("on-{number}");
        let finished = succeed(&workshop, number, &["experiment.yaml", "--run", &run]);
        assert_eq!(workshop.sums(&run, 12), workshop.sums("one", 12), "{number} ranks");
        assert_eq!(log(&workshop, &run), log(&workshop, "one"), "{number} ranks");
        let told = finished.stdout.matches("everything is in").count();
        assert_eq!(told, 1, "the first rank alone speaks:\n{}", finished.stdout);
    }
    // The first rank encodes what all read.
    let on_disk = ["--set", "tasks.translate.data.store=disk", "--cache", "cache"];
    let finished = succeed(&workshop, 2, &[&["experiment.yaml", "--run", "on-disk"][..], &on_disk].concat());
    assert_eq!(workshop.sums("on-disk", 12), workshop.sums("one", 12));
    assert_eq!(finished.stderr.matches("encoding its samples").count(), 1, "{}", finished.stderr);
}

#[test]
fn numbers_of_sixteen_bits_end_near_those_of_thirty_two() {
    let workshop = workshop();
    workshop.succeed(&["train", "experiment.yaml", "--run", "one"]);
    let sixteen = ["experiment.yaml", "--run", "two", "--set", "training.exchange=bfloat16"];
    succeed(&workshop, 2, &sixteen);
    let loss =
        |run: &str| log(&workshop, run).iter().rev().find_map(|line| line["loss"].as_f64()).expect("a loss");
    let (one, two) = (loss("one"), loss("two"));
    assert!(one != two && (one - two).abs() < 0.02 * one, "{two}, not {one}");
}

#[test]
fn a_run_goes_on_with_another_number_of_ranks() {
    let workshop = workshop();
    workshop.succeed(&["train", "experiment.yaml", "--run", "one"]);
    succeed(&workshop, 4, &["experiment.yaml", "--run", "run", "--set", "training.steps=4"]);
    workshop.succeed(&["train", "--resume", "run", "--steps", "8"]);
    succeed(&workshop, 2, &["--resume", "run", "--steps", "12"]);
    assert_eq!(workshop.sums("run", 12), workshop.sums("one", 12));
}

#[test]
fn batches_that_cannot_be_shared_are_refused_once() {
    let finished = run(&workshop(), 3, &["experiment.yaml", "--run", "run"]);
    assert_ne!(finished.code, Some(0));
    let told = "3 ranks cannot share the 8 batches of an update evenly";
    assert_eq!(finished.stderr.matches(told).count(), 1, "{}", finished.stderr);
    assert!(finished.stderr.contains("start 2 of them"), "{}", finished.stderr);
}

#[test]
fn what_is_wrong_is_told_as_often_as_by_one_process() {
    let workshop = workshop();
    let exploding = [
        "experiment.yaml",
        "--set",
        "training.schedule={constant: {peak: 1.0e+25}}",
        "--set",
        "training.optimizer={sgd: {}}",
        "--set",
        "training.clip_norm=null",
    ];
    for (arguments, told) in [
        (&["missing.yaml"][..], "missing.yaml"),
        (&["--resume", "nowhere"], "nowhere"),
        (&exploding, "is not finite"),
    ] {
        let times = |run: &str, number: usize| {
            let place = if arguments[0] == "--resume" { vec![] } else { vec!["--run", run] };
            let finished = self::run(&workshop, number, &[arguments, &place].concat());
            assert_ne!(finished.code, Some(0), "{arguments:?}");
            (finished.stderr.matches(told).count(), finished.stderr)
        };
        let ((alone, _), (together, stderr)) = (times("one", 1), times("two", 2));
        assert!(alone > 0 && alone == together, "{arguments:?}: {alone} times, not {together}:\n{stderr}");
    }
}

#[test]
fn ranks_of_different_trainings_are_refused() {
    let workshop = workshop();
    let begin = ["experiment.yaml", "--run", "run"];
    let other = [&train(&begin)[..], &["--set", "seed=8"]].concat();
    let program = [&train(&begin)[..], &[":", "-n", "1"], &other].concat();
    let finished = finished(ranks(&workshop, 1, &program).output().expect("mpirun runs"));
    assert_ne!(finished.code, Some(0));
    let told = "rank 1 has another experiment than rank 0";
    assert_eq!(finished.stderr.matches(told).count(), 1, "{}", finished.stderr);
}

/// The process of a rank that trains in a workshop.
fn process(workshop: &Workshop, rank: usize) -> Option<String> {
    let folder = workshop.path("").canonicalize().expect("a folder");
    let is_it = |entry: &std::fs::DirEntry| {
        let link = |name: &str| std::fs::read_link(entry.path().join(name)).ok();
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        let told = ["OMPI_COMM_WORLD_RANK", "PMI_RANK"].map(|name| format!("{name}={rank}"));
        let is_rank =
            environment.split(|byte| *byte == 0).any(|of| told.iter().any(|told| told.as_bytes() == of));
        let is_ours = link("exe").is_some_and(|program| program == Path::new(env!("CARGO_BIN_EXE_any2any")));
        is_rank && is_ours && link("cwd").is_some_and(|cwd| cwd == folder)
    };
    let found = std::fs::read_dir("/proc").expect("Linux").flatten().find(is_it)?;
    Some(found.file_name().to_string_lossy().into_owned())
}

/// A long training on two ranks, once it has saved a checkpoint, with the process of one of them.
fn at_work(workshop: &Workshop, rank: usize) -> (Child, String) {
    let program = train(&["experiment.yaml", "--run", "run", "--set", "training.steps=100000"]);
    // A file that grows too large is an error, as on a full disk, and no signal.
    let program = [&["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""], &program[..]].concat();
    let mut command = ranks(workshop, 2, &program);
    let launcher = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("mpirun runs");
    let began = Instant::now();
    while !workshop.path("run/checkpoints/last").exists() {
        assert!(began.elapsed() < Duration::from_secs(120), "no checkpoint");
        std::thread::sleep(Duration::from_millis(50));
    }
    (launcher, process(workshop, rank).expect("the rank runs"))
}

/// Does something to a process.
fn call(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().expect("a command of every Linux");
    assert!(status.success(), "{program} {arguments:?}: the rank has ended by itself");
}

/// Both runs end with the same bytes: one that goes on after its last checkpoint, and one of one process.
fn goes_on_as_one(workshop: &Workshop) {
    let last = workshop.read("run/checkpoints/last");
    let last: usize = last.trim().strip_prefix("step-").expect("a step").parse().expect("a number");
    let steps = (last + 4).to_string();
    succeed(workshop, 2, &["--resume", "run", "--steps", &steps]);
    let set = format!("training.steps={steps}");
    workshop.succeed(&["train", "experiment.yaml", "--run", "one", "--overwrite", "--set", &set]);
    assert_eq!(workshop.sums("run", last + 4), workshop.sums("one", last + 4));
}

/// Waits until all ranks have ended, which they must soon.
fn ends_soon(mut launcher: Child) -> Finished {
    let began = Instant::now();
    while launcher.try_wait().expect("it can be asked").is_none() {
        if began.elapsed() > SOON {
            launcher.kill().expect("SIGKILL");
            panic!("ranks wait for one that has ended");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    finished(launcher.wait_with_output().expect("it has ended"))
}

#[test]
fn a_rank_that_is_killed_ends_all_and_the_run_goes_on_to_the_same_bytes() {
    let workshop = workshop();
    let random = &mut Seed(5).random("kill", 0);
    let mut killed = 0;
    while killed < 20 {
        let begun = workshop.path("run/checkpoints/last").exists();
        let begin = ["experiment.yaml", "--run", "run", "--overwrite", "--set", "training.steps=100000"];
        let arguments = if begun { &["--resume", "run", "--steps", "100000"][..] } else { &begin };
        let mut command = ranks(&workshop, 2, &train(arguments));
        let launcher = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("mpirun runs");
        let within = if begun { Duration::from_millis(1500) } else { Duration::from_millis(4000) };
        std::thread::sleep(within.mul_f64(random.unit()));
        // Before its rank is started, the launcher is asked again.
        let process = std::iter::repeat_with(|| process(&workshop, killed % 2)).flatten().next();
        call("kill", &["-KILL", &process.expect("it is asked until the rank is there")]);
        assert_ne!(ends_soon(launcher).code, Some(0), "kill {killed}");
        killed += 1;
    }
    goes_on_as_one(&workshop);
}

#[test]
fn a_full_disk_ends_all_ranks_and_leaves_the_last_checkpoint() {
    let workshop = workshop();
    let (launcher, process) = at_work(&workshop, 0);
    call("prlimit", &["--pid", &process, "--fsize=32768"]);
    let finished = ends_soon(launcher);
    assert_ne!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("error: ").count(), 1, "{}", finished.stderr);
    goes_on_as_one(&workshop);
}

/// One rank is told to stop, and all stop after the same step, with a checkpoint to go on from.
#[test]
fn a_rank_that_is_interrupted_stops_all_after_the_same_step() {
    let workshop = workshop();
    let (launcher, process) = at_work(&workshop, 1);
    call("kill", &["-INT", &process]);
    let finished = ends_soon(launcher);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("go on with: any2any train --resume run").count(), 1);
}
