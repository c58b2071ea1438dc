//! Windows of real speech: cut where nobody speaks. Where recordings lie is said by ANY2ANY_MODELS and ANY2ANY_DATA.

use any2any_adapter::testing::Tested;
use any2any_adapter::{File, Value};
use any2any_audio::{Audio, windows};
use serde_json::{Value as Json, json};

use crate::data::clips;
use crate::outside;

const RATE: usize = 16_000;

fn samples(more: &Json, value: &Value) -> Vec<f32> {
    let mut options = json!({ "field": "sound", "rate": RATE, "longest": 3600 });
    more.as_object().expect("a mapping").iter().for_each(|(key, option)| options[key] = option.clone());
    let opened = Tested(Audio).open(&options, value).expect("a sound").value;
    opened.as_signal().expect("opened sounds are signals").samples().to_vec()
}

/// The energy of samples in decibels.
fn decibels(samples: &[f32]) -> f64 {
    let sum: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    10.0 * (sum / samples.len() as f64).max(1e-10).log10()
}

#[test]
fn a_reader_is_cut_where_he_pauses() {
    let Some(path) = outside::folder("ANY2ANY_MODELS", "speech/two_cities.wav") else { return };
    let samples = samples(&json!({}), &Value::File(File::on_disk(path)));
    let found = windows(&samples, RATE, 30.0);
    println!("{:?}", found.iter().map(|window| window.end as f64 / RATE as f64).collect::<Vec<_>>());
    assert_eq!((found.len(), found[1].end), (2, samples.len()));
    let cut = found[0].end;
    assert!((20 * RATE..=30 * RATE).contains(&cut));
    // A tenth of a second on both sides.
    let there = decibels(&samples[cut - RATE / 10..cut + RATE / 10]);
    assert!(there < decibels(&samples) - 20.0, "{there} dB at sample {cut}");
    // Shorter windows are cut at pauses too, of which there are fewer to choose from.
    for longest in [5.0, 10.0, 15.0] {
        let found = windows(&samples, RATE, longest);
        for window in &found[..found.len() - 1] {
            let there = decibels(&samples[window.end - RATE / 50..window.end + RATE / 50]);
            let second = window.end as f64 / RATE as f64;
            println!("windows of {longest} s: cut at {second:.2} s, {there:.0} dB");
            assert!(there < decibels(&samples) - 12.0, "{longest} s, cut at {second}: {there} dB");
        }
    }
}

#[test]
fn no_spoken_digit_is_cut() {
    let Some(clips) = clips() else { return };
    let series = Value::Series(clips.test.clone().into());
    let samples = samples(&json!({ "gap": [0.15, 0.4], "trim": {} }), &series);
    let found = windows(&samples, RATE, 30.0);
    assert!(found.len() > 5, "{}", found.len());
    for window in &found[..found.len() - 1] {
        // Between the digits lie zeros.
        let near = &samples[window.end - RATE / 50..window.end + RATE / 50];
        assert!(near.iter().all(|&sample| sample == 0.0), "cut at {}", window.end as f64 / RATE as f64);
    }
}
