//! Numbers in texts: rows of vectors, and ids.

use crate::error::ArrayError;

/// Rows of numbers: `1 2; 3 4`, a line a row, or the list of lists `[[1, 2], [3, 4]]`.
///
/// Rows end with `;` or a line, values with spaces or commas; `#` begins a comment, as NumPy's `savetxt` writes it. Gives
/// the width and the values.
pub(crate) fn rows(text: &str) -> Result<(usize, Vec<f32>), ArrayError> {
    let (mut width, mut values, mut row) = (0, Vec::new(), 0);
    let text = list_as_rows(text);
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        for words in line.split(';') {
            let start = values.len();
            for word in words.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
                let value = word.parse().map_err(|_| no_number(word, "a number such as 0.5 or -1e-3"))?;
                values.push(value);
            }
            let found = values.len() - start;
            if found == 0 {
                continue;
            }
            if row > 0 && found != width {
                return Err(ArrayError::broken(format!(
                    "has {found} values in row {row}, counted from 0, and {width} in those before: rows end with ';' or a \
                     line, and all have one width"
                )));
            }
            (width, row) = (found, row + 1);
        }
    }
    Ok((width, values))
}

/// Ids: whole numbers parted by spaces, or a list `[1, 2]`.
pub(crate) fn ids(text: &str) -> Result<Vec<u32>, ArrayError> {
    let text = text.trim();
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let words = inside.split(|letter: char| letter.is_whitespace() || letter == ',');
    words
        .filter(|word| !word.is_empty())
        .map(|word| word.parse().map_err(|_| no_number(word, "an id, a whole number from 0 to 4294967295")))
        .collect()
}

/// A JSON list of rows as rows that end with `;`.
fn list_as_rows(text: &str) -> std::borrow::Cow<'_, str> {
    let trimmed = text.trim();
    match trimmed.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(inside) => inside.replace('[', " ").replace(']', ";").replace(['\n', '\r'], " ").into(),
        None => text.into(),
    }
}

fn no_number(word: &str, expected: &str) -> ArrayError {
    let mut short: String = word.chars().take(40).collect();
    if short.len() < word.len() {
        short.push_str("...");
    }
    ArrayError::broken(format!("has '{short}' where {expected} was expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_written_in_many_ways() {
        for text in [
            "1 2; 3 4",
            "1,2;3,4;",
            "1, 2\n3, 4\n",
            "# x y\n1 2 # first\r\n3 4\r\n",
            "[[1, 2], [3, 4]]",
            "[\n [1,2],\n [3,4]\n]",
            "\t1.0  2e0;+3 4.",
        ] {
            assert_eq!(rows(text), Ok((2, vec![1.0, 2.0, 3.0, 4.0])), "{text}");
        }
        assert_eq!(rows("[1, 2]"), Ok((2, vec![1.0, 2.0])));
        assert_eq!(rows("\n;\n"), Ok((0, vec![])));
        for (text, reason) in [
            ("1 2; 3", "has 1 values in row 1, counted from 0, and 2"),
            ("1 x", "has 'x' where a number"),
            ("1 2\0", "where a number"),
        ] {
            let error = rows(text).expect_err(text).to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn ids_are_whole_numbers() {
        for text in ["5 0 7", "[5, 0, 7]", "5,0,7\n", "5\n0\n7"] {
            assert_eq!(ids(text), Ok(vec![5, 0, 7]), "{text}");
        }
        assert_eq!(ids(" "), Ok(vec![]));
        for text in ["-1", "1.5", "4294967296", "a", "[[1]]", "1; 2"] {
            assert!(ids(text).is_err(), "{text}");
        }
        assert!(ids(&"9".repeat(5000)).expect_err("long").to_string().len() < 150);
    }
}
