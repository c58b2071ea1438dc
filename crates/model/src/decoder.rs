//! The decoder, of either kind of layers.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::encoder_output::{EncoderOutput, RowSelection};
use crate::lstm::{LstmDecoder, LstmState};
use crate::pass::Pass;
use crate::transformer::{DecoderCache, TransformerStack};

/// A decoder.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // one a model
pub enum Decoder {
    /// Of a transformer, or a language model.
    Transformer(TransformerStack),
    /// Of LSTM cells.
    Lstm(LstmDecoder),
}

/// The state of a decoder between two steps.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // one a batch
pub enum DecoderState {
    /// Of a transformer.
    Transformer(DecoderCache),
    /// Of an LSTM.
    Lstm(LstmState),
}

impl Decoder {
    /// The state before the first position; `None` when an LSTM has no encoder's output to begin from.
    pub fn start(&self, encoded: Option<&EncoderOutput>) -> Option<DecoderState> {
        match self {
            Self::Transformer(stack) => Some(DecoderState::Transformer(stack.start(encoded))),
            Self::Lstm(decoder) => encoded.map(|encoded| DecoderState::Lstm(decoder.start(encoded))),
        }
    }

    /// Hidden states of known targets, each position seeing those before it; `None` when an LSTM has no encoder's
    /// output to begin from.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, target, d_model]`
    pub fn forward(
        &self,
        input: Tensor<3>,
        encoded: Option<&EncoderOutput>,
        pass: &mut Pass,
    ) -> Option<Tensor<3>> {
        match self {
            Self::Transformer(stack) => Some(stack.decode(input, encoded, pass)),
            Self::Lstm(decoder) => {
                encoded.map(|encoded| decoder.extend(input, &mut decoder.start(encoded), pass))
            }
        }
    }

    /// States of a transformer's stream as if its last layer had written them, `[batch, target, d_model]` in and out:
    /// through the norm that follows it, where there is one. `None` of an LSTM, whose layers share no stream.
    pub fn normalized(&self, states: Tensor<3>) -> Option<Tensor<3>> {
        match self {
            Self::Transformer(stack) => Some(stack.normalized(states)),
            Self::Lstm(_) => None,
        }
    }

    /// Hidden states of positions that follow those in the state, which then holds them too.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, target, d_model]`
    ///
    /// # Panics
    ///
    /// When the state is of another kind of decoder.
    pub fn extend(&self, input: Tensor<3>, state: &mut DecoderState, pass: &mut Pass) -> Tensor<3> {
        match (self, state) {
            (Self::Transformer(stack), DecoderState::Transformer(cache)) => stack.extend(input, cache, pass),
            (Self::Lstm(decoder), DecoderState::Lstm(state)) => decoder.extend(input, state, pass),
            _ => panic!("a decoder's state belongs to the decoder that started it"),
        }
    }
}

impl DecoderState {
    /// Keeps some rows.
    pub fn select(&mut self, rows: &RowSelection) {
        match self {
            Self::Transformer(cache) => cache.select(rows),
            Self::Lstm(state) => state.select(rows),
        }
    }
}
