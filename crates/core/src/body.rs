//! The body that all tasks share, whichever of the three it is.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::decoder::DecoderCache;
use crate::decoder_only::{DecoderOnly, DecoderOnlyConfig};
use crate::initializer::Initializer;
use crate::lstm::{Lstm, LstmConfig, LstmState};
use crate::memory::{Memory, Rows};
use crate::pass::Pass;
use crate::transformer::{Transformer, TransformerConfig};

/// The sizes and choices of a [`Body`].
#[derive(Clone, Debug)]
pub enum BodyConfig {
    /// An encoder-decoder transformer.
    Transformer(TransformerConfig),
    /// A decoder-only transformer.
    DecoderOnly(DecoderOnlyConfig),
    /// An LSTM encoder and decoder.
    Lstm(LstmConfig),
}

impl BodyConfig {
    /// The width of every position.
    pub fn d_model(&self) -> usize {
        match self {
            BodyConfig::Transformer(config) => config.d_model,
            BodyConfig::DecoderOnly(config) => config.0.d_model,
            BodyConfig::Lstm(config) => config.d_model,
        }
    }

    /// The body with fresh weights.
    pub fn init(&self, initializer: &Initializer) -> Body {
        match self {
            BodyConfig::Transformer(config) => Body::Transformer(config.init(initializer)),
            BodyConfig::DecoderOnly(config) => Body::DecoderOnly(config.init(initializer)),
            BodyConfig::Lstm(config) => Body::Lstm(config.init(initializer)),
        }
    }
}

/// What stands between stems and heads.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // one body a process
pub enum Body {
    /// An encoder-decoder transformer.
    Transformer(Transformer),
    /// A decoder-only transformer.
    DecoderOnly(DecoderOnly),
    /// An LSTM encoder and decoder.
    Lstm(Lstm),
}

/// What a decoder keeps between two steps.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // one state a batch
pub enum DecoderState {
    /// Of a transformer.
    Transformer(DecoderCache),
    /// Of an LSTM.
    Lstm(LstmState),
}

impl Body {
    /// What the encoder makes of embedded positions; `None` when there is no encoder.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, source, d_model]`; lengths: `[batch]`
    pub fn encode(&self, input: Tensor<3>, lengths: &[usize], pass: &mut Pass) -> Option<Memory> {
        match self {
            Body::Transformer(body) => Some(body.encoder.forward(input, lengths, pass)),
            Body::DecoderOnly(_) => None,
            Body::Lstm(body) => Some(body.encoder.forward(input, lengths, pass)),
        }
    }

    /// How many weights the encoder has.
    pub fn encoder_parameters(&self) -> usize {
        match self {
            Body::Transformer(body) => body.encoder.num_params(),
            Body::DecoderOnly(_) => 0,
            Body::Lstm(body) => body.encoder.num_params(),
        }
    }

    /// The decoder before its first position. `None` when the body needs a memory and there is none.
    pub fn start(&self, memory: Option<&Memory>) -> Option<DecoderState> {
        match self {
            Body::Transformer(body) => {
                memory.map(|memory| body.decoder.start(Some(memory))).map(DecoderState::Transformer)
            }
            Body::DecoderOnly(body) => Some(DecoderState::Transformer(body.decoder.start(None))),
            Body::Lstm(body) => memory.map(|memory| DecoderState::Lstm(body.decoder.start(memory))),
        }
    }

    /// Hidden states of known targets, each position seeing those before it. `None` when the body needs a
    /// memory and there is none.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, target, d_model]`
    pub fn decode(&self, input: Tensor<3>, memory: Option<&Memory>, pass: &mut Pass) -> Option<Tensor<3>> {
        match self {
            Body::Transformer(body) => memory.map(|memory| body.decoder.forward(input, Some(memory), pass)),
            Body::DecoderOnly(body) => Some(body.decoder.forward(input, None, pass)),
            Body::Lstm(body) => {
                memory.map(|memory| body.decoder.extend(input, &mut body.decoder.start(memory), pass))
            }
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
    /// When the state is of another kind of body.
    pub fn extend(&self, input: Tensor<3>, state: &mut DecoderState, pass: &mut Pass) -> Tensor<3> {
        match (self, state) {
            (Body::Transformer(body), DecoderState::Transformer(cache)) => {
                body.decoder.extend(input, cache, pass)
            }
            (Body::DecoderOnly(body), DecoderState::Transformer(cache)) => {
                body.decoder.extend(input, cache, pass)
            }
            (Body::Lstm(body), DecoderState::Lstm(state)) => body.decoder.extend(input, state, pass),
            _ => panic!("a decoder's state belongs to the body that started it"),
        }
    }
}

impl DecoderState {
    /// Keeps some rows.
    pub fn select(&mut self, rows: &Rows) {
        match self {
            DecoderState::Transformer(cache) => cache.select(rows),
            DecoderState::Lstm(state) => state.select(rows),
        }
    }
}
