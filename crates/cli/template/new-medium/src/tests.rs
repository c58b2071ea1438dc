//! The promises of the medium, tried on values; and its mistakes, which people will make.

use any2any::serde_json::json;
use any2any::testing::{Tested, conforms};
use any2any::{File, Value};

use crate::medium::Notes;

fn melodies() -> Vec<Value> {
    let file = File::in_memory("a.notes", *b"C4/1 D4/2\nC4/1\n");
    vec!["C4/2 F#4/1 C4/2".into(), "B0/8".into(), file.into()]
}

#[test]
fn notes_are_read_and_written_as_tokens() {
    conforms(Notes, json!({ "field": "bass" }), &melodies());
}

#[test]
fn notes_are_read_and_written_as_frames() {
    conforms(Notes, json!({ "field": "bass", "form": "frames" }), &melodies());
}

#[test]
fn notes_are_read_several_at_a_time() {
    for stride in [2, 3, 8] {
        conforms(Notes, json!({ "field": "melody", "form": "frames", "stride": stride }), &melodies());
    }
}

#[test]
fn mistakes_are_told() {
    let options = json!({ "field": "melody" });
    for text in ["H4/1", "C9/1", "C4/0", "C4", "C/1", "4/1", "C4/1 x"] {
        let error = Tested(Notes).open(&options, &text.into()).expect_err(text).to_string();
        assert!(error.contains("is no note: write key, octave and beats"), "{error}");
    }
    let problems = Tested(Notes).check(&json!({ "field": "melody", "stride": 2 }));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].pointer, "/stride");
}
