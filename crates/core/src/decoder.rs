//! The decoder: a stack of causal self-attention, attention to the encoder, and feed-forward layers.
//!
//! Without cross-attention the same stack is a decoder-only language model.

use any2any_kernels::Visibility;
use burn::module::Module;
use burn::nn::LayerNorm;
use burn::tensor::Tensor;

use crate::attention::{AttentionCache, KeyValue, MultiHeadAttention};
use crate::dropout::Dropout;
use crate::feed_forward::FeedForward;
use crate::initializer::Initializer;
use crate::memory::{Memory, Rows};
use crate::pass::Pass;
use crate::positions::Positions;
use crate::record::SiteRole;
use crate::residual::{NormPlacement, Residual, normalise};
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
    /// How many of the encoder's positions each row has; `None` when all.
    lengths: Option<Vec<usize>>,
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
            lengths: memory.and_then(|memory| memory.lengths.clone()),
        }
    }

    /// Hidden states of positions that follow those in the cache, which then holds them too.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, target, d_model]`
    pub fn extend(&self, input: Tensor<3>, cache: &mut DecoderCache, pass: &mut Pass) -> Tensor<3> {
        let [_, target, d_model] = input.dims();
        let (offset, keys) = (cache.written, cache.written + target);
        // One new position may see everything that is there; several need the future hidden.
        let own = Visibility { causal: target > 1, slopes: self.positions.slopes(self.heads), lengths: None };
        let cross = Visibility { lengths: cache.lengths.clone(), ..Visibility::default() };
        let rotation = self.positions.rotation(offset, target, d_model / self.heads);

        let mut states = self.positions.add(input, offset, self.dropout.mask(pass), pass);
        for (layer, cache) in self.layers.iter().zip(&mut cache.layers) {
            states = layer.own_residual.forward(states, pass, |states, branch, pass| {
                let input = branch.enter(states.clone());
                let all = cache.own.extend(layer.own.project(input.clone(), rotation.as_ref()));
                branch.join(states, layer.own.attend(input, all, &own, rotation.as_ref(), pass))
            });
            if let (Some(layer), Some(memory)) = (&layer.cross, &cache.cross) {
                states = layer.residual.forward(states, pass, |states, branch, pass| {
                    let input = branch.enter(states.clone());
                    branch.join(states, layer.attention.attend(input, memory.clone(), &cross, None, pass))
                });
            }
            states = layer.feed_forward_residual.forward(states, pass, |states, branch, pass| {
                layer.feed_forward.forward(states, branch, pass)
            });
        }
        cache.written = keys;
        match &self.norm {
            Some(norm) => normalise(norm, states),
            None => states,
        }
    }

    /// Hidden states of known targets, each position seeing those before it.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, target, d_model]`
    pub fn forward(&self, input: Tensor<3>, memory: Option<&Memory>, pass: &mut Pass) -> Tensor<3> {
        let [_, target, d_model] = input.dims();
        let own = Visibility { causal: true, slopes: self.positions.slopes(self.heads), lengths: None };
        let cross =
            Visibility { lengths: memory.and_then(|memory| memory.lengths.clone()), ..Visibility::default() };
        let rotation = self.positions.rotation(0, target, d_model / self.heads);

        pass.at(Stack::Decoder, None, SiteRole::Positions);
        let mut states = self.positions.add(input, 0, self.dropout.mask(pass), pass);
        for (number, layer) in self.layers.iter().enumerate() {
            if pass.is_cancelled() {
                break;
            }
            let at = |pass: &mut Pass, role| pass.at(Stack::Decoder, Some(number), role);
            at(pass, SiteRole::Attention(AttentionKind::Own));
            states = layer.own_residual.forward(states, pass, |states, branch, pass| {
                layer.own.forward(states, None, branch, &own, rotation.as_ref(), pass)
            });
            if let (Some(layer), Some(memory)) = (&layer.cross, memory) {
                let memory = memory.states.clone();
                at(pass, SiteRole::Attention(AttentionKind::Cross));
                states = layer.residual.forward(states, pass, |states, branch, pass| {
                    layer.attention.forward(states, Some(memory), branch, &cross, None, pass)
                });
            }
            at(pass, SiteRole::FeedForward);
            states = layer.feed_forward_residual.forward(states, pass, |states, branch, pass| {
                layer.feed_forward.forward(states, branch, pass)
            });
        }
        if let Some(norm) = &self.norm {
            states = normalise(norm, states);
            pass.at(Stack::Decoder, None, SiteRole::Norm);
            pass.record("norm", || states.clone());
        }
        states
    }
}

impl DecoderCache {
    /// Keeps some rows.
    pub fn select(&mut self, rows: &Rows) {
        self.lengths = rows.of_lengths(self.lengths.as_deref());
        for layer in &mut self.layers {
            layer.own.select(rows);
            layer.cross = layer.cross.take().map(|cross| cross.select(rows));
        }
    }
}
