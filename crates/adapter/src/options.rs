//! Check that options survive a run, which keeps them with every default written out.

use serde_json::Value as Json;

use crate::OptionProblem;

/// The place of an option that a run would lose, and the mistake of its medium.
///
/// `complete` are the `given` options with every default written out; `again` reads complete options and writes them out
/// once more.
pub(crate) fn option_at_fault(
    given: &Json,
    complete: &Json,
    schema: &Json,
    again: impl FnOnce(&Json) -> Result<Json, OptionProblem>,
) -> Option<(String, String)> {
    if let Some(option) = left_out(given, complete, schema) {
        let reason = format!(
            "it does not write its option `{option}` out, and a run would forget it: leave no option out when they are \
             serialised"
        );
        return Some((format!("/{option}"), reason));
    }
    match again(complete) {
        Ok(again) if again == *complete => None,
        Ok(_) => Some((
            String::new(),
            "its options with every default written out are read back as others: serialise them as they are read"
                .to_owned(),
        )),
        Err(problem) => {
            let place = problem.pointer.trim_start_matches('/').replace('/', ".");
            let place = if place.is_empty() { String::new() } else { format!(" at `{place}`") };
            let reason = format!(
                "its options with every default written out do not parse{place} ({}): take a default that JSON has \
                 and that is read again",
                problem.message
            );
            Some((problem.pointer, reason))
        }
    }
}

/// True for a value that is usually left out when it is written: a list, mapping or text without contents, or null.
fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(map) => map.is_empty(),
        Json::String(text) => text.is_empty(),
        _ => false,
    }
}

/// The first option that is given, is not its default, and is not written out.
fn left_out<'a>(given: &'a Json, complete: &Json, schema: &Json) -> Option<&'a str> {
    let properties = schema.get("properties")?.as_object()?;
    let lost = |(name, value): &(&String, &Json)| {
        let known = properties.get(*name);
        let usual = known.and_then(|schema| schema.get("default")).unwrap_or(&Json::Null);
        known.is_some() && *value != usual && !is_empty(value) && complete.get(name.as_str()).is_none()
    };
    given.as_object()?.iter().find(lost).map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_that_a_run_would_lose_are_named() {
        let schema = json!({ "properties": { "field": {}, "speed": { "default": 2 } } });
        let same = |complete: &Json| Ok(complete.clone());
        let fault = |given, complete| option_at_fault(&given, &complete, &schema, same);
        let whole = json!({ "field": "a", "speed": 2 });
        assert_eq!(fault(json!({ "field": "a" }), whole.clone()), None);
        // What is its default may be left out, and what the schema does not know goes by another name.
        assert_eq!(fault(json!({ "field": "a", "speed": 2 }), json!({ "field": "a" })), None);
        assert_eq!(fault(json!({ "former": "a" }), whole.clone()), None);
        assert_eq!(fault(json!({ "field": [] }), json!({ "speed": 2 })), None);
        let (place, reason) = fault(json!({ "speed": 3 }), json!({ "field": "a" })).expect("a fault");
        assert_eq!(place, "/speed");
        assert!(reason.contains("does not write its option `speed` out"), "{reason}");
        let other = option_at_fault(&whole, &whole, &schema, |_| Ok(json!({}))).expect("a fault");
        assert!(other.1.contains("read back as others"), "{}", other.1);
        let refused = |_: &Json| Err(OptionProblem::new("/speed/rate", "invalid type: null", "none"));
        let (place, reason) = option_at_fault(&whole, &whole, &schema, refused).expect("a fault");
        assert_eq!(place, "/speed/rate");
        assert!(reason.contains("do not parse at `speed.rate` (invalid type: null)"), "{reason}");
    }
}
