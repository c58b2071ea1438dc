//! The tokens of a codebook: codes beside the special tokens.

use any2any_adapter::{Head, Stem};

/// Padding, begin and end, then one token a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeTokens {
    codes: usize,
}

impl CodeTokens {
    /// Token that fills up a batch.
    pub const PADDING: u32 = 0;
    /// Token from which the decoder starts.
    pub const BEGIN: u32 = 1;
    /// Token that ends a sequence.
    pub const END: u32 = 2;
    const FIRST: u32 = 3;

    /// Tokens for so many codes.
    pub fn new(codes: usize) -> Self {
        Self { codes }
    }

    /// Size of the vocabulary, in tokens.
    pub fn vocabulary(self) -> usize {
        self.codes + Self::FIRST as usize
    }

    /// The tokens of codes, the end last.
    pub fn tokens(self, codes: impl IntoIterator<Item = usize>) -> Vec<u32> {
        let codes = codes.into_iter().map(|code| code as u32 + Self::FIRST);
        codes.chain([Self::END]).collect()
    }

    /// The code of a token; `None` for a special token, or one outside the vocabulary.
    pub fn code(self, token: u32) -> Option<usize> {
        let code = token.checked_sub(Self::FIRST)? as usize;
        (code < self.codes).then_some(code)
    }

    /// The text that stands for a token in displays.
    pub fn show(self, token: u32) -> String {
        match token {
            Self::PADDING => "<padding>".to_owned(),
            Self::BEGIN => "<begin>".to_owned(),
            Self::END => "<end>".to_owned(),
            _ => format!("<code {}>", token - Self::FIRST),
        }
    }

    /// The entrance of the tokens.
    pub fn stem(self) -> Stem {
        Stem::Lookup { vocabulary: self.vocabulary(), padding: Self::PADDING }
    }

    /// The exit of the tokens.
    pub fn head(self) -> Head {
        Head::Softmax {
            vocabulary: self.vocabulary(),
            padding: Self::PADDING,
            begin: Self::BEGIN,
            end: Self::END,
            forbidden: vec![Self::PADDING, Self::BEGIN],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_tokens_and_codes_again() {
        let tokens = CodeTokens::new(5);
        assert_eq!(tokens.tokens([0, 4]), [3, 7, CodeTokens::END]);
        assert_eq!([3, 7, 8, 2].map(|token| tokens.code(token)), [Some(0), Some(4), None, None]);
        assert_eq!((tokens.vocabulary(), tokens.show(4)), (8, "<code 1>".to_owned()));
    }
}
