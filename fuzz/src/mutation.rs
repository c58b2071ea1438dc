//! Mutation of valid files into broken or harmful ones.

use std::ops::Range;

use any2any_adapter::Random;

use crate::target::Target;

/// Longest input, in bytes, so that time is spent on readers.
const LONGEST: usize = 1 << 16;
/// Bytes of the head of a file, where headers lie: every second change is made there.
const HEAD: usize = 256;
/// Numbers that lengths and counts are not prepared for.
const EXTREMES: [u64; 14] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];
/// Numbers at the edges of types, written as text.
const WRITTEN: [&str; 12] = [
    "0",
    "-1",
    "1",
    "65536",
    "2147483647",
    "4294967295",
    "18446744073709551615",
    "1e308",
    "-1e-320",
    "nan",
    "inf",
    "99999999999999999999999999999999",
];

/// Values that replace another value.
const VALUES: [&str; 8] = ["null", "true", "{}", "[]", "\"\"", "\"x\"", "[[]]", "~"];

/// A seed after one to five mutations, more often few.
pub(crate) fn mutated(target: &Target, seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    let most = 1 + random.below(5);
    for _ in 0..1 + random.below(most) {
        mutate(&mut bytes, target.tokens, seeds, random);
        bytes.truncate(LONGEST);
    }
    match target.repair {
        Some(repair) if random.below(4) > 0 => repair(&mut bytes),
        _ => {}
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, tokens: &[&str], seeds: &[Vec<u8>], random: &mut Random) {
    if bytes.is_empty() {
        bytes.extend(seeds[random.below(seeds.len())].iter().copied().take(HEAD));
        return;
    }
    let at = place(bytes.len(), random);
    if random.below(3) > 0 && is_text(bytes) {
        return mutate_words(bytes, at, tokens, seeds, random);
    }
    let span = at..(at + 1 + length(bytes.len() - at, random)).min(bytes.len());
    match random.below(12) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.next_u64() as u8,
        2 | 3 => write_number(bytes, at, EXTREMES[random.below(EXTREMES.len())], random),
        4 => add_little(bytes, at, random),
        5 => bytes.truncate(at),
        6 => {
            // The same once more, or very often.
            let copy = bytes[span.clone()].to_vec();
            let times = [1, 1, 2, 300][random.below(4)].min(LONGEST / copy.len());
            bytes.splice(span.end..span.end, copy.repeat(times));
        }
        7 => drop(bytes.drain(span)),
        8 => {
            let other = &seeds[random.below(seeds.len())];
            let from = place(other.len(), random).min(other.len());
            bytes.splice(at.., other[from..].iter().copied());
        }
        9 if !tokens.is_empty() => {
            let token = tokens[random.below(tokens.len())].bytes();
            let end = if random.below(2) == 0 { at } else { (at + token.len()).min(bytes.len()) };
            bytes.splice(at..end, token);
        }
        _ => match written_number(bytes, at) {
            Some(digits) => drop(bytes.splice(digits, WRITTEN[random.below(WRITTEN.len())].bytes())),
            None => {
                let number = bytes.len() as u64 + random.below(3) as u64;
                write_number(bytes, at, number, random);
            }
        },
    }
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok()
}

/// Changes a text where its syntax stays as it is: a word becomes another one, a number, or another value; a line is
/// said twice, or left out.
fn mutate_words(bytes: &mut Vec<u8>, at: usize, tokens: &[&str], seeds: &[Vec<u8>], random: &mut Random) {
    match random.below(10) {
        8 => {
            let line = line(bytes, at);
            let copy = [&bytes[line.clone()], b"\n"].concat();
            bytes.splice(line.start..line.start, copy);
        }
        9 => {
            let line = line(bytes, at);
            let end = (line.end + 1).min(bytes.len());
            bytes.drain(line.start..end);
        }
        kind => {
            let Some(word) = word(bytes, at) else { return };
            let other = &seeds[random.below(seeds.len())];
            let other = word_at(other, random).to_vec();
            let new = match kind {
                0..3 => WRITTEN[random.below(WRITTEN.len())].as_bytes(),
                3..5 => VALUES[random.below(VALUES.len())].as_bytes(),
                5 if !tokens.is_empty() => tokens[random.below(tokens.len())].as_bytes(),
                _ => &other,
            };
            // A text in quotes may become a value without.
            let quoted =
                word.start > 0 && bytes[word.start - 1] == b'"' && bytes.get(word.end) == Some(&b'"');
            let word = if quoted && random.below(2) == 0 { word.start - 1..word.end + 1 } else { word };
            bytes.splice(word, new.iter().copied());
        }
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'+') || byte >= 0x80
}

/// The word at a place, or the next one.
fn word(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let inside = at + bytes[at..].iter().position(|&byte| is_of_word(byte))?;
    let start = bytes[..inside].iter().rposition(|&byte| !is_of_word(byte)).map_or(0, |before| before + 1);
    let len = bytes[inside..].iter().take_while(|&&byte| is_of_word(byte)).count();
    Some(start..inside + len)
}

fn word_at<'b>(bytes: &'b [u8], random: &mut Random) -> &'b [u8] {
    let at = random.below(bytes.len());
    word(bytes, at).map_or(&[], |word| &bytes[word])
}

/// The line at a place, without its end.
fn line(bytes: &[u8], at: usize) -> Range<usize> {
    let start = bytes[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |before| before + 1);
    let len = bytes[at..].iter().take_while(|&&byte| byte != b'\n').count();
    start..at + len
}

fn place(len: usize, random: &mut Random) -> usize {
    let len = if random.below(2) == 0 { len.min(HEAD) } else { len };
    let place = random.below(len);
    // Fields of headers lie at even places.
    if random.below(2) == 0 { place & !3 } else { place }
}

fn length(most: usize, random: &mut Random) -> usize {
    let most = if random.below(2) == 0 { most.min(16) } else { most };
    random.below(most)
}

/// Writes a number of 2, 4 or 8 bytes in either byte order.
fn write_number(bytes: &mut [u8], at: usize, number: u64, random: &mut Random) {
    let width = 2 << random.below(3);
    let mut field = number.to_le_bytes()[..width].to_vec();
    if random.below(2) == 0 {
        field.reverse();
    }
    bytes[at..].iter_mut().zip(field).for_each(|(byte, new)| *byte = new);
}

/// Adds a little to a number of 4 bytes, or takes it away.
fn add_little(bytes: &mut [u8], at: usize, random: &mut Random) {
    let Some(field) = bytes.get_mut(at..at + 4).and_then(|field| <&mut [u8; 4]>::try_from(field).ok()) else {
        return;
    };
    let little = random.below(33) as i32 - 16;
    *field = match random.below(2) {
        0 => i32::from_le_bytes(*field).wrapping_add(little).to_le_bytes(),
        _ => i32::from_be_bytes(*field).wrapping_add(little).to_be_bytes(),
    };
}

/// The next digits behind a place that are a number.
fn written_number(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at + bytes[at..].iter().take(64).position(u8::is_ascii_digit)?;
    let digits = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    Some(start..start + digits)
}
