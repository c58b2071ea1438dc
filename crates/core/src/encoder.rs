//! The encoder: a stack of self-attention and feed-forward layers.

use any2any_kernels::Visibility;
use burn::module::Module;
use burn::nn::LayerNorm;
use burn::tensor::Tensor;

use crate::attention::MultiHeadAttention;
use crate::dropout::Dropout;
use crate::feed_forward::FeedForward;
use crate::initializer::Initializer;
use crate::memory::{Memory, padded_lengths};
use crate::pass::Pass;
use crate::positions::Positions;
use crate::record::SiteRole;
use crate::residual::{NormPlacement, Residual, normalise};
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
        let lengths = padded_lengths(lengths, source);
        let visibility =
            Visibility { lengths: lengths.clone(), causal: false, slopes: self.positions.slopes(self.heads) };
        let rotation = self.positions.rotation(0, source, d_model / self.heads);

        pass.at(Stack::Encoder, None, SiteRole::Positions);
        let mut states = self.positions.add(input, 0, self.dropout.mask(pass), pass);
        for (number, layer) in self.layers.iter().enumerate() {
            if pass.is_cancelled() {
                break;
            }
            pass.at(Stack::Encoder, Some(number), SiteRole::Attention(AttentionKind::Own));
            states = layer.attention_residual.forward(states, pass, |states, branch, pass| {
                layer.attention.forward(states, None, branch, &visibility, rotation.as_ref(), pass)
            });
            pass.at(Stack::Encoder, Some(number), SiteRole::FeedForward);
            states = layer.feed_forward_residual.forward(states, pass, |states, branch, pass| {
                layer.feed_forward.forward(states, branch, pass)
            });
        }
        if let Some(norm) = &self.norm {
            states = normalise(norm, states);
            pass.at(Stack::Encoder, None, SiteRole::Norm);
            pass.record("norm", || states.clone());
        }
        Memory { states, lengths, last: Vec::new() }
    }
}
