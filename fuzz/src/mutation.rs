//! Mutation: a valid file becomes one that somebody broke, or made to do harm.

use any2any_adapter::Random;

use crate::target::Target;

/// Inputs are never longer, so that time is spent on readers.
const LONGEST: usize = 1 << 16;
/// Where headers lie: every second change is made there.
const HEAD: usize = 256;
/// Numbers that lengths and counts are not prepared for.
const EXTREMES: [u64; 14] = [
    0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
    0x7fff_ffff_ffff_ffff, u64::MAX,
];
/// The same for numbers that are written as text.
const WRITTEN: [&str; 12] = [
    "0", "-1", "1", "65536", "2147483647", "4294967295", "18446744073709551615", "1e308", "-1e-320", "nan", "inf",
    "99999999999999999999999999999999",
];

/// A seed after one to five mutations.
pub(crate) fn mutated(target: &Target, seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..1 + random.below(5) {
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
fn written_number(bytes: &[u8], at: usize) -> Option<std::ops::Range<usize>> {
    let start = at + bytes[at..].iter().take(64).position(u8::is_ascii_digit)?;
    let digits = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    Some(start..start + digits)
}
