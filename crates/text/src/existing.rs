//! A tokenizer that comes from elsewhere, as a Hugging Face `tokenizer.json`: all its steps are taken as they
//! stand in the file.

use std::ops::Range;

use tokenizers::Tokenizer;

use crate::error::TextError;
use crate::pieces::Spelled;
use crate::trained::Cut;

/// A tokenizer that comes from elsewhere.
pub(crate) struct Existing {
    tokenizer: Tokenizer,
    vocabulary: usize,
    document: String,
}

impl Existing {
    /// The tokenizer of a file.
    ///
    /// # Errors
    ///
    /// Why the file is none.
    pub(crate) fn new(document: String) -> Result<Self, String> {
        let mut tokenizer = Tokenizer::from_bytes(document.as_bytes())
            .map_err(|error| format!("no tokenizer of Hugging Face's format: {error}"))?;
        // A text is a text: what looks like a special token in it is not one, and it is neither cut off nor
        // filled up here.
        tokenizer.set_encode_special_tokens(true);
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|error| error.to_string())?;
        let last = tokenizer.get_vocab(true).into_values().max();
        let vocabulary = last.ok_or("its vocabulary is empty")? as usize + 1;
        Ok(Self { tokenizer, vocabulary, document })
    }

    pub(crate) fn document(&self) -> &str {
        &self.document
    }

    pub(crate) fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    pub(crate) fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    pub(crate) fn name(&self, token: u32) -> Option<String> {
        self.tokenizer.id_to_token(token)
    }

    /// The tokens of a text.
    pub(crate) fn cut(&self, text: &str) -> Result<Vec<Cut>, TextError> {
        let encoding = self.tokenizer.encode(text, false).map_err(failed)?;
        let ranges = encoding.get_offsets().iter().map(|&(start, end)| start..end);
        Ok(encoding.get_ids().iter().copied().zip(ranges).collect())
    }

    /// Tokens as text.
    ///
    /// A decoder of this format works on all tokens at once, so the part of each token is found by decoding
    /// the tokens up to it: quadratic, but for the length of a sentence that is little.
    pub(crate) fn spell(&self, tokens: &[u32]) -> Result<Spelled, TextError> {
        if let Some(&token) = tokens.iter().find(|&&token| token as usize >= self.vocabulary) {
            return Err(TextError::OutsideVocabulary { token, vocabulary: self.vocabulary });
        }
        let decode = |count: usize| self.tokenizer.decode(&tokens[..count], true).map_err(failed);
        let text = decode(tokens.len())?;
        let mut ranges: Vec<Range<usize>> = Vec::with_capacity(tokens.len());
        let mut end = 0;
        // Tokens that give nothing before a character is complete are parts of that character.
        let mut waiting = 0;
        for count in 1..=tokens.len() {
            let so_far = decode(count)?;
            let start = end;
            end = common_prefix(&so_far, &text).max(start);
            ranges.push(start..end);
            if end > start {
                ranges[count - 1 - waiting..].fill(start..end);
                waiting = 0;
            } else if so_far.ends_with('\u{fffd}') {
                waiting += 1;
            } else {
                waiting = 0;
            }
        }
        Ok((text, ranges))
    }
}

fn failed(error: tokenizers::Error) -> TextError {
    TextError::Segmentation { reason: error.to_string() }
}

fn common_prefix(a: &str, b: &str) -> usize {
    let same = |((at, a), b): &((usize, char), char)| (a == b).then_some(at + a.len_utf8());
    a.char_indices().zip(b.chars()).map_while(|pair| same(&pair)).last().unwrap_or(0)
}
