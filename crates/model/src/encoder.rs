//! The encoder, of either kind of layers.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::encoder_output::EncoderOutput;
use crate::lstm::LstmEncoder;
use crate::pass::Pass;
use crate::transformer::TransformerStack;

/// An encoder.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // one a model
pub enum Encoder {
    /// Of a transformer.
    Transformer(TransformerStack),
    /// Of LSTM cells.
    Lstm(LstmEncoder),
}

impl Encoder {
    /// Encodes embedded positions.
    ///
    /// # Shapes
    ///
    /// - input and output states: `[batch, source, d_model]`; lengths: `[batch]`
    pub fn forward(&self, input: Tensor<3>, lengths: &[usize], pass: &mut Pass) -> EncoderOutput {
        match self {
            Self::Transformer(stack) => stack.encode(input, lengths, pass),
            Self::Lstm(encoder) => encoder.forward(input, lengths, pass),
        }
    }
}
