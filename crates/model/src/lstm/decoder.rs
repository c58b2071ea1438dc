//! The recurrent decoder: layers of LSTM cells that write one position after the other.

use any2any_architecture::{LstmAttention, LstmLayers, StackKind};
use any2any_kernels::{
    AdditiveInputs, CellState, LstmOrder, additive_attention, additive_weights, masked_softmax,
};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;

use super::cell::{LstmCell, zeros};
use crate::dropout::Dropout;
use crate::encoder_output::{EncoderOutput, RowSelection};
use crate::initializer::Initializer;
use crate::pass::Pass;
use crate::record::SiteRole;
use crate::trace::{AttentionKind, Place};

/// The recurrent decoder.
#[derive(Module, Debug)]
pub struct LstmDecoder {
    layers: Vec<LstmCell>,
    /// From the encoder's last state to each layer's first.
    bridges: Vec<Linear>,
    /// Projects the decoder's state for the scores.
    query: Option<Linear>,
    /// Projects the encoder's states for additive scores.
    key: Option<Linear>,
    /// Maps `tanh(query + key)` to a score.
    score: Option<Linear>,
    /// Joins context and state into the output.
    combine: Option<Linear>,
    dropout: Dropout,
    #[module(skip)]
    attention: LstmAttention,
}

/// The state of a recurrent decoder between two steps.
#[derive(Clone, Debug)]
pub struct LstmState {
    layers: Vec<CellState>,
    encoded: EncoderOutput,
    /// The encoder's states, projected for the scores, `[batch, source, d_model]`.
    keys: Option<Tensor<3>>,
}

const PLACE: Place = Place { stack: StackKind::Decoder, layer: 0, kind: AttentionKind::CrossAttention };
const ATTENTION: SiteRole = SiteRole::Attention(AttentionKind::CrossAttention);

impl LstmDecoder {
    /// The decoder with fresh weights; dropout is of embeddings, between layers and of the output.
    pub(crate) fn init(data: &LstmLayers, d_model: usize, dropout: f64, initializer: &Initializer) -> Self {
        let square = |name: &str| initializer.linear(name, d_model, d_model, 1.0);
        let attends = data.attention != LstmAttention::None;
        let additive = data.attention == LstmAttention::Additive;
        let cell = |number: usize| {
            let d_input = if additive && number == 0 { 2 * d_model } else { d_model };
            LstmCell::new(d_input, d_model, &initializer.child(number))
        };
        Self {
            layers: (0..data.layers).map(cell).collect(),
            bridges: (0..data.layers).map(|number| square(&format!("bridge {number}"))).collect(),
            query: attends.then(|| square("query")),
            key: additive.then(|| square("key")),
            score: additive.then(|| Linear { bias: None, ..initializer.linear("score", d_model, 1, 1.0) }),
            combine: attends.then(|| initializer.linear("combine", 2 * d_model, d_model, 1.0)),
            dropout: Dropout::new(dropout),
            attention: data.attention,
        }
    }

    /// The state before the first position.
    pub fn start(&self, encoded: &EncoderOutput) -> LstmState {
        let [batch, _, d_model] = encoded.states.dims();
        let first = |bridge: &Linear| {
            let zeros = zeros(batch, d_model, &encoded.states);
            match encoded.last.last() {
                Some(last) => CellState { hidden: bridge.forward(last.clone()).tanh(), ..zeros },
                None => zeros,
            }
        };
        LstmState {
            layers: self.bridges.iter().map(first).collect(),
            keys: self.key.as_ref().map(|key| key.forward(encoded.states.clone())),
            encoded: encoded.clone(),
        }
    }

    /// Hidden states of positions that follow those in the state.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, target, d_model]`
    pub fn extend(&self, input: Tensor<3>, state: &mut LstmState, pass: &mut Pass) -> Tensor<3> {
        let input = self.dropout.forward(input, pass);
        let outputs = match self.attention {
            LstmAttention::Additive => self.extend_by_steps(input, state, pass),
            LstmAttention::Dot => {
                let outputs = self.run(input, state, pass);
                self.attend_by_product(outputs, state, pass)
            }
            LstmAttention::None => self.run(input, state, pass),
        };
        self.dropout.forward(outputs, pass)
    }

    /// All positions through one layer after the other, `[batch, target, d_model]` in and out: the input of a layer
    /// does not depend on the output of the last one.
    fn run(&self, input: Tensor<3>, state: &mut LstmState, pass: &mut Pass) -> Tensor<3> {
        let mut states = input;
        for (number, (cell, cell_state)) in self.layers.iter().zip(&mut state.layers).enumerate() {
            if number > 0 {
                states = self.dropout.forward(states, pass);
            }
            pass.at(StackKind::Decoder, Some(number), SiteRole::Cells);
            (states, *cell_state) = cell.run_from(states, cell_state.clone(), LstmOrder::default(), pass);
        }
        states
    }

    /// One position after the other, `[batch, target, d_model]` in and out: the first layer reads the context of the
    /// last layer's state.
    fn extend_by_steps(&self, input: Tensor<3>, state: &mut LstmState, pass: &mut Pass) -> Tensor<3> {
        let [_, target, _] = input.dims();
        let mut outputs = Vec::with_capacity(target);
        let mut weights = Vec::new();
        for at in 0..target {
            let token: Tensor<2> = input.clone().narrow(1, at, 1).squeeze_dim(1);
            let (output, looked_at) = self.step((at, token), state, pass);
            outputs.push(output);
            weights.extend(looked_at);
        }
        if !weights.is_empty() {
            pass.at(StackKind::Decoder, None, ATTENTION);
            pass.keep_attention(PLACE, &Tensor::cat(weights, 2));
        }
        Tensor::stack(outputs, 1)
    }

    /// The position of a number through all layers, `[batch, d_model]` in and out; in a traced pass also its weights,
    /// `[batch, 1, 1, source]`.
    fn step(
        &self,
        (at, token): (usize, Tensor<2>),
        state: &mut LstmState,
        pass: &mut Pass,
    ) -> (Tensor<2>, Option<Tensor<4>>) {
        let (context, weights) = match self.attend_additively(at, state, pass) {
            Some((context, weights)) => (Some(context), weights),
            None => (None, None),
        };
        let mut input = match &context {
            Some(context) => Tensor::cat(vec![token, context.clone()], 1),
            None => token,
        };
        let last = self.layers.len().saturating_sub(1);
        for (number, (cell, cell_state)) in self.layers.iter().zip(&mut state.layers).enumerate() {
            pass.at(StackKind::Decoder, Some(number), SiteRole::Cells);
            *cell_state = cell.step(input, cell_state, pass);
            input = cell_state.hidden.clone();
            if number < last {
                input = self.dropout.forward(input, pass);
            }
        }
        let output = match (context, &self.combine) {
            (Some(context), Some(combine)) => combine.forward(Tensor::cat(vec![context, input], 1)).tanh(),
            _ => input,
        };
        pass.at(StackKind::Decoder, None, ATTENTION);
        pass.record("output", || output.clone().unsqueeze_dim::<3>(1));
        (output, weights)
    }

    /// Context, `[batch, d_model]`, from the state before a step, and in a traced pass the weights,
    /// `[batch, 1, 1, source]`.
    fn attend_additively(
        &self,
        at: usize,
        state: &LstmState,
        pass: &mut Pass,
    ) -> Option<(Tensor<2>, Option<Tensor<4>>)> {
        let (query, score, keys) = (self.query.as_ref()?, self.score.as_ref()?, state.keys.as_ref()?);
        let query = query.forward(state.layers.last()?.hidden.clone());
        // The score's bias would move all scores of a row alike, which softmax does not see.
        let weight: Tensor<1> = score.weight.val().squeeze_dim(1);
        let inputs =
            AdditiveInputs { query, keys: keys.clone(), weight, values: state.encoded.states.clone() };
        let lengths = &state.encoded.lengths;
        if pass.opens_attention() {
            let [_, source, _] = keys.dims();
            let key_mask = pass.key_mask(PLACE, source, &keys.device()).map(|mask| mask.squeeze_dim(1));
            let values = inputs.values.clone();
            let weights = additive_weights(inputs, lengths.as_deref(), key_mask);
            let weights: Tensor<3> = pass.edited(PLACE, at, weights.unsqueeze_dim(1)).squeeze_dim(1);
            let context = pass.mask_heads(PLACE, weights.clone().matmul(values).unsqueeze_dim(1));
            let context: Tensor<3> = context.squeeze_dim(1);
            pass.at(StackKind::Decoder, None, ATTENTION);
            pass.record("context", || context.clone());
            return Some((context.squeeze_dim(1), Some(weights.unsqueeze_dim(1))));
        }
        Some((additive_attention(inputs, lengths.clone()), None))
    }

    /// Luong's attention of all positions at once, `[batch, target, d_model]` in and out: `tanh(W [context; state])`.
    fn attend_by_product(&self, outputs: Tensor<3>, state: &LstmState, pass: &mut Pass) -> Tensor<3> {
        let (Some(query), Some(combine)) = (&self.query, &self.combine) else { return outputs };
        let scores = query.forward(outputs.clone()).matmul(state.encoded.states.clone().swap_dims(1, 2));
        let [_, _, source] = scores.dims();
        let key_mask = pass.key_mask(PLACE, source, &scores.device()).map(|mask| mask.squeeze_dim(1));
        let weights = masked_softmax(scores, state.encoded.lengths.as_deref(), key_mask);
        pass.at(StackKind::Decoder, None, ATTENTION);
        let weights: Tensor<3> = pass.edited(PLACE, 0, weights.unsqueeze_dim(1)).squeeze_dim(1);
        pass.keep_attention(PLACE, &weights.clone().unsqueeze_dim(1));
        let context = weights.matmul(state.encoded.states.clone());
        let context = pass.mask_heads(PLACE, context.unsqueeze_dim(1)).squeeze_dim(1);
        pass.record("context", || context.clone());
        let output = combine.forward(Tensor::cat(vec![context, outputs], 2)).tanh();
        pass.record("output", || output.clone());
        output
    }
}

impl LstmState {
    /// Keeps some rows.
    pub fn select(&mut self, rows: &RowSelection) {
        for layer in &mut self.layers {
            layer.hidden = rows.of(&layer.hidden);
            layer.cell = rows.of(&layer.cell);
        }
        self.encoded = self.encoded.select(rows);
        self.keys = self.keys.as_ref().map(|keys| rows.of(keys));
    }
}
