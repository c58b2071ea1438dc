//! NPY files: `[channels, samples]`, or `[trials, channels, samples]` with a trial chosen.
//!
//! Format 1 to 3 of NumPy Enhancement Proposal 1, for all types of numbers but complex ones.

use crate::files::recording::Decoded;
use crate::files::selection::{Channel, Selection};

/// The header of an array.
#[derive(Debug, PartialEq)]
struct Header<'a> {
    description: &'a str,
    fortran: bool,
    shape: Vec<usize>,
}

/// Number of rows beyond the channels of any device.
const CHANNELS: usize = 1024;

/// Reads the channels that are wanted, named by their numbers, from 1.
pub(crate) fn read(bytes: &[u8], trial: Option<usize>, wanted: Option<&[String]>) -> Result<Decoded, String> {
    let (header, data) = split(bytes)?;
    let header = header_of(header)?;
    let (width, number) = reader(header.description)?;
    let (trials, mut rows, mut columns) = match header.shape[..] {
        [len] => (1, 1, len),
        [channels, len] => (1, channels, len),
        [trials, channels, len] => (trials, channels, len),
        _ => {
            let shape = header.shape;
            return Err(format!(
                "has the shape {shape:?}: [channels, samples] or [trials, channels, samples]"
            ));
        }
    };
    let trial = match (trial, header.shape.len()) {
        (Some(trial), 3) if trial < trials => trial,
        (Some(trial), 3) => return Err(format!("has {trials} trials and no number {}", trial + 1)),
        (Some(_), _) => return Err("has the shape [channels, samples] and no trials".to_owned()),
        (None, 3) if trials == 1 => 0,
        (None, 3) => return Err(format!("has {trials} trials: one must be chosen as an item")),
        (None, _) => 0,
    };
    let values = trials.checked_mul(rows).and_then(|values| values.checked_mul(columns));
    let needed = values.and_then(|values| values.checked_mul(width));
    if needed != Some(data.len()) {
        let (shape, there) = (header.shape, data.len());
        return Err(format!("has {there} bytes of data, which is not what the shape {shape:?} needs"));
    }
    if rows == 0 || columns == 0 {
        return Err("has no samples".to_owned());
    }
    // A recording has more samples than channels; a short trial may have fewer, but no device has so many channels.
    let transposed = rows > columns && (header.shape.len() == 2 || rows > CHANNELS);
    let mut strides = if header.fortran { (trials, trials * rows, 1) } else { (columns, 1, rows * columns) };
    let mut warnings = Vec::new();
    if transposed {
        let axes = if header.shape.len() == 2 { "" } else { "trials, " };
        let reason = "has more rows than columns, and was taken for";
        warnings.push(format!("{reason} [{axes}samples, channels]"));
        (rows, columns) = (columns, rows);
        strides = (strides.1, strides.0, strides.2);
    }
    let names: Vec<Channel> = (1..=rows).map(|number| Channel::named(number.to_string())).collect();
    let selection = Selection::new(&names, wanted)?;
    let value = |channel: usize, sample: usize| {
        let place = trial * strides.2 + channel * strides.0 + sample * strides.1;
        number(&data[place * width..][..width])
    };
    let samples =
        selection.numbers.iter().map(|&channel| (0..columns).map(|sample| value(channel, sample)).collect());
    Ok(Decoded {
        format: format!("NPY, {}", type_name(header.description)),
        samples: samples.collect(),
        channels: selection.chosen(),
        warnings,
        ..Decoded::default()
    })
}

/// Number of channels and samples of an array, or of one of its trials, from its header.
pub(crate) fn shape(bytes: &[u8], trial: bool) -> Option<(usize, usize)> {
    let (header, data) = split(bytes).ok()?;
    let header = header_of(header).ok()?;
    let (width, _) = reader(header.description).ok()?;
    let values = header.shape.iter().try_fold(1_usize, |values, side| values.checked_mul(*side))?;
    if values.checked_mul(width) != Some(data.len()) {
        return None;
    }
    let (rows, columns) = match header.shape[..] {
        [len] => (1, len),
        [rows, columns] => (rows, columns),
        [_, rows, columns] if trial => (rows, columns),
        [1, rows, columns] => (rows, columns),
        _ => return None,
    };
    let transposed = rows > columns && (header.shape.len() == 2 || rows > CHANNELS);
    Some(if transposed { (columns, rows) } else { (rows, columns) })
}

/// Splits a file into the header's text and the data.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), String> {
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or("is no NPY file: its first six bytes are others")?;
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

/// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (8, 1024), }`.
fn header_of(header: &str) -> Result<Header<'_>, String> {
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
    let sides = shape[range].split(',').map(str::trim).filter(|side| !side.is_empty());
    let shape = sides.map(|side| side.parse().map_err(|_| format!("its shape has a side of '{side}'")));
    Ok(Header {
        description,
        fortran: after("fortran_order")?.starts_with("True"),
        shape: shape.collect::<Result<_, _>>()?,
    })
}

/// Size of a number in bytes, and the function that reads it.
type Number = (usize, fn(&[u8]) -> f32);

/// The reader of the numbers of a NumPy type.
fn reader(description: &str) -> Result<Number, String> {
    fn array<const WIDTH: usize>(bytes: &[u8]) -> [u8; WIDTH] {
        bytes.first_chunk().copied().unwrap_or([0; WIDTH])
    }
    let big = description.starts_with('>');
    macro_rules! number {
        ($type:ty, $value:expr) => {{
            const WIDTH: usize = size_of::<$type>();
            let little: fn(&[u8]) -> f32 = |bytes| $value(<$type>::from_le_bytes(array::<WIDTH>(bytes)));
            let large: fn(&[u8]) -> f32 = |bytes| $value(<$type>::from_be_bytes(array::<WIDTH>(bytes)));
            Ok((WIDTH, if big { large } else { little }))
        }};
    }
    match description.trim_start_matches(['<', '>', '=', '|']) {
        "f2" => number!(u16, half),
        "f4" => number!(f32, |value: f32| value),
        "f8" => number!(f64, |value: f64| value as f32),
        "i1" => number!(i8, |value: i8| f32::from(value)),
        "i2" => number!(i16, |value: i16| f32::from(value)),
        "i4" => number!(i32, |value: i32| value as f32),
        "i8" => number!(i64, |value: i64| value as f32),
        "u1" | "b1" => number!(u8, |value: u8| f32::from(value)),
        "u2" => number!(u16, |value: u16| f32::from(value)),
        "u4" => number!(u32, |value: u32| value as f32),
        "u8" => number!(u64, |value: u64| value as f32),
        _ => Err(format!(
            "holds numbers of type '{description}': save it as float32 with `numpy.save('OUT.npy', \
             array.astype('float32'))`"
        )),
    }
}

/// A number of 16 bits, of IEEE 754.
fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (bits >> 15, (bits >> 10) & 0x1f, f32::from(bits & 0x3ff) / 1024.0);
    let size = match exponent {
        0 => fraction * 2f32.powi(-14),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        _ => (1.0 + fraction) * 2f32.powi(i32::from(exponent) - 15),
    };
    if sign == 1 { -size } else { size }
}

/// The name of a type of NumPy: `int64`.
fn type_name(description: &str) -> String {
    let (order, kind) = match description.split_at_checked(1) {
        Some((order @ ("<" | ">" | "=" | "|"), kind)) => (order, kind),
        _ => ("", description),
    };
    let (letter, bytes) = kind.split_at_checked(1).unwrap_or((kind, ""));
    let bits = 8 * bytes.parse::<usize>().unwrap_or_default();
    let name = match letter {
        "f" => "float",
        "i" => "int",
        "u" => "uint",
        _ => return "bool".to_owned(),
    };
    format!("{name}{bits}{}", if order == ">" && bits > 8 { ", big-endian" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header, the trial, and the first samples of the first two channels.
    type Case = (&'static str, Option<usize>, Result<[f32; 2], &'static str>);

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn arrays_become_channels() {
        let numbers: Vec<u8> = (0_i16..12).flat_map(i16::to_le_bytes).collect();
        let cases: [Case; 13] = [
            ("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 6), }", None, Ok([0.0, 6.0])),
            ("{\"descr\": \"<i2\", \"fortran_order\": False, \"shape\": (2, 6)}", None, Ok([0.0, 6.0])),
            ("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 6), }", None, Ok([0.0, 1.0])),
            ("{'descr': '<i2', 'fortran_order': False, 'shape': (6, 2), }", None, Ok([0.0, 1.0])),
            ("{'descr': '<i2', 'fortran_order': True, 'shape': (6, 2), }", None, Ok([0.0, 6.0])),
            ("{'descr': '<i2', 'fortran_order': False, 'shape': (1, 2, 6), }", None, Ok([0.0, 6.0])),
            ("{'descr': '<i2', 'fortran_order': False, 'shape': (3, 2, 2), }", Some(1), Ok([4.0, 6.0])),
            ("{'descr': '<i2', 'fortran_order': True, 'shape': (3, 2, 2), }", Some(1), Ok([1.0, 4.0])),
            ("{'descr': '<i2', 'fortran_order': False, 'shape': (3, 2, 2), }", Some(3), Err("no number 4")),
            ("{'descr': '<i2', 'fortran_order': False, 'shape': (3, 2, 2), }", None, Err("as an item")),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 6), }", None, Err("24 bytes of data")),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (2, 6), }", None, Err("type '|O'")),
            (
                "{'descr': '<i2', 'fortran_order': False, 'shape': (9999999999, 9999999999), }",
                None,
                Err("24 bytes of data"),
            ),
        ];
        for (header, trial, expected) in cases {
            let found = read(&file(header, &numbers), trial, None);
            match (found, expected) {
                (Ok(found), Ok(expected)) => {
                    assert_eq!([found.samples[0][0], found.samples[1][0]], expected, "{header}");
                    assert_eq!(found.warnings.len(), usize::from(header.contains("(6, 2)")), "{header}");
                }
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
                (found, expected) => panic!("{header}: {found:?} instead of {expected:?}"),
            }
        }
    }

    #[test]
    fn numbers_of_all_types_are_read() {
        let cases: [(&str, &[u8], f32, &str); 15] = [
            ("<f2", &[0x00, 0xc4], -4.0, "float16"),
            ("<f2", &[0x01, 0x00], 5.960_464_5e-8, "float16"),
            (">f2", &[0x3c, 0x00], 1.0, "float16, big-endian"),
            ("<f4", &(-1.5_f32).to_le_bytes(), -1.5, "float32"),
            (">f8", &2.5_f64.to_be_bytes(), 2.5, "float64, big-endian"),
            ("|i1", &[0xff], -1.0, "int8"),
            ("|u1", &[0xff], 255.0, "uint8"),
            ("|b1", &[1], 1.0, "bool"),
            ("<i2", &(-2_i16).to_le_bytes(), -2.0, "int16"),
            (">u2", &65535_u16.to_be_bytes(), 65535.0, "uint16, big-endian"),
            ("<i4", &(-3_i32).to_le_bytes(), -3.0, "int32"),
            ("<u4", &7_u32.to_le_bytes(), 7.0, "uint32"),
            ("<i8", &(-16_i64).to_le_bytes(), -16.0, "int64"),
            (">i8", &(-16_i64).to_be_bytes(), -16.0, "int64, big-endian"),
            ("<u8", &9_u64.to_le_bytes(), 9.0, "uint64"),
        ];
        for (description, number, expected, name) in cases {
            let header = format!("{{'descr': '{description}', 'fortran_order': False, 'shape': (1, 2), }}");
            let found = read(&file(&header, &number.repeat(2)), None, None).expect(description);
            assert_eq!(found.samples, [[expected; 2]], "{description}");
            assert_eq!(found.format, format!("NPY, {name}"));
        }
        for description in ["<c8", "<f16", "<U4", "<M8[s]"] {
            let header = format!("{{'descr': '{description}', 'fortran_order': False, 'shape': (1, 2), }}");
            assert!(read(&file(&header, &[0; 16]), None, None).is_err(), "{description}");
        }
    }
}
