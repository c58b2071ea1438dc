//! The model section: an encoder-decoder transformer, a decoder-only transformer, or the LSTM baseline.

use any2any_architecture::Stack;
pub use any2any_architecture::{Activation, Initialization, LstmAttention, NormPlacement};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Plugged;

/// The architecture that all tasks share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Model {
    /// The encoder-decoder transformer of Vaswani et al., "Attention Is All You Need" (2017).
    Transformer(Transformer),
    /// A decoder-only transformer, a language model. Its tasks have no source.
    DecoderOnly(DecoderOnly),
    /// The recurrent baseline: LSTM encoder and decoder (Sutskever et al. 2014; Bahdanau et al. 2015).
    Lstm(Lstm),
    /// A model that is described part by part, as `any2any import` writes it.
    Architecture(Box<Parts>),
}

/// An encoder-decoder transformer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Transformer {
    /// The width of the model.
    #[schemars(range(min = 1, max = 65_536))]
    pub d_model: usize,
    /// The inner width of the feed-forward blocks.
    #[schemars(range(min = 1, max = 262_144))]
    pub d_ff: usize,
    /// The number of attention heads, which must divide `d_model`.
    #[schemars(range(min = 1, max = 1024))]
    pub heads: usize,
    /// The number of encoder layers.
    #[schemars(range(min = 1, max = 1024))]
    pub encoder_layers: usize,
    /// The number of decoder layers.
    #[schemars(range(min = 1, max = 1024))]
    pub decoder_layers: usize,
    /// The dropout rate of every residual branch, and of the other places without a rate of their own.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// The dropout rate of embeddings plus positions; `dropout` if left out.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub embedding_dropout: Option<f64>,
    /// The dropout rate of attention weights; `dropout` if left out.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub attention_dropout: Option<f64>,
    /// The dropout rate inside the feed-forward blocks, after the activation; `dropout` if left out.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub activation_dropout: Option<f64>,
    /// The placement of layer normalisation.
    pub norm: NormPlacement,
    /// The kind of positions.
    pub positions: Positions,
    /// The activation function of the feed-forward blocks.
    pub activation: Activation,
    /// The sharing of weights between embeddings and softmax.
    pub tied_embeddings: TiedEmbeddings,
    /// The initialization of the weights.
    pub initialization: Initialization,
    /// The most positions of a sequence with learned positions.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_positions: usize,
    /// Blocks of the program's own between the stem of a source and the layers of the encoder, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    // It is added where the registry of plug-ins is known.
    #[schemars(skip)]
    pub encoder_blocks: Vec<Plugged>,
}

impl Default for Transformer {
    fn default() -> Self {
        Self {
            d_model: 256,
            d_ff: 1024,
            heads: 4,
            encoder_layers: 4,
            decoder_layers: 4,
            dropout: 0.1,
            embedding_dropout: None,
            attention_dropout: None,
            activation_dropout: None,
            norm: NormPlacement::default(),
            positions: Positions::default(),
            activation: Activation::default(),
            tied_embeddings: TiedEmbeddings::default(),
            initialization: Initialization::default(),
            max_positions: 1024,
            encoder_blocks: Vec::new(),
        }
    }
}

/// A decoder-only transformer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DecoderOnly {
    /// The width of the model.
    #[schemars(range(min = 1, max = 65_536))]
    pub d_model: usize,
    /// The inner width of the feed-forward blocks.
    #[schemars(range(min = 1, max = 262_144))]
    pub d_ff: usize,
    /// The number of attention heads, which must divide `d_model`.
    #[schemars(range(min = 1, max = 1024))]
    pub heads: usize,
    /// The number of layers.
    #[schemars(range(min = 1, max = 1024))]
    pub layers: usize,
    /// The dropout rate of every residual branch, and of the other places without a rate of their own.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// The dropout rate of embeddings plus positions; `dropout` if left out.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub embedding_dropout: Option<f64>,
    /// The dropout rate of attention weights; `dropout` if left out.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub attention_dropout: Option<f64>,
    /// The dropout rate inside the feed-forward blocks, after the activation; `dropout` if left out.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub activation_dropout: Option<f64>,
    /// The placement of layer normalisation.
    pub norm: NormPlacement,
    /// The kind of positions.
    pub positions: Positions,
    /// The activation function of the feed-forward blocks.
    pub activation: Activation,
    /// The sharing of weights between embedding and softmax.
    pub tied_embeddings: TiedEmbeddings,
    /// The initialization of the weights.
    pub initialization: Initialization,
    /// The most positions of a sequence with learned positions.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_positions: usize,
}

impl Default for DecoderOnly {
    fn default() -> Self {
        let base = Transformer::default();
        Self {
            d_model: base.d_model,
            d_ff: base.d_ff,
            heads: base.heads,
            layers: base.decoder_layers,
            dropout: base.dropout,
            embedding_dropout: None,
            attention_dropout: None,
            activation_dropout: None,
            norm: base.norm,
            positions: base.positions,
            activation: base.activation,
            tied_embeddings: base.tied_embeddings,
            initialization: base.initialization,
            max_positions: base.max_positions,
        }
    }
}

/// An LSTM encoder and decoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Lstm {
    /// The width of embeddings and of every LSTM layer.
    #[schemars(range(min = 2, max = 65_536))]
    pub d_model: usize,
    /// The number of encoder layers.
    #[schemars(range(min = 1, max = 1024))]
    pub encoder_layers: usize,
    /// The number of decoder layers.
    #[schemars(range(min = 1, max = 1024))]
    pub decoder_layers: usize,
    /// Reads the source in both directions; `d_model` must then be even.
    pub bidirectional: bool,
    /// The attention of the decoder to the encoder's output.
    pub attention: LstmAttention,
    /// The dropout rate of embeddings and between layers.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// The sharing of weights between embeddings and softmax.
    pub tied_embeddings: TiedEmbeddings,
}

impl Default for Lstm {
    fn default() -> Self {
        Self {
            d_model: 256,
            encoder_layers: 1,
            decoder_layers: 1,
            bidirectional: true,
            attention: LstmAttention::default(),
            dropout: 0.2,
            tied_embeddings: TiedEmbeddings::default(),
        }
    }
}

/// A model that is described part by part: everything that a model can be, where the other kinds have words for what is
/// usual. Without an encoder it is a language model, and its tasks have no source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Parts {
    /// The encoder; none of a language model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<Stack>,
    /// The decoder.
    pub decoder: Stack,
    /// The factor of looked-up embeddings; left out: the square root of `d_model`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding_scale: Option<f64>,
    /// The sharing of weights between embeddings and softmax.
    #[serde(default)]
    pub tied_embeddings: TiedEmbeddings,
    /// Sources and targets number their tokens alike, even if they have tokenizers of their own, and share one table of
    /// embeddings.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joint_vocabulary: bool,
    /// Each token of the softmax has a bias.
    #[serde(default)]
    pub output_bias: bool,
    /// The factor of hidden states before the softmax; 1 but for T5.
    #[serde(default = "one")]
    pub output_scale: f64,
    /// The dropout rate of every residual branch, and of the other places without a rate of their own.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// The dropout rate of embeddings plus positions; `dropout` if left out.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 0.95))]
    pub embedding_dropout: Option<f64>,
    /// The dropout rate of attention weights; `dropout` if left out.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 0.95))]
    pub attention_dropout: Option<f64>,
    /// The dropout rate inside the feed-forward blocks, after the activation; `dropout` if left out.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 0.95))]
    pub activation_dropout: Option<f64>,
}

fn one() -> f64 {
    1.0
}

impl Parts {
    /// The model of an encoder, if it has one, and a decoder, with no further option.
    pub fn new(encoder: Option<Stack>, decoder: Stack) -> Self {
        Self {
            encoder,
            decoder,
            embedding_scale: None,
            tied_embeddings: TiedEmbeddings::default(),
            joint_vocabulary: false,
            output_bias: false,
            output_scale: 1.0,
            dropout: 0.0,
            embedding_dropout: None,
            attention_dropout: None,
            activation_dropout: None,
        }
    }
}

/// The kind of positions, by which a transformer knows the order of a sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Positions {
    /// Sines and cosines added to the embeddings (Vaswani et al. 2017).
    #[default]
    Sinusoidal,
    /// A learned vector for each position, up to `max_positions`.
    Learned,
    /// Queries and keys of self-attention rotated by their position (Su et al. 2021).
    Rotary,
    /// A penalty on self-attention that grows with the distance (Press et al. 2022).
    Alibi,
}

/// The sharing of weights between embeddings and softmax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TiedEmbeddings {
    /// Source embedding, target embedding and softmax, as far as they have the same vocabulary (Press and Wolf 2017).
    #[default]
    All,
    /// Target embedding and softmax; the source embedding has weights of its own.
    Target,
    /// No sharing.
    None,
}
