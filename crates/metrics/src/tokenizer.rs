//! The tokenisers of BLEU that sacreBLEU names `13a`, `none`, `intl` and `char`.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use crate::punctuation::{resolve_entities, separate_points, separate_symbols};

/// How BLEU divides a line into tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tokenizer {
    /// The rules of `mteval-v13a`, WMT's standard: Western punctuation is set off.
    #[default]
    V13a,
    /// White space only, for text that is tokenised already.
    None,
    /// The rules of `mteval-v14`'s international mode: punctuation and symbols of every script are set off.
    International,
    /// Every character but white space is a token: for scripts that do not part words.
    Character,
}

impl Tokenizer {
    /// The line with its tokens parted by white space.
    pub(crate) fn tokenize<'a>(self, line: &'a str) -> Cow<'a, str> {
        match self {
            Tokenizer::V13a => v13a(line).into(),
            Tokenizer::None => line.into(),
            Tokenizer::International => international(line).into(),
            Tokenizer::Character => {
                line.chars().flat_map(|character| [character, ' ']).collect::<String>().into()
            }
        }
    }
}

impl fmt::Display for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tokenizer::V13a => "13a",
            Tokenizer::None => "none",
            Tokenizer::International => "intl",
            Tokenizer::Character => "char",
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
        ];
        for (tokenizer, line, expected) in cases {
            let tokenized = tokenizer.tokenize(line);
            assert_eq!(words(&tokenized).collect::<Vec<_>>().join(" "), expected, "{tokenizer}");
        }
    }
}
