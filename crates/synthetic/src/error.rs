//! The error of a generator.

/// A generator that cannot do what it is asked.
#[derive(Debug, thiserror::Error)]
#[error("generator {generator}: {reason}")]
pub struct SyntheticError {
    /// The generator.
    pub generator: &'static str,
    /// What is wrong, and the way out.
    pub reason: String,
}
