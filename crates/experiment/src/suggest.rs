//! "Did you mean": the known word nearest to a misspelt one.

/// The known word nearest to `word`, if one is near enough to be meant.
///
/// Near is at most one edit for every three characters (Damerau-Levenshtein: two neighbours swapped count as one), or a
/// clear abbreviation of the other (`vocabulary` and `vocab`). Case, `-`, `_` and spaces are ignored.
///
/// ```
/// use any2any_experiment::suggest;
///
/// assert_eq!(suggest("stpes", ["seed", "steps"]), Some("steps"));
/// assert_eq!(suggest("banana", ["seed", "steps"]), None);
/// ```
pub fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = normal(word);
    known
        .into_iter()
        .filter_map(|candidate| Some((distance(&word, &normal(candidate))?, candidate)))
        // The first of several equally near ones.
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance(word: &str, candidate: &str) -> Option<usize> {
    let longer = word.chars().count().max(candidate.chars().count());
    let edits = strsim::damerau_levenshtein(word, candidate);
    if edits <= longer.div_ceil(3).min(4) && edits < longer {
        return Some(edits * 2);
    }
    let shorter = word.chars().count().min(candidate.chars().count());
    let abbreviates = shorter >= 3 && (word.starts_with(candidate) || candidate.starts_with(word));
    abbreviates.then_some(9)
}

fn normal(word: &str) -> String {
    word.to_lowercase().replace(['-', ' ', '_'], "").replace('+', "plus")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant_and_nothing_else() {
        let keys = ["d_model", "d_ff", "heads", "encoder_layers", "decoder_layers", "dropout", "vocab"];
        let keys = keys.into_iter().chain(["adam", "adam_w", "chrf", "chrf_plus_plus"]);
        let cases = [
            ("d-model", Some("d_model")),
            ("Heads", Some("heads")),
            ("chrf++", Some("chrf_plus_plus")),
            ("adamw", Some("adam_w")),
            ("haeds", Some("heads")),
            ("encoder_layer", Some("encoder_layers")),
            ("vocabulary", Some("vocab")),
            ("drop_out", Some("dropout")),
            ("d_fff", Some("d_ff")),
            ("learning_rate", None),
            ("x", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(suggest(word, keys.clone()), expected, "{word}");
        }
    }
}
