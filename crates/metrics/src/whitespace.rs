//! White space as Python sees it, because the golden tools are written in Python: Unicode's `White_Space`
//! and the four ASCII separators U+001C to U+001F.

/// True if Python's `str.isspace` holds for a character.
pub(crate) fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// The words between white space: Python's `str.split()`.
pub(crate) fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(is_space).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_where_python_does() {
        let line = " a\u{a0}b\u{3000}c\u{1f}d\te\u{200b}f\n";
        assert_eq!(words(line).collect::<Vec<_>>(), ["a", "b", "c", "d", "e\u{200b}f"]);
        assert_eq!(words(" \u{2003}").count(), 0);
    }
}
