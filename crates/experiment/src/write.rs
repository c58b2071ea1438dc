//! YAML writer for plain data, in block style as a person would write it.
//!
//! Texts are quoted if this crate's own reader would not read them back as the same text.

use serde_json::Value as Json;

use crate::node::Value;
use crate::scalar::plain;

/// A value as a YAML document.
pub(crate) fn yaml(value: &Json) -> String {
    let mut text = String::new();
    match value {
        Json::Object(map) if !map.is_empty() => block(value, 0, &mut text),
        Json::Array(items) if !items.is_empty() => block(value, 0, &mut text),
        scalar => text = inline(scalar) + "\n",
    }
    text
}

fn block(value: &Json, indent: usize, text: &mut String) {
    let margin = " ".repeat(indent);
    match value {
        Json::Object(map) => {
            for (key, value) in map {
                let key = quoted(key);
                if is_block(value) {
                    text.push_str(&format!("{margin}{key}:\n"));
                    block(value, indent + 2, text);
                } else {
                    text.push_str(&format!("{margin}{key}: {}\n", inline(value)));
                }
            }
        }
        Json::Array(items) => {
            for item in items {
                text.push_str(&format!("{margin}- {}\n", inline(item)));
            }
        }
        scalar => text.push_str(&format!("{margin}{}\n", inline(scalar))),
    }
}

/// True for values that take lines of their own: mappings, and lists of more than eight items.
fn is_block(value: &Json) -> bool {
    match value {
        Json::Object(map) => !map.is_empty(),
        Json::Array(items) => items.len() > 8,
        _ => false,
    }
}

/// A value on one line.
pub(crate) fn inline(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => decimal(&number.to_string()),
        Json::String(text) => quoted(text),
        Json::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Json::Object(map) if map.is_empty() => "{}".to_owned(),
        Json::Object(map) => {
            let entries: Vec<_> =
                map.iter().map(|(key, value)| format!("{}: {}", quoted(key), inline(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A number with a decimal point before its exponent, since `1e-9` is a text to readers of YAML 1.1.
fn decimal(number: &str) -> String {
    match number.split_once('e') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0e{exponent}"),
        _ => number.to_owned(),
    }
}

/// A text as a plain scalar if that is safe, otherwise as a JSON string, which is YAML too.
pub(crate) fn quoted(text: &str) -> String {
    let safe = |character: char| character.is_alphanumeric() || "_-./+".contains(character);
    let starts_safely = text.starts_with(|first: char| first.is_alphanumeric() || "_./".contains(first));
    if starts_safely && text.chars().all(safe) && plain(text) == Value::Text(text.to_owned()) && text != "..."
    {
        text.to_owned()
    } else {
        double_quoted(text)
    }
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // Characters that YAML might fold, take for a line break, or not print.
            character if !is_printable(character) => {
                quoted.push_str(&format!("\\U{:08x}", u32::from(character)))
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tests::tree;
    use crate::validate;

    #[test]
    fn everything_is_read_back() {
        let texts = [
            "plain",
            "two words",
            "",
            " ",
            "null",
            "~",
            "true",
            "no",
            "1e3",
            "0x1f",
            "12",
            "-",
            "- a",
            "a: b",
            "a:b",
            "#x",
            "a #b",
            "'",
            "\"",
            "\\",
            "\n",
            "a\n  b\n",
            "\t",
            "\u{85}",
            "\u{2028}",
            "\u{0}",
            "größe",
            "翻訳",
            "[a]",
            "{a}",
            "*x",
            "&x",
            "!x",
            "|",
            ">",
            "%x",
            "@x",
            "`x",
            "...",
            "---",
            "C:\\data\\train.en",
            "../data/train.en",
            "🙂",
            "\u{feff}",
            "<<",
            "=",
            "?",
            "? a",
            ",",
        ];
        for text in texts {
            let json = serde_json::json!({ "text": text, text: [text, { text: 1 }], "nested": { "deep": {}, text: null } });
            let written = yaml(&json);
            assert_eq!(validate::plain(&tree(&written)), json, "{written}");
        }
    }

    #[test]
    fn numbers_keep_their_type() {
        let json =
            serde_json::json!({ "whole": 5, "real": 5.0, "small": 1e-9, "large": u64::MAX, "tiny": 5e-324 });
        assert_eq!(validate::plain(&tree(&yaml(&json))), json, "{}", yaml(&json));
    }

    #[test]
    fn reads_like_a_person_wrote_it() {
        let json = serde_json::json!({ "name": "x", "batch": { "tokens": 1e-9 }, "metrics": ["bleu", "ter"], "none": null });
        assert_eq!(yaml(&json), "name: x\nbatch:\n  tokens: 1.0e-9\nmetrics: [bleu, ter]\nnone: null\n");
    }
}
