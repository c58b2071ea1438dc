//! The tokens that a tokenizer's post-processor puts around a text. They are read for a warning alone: none is taken
//! over.

use serde_json::Value as Json;

/// The tokens that a post-processor adds to a single text.
pub(crate) fn added(step: &Json) -> Vec<u32> {
    let number = |token: &Json| token.as_u64().and_then(|token| u32::try_from(token).ok());
    let list = |name: &str| step[name].as_array().into_iter().flatten();
    match step["type"].as_str() {
        Some("TemplateProcessing") => {
            let names = list("single").filter_map(|piece| piece["SpecialToken"]["id"].as_str());
            let tokens = names.filter_map(|name| step["special_tokens"][name]["ids"].as_array());
            tokens.flatten().filter_map(number).collect()
        }
        Some("BertProcessing" | "RobertaProcessing") => {
            [&step["cls"][1], &step["sep"][1]].into_iter().filter_map(number).collect()
        }
        Some("Sequence") => list("processors").flat_map(added).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_are_those_of_a_single_text() {
        let template = json!({
            "type": "TemplateProcessing",
            "single": [
                { "SpecialToken": { "id": "<s>", "type_id": 0 } },
                { "Sequence": { "id": "A", "type_id": 0 } },
                { "SpecialToken": { "id": "</s>", "type_id": 0 } },
                { "SpecialToken": { "id": "missing", "type_id": 0 } },
            ],
            "special_tokens": { "<s>": { "ids": [5, 6] }, "</s>": { "ids": [7, -1, 4294967296u64] } },
        });
        let bert = json!({ "type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2] });
        for (step, expected) in [
            (json!(null), vec![]),
            (json!({ "type": "ByteLevel" }), vec![]),
            (template.clone(), vec![5, 6, 7]),
            (bert.clone(), vec![2, 3]),
            (json!({ "type": "Sequence", "processors": [bert, template] }), vec![2, 3, 5, 6, 7]),
            (json!({ "type": "BertProcessing", "sep": 3 }), vec![]),
        ] {
            assert_eq!(added(&step), expected, "{step}");
        }
    }
}
