//! Lengths of texts, and the scripts of their letters.

use any2any_experiment::spec::{LengthUnit, Script};
use any2any_metrics::is_unspaced;
use regex::Regex;
use unicode_normalization::char::is_combining_mark;

/// The length of a text.
pub(super) fn length(text: &str, unit: LengthUnit) -> usize {
    match unit {
        LengthUnit::Characters => {
            text.chars().filter(|&c| !c.is_whitespace() && !is_combining_mark(c)).count()
        }
        _ => text.split_whitespace().map(words).sum(),
    }
}

/// The words of a text without spaces: one, but for scripts that have none, each letter of which is a word beside what else
/// stands there. Punctuation beside such letters is no word.
fn words(text: &str) -> usize {
    if text.is_ascii() || !text.chars().any(is_unspaced) {
        return 1;
    }
    let letter = |c: &char| c.is_alphabetic() && !is_combining_mark(*c);
    let unspaced = text.chars().filter(|c| is_unspaced(*c) && letter(c)).count();
    let between = text.split(is_unspaced).filter(|part| part.chars().any(char::is_alphanumeric)).count();
    unspaced + between
}

/// Letters of some scripts, and those of all others.
#[derive(Debug)]
pub(super) struct Letters {
    right: Regex,
    wrong: Regex,
    /// True if ASCII has none but right ones.
    takes_ascii: bool,
}

impl Letters {
    /// The letters of some scripts.
    pub(super) fn new(scripts: &[Script]) -> Self {
        let right: String = scripts.iter().map(|script| format!(r"\p{{sc={}}}", script.name())).collect();
        let class = |class: String| Regex::new(&class).expect("a class of scripts that Unicode has");
        Self {
            right: class(format!(r"[\p{{Alphabetic}}&&[{right}]]+")),
            wrong: class(format!(r"[\p{{Alphabetic}}--[\p{{sc=Common}}\p{{sc=Inherited}}{right}]]+")),
            takes_ascii: scripts.iter().any(|script| script.name() == "Latin"),
        }
    }

    /// The share of wrong letters among all letters of a text; 0 if it has none.
    pub(super) fn wrong_share(&self, text: &str) -> f64 {
        if self.takes_ascii && text.is_ascii() {
            return 0.0;
        }
        let count = |letters: &Regex| -> usize {
            letters.find_iter(text).map(|found| found.as_str().chars().count()).sum()
        };
        match count(&self.wrong) {
            0 => 0.0,
            wrong => wrong as f64 / (wrong + count(&self.right)) as f64,
        }
    }
}
