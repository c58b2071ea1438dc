//! The interface of the crate `any2any`, as authors of media and plug-ins read it: all that it re-exports has an example.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Words behind the opening fence of an example that is compiled.
const COMPILED: [&str; 3] = ["rust", "no_run", "should_panic"];

/// Kinds of definition that are re-exported, as they begin.
const DEFINITIONS: [&str; 7] =
    ["pub struct ", "pub enum ", "pub trait ", "pub fn ", "pub const fn ", "pub type ", "pub const "];

/// Re-exports of a source: the path of each name, and the name itself; `*` for all of a path.
fn re_exports(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for statement in source.split("\npub use ").skip(1).filter_map(|rest| rest.split(';').next()) {
        // Another crate as a whole, or several of them.
        let Some((path, names)) = statement.rsplit_once("::") else { continue };
        for name in names.trim_matches(['{', '}']).split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let name = name.split(" as ").next().unwrap_or(name);
            found.push((path.trim().to_owned(), name.to_owned()));
        }
    }
    found
}

/// The doc comment of a definition in a source, without its slashes; `None` if there is no such definition.
fn documentation(source: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = source.lines().collect();
    let defines = |line: &&str| {
        let named = |rest: &str| {
            rest.strip_prefix(name)
                .is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
        };
        DEFINITIONS.iter().chain(&["macro_rules! "]).any(|kind| line.strip_prefix(kind).is_some_and(named))
    };
    let at = lines.iter().position(defines)?;
    // Attributes and comments stand among the lines of a doc comment; above it ends another item.
    let ends =
        |line: &str| line.is_empty() || line.starts_with(|first: char| first == '}' || first.is_alphabetic());
    let above = lines[..at].iter().rev().take_while(|line| !ends(line));
    let docs: Vec<&str> = above.filter_map(|line| line.strip_prefix("///")).collect();
    Some(docs.into_iter().rev().map(str::trim).collect::<Vec<_>>().join("\n"))
}

/// True if a doc comment has an example that is compiled.
fn has_example(documentation: &str) -> bool {
    let fences = documentation.lines().filter_map(|line| line.strip_prefix("```"));
    // Every second fence closes what the one before it opened.
    fences.step_by(2).any(|words| words.split(',').all(|word| word.is_empty() || COMPILED.contains(&word)))
}

/// The public items of a source of a crate, by name, each with its doc comment.
fn items(path: &Path) -> BTreeMap<String, String> {
    let source = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let folder = match path.file_name() {
        Some(name) if name == "lib.rs" => path.with_file_name(""),
        _ => path.with_extension(""),
    };
    let module = |name: &str| folder.join(name.replace("::", "/")).with_extension("rs");
    let mut found = BTreeMap::new();
    for (path, name) in re_exports(&source) {
        // What a crate hands on from another is documented there.
        if !path.starts_with("any2any_") {
            let defined = std::fs::read_to_string(module(&path)).ok();
            let docs = defined.and_then(|source| documentation(&source, &name));
            found.insert(name, docs.unwrap_or_default());
        }
    }
    for name in source.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        found.extend(items(&module(name)));
    }
    for line in source.lines() {
        let Some(rest) = DEFINITIONS.iter().find_map(|kind| line.strip_prefix(kind)) else { continue };
        let name: String = rest.chars().take_while(|next| next.is_alphanumeric() || *next == '_').collect();
        found.insert(name.clone(), documentation(&source, &name).unwrap_or_default());
    }
    found
}

/// The macros of a crate, by name, each with its doc comment.
fn macros(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for path in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            found.extend(macros(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).expect("a source");
            for rest in source.split("#[macro_export]\nmacro_rules! ").skip(1) {
                let name: String =
                    rest.chars().take_while(|next| next.is_alphanumeric() || *next == '_').collect();
                found.insert(name.clone(), documentation(&source, &name).unwrap_or_default());
            }
        }
    }
    found
}

/// The items of the facade, each as `crate::name`, with their doc comments.
fn re_exported(crates: &Path) -> BTreeMap<String, String> {
    let facade = std::fs::read_to_string(crates.join("any2any/src/lib.rs")).expect("the facade");
    let mut found = BTreeMap::new();
    for (path, name) in re_exports(&facade) {
        let folder: PathBuf = crates.join(path.trim_start_matches("any2any_")).join("src");
        let mut all = items(&folder.join("lib.rs"));
        all.extend(macros(&folder));
        if name == "*" {
            found.extend(all.into_iter().map(|(name, docs)| (format!("{path}::{name}"), docs)));
        } else {
            let docs = all.remove(&name).unwrap_or_default();
            found.insert(format!("{path}::{name}"), docs);
        }
    }
    found
}

/// Re-exported items without an example.
fn without_example(crates: &Path) -> Vec<String> {
    let lacking = |(name, docs): (String, String)| (!has_example(&docs)).then_some(name);
    re_exported(crates).into_iter().filter_map(lacking).collect()
}

#[test]
fn every_re_exported_item_has_an_example() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let count = re_exported(&crates).len();
    assert!(count > 60, "{count} items");
    let lacking = without_example(&crates);
    assert!(
        lacking.is_empty(),
        "items of the facade without an example in their doc comment, which is compiled:\n  {}",
        lacking.join("\n  ")
    );
}

#[test]
fn every_lack_of_an_example_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        std::fs::write(path, text).expect("written");
    };
    write(
        "any2any/src/lib.rs",
        "//! All.\n\npub use any2any_a::*;\npub use any2any_b::{\n    Loss as OurLoss, Rate, Unnamed,\n};\npub use any2any_b as b;\n\
         \npub use {serde, burn};\n",
    );
    write(
        "a/src/lib.rs",
        "mod note;\npub mod testing;\n\npub use note::{Key, Note};\npub use any2any_b::Other;\n",
    );
    write(
        "a/src/note.rs",
        "/// Note.\n///\n/// ```\n/// assert!(true);\n/// ```\n#[derive(Clone)]\n#[serde(\n    default\n)]\npub struct Note {\n    \
         a: u8,\n}\n\n/// Keys.\n///\n/// ```\n/// assert!(true);\n/// ```\npub struct Keys;\n\n/// Key.\npub enum Key {}\n\n\
         /// Tone.\n#[macro_export]\nmacro_rules! tone { () => {} }\n",
    );
    write(
        "a/src/testing.rs",
        "mod trial;\n\npub use trial::trial;\n\n/// ```text\n/// loud\n/// ```\npub fn loud() {}\n",
    );
    write(
        "a/src/testing/trial.rs",
        "/// Trial.\n///\n/// ```no_run\n/// trial();\n/// ```\npub fn trial<T>() {}\n",
    );
    write("b/src/lib.rs", "mod rate;\npub use rate::{Loss, Rate, Unnamed};\n");
    write(
        "b/src/rate.rs",
        "/// Loss.\n///\n/// ```ignore\n/// loss\n/// ```\npub trait Loss {}\n\n/// Rate.\n///\n/// ```yaml\n/// a: 1\n/// ```\n///\n\
         /// ```\n#[doc = \"rate();\"]\n/// ```\n// Why.\npub fn rate() {}\npub struct Unnamed;\n",
    );
    let known: Vec<String> = re_exported(folder.path()).into_keys().collect();
    assert_eq!(
        known,
        [
            "any2any_a::Key",
            "any2any_a::Note",
            "any2any_a::loud",
            "any2any_a::tone",
            "any2any_a::trial",
            "any2any_b::Loss",
            "any2any_b::Rate",
            "any2any_b::Unnamed",
        ]
    );
    // An item that is not found where it is named is one without an example.
    let lacking = |rate: &str| {
        let names = [
            "any2any_a::Key",
            "any2any_a::loud",
            "any2any_a::tone",
            "any2any_b::Loss",
            rate,
            "any2any_b::Unnamed",
        ];
        names.into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(without_example(folder.path()), lacking("any2any_b::Rate"));
    let rate = std::fs::read_to_string(folder.path().join("b/src/rate.rs")).expect("written");
    write(
        "b/src/rate.rs",
        &rate
            .replace("fn rate()", "struct Rate {}")
            .replace("#[doc", "#[cfg_attr(\n    all(),\n    a\n)]\n#[doc"),
    );
    assert_eq!(without_example(folder.path()), lacking(""));
}
