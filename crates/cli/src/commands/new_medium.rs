//! `any2any new-medium`: a crate with a medium of one's own, which stands alone.

use std::path::{Path, PathBuf};

use any2any_adapter::Registry;
use any2any_run::RunError;
use any2any_run::atomic_file::{UNFINISHED, finish_folder, unfinished_folder};

use crate::arguments::{NewMediumArguments, Usage};

/// The text of a file of the template. Its name in the package may differ: cargo leaves out folders with a
/// `Cargo.toml`, and git obeys a `.gitignore`.
macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("../../template/new-medium/", $name))
    };
}

/// The files of the crate, as they are named there.
const FILES: [(&str, &str); 13] = [
    ("Cargo.toml", template!("Cargo.toml.template")),
    (".gitignore", template!("gitignore")),
    ("README.md", template!("README.md")),
    ("experiment.yaml", template!("experiment.yaml")),
    ("data/melodies.jsonl", template!("data/melodies.jsonl")),
    ("data/example.notes", template!("data/example.notes")),
    ("rustfmt.toml", template!("rustfmt.toml")),
    ("src/main.rs", template!("src/main.rs")),
    ("src/value.rs", template!("src/value.rs")),
    ("src/medium.rs", template!("src/medium.rs")),
    ("src/adapter.rs", template!("src/adapter.rs")),
    ("src/metric.rs", template!("src/metric.rs")),
    ("src/tests.rs", template!("src/tests.rs")),
];

/// The most letters of a name, as crates.io has it.
const LONGEST: usize = 64;

/// Names that a crate cannot have, or that would stand for two crates in it.
const TAKEN: [&str; 10] =
    ["alloc", "burn", "core", "mimalloc", "proc_macro", "schemars", "serde", "serde_json", "std", "test"];

/// Words of Rust that are no names of crates.
const KEYWORDS: [&str; 50] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "yield",
];

pub(crate) fn run(arguments: NewMediumArguments, registry: &Registry) -> anyhow::Result<()> {
    let name = &arguments.name;
    if let Some(problem) = problem(name, registry) {
        return Err(Usage(problem).into());
    }
    let dependency = dependency(&arguments)?;
    let into = arguments.into.unwrap_or_else(|| PathBuf::from("."));
    let place = if into == Path::new(".") { PathBuf::from(name) } else { into.join(name) };
    // Renaming would replace an empty folder.
    if place.symlink_metadata().is_ok() {
        let message = format!(
            "{} is already there: choose another name, or another folder with --into",
            place.display()
        );
        return Err(Usage(message).into());
    }
    let folder = unfinished_folder(&into, UNFINISHED)?;
    for (file, text) in FILES {
        let path = folder.path().join(file);
        let inside = path.parent().unwrap_or(folder.path());
        std::fs::create_dir_all(inside).map_err(RunError::io(inside))?;
        let text = filled(text, name, &dependency);
        std::fs::write(&path, text).map_err(RunError::io(&path))?;
    }
    finish_folder(folder, &place)?;
    eprintln!(
        "{}: written, with a README that says what to type; begin with `cd {}` and `cargo test`",
        place.display(),
        place.display()
    );
    Ok(())
}

/// The name of a medium in experiments, by that of its crate.
fn medium(name: &str) -> String {
    name.replace('-', "_")
}

/// A file of the template with the names and the dependency in it.
fn filled(text: &str, name: &str, dependency: &str) -> String {
    text.replace("__PACKAGE__", name)
        .replace("__MEDIUM__", &medium(name))
        .replace("__DEPENDENCY__", dependency)
}

/// Why a medium and a crate cannot have a name, and the way out.
fn problem(name: &str, registry: &Registry) -> Option<String> {
    let usual =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter);
    let medium = medium(name);
    if !name.chars().all(usual) || !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Some(format!("'{name}' names no crate: use small letters, digits, - and _, a letter first"));
    }
    if name.len() > LONGEST {
        return Some(format!("the name has {} letters, and may have {LONGEST}: shorten it", name.len()));
    }
    if registry.get(&medium).is_ok() {
        return Some(format!(
            "there is a medium '{medium}' already: give yours another name, such as 'my_{medium}'"
        ));
    }
    if medium == "any2any" || medium.starts_with("any2any_") {
        return Some(format!("'{name}' is a name of any2any's own crates: leave 'any2any' out of it"));
    }
    if TAKEN.contains(&medium.as_str()) {
        return Some(format!(
            "'{name}' is the name of another crate: give yours another, such as 'my_{medium}'"
        ));
    }
    if KEYWORDS.contains(&medium.as_str()) {
        return Some(format!(
            "'{name}' is a word of Rust, which names no crate: choose another, such as 'my_{medium}'"
        ));
    }
    None
}

/// The dependency on any2any, as it stands in a manifest.
fn dependency(arguments: &NewMediumArguments) -> anyhow::Result<String> {
    if let Some(folder) = &arguments.path {
        let package = folder.join("crates/any2any");
        if !package.join("Cargo.toml").is_file() {
            let package = package.display();
            let message = format!("{package} is no crate: --path is the root of a clone of any2any");
            return Err(Usage(message).into());
        }
        let package = package.canonicalize().map_err(RunError::io(&package))?;
        let Some(package) = package.to_str() else {
            let message = format!("{} is no UTF-8, as a manifest has to be", package.display());
            return Err(Usage(message).into());
        };
        return Ok(format!("{{ path = {} }}", quoted(package)));
    }
    Ok(match &arguments.git {
        Some(url) => format!("{{ git = {} }}", quoted(url)),
        None => quoted(env!("CARGO_PKG_VERSION")),
    })
}

/// A string of TOML, which escapes as JSON does.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
