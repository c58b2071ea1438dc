//! A stack of transformer layers (Vaswani et al. 2017, "Attention Is All You Need"): the encoder, the decoder, and a
//! language model.

mod cache;
mod layer;
mod recompute;

use any2any_architecture::{DropoutRates, Gains, Stack, StackKind, TransformerLayers};
use burn::module::Module;
use burn::tensor::Tensor;

pub use cache::DecoderCache;
pub(crate) use layer::TransformerLayer;

use crate::attention::Scope;
use crate::dropout::Dropout;
use crate::encoder_output::{EncoderOutput, padded_lengths};
use crate::initializer::Initializer;
use crate::normalization::Normalization;
use crate::pass::Pass;
use crate::position_encoding::PositionEncoding;
use crate::record::SiteRole;

/// A stack of transformer layers.
#[derive(Module, Debug)]
pub struct TransformerStack {
    layers: Vec<TransformerLayer>,
    norm: Option<Normalization>,
    positions: PositionEncoding,
    embedding_norm: Option<Normalization>,
    dropout: Dropout,
    #[module(skip)]
    kind: StackKind,
}

impl TransformerStack {
    /// The stack with fresh weights; its cross-attention reads states that are `d_encoder` wide.
    pub(crate) fn init(
        (stack, layers): (&Stack, &TransformerLayers),
        kind: StackKind,
        d_encoder: usize,
        gains: Gains,
        dropout: &DropoutRates,
        initializer: &Initializer,
    ) -> Self {
        let norm = |norm| Normalization::init(norm, stack.d_model, initializer);
        let sizes = layer::Sizes { d_model: stack.d_model, d_encoder, gains, dropout };
        let layer = |number| TransformerLayer::init(layers, kind, number, &sizes, &initializer.child(number));
        Self {
            layers: (0..layers.layers).map(layer).collect(),
            norm: stack.final_norm.as_ref().map(norm),
            positions: PositionEncoding::init(stack, kind, initializer),
            embedding_norm: stack.embedding_norm.as_ref().map(norm),
            dropout: Dropout::new(dropout.embedding),
            kind,
        }
    }

    /// Encodes embedded positions.
    ///
    /// # Shapes
    ///
    /// - input and output states: `[batch, source, d_model]`; lengths: `[batch]`
    pub(crate) fn encode(&self, input: Tensor<3>, lengths: &[usize], pass: &mut Pass) -> EncoderOutput {
        let [_, source, _] = input.dims();
        let lengths = padded_lengths(lengths, source);
        let scope = self.positions.scope(0, source, lengths.clone(), &input.device());
        let states = self.forward(input, &scope, None, None, pass);
        EncoderOutput { states, lengths, last: Vec::new() }
    }

    /// A cache without any position written; the encoder's keys and values are projected here, once.
    pub(crate) fn start(&self, encoded: Option<&EncoderOutput>) -> DecoderCache {
        let layers = self.layers.iter().map(|layer| layer.start(encoded)).collect();
        DecoderCache { written: 0, layers, lengths: encoded.and_then(|encoded| encoded.lengths.clone()) }
    }

    /// Hidden states of known targets, each position seeing those before it.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, target, d_model]`
    pub(crate) fn decode(
        &self,
        input: Tensor<3>,
        encoded: Option<&EncoderOutput>,
        pass: &mut Pass,
    ) -> Tensor<3> {
        let [_, target, _] = input.dims();
        let scope = self.positions.scope(0, target, None, &input.device());
        let encoded = encoded.map(|encoded| EncoderOutput {
            states: any2any_kernels::gathered(encoded.states.clone(), None),
            ..encoded.clone()
        });
        self.forward(input, &scope, encoded.as_ref(), None, pass)
    }

    /// Hidden states of positions that follow those in the cache, which then holds them too.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, target, d_model]`
    pub(crate) fn extend(&self, input: Tensor<3>, cache: &mut DecoderCache, pass: &mut Pass) -> Tensor<3> {
        let [_, target, _] = input.dims();
        let scope = self.positions.scope(cache.written, target, None, &input.device());
        self.forward(input, &scope, None, Some(cache), pass)
    }

    /// Embeddings through all layers; `scope` is that of self-attention.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, positions, d_model]`
    fn forward(
        &self,
        input: Tensor<3>,
        scope: &Scope,
        encoded: Option<&EncoderOutput>,
        mut cache: Option<&mut DecoderCache>,
        pass: &mut Pass,
    ) -> Tensor<3> {
        let [_, positions, _] = input.dims();
        let written = cache.as_ref().map_or(0, |cache| cache.written);
        let lengths = match (&cache, encoded) {
            (Some(cache), _) => cache.lengths.clone(),
            (None, encoded) => encoded.and_then(|encoded| encoded.lengths.clone()),
        };
        let cross = Scope::of_lengths(lengths);
        let mut states = self.embed(input, written, pass);
        states = pass.stream(self.kind, 0, states);
        for (number, layer) in self.layers.iter().enumerate() {
            if pass.is_cancelled() {
                break;
            }
            let cache = cache.as_mut().map(|cache| &mut cache.layers[number]);
            let layer = pass.layer(layer, &states, encoded.map(|encoded| &encoded.states));
            states = match cache {
                None if pass.recomputes() => layer.recomputed(states, scope, &cross, encoded, pass),
                cache => {
                    layer.forward(states, layer::LayerInput { scope, cross: &cross, encoded, cache }, pass)
                }
            };
            states = pass.stream(self.kind, number + 1, states);
        }
        if let Some(cache) = cache {
            cache.written += positions;
        }
        match &self.norm {
            None => states,
            Some(norm) => {
                let states = norm.forward(states);
                pass.at(self.kind, None, SiteRole::Norm);
                pass.record("norm", || states.clone());
                states
            }
        }
    }

    /// States as the stack hands them out, `[batch, positions, d_model]` in and out: normalised, where a norm follows the
    /// last layer.
    pub(crate) fn normalized(&self, states: Tensor<3>) -> Tensor<3> {
        match &self.norm {
            None => states,
            Some(norm) => norm.forward(states),
        }
    }

    /// Embeddings with their positions, normalised where the stack says so, and dropped, `[batch, positions, d_model]`
    /// in and out; `first` is the number of the first position.
    fn embed(&self, input: Tensor<3>, first: usize, pass: &mut Pass) -> Tensor<3> {
        pass.at(self.kind, None, SiteRole::Positions);
        let mask = self.dropout.mask(pass);
        match &self.embedding_norm {
            None => self.positions.add(input, first, mask, pass),
            Some(norm) => {
                let states = norm.forward(self.positions.add(input, first, None, pass));
                pass.record("norm", || states.clone());
                any2any_kernels::dropout(states, mask)
            }
        }
    }
}
