//! A stack of layers: an encoder or a decoder.

use serde::{Deserialize, Serialize};

use crate::attention::Attention;
use crate::lstm::LstmLayers;
use crate::norm::Norm;
use crate::positions::Positions;
use crate::transformer::{Mixer, TransformerLayers};

/// Which stack of a model it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StackKind {
    /// The encoder.
    Encoder,
    /// The decoder.
    Decoder,
}

/// An encoder or a decoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// The width of every position.
    pub d_model: usize,
    /// How positions are told apart.
    pub positions: Positions,
    /// Normalises the sum of embeddings and positions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding_norm: Option<Norm>,
    /// The layers.
    pub layers: Layers,
    /// Normalises what the last layer gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_norm: Option<Norm>,
}

/// The layers of a stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layers {
    /// Of a transformer.
    Transformer(TransformerLayers),
    /// Of LSTM cells.
    Lstm(LstmLayers),
}

impl Stack {
    /// How many layers there are.
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
}
