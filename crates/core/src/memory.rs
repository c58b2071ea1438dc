//! What the encoder leaves for the decoder.

use burn::tensor::{Device, Tensor};
use burn::tensor::{Int, TensorData};

/// The encoder's states, and which of them are padding.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The states, `[batch, source, d_model]`.
    pub states: Tensor<3>,
    /// 0 where a position is real, a large negative number where it is padding, `[batch, 1, 1, source]`;
    /// `None` when nothing is padding.
    pub padding: Option<Tensor<4>>,
    /// What a recurrent encoder ends with, for each of its layers, `[batch, d_model]`; empty otherwise.
    pub last: Vec<Tensor<2>>,
}

impl Memory {
    /// These rows in this order; a row may be absent or repeated.
    #[must_use]
    pub fn select(&self, rows: &Tensor<1, Int>) -> Self {
        Self {
            states: self.states.clone().select(0, rows.clone()),
            padding: self.padding.clone().map(|padding| padding.select(0, rows.clone())),
            last: self.last.iter().map(|state| state.clone().select(0, rows.clone())).collect(),
        }
    }
}

/// What is added to attention scores that must not count.
///
/// Finite, so that a row without any real position stays finite too.
pub(crate) const MASKED: f32 = -1e9;

/// The attention bias that hides padding, `[batch, 1, 1, positions]`; `None` when every length is full.
pub(crate) fn padding_bias(lengths: &[usize], positions: usize, device: &Device) -> Option<Tensor<4>> {
    if lengths.iter().all(|&length| length >= positions) {
        return None;
    }
    let values: Vec<f32> = lengths
        .iter()
        .flat_map(|&length| (0..positions).map(move |at| if at < length { 0.0 } else { MASKED }))
        .collect();
    Some(Tensor::from_data(TensorData::new(values, [lengths.len(), 1, 1, positions]), device))
}

/// The attention bias that hides the future, `[1, 1, positions, positions]`.
pub(crate) fn causal_bias(positions: usize, device: &Device) -> Tensor<4> {
    let values: Vec<f32> = (0..positions)
        .flat_map(|query| (0..positions).map(move |key| if key <= query { 0.0 } else { MASKED }))
        .collect();
    Tensor::from_data(TensorData::new(values, [1, 1, positions, positions]), device)
}
