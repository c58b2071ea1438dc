//! Bodies of requests that are nearly right.

use any2any_adapter::Random;
use serde_json::{Value, json};

use super::served::SENTENCE;

/// A path and a sound body for each question about a text.
pub(crate) fn seeds() -> Vec<(&'static str, Value)> {
    let text = json!({ "text": SENTENCE });
    vec![
        (
            "/api/translate",
            json!({ "task": 0, "source": text, "decoding": { "beam": { "size": 2, "n_best": 1 } }, "prefix": [5, 6] }),
        ),
        (
            "/api/translate",
            json!({ "sources": [text, text], "decoding": { "sampling": { "temperature": 0.7, "top_k": 5, "top_p": 0.9, "seed": 1 } } }),
        ),
        (
            "/api/translate",
            json!({ "source": { "file": { "name": "a.txt", "content": "YSBtYW4gLg==" } }, "decoding": { "greedy": {}, "max_length": 9 }, "stream": true }),
        ),
        (
            "/api/score",
            json!({ "run": 0, "checkpoint": "last", "source": text, "target": { "text": "der Hund sieht das Haus ." } }),
        ),
        (
            "/api/next",
            json!({ "source": { "sample": { "split": "test", "number": 3 } }, "prefix": [5, 9], "count": 4 }),
        ),
        (
            "/api/look",
            json!({ "source": text, "tokens": [5, 9, 11], "masked": [0], "ablated": [{ "stack": "decoder", "kind": "self", "layer": 0, "head": 1 }] }),
        ),
        ("/api/beam", json!({ "source": text, "prefix": [5], "size": 3, "length_penalty": 0.6 })),
        (
            "/api/attribution",
            json!({ "source": text, "tokens": [5, 9], "position": 1, "token": 7, "method": "gradient" }),
        ),
        ("/api/machine", json!({ "source": text, "tokens": [5, 9] })),
    ]
}

/// A body with changed bytes, or values.
pub(crate) fn mutated(seed: &Value, random: &mut Random) -> Vec<u8> {
    if random.below(3) == 0 { bytes(seed, random) } else { values(seed, random).to_string().into_bytes() }
}

/// A body with some bytes changed, dropped or doubled.
fn bytes(seed: &Value, random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_string().into_bytes();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(4) {
            0 => bytes[at] = random.below(256) as u8,
            1 if bytes.len() > 1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, bytes[at]),
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

/// A body with one of its values in the place of another, or something odd there.
fn values(seed: &Value, random: &mut Random) -> Value {
    let odd = [
        json!(null),
        json!(-1),
        json!(0),
        json!(1),
        json!(70),
        json!(4_294_967_296_u64),
        json!(u64::MAX),
        json!(1e308),
        json!(-0.5),
        json!(true),
        json!(""),
        json!("\u{0}\u{202e}\u{1F600} e\u{301}"),
        json!("dog ".repeat(300)),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!({ "text": "" }),
        json!([3, 3, 3, 2, 2, 1, 0]),
        json!(vec![7; 500]),
    ];
    let mut places = Vec::new();
    collect(seed, String::new(), &mut places);
    let mut body = seed.clone();
    for _ in 0..=random.below(2) {
        let place = &places[random.below(places.len())];
        let new = match random.below(3) {
            0 => seed.pointer(&places[random.below(places.len())]).cloned().unwrap_or_default(),
            _ => odd[random.below(odd.len())].clone(),
        };
        if let Some(value) = body.pointer_mut(place) {
            *value = new;
        }
    }
    body
}

/// The places of all values below a value.
fn collect(value: &Value, place: String, places: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(values) => {
            values.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (name, value) in below {
        let place = format!("{place}/{name}");
        places.push(place.clone());
        collect(value, place, places);
    }
}
