//! Packages of the crates, as a registry takes them: what each must carry, and that it stands without the repository.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::architecture::metadata;

/// What reads a file while a crate is compiled, up to the quotation mark before its path.
const READERS: [&str; 5] = [
    "include!(\"",
    "include_bytes!(\"",
    "include_str!(\"",
    "include_dir!(\"$CARGO_MANIFEST_DIR/",
    "#[path = \"",
];

/// Problems of a package that is to be published.
fn problems(package: &Value, root: &Path) -> Vec<String> {
    let manifest = Path::new(package["manifest_path"].as_str().expect("a manifest"));
    let folder = manifest.parent().expect("a folder");
    let mut problems = Vec::new();
    if !package["publish"].is_null() {
        problems.push("is not to be published".to_owned());
    }
    for field in ["description", "license", "readme", "repository", "rust_version"] {
        if package[field].as_str().is_none_or(str::is_empty) {
            problems.push(format!("has no {field}"));
        }
    }
    // What crates.io takes.
    for field in ["keywords", "categories"] {
        let words: Vec<&str> =
            package[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if words.is_empty() || words.len() > 5 {
            problems.push(format!("has {} {field}, not one to five", words.len()));
        }
        let long = words.iter().filter(|word| field == "keywords" && word.len() > 20);
        problems.extend(long.map(|word| format!("has the keyword {word}, which is longer than 20 letters")));
    }
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let ours = std::fs::read(root.join(licence)).expect("a licence");
        if std::fs::read(folder.join(licence)).ok() != Some(ours) {
            problems.push(format!("lacks {licence}, a link to that of the root"));
        }
    }
    if let Some(readme) = package["readme"].as_str() {
        problems.extend(readme_problems(&folder.join(readme), package["name"].as_str().unwrap_or_default()));
    }
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let wanted = format!("^{}", package["version"].as_str().unwrap_or_default());
        if dependency["path"].is_string() && dependency["req"] != wanted {
            problems.push(format!(
                "depends on {} of version {}, not {wanted}",
                dependency["name"], dependency["req"]
            ));
        }
    }
    reaches_out(folder, folder, &mut problems);
    problems
}

/// A README names its crate, and links to what is there.
fn readme_problems(path: &Path, name: &str) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(path) else { return vec![format!("has no {}", path.display())] };
    let mut problems = Vec::new();
    if !text.starts_with(&format!("# {name}\n")) {
        problems.push(format!("has a README that does not begin with `# {name}`"));
    }
    let inline = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let listed = text.lines().filter(|line| line.starts_with('[')).filter_map(|line| line.split_once("]: "));
    for target in inline.chain(listed.map(|(_, target)| target)).filter(|target| !target.contains("://")) {
        if !path.with_file_name(target).exists() {
            problems.push(format!("has a README that links to {target}, which is not there"));
        }
    }
    problems
}

/// Sources of a package that are compiled from files outside of it; those of its tests, which it does not carry, may.
fn reaches_out(package: &Path, folder: &Path, problems: &mut Vec<String>) {
    for path in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() && path != package.join("tests") {
            reaches_out(package, &path, problems);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            for reader in READERS {
                let base = if reader.ends_with('/') { package } else { folder };
                let files = text.split(reader).skip(1).filter_map(|rest| rest.split('"').next());
                let outside = files.filter(|file| {
                    let file = resolved(&base.join(file));
                    !file.starts_with(package) || file.starts_with(package.join("tests"))
                });
                problems.extend(outside.map(|file| format!("reads {file} in {}", path.display())));
            }
        }
    }
}

/// A path without `..`.
fn resolved(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut resolved, component| {
        match component {
            Component::ParentDir => {
                resolved.pop();
            }
            other => resolved.push(other),
        }
        resolved
    })
}

#[test]
fn every_crate_is_a_whole_package() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace");
    let metadata = metadata(&root);
    let mut published = 0;
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        let manifest = package["manifest_path"].as_str().expect("a manifest");
        if Path::new(manifest).starts_with(root.join("crates")) {
            published += 1;
            let problems = problems(package, &root);
            assert!(problems.is_empty(), "{name}\n  {}", problems.join("\n  "));
        } else {
            assert_eq!(package["publish"], serde_json::json!([]), "{name} belongs to the repository alone");
        }
    }
    assert!(published > 20, "{published} crates");
}

#[test]
fn every_lack_of_a_package_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().canonicalize().expect("there");
    let package = root.join("crates/a");
    std::fs::create_dir_all(package.join("src/deep")).expect("new folders");
    std::fs::create_dir(package.join("tests")).expect("a new folder");
    let write = |name: &str, text: &str| std::fs::write(root.join(name), text).expect("written");
    for name in ["LICENSE-APACHE", "LICENSE-MIT", "crates/a/LICENSE-APACHE", "crates/a/LICENSE-MIT"] {
        write(name, "You may.");
    }
    write("crates/a/README.md", "# a\n\nSee [all] and [this](src/lib.rs).\n\n[all]: ../../LICENSE-MIT\n");
    write("crates/a/src/lib.rs", "const A: &str = include_str!(\"../README.md\");");
    write("crates/a/tests/a.rs", "#[path = \"../../../outside.rs\"] mod outside;");
    let sound = serde_json::json!({
        "name": "a", "version": "0.1.0", "manifest_path": package.join("Cargo.toml"), "publish": null,
        "description": "A", "license": "MIT", "readme": "README.md", "repository": "https://a", "rust_version": "1.95",
        "keywords": ["a"], "categories": ["science"],
        "dependencies": [{ "name": "b", "path": "b", "req": "^0.1.0" }, { "name": "c", "req": "^3" }],
    });
    assert_eq!(problems(&sound, &root), [""; 0]);
    for (field, value, wanted) in [
        ("publish", serde_json::json!([]), "is not to be published"),
        ("description", Value::Null, "has no description"),
        ("readme", Value::Null, "has no readme"),
        ("keywords", serde_json::json!([]), "has 0 keywords"),
        ("keywords", serde_json::json!(["twenty-one-letters-long"]), "longer than 20"),
        ("categories", serde_json::json!(["a", "b", "c", "d", "e", "f"]), "has 6 categories"),
        (
            "dependencies",
            serde_json::json!([{ "name": "b", "path": "b", "req": "*" }]),
            "of version \"*\", not ^0.1.0",
        ),
    ] {
        let mut package = sound.clone();
        package[field] = value;
        let found = problems(&package, &root);
        assert!(found.len() == 1 && found[0].contains(wanted), "{field}: {found:?}");
    }
    for (name, text, wanted) in [
        ("src/deep/b.rs", "include_bytes!(\"../../../outside.bin\")", "reads ../../../outside.bin in "),
        ("src/deep/b.rs", "include_dir!(\"$CARGO_MANIFEST_DIR/../b\")", "reads ../b in "),
        ("src/deep/b.rs", "#[path = \"../../tests/a.rs\"]", "reads ../../tests/a.rs in "),
        ("LICENSE-MIT", "../../LICENSE-MIT", "lacks LICENSE-MIT"),
        ("README.md", "# b\n", "does not begin with `# a`"),
        ("README.md", "# a\n[there](nowhere.md)\n", "links to nowhere.md"),
    ] {
        let path = package.join(name);
        let before = std::fs::read(&path).ok();
        std::fs::write(&path, text).expect("written");
        let found = problems(&sound, &root);
        assert!(found.len() == 1 && found[0].contains(wanted), "{name}: {found:?}");
        match before {
            Some(before) => std::fs::write(&path, before).expect("written"),
            None => std::fs::remove_file(&path).expect("removed"),
        }
    }
}
