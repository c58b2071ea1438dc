//! The recurrent encoder: layers of LSTM cells, each also run from the end when bidirectional.

use burn::module::Module;
use burn::tensor::Tensor;

use super::LstmConfig;
use super::cell::LstmCell;
use crate::dropout::Dropout;
use crate::initializer::Initializer;
use crate::memory::{Memory, padded_lengths};
use crate::pass::Pass;
use crate::record::SiteRole;
use crate::trace::Stack;

/// The recurrent encoder.
#[derive(Module, Debug)]
pub struct LstmEncoder {
    layers: Vec<EncoderLayer>,
    dropout: Dropout,
}

/// One layer, in one direction or both.
#[derive(Module, Debug)]
pub(crate) struct EncoderLayer {
    forwards: LstmCell,
    backwards: Option<LstmCell>,
}

impl LstmConfig {
    pub(crate) fn init_encoder(&self, initializer: &Initializer) -> LstmEncoder {
        let width = if self.bidirectional { self.d_model / 2 } else { self.d_model };
        let layer = |number: usize| {
            let initializer = initializer.child(number);
            let cell = |name| LstmCell::new(self.d_model, width, &initializer.child(name));
            EncoderLayer {
                forwards: cell("forwards"),
                backwards: self.bidirectional.then(|| cell("backwards")),
            }
        };
        LstmEncoder {
            layers: (0..self.encoder_layers).map(layer).collect(),
            dropout: Dropout::new(self.dropout),
        }
    }
}

impl LstmEncoder {
    /// Encodes embedded positions.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, source, d_model]`; lengths: `[batch]`
    /// - output states: `[batch, source, d_model]`; last state: `[batch, d_model]`
    pub fn forward(&self, input: Tensor<3>, lengths: &[usize], pass: &mut Pass) -> Memory {
        let [_, source, _] = input.dims();
        let lengths = padded_lengths(lengths, source);

        let mut states = input;
        let mut last = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            states = self.dropout.forward(states, pass);
            pass.at(Stack::Encoder, Some(number), SiteRole::Cells);
            let (outputs, end) = layer.forwards.run(states.clone(), lengths.clone(), false, pass);
            let (outputs, end) = match &layer.backwards {
                None => (outputs, end),
                Some(cell) => {
                    pass.at(Stack::Encoder, Some(number), SiteRole::BackwardCells);
                    let (reversed, start) = cell.run(states, lengths.clone(), true, pass);
                    (Tensor::cat(vec![outputs, reversed], 2), Tensor::cat(vec![end, start], 1))
                }
            };
            states = outputs;
            last = vec![end];
        }
        Memory { states: self.dropout.forward(states, pass), lengths, last }
    }
}
