//! Guides that walk through sources quote them: every piece of code in them stands in a file of its source.

use std::path::PathBuf;

use crate::support::Workshop;
use crate::support::documents::{blocks, root};

/// Languages of quotations; blocks of other languages are commands, which `examples.rs` tries.
const LANGUAGES: [&str; 3] = ["rust", "toml", "yaml"];

/// The pieces of a guide that stand in none of some files, and how many it has.
fn strange(document: &str, sources: &[PathBuf]) -> (Vec<String>, usize) {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let sources: Vec<String> = sources.iter().map(read).collect();
    let blocks = blocks().into_iter();
    let quoted = blocks.filter(|block| block.document == document && LANGUAGES.contains(&&*block.language));
    let pieces: Vec<String> = quoted.map(|block| block.text).collect();
    let count = pieces.len();
    let stands = |piece: &String| sources.iter().any(|source| source.contains(piece.as_str()));
    (pieces.into_iter().filter(|piece| !stands(piece)).collect(), count)
}

/// All sources of an example.
fn sources(folder: &str) -> Vec<PathBuf> {
    let folder = root().join(folder);
    let inside = |folder: PathBuf| {
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path())
    };
    inside(folder.clone()).chain(inside(folder.join("src"))).filter(|path| path.is_file()).collect()
}

#[test]
fn the_guide_to_a_medium_quotes_what_the_command_writes() {
    let workshop = Workshop::new();
    workshop.succeed(&["new-medium", "notes"]);
    let names = ["Cargo.toml", "experiment.yaml"];
    let code = ["main", "value", "medium", "adapter", "metric", "tests"].map(|name| format!("src/{name}.rs"));
    let written: Vec<PathBuf> = names
        .iter()
        .copied()
        .chain(code.iter().map(String::as_str))
        .map(|name| workshop.path("notes").join(name))
        .collect();
    let (strange, count) = strange("docs/guide/new-medium.md", &written);
    assert!(strange.is_empty(), "the guide quotes what `new-medium` does not write:\n{}", strange.join("\n"));
    assert!(count > 18, "{count} quotations");
}

#[test]
fn the_guide_to_parts_quotes_the_examples() {
    let mut examples = sources("examples/plug-parts");
    examples.push(root().join("examples/library.rs"));
    let (strange, count) = strange("docs/guide/extend.md", &examples);
    assert!(strange.is_empty(), "the guide quotes what is in no example:\n{}", strange.join("\n"));
    assert!(count > 12, "{count} quotations");
}

#[test]
fn a_quotation_of_nothing_is_found() {
    let (strange, count) = strange("docs/guide/extend.md", &[root().join("examples/library.rs")]);
    assert_eq!(strange.len(), count - 2, "all but those of the library");
}
