//! Every bad experiment under `tests/diagnostics` gives exactly the diagnostics that stand beside it.
//!
//! Overrides are given in comments: `# --set training.steps=0`. After a change of wording, write the expected
//! files anew with `UPDATE_EXPECTED=1` and read what has changed.

use std::path::{Path, PathBuf};

use any2any_experiment::load;

use crate::support;

const FOLDER: &str = "../../tests/diagnostics";

#[test]
fn bad_experiments_are_explained() {
    let cases = cases();
    assert!(cases.len() >= 50, "only {} cases in {FOLDER}", cases.len());
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut different = Vec::new();
    for case in cases {
        let found = diagnose(&case);
        let expected_path = case.with_extension("expected");
        if update {
            std::fs::write(&expected_path, &found).expect("the expected file can be written");
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if found != expected {
            different.push(format!("{}\n--- expected\n{expected}--- found\n{found}", case.display()));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

fn cases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(FOLDER).expect("the folder of cases");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut cases: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    cases.sort();
    cases
}

fn diagnose(case: &Path) -> String {
    let text = std::fs::read_to_string(case).expect("a text");
    let overrides: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix("# --set ")).map(str::to_owned).collect();
    let diagnostics = match load(case, &overrides, &support::registry()) {
        Ok(document) => document.warnings,
        Err(diagnostics) => diagnostics,
    };
    assert!(!diagnostics.is_empty(), "{} is accepted without a word", case.display());
    diagnostics.to_string().replace(&format!("{FOLDER}/"), "") + "\n"
}
