//! The encoder: a stack of self-attention and feed-forward layers.

use burn::module::Module;
use burn::nn::LayerNorm;
use burn::tensor::Tensor;

use crate::attention::MultiHeadAttention;
use crate::dropout::Dropout;
use crate::feed_forward::FeedForward;
use crate::initializer::Initializer;
use crate::memory::{Memory, padding_bias};
use crate::pass::Pass;
use crate::positions::Positions;
use crate::residual::{NormPlacement, Residual};
use crate::trace::{AttentionKind, Place, Stack};
use crate::transformer::StackConfig;

/// A stack of encoder layers.
#[derive(Module, Debug)]
pub struct Encoder {
    layers: Vec<EncoderLayer>,
    norm: Option<LayerNorm>,
    positions: Positions,
    dropout: Dropout,
    heads: usize,
}

/// Self-attention, then feed-forward.
#[derive(Module, Debug)]
pub(crate) struct EncoderLayer {
    attention: MultiHeadAttention,
    attention_residual: Residual,
    feed_forward: FeedForward,
    feed_forward_residual: Residual,
}

impl StackConfig {
    pub(crate) fn init_encoder(&self, initializer: &Initializer) -> Encoder {
        let layer = |number: usize| {
            let initializer = initializer.child(number);
            let place = Place { stack: Stack::Encoder, layer: number, kind: AttentionKind::Own };
            EncoderLayer {
                attention: self.attention().init(place, &initializer.child("attention")),
                attention_residual: self.residual(&initializer.child("attention_residual")),
                feed_forward: self.feed_forward().init(&initializer.child("feed_forward")),
                feed_forward_residual: self.residual(&initializer.child("feed_forward_residual")),
            }
        };
        Encoder {
            layers: (0..self.layers).map(layer).collect(),
            norm: (self.choices.norm == NormPlacement::Pre)
                .then(|| initializer.layer_norm(self.choices.d_model)),
            positions: self.choices.positions.init(self.choices.d_model, initializer),
            dropout: Dropout::new(self.choices.embedding_dropout),
            heads: self.choices.heads,
        }
    }
}

impl Encoder {
    /// Encodes embedded positions.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, source, d_model]`; lengths: `[batch]`
    /// - output states: `[batch, source, d_model]`
    pub fn forward(&self, input: Tensor<3>, lengths: &[usize], pass: &mut Pass) -> Memory {
        let [_, source, d_model] = input.dims();
        let device = input.device();
        let padding = padding_bias(lengths, source, &device);
        let distance = self.positions.distance_bias(self.heads, 0, source, source, &device);
        let bias = match (padding.clone(), distance) {
            (Some(padding), Some(distance)) => Some(padding + distance),
            (padding, distance) => padding.or(distance),
        };
        let rotation = self.positions.rotation(0, source, d_model / self.heads, &device);

        let mut states = self.dropout.forward(self.positions.add(input, 0), pass);
        for layer in &self.layers {
            states = layer.attention_residual.forward(states, pass, |states, pass| {
                let memory = layer.attention.project(states.clone(), rotation.as_ref());
                layer.attention.attend(states, memory, bias.as_ref(), rotation.as_ref(), pass)
            });
            states = layer
                .feed_forward_residual
                .forward(states, pass, |states, pass| layer.feed_forward.forward(states, pass));
        }
        if let Some(norm) = &self.norm {
            states = norm.forward(states);
        }
        Memory { states, padding, last: Vec::new() }
    }
}
