//! The types of real numbers of NumPy.

use super::header::short;

/// Type of the numbers of an array, with their order of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NumberType {
    class: Class,
    /// Size of a number in bytes.
    width: usize,
    big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Float,
    Signed,
    Unsigned,
    Boolean,
}

impl NumberType {
    /// The type of a description: `<f4`.
    pub(super) fn new(description: &str) -> Result<Self, String> {
        let (class, width) = match description.trim_start_matches(['<', '>', '=', '|']) {
            "f2" => (Class::Float, 2),
            "f4" => (Class::Float, 4),
            "f8" => (Class::Float, 8),
            "i1" => (Class::Signed, 1),
            "i2" => (Class::Signed, 2),
            "i4" => (Class::Signed, 4),
            "i8" => (Class::Signed, 8),
            "b1" => (Class::Boolean, 1),
            "u1" => (Class::Unsigned, 1),
            "u2" => (Class::Unsigned, 2),
            "u4" => (Class::Unsigned, 4),
            "u8" => (Class::Unsigned, 8),
            "O" => {
                return Err(
                    "holds Python objects (type '|O'), which are never unpickled: rows of different lengths \
                            become one file each, saved with `numpy.save('OUT.npy', row)`"
                        .to_owned(),
                );
            }
            _ => {
                return Err(format!(
                    "holds numbers of type '{}': save it as float32 with `numpy.save('OUT.npy', \
                     array.astype('float32'))`",
                    short(description)
                ));
            }
        };
        Ok(Self { class, width, big_endian: description.starts_with('>') })
    }

    pub(super) fn width(self) -> usize {
        self.width
    }

    pub(super) fn is_whole(self) -> bool {
        self.class != Class::Float
    }

    /// Its name in NumPy, with the order of bytes where it is not the usual one: `int64`.
    pub(super) fn name(self) -> String {
        let name = match self.class {
            Class::Float => "float",
            Class::Signed => "int",
            Class::Unsigned => "uint",
            Class::Boolean => return "bool".to_owned(),
        };
        let order = if self.big_endian && self.width > 1 { ", big-endian" } else { "" };
        format!("{name}{}{order}", 8 * self.width)
    }

    /// The number that some bytes are.
    pub(super) fn value(self, bytes: &[u8]) -> f32 {
        let bits = self.bits(bytes);
        match (self.class, self.width) {
            (Class::Float, 2) => half(bits as u16),
            (Class::Float, 4) => f32::from_bits(bits as u32),
            (Class::Float, _) => f64::from_bits(bits) as f32,
            (Class::Signed, _) => self.signed(bits) as f32,
            (Class::Unsigned | Class::Boolean, _) => bits as f32,
        }
    }

    /// The whole number that some bytes are; `None` if the type has fractions.
    pub(super) fn whole(self, bytes: &[u8]) -> Option<i128> {
        let bits = self.bits(bytes);
        match self.class {
            Class::Float => None,
            Class::Signed => Some(self.signed(bits).into()),
            Class::Unsigned | Class::Boolean => Some(bits.into()),
        }
    }

    fn bits(self, bytes: &[u8]) -> u64 {
        let mut all = [0; 8];
        if self.big_endian {
            all[8 - self.width..].copy_from_slice(&bytes[..self.width]);
            u64::from_be_bytes(all)
        } else {
            all[..self.width].copy_from_slice(&bytes[..self.width]);
            u64::from_le_bytes(all)
        }
    }

    fn signed(self, bits: u64) -> i64 {
        let unused = 64 - 8 * self.width;
        (bits << unused).cast_signed() >> unused
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Type, bytes, value, whole number and name.
    type Case<'a> = (&'static str, &'a [u8], f32, Option<i128>, &'static str);

    #[test]
    fn numbers_of_all_types_are_read() {
        let cases: [Case<'_>; 16] = [
            ("<f2", &[0x00, 0xc4], -4.0, None, "float16"),
            ("<f2", &[0x01, 0x00], 5.960_464_5e-8, None, "float16"),
            (">f2", &[0x3c, 0x00], 1.0, None, "float16, big-endian"),
            ("<f4", &(-1.5_f32).to_le_bytes(), -1.5, None, "float32"),
            (">f8", &2.5_f64.to_be_bytes(), 2.5, None, "float64, big-endian"),
            ("|i1", &[0xff], -1.0, Some(-1), "int8"),
            ("|u1", &[0xff], 255.0, Some(255), "uint8"),
            ("|b1", &[1], 1.0, Some(1), "bool"),
            ("<i2", &(-2_i16).to_le_bytes(), -2.0, Some(-2), "int16"),
            (">u2", &65535_u16.to_be_bytes(), 65535.0, Some(65535), "uint16, big-endian"),
            ("<i4", &(-3_i32).to_le_bytes(), -3.0, Some(-3), "int32"),
            ("<u4", &7_u32.to_le_bytes(), 7.0, Some(7), "uint32"),
            ("<i8", &(-16_i64).to_le_bytes(), -16.0, Some(-16), "int64"),
            (">i8", &i64::MIN.to_be_bytes(), i64::MIN as f32, Some(i64::MIN as i128), "int64, big-endian"),
            ("<u8", &u64::MAX.to_le_bytes(), u64::MAX as f32, Some(u64::MAX as i128), "uint64"),
            (">i1", &[2], 2.0, Some(2), "int8"),
        ];
        for (description, bytes, value, whole, name) in cases {
            let number = NumberType::new(description).expect(description);
            assert_eq!((number.value(bytes), number.whole(bytes)), (value, whole), "{description}");
            assert_eq!((number.name(), number.width()), (name.to_owned(), bytes.len()), "{description}");
        }
        assert!(half(0x7e00).is_nan() && half(0xfc00) == f32::NEG_INFINITY);
        for description in ["<c8", "<f16", "<U4", "<M8[s]", "O", "|V4", ""] {
            assert!(NumberType::new(description).is_err(), "{description}");
        }
    }
}
