//! Block: a part of a program's own between the stem of a source and the layers of the encoder.

use any2any_adapter::Live;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Block of a program's own: the name and the options of a plug-in, and the weights that it learns.
///
/// Weights are data, so that they are counted, saved and compared like all others; what the block does with them is
/// the plug-in's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The plug-in's name.
    pub name: String,
    /// The plug-in's options, with their defaults.
    pub options: Value,
    /// The weights that it learns.
    pub weights: Vec<BlockWeight>,
    /// The plug-in at work; none in an architecture that was only read.
    #[serde(skip)]
    pub live: Option<Live>,
}

/// Weight of a block of a program's own.
///
/// ```
/// use any2any_architecture::{BlockWeight, Start};
///
/// /// The weights of gates in a model of this width.
/// fn weights(d_model: usize) -> Vec<BlockWeight> {
///     vec![
///         BlockWeight::new("weight", [d_model, d_model], Start::Xavier),
///         BlockWeight::new("bias", [d_model], Start::Constant(-2.0)),
///     ]
/// }
///
/// let size = |weight: &BlockWeight| weight.shape.iter().product::<usize>();
/// assert_eq!(weights(256).iter().map(size).sum::<usize>(), 65_792);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockWeight {
    /// Its name among the weights of its block.
    pub name: String,
    /// The sizes of its dimensions, one to three.
    pub shape: Vec<usize>,
    /// Its values before training.
    pub start: Start,
}

/// Values of a weight before training.
///
/// ```
/// use any2any_architecture::{BlockWeight, Start};
///
/// // The bias of gates that are nearly shut before training, and the query that opens them.
/// let bias = BlockWeight::new("bias", [256], Start::Constant(-2.0));
/// let query = BlockWeight::new("query", [256], Start::Normal(0.02));
/// assert_ne!(bias.start, query.start);
/// // The values as a checkpoint describes them.
/// assert_eq!(serde_json::to_value(bias.start)?, serde_json::json!({ "constant": -2.0 }));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// All one number.
    Constant(f32),
    /// Of a normal distribution around 0 with this standard deviation.
    Normal(f64),
    /// Glorot's uniform: between ±sqrt(6 / (inputs + outputs)), where the last dimension is outputs and the others are
    /// inputs (Glorot and Bengio 2010).
    Xavier,
}

impl BlockWeight {
    /// A weight by name and shape, with its values before training.
    pub fn new(name: impl Into<String>, shape: impl Into<Vec<usize>>, start: Start) -> Self {
        Self { name: name.into(), shape: shape.into(), start }
    }
}
