//! Filters of a task's data: what a file may say, and refusals of those that can never apply.

use std::path::Path;

use any2any_experiment::load_str;
use any2any_experiment::spec::{Filter, LengthRange};

use crate::support;

/// An experiment with these filters and sides.
fn experiment(filter: &str, sides: &str) -> String {
    format!(
        "name: demo
tasks:
  t:
    data: {{ dataset: set{filter} }}
    {sides}
model: {{ transformer: {{}} }}
"
    )
}

const TEXTS: &str = "source: { text: { field: en } }\n    target: { text: { field: de } }";

#[test]
fn filters_are_read_and_written_out() {
    let load = |filter: &str| {
        load_str("f.yaml", &experiment(filter, TEXTS), Path::new("/data"), &[], &support::registry())
            .unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
    };
    // A file without filters is written out as before there were any.
    assert!(!load("").resolved_yaml().contains("filter"));
    let all = ", filter: { empty: true, identical: true, duplicates: true, length_ratio: 3, length: { most: 200 }, \
               script: { en: Latin, de: [Latin, Greek] } }";
    let document = load(all);
    let filter = document.experiment.tasks["t"].data.filter.clone().expect("filters");
    assert_eq!(filter.length, Some(LengthRange { least: None, most: Some(200) }));
    assert_eq!((filter.length_ratio, filter.wrong_letters), (Some(3.0), 0.3));
    let names: Vec<&str> = filter.script["de"].list().iter().map(|script| script.name()).collect();
    assert_eq!(names, ["Latin", "Greek"]);
    let resolved = document.resolved_yaml();
    let again = load_str("f.yaml", &resolved, Path::new("/data"), &[], &support::registry());
    let again = again.unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    assert_eq!(again.experiment, document.experiment);
    assert_ne!(filter, Filter::default());
}

#[test]
fn filters_need_texts_to_compare() {
    let both = "source: { sound: { field: a } }\n    target: { sound: { field: b } }";
    let source = "source: { sound: { field: a } }\n    target: { text: { field: de } }";
    let target = "source: { text: { field: en } }\n    target: { sound: { field: b } }";
    let cases = [
        (both, "empty: true", "filters compare texts, and no side of `t` is one"),
        (source, "identical: true", "this compares two texts, and the source of `t` is sound"),
        (target, "length_ratio: 2", "this compares two texts, and the target of `t` is sound"),
        (source, "duplicates: true", "samples of the same text may differ in their source, which is sound"),
        (source, "script: { a: Latin }", "`t` reads and writes no text `a`"),
        (source, "empty: true", ""),
        (target, "script: { en: Latin }, length: { most: 9 }", ""),
        (TEXTS, "identical: true, length_ratio: 2, duplicates: true", ""),
    ];
    for (sides, filter, expected) in cases {
        let text = experiment(&format!(", filter: {{ {filter} }}"), sides);
        let loaded = load_str("f.yaml", &text, Path::new("/data"), &[], &support::registry_with_sound());
        let found = loaded.err().map(|diagnostics| diagnostics.to_string()).unwrap_or_default();
        assert_eq!(found.is_empty(), expected.is_empty(), "{filter}: {found}");
        assert!(found.contains(expected), "{filter}: {found}");
    }
}
