//! Price of frames: their memory and their number, from the header of an array or the separators of a text.

use any2any_adapter::{AdapterError, File, Price, Value};
use any2any_frames::Npy;

use super::options::{FramesOptions, MOST_WIDTH, Output};
use crate::source::{self, Source};

/// Largest file whose header is read, in bytes; each byte of a larger one may be a number.
const MOST_LOOKED_INTO: u64 = 1 << 28;
/// Memory for each number: collected in a list that grows, put in the order of a signal in another, and copied.
const NUMBER: u64 = 4 * (2 + 2 + 1);
/// Memory for the name of each column.
const NAME: u64 = 64;

pub(super) fn price(options: &FramesOptions, value: &Value) -> Result<Price, AdapterError> {
    let price = match value {
        Value::Text(text) => of_text(text.as_bytes()),
        Value::File(file) => of_file(file),
        Value::Signal(signal) => {
            let bytes = NUMBER * signal.samples().len() as u64 + NAME * signal.channels().len() as u64;
            Price { bytes, positions: Some(signal.len() as u64) }
        }
        Value::Series(values) => {
            let mut all = Price { bytes: 0, positions: Some(0) };
            for value in values.iter() {
                all = all.and(price(options, value)?);
            }
            // Joined beside the parts.
            Price { bytes: all.bytes.saturating_mul(2), ..all }
        }
        other => return Err(AdapterError::other_medium("frames", other)),
    };
    // More frames are an error.
    let longest = options.longest as u64;
    let end = u64::from(matches!(options.output, Some(Output::Codes(_))));
    Ok(Price { positions: price.positions.map(|positions| positions.min(longest) + end), ..price })
}

/// A number takes two bytes of a text at least, as does the width of its first row.
fn of_text(text: &[u8]) -> Price {
    let length = text.len() as u64;
    let rows = text.iter().filter(|byte| b";]\n".contains(byte)).count() as u64 + 1;
    let numbers = length / 2 + 1;
    Price { bytes: (NUMBER + NAME) * numbers + 3 * length, positions: Some(rows) }
}

fn of_file(file: &File) -> Price {
    let length = file.size().unwrap_or(0);
    if length > MOST_LOOKED_INTO {
        return Price { bytes: length.saturating_mul(NUMBER + NAME + 1), positions: None };
    }
    // A file that cannot be read is an error when it is opened, before anything is decoded.
    let only = Price { bytes: length, positions: None };
    let Ok(bytes) = source::bytes(file) else { return only };
    match Source::of(&bytes) {
        Ok(Source::Text(text)) => {
            let price = of_text(text.as_bytes());
            Price { bytes: price.bytes + length, ..price }
        }
        Ok(Source::Array(array)) => of_array(file, &array, length),
        Err(_) => only,
    }
}

fn of_array(file: &File, array: &Npy<'_>, length: u64) -> Price {
    let only = Price { bytes: length, positions: None };
    let Ok((shape, ..)) = source::item(array, 2, file.part()) else { return only };
    let (frames, width) = match *shape {
        // One frame, or as many as values.
        [len] => (len, len),
        [frames, width] => (frames, width),
        _ => return only,
    };
    let numbers = shape.iter().fold(1_u64, |product, &side| product.saturating_mul(side as u64));
    let names = NAME * width.min(MOST_WIDTH) as u64;
    Price {
        bytes: NUMBER.saturating_mul(numbers).saturating_add(length + names),
        positions: Some(frames as u64),
    }
}
