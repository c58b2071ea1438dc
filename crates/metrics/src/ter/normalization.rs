//! The tokeniser of Tercom: case, punctuation and Asian characters.

use crate::punctuation::{resolve_entities, separate_points, separate_symbols};
use crate::whitespace::is_space;

use super::Ter;

impl Ter {
    /// The line with its words separated by white space, as the options say.
    pub(super) fn normalize(&self, line: &str) -> String {
        let mut line = line.trim_end_matches(is_space).to_owned();
        if !self.case_sensitive {
            line = line.to_lowercase();
        }
        if self.normalized {
            line = separate(&line);
            if self.asian_support {
                line = separate_asian(&line);
            }
        }
        if self.no_punctuation {
            line.retain(|character| {
                !(is_mark(character) || (self.asian_support && is_asian_mark(character)))
            });
        }
        line
    }
}

fn separate(line: &str) -> String {
    let line = resolve_entities(line.replace("\n-", "").replace('\n', " "));
    let line = separate_symbols(&format!(" {line} "));
    separate_points(&line.replace("'s ", " 's "))
}

/// Separates ideographs and marks from their neighbours. Tercom's rules for runs of kana are anchored at the
/// start of the line, which begins with a space by then: they never apply, and are left out here.
fn separate_asian(line: &str) -> String {
    let mut separated = String::with_capacity(2 * line.len());
    for character in line.chars() {
        if is_ideograph(character) || is_asian_mark(character) {
            separated.extend([' ', character, ' ']);
        } else {
            separated.push(character);
        }
    }
    separated
}

fn is_ideograph(character: char) -> bool {
    matches!(
        character,
        '\u{4e00}'..='\u{9fff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{31c0}'..='\u{31ef}'
            | '\u{2e80}'..='\u{2eff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe4f}'
            | '\u{3200}'..='\u{3f22}'
    )
}

fn is_mark(character: char) -> bool {
    matches!(character, '.' | ',' | '?' | ':' | ';' | '!' | '"' | '(' | ')')
}

fn is_asian_mark(character: char) -> bool {
    matches!(
        character,
        '\u{3001}'
            | '\u{3002}'
            | '\u{3008}'..='\u{3011}'
            | '\u{3014}'..='\u{301f}'
            | '\u{ff61}'..='\u{ff65}'
            | '\u{30fb}'
            | '\u{ff0e}'
            | '\u{ff0c}'
            | '\u{ff1f}'
            | '\u{ff1a}'
            | '\u{ff1b}'
            | '\u{ff01}'
            | '\u{ff02}'
            | '\u{ff08}'
            | '\u{ff09}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::whitespace::words;

    #[test]
    fn lines_as_tercom_reads_them() {
        let plain = Ter { case_sensitive: true, ..Ter::default() };
        let normalized = Ter { normalized: true, ..Ter::default() };
        let bare = Ter { no_punctuation: true, ..Ter::default() };
        let asian = Ter { asian_support: true, ..normalized };
        let cases = [
            (plain, "The dog's toy, (red).", "The dog's toy, (red)."),
            (normalized, "The dog's toy, (red).", "the dog 's toy , ( red ) ."),
            (normalized, "Tim's &amp; Ann's: 3.5-4", "tim 's & ann 's : 3.5 - 4"),
            (bare, "The dog's toy, (red).", "the dog's toy red"),
            (normalized, "我爱你。", "我爱你。"),
            (asian, "我爱你。カナ", "我 爱 你 。 カナ"),
            (Ter { no_punctuation: true, ..asian }, "我爱你。", "我 爱 你"),
        ];
        for (options, line, expected) in cases {
            let read = options.normalize(line);
            assert_eq!(words(&read).collect::<Vec<_>>().join(" "), expected, "{options:?}");
        }
    }
}
