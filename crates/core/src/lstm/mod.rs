//! The recurrent baseline that transformers replaced: an LSTM encoder and decoder (Sutskever et al. 2014),
//! without attention or with that of Bahdanau et al. (2015) or Luong et al. (2015).

mod cell;
mod decoder;
mod encoder;

use burn::module::Module;

pub use decoder::{LstmDecoder, LstmState};
pub use encoder::LstmEncoder;

use crate::initializer::Initializer;

/// How a recurrent decoder looks at the encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LstmAttention {
    /// `v tanh(W s + U h)` from the state before each step; the context is part of the step's input
    /// (Bahdanau et al. 2015).
    #[default]
    Additive,
    /// `s W h` from the state after each step (Luong et al. 2015, "general", without input feeding).
    Dot,
    /// None: all that the decoder sees is the encoder's last state.
    None,
}

/// The sizes and choices of an [`Lstm`].
#[derive(Clone, Debug)]
pub struct LstmConfig {
    /// The width of embeddings and of every layer.
    pub d_model: usize,
    /// Layers of the encoder.
    pub encoder_layers: usize,
    /// Layers of the decoder.
    pub decoder_layers: usize,
    /// Whether the encoder also reads from the end; `d_model` is then even.
    pub bidirectional: bool,
    /// How the decoder looks at the encoder.
    pub attention: LstmAttention,
    /// Dropout of embeddings, between layers and of the output.
    pub dropout: f64,
}

impl LstmConfig {
    /// The encoder and decoder with fresh weights.
    pub fn init(&self, initializer: &Initializer) -> Lstm {
        Lstm {
            encoder: self.init_encoder(&initializer.child("encoder")),
            decoder: self.init_decoder(&initializer.child("decoder")),
        }
    }
}

/// An LSTM encoder and decoder.
#[derive(Module, Debug)]
pub struct Lstm {
    /// Reads.
    pub encoder: LstmEncoder,
    /// Writes.
    pub decoder: LstmDecoder,
}
