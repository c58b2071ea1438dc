//! Detection of a file's encoding by its first bytes: compressed, of another encoding than UTF-8, with other line
//! ends, or no text at all.

use std::io::{self, BufRead};

/// The byte order mark of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Magic bytes of gzip; no text begins with them.
const GZIP: &[u8] = b"\x1f\x8b";

/// Magic bytes of zstd, of a frame and of one that is skipped (any of sixteen first bytes).
const ZSTD: (&[u8], &[u8]) = (b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18");

/// Magic bytes of formats that are no text, each with its name and the way out.
const NO_TEXT: [(&[u8], &str); 6] = [
    (b"\xfd7zXZ\0", "is compressed by xz; decompress it with `xz -d`"),
    (b"BZh", "is compressed by bzip2; decompress it with `bzip2 -d`"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive; unpack it and name the text in it"),
    (b"PK\x03\x04", "is a zip archive or an office document; unpack it, or save it as plain text"),
    (b"%PDF-", "is a PDF; save its text as plain text"),
    (b"\x89PNG\r\n\x1a\n", "is a picture, not a text"),
];

/// Bytes behind `BZh` and a digit in bzip2: a text could begin with those four.
const BZIP2_BLOCK: &[u8] = b"1AY&SY";

/// Most bytes that are searched for the end of the first line, if there is none but a CR.
const FAR: usize = 64 << 10;

/// Line end of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// LF, or CRLF.
    Lf,
    /// CR alone, as before Mac OS X.
    Cr,
}

/// The first bytes of a text, as many as come at once, and more if they do not decide its encoding. They are taken
/// from the reader.
pub(super) fn head(reader: &mut dyn BufRead) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    loop {
        let more = match reader.fill_buf() {
            Ok(more) => more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if more.is_empty() {
            return Ok(head);
        }
        head.extend_from_slice(more);
        let taken = more.len();
        reader.consume(taken);
        if !is_undecided(&head) {
            return Ok(head);
        }
    }
}

fn is_undecided(head: &[u8]) -> bool {
    let marks = [BYTE_ORDER_MARK, GZIP, ZSTD.0, b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"\xfe\xff"];
    let mut marks = marks.into_iter().chain(NO_TEXT.map(|(mark, _)| mark));
    marks.any(|mark| head.len() < mark.len() && mark.starts_with(head))
        || head.starts_with(b"BZh") && head.len() < 10
        || head.contains(&0) && head.len() < 64
        || head.contains(&b'\r') && !head.contains(&b'\n') && head.len() < FAR
}

pub(super) fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(GZIP)
}

pub(super) fn is_zstd(head: &[u8]) -> bool {
    let is_skipped = head.first().is_some_and(|byte| (0x50..0x60).contains(byte));
    head.starts_with(ZSTD.0) || is_skipped && head[1..].starts_with(ZSTD.1)
}

/// The text after the byte order mark of UTF-8.
pub(super) fn unmarked(head: &[u8]) -> &[u8] {
    head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head)
}

/// The reason why a file with these first bytes cannot be read as UTF-8, and the way out; `None` when it can.
pub(super) fn refused(head: &[u8]) -> Option<String> {
    let other = NO_TEXT.iter().find(|(mark, _)| head.starts_with(mark));
    match other {
        Some((b"BZh", _)) if !head.get(4..).is_some_and(|rest| rest.starts_with(BZIP2_BLOCK)) => {}
        Some((_, reason)) => return Some((*reason).to_owned()),
        None => {}
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some("is a tar archive; unpack it and name the text in it".to_owned());
    }
    let (name, marked) = match () {
        () if head.starts_with(b"\xff\xfe\0\0") => ("UTF-32", true),
        () if head.starts_with(b"\0\0\xfe\xff") => ("UTF-32", true),
        () if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") => ("UTF-16", true),
        () => (unmarked_encoding(head)?, false),
    };
    let mark = if marked { "" } else { " without a byte order mark" };
    Some(format!("is {name}{mark}; convert it to UTF-8, for instance with `iconv -f {name} -t UTF-8`"))
}

/// UTF-16 or UTF-32, recognised by the places of its zero bytes: text in UTF-8 has none.
fn unmarked_encoding(head: &[u8]) -> Option<&'static str> {
    if !head.contains(&0) || head.len() < 4 {
        return None;
    }
    let zeros = |offset: usize, step: usize| {
        let places = head.iter().skip(offset).step_by(step);
        (places.clone().filter(|&&byte| byte == 0).count(), places.len().max(1))
    };
    // Few characters stand beyond the first plane.
    let is_high = |offset| zeros(offset, 4).0 == zeros(offset, 4).1;
    let is_mostly = |offset| zeros(offset, 4).0 * 10 >= zeros(offset, 4).1 * 9;
    if head.len() >= 8 && is_high(3) && is_mostly(2) && !is_mostly(0) {
        return Some("UTF-32LE");
    }
    if head.len() >= 8 && is_high(0) && is_mostly(1) && !is_mostly(3) {
        return Some("UTF-32BE");
    }
    // In any script, spaces and line ends have their zero byte on the same side; other characters may have it on the
    // other one.
    let is_space = |byte: u8| b"\n\r ".contains(&byte);
    let pairs =
        |is_it: &dyn Fn(u8, u8) -> bool| head.chunks_exact(2).filter(|pair| is_it(pair[0], pair[1])).count();
    let (mut little, mut big) =
        (pairs(&|low, high| is_space(low) && high == 0), pairs(&|high, low| is_space(low) && high == 0));
    if little + big < 2 {
        (little, big) = (zeros(1, 2).0, zeros(0, 2).0);
    }
    let (more, fewer) = (little.max(big), little.min(big));
    let many = zeros(0, 1).0 >= head.len() / 256 && more >= 2 && fewer * 10 <= more;
    many.then_some(if little > big { "UTF-16LE" } else { "UTF-16BE" })
}

/// The line end of a text with these first bytes.
pub(super) fn line_end(head: &[u8]) -> LineEnd {
    if head.contains(&b'\r') && !head.contains(&b'\n') { LineEnd::Cr } else { LineEnd::Lf }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    }

    fn utf32(text: &str, big: bool) -> Vec<u8> {
        let units = text.chars().map(u32::from);
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn encodings_are_told_with_and_without_a_mark() {
        let texts = [
            "hello world\n".to_owned(),
            "hi\nyo\n".to_owned(),
            "größer als alles\n".repeat(50),
            "всё счастливые семьи похожи друг на друга\n".repeat(80),
            "上海是中国最大的城市之一，也是全球人口规模和面积最大的都会区。\n".repeat(90),
            "\u{feff}marked\n".to_owned(),
        ];
        for text in texts {
            let marked = text.starts_with('\u{feff}');
            let cases = [
                (utf16(&text, false), "UTF-16LE", "UTF-16"),
                (utf16(&text, true), "UTF-16BE", "UTF-16"),
                (utf32(&text, false), "UTF-32LE", "UTF-32"),
                (utf32(&text, true), "UTF-32BE", "UTF-32"),
            ];
            for (bytes, name, with_mark) in cases {
                let expected = match marked {
                    true => {
                        format!(
                            "is {with_mark}; convert it to UTF-8, for instance with `iconv -f {with_mark} -t UTF-8`"
                        )
                    }
                    false => format!(
                        "is {name} without a byte order mark; convert it to UTF-8, for instance with `iconv -f {name} -t UTF-8`"
                    ),
                };
                assert_eq!(refused(&bytes), Some(expected), "{text:.20} {name}");
            }
            assert_eq!(refused(text.as_bytes()), None, "{text:.20}");
        }
    }

    #[test]
    fn single_zeros_make_no_other_encoding() {
        let text = [&b"one line\nanother\0 line\n"[..], &b"more and more\n".repeat(100)].concat();
        assert_eq!(refused(&text), None);
        assert_eq!(refused(b"a\0b"), None);
        assert_eq!(refused(&[&b"text\n"[..], &[0; 64]].concat()), None);
    }

    #[test]
    fn other_formats_are_named() {
        for (bytes, name) in [
            (&b"\xfd7zXZ\0\0\x04"[..], "xz -d"),
            (b"BZh91AY&SYxx", "bzip2 -d"),
            (b"PK\x03\x04\x14\0", "office document"),
            (b"%PDF-1.7\n", "a PDF"),
            (b"\xff\xfe\0\0a\0\0\0", "UTF-32"),
        ] {
            let reason = refused(bytes).expect("no text");
            assert!(reason.contains(name), "{reason}");
        }
        assert_eq!(refused(b"BZh9 is how bzip2 begins\n"), None);
    }

    #[test]
    fn lines_end_in_cr_where_nothing_else_ends_them() {
        for (text, expected) in [
            (&b"a\nb\r"[..], LineEnd::Lf),
            (b"a\r\nb", LineEnd::Lf),
            (b"a\rb\r", LineEnd::Cr),
            (b"a", LineEnd::Lf),
        ] {
            assert_eq!(line_end(text), expected);
        }
    }

    #[test]
    fn bytes_that_trickle_in_are_waited_for_while_they_say_nothing() {
        let trickling = |text: &'static [u8]| io::BufReader::with_capacity(1, text);
        for (text, expected) in [
            (&b"ab"[..], &b"a"[..]),
            (b"\xef\xbb\xbfab", b"\xef\xbb\xbf"),
            (b"\x1f\x8bab", b"\x1f\x8b"),
            (b"\ra\nb", b"\ra\n"),
            (b"\r\nb", b"\r\n"),
        ] {
            assert_eq!(head(&mut trickling(text)).expect("memory"), expected);
        }
    }
}
