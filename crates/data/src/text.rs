//! Small helps for messages that people read.

/// A whole number with its thousands set apart: 29,000.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The end of a message about an unknown name: a similar one, if there is one, and all that are known.
pub(crate) fn known(name: &str, known: &[String]) -> String {
    if known.is_empty() {
        return "there are none".to_owned();
    }
    let all = format!("known: {}", known.join(", "));
    let closest = known.iter().max_by(|a, b| similarity(name, a).total_cmp(&similarity(name, b)));
    match closest {
        Some(closest) if similarity(name, closest) > 0.7 => format!("did you mean '{closest}'? ({all})"),
        _ => all,
    }
}

fn similarity(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(&a.to_lowercase(), &b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (29_000, "29,000"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn similar_names_are_offered() {
        let names = ["english".to_owned(), "german".to_owned()];
        assert_eq!(known("Englsh", &names), "did you mean 'english'? (known: english, german)");
        assert_eq!(known("fr", &names), "known: english, german");
        assert_eq!(known("fr", &[]), "there are none");
    }
}
