//! Price of a value: memory and positions, from headers alone, before anything is decoded.

use crate::{File, Value};

/// Memory that opening a value takes, and the length of its sequence, from its header.
///
/// A price is a cheap upper bound: code with a budget asks for it before a file of unknown origin is decoded.
///
/// ```
/// use any2any_adapter::{File, Price};
///
/// // The header says 640 x 480 grey pixels, which become patches of 16 x 16.
/// let file = File::in_memory("sign.pgm", b"P5 640 480 255\n".to_vec());
/// let (width, height) = (640, 480);
/// let bytes = Price::of_file(&file).bytes + width * height;
/// let price = Price { bytes, positions: Some((width / 16) * (height / 16)) };
/// assert_eq!(price, Price { bytes: 307_215, positions: Some(1200) });
/// // Two such pictures in a row.
/// assert_eq!(price.and(price).positions, Some(2400));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Peak memory of opening the value, in bytes: the file, its decoded contents, and the buffers of decoding.
    pub bytes: u64,
    /// Number of positions of the sequence before the stem, if the header tells.
    pub positions: Option<u64>,
}

impl Price {
    /// Price of a value whose length is its memory: texts, pictures and signals by their contents, files by their
    /// length, series by the sum. Files that cannot be reached cost nothing: opening them is an error.
    pub fn of_contents(value: &Value) -> Self {
        let bytes = match value {
            Value::Text(text) => text.len() as u64,
            Value::Image(image) => image.pixels().len() as u64,
            Value::Signal(signal) => size_of_val(signal.samples()) as u64,
            Value::Custom(custom) => custom.bytes() as u64,
            Value::File(file) => Self::of_file(file).bytes,
            Value::Series(values) => {
                values.iter().fold(0, |sum: u64, value| sum.saturating_add(Self::of_contents(value).bytes))
            }
        };
        Self { bytes, positions: None }
    }

    /// Price of holding a file as it is.
    pub fn of_file(file: &File) -> Self {
        Self { bytes: file.size().unwrap_or(0), positions: None }
    }

    /// Price of two values that are opened one after the other and both kept; positions are known if both are.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let positions = self.positions.zip(other.positions).map(|(own, other)| own.saturating_add(other));
        Self { bytes: self.bytes.saturating_add(other.bytes), positions }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Image, Signal};

    #[test]
    fn contents_cost_their_length() {
        let folder = std::env::temp_dir().join(format!("price-{}", std::process::id()));
        std::fs::write(&folder, [0; 11]).expect("written");
        let image = Image::new(3, 2, 3, vec![0; 18]).expect("3 x 2");
        let signal = Signal::mono(8.0, vec![0.0; 5]).expect("a rate");
        let file = Value::File(File::in_memory("a", vec![0; 7]));
        let cases = [
            (Value::from("word"), 4),
            (Value::from(image), 18),
            (Value::from(signal), 20),
            (file.clone(), 7),
            (Value::File(File::on_disk(&folder)), 11),
            (Value::File(File::on_disk("no/such/file")), 0),
            (Value::Series([file, Value::from("word")].into()), 11),
        ];
        for (value, bytes) in cases {
            assert_eq!(Price::of_contents(&value), Price { bytes, positions: None }, "{value}");
        }
        std::fs::remove_file(folder).expect("removed");
    }

    #[test]
    fn sums_do_not_overflow() {
        let one = |bytes, positions| Price { bytes, positions };
        assert_eq!(one(1, Some(2)).and(one(3, Some(4))), one(4, Some(6)));
        assert_eq!(one(u64::MAX, Some(2)).and(one(3, None)), one(u64::MAX, None));
    }
}
