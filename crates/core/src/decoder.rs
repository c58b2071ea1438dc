//! The decoder: a stack of causal self-attention, attention to the encoder, and feed-forward layers.
//!
//! Without cross-attention the same stack is a decoder-only language model.

use burn::module::Module;
use burn::nn::LayerNorm;
use burn::tensor::Int;
use burn::tensor::Tensor;

use crate::attention::{AttentionCache, KeyValue, MultiHeadAttention};
use crate::dropout::Dropout;
use crate::feed_forward::FeedForward;
use crate::initializer::Initializer;
use crate::memory::{Memory, causal_bias};
use crate::pass::Pass;
use crate::positions::Positions;
use crate::residual::{NormPlacement, Residual};
use crate::trace::{AttentionKind, Place, Stack};
use crate::transformer::StackConfig;

/// A stack of decoder layers.
#[derive(Module, Debug)]
pub struct Decoder {
    layers: Vec<DecoderLayer>,
    norm: Option<LayerNorm>,
    positions: Positions,
    dropout: Dropout,
    heads: usize,
}

/// Causal self-attention, attention to the encoder, feed-forward.
#[derive(Module, Debug)]
pub(crate) struct DecoderLayer {
    own: MultiHeadAttention,
    own_residual: Residual,
    cross: Option<CrossAttention>,
    feed_forward: FeedForward,
    feed_forward_residual: Residual,
}

/// Attention to the encoder, with its residual branch.
#[derive(Module, Debug)]
pub(crate) struct CrossAttention {
    attention: MultiHeadAttention,
    residual: Residual,
}

/// What a decoder keeps between two steps: keys and values of its own past and of the encoder's states.
#[derive(Clone, Debug)]
pub struct DecoderCache {
    written: usize,
    layers: Vec<LayerCache>,
    padding: Option<Tensor<4>>,
}

#[derive(Clone, Debug)]
struct LayerCache {
    own: AttentionCache,
    cross: Option<KeyValue>,
}

impl StackConfig {
    pub(crate) fn init_decoder(&self, cross: bool, initializer: &Initializer) -> Decoder {
        let layer = |number: usize| {
            let initializer = initializer.child(number);
            let place = |kind| Place { stack: Stack::Decoder, layer: number, kind };
            DecoderLayer {
                own: self.attention().init(place(AttentionKind::Own), &initializer.child("own")),
                own_residual: self.residual(&initializer.child("own_residual")),
                cross: cross.then(|| CrossAttention {
                    attention: self
                        .attention()
                        .init(place(AttentionKind::Cross), &initializer.child("cross")),
                    residual: self.residual(&initializer.child("cross_residual")),
                }),
                feed_forward: self.feed_forward().init(&initializer.child("feed_forward")),
                feed_forward_residual: self.residual(&initializer.child("feed_forward_residual")),
            }
        };
        Decoder {
            layers: (0..self.layers).map(layer).collect(),
            norm: (self.choices.norm == NormPlacement::Pre)
                .then(|| initializer.layer_norm(self.choices.d_model)),
            positions: self.choices.positions.init(self.choices.d_model, initializer),
            dropout: Dropout::new(self.choices.embedding_dropout),
            heads: self.choices.heads,
        }
    }
}

impl Decoder {
    /// A cache without any position written; the encoder's keys and values are projected here, once.
    pub fn start(&self, memory: Option<&Memory>) -> DecoderCache {
        let project = |layer: &DecoderLayer| LayerCache {
            own: AttentionCache::default(),
            cross: memory
                .and_then(|memory| Some((memory, layer.cross.as_ref()?)))
                .map(|(memory, cross)| cross.attention.project(memory.states.clone(), None)),
        };
        DecoderCache {
            written: 0,
            layers: self.layers.iter().map(project).collect(),
            padding: memory.and_then(|memory| memory.padding.clone()),
        }
    }

    /// Hidden states of positions that follow those in the cache, which then holds them too.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, target, d_model]`
    pub fn extend(&self, input: Tensor<3>, cache: &mut DecoderCache, pass: &mut Pass) -> Tensor<3> {
        let [_, target, d_model] = input.dims();
        let device = input.device();
        let (offset, keys) = (cache.written, cache.written + target);
        // One new position may see everything that is there; several need the future hidden.
        let future = (target > 1).then(|| match offset {
            0 => causal_bias(target, &device),
            _ => causal_bias(keys, &device).narrow(2, offset, target),
        });
        let distance = self.positions.distance_bias(self.heads, offset, target, keys, &device);
        let bias = match (future, distance) {
            (Some(future), Some(distance)) => Some(future + distance),
            (future, distance) => future.or(distance),
        };
        let rotation = self.positions.rotation(offset, target, d_model / self.heads, &device);

        let mut states = self.dropout.forward(self.positions.add(input, offset), pass);
        for (layer, cache_of_layer) in self.layers.iter().zip(&mut cache.layers) {
            states = layer.own_residual.forward(states, pass, |states, pass| {
                let new = layer.own.project(states.clone(), rotation.as_ref());
                let all = cache_of_layer.own.extend(new);
                layer.own.attend(states, all, bias.as_ref(), rotation.as_ref(), pass)
            });
            if let (Some(cross), Some(memory)) = (&layer.cross, &cache_of_layer.cross) {
                states = cross.residual.forward(states, pass, |states, pass| {
                    cross.attention.attend(states, memory.clone(), cache.padding.as_ref(), None, pass)
                });
            }
            states = layer
                .feed_forward_residual
                .forward(states, pass, |states, pass| layer.feed_forward.forward(states, pass));
        }
        cache.written = keys;
        match &self.norm {
            Some(norm) => norm.forward(states),
            None => states,
        }
    }
}

impl DecoderCache {
    /// Keeps these rows in this order; a row may be absent or repeated.
    pub fn select(&mut self, rows: &Tensor<1, Int>) {
        self.padding = self.padding.take().map(|padding| padding.select(0, rows.clone()));
        for layer in &mut self.layers {
            layer.own.select(rows);
            layer.cross = layer.cross.take().map(|cross| cross.select(rows));
        }
    }
}
