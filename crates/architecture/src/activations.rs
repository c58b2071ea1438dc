//! Activations of a training step: the values that the forward pass keeps for the backward pass, counted from the shape of
//! a batch, as the fused operations of the CPU backend keep them.
//!
//! Of each sub-layer that is its input, queries, keys, values and context of attention with a number for each query and
//! head, and the sums before an activation. Forms that are not fused (heads of another width than the model, learned biases
//! of distances, an SSRU) keep more, and are counted roughly, as LSTM layers are.

use crate::architecture::Architecture;
use crate::attention::Attention;
use crate::head::Head;
use crate::norm::NormPlacement;
use crate::operations::BatchShape;
use crate::positions::Positions;
use crate::stack::{Layers, Stack};
use crate::transformer::{Mixer, TransformerLayers};

/// The values that a forward pass keeps, by part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activations {
    /// Embeddings and stems, with the sums of positions.
    pub embeddings: u64,
    /// Layers of the encoder.
    pub encoder: u64,
    /// Layers of the decoder.
    pub decoder: u64,
    /// Hidden states before the exit, their gradient, and that of the exit's table, which the loss knows at once.
    pub loss: u64,
    /// The largest layer, while it is computed again; 0 where none is.
    pub recomputed: u64,
}

impl Activations {
    /// All values.
    pub fn total(&self) -> u64 {
        self.embeddings + self.encoder + self.decoder + self.loss + self.recomputed
    }
}

impl Architecture {
    /// The values that a forward pass over a batch of a task keeps; with `recompute`, layers of transformers keep their
    /// inputs alone.
    ///
    /// # Panics
    ///
    /// When the model has no task of this number.
    pub fn activations(&self, task: usize, shape: BatchShape, recompute: bool) -> Activations {
        let of = &self.tasks[task];
        let stem = of.source.map(|stem| &self.stems[stem].part);
        let source = stem.map_or(shape.source, |stem| stem.positions(shape.source));
        let (rows, source, target) = (shape.rows as u64, source as u64, shape.target as u64);
        let (encoder, decoder) = (self.encoder.as_ref(), &self.decoder);
        let width = encoder.map_or(0, |encoder| encoder.d_model) as u64;
        let d_model = decoder.d_model as u64;
        // Embeddings, and their sums with positions, which are the input of the first layer.
        let embeddings = 2 * rows * (source * width + target * d_model);
        let read = encoder.map_or(0, |encoder| encoder.kept(rows, source, (0, 0), recompute));
        let write = decoder.kept(rows, target, (width, source), recompute);
        let again = |stack: &Stack, positions, states| match (&stack.layers, recompute) {
            (Layers::Transformer(layers), true) => layers.kept(stack, rows, positions, states),
            _ => 0,
        };
        let recomputed = encoder.map_or(0, |encoder| again(encoder, source, (0, 0))).max(again(
            decoder,
            target,
            (width, source),
        ));
        let head = &self.heads[of.head].part;
        let biased = u64::from(matches!(head, Head::Softmax { bias: true, .. }));
        let table = head.outputs() as u64 * d_model;
        // With a bias, states and table are copied beside a column for it.
        let loss = (2 + biased) * rows * target * d_model + (1 + biased) * table;
        Activations { embeddings, encoder: read, decoder: write, loss, recomputed }
    }

    /// The values of the largest sum of gradients that is kept several times over while the backward pass adds up its
    /// pieces: those of a feed-forward layer, or of joined projections.
    pub fn largest_gradient(&self) -> u64 {
        let of_stack = |stack: &Stack| {
            let d_model = stack.d_model as u64;
            match &stack.layers {
                Layers::Transformer(layers) => {
                    let feed_forward = &layers.feed_forward;
                    let matrices = 1 + feed_forward.activation.inputs() as u64;
                    (matrices * d_model * feed_forward.d_ff as u64).max(3 * d_model * d_model)
                }
                Layers::Lstm(_) => 8 * d_model * d_model,
            }
        };
        self.encoder.as_ref().map_or(0, of_stack).max(of_stack(&self.decoder))
    }
}

impl Stack {
    /// What the layers keep of `rows` of `positions`, which attend to `source` positions `d_encoder` wide.
    fn kept(&self, rows: u64, positions: u64, states: (u64, u64), recompute: bool) -> u64 {
        let stream = rows * positions * self.d_model as u64;
        match &self.layers {
            Layers::Transformer(layers) if recompute => layers.layers as u64 * stream,
            Layers::Transformer(layers) => layers.layers as u64 * layers.kept(self, rows, positions, states),
            // States and outputs, cells and gates, and the weights of attention with what is joined by it.
            Layers::Lstm(layers) => {
                let (_, source) = states;
                layers.layers as u64 * 9 * stream + 4 * stream + 2 * rows * positions * source
            }
        }
    }
}

impl TransformerLayers {
    /// What one layer keeps of `rows` of `positions`, which attend to `source` positions `d_encoder` wide.
    fn kept(&self, stack: &Stack, rows: u64, positions: u64, (d_encoder, source): (u64, u64)) -> u64 {
        let stream = rows * positions * stack.d_model as u64;
        // The input of each sub-layer, and what a normalisation behind it reads.
        let around = if self.placement == NormPlacement::Post { 2 * stream } else { stream };
        let biased = matches!(stack.positions, Positions::Relative { .. });
        let d_model = stack.d_model as u64;
        let mixer = match &self.mixer {
            Mixer::SelfAttention(attention) => {
                around + attention.kept(d_model, rows, positions, (d_model, positions), biased)
            }
            Mixer::Ssru => around + 10 * stream,
        };
        let cross = self.cross_attention.as_ref();
        let cross = cross.map_or(0, |attention| {
            around + attention.kept(d_model, rows, positions, (d_encoder, source), false)
        });
        let sums =
            rows * positions * self.feed_forward.d_ff as u64 * self.feed_forward.activation.inputs() as u64;
        mixer + cross + around + sums
    }
}

impl Attention {
    /// What attention keeps of queries that see keys of states that are `d_keys` wide.
    fn kept(&self, d_model: u64, rows: u64, queries: u64, (d_keys, keys): (u64, u64), biased: bool) -> u64 {
        let (width, heads) = (self.width() as u64, self.heads as u64);
        let projected = rows * (2 * queries + 2 * keys) * width;
        let is_fused = width == d_model && d_keys == d_model && self.scaled && !biased;
        if is_fused {
            return projected + rows * queries * heads;
        }
        // Projections in two layouts, and scores, masks and weights in full.
        2 * projected + 5 * rows * heads * queries * keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: BatchShape = BatchShape { rows: 2, source: 3, target: 5 };

    /// Worked by hand for a layer of each stack: inputs of two and three sub-layers, projections, contexts, sums.
    #[test]
    fn values_are_those_of_every_sub_layer() {
        let stack = |layers| Stack::of_transformer(4, 7, 2, layers);
        let of = |layers| Architecture::of_text(Some(stack(layers)), stack(layers).attending(), 11);
        let encoder = 2 * (6 * 4) + (4 * 6 * 4 + 6 * 2) + 6 * 7;
        let cross = (2 * 10 * 4 + 2 * 6 * 4) + 10 * 2;
        let decoder = 3 * (10 * 4) + (4 * 10 * 4 + 10 * 2) + cross + 10 * 7;
        let loss = 2 * 10 * 4 + 11 * 4;
        let embeddings = 2 * (6 * 4 + 10 * 4);
        let expected = Activations { embeddings, encoder, decoder, loss, recomputed: 0 };
        assert_eq!(of(1).activations(0, SHAPE, false), expected);
        let deep = of(3).activations(0, SHAPE, false);
        assert_eq!((deep.encoder, deep.decoder), (3 * encoder, 3 * decoder));
        let again = of(3).activations(0, SHAPE, true);
        assert_eq!((again.encoder, again.decoder), (3 * 6 * 4, 3 * 10 * 4));
        assert_eq!(again.recomputed, decoder, "one layer at a time");
    }

    #[test]
    fn what_is_not_fused_keeps_more() {
        for (name, architecture) in Architecture::families(11) {
            let kept = architecture.activations(0, SHAPE, false).total();
            let again = architecture.activations(0, BatchShape { rows: 4, ..SHAPE }, false).total();
            assert!(kept > 0 && again > kept, "{name}: {kept} and {again}");
        }
    }
}
