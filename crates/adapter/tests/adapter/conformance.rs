//! Sound media have no faults; faulty ones are in `tests/mistakes` of the repository.

use any2any_adapter::testing::{conforms, faults};
use any2any_adapter::{Image, Medium, Signal, Value};

use crate::media::{Letters, Levels, Melodies, Shades};

fn sound(medium: impl Medium, values: &[Value]) {
    conforms(medium, serde_json::json!({ "field": "it" }), values);
}

fn signals() -> Vec<Value> {
    let rising = |length: usize| (0..length).map(|at| at as f32 / 10.0).collect::<Vec<f32>>();
    let signal = |length: usize| Signal::mono(10.0, rising(length));
    [5, 8, 1].into_iter().filter_map(signal).map(Value::from).collect()
}

#[test]
fn tokens_that_are_read_and_written_with_a_saved_alphabet() {
    sound(Letters, &["one".into(), "two".into(), "drei ü".into()]);
}

#[test]
fn frames_behind_strides() {
    sound(Levels::Strided, &signals());
}

#[test]
fn frames_that_are_written_until_the_model_stops() {
    sound(Levels::UntilStop, &signals());
}

#[test]
fn frames_that_are_written_in_a_fixed_number() {
    let image = |pixels| Value::from(Image::new(2, 2, 1, pixels).expect("two by two"));
    sound(Shades, &[image(vec![0, 64, 128, 255]), image(vec![9; 4])]);
}

#[test]
fn values_of_their_own_kind() {
    sound(Melodies, &["60 62".into(), "64".into()]);
}

#[test]
fn options_and_values_that_do_not_fit_are_faults_of_the_test() {
    let found = faults(Letters, serde_json::json!({ "fields": "it" }), &["one".into()]);
    let unknown = "the options do not parse at /fields: unknown field `fields`, expected `field`";
    assert_eq!(found, [unknown]);
    let found = faults(Melodies, serde_json::json!({ "field": "it" }), &["do re mi".into()]);
    let refused = "`open` fails: cannot read this value: 'do' is no key";
    assert_eq!(found, [refused, "no value can be opened: give values that the options can read"]);
}
