//! Multi-head scaled dot-product attention (Vaswani et al. 2017, section 3.2).
//!
//! Keys and values are projected apart from queries, so that a decoder projects the encoder's states once and
//! its own past only once a position.

use any2any_kernels::{
    AttentionParameters, AttentionShape, Branch, Rotation, Visibility, attention, attention_weights, turn,
};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;

use crate::dropout::Dropout;
use crate::initializer::{Initializer, weight_and_bias};
use crate::memory::Rows;
use crate::pass::Pass;
use crate::trace::Place;

/// The sizes of a [`MultiHeadAttention`].
#[derive(Clone, Debug)]
pub struct AttentionConfig {
    /// The width of queries, keys and values, all heads together.
    pub d_model: usize,
    /// Heads; they divide `d_model`.
    pub heads: usize,
    /// Dropout of attention weights.
    pub dropout: f64,
    /// Multiplies the initial matrices of values and output.
    pub gain: f64,
    /// Multiplies the initial output matrix, besides `gain`.
    pub output_gain: f64,
}

impl AttentionConfig {
    /// The layer with fresh weights.
    pub fn init(&self, place: Place, initializer: &Initializer) -> MultiHeadAttention {
        let square = |name, gain| initializer.linear(name, self.d_model, self.d_model, gain);
        MultiHeadAttention {
            query: square("query", 1.0),
            key: square("key", 1.0),
            value: square("value", self.gain),
            output: square("output", self.gain * self.output_gain),
            dropout: Dropout::new(self.dropout),
            heads: self.heads,
            place,
        }
    }
}

/// Multi-head attention.
#[derive(Module, Debug)]
pub struct MultiHeadAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    dropout: Dropout,
    heads: usize,
    #[module(skip)]
    place: Place,
}

/// Projected keys and values, `[batch, heads, keys, d_head]`.
#[derive(Clone, Debug)]
pub struct KeyValue {
    /// Keys.
    pub key: Tensor<4>,
    /// Values.
    pub value: Tensor<4>,
}

/// The keys and values of the positions written so far; none at the start.
#[derive(Clone, Debug, Default)]
pub struct AttentionCache {
    past: Option<KeyValue>,
}

impl AttentionCache {
    /// Adds new positions after the known ones and gives all.
    pub(crate) fn extend(&mut self, new: KeyValue) -> KeyValue {
        let all = match self.past.take() {
            None => new,
            Some(past) => KeyValue {
                key: Tensor::cat(vec![past.key, new.key], 2),
                value: Tensor::cat(vec![past.value, new.value], 2),
            },
        };
        self.past = Some(all.clone());
        all
    }

    /// Keeps some rows.
    pub(crate) fn select(&mut self, rows: &Rows) {
        self.past = self.past.take().map(|past| past.select(rows));
    }
}

impl KeyValue {
    /// Some rows.
    #[must_use]
    pub fn select(&self, rows: &Rows) -> Self {
        Self { key: rows.of(&self.key), value: rows.of(&self.value) }
    }
}

impl MultiHeadAttention {
    /// Projects what will be attended to.
    ///
    /// # Shapes
    ///
    /// - states: `[batch, keys, d_model]`
    pub(crate) fn project(&self, states: Tensor<3>, rotation: Option<&Rotation>) -> KeyValue {
        let key = self.split_heads(self.key.forward(states.clone()));
        let key = rotation.map_or_else(|| key.clone(), |rotation| turn(rotation, key.clone()));
        KeyValue { key, value: self.split_heads(self.value.forward(states)) }
    }

    /// The stream joined with what the heads gather from `memory`, or from the stream itself.
    ///
    /// One fused operation, unless the pass looks at attention or changes it.
    ///
    /// # Shapes
    ///
    /// - stream and output: `[batch, queries, d_model]`; memory: `[batch, keys, d_model]`
    pub(crate) fn forward(
        &self,
        stream: Tensor<3>,
        memory: Option<Tensor<3>>,
        branch: &Branch,
        visibility: &Visibility,
        rotation: Option<&Rotation>,
        pass: &mut Pass,
    ) -> Tensor<3> {
        if pass.opens_attention() {
            let input = branch.enter(stream.clone());
            let memory = self.project(memory.unwrap_or_else(|| input.clone()), rotation);
            let output = self.attend(input, memory, visibility, rotation, pass);
            return branch.join(stream, output);
        }
        let parameters = AttentionParameters {
            query: weight_and_bias(&self.query),
            key: weight_and_bias(&self.key),
            value: weight_and_bias(&self.value),
            output: weight_and_bias(&self.output),
        };
        let shape = AttentionShape {
            heads: self.heads,
            visibility: visibility.clone(),
            rotation: rotation.cloned(),
            mask: self.dropout.mask(pass),
        };
        attention(stream, memory, parameters, branch, shape)
    }

    /// Attends from `queries` to projected keys and values.
    ///
    /// # Shapes
    ///
    /// - queries and output: `[batch, queries, d_model]`
    pub(crate) fn attend(
        &self,
        queries: Tensor<3>,
        memory: KeyValue,
        visibility: &Visibility,
        rotation: Option<&Rotation>,
        pass: &mut Pass,
    ) -> Tensor<3> {
        let [batch, positions, d_model] = queries.dims();
        let query = self.split_heads(self.query.forward(queries));
        let query = rotation.map_or_else(|| query.clone(), |rotation| turn(rotation, query.clone()));
        let [_, _, keys, _] = memory.key.dims();
        let shown = pass.shown(self.place, keys, &query.device());
        pass.record("query", || query.clone());
        pass.record("key", || memory.key.clone());
        pass.record("value", || memory.value.clone());
        let weights = attention_weights(query, memory.key, visibility, shown);
        pass.keep_attention(self.place, &weights);
        let context = self.dropout.forward(weights, pass).matmul(memory.value);
        let context = pass.heard(self.place, context);
        pass.record("context", || context.clone());
        let output = self.output.forward(context.swap_dims(1, 2).reshape([batch, positions, d_model]));
        pass.record("output", || output.clone());
        output
    }

    /// `[batch, positions, d_model]` to `[batch, heads, positions, d_head]`.
    fn split_heads(&self, input: Tensor<3>) -> Tensor<4> {
        let [batch, positions, d_model] = input.dims();
        input.reshape([batch, positions, self.heads, d_model / self.heads]).swap_dims(1, 2)
    }
}
