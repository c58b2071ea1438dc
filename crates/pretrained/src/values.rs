//! Values of tensors as they stand in files.

use half::{bf16, f16};
use safetensors::tensor::Dtype;

use crate::orientation;

/// Values of a tensor as they stand in a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    F32,
    F16,
    BF16,
    /// 8-bit whole numbers, which this factor has made of weights.
    Whole {
        factor: f32,
        /// The number of columns of the matrix as it is stored, which is transposed; `None` where it is not.
        transposed: Option<usize>,
    },
    /// Another type, by its name.
    Other(String),
}

impl Values {
    pub(crate) fn of(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 => Self::F32,
            Dtype::F16 => Self::F16,
            Dtype::BF16 => Self::BF16,
            other => Self::Other(format!("{other:?}")),
        }
    }

    /// Bytes of a value.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Whole { .. } | Self::Other(_) => 1,
        }
    }

    /// Decodes bytes of whole values.
    pub(crate) fn decode(&self, bytes: &[u8], values: &mut Vec<f32>) {
        let twos = || bytes.as_chunks::<2>().0.iter();
        match self {
            Self::F32 => values.extend(bytes.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four))),
            Self::F16 => values.extend(twos().map(|&two| f16::from_le_bytes(two).to_f32())),
            Self::BF16 => values.extend(twos().map(|&two| bf16::from_le_bytes(two).to_f32())),
            Self::Whole { factor, .. } => {
                let scale = 1.0 / factor;
                values.extend(bytes.iter().map(|&byte| f32::from(byte as i8) * scale));
            }
            Self::Other(_) => {}
        }
    }

    /// Values of a whole tensor in the order of its shape.
    pub(crate) fn arranged(&self, values: Vec<f32>) -> Vec<f32> {
        match self {
            Self::Whole { transposed: Some(columns), .. } => orientation::transposed(&values, *columns),
            _ => values,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_divided_by_their_factor_and_turned() {
        // A matrix `[2, 3]` that is stored as its transpose, `[3, 2]`.
        let values = Values::Whole { factor: 4.0, transposed: Some(2) };
        let mut read = Vec::new();
        values.decode(&[1, 2, 3, 4, 255, 0x80], &mut read);
        assert_eq!(read, [0.25, 0.5, 0.75, 1.0, -0.25, -32.0]);
        assert_eq!(values.arranged(read), [0.25, 0.75, -0.25, 0.5, 1.0, -32.0]);
    }
}
