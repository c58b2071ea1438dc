//! Messages of the structural checks: what was expected of a value, and how to write it.

use serde_json::Value as Json;

use crate::node::{Node, Value};
use crate::schema_kind::{Kind, Schema, Shape};

/// The kind of value that a schema expects, in words.
pub(crate) fn expected(shape: &Shape<'_>) -> String {
    let name = match &shape.kind {
        Kind::Choice { options, words, .. } if words.is_empty() => match options.as_slice() {
            [(only, _)] => format!("a mapping with the key `{only}`"),
            _ => "a mapping with one key".to_owned(),
        },
        Kind::Choice { options, .. } if options.is_empty() => "one of its words".to_owned(),
        Kind::Choice { .. } => "a word or a mapping with one key".to_owned(),
        Kind::Mapping(_) => "a mapping".to_owned(),
        Kind::Sequence(_) => "a list".to_owned(),
        Kind::Text(_) => "a text".to_owned(),
        Kind::Whole(_) => "a whole number".to_owned(),
        Kind::Number(_) => "a number".to_owned(),
        Kind::Boolean => "`true` or `false`".to_owned(),
        Kind::Null => "left empty".to_owned(),
        Kind::Either(_) | Kind::Anything => "something else".to_owned(),
    };
    if shape.nullable { format!("{name} or null") } else { name }
}

/// The advice how to write a value of the wrong type as the right one.
pub(crate) fn conversion(node: &Node, kind: &Kind<'_>) -> Option<String> {
    let given = node.place.text();
    match (kind, &node.value) {
        (Kind::Whole(_), Value::Float(number)) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Some(format!("write it out: {number}"))
        }
        (Kind::Whole(_) | Kind::Number(_), Value::Text(text)) => {
            let number = number_in(text)?;
            Some(if given.starts_with(['"', '\'']) {
                format!("take the quotes away: {number}")
            } else {
                format!("write {number}")
            })
        }
        (Kind::Boolean, Value::Text(text)) => match text.to_lowercase().as_str() {
            "yes" | "on" | "true" | "y" => Some("write `true`".to_owned()),
            "no" | "off" | "false" | "n" => Some("write `false`".to_owned()),
            _ => None,
        },
        (Kind::Boolean, Value::Integer(number)) if (0..=1).contains(number) => {
            Some(format!("write `{}`", *number == 1))
        }
        (Kind::Text(_), Value::Null) => Some("write the text after the colon".to_owned()),
        (Kind::Text(_), Value::Boolean(_) | Value::Integer(_) | Value::Float(_)) => {
            Some(format!("to make a text of it, put it in quotes: '{}'", given.trim()))
        }
        (Kind::Mapping(schema), Value::Null) if schema.get("required").is_none() => Some(
            "write its options below it, indented further; `{}` leaves all of them at their defaults"
                .to_owned(),
        ),
        (Kind::Mapping(_), Value::Null) => Some("write its options below it, indented further".to_owned()),
        (Kind::Mapping(schema), Value::Text(text)) => match text.split_once(':') {
            Some((key, value)) => keys(schema)
                .contains(&key)
                .then(|| format!("a space is missing after `:`: write `{key}: {value}`")),
            None => only_text(schema).map(|key| format!("write `{{ {key}: {} }}`", given.trim())),
        },
        (_, Value::Null) => Some("write a value, or take the key away to use its default".to_owned()),
        (Kind::Sequence(_), Value::Text(_) | Value::Integer(_) | Value::Float(_)) => {
            Some(format!("write a list: [{}]", given.trim()))
        }
        _ => None,
    }
}

/// The only text among the options of a mapping, for which a text in the mapping's place was probably meant.
fn only_text(schema: &Json) -> Option<&str> {
    let is_text = |schema: &Json| match &schema["type"] {
        Json::String(kind) => kind == "string",
        Json::Array(kinds) => kinds.iter().any(|kind| kind == "string"),
        _ => false,
    };
    let properties = schema.get("properties").and_then(Json::as_object);
    let mut texts = properties.into_iter().flatten().filter(|(_, schema)| is_text(schema));
    let (key, _) = texts.next()?;
    texts.next().is_none().then_some(key.as_str())
}

/// The number that a text was probably meant to be: `8_000`, `8,000`, `8k`, `0,3`, `10%`.
fn number_in(text: &str) -> Option<String> {
    let text = text.trim();
    if text.parse::<f64>().is_ok_and(f64::is_finite) {
        return Some(text.to_owned());
    }
    if let Some(percent) = text.strip_suffix('%') {
        return Some((percent.trim().parse::<f64>().ok()? / 100.0).to_string());
    }
    let (digits, scale) = match text.char_indices().last()? {
        (at, 'k' | 'K') => (&text[..at], 1e3),
        (at, 'm' | 'M') => (&text[..at], 1e6),
        _ => (text, 1.0),
    };
    let grouped = digits.split(['_', ',', ' ', '\'']).skip(1).all(|group| group.len() == 3);
    let digits = if grouped {
        digits.replace(['_', ',', ' ', '\''], "")
    } else {
        digits.replace(',', ".").replace('_', "")
    };
    let number = digits.parse::<f64>().ok().filter(|number| number.is_finite())?;
    Some((number * scale).to_string())
}

/// The range of a schema, if a number is outside it.
pub(crate) fn violated_range(number: f64, schema: &Json) -> Option<String> {
    let bound = |key: &str| schema.get(key).and_then(Json::as_f64);
    let (least, above) = (bound("minimum"), bound("exclusiveMinimum"));
    let (most, under) = (bound("maximum"), bound("exclusiveMaximum"));
    let inside = least.is_none_or(|least| number >= least)
        && above.is_none_or(|above| number > above)
        && most.is_none_or(|most| number <= most)
        && under.is_none_or(|under| number < under);
    if inside {
        return None;
    }
    if let (Some(least), None, Some(most), None) = (least, above, most, under) {
        return Some(format!("between {least} and {most}"));
    }
    let low = above.map(|above| format!("above {above}")).or(least.map(|least| format!("at least {least}")));
    let high = under.map(|under| format!("below {under}")).or(most.map(|most| format!("at most {most}")));
    Some([low, high].into_iter().flatten().collect::<Vec<_>>().join(" and "))
}

/// The keys that a mapping's schema declares.
pub(crate) fn keys(schema: &Json) -> Vec<&str> {
    let properties = schema.get("properties").and_then(Json::as_object);
    properties.into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

/// The first sentence of a schema's description.
pub(crate) fn describe(schema: &Json) -> Option<String> {
    let description = schema.get("description")?.as_str()?;
    // A sentence ends where the next begins with a capital: "et al. 2020" goes on.
    let next_begins = |at: usize| description[at + 2..].starts_with(char::is_uppercase);
    let end = description.match_indices(". ").map(|(at, _)| at).find(|at| next_begins(*at));
    Some(description[..end.unwrap_or(description.len())].trim_end_matches('.').to_owned())
}

/// The meaning of an option, as help for an invalid value.
pub(crate) fn meaning(schema: &Json) -> Option<String> {
    Some(format!("what it means: {}", describe(schema)?))
}

/// The advice to add a missing key, with its description.
pub(crate) fn addition(key: &str, schema: &Json, rules: Schema<'_>) -> String {
    let what = describe(schema).map(|what| format!(": {what}")).unwrap_or_default();
    let choices = match rules.shape(schema).kind {
        Kind::Choice { words, options, .. } if words.len() + options.len() > 1 => {
            let names: Vec<_> = words.into_iter().chain(options.into_iter().map(|(name, _)| name)).collect();
            format!("; one of: {}", names.join(", "))
        }
        _ => String::new(),
    };
    format!("add `{key}`{what}{choices}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_people_write() {
        let cases = [
            ("8_000", Some("8000")),
            ("8,000", Some("8000")),
            ("8 000", Some("8000")),
            ("8k", Some("8000")),
            ("1.5M", Some("1500000")),
            ("0,3", Some("0.3")),
            ("10%", Some("0.1")),
            ("12", Some("12")),
            ("many", None),
            ("nan", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(number_in(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn ranges_in_words() {
        let schema = |json: &str| serde_json::from_str::<Json>(json).expect("a schema");
        let cases = [
            (0.0, r#"{"minimum": 1}"#, Some("at least 1")),
            (1.0, r#"{"minimum": 1}"#, None),
            (2.0, r#"{"minimum": 0, "maximum": 0.95}"#, Some("between 0 and 0.95")),
            (0.0, r#"{"exclusiveMinimum": 0}"#, Some("above 0")),
            (1.0, r#"{"exclusiveMaximum": 1}"#, Some("below 1")),
        ];
        for (number, rule, expected) in cases {
            assert_eq!(violated_range(number, &schema(rule)).as_deref(), expected, "{number} {rule}");
        }
    }
}
