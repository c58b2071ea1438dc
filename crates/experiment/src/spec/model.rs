//! The model: a transformer, a decoder-only transformer, or the recurrent baseline.

pub use any2any_architecture::{Activation, Initialization, LstmAttention, NormPlacement};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The body that all tasks share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Model {
    /// The encoder-decoder transformer of Vaswani et al., "Attention Is All You Need" (2017).
    Transformer(Transformer),
    /// A decoder-only transformer: a language model. Its tasks have no source.
    DecoderOnly(DecoderOnly),
    /// The recurrent baseline: LSTM encoder and decoder (Sutskever et al. 2014; Bahdanau et al. 2015).
    Lstm(Lstm),
}

/// An encoder-decoder transformer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Transformer {
    /// The width of every position.
    #[schemars(range(min = 1, max = 65_536))]
    pub d_model: usize,
    /// The inner width of the feed-forward layers.
    #[schemars(range(min = 1, max = 262_144))]
    pub d_ff: usize,
    /// Attention heads; they must divide `d_model`.
    #[schemars(range(min = 1, max = 1024))]
    pub heads: usize,
    /// Layers of the encoder.
    #[schemars(range(min = 1, max = 1024))]
    pub encoder_layers: usize,
    /// Layers of the decoder.
    #[schemars(range(min = 1, max = 1024))]
    pub decoder_layers: usize,
    /// Dropout of every residual branch, and of the other places unless they say otherwise.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// Dropout of embeddings plus positions; `dropout` when left out.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub embedding_dropout: Option<f64>,
    /// Dropout of attention weights; `dropout` when left out.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub attention_dropout: Option<f64>,
    /// Dropout inside the feed-forward layers, after the activation; `dropout` when left out.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub activation_dropout: Option<f64>,
    /// Where layer normalisation stands.
    pub norm: NormPlacement,
    /// How positions are told apart.
    pub positions: Positions,
    /// The activation of the feed-forward layers.
    pub activation: Activation,
    /// Which embeddings share their weights.
    pub tied_embeddings: TiedEmbeddings,
    /// How weights start.
    pub initialization: Initialization,
    /// The most positions that learned positions can tell apart.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_positions: usize,
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
        }
    }
}

/// A decoder-only transformer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DecoderOnly {
    /// The width of every position.
    #[schemars(range(min = 1, max = 65_536))]
    pub d_model: usize,
    /// The inner width of the feed-forward layers.
    #[schemars(range(min = 1, max = 262_144))]
    pub d_ff: usize,
    /// Attention heads; they must divide `d_model`.
    #[schemars(range(min = 1, max = 1024))]
    pub heads: usize,
    /// Layers.
    #[schemars(range(min = 1, max = 1024))]
    pub layers: usize,
    /// Dropout of every residual branch, and of the other places unless they say otherwise.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// Dropout of embeddings plus positions; `dropout` when left out.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub embedding_dropout: Option<f64>,
    /// Dropout of attention weights; `dropout` when left out.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub attention_dropout: Option<f64>,
    /// Dropout inside the feed-forward layers, after the activation; `dropout` when left out.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub activation_dropout: Option<f64>,
    /// Where layer normalisation stands.
    pub norm: NormPlacement,
    /// How positions are told apart.
    pub positions: Positions,
    /// The activation of the feed-forward layers.
    pub activation: Activation,
    /// Whether the softmax shares its weights with the embedding.
    pub tied_embeddings: TiedEmbeddings,
    /// How weights start.
    pub initialization: Initialization,
    /// The most positions that learned positions can tell apart.
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
pub struct Lstm {
    /// The width of embeddings and of every recurrent layer.
    #[schemars(range(min = 2, max = 65_536))]
    pub d_model: usize,
    /// Layers of the encoder.
    #[schemars(range(min = 1, max = 1024))]
    pub encoder_layers: usize,
    /// Layers of the decoder.
    #[schemars(range(min = 1, max = 1024))]
    pub decoder_layers: usize,
    /// Whether the encoder also reads from the end; `d_model` must then be even.
    pub bidirectional: bool,
    /// How the decoder looks at the encoder.
    pub attention: LstmAttention,
    /// Dropout of embeddings and between layers.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// Which embeddings share their weights.
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

/// How positions are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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

/// Which embeddings share their weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TiedEmbeddings {
    /// Everything that has the same vocabulary: source, target and softmax (Press and Wolf 2017).
    #[default]
    All,
    /// Target and softmax; the source has its own.
    Target,
    /// Nothing.
    None,
}
