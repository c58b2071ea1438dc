//! Whatever the size of a text or of what it builds on, loading ends soon, in little memory, and in few words.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use any2any_experiment::{Diagnostics, load, load_run, load_str};

use crate::support;

const GOOD: &str = "\
name: demo
tasks:
  translate:
    data: { dataset: toy }
    source: { text: { field: en } }
    target: { text: { field: de } }
model: { transformer: { d_model: 64 } }
";

/// The problems of a text, found in a time that a quadratic step, or one that doubles, does not meet.
fn problems(text: &str) -> Diagnostics {
    let started = Instant::now();
    let found = load_str("test.yaml", text, Path::new(""), &[], &support::registry()).expect_err("refused");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(found.to_string().len() < 100_000, "{} bytes are printed", found.to_string().len());
    found
}

#[test]
fn each_bound_is_refused_by_name_and_place() {
    let megabyte = "a".repeat(1 << 20);
    let aliases = format!("x: &x {megabyte}\ny: [{}]\n", vec!["*x"; 20_000].join(", "));
    let anchors = format!("x: {}{megabyte}{}\n", "&a [".repeat(60), "]".repeat(60));
    let values = format!("x: [{}]\n", vec!["1"; 100_001].join(", "));
    let deep = format!("x: {}\n", "[".repeat(10_000));
    let large = format!("x: {}\n", "a".repeat(4 << 20));
    for (text, line, expected) in [
        (&aliases, 2, "more than 8388608 bytes of text, aliases"),
        (&anchors, 1, "more than 8388608 bytes of text, aliases"),
        (&values, 1, "more than 100000 values, aliases"),
        (&deep, 1, "nest too deeply"),
        (&large, 0, "more than 4194304 bytes"),
    ] {
        let found = problems(text);
        let problem = found.iter().next().expect("a problem");
        assert_eq!((problem.file.as_str(), problem.line), ("test.yaml", line), "{problem}");
        assert!(problem.message.contains(expected), "{problem}");
        assert!(problem.help.is_some(), "{problem}");
    }
}

/// A search that must write 2^32 tokens would not end, and neither would one that may.
#[test]
fn outputs_have_a_longest_length() {
    for key in ["min_length", "max_length"] {
        let with = |length: u64| format!("{GOOD}decoding: {{ {key}: {length} }}\n");
        for length in [1 << 32, 65_537] {
            let found = problems(&with(length)).to_string();
            assert!(found.contains(&format!("`{key}` must be")) && found.contains("65536"), "{found}");
        }
        let long = load_str("test.yaml", &with(65_536), Path::new(""), &[], &support::registry());
        assert!(long.is_ok(), "{key}");
    }
}

#[test]
fn many_keys_are_read_in_a_moment() {
    let keys = |value: &str| (0..90_000).map(|key| format!("key{key}: {value}\n")).collect::<String>();
    let found = problems(&keys("1"));
    assert!(found.iter().next().is_some_and(|problem| problem.message == "unknown key `key0`"), "{found}");
    let found = problems(&format!("{}extends: [", keys("\n  a")));
    assert!(found.to_string().contains("not closed"), "{found}");
    // Keys of one file over the same keys of another.
    let folder = tempfile::tempdir().expect("a folder");
    let half: String = (0..45_000).map(|key| format!("key{key}: 1\n")).collect();
    fs::write(folder.path().join("base.yaml"), &half).expect("a file");
    fs::write(folder.path().join("near.yaml"), format!("extends: base.yaml\n{half}")).expect("a file");
    let started = Instant::now();
    load(&folder.path().join("near.yaml"), &[], &support::registry()).expect_err("unknown keys");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn of_many_problems_the_first_are_shown_and_the_rest_counted() {
    let text: String = (0..200).map(|key| format!("key{key}: 1\n")).collect();
    let found = problems(&text);
    assert_eq!((found.len(), found.more()), (50, 153), "three keys are missing besides");
    assert!(found.to_string().ends_with("\n\n... and 153 more"), "{found}");
    // All on one long line.
    let key = "k".repeat(900);
    let line: Vec<String> = (0..130).map(|number| format!("{key}{number}: !x 1")).collect();
    let found = problems(&format!("{{ {} }}", line.join(", ")));
    assert_eq!(found.len(), 50);
    let json = serde_json::to_string(&found).expect("plain data");
    assert!(json.len() < 250_000, "{} bytes", json.len());
    let twice = "a: 1\n".repeat(50_000);
    assert!(problems(&twice).more() < 1000, "nothing is read after so many problems");
}

/// A folder of files, each with its text.
fn folder(files: impl IntoIterator<Item = (String, String)>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

#[test]
fn a_file_that_several_build_on_is_read_once() {
    // Each names the next twice: 2^40 readings, were each of them made.
    let chain =
        (0..40).map(|level| (format!("{level}.yaml"), format!("extends: [{0}.yaml, {0}.yaml]\n", level + 1)));
    let chain = folder(chain.chain([("40.yaml".to_owned(), GOOD.to_owned())]));
    let started = Instant::now();
    let document = load(&chain.path().join("0.yaml"), &[], &support::registry());
    document.unwrap_or_else(|found| panic!("{found}"));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());

    let diamond = folder([
        ("base.yaml".to_owned(), format!("seed: 1\n{GOOD}")),
        ("left.yaml".to_owned(), "extends: base.yaml\nseed: 2\n".to_owned()),
        ("right.yaml".to_owned(), "extends: base.yaml\nname: right\n".to_owned()),
        ("top.yaml".to_owned(), "extends: [left.yaml, right.yaml]\n".to_owned()),
    ]);
    let document = load(&diamond.path().join("top.yaml"), &[], &support::registry()).expect("sound");
    assert_eq!((document.experiment.seed, document.experiment.name.as_str()), (1, "right"));
}

#[test]
fn what_is_extended_has_bounds_too() {
    let list = |length: usize| format!("list: [{}]\n", vec!["1"; length].join(", "));
    let many = (0..70).map(|level| (format!("{level}.yaml"), format!("extends: {}.yaml\n", level + 1)));
    let many = folder(many.chain([("70.yaml".to_owned(), GOOD.to_owned())]));
    let large = folder([
        ("0.yaml".to_owned(), format!("extends: [{}]\n", vec!["1.yaml"; 20].join(", "))),
        ("1.yaml".to_owned(), list(10_000)),
    ]);
    let bytes = folder([
        ("0.yaml".to_owned(), "extends: 1.yaml\n".to_owned()),
        ("1.yaml".to_owned(), format!("# {}\n", "a".repeat(5 << 20))),
    ]);
    for (folder, expected) in [
        (&many, "more than 64 files"),
        (&large, "more than 100000 values"),
        (&bytes, "more than 4194304 bytes"),
    ] {
        let found = load(&folder.path().join("0.yaml"), &[], &support::registry()).expect_err("refused");
        let problem = found.iter().next().expect("a problem");
        assert!(problem.message.contains(expected) && problem.line == 1, "{found}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_without_an_end_is_no_experiment() {
    let endless = folder([("0.yaml".to_owned(), "extends: /dev/zero\n".to_owned())]);
    let found = load(&endless.path().join("0.yaml"), &[], &support::registry()).expect_err("refused");
    assert!(found.to_string().contains("it is no file"), "{found}");
    load(Path::new("/dev/zero"), &[], &support::registry()).expect_err("refused");
}

#[test]
fn a_run_has_no_other_file_and_no_variable_read() {
    let secret = folder([("secret".to_owned(), "the secret line: [\n".to_owned())]);
    for text in [
        format!("extends: {}\n{GOOD}", secret.path().join("secret").display()),
        GOOD.replace("dataset: toy", "files: { train: { tsv: { file: '${HOME}/x' } } }"),
    ] {
        let found =
            load_run("resolved.yaml", &text, secret.path(), &support::registry()).expect_err("refused");
        assert!(!found.to_string().contains("the secret line"), "{found}");
        let problem = found.iter().next().expect("a problem");
        let refused = ["builds on no other file", "have no environment variables"];
        assert!(refused.iter().any(|words| problem.message.contains(words)), "{found}");
        assert_eq!(found.len(), 1, "{found}");
    }
}
