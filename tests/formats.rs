//! docs/formats.md: every format and variant that the reference readers' own writers make, read by this program and
//! compared.
//!
//! ANY2ANY_REFERENCE_PYTHON names a Python that has the reference readers (`tests/formats/make.py` says which). With
//! ANY2ANY_WRITE_DOCS the table is written anew instead of compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::npy::{farthest, npy};
use crate::support::{Workshop, outside};

/// One line of cases.tsv.
struct Case {
    medium: String,
    format: String,
    variant: String,
    file: String,
    reader: String,
    /// Tolerance of values against the reference; `None` where the format need not be read.
    tolerance: Option<f64>,
}

fn cases(folder: &Path) -> Vec<Case> {
    let table = std::fs::read_to_string(folder.join("cases.tsv")).expect("made");
    let case = |line: &str| {
        let [medium, format, variant, file, reader, tolerance] =
            line.split('\t').map(str::to_owned).collect::<Vec<_>>().try_into().expect("six columns");
        Case { medium, format, variant, file, reader, tolerance: tolerance.parse().ok() }
    };
    table.lines().map(case).collect()
}

/// Outcome of a file: a cell of the table, or the problem.
fn outcome(case: &Case, folder: &Path, looks: &Looks) -> Result<String, String> {
    if let Some(error) = looks.unreadable.get(&case.file) {
        // A refusal names a way out.
        let ways = ["convert", "ffmpeg", "export", "save it"];
        return match ways.iter().any(|way| error.contains(way)) {
            true => Ok("refused".to_owned()),
            false => Err(format!("refused without a way out: {error}")),
        };
    }
    let found = npy(&looks.output.join(format!("{}.npy", case.file)));
    let Some(tolerance) = case.tolerance else { return Ok("read".to_owned()) };
    let wanted = npy(&folder.join(format!("{}.npy", case.file)));
    let distance = farthest(&found, &wanted)?;
    match () {
        () if distance > tolerance => Err(format!("{distance} from what {} gives", case.reader)),
        // Pictures that are compressed with loss come out a little differently of every decoder.
        () if tolerance >= 1.0 => Ok(format!("read, within {tolerance} of 255 of {}", case.reader)),
        () if tolerance > 1e-3 => Ok(format!("read, within {tolerance} of {}", case.reader)),
        () if case.reader == "written" => Ok("read, though soundfile gives nothing".to_owned()),
        () => Ok(format!("read, as {}", case.reader)),
    }
}

/// The output of `data look` for all files.
struct Looks {
    output: PathBuf,
    /// The errors by the names of files.
    unreadable: BTreeMap<String, String>,
}

#[test]
fn the_table_of_formats_is_what_the_reference_readers_say() {
    let Some(python) = outside::named("ANY2ANY_REFERENCE_PYTHON") else { return };
    let workshop = Workshop::new();
    let folder = workshop.path("formats");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let made = Command::new(python).arg(root.join("tests/formats/make.py")).arg(&folder).output();
    let made = made.expect("Python runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let cases = cases(&folder);
    let mut unreadable = BTreeMap::new();
    for medium in ["audio", "eeg", "image"] {
        let files = cases.iter().filter(|case| case.medium == medium);
        let files: Vec<String> = files.map(|case| format!("formats/{}", case.file)).collect();
        let mut arguments = vec!["data", "look", "--output", "seen", "--json", "--medium", medium];
        arguments.extend(files.iter().map(String::as_str));
        let looks: serde_json::Value =
            serde_json::from_str(&workshop.run(&arguments).stdout).expect("one JSON object");
        for error in looks["unreadable"].as_array().expect("a list") {
            let text = |name: &str| error[name].as_str().expect("a text").to_owned();
            unreadable.insert(text("file").trim_start_matches("formats/").to_owned(), text("error"));
        }
    }
    let looks = Looks { output: workshop.path("seen"), unreadable };

    let mut rows: Vec<([String; 3], Vec<String>)> = Vec::new();
    let mut wrong = Vec::new();
    for case in &cases {
        match outcome(case, &folder, &looks) {
            Ok(outcome) => {
                let key = [case.medium.clone(), case.format.clone(), outcome];
                // Both orders of bytes are one variant in the table.
                let variant = case.variant.split(", little-endian").next().unwrap_or_default();
                let variant = variant.split(", big-endian").next().unwrap_or_default().to_owned();
                match rows.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, variants)) if variants.contains(&variant) => {}
                    Some((_, variants)) => variants.push(variant),
                    None => rows.push((key, vec![variant])),
                }
            }
            Err(reason) => wrong.push(format!("{} ({}): {reason}", case.file, case.variant)),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    let mut table = String::from("| medium | format | variants | outcome |\n| --- | --- | --- | --- |\n");
    for ([medium, format, outcome], variants) in rows {
        table +=
            &format!("| {medium} | {format} | {} | {outcome} |\n", variants.join("; ").replace('|', "\\|"));
    }
    check_document(&root.join("docs/formats.md"), &table);
}

/// Compares the part of the document between its marks with the table, or writes it.
fn check_document(path: &Path, table: &str) {
    const BEGIN: &str = "<!-- written by tests/formats.rs -->\n";
    const END: &str = "<!-- end -->";
    let document = std::fs::read_to_string(path).expect("docs/formats.md");
    let (head, rest) = document.split_once(BEGIN).expect("the mark before the table");
    let (old, tail) = rest.split_once(END).expect("the mark behind the table");
    if std::env::var_os("ANY2ANY_WRITE_DOCS").is_some() {
        std::fs::write(path, format!("{head}{BEGIN}{table}{END}{tail}")).expect("writable");
    } else {
        assert!(
            old == table,
            "docs/formats.md is old; write it anew with ANY2ANY_WRITE_DOCS=1. Now it is:\n{table}"
        );
    }
}
