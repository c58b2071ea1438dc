//! Datasets, and what is made of their samples.

use any2any_adapter::Value;

use super::*;

#[test]
fn a_dataset_that_is_not_there_says_how_to_get_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = DataRoot::at(folder.path());
    let error = open(&spec::Data::dataset("multi30k"), &root).expect_err("an empty root").to_string();
    assert!(error.contains(&folder.path().join("multi30k").display().to_string()), "{error}");
    assert!(error.contains("raw/train.cs.gz is missing; run `any2any data get multi30k`"), "{error}");
}

#[test]
fn own_files_are_read_by_role() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("train.tsv");
    std::fs::write(&path, "en\tde\none\teins\n").expect("written");
    let train =
        spec::SplitFiles::Tsv(spec::TableFile { file: path.into(), columns: Vec::new(), delimiter: None });
    let files = spec::Files { train, validation: None, test: None };
    let dataset = open(&spec::Data::files(files), &DataRoot::at("unused")).expect("opened");
    assert_eq!(dataset.splits(), ["train"]);
    assert_eq!(dataset.split("train").expect("read").len(), 1);
    let error = dataset.split("test").expect_err("no such split").to_string();
    assert_eq!(error, "dataset 'files' has no split 'test': known: train");
    assert!(dataset.manifest().is_none() && !dataset.has_split("test"));
}

#[test]
fn a_generated_set_needs_no_root() {
    let root = DataRoot::at("does/not/exist");
    let dataset = open(&spec::Data::dataset("toy-en-de"), &root).expect("opened");
    assert_eq!(dataset.splits(), ROLES);
    let test = dataset.split("test").expect("generated");
    assert_eq!((test.len(), test.fields().collect::<Vec<_>>()), (1000, vec!["en", "de"]));
    assert!(dataset.split("tset").expect_err("no such split").to_string().contains("did you mean 'test'?"));
}

/// A set of one's own: 24 rows to train on and 6 to test, of three speakers and five words.
fn own(options: &str) -> (tempfile::TempDir, Result<Dataset, DataError>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, rows: std::ops::Range<usize>| {
        let rows = rows.map(|row| {
            let (speaker, word) = (["jo", "al", "mi"][row % 3], ["a", "b", "c", "d", "e"][row % 5]);
            format!("{row}\t{speaker}\t{word}\n")
        });
        let path = folder.path().join(name);
        std::fs::write(&path, rows.collect::<String>()).expect("written");
        format!("{{ tsv: {{ file: '{}', columns: [n, speaker, word] }} }}", path.display())
    };
    let (train, test) = (write("train", 0..24), write("test", 24..30));
    let yaml = format!("files: {{ train: {train}, test: {test} }}\n{options}");
    let data: spec::Data = serde_yaml::from_str(&yaml).expect("data");
    let dataset = open(&data, &DataRoot::at("unused"));
    (folder, dataset)
}

/// The values of a field of a split, side by side.
fn shown(dataset: &Dataset, split: &str, field: &str) -> Vec<String> {
    let samples = dataset.split(split).expect("read");
    samples.require(field).expect("there").iter().map(ToString::to_string).collect()
}

/// The error of opening or reading the training split.
fn problem(options: &str) -> String {
    let (_folder, dataset) = own(options);
    match dataset.and_then(|dataset| dataset.split("train")) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_speaker_is_left_out() {
    let (_folder, dataset) = own("split: { leave_out: { speaker: al } }");
    let dataset = dataset.expect("opened");
    assert_eq!(dataset.splits(), ["train", "test"]);
    assert!(!dataset.has_split("validation"));
    assert_eq!(dataset.values("speaker").expect("texts"), ["al", "jo", "mi"]);
    let (train, test) = (shown(&dataset, "train", "speaker"), shown(&dataset, "test", "speaker"));
    assert_eq!((train.len(), test.len()), (20, 10));
    assert!(test.iter().all(|speaker| speaker == "al") && !train.contains(&"al".to_owned()));
    // From the test of the set too.
    assert!(shown(&dataset, "test", "n").contains(&"28".to_owned()));

    let (_folder, dataset) =
        own("split: { leave_out: { speaker: [al, jo], word: a }, shares: { validation: 0.3 } }");
    let dataset = dataset.expect("opened");
    assert_eq!(dataset.splits(), ROLES);
    assert_eq!(shown(&dataset, "test", "n"), ["0", "10", "15", "25"]);
    let (train, validation) = (shown(&dataset, "train", "n"), shown(&dataset, "validation", "n"));
    assert_eq!(train.len() + validation.len(), 26);
    assert!(validation.len() > 3 && validation.iter().all(|n| !train.contains(n)));
}

#[test]
fn shares_keep_groups_together_and_the_other_splits() {
    let (_folder, dataset) = own("split: { shares: { validation: 0.4, by: word } }");
    let dataset = dataset.expect("opened");
    let (train, validation) = (shown(&dataset, "train", "word"), shown(&dataset, "validation", "word"));
    assert_eq!(train.len() + validation.len(), 24);
    assert!(!validation.is_empty() && validation.iter().all(|word| !train.contains(word)));
    assert_eq!(shown(&dataset, "test", "n"), ["24", "25", "26", "27", "28", "29"]);

    let (_folder, dataset) = own("split: { shares: { test: 0.3 } }");
    let dataset = dataset.expect("opened");
    assert_eq!(dataset.splits(), ["train", "test"]);
    let (train, test) = (shown(&dataset, "train", "n"), shown(&dataset, "test", "n"));
    assert_eq!(train.len() + test.len(), 24);
    assert!(test.iter().all(|n| n.parse::<usize>().expect("a number") < 24));
}

#[test]
fn a_sample_stays_where_it_is_when_others_are_added() {
    let place = |seed: &str| {
        let (_folder, dataset) = own(&format!("split: {{ shares: {{ validation: 0.3 }} }}\n{seed}"));
        shown(&dataset.expect("opened"), "validation", "n")
    };
    assert_eq!(place(""), place("seed: 7"));
    // `printf 'sample 0' | sha256sum` begins with dfa508c296aabc44.
    assert_eq!(division::place("sample 0"), (0xdfa508c296aabc44_u64 >> 11) as f64 / 2_f64.powi(53));
}

#[test]
fn samples_are_joined() {
    let options = "join: { count: [2, 4], by: speaker, samples: 50, test_samples: 9 }";
    let (_folder, dataset) = own(options);
    let dataset = dataset.expect("opened");
    let (train, test) = (dataset.split("train").expect("read"), dataset.split("test").expect("read"));
    assert_eq!((train.len(), test.len()), (50, 9));
    assert_eq!(train, dataset.split("train").expect("the same again"));
    assert_ne!(train, own(&format!("{options}\nseed: 2")).1.expect("opened").split("train").expect("read"));
    let mut lengths = [0; 5];
    for (sample, speaker) in train.texts("speaker").expect("single values").into_iter().enumerate() {
        let Value::Series(numbers) = &train.require("n").expect("there")[sample] else { panic!("a series") };
        let Value::Series(words) = &train.require("word").expect("there")[sample] else { panic!("a series") };
        lengths[numbers.len()] += 1;
        assert_eq!(numbers.len(), words.len());
        for (number, word) in numbers.iter().zip(words.iter()) {
            let row: usize = number.to_string().parse().expect("a number");
            assert!(row < 24 && ["jo", "al", "mi"][row % 3] == speaker);
            assert_eq!(word.to_string(), ["a", "b", "c", "d", "e"][row % 5]);
            // Eight of each speaker: none comes twice.
            assert_eq!(numbers.iter().filter(|other| *other == number).count(), 1);
        }
    }
    assert!(lengths[2] > 5 && lengths[3] > 5 && lengths[4] > 5, "{lengths:?}");

    // Two test samples of each speaker: three must have one of them twice.
    let (_folder, dataset) = own("join: { count: [3, 3], by: speaker, test_samples: 5 }");
    let test = dataset.expect("opened").split("test").expect("read");
    assert!(test.require("n").expect("there").iter().all(|n| n.to_string().split(' ').count() == 3));
}

#[test]
fn samples_are_limited() {
    let (_folder, dataset) = own("limit: { train: 5, test: 100 }");
    let dataset = dataset.expect("opened");
    assert_eq!(shown(&dataset, "train", "n").len(), 5);
    assert_eq!(shown(&dataset, "train", "n"), shown(&dataset, "train", "n"));
    assert_eq!(shown(&dataset, "test", "n").len(), 6);
}

#[test]
fn samples_are_paired() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let set = folder.path().join("other");
    std::fs::create_dir(&set).expect("made");
    let rows = (0..200).map(|row| format!("{row}\t{}\n", ["a", "b", "c", "d", "e"][row % 5]));
    let text = format!("picture\tword\n{}", rows.collect::<String>());
    std::fs::write(set.join("t"), &text).expect("written");
    let manifest = folder.path().join("other.yaml");
    let yaml = format!(
        "{{ name: other, description: d, licence: l, origin: o, splits: {{ train: {{ tsv: {{ file: t }} }} }},
           files: [{{ path: t, sha256: '{}', bytes: {} }}] }}",
        "0".repeat(64),
        text.len()
    );
    std::fs::write(&manifest, yaml).expect("written");
    let pairs = |on: &str, options: &str| {
        let (_own, dataset) = own("");
        let mut data = dataset.expect("opened").options;
        let yaml = format!("{{ dataset: '{}', on: {on}, {options} }}", manifest.display());
        data.pair = Some(serde_yaml::from_str(&yaml).expect("a pair"));
        let dataset = open(&data, &DataRoot::at(folder.path())).expect("opened");
        let read = (dataset.split("train"), dataset.split("test"));
        (_own, read)
    };
    let (_own, (train, test)) = pairs("word", "samples: 100");
    let (train, test) = (train.expect("read"), test.expect("read"));
    assert_eq!((train.len(), test.len()), (100, 6));
    assert_eq!(train.fields().collect::<Vec<_>>(), ["n", "speaker", "word", "picture"]);
    let numbers = |samples: &Samples| -> Vec<usize> {
        let texts = samples.texts("picture").expect("texts");
        texts.into_iter().map(|text| text.parse().expect("a number")).collect()
    };
    for samples in [&train, &test] {
        for (picture, word) in numbers(samples).into_iter().zip(samples.texts("word").expect("texts")) {
            assert_eq!(["a", "b", "c", "d", "e"][picture % 5], word);
        }
    }
    // The other set has no test: a share of its training rows stands for it.
    assert!(numbers(&test).iter().all(|picture| !numbers(&train).contains(picture)));

    let (_own, (train, _)) = pairs("n", "");
    let error = train.expect_err("no such field").to_string();
    assert!(
        error.starts_with("dataset 'files', pair: 'files' and 'other' both have the field 'word'"),
        "{error}"
    );
}

#[test]
fn options_that_do_not_fit_are_explained() {
    let cases = [
        (
            "split: { leave_out: { speaker: all } }",
            "dataset 'files', split.leave_out: no sample has the speaker 'all': did you mean 'al'? (known: al, jo, mi)",
        ),
        (
            "split: { leave_out: { speeker: al } }",
            "no field is called 'speeker': did you mean 'speaker'? (known: n, speaker, word)",
        ),
        (
            "split: { leave_out: { speaker: al, n: '0' } }",
            "dataset 'files', split.leave_out: no sample has all of these values of n, speaker",
        ),
        (
            "split: { leave_out: { speaker: [al, jo, mi] } }",
            "dataset 'files', split: nothing is left to train on: leave out or give away less",
        ),
        (
            "split: { shares: { validation: 0.001, by: speaker } }",
            "dataset 'files', split.shares: a share of 0.001 of 3 values of speaker is none for validation: give it \
             more, choose another `by`, or name values with `leave_out`",
        ),
        (
            "split: { shares: { validation: 0.1, by: who } }",
            "no field is called 'who': did you mean 'word'? (known: n, speaker, word)",
        ),
        (
            "join: { count: [2, 3], by: who }",
            "no field is called 'who': did you mean 'word'? (known: n, speaker, word)",
        ),
        (
            "join: { count: [3, 2] }",
            "dataset 'files', join.count: `count` cannot be from 3 to 2: write the fewest and then the most, from 1 to 1000: `count: [3, 6]`",
        ),
        ("split: {}", "dataset 'files', split: `split` says nothing: add `leave_out`, `shares`, or both"),
        (
            "pair: { dataset: minst, on: word }",
            "no dataset is called 'minst', and no manifest is at that path: did you mean 'mnist'? (known: agreement, archiscribe, emoji, emoji-pairs, fsdd, mnist, multi30k, protein-ss, signs, ssvep-exo, toy-en-de)",
        ),
    ];
    for (options, expected) in cases {
        assert_eq!(problem(options), expected, "{options}");
    }
    assert_eq!(
        open(&spec::Data::default(), &DataRoot::at("x")).expect_err("nothing").to_string(),
        "there is no data: give `data` either a dataset or files"
    );
}
