//! Decoding of text in an unknown encoding.

/// Decodes UTF-8, or else Latin-1.
pub(crate) fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// Decodes a whole file of text: UTF-8 or UTF-16 if its first bytes are such a mark, and else as [`decode`].
pub(crate) fn decode_file(bytes: &[u8]) -> String {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => decode(rest),
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => decode(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn umlauts_are_read_whatever_wrote_them() {
        let cases: [(&[u8], &str); 5] = [
            (b"ferm\xe9s", "fermés"),
            ("fermés".as_bytes(), "fermés"),
            (b"\xef\xbb\xbfOz", "Oz"),
            (b"\xff\xfeO\0z\0", "Oz"),
            (b"\xfe\xff\0O\0z", "Oz"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(decode_file(bytes), expected);
        }
    }
}
