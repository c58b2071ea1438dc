//! The error of a generator.

/// Error of a generator whose options are impossible.
#[derive(Debug, thiserror::Error)]
#[error("generator {generator}: {reason}")]
#[non_exhaustive]
pub struct SyntheticError {
    /// The generator.
    pub generator: &'static str,
    /// The problem, and the way out.
    pub reason: String,
}
