//! The output of an encoder, which a decoder reads.

use burn::tensor::{Device, Tensor};
use burn::tensor::{Int, TensorData};

/// The output of an encoder: its states, and the number of real ones in each row.
#[derive(Clone, Debug)]
pub struct EncoderOutput {
    /// The states, `[batch, source, d_encoder]`.
    pub states: Tensor<3>,
    /// The number of positions of each row that are no padding, `[batch]`; `None` when all are.
    pub lengths: Option<Vec<usize>>,
    /// The last hidden state of a recurrent encoder's last layer, `[batch, d_encoder]`; empty otherwise.
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

    /// These rows of a tensor, `[batch, ..]` to `[rows, ..]`.
    pub(crate) fn of<const D: usize>(&self, tensor: &Tensor<D>) -> Tensor<D> {
        tensor.clone().select(0, self.index.clone())
    }

    /// The lengths of these rows, `[batch]` to `[rows]`.
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
