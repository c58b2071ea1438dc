//! Spellings of an English sentence, as people write it.
//!
//! A translator that has only seen "The man does not sleep." is lost at "the man doesn't sleep ." So some sentences of
//! every split are spelled otherwise; the German stays as it is.

use any2any_adapter::Random;

/// Spelling of an English sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// The man sleeps.
    Plain,
    /// the man sleeps .
    Spaced,
    /// the man sleeps.
    Lowercase,
    /// The man sleeps
    Unmarked,
    /// the man sleeps
    Bare,
}

use Spelling::{Bare, Lowercase, Plain, Spaced, Unmarked};

impl Spelling {
    pub(super) fn draw(random: &mut Random) -> Self {
        match random.below(100) {
            0..55 => Plain,
            55..77 => Spaced,
            77..84 => Lowercase,
            84..90 => Unmarked,
            _ => Bare,
        }
    }

    /// Rewrites a plainly written sentence in this spelling.
    pub(super) fn write(self, text: &str) -> String {
        let text = if matches!(self, Plain | Unmarked) { text.to_owned() } else { text.to_lowercase() };
        match self {
            Plain | Lowercase => text,
            Spaced => text.replace(',', " ,").replace('.', " .").replace('?', " ?"),
            Unmarked | Bare => text.trim_end_matches(['.', '?']).to_owned(),
        }
    }
}

/// A sentence with "not" contracted into the helping verb before it.
pub(super) fn contract(text: &str) -> String {
    const CONTRACTIONS: [(&str, &str); 9] = [
        ("do not", "don't"),
        ("does not", "doesn't"),
        ("did not", "didn't"),
        ("is not", "isn't"),
        ("are not", "aren't"),
        ("was not", "wasn't"),
        ("were not", "weren't"),
        ("will not", "won't"),
        ("cannot", "can't"),
    ];
    CONTRACTIONS.iter().fold(text.to_owned(), |text, (long, short)| {
        text.replace(&format!(" {long} "), &format!(" {short} "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let text = "If the dog does not sleep, the cat cannot play.";
        let cases = [
            (Plain, "If the dog doesn't sleep, the cat can't play."),
            (Spaced, "if the dog doesn't sleep , the cat can't play ."),
            (Lowercase, "if the dog doesn't sleep, the cat can't play."),
            (Unmarked, "If the dog doesn't sleep, the cat can't play"),
            (Bare, "if the dog doesn't sleep, the cat can't play"),
        ];
        for (spelling, expected) in cases {
            assert_eq!(spelling.write(&contract(text)), expected);
        }
        assert_eq!(Spaced.write("Who sings?"), "who sings ?");
    }
}
