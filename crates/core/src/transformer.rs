//! The encoder-decoder transformer (Vaswani et al. 2017, "Attention Is All You Need"), with the choices that
//! came after it.

use burn::module::Module;

use crate::attention::AttentionConfig;
use crate::decoder::Decoder;
use crate::encoder::Encoder;
use crate::feed_forward::{Activation, FeedForwardConfig};
use crate::initializer::{Initialization, Initializer};
use crate::positions::PositionsConfig;
use crate::residual::{NormPlacement, Residual};

/// The sizes and choices of a [`Transformer`].
#[derive(Clone, Debug)]
pub struct TransformerConfig {
    /// The width of every position.
    pub d_model: usize,
    /// The inner width of the feed-forward layers.
    pub d_ff: usize,
    /// Attention heads; they divide `d_model`.
    pub heads: usize,
    /// Layers of the encoder.
    pub encoder_layers: usize,
    /// Layers of the decoder.
    pub decoder_layers: usize,
    /// Dropout of residual branches.
    pub dropout: f64,
    /// Dropout of embeddings plus positions.
    pub embedding_dropout: f64,
    /// Dropout of attention weights.
    pub attention_dropout: f64,
    /// Dropout after the activation.
    pub activation_dropout: f64,
    /// Where layer normalisation stands.
    pub norm: NormPlacement,
    /// How positions are told apart.
    pub positions: PositionsConfig,
    /// The activation of the feed-forward layers.
    pub activation: Activation,
    /// How weights start.
    pub initialization: Initialization,
}

/// One stack of layers: what encoder and decoder have in common.
#[derive(Clone, Debug)]
pub(crate) struct StackConfig {
    pub choices: TransformerConfig,
    pub layers: usize,
    pub scaling: Scaling,
}

/// What an [`Initialization`] comes to in one stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaling {
    /// Multiplies the carried input of each residual sum.
    pub carry: f64,
    /// Multiplies the initial matrices of values, outputs and feed-forward layers.
    pub gain: f64,
    /// Multiplies the initial last matrix of each branch, besides.
    pub output_gain: f64,
}

impl Scaling {
    const NONE: Self = Self { carry: 1.0, gain: 1.0, output_gain: 1.0 };

    fn depth(branches: usize) -> Self {
        Self { output_gain: (branches.max(1) as f64).powf(-0.5), ..Self::NONE }
    }

    /// Table 2 of the DeepNorm paper, `n` encoder layers and `m` decoder layers.
    fn encoder(initialization: Initialization, n: usize, m: usize) -> Self {
        match initialization {
            Initialization::Xavier => Self::NONE,
            Initialization::DepthScaled => Self::depth(2 * n),
            Initialization::DeepNorm => {
                let depth = ((n as f64).powi(4) * m as f64).powf(1.0 / 16.0);
                Self { carry: 0.81 * depth, gain: 0.87 / depth, output_gain: 1.0 }
            }
        }
    }

    fn decoder(initialization: Initialization, m: usize) -> Self {
        match initialization {
            Initialization::Xavier => Self::NONE,
            Initialization::DepthScaled => Self::depth(3 * m),
            Initialization::DeepNorm => {
                let m = m as f64;
                Self { carry: (3.0 * m).powf(0.25), gain: (12.0 * m).powf(-0.25), output_gain: 1.0 }
            }
        }
    }

    pub(crate) fn decoder_only(initialization: Initialization, m: usize) -> Self {
        match initialization {
            Initialization::Xavier => Self::NONE,
            Initialization::DepthScaled => Self::depth(2 * m),
            Initialization::DeepNorm => {
                let m = m as f64;
                Self { carry: (2.0 * m).powf(0.25), gain: (8.0 * m).powf(-0.25), output_gain: 1.0 }
            }
        }
    }
}

impl StackConfig {
    pub(crate) fn attention(&self) -> AttentionConfig {
        AttentionConfig {
            d_model: self.choices.d_model,
            heads: self.choices.heads,
            dropout: self.choices.attention_dropout,
            gain: self.scaling.gain,
            output_gain: self.scaling.output_gain,
        }
    }

    pub(crate) fn feed_forward(&self) -> FeedForwardConfig {
        FeedForwardConfig {
            d_model: self.choices.d_model,
            d_ff: self.choices.d_ff,
            activation: self.choices.activation,
            dropout: self.choices.activation_dropout,
            gain: self.scaling.gain,
            output_gain: self.scaling.output_gain,
        }
    }

    pub(crate) fn residual(&self, initializer: &Initializer) -> Residual {
        Residual::new(
            self.choices.d_model,
            self.choices.dropout,
            self.choices.norm,
            self.scaling.carry,
            initializer,
        )
    }
}

impl TransformerConfig {
    /// What multiplies the carried input of each residual sum of the encoder; 1 but for DeepNorm.
    pub fn encoder_carry(&self) -> f64 {
        Scaling::encoder(self.initialization, self.encoder_layers, self.decoder_layers).carry
    }

    /// The same of the decoder.
    pub fn decoder_carry(&self) -> f64 {
        Scaling::decoder(self.initialization, self.decoder_layers).carry
    }

    /// The transformer with fresh weights.
    pub fn init(&self, initializer: &Initializer) -> Transformer {
        let (n, m) = (self.encoder_layers, self.decoder_layers);
        let encoder = self.stack(n, Scaling::encoder(self.initialization, n, m));
        let decoder = self.stack(m, Scaling::decoder(self.initialization, m));
        Transformer {
            encoder: encoder.init_encoder(&initializer.child("encoder")),
            decoder: decoder.init_decoder(true, &initializer.child("decoder")),
        }
    }

    pub(crate) fn stack(&self, layers: usize, scaling: Scaling) -> StackConfig {
        StackConfig { choices: self.clone(), layers, scaling }
    }
}

/// An encoder and a decoder.
#[derive(Module, Debug)]
pub struct Transformer {
    /// Reads.
    pub encoder: Encoder,
    /// Writes.
    pub decoder: Decoder,
}
