//! A checkpoint that is saved or loaded while something runs out, with an older one beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use any2any_run::{Checkpoint, Checkpoints, State, Weights};

use crate::allocator::{Shortage, short};
use crate::child::{self, End};

/// The files that a save writes, in this order.
const WRITTEN: [&str; 5] =
    ["model.safetensors", "optimizer.safetensors", "state.json", "checksums.sha256", "last"];

const OLDER: u64 = 10;
const NEWER: u64 = 20;

fn checkpoint(step: u64) -> Checkpoint {
    let values = |of: usize| -> Vec<f32> { (0..of).map(|at| (at as f32 - 3.5) / step as f32).collect() };
    let weights = |names: &[&str]| -> BTreeMap<String, Weights> {
        let weights = |name: &&str| ((*name).to_owned(), Weights { shape: vec![4, 8], values: values(32) });
        names.iter().map(weights).collect()
    };
    let moments = ["mean/a.weight", "mean/b.weight", "square/a.weight", "square/b.weight"];
    Checkpoint {
        architecture: None,
        weights: weights(&["a.weight", "b.weight"]),
        lora: None,
        optimizer: moments
            .iter()
            .map(|name| ((*name).to_owned(), Weights { shape: vec![32], values: values(32) }))
            .collect(),
        state: State { step, tokens: step * 300, ..State::default() },
    }
}

/// A folder with the older checkpoint, which is the best and the last one.
struct Place {
    _folder: tempfile::TempDir,
    checkpoints: Checkpoints,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        // In memory where the system has that, since each of thousands of saves waits for the disk.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let folder = folder.expect("a temporary folder");
        let path = folder.path().join("checkpoints");
        let checkpoints = Checkpoints::new(&path);
        checkpoints.save(&checkpoint(OLDER)).expect("saved");
        checkpoints.point("best", OLDER).expect("pointed");
        Self { _folder: folder, checkpoints, path }
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.path).expect("a folder");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<String> = entries.map(|entry| name(entry).into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }

    /// After a save of the newer checkpoint that has failed: what is there is whole and used, and what is unfinished
    /// goes with the next save. True if the newer one is there.
    fn look(&self, context: &str) -> bool {
        let names = self.names();
        let newer = format!("step-{NEWER}");
        let is_there = names.contains(&newer);
        for name in &names {
            let known = ["best", "last", "step-10", &newer].contains(&name.as_str());
            assert!(known || name.starts_with(".unfinished-"), "{context}: {names:?}");
        }
        let same = |folder: &Path, step: u64| {
            let loaded = Checkpoint::load(folder).unwrap_or_else(|error| panic!("{context}: {error}"));
            assert!(is(&loaded, step), "{context}: step {step}");
        };
        assert_eq!(self.checkpoints.newest_whole(), Some(if is_there { NEWER } else { OLDER }), "{context}");
        same(&self.checkpoints.resolve("best").expect("named"), OLDER);
        let last = self.checkpoints.resolve("last").unwrap_or_else(|error| panic!("{context}: {error}"));
        match last.ends_with(&newer) {
            true => same(&last, NEWER),
            false => same(&last, OLDER),
        }
        if is_there {
            same(&self.checkpoints.step(NEWER), NEWER);
        }
        self.clean(context);
        is_there
    }

    /// The clean-up of a training after its next save.
    fn clean(&self, context: &str) {
        self.checkpoints.point("last", OLDER).expect("pointed");
        self.checkpoints.keep_only(&[OLDER]).unwrap_or_else(|error| panic!("{context}: {error}"));
        assert_eq!(self.names(), ["best", "last", "step-10"], "{context}");
    }

    /// That a save is possible again.
    fn save(&self) {
        assert_eq!(self.checkpoints.save(&checkpoint(NEWER)).expect("saved"), None);
        assert_eq!(self.names(), ["best", "last", "step-10", "step-20"]);
        assert!(is(
            &Checkpoint::load(&self.checkpoints.resolve("last").expect("named")).expect("whole"),
            NEWER
        ));
        self.clean("saved");
    }
}

fn is(loaded: &Checkpoint, step: u64) -> bool {
    let expected = checkpoint(step);
    (&loaded.weights, &loaded.optimizer, &loaded.state)
        == (&expected.weights, &expected.optimizer, &expected.state)
}

/// Every byte of a checkpoint, and of the names of the best and the last one, is where a file system is full.
pub(crate) fn writes_fail_at_every_byte() {
    let (end, _, said) = child::end(child::command("writes", u64::MAX, Shortage::Once));
    assert_eq!(end, End::Done, "{said}");
    println!("{}", said.lines().next().unwrap_or_default());
}

/// Saves in a process where a file that is too long is an error.
pub(crate) fn writes() -> ExitCode {
    let place = Place::new();
    place.save();
    let newer = checkpoint(NEWER);
    let save = |number, shortage| short(number, shortage, || place.checkpoints.save(&newer)).0;
    // The allocation from which on each file is the first that cannot be written at all.
    let mut begins = BTreeMap::new();
    for number in 1.. {
        let Err(error) = save(number, Shortage::Bytes(0)) else { break };
        let error = error.to_string();
        let failed = WRITTEN.iter().position(|name| error.contains(&format!("/{name}: ")));
        begins.entry(failed.unwrap_or_else(|| panic!("{error}"))).or_insert(number);
        place.look(&format!("no file from allocation {number} on"));
    }
    assert_eq!(begins.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3, 4], "each file fails");
    place.checkpoints.keep_only(&[OLDER]).expect("removed");
    place.checkpoints.save(&newer).expect("saved");
    let size = |name: &str| {
        let folder = if name == "last" { place.path.clone() } else { place.checkpoints.step(NEWER) };
        std::fs::metadata(folder.join(name)).expect("written").len()
    };
    let sizes = WRITTEN.map(size);
    place.clean("saved");
    let mut failures = 0;
    for (at, &number) in &begins {
        for byte in 0..sizes[*at] {
            let context = format!("byte {byte} of {}", WRITTEN[*at]);
            let error = save(number, Shortage::Bytes(byte)).expect_err(&context).to_string();
            assert!(error.contains(&format!("/{}: ", WRITTEN[*at])), "{context}: {error}");
            let is_there = place.look(&context);
            assert_eq!(is_there, WRITTEN[*at] == "last", "{context}");
            failures += 1;
        }
        place.save();
    }
    for byte in 0.."step-20\n".len() as u64 {
        let point = || place.checkpoints.point("best", NEWER);
        let error = short(1, Shortage::Bytes(byte), point).0.expect_err("full").to_string();
        assert!(error.contains("/best: "), "{error}");
        place.look(&format!("byte {byte} of best"));
    }
    eprintln!("{failures} writes failed, at each byte of {sizes:?}");
    ExitCode::SUCCESS
}

/// From each point of a save on, no file can be opened.
pub(crate) fn files_do_not_open_at_every_point() {
    let place = Place::new();
    place.save();
    let newer = checkpoint(NEWER);
    let mut failures = 0;
    for number in 1.. {
        let saved = short(number, Shortage::Files, || place.checkpoints.save(&newer)).0;
        if saved.is_ok() {
            break;
        }
        place.look(&format!("no open file from allocation {number} on"));
        failures += 1;
    }
    place.clean("saved");
    place.save();
    assert!(failures > 50, "{failures}");
    println!("files did not open at {failures} points of a save");
}

/// Each allocation of a save and of a load is one that fails.
pub(crate) fn every_allocation_fails() {
    let place = Place::new();
    let run = |part: &str, number, shortage| {
        let mut command = child::command(part, number, shortage);
        command.arg(&place.path);
        child::end(command)
    };
    // Memory that stays short differs where an error would be handled, which is at few points.
    for (shortage, every) in [(Shortage::Once, 1), (Shortage::Lasting, 8)] {
        let (end, count, said) = run("save", u64::MAX, shortage);
        assert_eq!(end, End::Done, "{said}");
        place.clean("saved");
        let mut ends = BTreeMap::<String, usize>::new();
        for number in (1..=count.expect("it counts")).step_by(every) {
            let (end, _, said) = run("save", number, shortage);
            let is_there = place.look(&format!("save, {shortage:?} {number}"));
            assert!(end != End::Done || is_there, "{number}: {said}");
            *ends.entry(format!("{end:?}")).or_default() += 1;
        }
        place.save();
        println!("save, {shortage:?}: {ends:?}");

        place.checkpoints.save(&checkpoint(NEWER)).expect("saved");
        let (_, count, said) = run("load", u64::MAX, shortage);
        let mut ends = BTreeMap::<String, usize>::new();
        for number in (1..=count.unwrap_or_else(|| panic!("{said}"))).step_by(every) {
            let (end, _, _) = run("load", number, shortage);
            *ends.entry(format!("{end:?}")).or_default() += 1;
        }
        assert!(place.look("load"), "nothing was written");
        println!("load, {shortage:?}: {ends:?}");
    }
}

/// The folder that this program was given.
fn given() -> PathBuf {
    std::env::args_os().nth(1).expect("a folder").into()
}

/// Saves the newer checkpoint.
pub(crate) fn save() -> ExitCode {
    ended(Checkpoints::new(given()).save(&checkpoint(NEWER)).map(drop))
}

/// Loads the newer checkpoint, which must be what it was or an error.
pub(crate) fn load() -> ExitCode {
    ended(Checkpoint::load(&Checkpoints::new(given()).step(NEWER)).map(|loaded| assert!(is(&loaded, NEWER))))
}

fn ended(result: Result<(), any2any_run::RunError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
