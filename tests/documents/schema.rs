//! Reading of a JSON Schema: the keys, the range and the description of one value.

use serde_json::{Map, Value as Json};

/// A value that is no null: `anyOf: [X, null]` is X.
pub(crate) fn not_null(value: &Json) -> &Json {
    let Some(variants) = value.get("anyOf").and_then(Json::as_array) else { return value };
    match variants.as_slice() {
        [one, null] if null.get("type").is_some_and(|kind| kind == "null") => one,
        _ => value,
    }
}

pub(crate) fn may_be_null(value: &Json) -> bool {
    let listed = value
        .get("type")
        .and_then(Json::as_array)
        .is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"));
    listed || !std::ptr::eq(not_null(value), value)
}

pub(crate) fn properties(schema: &Json) -> impl Iterator<Item = (&String, &Json)> {
    schema.get("properties").and_then(Json::as_object).into_iter().flat_map(Map::iter)
}

/// The one key of a choice with options.
pub(crate) fn single(variant: &Json) -> Option<(&String, &Json)> {
    let one = properties(variant).count() == 1;
    let required = variant.get("required").and_then(Json::as_array).is_some_and(|keys| keys.len() == 1);
    (one && required).then(|| properties(variant).next()).flatten()
}

/// The first word of a variant.
pub(crate) fn word(variant: &Json) -> Option<String> {
    let word = single(variant).map(|(key, _)| format!("{key}:"));
    word.or_else(|| variant.get("const")?.as_str().map(str::to_owned)).map(|word| format!("`{word}`"))
}

pub(crate) fn range(value: &Json) -> String {
    let value = not_null(value);
    let bound = |name: &str| value.get(name).map(ToString::to_string).map(|bound| plain(&bound));
    let (least, most) = (bound("minimum"), bound("maximum"));
    let (above, below) = (bound("exclusiveMinimum"), bound("exclusiveMaximum"));
    let numbers = match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("≥ {least}"),
        (None, Some(most)) => format!("≤ {most}"),
        (None, None) => String::new(),
    };
    let items = match (bound("minItems"), bound("maxItems")) {
        (Some(least), Some(most)) if least == most => format!("{least} items"),
        (Some(least), Some(most)) => format!("{least} to {most} items"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => String::new(),
    };
    let strict = [above.map(|above| format!("> {above}")), below.map(|below| format!("< {below}"))];
    let parts = strict.into_iter().flatten().chain([numbers, items]).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}

/// 1.0 is 1.
fn plain(number: &str) -> String {
    number.strip_suffix(".0").unwrap_or(number).to_owned()
}

pub(crate) fn description(value: &Json) -> String {
    let text = value.get("description").and_then(Json::as_str).unwrap_or_default();
    without_rust(text)
}

pub(crate) fn paragraphs(value: &Json) -> String {
    let text = description(value);
    if text.is_empty() { text } else { format!("{text}\n\n") }
}

/// A description as prose: "[`Decoding::guidance`]" is a link in Rust's documentation alone.
fn without_rust(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((name, after)) = link.split_once("`]") else { break };
        let name = name.rsplit("::").next().unwrap_or(name);
        result.push_str(&format!("{before}`{name}`"));
        rest = after;
    }
    result.push_str(rest);
    result
}
