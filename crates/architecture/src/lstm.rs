//! Layers of LSTM cells: the recurrent networks that transformers replaced.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Layers of LSTM cells (Hochreiter and Schmidhuber 1997; Sutskever et al. 2014).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LstmLayers {
    /// The number of layers.
    pub layers: usize,
    /// Reads from the end too, half of `d_model` wide in each direction; of an encoder.
    pub bidirectional: bool,
    /// The attention of a decoder to the encoder.
    pub attention: LstmAttention,
}

/// The attention of a recurrent decoder to the encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LstmAttention {
    /// Additive attention (Bahdanau et al. 2015).
    #[default]
    Additive,
    /// General dot-product attention (Luong et al. 2015).
    Dot,
    /// None: all the decoder sees is the encoder's last state (Sutskever et al. 2014).
    None,
}
