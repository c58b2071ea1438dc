//! Parts of messages that people read.

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
    fn similar_names_are_offered() {
        let names = ["english".to_owned(), "german".to_owned()];
        assert_eq!(known("Englsh", &names), "did you mean 'english'? (known: english, german)");
        assert_eq!(known("fr", &names), "known: english, german");
        assert_eq!(known("fr", &[]), "there are none");
    }
}
