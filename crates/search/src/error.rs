//! Errors of a search.

/// Error of a search. `E` is the stepper's own error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError<E: std::error::Error + 'static> {
    /// An impossible option.
    #[error("{option}: {reason}")]
    Option {
        /// The option.
        option: &'static str,
        /// The reason, and the way out.
        reason: &'static str,
    },
    /// A token that the vocabulary does not have.
    #[error("{role} token {token} is outside the vocabulary of {vocabulary} tokens")]
    Token {
        /// The role of the token: begin, end and so on.
        role: &'static str,
        /// The token.
        token: u32,
        /// Size of the vocabulary, in tokens.
        vocabulary: usize,
    },
    /// A prefix longer than its hypothesis may be.
    #[error("the prefix of source {source_row} has {prefix} tokens, but at most {max_length} may be written")]
    Prefix {
        /// The source, counted from 0.
        source_row: usize,
        /// The length of the prefix.
        prefix: usize,
        /// The maximum length.
        max_length: usize,
    },
    /// The stepper gave a wrong number of logits.
    #[error("the model gave {given} logits where rows times vocabulary are {expected}")]
    Shape {
        /// Number of logits that were expected.
        expected: usize,
        /// Number of logits that came.
        given: usize,
    },
    /// The stepper gave logits that have no softmax.
    #[error(
        "the model's logits for source {source_row} at position {position} are not numbers: \
         its weights have probably diverged in training"
    )]
    NotANumber {
        /// The source, counted from 0.
        source_row: usize,
        /// The position, counted from 0.
        position: usize,
    },
    /// The stepper failed.
    #[error(transparent)]
    Stepper(E),
}
