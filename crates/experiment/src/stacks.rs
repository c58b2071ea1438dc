//! Conversion from the model section of an experiment to the stacks of an architecture.

use any2any_architecture::{
    Activation, DropoutRates, Gains, Head, Initialization, LstmAttention, LstmLayers, NormPlacement,
    Positions as PositionsData, Stack,
};

use crate::spec::{DecoderOnly, Lstm, Model, Positions, TiedEmbeddings, Transformer};

impl Model {
    /// The encoder, if there is one, and the decoder.
    pub fn stacks(&self) -> (Option<Stack>, Stack) {
        match self {
            Self::Transformer(model) => model.stacks(),
            Self::DecoderOnly(model) => (None, model.stack()),
            Self::Lstm(model) => model.stacks(),
            Self::Architecture(parts) => (parts.encoder.clone(), parts.decoder.clone()),
        }
    }

    /// The sharing of weights between embeddings and softmax.
    pub fn tied_embeddings(&self) -> TiedEmbeddings {
        match self {
            Self::Transformer(model) => model.tied_embeddings,
            Self::DecoderOnly(model) => model.tied_embeddings,
            Self::Lstm(model) => model.tied_embeddings,
            Self::Architecture(parts) => parts.tied_embeddings,
        }
    }

    /// The factor of looked-up embeddings of a width.
    pub fn embedding_scale(&self, d_model: usize) -> f64 {
        match self {
            Self::Architecture(parts) => parts.embedding_scale.unwrap_or_else(|| (d_model as f64).sqrt()),
            _ => (d_model as f64).sqrt(),
        }
    }

    /// A softmax over a vocabulary, tied to the table of a stem where embeddings are.
    pub fn softmax(&self, vocabulary: usize, stem: usize) -> Head {
        let tied = (self.tied_embeddings() != TiedEmbeddings::None).then_some(stem);
        match self {
            Self::Architecture(parts) => {
                Head::Softmax { vocabulary, tied, bias: parts.output_bias, scale: parts.output_scale }
            }
            _ => Head::softmax(vocabulary, tied),
        }
    }

    /// True where sources and targets of different tokenizers number their tokens alike.
    pub fn has_joint_vocabulary(&self) -> bool {
        matches!(self, Self::Architecture(parts) if parts.joint_vocabulary)
    }

    /// True for a language model, whose tasks have no source.
    pub fn is_decoder_only(&self) -> bool {
        match self {
            Self::DecoderOnly(_) => true,
            Self::Architecture(parts) => parts.encoder.is_none(),
            Self::Transformer(_) | Self::Lstm(_) => false,
        }
    }

    /// The initialization of the weights.
    pub fn initialization(&self) -> Initialization {
        match self {
            Self::Transformer(model) => model.initialization,
            Self::DecoderOnly(model) => model.initialization,
            Self::Lstm(_) | Self::Architecture(_) => Initialization::Xavier,
        }
    }

    /// The dropout rates of each part in training.
    pub fn dropout(&self) -> DropoutRates {
        let rates = |rate: f64, embedding: Option<f64>, attention: Option<f64>, activation: Option<f64>| {
            DropoutRates {
                residual: rate,
                embedding: embedding.unwrap_or(rate),
                attention: attention.unwrap_or(rate),
                activation: activation.unwrap_or(rate),
            }
        };
        match self {
            Self::Transformer(model) => rates(
                model.dropout,
                model.embedding_dropout,
                model.attention_dropout,
                model.activation_dropout,
            ),
            Self::DecoderOnly(model) => rates(
                model.dropout,
                model.embedding_dropout,
                model.attention_dropout,
                model.activation_dropout,
            ),
            Self::Lstm(model) => DropoutRates::everywhere(model.dropout),
            Self::Architecture(parts) => rates(
                parts.dropout,
                parts.embedding_dropout,
                parts.attention_dropout,
                parts.activation_dropout,
            ),
        }
    }
}

/// The options that both kinds of transformer have.
pub(crate) struct StackOptions {
    pub d_model: usize,
    pub d_ff: usize,
    pub heads: usize,
    pub norm: NormPlacement,
    pub positions: Positions,
    pub activation: Activation,
    pub initialization: Initialization,
    pub max_positions: usize,
}

impl StackOptions {
    fn stack(&self, layers: usize, gains: Gains) -> Stack {
        let mut stack = Stack::of_transformer(self.d_model, self.d_ff, self.heads, layers)
            .normalised(self.norm)
            .with(|of| {
                of.feed_forward.activation = self.activation;
                of.residual_scale = gains.residual_scale;
            });
        stack.positions = match self.positions {
            Positions::Sinusoidal => PositionsData::SINUSOIDAL,
            Positions::Learned => PositionsData::Learned { limit: self.max_positions, offset: 0 },
            Positions::Rotary => PositionsData::Rotary,
            Positions::Alibi => PositionsData::Alibi,
        };
        stack
    }
}

impl From<&Transformer> for StackOptions {
    fn from(model: &Transformer) -> Self {
        Self {
            d_model: model.d_model,
            d_ff: model.d_ff,
            heads: model.heads,
            norm: model.norm,
            positions: model.positions,
            activation: model.activation,
            initialization: model.initialization,
            max_positions: model.max_positions,
        }
    }
}

impl From<&DecoderOnly> for StackOptions {
    fn from(model: &DecoderOnly) -> Self {
        Self {
            d_model: model.d_model,
            d_ff: model.d_ff,
            heads: model.heads,
            norm: model.norm,
            positions: model.positions,
            activation: model.activation,
            initialization: model.initialization,
            max_positions: model.max_positions,
        }
    }
}

impl Transformer {
    fn stacks(&self) -> (Option<Stack>, Stack) {
        let options = StackOptions::from(self);
        let (encoder, decoder) = (self.encoder_layers, self.decoder_layers);
        let decoder_gains = self.initialization.decoder(decoder);
        (
            Some(options.stack(encoder, self.initialization.encoder(encoder, decoder))),
            options.stack(decoder, decoder_gains).attending(),
        )
    }
}

impl DecoderOnly {
    fn stack(&self) -> Stack {
        StackOptions::from(self).stack(self.layers, self.initialization.decoder_only(self.layers))
    }
}

impl Lstm {
    fn stacks(&self) -> (Option<Stack>, Stack) {
        let encoder = LstmLayers {
            layers: self.encoder_layers,
            bidirectional: self.bidirectional,
            attention: LstmAttention::None,
        };
        let decoder =
            LstmLayers { layers: self.decoder_layers, bidirectional: false, attention: self.attention };
        (Some(Stack::of_lstm(self.d_model, encoder)), Stack::of_lstm(self.d_model, decoder))
    }
}
