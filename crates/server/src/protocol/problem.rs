//! The answer to a request that fails.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An error as an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Problem {
    /// The error.
    pub error: ProblemDetail,
}

/// An error, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ProblemDetail {
    /// The code for programs, such as `not_found`.
    pub code: String,
    /// The message for people.
    pub message: String,
    /// The way out; empty when there is none.
    pub help: String,
}
