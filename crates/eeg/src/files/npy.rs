//! NPY files: `[channels, samples]`, or `[trials, channels, samples]` with a trial chosen.

use any2any_frames::Npy;

use crate::files::recording::Decoded;
use crate::files::selection::{Channel, Selection};

/// Number of rows beyond the channels of any device.
const CHANNELS: usize = 1024;

/// Reads the channels that are wanted, named by their numbers, from 1.
pub(crate) fn read(bytes: &[u8], trial: Option<usize>, wanted: Option<&[String]>) -> Result<Decoded, String> {
    let array = Npy::new(bytes)?;
    let (axes, strides) = (array.shape().len(), array.strides());
    let (trials, mut rows, mut columns) = match *array.shape() {
        [len] => (1, 1, len),
        [channels, len] => (1, channels, len),
        [trials, channels, len] => (trials, channels, len),
        ref shape => {
            return Err(format!(
                "has the shape {shape:?}: [channels, samples] or [trials, channels, samples]"
            ));
        }
    };
    let trial = match (trial, axes) {
        (Some(trial), 3) if trial < trials => trial,
        (Some(trial), 3) => return Err(format!("has {trials} trials and no number {}", trial + 1)),
        (Some(_), _) => return Err("has the shape [channels, samples] and no trials".to_owned()),
        (None, 3) if trials == 1 => 0,
        (None, 3) => return Err(format!("has {trials} trials: one must be chosen as an item")),
        (None, _) => 0,
    };
    if rows == 0 || columns == 0 {
        return Err("has no samples".to_owned());
    }
    let transposed = is_transposed(axes, rows, columns);
    // Of an axis that is not there, only the number 0 is used.
    let stride = |from_the_end: usize| axes.checked_sub(from_the_end).map_or(0, |axis| strides[axis]);
    let (of_trials, mut of_rows, mut of_columns) = (stride(3), stride(2), stride(1));
    let mut warnings = Vec::new();
    if transposed {
        let trials = if axes == 2 { "" } else { "trials, " };
        let reason = "has more rows than columns, and was taken for";
        warnings.push(format!("{reason} [{trials}samples, channels]"));
        (rows, columns) = (columns, rows);
        (of_rows, of_columns) = (of_columns, of_rows);
    }
    let names: Vec<Channel> = (1..=rows).map(|number| Channel::named(number.to_string())).collect();
    let selection = Selection::new(&names, wanted)?;
    let value = |channel: usize, sample: usize| {
        array.value(trial * of_trials + channel * of_rows + sample * of_columns)
    };
    let samples =
        selection.numbers.iter().map(|&channel| (0..columns).map(|sample| value(channel, sample)).collect());
    Ok(Decoded {
        format: format!("NPY, {}", array.type_name()),
        samples: samples.collect(),
        channels: selection.chosen(),
        warnings,
        ..Decoded::default()
    })
}

/// Number of channels and samples of an array, or of one of its trials, from its header.
pub(crate) fn shape(bytes: &[u8], trial: bool) -> Option<(usize, usize)> {
    let array = Npy::new(bytes).ok()?;
    let (rows, columns) = match *array.shape() {
        [len] => (1, len),
        [rows, columns] => (rows, columns),
        [_, rows, columns] if trial => (rows, columns),
        [1, rows, columns] => (rows, columns),
        _ => return None,
    };
    Some(if is_transposed(array.shape().len(), rows, columns) { (columns, rows) } else { (rows, columns) })
}

/// True if rows are samples: a recording has more of them than channels; a short trial may have fewer, but no device has
/// so many channels.
fn is_transposed(axes: usize, rows: usize, columns: usize) -> bool {
    rows > columns && (axes == 2 || rows > CHANNELS)
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
