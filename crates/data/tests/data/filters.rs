//! Filters of a dataset: of training samples alone, behind `split` and `pair` and before `join` and `limit`, and the same
//! ones in memory and in chunks.

use any2any_adapter::Value;
use any2any_data::cache::Cache;
use any2any_data::{DataRoot, Dataset, Filtered};
use any2any_experiment::spec;

/// Rows of which some come again, some lack a text, and those of the second chunk were all there before.
fn rows() -> Vec<(String, String)> {
    let row = |row: usize| match row {
        8192..16_384 => (format!("a {}", row % 5), format!("b {}", row % 5)),
        _ if row % 100 == 7 => (String::new(), format!("b {row}")),
        19_000.. => (format!("a {row}"), format!("b {row}")),
        _ => (format!("a {}", row % 6000), format!("b {}", row % 6000)),
    };
    (0..20_000).map(row).collect()
}

fn open(folder: &std::path::Path, options: &str) -> Dataset {
    let side = |name: &str, side: fn(&(String, String)) -> &String| {
        let lines: String = rows().iter().map(|row| side(row).clone() + "\n").collect();
        std::fs::write(folder.join(name), lines).expect("written");
    };
    side("en", |row| &row.0);
    side("de", |row| &row.1);
    let files = format!("{{ parallel: {{ en: '{0}/en', de: '{0}/de' }} }}", folder.display());
    let yaml = format!("files: {{ train: {files}, validation: {files} }}\n{options}");
    let data: spec::Data = serde_yaml::from_str(&yaml).expect("data");
    let dataset = any2any_data::open(&data, &DataRoot::at("unused")).expect("opened");
    dataset.for_texts(vec![Some("en".to_owned()), Some("de".to_owned())])
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

#[test]
fn samples_in_memory_and_in_chunks_are_the_same() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dataset = open(folder.path(), "filter: { empty: true, duplicates: true }");
    let whole = dataset.split("train").expect("read");
    let expected = "filtered: 13,070 of 20,000 (12,952 duplicates, 118 empty)";
    assert_eq!(whole.flaws().filtered.to_string(), expected);
    // Validation is what the files say.
    let validation = dataset.split("validation").expect("read");
    assert_eq!((validation.len(), validation.flaws().filtered.is_any()), (20_000, false));

    for (streamed, parts) in [
        (dataset.streamed("train").expect("read line by line"), 2),
        (dataset.streamed_rows("train").expect("read"), 1),
    ] {
        let (mut en, mut filtered, mut chunks) = (Vec::new(), Filtered::default(), 0);
        for chunk in streamed.chunks() {
            let chunk = chunk.expect("readable");
            assert!(!chunk.is_empty());
            en.extend(texts(chunk.require("en").expect("there")));
            filtered.merge(&chunk.flaws().filtered);
            chunks += 1;
        }
        assert_eq!((en, chunks), (texts(whole.require("en").expect("there")), parts));
        assert_eq!(&filtered, &whole.flaws().filtered);
    }
}

#[test]
fn filters_come_before_join_and_limit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let few = "filter: { length: { most: 2 }, duplicates: true }\nlimit: { train: 5 }";
    let samples = open(folder.path(), few).split("train").expect("read");
    assert_eq!((samples.len(), samples.flaws().filtered.of), (5, 20_000));
    let joined = "filter: { duplicates: true, empty: true }\njoin: { count: [3, 3], samples: 9 }";
    let samples = open(folder.path(), joined).split("train").expect("read");
    assert_eq!((samples.len(), samples.flaws().filtered.count()), (9, 13_070));
    // Shares are given away first: what is left to validation is not filtered.
    let shared = "filter: { duplicates: true, empty: true }\nsplit: { shares: { validation: 0.5 } }";
    let dataset = open(folder.path(), shared);
    let (train, validation) =
        (dataset.split("train").expect("read"), dataset.split("validation").expect("read"));
    assert_eq!(train.flaws().filtered.of + validation.len(), 20_000);
    assert!(train.len() < 7000 && validation.len() > 9000);
}

#[test]
fn the_cache_tells_filters_apart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cache = Cache::at(folder.path().join("cache"));
    let made_from = |options: &str| {
        let streamed = open(folder.path(), options).streamed("train").expect("read line by line");
        streamed.made_from(&cache).expect("readable")
    };
    let plain = made_from("");
    assert_eq!(plain.as_object().expect("a mapping").keys().collect::<Vec<_>>(), ["parallel"]);
    let filtered = made_from("filter: { empty: true }");
    assert_eq!(filtered["parallel"], plain["parallel"]);
    assert_ne!(filtered, plain);
    assert_ne!(filtered, made_from("filter: { empty: true, duplicates: true }"));
}

#[test]
fn texts_that_are_not_known_are_an_error() {
    let data = "dataset: toy-en-de\nfilter: { empty: true }";
    let data: spec::Data = serde_yaml::from_str(data).expect("data");
    let dataset = any2any_data::open(&data, &DataRoot::at("unused")).expect("opened");
    let error = dataset.split("train").expect_err("the sides are not known").to_string();
    assert!(error.contains("filter: the texts of the task are not known here"), "{error}");
    assert_eq!(dataset.split("test").expect("never filtered").len(), 1000);
}
