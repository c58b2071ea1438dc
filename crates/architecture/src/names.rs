//! Names of the parts of a model, of which the names of parameters are put together.
//!
//! A parameter is called by its way through the model: `decoder.layers.0.cross_attention.query.weight`. Stems, heads
//! and alignments are called by the task and side that use them first: `stems.en-de.source.table`.

/// The encoder.
pub const ENCODER: &str = "encoder";
/// The decoder.
pub const DECODER: &str = "decoder";
/// Blocks of a program's own before the layers of the encoder, by number from 0, each with weights by their names.
pub const ENCODER_BLOCKS: &str = "encoder_blocks";
/// The layers of a stack, by number from 0.
pub const LAYERS: &str = "layers";
/// Learned positions of a stack: a `table`.
pub const POSITIONS: &str = "positions";
/// The normalisation of embeddings.
pub const EMBEDDING_NORM: &str = "embedding_norm";
/// The normalisation after the last layer.
pub const FINAL_NORM: &str = "norm";

/// Self-attention of a layer.
pub const SELF_ATTENTION: &str = "self_attention";
/// Simpler simple recurrent unit of a layer.
pub const SSRU: &str = "ssru";
/// Attention of a layer to the encoder.
pub const CROSS_ATTENTION: &str = "cross_attention";
/// The feed-forward layer of a layer.
pub const FEED_FORWARD: &str = "feed_forward";

/// The matrix of queries.
pub const QUERY: &str = "query";
/// The matrix of keys.
pub const KEY: &str = "key";
/// The matrix of values.
pub const VALUE: &str = "value";
/// The matrix that mixes the heads.
pub const OUTPUT: &str = "output";

/// The matrix of an SSRU's candidates.
pub const CANDIDATE: &str = "candidate";
/// The matrix of an SSRU's forget gates.
pub const FORGET: &str = "forget";

/// The matrix that leads into a feed-forward layer.
pub const INNER: &str = "inner";
/// The matrix of a feed-forward layer's gates.
pub const GATE: &str = "gate";
/// The matrix that leads out of a feed-forward layer.
pub const OUTER: &str = "outer";

/// LSTM cells of an encoder that read from the beginning.
pub const FORWARDS: &str = "forwards";
/// LSTM cells of an encoder that read from the end.
pub const BACKWARDS: &str = "backwards";
/// The matrix from a cell's input to its gates.
pub const INPUT: &str = "input";
/// The matrix from a cell's state to its gates.
pub const HIDDEN: &str = "hidden";
/// Matrices from the encoder's last state to the first state of each layer of an LSTM decoder.
pub const BRIDGES: &str = "bridges";
/// The vector of an LSTM's additive scores.
pub const SCORE: &str = "score";
/// The matrix that joins an LSTM's context and state.
pub const COMBINE: &str = "combine";

/// Entrances.
pub const STEMS: &str = "stems";
/// Exits.
pub const HEADS: &str = "heads";
/// Alignments of the encoder.
pub const ALIGNMENTS: &str = "alignments";
/// A vector for each task, added to the decoder's input where tasks are several.
pub const TASK_VECTORS: &str = "task_vectors";
/// A projection to frames.
pub const FRAMES: &str = "frames";

/// A matrix `[inputs, outputs]`, or the gain of a normalisation.
pub const WEIGHT: &str = "weight";
/// The vector that is added to outputs.
pub const BIAS: &str = "bias";
/// A vector for each token or position, `[count, width]`.
pub const TABLE: &str = "table";
/// The vectors in front of the frames of an entrance, `[tokens, d_model]`.
pub const CLASS_TOKENS: &str = "class_tokens";

/// The name of a sub-layer's normalisation.
pub fn norm_of(sub_layer: &str) -> String {
    format!("{sub_layer}_norm")
}
