//! A decoder-only transformer: a language model (Radford et al. 2018).

use burn::module::Module;

use crate::decoder::Decoder;
use crate::initializer::Initializer;
use crate::transformer::{Scaling, TransformerConfig};

/// The sizes and choices of a [`DecoderOnly`]: those of a transformer, of which only the decoder is built.
#[derive(Clone, Debug)]
pub struct DecoderOnlyConfig(pub TransformerConfig);

impl DecoderOnlyConfig {
    /// What multiplies the carried input of each residual sum; 1 but for DeepNorm.
    pub fn carry(&self) -> f64 {
        Scaling::decoder_only(self.0.initialization, self.0.decoder_layers).carry
    }

    /// The language model with fresh weights.
    pub fn init(&self, initializer: &Initializer) -> DecoderOnly {
        let layers = self.0.decoder_layers;
        let stack = self.0.stack(layers, Scaling::decoder_only(self.0.initialization, layers));
        DecoderOnly { decoder: stack.init_decoder(false, &initializer.child("decoder")) }
    }
}

/// A decoder that has no encoder to look at.
#[derive(Module, Debug)]
pub struct DecoderOnly {
    /// Writes.
    pub decoder: Decoder,
}
