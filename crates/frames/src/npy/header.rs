//! The header of an NPY file: a Python dictionary, of which three keys matter.

/// Most axes of an array, as NumPy 2 has them.
const AXES: usize = 64;

/// The header of an array.
#[derive(Debug, PartialEq)]
pub(super) struct Header<'a> {
    /// The type of the numbers: `<f4`.
    pub(super) description: &'a str,
    /// True if the first axis is the fastest.
    pub(super) fortran: bool,
    pub(super) shape: Vec<usize>,
}

/// Splits a file into the header's text and the data.
pub(super) fn split(bytes: &[u8]) -> Result<(&str, &[u8]), String> {
    let rest =
        bytes.strip_prefix(super::NPY_MAGIC).ok_or("is no NPY file: its first six bytes are others")?;
    let (length, start) = match *rest {
        [1, _, a, b, ..] => (usize::from(u16::from_le_bytes([a, b])), 4),
        [2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([a, b, c, d]) as usize, 6),
        [version, ..] if version > 3 => {
            return Err(format!("has version {version} of NPY: 1 to 3 are known"));
        }
        _ => return Err("is cut off within its header".to_owned()),
    };
    let rest = &rest[start..];
    if rest.len() < length {
        return Err("is cut off within its header".to_owned());
    }
    let (header, data) = rest.split_at(length);
    let header = std::str::from_utf8(header).map_err(|_| "its header is no text")?;
    Ok((header, data))
}

impl<'a> Header<'a> {
    /// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (8, 1024), }`.
    pub(super) fn parse(header: &'a str) -> Result<Self, String> {
        let after = |key: &str| {
            let place = ['\'', '"'].iter().find_map(|quote| header.find(&format!("{quote}{key}{quote}")));
            let rest = place.and_then(|place| header[place + key.len() + 2..].trim_start().strip_prefix(':'));
            rest.map(str::trim_start).ok_or_else(|| format!("its header lacks '{key}'"))
        };
        let inside = |text: &'_ str, open: char, close: char| {
            let end = text.strip_prefix(open).and_then(|text| text.find(close));
            end.map(|end| 1..end + 1)
        };
        let description = after("descr")?;
        let range = inside(description, '\'', '\'').or_else(|| inside(description, '"', '"'));
        let description = range.map(|range| &description[range]).ok_or("holds records, not numbers")?;
        let shape = after("shape")?;
        let range = inside(shape, '(', ')').ok_or("its header has no shape")?;
        let sides: Vec<&str> =
            shape[range].split(',').map(str::trim).filter(|side| !side.is_empty()).collect();
        if sides.len() > AXES {
            return Err(format!("has {} axes, and an array has at most {AXES}", sides.len()));
        }
        let side =
            |side: &&str| side.parse().map_err(|_| format!("its shape has a side of '{}'", short(side)));
        Ok(Self {
            description,
            fortran: after("fortran_order")?.starts_with("True"),
            shape: sides.iter().map(side).collect::<Result<_, _>>()?,
        })
    }
}

/// The first characters of a text that a file may make as long as it likes.
pub(super) fn short(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_any_order_and_marks() {
        for header in [
            "{'descr': '<f4', 'fortran_order': True, 'shape': (8, 1024), }   \n",
            "{\"shape\":(8,1024),\"descr\":\"<f4\",\"fortran_order\":True}",
        ] {
            let expected = Header { description: "<f4", fortran: true, shape: vec![8, 1024] };
            assert_eq!(Header::parse(header), Ok(expected), "{header}");
        }
        let scalar =
            Header::parse("{'descr': '<f4', 'fortran_order': False, 'shape': (), }").expect("a shape");
        assert_eq!(scalar.shape, [0_usize; 0]);
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(short("abc"), "abc");
        assert_eq!(short(&"ä".repeat(50)), format!("{}...", "ä".repeat(40)));
    }
}
