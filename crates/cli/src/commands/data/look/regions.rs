//! Regions in words: the part of a value that a position of its sequence covers.

use any2any_adapter::{Region, Value};

/// The regions of all tokens, or of the first and the last frame, in one line; `None` where there are none.
pub(super) fn in_words(regions: &[Region], value: &Value, are_tokens: bool) -> Option<String> {
    let word = |region: &Region| of(region, value);
    match regions {
        [] => None,
        _ if are_tokens => Some(regions.iter().map(word).collect::<Vec<_>>().join(" | ")),
        [only] => Some(word(only)),
        [first, .., last] => Some(format!("first {}, last {}", word(first), word(last))),
    }
}

fn of(region: &Region, value: &Value) -> String {
    match region {
        Region::Nothing => "-".to_owned(),
        Region::Bytes(bytes) => match value.as_text().and_then(|text| text.get(bytes.clone())) {
            Some(part) => format!("{}..{} {part:?}", bytes.start, bytes.end),
            None => format!("{}..{}", bytes.start, bytes.end),
        },
        Region::Items(items) => format!("items {}..{}", items.start, items.end),
        Region::Rectangle { left, top, width, height } => {
            format!("{width:.1} x {height:.1} pixels at {left:.1}, {top:.1}")
        }
        Region::Span { start, end } => format!("{start:.3} to {end:.3} s"),
        Region::Window { channels, start, end } => {
            format!("channels {}..{}, {start:.3} to {end:.3} s", channels.start, channels.end)
        }
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_told_with_what_they_cover() {
        let text = Value::from("the dog");
        let bytes = [Region::Bytes(0..3), Region::Bytes(4..7), Region::Nothing];
        assert_eq!(in_words(&bytes, &text, true).as_deref(), Some("0..3 \"the\" | 4..7 \"dog\" | -"));
        let spans = [0.0, 0.5, 1.0].map(|start| Region::Span { start, end: start + 0.5 });
        let words = in_words(&spans, &text, false);
        assert_eq!(words.as_deref(), Some("first 0.000 to 0.500 s, last 1.000 to 1.500 s"));
        assert_eq!(in_words(&[], &text, true), None);
        assert_eq!(of(&Region::Bytes(5..90), &text), "5..90", "of another text");
    }
}
