//! What the encoder leaves for the decoder.

use burn::tensor::{Device, Tensor};
use burn::tensor::{Int, TensorData};

/// The encoder's states, and how many of them are real.
#[derive(Clone, Debug)]
pub struct EncoderOutput {
    /// The states, `[batch, source, d_model]`.
    pub states: Tensor<3>,
    /// How many positions of each row are real; `None` when all are.
    pub lengths: Option<Vec<usize>>,
    /// What a recurrent encoder ends with, for each of its layers, `[batch, d_model]`; empty otherwise.
    pub last: Vec<Tensor<2>>,
}

/// Rows of a batch to keep, in this order; a row may be absent or repeated.
#[derive(Clone, Debug)]
pub struct RowSelection {
    numbers: Vec<usize>,
    index: Tensor<1, Int>,
}

impl RowSelection {
    /// Rows by number, for tensors of a device.
    pub fn new(numbers: &[usize], device: &Device) -> Self {
        let index: Vec<i32> = numbers.iter().map(|&row| row as i32).collect();
        let index = Tensor::from_data(TensorData::new(index, [numbers.len()]), device);
        Self { numbers: numbers.to_vec(), index }
    }

    /// These rows of a tensor.
    pub(crate) fn of<const D: usize>(&self, tensor: &Tensor<D>) -> Tensor<D> {
        tensor.clone().select(0, self.index.clone())
    }

    /// The lengths of these rows.
    pub(crate) fn of_lengths(&self, lengths: Option<&[usize]>) -> Option<Vec<usize>> {
        lengths.map(|lengths| self.numbers.iter().map(|&row| lengths[row]).collect())
    }
}

impl EncoderOutput {
    /// Some rows.
    #[must_use]
    pub fn select(&self, rows: &RowSelection) -> Self {
        Self {
            states: rows.of(&self.states),
            lengths: rows.of_lengths(self.lengths.as_deref()),
            last: self.last.iter().map(|state| rows.of(state)).collect(),
        }
    }
}

/// The lengths of padded rows; `None` when none is padded.
pub(crate) fn padded_lengths(lengths: &[usize], positions: usize) -> Option<Vec<usize>> {
    lengths.iter().any(|&length| length < positions).then(|| lengths.to_vec())
}

/// What is added to attention scores that must not count.
///
/// Finite, so that a row without any real position stays finite too.
pub(crate) const MASKED: f32 = -1e9;

/// The bias that hides padding from scores, `[batch, 1, positions]`.
pub(crate) fn padding_bias(lengths: &[usize], positions: usize, device: &Device) -> Tensor<3> {
    let values: Vec<f32> = lengths
        .iter()
        .flat_map(|&length| (0..positions).map(move |at| if at < length { 0.0 } else { MASKED }))
        .collect();
    Tensor::from_data(TensorData::new(values, [lengths.len(), 1, positions]), device)
}
