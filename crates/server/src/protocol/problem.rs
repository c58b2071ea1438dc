//! What a request is answered with when it cannot be fulfilled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// What is wrong.
    pub error: ProblemDetail,
}

/// What is wrong, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemDetail {
    /// For programs: `not_found`.
    pub code: String,
    /// For people.
    pub message: String,
    /// The way out; empty when there is none.
    pub help: String,
}
