//! Compression of recorded answers: numbers in half precision (IEEE 754 binary16), parameters pooled further.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use half::f16;
use serde_json::{Map, Value, json};

use crate::pooling::pooled;
use crate::protocol::Floats;

/// The largest side of a recorded parameter.
const PARAMETER: usize = 32;

/// Compresses all recorded answers.
pub(super) fn shrink(answers: &mut Map<String, Value>) {
    for (question, recorded) in answers.iter_mut() {
        let answer = &mut recorded["answer"];
        let floats =
            serde_json::from_value::<Floats>(json!({ "shape": answer["shape"], "data": answer["data"] }));
        if let (true, Ok(floats)) = (question.starts_with("GET /api/parameter"), floats) {
            let pooled = pooled(&floats.shape, &floats.values(), PARAMETER);
            answer["shape"] = json!(pooled.shape);
            answer["data"] = json!(pooled.data);
        }
        halve(answer);
    }
}

/// Replaces `data` by `half`, base64 of binary16, wherever there are floats.
fn halve(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(halve),
        Value::Object(entries) => match (entries.contains_key("shape"), floats_of(entries)) {
            (true, Some(floats)) => {
                let values = floats.values();
                let bytes: Vec<u8> =
                    values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect();
                entries.remove("data");
                entries.insert("half".to_owned(), STANDARD.encode(bytes).into());
            }
            _ => entries.values_mut().for_each(halve),
        },
        _ => {}
    }
}

fn floats_of(entries: &Map<String, Value>) -> Option<Floats> {
    let (shape, data) = (entries.get("shape")?, entries.get("data")?);
    serde_json::from_value(json!({ "shape": shape, "data": data })).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_become_halves_wherever_they_stand() {
        let floats = json!(Floats::new(vec![2], &[1.0, -2.5]));
        let parameter = json!(Floats::new(vec![64, 64], &[0.5; 4096]));
        let mut answers = Map::new();
        let look = json!({ "attention": [{ "weights": floats }], "shape": 3 });
        answers.insert("POST /api/look {}".to_owned(), json!({ "answer": look }));
        answers.insert("GET /api/parameter {}".to_owned(), json!({ "answer": parameter }));
        shrink(&mut answers);
        // 1.0 is 0x3c00, -2.5 is 0xc100.
        let half = STANDARD.encode([0x00, 0x3c, 0x00, 0xc1]);
        assert_eq!(
            answers["POST /api/look {}"]["answer"]["attention"][0]["weights"],
            json!({ "shape": [2], "half": half })
        );
        assert_eq!(answers["GET /api/parameter {}"]["answer"]["shape"], json!([32, 32]));
        assert_eq!(
            answers["GET /api/parameter {}"]["answer"]["half"].as_str().map(str::len),
            Some((32 * 32 * 2_usize).div_ceil(3) * 4)
        );
    }
}
