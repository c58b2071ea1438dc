//! The sets that ship with the program, read from a data root that has them.

use any2any_adapter::Value;
use any2any_data::{DataRoot, open};
use any2any_experiment::spec;

use crate::outside;

/// The parts that every set is divided into here.
const ROLES: [&str; 3] = ["train", "validation", "test"];

/// The data root with real sets, when there is one.
fn real() -> Option<DataRoot> {
    outside::folder("ANY2ANY_DATA", "").map(DataRoot::at)
}

/// The name of a split, its samples, and a field with its first value.
type Split<'a> = (&'a str, usize, &'a str, &'a str);

#[test]
fn real_sets_are_read_where_they_lie() {
    let Some(root) = real() else { return };
    let cases: &[(&str, &[Split<'_>], &str)] = &[
        (
            "multi30k",
            &[
                ("train", 29_000, "en", "Two young, White males are outside near many bushes."),
                ("validation", 1014, "de", "Eine Gruppe von Männern lädt Baumwolle auf einen Lastwagen"),
                ("test", 1000, "en", "A man in an orange hat starring at something."),
                ("val", 1014, "en", "A group of men are loading cotton onto a truck"),
            ],
            "cs de en fr",
        ),
        (
            "mnist",
            &[("train", 60_000, "word", "five"), ("test", 10_000, "image", "[grey picture, 28 x 28]")],
            "image label word",
        ),
        (
            "fsdd",
            &[("train", 2700, "index", "10"), ("test", 300, "word", "zero")],
            "audio digit speaker index word",
        ),
        (
            "archiscribe",
            &[
                ("train", 3081, "text", "hen, dieſes bey dem Verluſte der einzelnen gewinnt. Mit welchem"),
                ("val", 733, "split", "val"),
            ],
            "file split year work width text image",
        ),
        ("emoji", &[("train", 2522, "name", "copyright")], ""),
        ("emoji-pairs", &[("train", 1261, "de", "Copyright")], ""),
        (
            "ssvep-exo",
            &[
                ("train", 312, "subject", "subject01"),
                ("test", 240, "file", "subject01_2012.07.06-19.06.14.edf"),
            ],
            "file subject trial onset_sample onset_s code label samples_left command eeg",
        ),
        (
            "protein-ss",
            &[
                ("train", 9712, "id", "1es5-A"),
                ("validation", 1080, "VALIDATION", "True"),
                ("test", 364, "SET", "test"),
            ],
            "id mask sequence structure SET VALIDATION",
        ),
    ];
    for (name, splits, fields) in cases {
        let dataset = open(&spec::Data::dataset(*name), &root).expect("in ANY2ANY_DATA");
        root.verify(dataset.manifest().expect("it has one")).expect("checksums hold");
        for (split, samples, field, first) in *splits {
            let read = dataset.split(split).expect("read");
            assert_eq!(read.len(), *samples, "{name} {split}");
            let value = &read.require(field).expect("there")[0];
            assert_eq!(value.to_string(), *first, "{name} {split}");
            if !fields.is_empty() {
                assert_eq!(read.fields().collect::<Vec<_>>().join(" "), *fields, "{name}");
            }
        }
    }
}

#[test]
fn real_sets_are_divided_joined_and_paired() {
    let Some(root) = real() else { return };
    let open = |yaml: &str| {
        let data: spec::Data = serde_yaml::from_str(yaml).expect("data");
        any2any_data::open(&data, &root).expect("in ANY2ANY_DATA")
    };
    let eeg = open(
        "{ dataset: ssvep-exo, split: { leave_out: { subject: subject03 } }, join: { count: [3, 3], by: subject } }",
    );
    assert_eq!(eeg.values("subject").expect("texts").len(), 10);
    let (train, test) = (eeg.split("train").expect("read"), eeg.split("test").expect("read"));
    assert_eq!((train.len(), test.len()), (20_000, 1000));
    assert!(test.texts("subject").expect("texts").iter().all(|subject| *subject == "subject03"));
    assert!(!train.texts("subject").expect("texts").contains(&"subject03"));
    let Value::Series(trials) = &test.require("eeg").expect("there")[0] else { panic!("a series") };
    assert!(trials.iter().all(|trial| trial.to_string().contains("edf.tar.gz/subject03_")));

    let emoji = open("{ dataset: emoji, split: { leave_out: { artist: emojione } } }");
    assert_eq!(
        (emoji.split("train").expect("read").len(), emoji.split("test").expect("read").len()),
        (1261, 1261)
    );
    let drawings =
        open("{ dataset: emoji-pairs, split: { shares: { validation: 0.1, test: 0.1, by: unified } } }");
    let sizes = ROLES.map(|role| drawings.split(role).expect("read").len());
    assert_eq!(sizes.iter().sum::<usize>(), 1261);
    assert!(sizes[1] > 90 && sizes[2] > 90, "{sizes:?}");

    let digits = open(
        "{ dataset: fsdd, split: { shares: { validation: 0.1 } }, pair: { dataset: mnist, on: word, samples: 5000 }, limit: { test: 50 } }",
    );
    let sizes = ROLES.map(|role| digits.split(role).expect("read").len());
    assert!(sizes[0] == 5000 && (200..340).contains(&sizes[1]) && sizes[2] == 50, "{sizes:?}");
    let pairs = digits.split("validation").expect("read");
    assert_eq!(pairs.texts("digit").expect("texts"), pairs.texts("label").expect("texts"));
}
