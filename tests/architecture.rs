//! The arrows between crates, as ARCHITECTURE.md lists them: they are those of the manifests, and run down only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Crates that a crate must not reach, on any path of dependencies.
const APART: &[(&str, &[&str])] = &[
    // Serving links no optimizer.
    ("server", &["train"]),
    // The page knows nothing but its files.
    ("page", &["adapter", "run"]),
    // Search and scores know neither models nor media, and media know no tensors.
    ("search", &["model", "kernels", "data", "experiment"]),
    ("metrics", &["model", "kernels", "data", "experiment"]),
    ("text", &["model", "kernels"]),
    ("image", &["model", "kernels"]),
    ("audio", &["model", "kernels"]),
    ("eeg", &["model", "kernels"]),
    ("arrays", &["model", "kernels"]),
    // What a browser decodes with knows no tensors, no run and no experiment.
    ("web", &["model", "run", "data", "experiment"]),
    // Data and experiments are read without a model.
    ("data", &["model", "kernels"]),
    ("experiment", &["model", "kernels"]),
];

type Arrows = Vec<(String, BTreeSet<String>)>;

/// The crates in the order of the list, each with those that it uses.
fn listed(page: &str) -> Arrows {
    let list = page.split_once("```crates\n").and_then(|(_, rest)| rest.split_once("```"));
    let (list, _) = list.expect("ARCHITECTURE.md lists the crates in a block that begins with ```crates");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    let row = |line: &str| match line.split_once("->") {
        Some((name, uses)) => (name.trim().to_owned(), words(uses)),
        None => (line.trim().to_owned(), BTreeSet::new()),
    };
    list.lines().map(row).collect()
}

/// What cargo knows of the workspace's own crates.
pub(crate) fn metadata(root: &Path) -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--offline", "--no-deps", "--format-version", "1", "--manifest-path"]);
    let output = command.arg(root.join("Cargo.toml")).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The crates of the workspace, each with those of them that it uses when it is not tested.
fn found(root: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata(root);
    let crates = root.join("crates");
    // The facade has the plain name.
    let name = |package: &Value| match package["name"].as_str()? {
        "any2any" => Some("any2any".to_owned()),
        name => name.strip_prefix("any2any-").map(str::to_owned),
    };
    let packages = metadata["packages"].as_array().expect("packages").iter();
    packages
        .filter(|package| {
            package["manifest_path"].as_str().is_some_and(|path| Path::new(path).starts_with(&crates))
        })
        .map(|package| {
            let uses = package["dependencies"].as_array().into_iter().flatten();
            let uses = uses.filter(|uses| uses["kind"].is_null()).filter_map(name).collect();
            (name(package).expect("crates are called any2any-NAME"), uses)
        })
        .collect()
}

/// Problems of a list.
fn problems(listed: &Arrows, found: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, uses) in found {
        match listed.iter().find(|(listed, _)| listed == name) {
            None => problems.push(format!("{name} is not in the list")),
            Some((_, listed)) if listed != uses => {
                problems.push(format!("{name} uses {uses:?}, the list says {listed:?}"));
            }
            Some(_) => {}
        }
    }
    for (place, (name, uses)) in listed.iter().enumerate() {
        if !found.contains_key(name) {
            problems.push(format!("there is no {name}"));
        }
        let below = &listed[place + 1..];
        let up = uses.iter().filter(|used| !below.iter().any(|(below, _)| below == *used));
        problems.extend(up.map(|used| format!("{name} uses {used}, which does not stand below it")));
    }
    for (name, apart) in APART {
        let (mut reached, mut open) = (BTreeSet::new(), vec![(*name).to_owned()]);
        while let Some(next) = open.pop() {
            let new = found.get(&next).into_iter().flatten().filter(|used| !reached.contains(*used));
            let new: Vec<String> = new.cloned().collect();
            reached.extend(new.iter().cloned());
            open.extend(new);
        }
        let wrong = apart.iter().filter(|other| reached.contains(**other));
        problems.extend(wrong.map(|other| format!("{name} must not reach {other}")));
    }
    problems
}

#[test]
fn arrows_between_crates_are_as_listed_and_run_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace");
    let page = std::fs::read_to_string(root.join("ARCHITECTURE.md")).expect("the map");
    let problems = problems(&listed(&page), &found(&root));
    assert!(
        problems.is_empty(),
        "mend the crates, or their list in ARCHITECTURE.md:\n{}",
        problems.join("\n")
    );
}

/// The engine decodes on slices: nothing that it links knows tensors.
#[test]
fn the_engine_links_no_tensor_library() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args([
        "tree",
        "--offline",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--package",
        "any2any-inference",
    ]);
    let output = command.current_dir(root).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(tree.contains("any2any-kernels"), "{tree}");
    let tensors: Vec<&str> = tree.lines().filter(|line| line.starts_with("burn")).collect();
    assert!(tensors.is_empty(), "{tensors:?}");
}

#[test]
fn every_kind_of_wrong_arrow_is_found() {
    let graph = |page: &str| listed(&format!("```crates\n{page}```")).into_iter().collect();
    let check =
        |list: &str, crates: &str| problems(&listed(&format!("```crates\n{list}```")), &graph(crates));
    let sound = "server -> run\nrun -> data\ndata\nsearch\n";
    assert_eq!(check(sound, sound), [""; 0]);
    for (list, crates, wrong) in [
        (sound, "server -> run\nrun -> data\ndata\nsearch\nmore\n", "more is not in the list"),
        (sound, "server -> run data\nrun -> data\ndata\nsearch\n", "server uses"),
        (sound, "server -> run\nrun -> data\ndata\n", "there is no search"),
        ("a -> b\nb -> a\n", "a -> b\nb -> a\n", "b uses a, which does not stand below it"),
        ("server -> a\na -> train\ntrain\n", "server -> a\na -> train\ntrain\n", "must not reach train"),
    ] {
        let found = check(list, crates);
        assert!(found.iter().any(|problem| problem.contains(wrong)), "{wrong}: {found:?}");
    }
}

/// The map names no file that is not there.
#[test]
fn files_that_the_map_names_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for page in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root.join(page)).expect("a page");
        let quoted = text.split('`').skip(1).step_by(2);
        let files: Vec<&str> = quoted
            .filter(|quoted| {
                quoted.contains('/') && [".rs", ".md", ".py"].iter().any(|end| quoted.ends_with(end))
            })
            .filter(|quoted| !quoted.contains([' ', '$', '*']) && !quoted.contains("NAME"))
            .collect();
        assert!(files.len() > 3, "{page}: {files:?}");
        for file in files {
            let places = [root.join(file), root.join("crates").join(file)];
            assert!(places.iter().any(|place| place.is_file()), "{page} names {file}, which is not there");
        }
    }
}

/// One style of modules: `name.rs` beside a folder `name/`.
#[test]
fn no_module_is_called_mod() {
    fn look(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path())
        {
            match entry.is_dir() {
                true => look(&entry, found),
                false if entry.ends_with("mod.rs") => found.push(entry),
                false => {}
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["crates", "tests", "fuzz/src", "examples"] {
        look(&root.join(folder), &mut found);
    }
    assert!(found.is_empty(), "{found:?}");
}
