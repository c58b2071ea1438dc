//! One layer of a transformer: its sub-layers, each within a residual sum.

use any2any_architecture::{DropoutRates, Gains, Mixer, StackKind, TransformerLayers};
use burn::module::Module;
use burn::tensor::Tensor;

use super::cache::LayerCache;
use crate::attention::{AttentionCache, CachedKeys, MultiHeadAttention, Scope};
use crate::dropout::Dropout;
use crate::encoder_output::EncoderOutput;
use crate::feed_forward::FeedForward;
use crate::initializer::Initializer;
use crate::normalization::Normalization;
use crate::pass::Pass;
use crate::record::SiteRole;
use crate::residual::Residual;
use crate::ssru::Ssru;
use crate::trace::{AttentionKind, Place};

/// Self-attention or an SSRU, attention to the encoder where there is any, feed-forward.
#[derive(Module, Debug)]
pub(crate) struct TransformerLayer {
    self_attention: Option<MultiHeadAttention>,
    self_attention_norm: Option<Normalization>,
    ssru: Option<Ssru>,
    ssru_norm: Option<Normalization>,
    cross_attention: Option<MultiHeadAttention>,
    cross_attention_norm: Option<Normalization>,
    feed_forward: FeedForward,
    feed_forward_norm: Normalization,
    #[module(skip)]
    residual: Residual,
    #[module(skip)]
    kind: StackKind,
    #[module(skip)]
    number: usize,
}

/// Widths of a layer, gains of its initial weights, and its dropout.
pub(super) struct Sizes<'a> {
    pub(super) d_model: usize,
    /// The width of the encoder's output.
    pub(super) d_encoder: usize,
    pub(super) gains: Gains,
    pub(super) dropout: &'a DropoutRates,
}

/// Inputs of a layer beside the stream.
pub(super) struct LayerInput<'a> {
    /// The scope of self-attention.
    pub(super) scope: &'a Scope,
    /// The scope of cross-attention.
    pub(super) cross: &'a Scope,
    /// The encoder's output.
    pub(super) encoded: Option<&'a EncoderOutput>,
    /// The cache of earlier positions, when positions are written one after the other.
    pub(super) cache: Option<&'a mut LayerCache>,
}

impl TransformerLayer {
    pub(super) fn init(
        layers: &TransformerLayers,
        kind: StackKind,
        number: usize,
        sizes: &Sizes<'_>,
        initializer: &Initializer,
    ) -> Self {
        let Sizes { d_model, d_encoder, gains, dropout } = *sizes;
        let norm = || Normalization::init(&layers.norm, d_model, initializer);
        let attention = |heads, of: AttentionKind, d_keys: usize| {
            // The names that weights are drawn by: others would be other models.
            let name = match (kind, of) {
                (_, AttentionKind::CrossAttention) => "cross",
                (StackKind::Encoder, AttentionKind::SelfAttention) => "attention",
                (StackKind::Decoder, AttentionKind::SelfAttention) => "own",
            };
            let (place, widths) = (Place { stack: kind, layer: number, kind: of }, [d_model, d_keys]);
            let initializer = initializer.child(name);
            MultiHeadAttention::init(heads, place, widths, gains, dropout.attention, &initializer)
        };
        let (self_attention, ssru) = match &layers.mixer {
            Mixer::SelfAttention(heads) => {
                (Some(attention(heads, AttentionKind::SelfAttention, d_model)), None)
            }
            Mixer::Ssru => (None, Some(Ssru::init(d_model, &initializer.child("ssru")))),
        };
        let cross = layers.cross_attention.as_ref();
        Self {
            self_attention_norm: self_attention.is_some().then(norm),
            self_attention,
            ssru_norm: ssru.is_some().then(norm),
            ssru,
            cross_attention: cross.map(|heads| attention(heads, AttentionKind::CrossAttention, d_encoder)),
            cross_attention_norm: cross.is_some().then(norm),
            feed_forward: FeedForward::init(
                &layers.feed_forward,
                d_model,
                gains,
                dropout.activation,
                &initializer.child("feed_forward"),
            ),
            feed_forward_norm: norm(),
            residual: Residual {
                dropout: Dropout::new(dropout.residual),
                scale: layers.residual_scale,
                placement: layers.placement,
            },
            kind,
            number,
        }
    }

    /// The cache before the first position.
    pub(super) fn start(&self, encoded: Option<&EncoderOutput>) -> LayerCache {
        let cross = self.cross_attention.as_ref().zip(encoded);
        let cross = cross.map(|(attention, encoded)| attention.project(encoded.states.clone(), None));
        LayerCache { self_attention: AttentionCache::default(), cell: None, cross }
    }

    /// The stream after all sub-layers.
    ///
    /// # Shapes
    ///
    /// - stream and output: `[batch, positions, d_model]`
    pub(super) fn forward(&self, stream: Tensor<3>, mut input: LayerInput<'_>, pass: &mut Pass) -> Tensor<3> {
        let stream = self.mix(stream, &mut input, pass);
        let stream = self.cross(stream, &input, pass);
        pass.at(self.kind, Some(self.number), SiteRole::FeedForward);
        self.residual.forward(&self.feed_forward_norm, stream, pass, |stream, branch, pass| {
            self.feed_forward.forward(stream, branch, pass)
        })
    }

    /// The sub-layer that mixes positions, `[batch, positions, d_model]` in and out.
    fn mix(&self, stream: Tensor<3>, input: &mut LayerInput<'_>, pass: &mut Pass) -> Tensor<3> {
        let cache = input.cache.as_deref_mut();
        if let (Some(attention), Some(norm)) = (&self.self_attention, &self.self_attention_norm) {
            pass.at(self.kind, Some(self.number), SiteRole::Attention(AttentionKind::SelfAttention));
            return self.residual.forward(norm, stream, pass, |stream, branch, pass| match cache {
                None => attention.forward(stream, None, input.scope, branch, pass),
                Some(cache) => {
                    let cached = CachedKeys::Growing(&mut cache.self_attention);
                    attention.forward_cached(stream, cached, input.scope, branch, pass)
                }
            });
        }
        let (Some(ssru), Some(norm)) = (&self.ssru, &self.ssru_norm) else {
            unreachable!("a layer has self-attention or an SSRU")
        };
        pass.at(self.kind, Some(self.number), SiteRole::Cells);
        self.residual.forward(norm, stream, pass, |stream, branch, pass| {
            let mut first = None;
            let cell = cache.map_or(&mut first, |cache| &mut cache.cell);
            let output = ssru.forward(branch.enter(stream.clone()), cell);
            pass.record("hidden", || output.clone());
            branch.join(stream, output)
        })
    }

    /// Cross-attention, where there is any, `[batch, positions, d_model]` in and out.
    fn cross(&self, stream: Tensor<3>, input: &LayerInput<'_>, pass: &mut Pass) -> Tensor<3> {
        let (Some(attention), Some(norm)) = (&self.cross_attention, &self.cross_attention_norm) else {
            return stream;
        };
        pass.at(self.kind, Some(self.number), SiteRole::Attention(AttentionKind::CrossAttention));
        self.residual.forward(norm, stream, pass, |stream, branch, pass| {
            match (input.cache.as_ref().and_then(|cache| cache.cross.as_ref()), input.encoded) {
                (Some(cross), _) => {
                    attention.forward_cached(stream, CachedKeys::Whole(cross), input.cross, branch, pass)
                }
                (None, Some(encoded)) => {
                    attention.forward(stream, Some(encoded.states.clone()), input.cross, branch, pass)
                }
                (None, None) => unreachable!("a decoder that attends is given states to attend to"),
            }
        })
    }
}
