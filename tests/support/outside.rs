//! Data that tests take from outside of the repository, where an environment variable says that it lies. A test that lacks
//! its data passes, and says so twice: on the terminal, and as a line of `target/tests-without-data`, which `.ci/run`
//! counts at its end.

#![allow(dead_code)] // each test file uses a part of it

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Below the root of the repository: a line for each test that lacked its data.
const LIST: &str = "target/tests-without-data";

/// `below` in the folder that a variable names; none, said and counted, where it is not there.
pub(crate) fn folder(variable: &str, below: &str) -> Option<PathBuf> {
    let found =
        std::env::var_os(variable).map(|root| Path::new(&root).join(below)).filter(|path| path.exists());
    if found.is_none() {
        lacks(&if below.is_empty() { variable.to_owned() } else { format!("{variable}/{below}") });
    }
    found
}

/// `below` in the folder of models: that which ANY2ANY_MODELS names, or `shared/models` beside the repository; none,
/// reported and counted, where it is not there.
pub(crate) fn models(below: &str) -> Option<PathBuf> {
    const VARIABLE: &str = "ANY2ANY_MODELS";
    if std::env::var_os(VARIABLE).is_some() {
        return folder(VARIABLE, below);
    }
    let beside = root().parent().map(|parent| parent.join("shared/models").join(below));
    let found = beside.filter(|path| path.exists());
    if found.is_none() {
        lacks(&format!("{VARIABLE}/{below}"));
    }
    found
}

/// The value of a variable that names no folder; none, reported and counted, if it is not set.
pub(crate) fn named(variable: &str) -> Option<OsString> {
    let found = std::env::var_os(variable);
    if found.is_none() {
        lacks(variable);
    }
    found
}

fn lacks(what: &str) {
    let program = std::env::current_exe().unwrap_or_default();
    let program = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    // Cargo puts a hash behind the name of a test's program.
    let program = program.rsplit_once('-').map_or(program.as_str(), |(name, _)| name);
    let test = format!(
        "{}::{program}::{}",
        env!("CARGO_PKG_NAME"),
        std::thread::current().name().unwrap_or("a test")
    );
    // Not `println!`, of which the terminal sees nothing when a test passes.
    let _ = writeln!(std::io::stderr(), "{test} has no data: {what} is not there");
    note(&root().join(LIST), &test, what);
}

/// The root of the repository.
fn root() -> &'static Path {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|path| path.join("Cargo.lock").exists());
    root.unwrap_or(Path::new("."))
}

/// Adds a test to a list, once however often it asks.
pub(crate) fn note(list: &Path, test: &str, what: &str) {
    let line = format!("{test} ({what})\n");
    if std::fs::read_to_string(list).is_ok_and(|known| known.split_inclusive('\n').any(|known| known == line))
    {
        return;
    }
    let file = std::fs::OpenOptions::new().create(true).append(true).open(list);
    // One write: several programs may add to it.
    let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
    if let Err(error) = written {
        let _ = writeln!(std::io::stderr(), "{}: {error}", list.display());
    }
}
