//! Text patterns with placeholders: `sheet_{artist}_32.png`, filled from the fields of a sample.
//!
//! Datasets use them in names of files and of parts of files. `{{` and `}}` stand for braces.

/// A text pattern with placeholders.
///
/// ```
/// use any2any_experiment::Pattern;
///
/// let pattern = Pattern::parse("sheet_{artist}.png").unwrap();
/// let filled = pattern.fill(|field| (field == "artist").then(|| "google".to_owned()));
/// assert_eq!(filled, Ok("sheet_google.png".to_owned()));
/// assert_eq!(pattern.fill(|_| None), Err("artist".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A literal text.
    Text(String),
    /// A placeholder: the name of the field whose value is inserted.
    Field(String),
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// If a brace has no partner, or a placeholder no name: the problem, and the way out.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let (brace, after) = rest[at..].split_at(1);
            if let Some(after) = after.strip_prefix(brace) {
                literal.push_str(brace);
                rest = after;
                continue;
            }
            let end = after.find(['{', '}']).filter(|&end| brace == "{" && after[end..].starts_with('}'));
            let Some(end) = end else {
                return Err(format!(
                    "`{text}` has a brace without its partner; `{brace}{brace}` stands for the brace itself"
                ));
            };
            let (name, after) = (&after[..end], &after[end + 1..]);
            if name.is_empty() {
                return Err(format!(
                    "`{text}` has a placeholder without a name: write a field between the braces"
                ));
            }
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Field(name.to_owned()));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(Self { pieces })
    }

    /// The pieces, from left to right.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The fields of the placeholders, from left to right.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(field) => Some(field.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text with every placeholder replaced by the value of its field.
    ///
    /// # Errors
    ///
    /// The first field that has no value.
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Ok(text.clone()),
                Piece::Field(field) => value(field).ok_or_else(|| field.clone()),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled() {
        let cases = [
            ("", Ok("")),
            ("plain", Ok("plain")),
            ("{a}", Ok("1")),
            ("x{a}{b}y", Ok("x12y")),
            ("{{{a}}}", Ok("{1}")),
            ("{{a}}", Ok("{a}")),
            ("{c}", Err("c")),
        ];
        for (text, expected) in cases {
            let pattern = Pattern::parse(text).expect("a sound pattern");
            let value = |field: &str| match field {
                "a" => Some("1".to_owned()),
                "b" => Some("2".to_owned()),
                _ => None,
            };
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(pattern.fill(value), expected, "{text}");
        }
        let pattern = Pattern::parse("{digit}_{speaker}.wav").expect("a sound pattern");
        assert_eq!(pattern.fields().collect::<Vec<_>>(), ["digit", "speaker"]);
    }

    #[test]
    fn braces_need_partners() {
        for (text, expected) in [
            ("{a", "`{{` stands for the brace itself"),
            ("a}", "`}}` stands for the brace itself"),
            ("{a{b}", "without its partner"),
            ("{}", "without a name"),
            ("ä{", "without its partner"),
        ] {
            let problem = Pattern::parse(text).expect_err("not sound");
            assert!(problem.contains(expected), "{text}: {problem}");
        }
    }
}
