//! The tokenisers of BLEU that sacreBLEU names `13a`, `none`, `intl`, `char` and `zh`.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use crate::punctuation::{resolve_entities, separate_points, separate_symbols};
use crate::whitespace::is_space;

/// Tokeniser of a line for BLEU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tokenizer {
    /// The rules of `mteval-v13a`, WMT's standard: Western punctuation is set off.
    #[default]
    V13a,
    /// White space only, for text that is tokenised already.
    None,
    /// The rules of `mteval-v14`'s international mode: punctuation and symbols of every script are set off.
    International,
    /// Every character but white space is a token: for scripts without spaces between words.
    Character,
    /// Every Chinese character is a token, and so is every mark; text between them is divided as by
    /// [`V13a`](Self::V13a). Kana are not set off.
    Chinese,
}

impl Tokenizer {
    /// The line with its tokens separated by white space.
    pub(crate) fn tokenize<'a>(self, line: &'a str) -> Cow<'a, str> {
        match self {
            Tokenizer::V13a => v13a(line).into(),
            Tokenizer::None => line.into(),
            Tokenizer::International => international(line).into(),
            Tokenizer::Character => {
                line.chars().flat_map(|character| [character, ' ']).collect::<String>().into()
            }
            Tokenizer::Chinese => chinese(line).into(),
        }
    }

    /// True if tokens are separated by spaces, so that a line without spaces is hardly more than one of them.
    pub fn needs_spaces(self) -> bool {
        !matches!(self, Tokenizer::Character | Tokenizer::Chinese)
    }
}

impl fmt::Display for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tokenizer::V13a => "13a",
            Tokenizer::None => "none",
            Tokenizer::International => "intl",
            Tokenizer::Character => "char",
            Tokenizer::Chinese => "zh",
        })
    }
}

fn v13a(line: &str) -> String {
    let line = line.replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    separate_points(&separate_symbols(&format!(" {} ", resolve_entities(line))))
}

fn international(line: &str) -> String {
    static RULES: LazyLock<[(Regex, &str); 3]> = LazyLock::new(|| {
        [(r"(\P{N})(\p{P})", "$1 $2 "), (r"(\p{P})(\P{N})", " $1 $2"), (r"(\p{S})", " $1 ")].map(
            |(pattern, replacement)| (Regex::new(pattern).expect("the pattern is a constant"), replacement),
        )
    });
    RULES.iter().fold(line.to_owned(), |line, (pattern, replacement)| {
        pattern.replace_all(&line, *replacement).into_owned()
    })
}

/// Unlike 13a, no space is put around the line, and entities stay what they are.
fn chinese(line: &str) -> String {
    let mut separated = String::with_capacity(2 * line.len());
    for character in line.trim_matches(is_space).chars() {
        if is_chinese(character) {
            separated.extend([' ', character, ' ']);
        } else {
            separated.push(character);
        }
    }
    separate_points(&separate_symbols(&separated))
}

/// The characters that sacreBLEU sets off for `zh`.
///
/// Its table means to have the ideographs beyond U+FFFF too, but writes them with four digits and one more
/// character. Compared as texts, U+2000 and `0` to U+2A6D and `6` is every character from U+2001 to U+2A6D: dashes,
/// quotation marks, arrows and signs of currency are set off, rare ideographs are not.
fn is_chinese(character: char) -> bool {
    matches!(
        character,
        '\u{2001}'..='\u{2a6d}'
            | '\u{2e80}'..='\u{2fdf}'
            | '\u{2ff0}'..='\u{303f}'
            | '\u{3100}'..='\u{312f}'
            | '\u{31a0}'..='\u{31bf}'
            | '\u{31c0}'..='\u{31ef}'
            | '\u{3200}'..='\u{33ff}'
            | '\u{3400}'..='\u{4db5}'
            | '\u{4e00}'..='\u{9fbb}'
            | '\u{f900}'..='\u{fa2d}'
            | '\u{fa30}'..='\u{fa6a}'
            | '\u{fa70}'..='\u{fad9}'
            | '\u{fe10}'..='\u{fe1f}'
            | '\u{fe30}'..='\u{fe4f}'
            | '\u{ff00}'..='\u{ffef}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::whitespace::words;

    #[test]
    fn tokens_of_each_tokenizer() {
        let cases = [
            (Tokenizer::V13a, "„So?“ &amp; 3,5 % <skipped>", "„So ? “ & 3,5 %"),
            (Tokenizer::None, "„So?“  &amp; 3,5", "„So?“ &amp; 3,5"),
            (Tokenizer::International, "„So?“ 3,5 €7 2020.", "„ So ? “ 3,5 € 7 2020."),
            (Tokenizer::Character, "猫 ist 1", "猫 i s t 1"),
            (Tokenizer::Chinese, "我有3.5元，OK?“是”—€ カナ𠀀", "我 有 3.5 元 ， OK ? “ 是 ” — € カナ𠀀"),
            (Tokenizer::Chinese, "&amp;a.", "& amp ; a ."),
        ];
        for (tokenizer, line, expected) in cases {
            let tokenized = tokenizer.tokenize(line);
            assert_eq!(words(&tokenized).collect::<Vec<_>>().join(" "), expected, "{tokenizer}");
        }
    }
}
