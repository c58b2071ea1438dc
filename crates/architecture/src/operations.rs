//! Floating-point operations of a batch, counted from its shape: those of all matrix products of model and
//! loss, padding counted, a product of `[m, k]` and `[k, n]` being `2 m k n`.
//!
//! Everything else (norms, softmax, activations, the steps of an SSRU) is left out: next to the products it is little
//! arithmetic, though not always little time. Causal attention is counted whole, as it is in other frameworks' counts.

use crate::architecture::Architecture;
use crate::attention::Attention;
use crate::lstm::{LstmAttention, LstmLayers};
use crate::stack::{Layers, Stack};
use crate::stem::Stem;
use crate::transformer::{Mixer, TransformerLayers};

/// A batch's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchShape {
    /// Samples.
    pub rows: usize,
    /// Source positions of a row, padding counted; 0 when there is no source.
    pub source: usize,
    /// Target positions of a row, padding counted.
    pub target: usize,
}

impl Architecture {
    /// The operations of one forward pass over a batch of a task, the loss included. A backward pass has twice
    /// as many: each product is differentiated with respect to both of its sides.
    ///
    /// # Panics
    ///
    /// When the model has no task of this number.
    pub fn forward_operations(&self, task: usize, shape: BatchShape) -> u64 {
        let of = &self.tasks[task];
        let stem = of.source.map(|stem| &self.stems[stem].part);
        let width = self.encoder.as_ref().map_or(0, |encoder| encoder.d_model) as u64;
        let positions = |of: usize| (shape.rows * of) as u64;
        let stem_operations: u64 = match stem {
            // Class tokens are there already: the frames alone are projected.
            Some(Stem::Projection { width: inputs } | Stem::ClassTokens { width: inputs, .. }) => {
                product(positions(shape.source), *inputs as u64, width)
            }
            Some(Stem::Convolution { width: inputs, layers }) => {
                let mut frames = shape.source;
                let mut inputs = *inputs as u64;
                let mut sum = 0;
                for layer in layers {
                    frames = layer.positions(frames);
                    sum += product(positions(frames), layer.kernel as u64 * inputs, width);
                    inputs = width;
                }
                sum
            }
            Some(Stem::Lookup { .. }) | None => 0,
        };
        let layers = self.layer_operations(task, shape);
        let outputs =
            product(positions(shape.target), self.decoder.d_model as u64, self.outputs(task) as u64);
        stem_operations + layers + outputs
    }

    /// The operations of the layers of encoder and decoder in one forward pass over a batch of a task.
    ///
    /// # Panics
    ///
    /// When the model has no task of this number.
    pub fn layer_operations(&self, task: usize, shape: BatchShape) -> u64 {
        let stem = self.tasks[task].source.map(|stem| &self.stems[stem].part);
        let width = self.encoder.as_ref().map_or(0, |encoder| encoder.d_model) as u64;
        // Positions of the source behind its stem.
        let source = stem.map_or(shape.source, |stem| stem.positions(shape.source));
        let (rows, source, target) = (shape.rows as u64, source as u64, shape.target as u64);
        let encoder = self.encoder.as_ref().map_or(0, |encoder| encoder.read_operations(rows, source));
        encoder + self.decoder.write_operations(rows, target, width, source)
    }
}

/// `[m, k]` times `[k, n]`.
fn product(m: u64, k: u64, n: u64) -> u64 {
    2 * m * k * n
}

impl Stack {
    fn read_operations(&self, rows: u64, source: u64) -> u64 {
        let d_model = self.d_model as u64;
        match &self.layers {
            Layers::Transformer(layers) => {
                layers.layers as u64 * layers.operations(d_model, rows, source, (0, 0))
            }
            Layers::Lstm(layers) => {
                let (directions, width) = if layers.bidirectional { (2, d_model / 2) } else { (1, d_model) };
                layers.layers as u64 * directions * cell(rows * source, d_model, width)
            }
        }
    }

    /// Operations over `rows` of `target` positions, which attend to `source` positions `d_encoder` wide.
    fn write_operations(&self, rows: u64, target: u64, d_encoder: u64, source: u64) -> u64 {
        let d_model = self.d_model as u64;
        match &self.layers {
            Layers::Transformer(layers) => {
                layers.layers as u64 * layers.operations(d_model, rows, target, (d_encoder, source))
            }
            Layers::Lstm(layers) => layers.write_operations(d_model, rows, target, source),
        }
    }
}

impl TransformerLayers {
    /// The operations of one layer over `rows` of `positions`, which attend to `source` positions `d_encoder`
    /// wide.
    fn operations(&self, d_model: u64, rows: u64, positions: u64, (d_encoder, source): (u64, u64)) -> u64 {
        let mixer = match &self.mixer {
            Mixer::SelfAttention(attention) => {
                attention.operations(d_model, rows, positions, (d_model, positions))
            }
            Mixer::Ssru => 2 * product(rows * positions, d_model, d_model),
        };
        let cross = self.cross_attention.as_ref();
        let cross =
            cross.map_or(0, |attention| attention.operations(d_model, rows, positions, (d_encoder, source)));
        let matrices = 1 + self.feed_forward.activation.inputs() as u64;
        mixer + cross + matrices * product(rows * positions, d_model, self.feed_forward.d_ff as u64)
    }
}

impl Attention {
    /// Queries and outputs at some positions, keys and values of others that are `d_keys` wide, scores and contexts of
    /// all heads.
    fn operations(&self, d_model: u64, rows: u64, queries: u64, (d_keys, keys): (u64, u64)) -> u64 {
        let width = self.width() as u64;
        let projections =
            2 * product(rows * queries, d_model, width) + 2 * product(rows * keys, d_keys, width);
        projections + 2 * rows * product(queries, width, keys)
    }
}

impl LstmLayers {
    fn write_operations(&self, d_model: u64, rows: u64, target: u64, source: u64) -> u64 {
        let square = |positions: u64| product(rows * positions, d_model, d_model);
        let bridges = self.layers as u64 * square(1);
        let layers = self.layers as u64 * cell(rows * target, d_model, d_model);
        // Scores and contexts take a product each; what joins context and state is twice as wide as they are.
        let looks: u64 = 2 * rows * product(target, d_model, source);
        let joins = 3 * square(target); // a query projected, and the two halves of the joining matrix
        let attended = match self.attention {
            LstmAttention::None => 0,
            LstmAttention::Dot => looks + joins,
            // The keys are projected too, and the first cell reads the context beside the token.
            LstmAttention::Additive => {
                let context = if self.layers > 0 { 4 * square(target) } else { 0 };
                looks + joins + square(source) + context
            }
        };
        bridges + layers + attended
    }
}

/// An LSTM cell's four gates from input and state.
fn cell(positions: u64, d_input: u64, width: u64) -> u64 {
    product(positions, d_input, 4 * width) + product(positions, width, 4 * width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::architecture::Entry;
    use crate::head::Head;

    const SHAPE: BatchShape = BatchShape { rows: 2, source: 3, target: 5 };

    fn stack(layers: usize, activation: Activation) -> Stack {
        Stack::of_transformer(4, 7, 2, layers).with(|layers| layers.feed_forward.activation = activation)
    }

    fn lstm(attention: LstmAttention, bidirectional: bool) -> (Option<Stack>, Stack) {
        let of = |layers, bidirectional, attention| LstmLayers { layers, bidirectional, attention };
        let encoder = Stack::of_lstm(4, of(2, bidirectional, LstmAttention::None));
        (Some(encoder), Stack::of_lstm(4, of(1, false, attention)))
    }

    /// Worked by hand: multiplications and additions of each product, in the order of the forward pass.
    #[test]
    fn operations_are_those_of_every_product() {
        let softmax: u64 = 2 * 10 * 4 * 11;
        let decoder_alone: u64 = 4 * (2 * 10 * 16) + 2 * (2 * 2 * 5 * 5 * 4);
        let encoder: u64 = 4 * (2 * 6 * 16) + 2 * (2 * 2 * 3 * 3 * 4);
        let cross: u64 = 2 * (2 * 10 * 16) + 2 * (2 * 6 * 16) + 2 * (2 * 2 * 5 * 3 * 4);
        let matrix = |positions: u64| 2 * positions * 4 * 7;
        let cell = |positions: u64, d_input: u64, width: u64| 2 * positions * (d_input + width) * 4 * width;
        let bridge: u64 = 2 * 2 * 16;
        let looks: u64 = 2 * (2 * 2 * 5 * 3 * 4);
        let joins: u64 = 2 * 10 * (4 * 4 + 8 * 4);
        let transformer =
            |layers, activation| (Some(stack(layers, activation)), stack(1, activation).attending());
        let ssru = stack(1, Activation::Relu).with(|layers| layers.mixer = Mixer::Ssru);
        let cases: [((Option<Stack>, Stack), u64); 7] = [
            (
                transformer(1, Activation::Relu),
                encoder + 2 * matrix(6) + decoder_alone + cross + 2 * matrix(10),
            ),
            (
                transformer(2, Activation::Swiglu),
                2 * (encoder + 3 * matrix(6)) + decoder_alone + cross + 3 * matrix(10),
            ),
            ((None, stack(1, Activation::Gelu)), decoder_alone + 2 * matrix(10)),
            ((None, ssru), 2 * (2 * 10 * 16) + 2 * matrix(10)),
            (lstm(LstmAttention::None, false), 2 * cell(6, 4, 4) + bridge + cell(10, 4, 4)),
            (lstm(LstmAttention::Dot, true), 4 * cell(6, 4, 2) + bridge + cell(10, 4, 4) + looks + joins),
            (
                lstm(LstmAttention::Additive, true),
                4 * cell(6, 4, 2) + bridge + cell(10, 8, 4) + 2 * 6 * 16 + looks + joins,
            ),
        ];
        for ((encoder, decoder), expected) in cases {
            let model = Architecture::of_text(encoder, decoder, 11);
            assert_eq!(model.forward_operations(0, SHAPE), expected + softmax, "{model:?}");
        }
    }

    #[test]
    fn frames_are_projected_and_every_task_has_its_own_vocabulary() {
        let text = Architecture::of_text(
            Some(stack(1, Activation::Relu)),
            stack(1, Activation::Relu).attending(),
            11,
        );
        let frames = {
            let mut model = text.clone();
            model.stems.push(Entry::new("frames.source", Stem::Projection { width: 9 }));
            model.tasks[0].source = Some(1);
            model
        };
        let wide = {
            let mut model = text.clone();
            model.heads[0].part = Head::softmax(100, None);
            model
        };
        let operations = |model: &Architecture| model.forward_operations(0, SHAPE);
        assert_eq!(operations(&frames) - operations(&text), 2 * 6 * 9 * 4);
        assert_eq!(operations(&wide) - operations(&text), 2 * 10 * 4 * (100 - 11));
    }
}
