//! Interventions in a pass: states of the residual stream that are replaced (activation patching, Meng et al. 2022,
//! "Locating and Editing Factual Associations in GPT"), and attention weights that are set by hand.

use any2any_architecture::StackKind;
use burn::tensor::{Device, Tensor, TensorData};

use crate::trace::Place;

/// The residual stream of a transformer's stack behind some of its layers.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The stack.
    pub stack: StackKind,
    /// The number of layers that have added to it: 0 is the embedded input with its positions.
    pub depth: usize,
    /// The states, `[batch, positions, d_model]`, before the norm that follows the last layer.
    pub states: Tensor<3>,
}

/// States that are put into the residual stream of a pass.
#[derive(Clone, Debug)]
pub struct Patch {
    /// The stack.
    pub stack: StackKind,
    /// The number of layers before it, as in [`Stream::depth`].
    pub depth: usize,
    /// The positions that are replaced, for each row of the batch.
    pub positions: Vec<Vec<usize>>,
    /// The states that they are replaced by, `[1, positions, d_model]`, as many positions as the pass has.
    pub states: Tensor<3>,
}

/// Attention weights that are set instead of what softmax gives.
#[derive(Clone, Debug, PartialEq)]
pub struct AttentionEdit {
    /// The layer.
    pub place: Place,
    /// The number of the head, from 0.
    pub head: usize,
    /// The weights that are set.
    pub change: AttentionChange,
}

/// The change of a head's weights.
#[derive(Clone, Debug, PartialEq)]
pub enum AttentionChange {
    /// A query's weights, one for each key; what is missing at the end is zero.
    Row {
        /// The number of the query, from 0.
        query: usize,
        /// Its weights.
        weights: Vec<f32>,
    },
    /// A key that no query of the head sees: its weights are zero, and the others of each row grow to their sum.
    Silence {
        /// The number of the key, from 0.
        key: usize,
    },
}

impl Patch {
    /// The stream with the replaced states, `[batch, positions, d_model]` in and out.
    pub(crate) fn on(&self, states: Tensor<3>) -> Tensor<3> {
        let [batch, positions, _] = states.dims();
        let mut mask = vec![0.0_f32; batch * positions];
        for (row, replaced) in self.positions.iter().enumerate().take(batch) {
            for &position in replaced.iter().filter(|&&position| position < positions) {
                mask[row * positions + position] = 1.0;
            }
        }
        let mask = Tensor::<3>::from_data(TensorData::new(mask, [batch, positions, 1]), &states.device());
        states * (mask.clone().neg() + 1.0) + self.states.clone() * mask
    }
}

/// The weights of a layer with all edits of it, `[batch, heads, queries, keys]` in and out; `first` is the number of
/// the first query.
pub(crate) fn edited(
    edits: &[AttentionEdit],
    place: Place,
    first: usize,
    mut weights: Tensor<4>,
) -> Tensor<4> {
    let [_, heads, queries, keys] = weights.dims();
    let device = weights.device();
    for AttentionEdit { head, change, .. } in edits.iter().filter(|edit| edit.place == place) {
        let head = *head;
        weights = match change {
            AttentionChange::Row { query, weights: given } => {
                let Some(query) = query.checked_sub(first).filter(|&query| query < queries) else { continue };
                let at = (head * queries + query) * keys;
                let mut kept = vec![1.0_f32; heads * queries * keys];
                kept[at..at + keys].fill(0.0);
                let mut set = vec![0.0_f32; heads * queries * keys];
                set[at..at + keys].iter_mut().zip(given).for_each(|(weight, &given)| *weight = given);
                let shape = [1, heads, queries, keys];
                weights * tensor(kept, shape, &device) + tensor(set, shape, &device)
            }
            AttentionChange::Silence { key } => {
                let mut kept = vec![1.0_f32; heads * keys];
                kept[head * keys + key.min(&(keys - 1))] = 0.0;
                let before = weights.clone().sum_dim(3);
                let silenced = weights * tensor(kept, [1, heads, 1, keys], &device);
                // A row that saw nothing but this key sees nothing.
                let after = silenced.clone().sum_dim(3).clamp_min(f32::MIN_POSITIVE);
                silenced * (before / after)
            }
        };
    }
    weights
}

fn tensor(values: Vec<f32>, shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, shape), device)
}
