//! Multi-head scaled dot-product attention (Vaswani et al. 2017, section 3.2).
//!
//! Keys and values are projected apart from queries, so that a decoder projects the encoder's states once, and each of
//! its own positions once.

use any2any_architecture::{Attention, Gains};
use any2any_kernels::{
    AttentionParameters, AttentionSettings, Branch, Rotation, Visibility, apply_rotary, attention,
    attention_weights,
};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;

use crate::dropout::Dropout;
use crate::encoder_output::RowSelection;
use crate::initializer::{Initializer, weight_and_bias};
use crate::pass::Pass;
use crate::trace::Place;

/// Multi-head attention.
#[derive(Module, Debug)]
pub(crate) struct MultiHeadAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    dropout: Dropout,
    #[module(skip)]
    heads: Attention,
    #[module(skip)]
    place: Place,
}

/// The part of a sequence that attention sees.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// The keys that each query sees, and biases of distances.
    pub(crate) visibility: Visibility,
    /// Rotates queries and keys.
    pub(crate) rotation: Option<Rotation>,
}

impl Scope {
    /// All positions of rows of some lengths.
    pub(crate) fn of_lengths(lengths: Option<Vec<usize>>) -> Self {
        Self { visibility: Visibility { lengths, ..Visibility::default() }, rotation: None }
    }

    /// The scope but for its learned biases of distances.
    #[must_use]
    pub(crate) fn without_bias(mut self) -> Self {
        self.visibility.bias = None;
        self
    }
}

/// Projected keys and values, `[batch, heads, keys, d_head]`.
#[derive(Clone, Debug)]
pub(crate) struct KeyValue {
    /// Keys, `[batch, heads, keys, d_head]`.
    pub key: Tensor<4>,
    /// Values, `[batch, heads, keys, d_head]`.
    pub value: Tensor<4>,
}

/// The keys and values of the positions written so far; none at the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct AttentionCache {
    written: Option<KeyValue>,
}

impl AttentionCache {
    /// Adds new positions after the known ones and gives all.
    pub(crate) fn extend(&mut self, new: KeyValue) -> KeyValue {
        let all = match self.written.take() {
            None => new,
            Some(written) => KeyValue {
                key: Tensor::cat(vec![written.key, new.key], 2),
                value: Tensor::cat(vec![written.value, new.value], 2),
            },
        };
        self.written = Some(all.clone());
        all
    }

    /// Keeps some rows.
    pub(crate) fn select(&mut self, rows: &RowSelection) {
        self.written = self.written.take().map(|written| written.select(rows));
    }
}

impl KeyValue {
    /// Some rows.
    #[must_use]
    pub(crate) fn select(&self, rows: &RowSelection) -> Self {
        Self { key: rows.of(&self.key), value: rows.of(&self.value) }
    }
}

impl MultiHeadAttention {
    /// The layer with fresh weights; the states that it attends to are `d_keys` wide: `d_model` of self-attention,
    /// `d_encoder` of cross-attention.
    pub(crate) fn init(
        heads: &Attention,
        place: Place,
        [d_model, d_keys]: [usize; 2],
        gains: Gains,
        dropout: f64,
        initializer: &Initializer,
    ) -> Self {
        let linear = |name, [inputs, outputs]: [usize; 2], gain, bias: bool| {
            let linear = initializer.linear(name, inputs, outputs, gain);
            if bias { linear } else { Linear { bias: None, ..linear } }
        };
        let width = heads.width();
        Self {
            query: linear("query", [d_model, width], 1.0, heads.query_bias),
            key: linear("key", [d_keys, width], 1.0, heads.key_bias),
            value: linear("value", [d_keys, width], gains.inner, heads.value_bias),
            output: linear("output", [width, d_model], gains.inner * gains.output, heads.output_bias),
            dropout: Dropout::new(dropout),
            heads: *heads,
            place,
        }
    }

    /// Projects the states that will be attended to, and rotates their keys.
    ///
    /// # Shapes
    ///
    /// - states: `[batch, keys, d_keys]`; output: `[batch, heads, keys, d_head]`
    pub(crate) fn project(&self, states: Tensor<3>, rotation: Option<&Rotation>) -> KeyValue {
        let key = self.split_heads(self.key.forward(states.clone()));
        let key = rotation.map_or_else(|| key.clone(), |rotation| apply_rotary(rotation, key.clone()));
        KeyValue { key, value: self.split_heads(self.value.forward(states)) }
    }

    /// The stream joined with the heads' context of the states `attended` to, or of the stream itself.
    ///
    /// One fused operation, unless the pass keeps attention weights or changes them.
    ///
    /// # Shapes
    ///
    /// - stream and output: `[batch, queries, d_model]`; attended: `[batch, keys, d_keys]`
    pub(crate) fn forward(
        &self,
        stream: Tensor<3>,
        attended: Option<Tensor<3>>,
        scope: &Scope,
        branch: &Branch,
        pass: &mut Pass,
    ) -> Tensor<3> {
        if pass.opens_attention() {
            let input = branch.enter(stream.clone());
            let key_value = self.project(attended.unwrap_or_else(|| input.clone()), scope.rotation.as_ref());
            let output = self.attend(input, key_value, scope, pass);
            return branch.join(stream, output);
        }
        let parameters = AttentionParameters {
            query: weight_and_bias(&self.query),
            key: weight_and_bias(&self.key),
            value: weight_and_bias(&self.value),
            output: weight_and_bias(&self.output),
        };
        let settings = AttentionSettings {
            attention: self.heads,
            visibility: scope.visibility.clone(),
            rotation: scope.rotation.clone(),
            mask: self.dropout.mask(pass),
        };
        attention(stream, attended, parameters, branch, settings)
    }

    /// The stream joined with the heads' context of keys and values that are projected already.
    ///
    /// # Shapes
    ///
    /// - stream and output: `[batch, queries, d_model]`; cached: `[batch, heads, keys, d_head]`
    pub(crate) fn forward_cached(
        &self,
        stream: Tensor<3>,
        cached: CachedKeys<'_>,
        scope: &Scope,
        branch: &Branch,
        pass: &mut Pass,
    ) -> Tensor<3> {
        let input = branch.enter(stream.clone());
        let key_value = match cached {
            CachedKeys::Whole(key_value) => key_value.clone(),
            CachedKeys::Growing(cache) => cache.extend(self.project(input.clone(), scope.rotation.as_ref())),
        };
        branch.join(stream, self.attend(input, key_value, scope, pass))
    }

    /// Attends from `queries` to projected keys and values.
    ///
    /// # Shapes
    ///
    /// - queries and output: `[batch, queries, d_model]`; keys and values: `[batch, heads, keys, d_head]`
    fn attend(&self, queries: Tensor<3>, key_value: KeyValue, scope: &Scope, pass: &mut Pass) -> Tensor<3> {
        let ([batch, positions, _], [_, _, keys, _]) = (queries.dims(), key_value.key.dims());
        let query = self.split_heads(self.query.forward(queries));
        let query = match &scope.rotation {
            None => query,
            Some(rotation) => apply_rotary(rotation, query),
        };
        let key_mask = pass.key_mask(self.place, keys, &query.device());
        pass.record("query", || query.clone());
        pass.record("key", || key_value.key.clone());
        pass.record("value", || key_value.value.clone());
        let weights =
            attention_weights(query, key_value.key, self.heads.scale(), &scope.visibility, key_mask);
        let weights = pass.edited(self.place, 0, weights);
        pass.keep_attention(self.place, &weights);
        let context = self.dropout.forward(weights, pass).matmul(key_value.value);
        let context = pass.mask_heads(self.place, context);
        pass.record("context", || context.clone());
        let output =
            self.output.forward(context.swap_dims(1, 2).reshape([batch, positions, self.heads.width()]));
        pass.record("output", || output.clone());
        output
    }

    /// `[batch, positions, heads * d_head]` to `[batch, heads, positions, d_head]`.
    fn split_heads(&self, input: Tensor<3>) -> Tensor<4> {
        let [batch, positions, _] = input.dims();
        input.reshape([batch, positions, self.heads.heads, self.heads.d_head]).swap_dims(1, 2)
    }
}

/// Projected keys and values that outlive a step.
pub(crate) enum CachedKeys<'a> {
    /// All that there will be.
    Whole(&'a KeyValue),
    /// Those of earlier positions, which the new ones join.
    Growing(&'a mut AttentionCache),
}
