//! Samples that each stand for themselves: integers, floats, A-law and mu-law (ITU-T G.711).

use super::bytes::Order;

/// Encoding of one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// 8 bits, of which 128 is silence.
    Unsigned8,
    /// An integer of so many bytes, 1 to 4.
    Signed(usize, Order),
    /// A float of 32 bits.
    Float32(Order),
    /// A float of 64 bits.
    Float64(Order),
    /// Eight bits of a logarithm, as in European telephones.
    ALaw,
    /// Eight bits of a logarithm, as in American and Japanese telephones.
    MuLaw,
}

impl Coding {
    /// Size of a sample, in bytes.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::Unsigned8 | Self::ALaw | Self::MuLaw => 1,
            Self::Signed(width, _) => width,
            Self::Float32(_) => 4,
            Self::Float64(_) => 8,
        }
    }

    /// Name of the encoding: `16 bit integers`.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Unsigned8 => "8 bit integers".to_owned(),
            Self::Signed(width, _) => format!("{} bit integers", 8 * width),
            Self::Float32(_) => "32 bit floats".to_owned(),
            Self::Float64(_) => "64 bit floats".to_owned(),
            Self::ALaw => "A-law".to_owned(),
            Self::MuLaw => "mu-law".to_owned(),
        }
    }

    /// Samples as numbers: integers of n bits over 2^(n-1), floats as they are.
    pub(crate) fn decode(self, data: &[u8]) -> Vec<f32> {
        let samples = data.chunks_exact(self.width());
        match self {
            Self::Unsigned8 => data.iter().map(|&byte| (f32::from(byte) - 128.0) / 128.0).collect(),
            Self::ALaw => data.iter().map(|&byte| f32::from(a_law(byte)) / 32_768.0).collect(),
            Self::MuLaw => data.iter().map(|&byte| f32::from(mu_law(byte)) / 32_768.0).collect(),
            Self::Signed(2, Order::Little) => sixteen_bits(data, i16::from_le_bytes),
            Self::Signed(2, Order::Big) => sixteen_bits(data, i16::from_be_bytes),
            Self::Signed(_, Order::Little) => samples.map(|sample| integer(sample.iter().rev())).collect(),
            Self::Signed(_, Order::Big) => samples.map(|sample| integer(sample.iter())).collect(),
            Self::Float32(order) => {
                samples.map(|sample| f32::from_bits(bits(sample, order) as u32)).collect()
            }
            Self::Float64(order) => {
                samples.map(|sample| f64::from_bits(bits(sample, order)) as f32).collect()
            }
        }
    }
}

/// Integers of 16 bits, which most files hold, over their full scale; each is exact as a float.
fn sixteen_bits(data: &[u8], integer: impl Fn([u8; 2]) -> i16) -> Vec<f32> {
    let (samples, _) = data.as_chunks::<2>();
    samples.iter().map(|&sample| f32::from(integer(sample)) / 32_768.0).collect()
}

/// A signed integer of up to 4 bytes, the highest first, over its full scale. Bits beyond the 24 of a float are
/// rounded once.
fn integer<'b>(bytes: impl Iterator<Item = &'b u8>) -> f32 {
    let (value, count) =
        bytes.fold((0_u32, 0), |(value, count), &byte| (value << 8 | u32::from(byte), count + 1));
    let value = (value << (32 - 8 * count)) as i32;
    (f64::from(value) / 2_147_483_648.0) as f32
}

fn bits(sample: &[u8], order: Order) -> u64 {
    let add = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
    match order {
        Order::Little => sample.iter().rev().fold(0, add),
        Order::Big => sample.iter().fold(0, add),
    }
}

/// A-law as 16 bits: 13 of them and three zeros.
fn a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let (exponent, mantissa) = (byte >> 4 & 7, i16::from(byte & 15));
    let magnitude = match exponent {
        0 => mantissa << 4 | 8,
        _ => (mantissa << 4 | 0x108) << (exponent - 1),
    };
    if byte & 0x80 == 0 { -magnitude } else { magnitude }
}

/// Mu-law as 16 bits: 14 of them and two zeros.
fn mu_law(byte: u8) -> i16 {
    let byte = !byte;
    let (exponent, mantissa) = (byte >> 4 & 7, i16::from(byte & 15));
    let magnitude = ((mantissa << 3 | 0x84) << exponent) - 0x84;
    if byte & 0x80 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_scaled_by_their_full_scale() {
        use Order::{Big, Little};
        let cases: [(Coding, &[u8], &[f32]); 12] = [
            (Coding::Unsigned8, &[0, 128, 192, 255], &[-1.0, 0.0, 0.5, 127.0 / 128.0]),
            (Coding::Signed(1, Big), &[0x80, 0, 0x40], &[-1.0, 0.0, 0.5]),
            (Coding::Signed(2, Little), &[0, 0x80, 1, 0], &[-1.0, 1.0 / 32_768.0]),
            (Coding::Signed(2, Big), &[0x80, 0, 0, 1], &[-1.0, 1.0 / 32_768.0]),
            (Coding::Signed(3, Little), &[0, 0, 0x80, 1, 0, 0], &[-1.0, 1.0 / 8_388_608.0]),
            (Coding::Signed(3, Big), &[0xc0, 0, 0], &[-0.5]),
            (Coding::Signed(4, Little), &[0, 0, 0, 0x80, 0, 1, 0, 0], &[-1.0, 256.0 / 2_147_483_648.0]),
            (Coding::Signed(4, Big), &[0x20, 0, 0, 0], &[0.25]),
            (Coding::Float32(Little), &[0, 0, 0, 0x3f], &[0.5]),
            (Coding::Float64(Big), &[0x3f, 0xe0, 0, 0, 0, 0, 0, 0], &[0.5]),
            // The loudest, the quietest and the middle of each law's table (G.711).
            (
                Coding::ALaw,
                &[0xaa, 0x2a, 0xd5, 0x55],
                &[0.984_375, -0.984_375, 8.0 / 32_768.0, -8.0 / 32_768.0],
            ),
            (
                Coding::MuLaw,
                &[0x80, 0x00, 0xff, 0x7f],
                &[32_124.0 / 32_768.0, -32_124.0 / 32_768.0, 0.0, 0.0],
            ),
        ];
        for (coding, data, expected) in cases {
            assert_eq!(coding.decode(data), expected, "{coding:?}");
        }
    }
}
