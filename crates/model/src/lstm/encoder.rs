//! The recurrent encoder: layers of LSTM cells, each also run from the end when bidirectional.

use any2any_architecture::{LstmLayers, StackKind};
use burn::module::Module;
use burn::tensor::Tensor;

use super::cell::LstmCell;
use crate::dropout::Dropout;
use crate::encoder_output::{EncoderOutput, padded_lengths};
use crate::initializer::Initializer;
use crate::pass::Pass;
use crate::record::SiteRole;

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

impl LstmEncoder {
    /// The encoder with fresh weights; dropout is of embeddings, between layers and of the output.
    pub(crate) fn init(data: &LstmLayers, d_model: usize, dropout: f64, initializer: &Initializer) -> Self {
        let width = if data.bidirectional { d_model / 2 } else { d_model };
        let layer = |number: usize| {
            let initializer = initializer.child(number);
            let cell = |name| LstmCell::new(d_model, width, &initializer.child(name));
            EncoderLayer {
                forwards: cell("forwards"),
                backwards: data.bidirectional.then(|| cell("backwards")),
            }
        };
        Self { layers: (0..data.layers).map(layer).collect(), dropout: Dropout::new(dropout) }
    }

    /// Encodes embedded positions.
    ///
    /// # Shapes
    ///
    /// - input and output states: `[batch, source, d_model]`; lengths: `[batch]`; last state: `[batch, d_model]`
    pub fn forward(&self, input: Tensor<3>, lengths: &[usize], pass: &mut Pass) -> EncoderOutput {
        let [_, source, _] = input.dims();
        let lengths = padded_lengths(lengths, source);

        let mut states = input;
        let mut last = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            states = self.dropout.forward(states, pass);
            let layer = pass.layer(layer, &states, None);
            pass.at(StackKind::Encoder, Some(number), SiteRole::Cells);
            let (outputs, end) = layer.forwards.run(states.clone(), lengths.clone(), false, pass);
            let (outputs, end) = match &layer.backwards {
                None => (outputs, end),
                Some(cell) => {
                    pass.at(StackKind::Encoder, Some(number), SiteRole::BackwardCells);
                    let (reversed, start) = cell.run(states, lengths.clone(), true, pass);
                    (Tensor::cat(vec![outputs, reversed], 2), Tensor::cat(vec![end, start], 1))
                }
            };
            states = outputs;
            last = vec![end];
        }
        EncoderOutput { states: self.dropout.forward(states, pass), lengths, last }
    }
}
