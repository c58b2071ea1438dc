//! Tests of the model from outside.

mod invariants;
mod listener;
mod recompute;
