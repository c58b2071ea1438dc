//! Files that NumPy 1 and 2 wrote: see `golden/make.py`.

use std::path::Path;

use any2any_adapter::testing::Tested;
use any2any_adapter::{File, Part, Signal, Value};
use any2any_arrays::{Frames, Ids, Tokens};
use serde_json::json;

fn file(name: &str, major: u8) -> File {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    File::on_disk(folder.join(format!("{name}-numpy{major}.npy")))
}

fn frames(file: File) -> Result<Signal, String> {
    let opened = Tested(Frames).open(&json!({ "field": "x" }), &file.into());
    opened
        .map(|opened| opened.value.as_signal().expect("a signal").clone())
        .map_err(|error| error.to_string())
}

fn ids(file: File) -> Result<Ids, String> {
    let opened = Tested(Tokens).open(&json!({ "field": "x" }), &file.into());
    opened
        .map(|opened| opened.value.as_custom::<Ids>().expect("ids").clone())
        .map_err(|error| error.to_string())
}

#[test]
fn frames_are_those_of_numpy() {
    for major in [1, 2] {
        for name in [
            "f16-little",
            "f32-little",
            "f32-big",
            "f64-little",
            "f64-big",
            "fortran",
            "version2",
            "version3",
        ] {
            let signal = frames(file(name, major)).expect(name);
            assert_eq!(signal.samples(), [0.5, 3.5, -1.0, 4.0, 2.0, -5.5], "{name}");
            assert_eq!((signal.channels().len(), signal.len(), signal.rate()), (3, 2, 1.0), "{name}");
        }
        assert_eq!(frames(file("one", major)).expect("a frame").samples(), [0.5, -1.0, 2.0]);
        let item = frames(file("items", major).part_of(Part::Item(1))).expect("an item");
        assert_eq!(item.samples(), [10.5, 13.5, 9.0, 14.0, 12.0, 4.5]);
        let column =
            Tested(Frames).open(&json!({ "field": "x", "width": 1 }), &Value::File(file("one", major)));
        assert_eq!(column.expect("three frames").value.as_signal().expect("a signal").len(), 3);
        for (file, reason) in [
            (file("items", major), "has 3 axes: an item of the first must be chosen"),
            (file("items", major).part_of(Part::Item(2)), "has 2 items and no number 3"),
            (file("objects", major), "holds Python objects"),
            (file("strings", major), "holds numbers of type '<U2'"),
            (file("records", major), "holds records, not numbers"),
        ] {
            let error = frames(file).expect_err(reason);
            assert!(error.contains(reason) && error.contains("numpy"), "{error}");
        }
    }
}

#[test]
fn ids_are_those_of_numpy() {
    for major in [1, 2] {
        for name in ["ids-i2", "ids-i4", "ids-i8", "ids-u2", "ids-u1"] {
            assert_eq!(ids(file(name, major)), Ok(Ids(vec![5, 0, 7, 120])), "{name}");
        }
        assert_eq!(ids(file("ids-items", major).part_of(Part::Item(1))), Ok(Ids(vec![5, 6])));
        for (name, reason) in [
            ("ids-negative", "has -1 at place 1"),
            ("one", "holds float32, not ids"),
            ("ids-items", "an item of the first must be chosen"),
            ("objects", "holds Python objects"),
        ] {
            let error = ids(file(name, major)).expect_err(reason);
            assert!(error.contains(reason), "{error}");
        }
    }
}
