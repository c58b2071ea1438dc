//! Errors between a text and its tokens.

use any2any_adapter::AdapterError;

/// Error between a text and its tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The value is of another medium.
    #[error("a text is needed, and this is none: check the option 'field'")]
    NotText,
    /// The model wrote frames where a text has tokens.
    #[error("a text is written in tokens, and this sequence has frames")]
    NotTokens,
    /// A token that the vocabulary does not have.
    #[error(
        "token {token} is outside the vocabulary of {vocabulary} tokens: the model and the tokenizer do not belong together"
    )]
    OutsideVocabulary {
        /// The token.
        token: u32,
        /// Size of the vocabulary, in tokens.
        vocabulary: usize,
    },
    /// The tokenizer cannot cut a text.
    #[error("the tokenizer fails on this text: {reason}")]
    Segmentation {
        /// Message of the tokenizer.
        reason: String,
    },
}

impl From<TextError> for AdapterError {
    fn from(error: TextError) -> Self {
        AdapterError::Value { reason: error.to_string() }
    }
}
