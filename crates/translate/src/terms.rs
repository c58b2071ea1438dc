//! Terminology: for each term of a source, the words by which it must be translated.

use std::collections::BTreeMap;

use crate::words::joins_words;

/// A term and its translation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Term {
    /// The term in a source: its words as they stand there. In lower case it is found in any case.
    pub source: String,
    /// Its translation, exactly as it must be written.
    pub target: String,
    /// The line of its list, from 1.
    pub line: usize,
}

/// A list of terms with their translations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    terms: Vec<Term>,
}

/// A line of a list of terms that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
#[non_exhaustive]
pub struct TermsError {
    /// The line, from 1.
    pub line: usize,
    /// The reason, and the way out.
    pub reason: String,
}

impl Terms {
    /// Reads a list with a term in each line: the words of the source, a tab, and those of the target. Blank lines
    /// say nothing.
    ///
    /// # Errors
    ///
    /// Every line that is no term, or gives an earlier one another translation.
    pub fn parse<L: AsRef<str>>(lines: &[L]) -> Result<Self, Vec<TermsError>> {
        let (mut terms, mut errors) = (Vec::new(), Vec::new());
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for (line, text) in (1..).zip(lines.iter().map(AsRef::as_ref)) {
            if text.trim().is_empty() {
                continue;
            }
            match term(line, text) {
                Err(reason) => errors.push(TermsError { line, reason: reason.to_owned() }),
                Ok(term) => match known.get(&term.source).map(|&at: &usize| &terms[at]) {
                    None => {
                        known.insert(term.source.clone(), terms.len());
                        terms.push(term);
                    }
                    Some(Term { target, .. }) if *target == term.target => {}
                    Some(Term { source, line: first, .. }) => {
                        let reason =
                            format!("`{source}` has another translation in line {first}: keep one of them");
                        errors.push(TermsError { line, reason });
                    }
                },
            }
        }
        if errors.is_empty() { Ok(Self { terms }) } else { Err(errors) }
    }

    /// The terms, in the order of their lines.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The places of the terms that a text has, as whole words. Where two overlap the longer one counts, or of equals
    /// the earlier in the text.
    pub(crate) fn in_text(&self, text: &str) -> Vec<usize> {
        let written: Vec<char> = text.chars().collect();
        let lower: Vec<char> = written.iter().map(|&character| lower_case(character)).collect();
        let mut found: Vec<(usize, usize, usize)> = Vec::new();
        for (number, term) in self.terms.iter().enumerate() {
            let wanted: Vec<char> = term.source.chars().collect();
            let any_case = wanted.iter().all(|&character| lower_case(character) == character);
            let text = if any_case { &lower } else { &written };
            let places = text.windows(wanted.len()).enumerate().filter(|(_, window)| **window == wanted[..]);
            let places = places.filter(|(at, window)| are_whole_words(text, *at, window.len()));
            found.extend(places.map(|(at, _)| (at, wanted.len(), number)));
        }
        found.sort_by_key(|&(at, length, _)| (std::cmp::Reverse(length), at));
        let mut taken = vec![false; written.len()];
        let mut numbers = Vec::new();
        for (at, length, number) in found {
            let place = &mut taken[at..at + length];
            if !place.contains(&true) {
                place.fill(true);
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// The term of a line, or the reason why it is none.
fn term(line: usize, text: &str) -> Result<Term, &'static str> {
    let mut fields = text.split('\t').map(str::trim);
    match (fields.next(), fields.next(), fields.next()) {
        (Some(source), Some(target), None) if !source.is_empty() && !target.is_empty() => {
            Ok(Term { source: source.to_owned(), target: target.to_owned(), line })
        }
        (Some(""), Some(_), None) => Err("there is no term before the tab"),
        (_, Some(_), None) => Err("there is no translation behind the tab"),
        (_, None, _) => Err("there is no tab between a term and its translation"),
        (_, _, Some(_)) => Err("there are more than two columns: `cut -f 1,2` keeps the first two"),
    }
}

/// True if a text has a phrase as whole words.
pub(crate) fn has_words(text: &str, phrase: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let phrase: Vec<char> = phrase.chars().collect();
    let mut places = text.windows(phrase.len().max(1)).enumerate();
    places.any(|(at, window)| window == phrase && are_whole_words(&text, at, phrase.len()))
}

/// True if no word goes on beyond either end of a part of a text.
fn are_whole_words(text: &[char], at: usize, length: usize) -> bool {
    let is_within = |place: usize| {
        place > 0 && place < text.len() && joins_words(text[place - 1]) && joins_words(text[place])
    };
    !is_within(at) && !is_within(at + length)
}

/// A character in lower case, if that is one character too.
fn lower_case(character: char) -> char {
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(lower), None) => lower,
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], text: &str, expected: &[&str]) {
        let terms = Terms::parse(lines).expect("sound terms");
        let found: Vec<&str> =
            terms.in_text(text).into_iter().map(|number| terms.terms()[number].target.as_str()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn terms_are_whole_words_and_the_longer_one_counts() {
        let lines = ["dog\tHund", "hot dog\tHotdog", "US\tUSA", "犬\tdog", "ice-cream\tEis"];
        check(&lines, "a dog, a Dog and a DOG", &["Hund"]);
        check(&lines, "hot dogs and dogma", &[]);
        check(&lines, "the hot dog", &["Hotdog"]);
        check(&lines, "dog eats hot dog", &["Hund", "Hotdog"]);
        check(&lines, "give us to the US", &["USA"]);
        check(&lines, "give us", &[]);
        check(&lines, "小犬が", &["dog"]);
        check(&lines, "\"ice-cream\"", &["Eis"]);
        check(&lines, "", &[]);
        check(&[" dog \t Hund ", "", "dog\tHund"], "DOG", &["Hund"]);
    }

    #[test]
    fn lines_that_are_no_terms_are_named() {
        for (lines, expected) in [
            (&["dog Hund"][..], "line 1: there is no tab between a term and its translation"),
            (&["a\tb", "dog\t"], "line 2: there is no translation behind the tab"),
            (&["\tHund"], "line 1: there is no term before the tab"),
            (&["a\tb\tc"], "line 1: there are more than two columns: `cut -f 1,2` keeps the first two"),
            (&["a\tb", "a\tc"], "line 2: `a` has another translation in line 1: keep one of them"),
        ] {
            let errors = Terms::parse(lines).expect_err(expected);
            assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
        }
        assert_eq!(Terms::parse(&["x", "y"]).expect_err("two").len(), 2);
    }

    #[test]
    fn words_are_looked_for_in_an_output() {
        for (text, phrase, expected) in [
            ("der Hund .", "Hund", true),
            ("der Hunde .", "Hund", false),
            ("Hund.", "Hund", true),
            ("ein heißer Hund", "heißer Hund", true),
            ("", "Hund", false),
        ] {
            assert_eq!(has_words(text, phrase), expected, "{text} {phrase}");
        }
    }
}
