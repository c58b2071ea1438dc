//! Operations that a model learns with: whole sub-layers and losses over batches, each with its backward pass, and
//! the update of an optimizer.
//!
//! Work is shared between threads; what a backward pass gives has named fields.

pub mod adam;
pub mod attention;
pub mod attention_layer;
pub mod cross_entropy;
pub mod embedding;
pub mod feed_forward;
pub mod linear;
pub mod lstm;
