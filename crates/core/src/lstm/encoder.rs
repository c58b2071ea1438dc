//! The recurrent encoder: layers of LSTM cells, each also run from the end when bidirectional.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::TensorData;

use super::LstmConfig;
use super::cell::LstmCell;
use crate::dropout::Dropout;
use crate::initializer::Initializer;
use crate::memory::{Memory, padded_lengths, padding_bias};
use crate::pass::Pass;

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
        let [batch, source, _] = input.dims();
        let device = input.device();
        let padding = padding_bias(lengths, source, &device);
        let present: Option<Tensor<2>> = padding.is_some().then(|| {
            let ones = lengths
                .iter()
                .flat_map(|&length| (0..source).map(move |at| if at < length { 1.0_f32 } else { 0.0 }));
            Tensor::from_data(TensorData::new(ones.collect::<Vec<_>>(), [batch, source]), &device)
        });

        let mut states = input;
        let mut last = Vec::new();
        for layer in &self.layers {
            states = self.dropout.forward(states, pass);
            let (outputs, end) = layer.forwards.run(&states, present.as_ref(), false);
            let (outputs, end) = match &layer.backwards {
                None => (outputs, end.hidden),
                Some(cell) => {
                    let (reversed, start) = cell.run(&states, present.as_ref(), true);
                    (Tensor::cat(vec![outputs, reversed], 2), Tensor::cat(vec![end.hidden, start.hidden], 1))
                }
            };
            states = outputs;
            last = vec![end];
        }
        let lengths = padded_lengths(lengths, source);
        Memory { states: self.dropout.forward(states, pass), padding, lengths, last }
    }
}
