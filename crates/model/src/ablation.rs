//! Ablations of a pass: positions that no attention sees, and heads whose context is zero.

use any2any_architecture::StackKind;
use burn::tensor::{Device, Tensor, TensorData};

use crate::trace::{AttentionKind, Place};

/// The ablations of a pass.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ablations {
    /// The positions of the encoder that are hidden, for each row of the batch.
    pub source: Vec<Vec<usize>>,
    /// The positions of the decoder that are hidden, for each row of the batch.
    pub target: Vec<Vec<usize>>,
    /// Heads whose context is zero, each with its layer.
    pub heads: Vec<(Place, usize)>,
}

impl Ablations {
    /// The key mask of a layer, 0 at hidden keys and 1 at the others, `[batch or 1, 1, 1, keys]`; none when none is
    /// hidden.
    pub(crate) fn key_mask(&self, place: Place, keys: usize, device: &Device) -> Option<Tensor<4>> {
        let hidden = match (place.stack, place.kind) {
            (StackKind::Decoder, AttentionKind::SelfAttention) => &self.target,
            _ => &self.source,
        };
        indicator(hidden, keys, device)
    }

    /// The head mask of a layer, 0 at ablated heads and 1 at the others, `[1, heads, 1, 1]`; none when none is ablated.
    pub(crate) fn head_mask(&self, place: Place, heads: usize, device: &Device) -> Option<Tensor<4>> {
        let ablated: Vec<usize> =
            self.heads.iter().filter(|(at, _)| *at == place).map(|&(_, head)| head).collect();
        indicator(&[ablated], heads, device).map(|heads| heads.swap_dims(1, 3))
    }

    /// Embedded positions of a stack, zeros where they are hidden, `[batch, positions, d_model]`.
    pub(crate) fn embedded(&self, stack: StackKind, input: Tensor<3>) -> Tensor<3> {
        let [_, positions, _] = input.dims();
        let hidden = match stack {
            StackKind::Encoder => &self.source,
            StackKind::Decoder => &self.target,
        };
        match indicator(hidden, positions, &input.device()) {
            None => input,
            Some(mask) => input * mask.squeeze_dim::<3>(1).swap_dims(1, 2),
        }
    }
}

/// 0 at the given places of each row and 1 at the others, `[rows, 1, 1, width]`; none when no place is given.
fn indicator(rows: &[Vec<usize>], width: usize, device: &Device) -> Option<Tensor<4>> {
    if rows.iter().all(Vec::is_empty) {
        return None;
    }
    let mut values = vec![1.0_f32; rows.len() * width];
    for (row, places) in rows.iter().enumerate() {
        for &place in places.iter().filter(|&&place| place < width) {
            values[row * width + place] = 0.0;
        }
    }
    Some(Tensor::from_data(TensorData::new(values, [rows.len(), 1, 1, width]), device))
}
