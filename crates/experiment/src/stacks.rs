//! Conversion from the model section of an experiment to the stacks of an architecture.

use any2any_architecture::{
    Activation, DropoutRates, Gains, Initialization, LstmAttention, LstmLayers, NormPlacement,
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
        }
    }

    /// The sharing of weights between embeddings and softmax.
    pub fn tied_embeddings(&self) -> TiedEmbeddings {
        match self {
            Self::Transformer(model) => model.tied_embeddings,
            Self::DecoderOnly(model) => model.tied_embeddings,
            Self::Lstm(model) => model.tied_embeddings,
        }
    }

    /// The initialization of the weights.
    pub fn initialization(&self) -> Initialization {
        match self {
            Self::Transformer(model) => model.initialization,
            Self::DecoderOnly(model) => model.initialization,
            Self::Lstm(_) => Initialization::Xavier,
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
        }
    }
}

/// The options that both kinds of transformer have.
struct Choices {
    d_model: usize,
    d_ff: usize,
    heads: usize,
    norm: NormPlacement,
    positions: Positions,
    activation: Activation,
    max_positions: usize,
}

impl Choices {
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

impl Transformer {
    fn stacks(&self) -> (Option<Stack>, Stack) {
        let choices = Choices {
            d_model: self.d_model,
            d_ff: self.d_ff,
            heads: self.heads,
            norm: self.norm,
            positions: self.positions,
            activation: self.activation,
            max_positions: self.max_positions,
        };
        let (encoder, decoder) = (self.encoder_layers, self.decoder_layers);
        let decoder_gains = self.initialization.decoder(decoder);
        (
            Some(choices.stack(encoder, self.initialization.encoder(encoder, decoder))),
            choices.stack(decoder, decoder_gains).attending(),
        )
    }
}

impl DecoderOnly {
    fn stack(&self) -> Stack {
        let choices = Choices {
            d_model: self.d_model,
            d_ff: self.d_ff,
            heads: self.heads,
            norm: self.norm,
            positions: self.positions,
            activation: self.activation,
            max_positions: self.max_positions,
        };
        choices.stack(self.layers, self.initialization.decoder_only(self.layers))
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
