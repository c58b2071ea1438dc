//! The pages of `docs/reference` are written by this test: of the JSON Schema of experiments and of the command line. It
//! fails where they say something else, and writes them anew with
//!
//! ```text
//! UPDATE_DOCUMENTS=1 cargo test --workspace --test program documents::
//! ```

mod command_line;
mod experiment;
mod markdown;
mod schema;

use std::path::{Path, PathBuf};

/// Writes the pages instead of comparing them.
const UPDATE: &str = "UPDATE_DOCUMENTS";

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

#[test]
fn the_reference_of_experiments_is_fresh() {
    let schema = any2any_experiment::json_schema(&any2any_cli::media());
    check("reference/experiment.md", &experiment::page(&schema));
}

#[test]
fn the_reference_of_the_command_line_is_fresh() {
    check("reference/command-line.md", &command_line::page(any2any_cli::command()));
}

fn check(name: &str, page: &str) {
    let path = docs().join(name);
    let broken = markdown::broken_links(page);
    assert!(broken.is_empty(), "docs/{name} links to what it does not have: {broken:?}");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        std::fs::write(&path, page).expect("the page can be written");
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    if let Some(line) = markdown::first_difference(&found, page) {
        panic!(
            "docs/{name} is stale: {line}\nWrite it anew: {UPDATE}=1 cargo test --workspace --test program documents::"
        );
    }
}

/// All pages below `docs` are in its index, and links between pages lead somewhere.
#[test]
fn the_index_has_every_page() {
    let index = std::fs::read_to_string(docs().join("README.md")).expect("docs/README.md");
    let mut pages = 0;
    for folder in ["", "guide", "reference"] {
        for entry in std::fs::read_dir(docs().join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            let name = path.strip_prefix(docs()).expect("below docs").to_string_lossy().replace('\\', "/");
            assert!(
                name == "README.md" || index.contains(&format!("({name})")),
                "docs/README.md lacks {name}"
            );
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            for link in markdown::files_linked(&text) {
                let target = path.parent().expect("a folder").join(&link);
                assert!(target.exists(), "{name} links to {link}, which is not there");
            }
            pages += 1;
        }
    }
    assert!(pages > 10, "{pages} pages");
}
