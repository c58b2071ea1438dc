//! A stack of layers: an encoder or a decoder.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::attention::Attention;
use crate::feed_forward::FeedForward;
use crate::lstm::LstmLayers;
use crate::norm::{Norm, NormPlacement};
use crate::positions::Positions;
use crate::transformer::{Mixer, TransformerLayers};

/// One of the two stacks of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StackKind {
    /// The encoder.
    Encoder,
    /// The decoder.
    Decoder,
}

impl StackKind {
    /// True where a position sees those after it.
    pub fn sees_both_directions(self) -> bool {
        self == Self::Encoder
    }
}

/// An encoder or a decoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// The width of every position.
    pub d_model: usize,
    /// The positions.
    pub positions: Positions,
    /// Normalises the sum of embeddings and positions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding_norm: Option<Norm>,
    /// The layers.
    pub layers: Layers,
    /// Normalises the output of the last layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_norm: Option<Norm>,
}

/// The layers of a stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layers {
    /// Of a transformer.
    Transformer(TransformerLayers),
    /// Of LSTM cells.
    Lstm(LstmLayers),
}

impl Stack {
    /// A transformer as it is first described: sinusoidal positions, heads that divide `d_model`, layer normalisation
    /// before each sub-layer and after the last layer, ReLU, biases everywhere.
    pub fn of_transformer(d_model: usize, d_ff: usize, heads: usize, layers: usize) -> Self {
        Self {
            d_model,
            positions: Positions::SINUSOIDAL,
            embedding_norm: None,
            layers: Layers::Transformer(TransformerLayers {
                layers,
                mixer: Mixer::SelfAttention(Attention::new(d_model, heads)),
                cross_attention: None,
                feed_forward: FeedForward { d_ff, activation: Activation::Relu, bias: true },
                norm: Norm::LAYER,
                placement: NormPlacement::Pre,
                residual_scale: 1.0,
            }),
            final_norm: Some(Norm::LAYER),
        }
    }

    /// Layers of LSTM cells.
    pub fn of_lstm(d_model: usize, layers: LstmLayers) -> Self {
        Self {
            d_model,
            positions: Positions::None,
            embedding_norm: None,
            layers: Layers::Lstm(layers),
            final_norm: None,
        }
    }

    /// The stack with changes to the layers of its transformer; an LSTM stays as it is.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut TransformerLayers)) -> Self {
        if let Layers::Transformer(layers) = &mut self.layers {
            change(layers);
        }
        self
    }

    /// The stack as a decoder that attends to an encoder with as many heads as to itself.
    #[must_use]
    pub fn attending(self) -> Self {
        let heads = self.self_attention().copied();
        self.with(|layers| layers.cross_attention = heads)
    }

    /// The stack with the normalisation of its sub-layers at a place; before them, the last layer is followed by one
    /// more.
    #[must_use]
    pub fn normalised(self, placement: NormPlacement) -> Self {
        let mut stack = self.with(|layers| layers.placement = placement);
        let norm = stack.transformer().map(|layers| layers.norm);
        stack.final_norm = norm.filter(|_| placement == NormPlacement::Pre);
        stack
    }

    /// The number of layers.
    pub fn layers(&self) -> usize {
        match &self.layers {
            Layers::Transformer(layers) => layers.layers,
            Layers::Lstm(layers) => layers.layers,
        }
    }

    /// The layers of a transformer; none of LSTM cells.
    pub fn transformer(&self) -> Option<&TransformerLayers> {
        match &self.layers {
            Layers::Transformer(layers) => Some(layers),
            Layers::Lstm(_) => None,
        }
    }

    /// The layers of LSTM cells; none of a transformer.
    pub fn lstm(&self) -> Option<&LstmLayers> {
        match &self.layers {
            Layers::Transformer(_) => None,
            Layers::Lstm(layers) => Some(layers),
        }
    }

    /// Self-attention, where positions attend to their own sequence.
    pub fn self_attention(&self) -> Option<&Attention> {
        match &self.transformer()?.mixer {
            Mixer::SelfAttention(attention) => Some(attention),
            Mixer::Ssru => None,
        }
    }
    /// The number and the width of the heads of self-attention; one as wide as the stack where there is none.
    pub fn heads(&self) -> (usize, usize) {
        self.self_attention().map_or((1, self.d_model), |attention| (attention.heads, attention.d_head))
    }
}
