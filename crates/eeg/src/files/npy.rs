//! NPY files: `[channels, samples]`, or `[trials, channels, samples]` with a trial chosen.
//!
//! Format 1 to 3 of NumPy Enhancement Proposal 1, for floats of 4 or 8 bytes and integers of 2 or 4.

use crate::files::Recording;

/// The header of an array.
#[derive(Debug, PartialEq)]
struct Header<'a> {
    description: &'a str,
    fortran: bool,
    shape: Vec<usize>,
}

/// A recording at a rate in hertz. Channels are called by their numbers, from 1.
pub(crate) fn read(bytes: &[u8], rate: f64, trial: Option<usize>) -> Result<Recording, String> {
    let (header, data) = split(bytes)?;
    let header = header_of(header)?;
    let (width, number) = reader(header.description)?;
    let (trials, channels, len) = match header.shape[..] {
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
        (None, 3) => return Err(format!("has {trials} trials: one must be chosen as an item")),
        (None, _) => 0,
    };
    let values = trials.checked_mul(channels).and_then(|values| values.checked_mul(len));
    let wanted = values.and_then(|values| values.checked_mul(width));
    if wanted != Some(data.len()) {
        let (shape, there) = (header.shape, data.len());
        return Err(format!("has {there} bytes of data, which is not what the shape {shape:?} needs"));
    }
    if channels == 0 || len == 0 {
        return Err("has no samples".to_owned());
    }
    let place = |channel: usize, sample: usize| {
        if header.fortran {
            trial + trials * (channel + channels * sample)
        } else {
            (trial * channels + channel) * len + sample
        }
    };
    let value = |channel, sample| number(&data[place(channel, sample) * width..][..width]);
    let samples = (0..channels).map(|channel| (0..len).map(|sample| value(channel, sample)).collect());
    let names = (1..=channels).map(|number| number.to_string());
    Ok(Recording { rate, channels: names.collect(), samples: samples.collect() })
}

/// The header's text, and the data.
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

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (8, 1024), }`
fn header_of(header: &str) -> Result<Header<'_>, String> {
    let after = |key: &str| {
        let place = header.find(&format!("'{key}':"));
        let rest = place.map(|place| header[place + key.len() + 3..].trim_start());
        rest.ok_or_else(|| format!("its header lacks '{key}'"))
    };
    let inside = |text: &'_ str, open: char, close: char| {
        let end = text.strip_prefix(open).and_then(|text| text.find(close));
        end.map(|end| 1..end + 1)
    };
    let description = after("descr")?;
    let range = inside(description, '\'', '\'');
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

/// How many bytes a number has, and how they are read.
type Number = (usize, fn(&[u8]) -> f32);

/// The numbers of a type's description.
fn reader(description: &str) -> Result<Number, String> {
    fn array<const WIDTH: usize>(bytes: &[u8]) -> [u8; WIDTH] {
        bytes.first_chunk().copied().unwrap_or([0; WIDTH])
    }
    Ok(match description {
        "<f4" => (4, |bytes| f32::from_le_bytes(array(bytes))),
        ">f4" => (4, |bytes| f32::from_be_bytes(array(bytes))),
        "<f8" => (8, |bytes| f64::from_le_bytes(array(bytes)) as f32),
        ">f8" => (8, |bytes| f64::from_be_bytes(array(bytes)) as f32),
        "<i2" => (2, |bytes| i16::from_le_bytes(array(bytes)).into()),
        ">i2" => (2, |bytes| i16::from_be_bytes(array(bytes)).into()),
        "<i4" => (4, |bytes| i32::from_le_bytes(array(bytes)) as f32),
        ">i4" => (4, |bytes| i32::from_be_bytes(array(bytes)) as f32),
        other => {
            return Err(format!(
                "holds numbers of type '{other}': save it as float32, float64, int16 or int32"
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header, the trial, and what is expected.
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
        let cases: [Case; 9] = [
            ("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 6), }", None, Ok([0.0, 6.0])),
            ("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 6), }", None, Ok([0.0, 1.0])),
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
            let found = read(&file(header, &numbers), 100.0, trial);
            match (found, expected) {
                (Ok(found), Ok(expected)) => {
                    assert_eq!([found.samples[0][0], found.samples[1][0]], expected, "{header}");
                }
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
                (found, expected) => panic!("{header}: {found:?} instead of {expected:?}"),
            }
        }
    }
}
