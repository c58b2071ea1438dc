//! The steps of a tokenizer that comes from elsewhere, one after the other, with a bound on the growth of a text: a
//! few steps that double it make more than any memory holds.

use std::cell::Cell;

use tokenizers::{
    Decoder, DecoderWrapper, NormalizedString, Normalizer, NormalizerWrapper, OffsetReferential, OffsetType,
    PreTokenizedString, PreTokenizer, PreTokenizerWrapper, Result,
};

/// Largest growth of a text by the steps, as a multiple of its length.
const GROWTH: usize = 16;
/// Bytes that the steps may add to a text of any length.
const EXTRA: usize = 1024;

thread_local! {
    /// The error of the last normalisation on this thread: the library itself goes on with the text as it is.
    static FAILED: Cell<Option<String>> = const { Cell::new(None) };
}

/// The normalizers of a tokenizer, run within the bound.
pub(crate) struct Normalizing(Vec<NormalizerWrapper>);

/// The pre-tokenizers of a tokenizer, which cut a text into words, run within the bound.
pub(crate) struct PreTokenizing(Vec<PreTokenizerWrapper>);

/// The decoders of a tokenizer, which make a text of tokens, run within the bound.
pub(crate) struct Decoding(Vec<DecoderWrapper>);

fn most(length: usize) -> usize {
    length.saturating_mul(GROWTH).saturating_add(EXTRA)
}

fn overgrown(steps: &str, length: usize) -> String {
    format!("{steps} make more than {} bytes of its {length}", most(length))
}

impl Normalizing {
    pub(crate) fn new(step: NormalizerWrapper) -> Self {
        match step {
            NormalizerWrapper::Sequence(steps) => {
                Self(steps.into_iter().flat_map(|step| Self::new(step).0).collect())
            }
            step => Self(vec![step]),
        }
    }

    /// Forgets an earlier error.
    pub(crate) fn begin() {
        FAILED.set(None);
    }

    /// The error of a normalisation since [`Self::begin`], if there is one.
    pub(crate) fn failure() -> Option<String> {
        FAILED.take()
    }

    fn steps(&self, text: &mut NormalizedString) -> Result<()> {
        let length = text.get().len();
        for step in &self.0 {
            step.normalize(text)?;
            if text.get().len() > most(length) {
                return Err(overgrown("its normalizers", length).into());
            }
        }
        Ok(())
    }
}

impl Normalizer for Normalizing {
    fn normalize(&self, text: &mut NormalizedString) -> Result<()> {
        self.steps(text).inspect_err(|error| {
            FAILED.set(Some(error.to_string()));
            text.clear();
        })
    }
}

impl PreTokenizing {
    pub(crate) fn new(step: PreTokenizerWrapper) -> Self {
        match step {
            PreTokenizerWrapper::Sequence(steps) => {
                Self(steps.into_iter().flat_map(|step| Self::new(step).0).collect())
            }
            step => Self(vec![step]),
        }
    }
}

impl PreTokenizer for PreTokenizing {
    fn pre_tokenize(&self, text: &mut PreTokenizedString) -> Result<()> {
        let length = |text: &PreTokenizedString| -> usize {
            let parts = text.get_splits(OffsetReferential::Normalized, OffsetType::Byte);
            parts.iter().map(|(part, ..)| part.len()).sum()
        };
        let before = length(text);
        for step in &self.0 {
            step.pre_tokenize(text)?;
            if length(text) > most(before) {
                return Err(overgrown("its pre-tokenizers", before).into());
            }
        }
        Ok(())
    }
}

impl Decoding {
    pub(crate) fn new(step: DecoderWrapper) -> Self {
        match step {
            DecoderWrapper::Sequence(steps) => {
                Self(steps.get_decoders().iter().flat_map(|step| Self::new(step.clone()).0).collect())
            }
            step => Self(vec![step]),
        }
    }

    /// True if a step writes bytes as characters.
    pub(crate) fn is_byte_level(&self) -> bool {
        self.0.iter().any(|step| matches!(step, DecoderWrapper::ByteLevel(_)))
    }

    /// Tokens as text.
    ///
    /// # Errors
    ///
    /// The error of a step.
    pub(crate) fn decode(&self, mut tokens: Vec<String>) -> Result<String> {
        let length = |tokens: &[String]| tokens.iter().map(String::len).sum::<usize>();
        let before = length(&tokens) + tokens.len();
        for step in &self.0 {
            tokens = match step {
                // The library counts from the last token and from the end of each, and looks for none.
                _ if tokens.is_empty() => break,
                DecoderWrapper::Strip(strip) => {
                    let cut = |token: &String| stripped(token, strip.content, strip.start, strip.stop);
                    tokens.iter().map(cut).collect()
                }
                step => step.decode_chain(tokens)?,
            };
            if length(&tokens) > most(before) {
                return Err(overgrown("its decoders", before).into());
            }
        }
        Ok(tokens.concat())
    }
}

/// A token without up to so many of a character at its start and its end.
fn stripped(token: &str, character: char, start: usize, stop: usize) -> String {
    let mut rest = token;
    for _ in 0..start.min(token.len()) {
        rest = rest.strip_prefix(character).unwrap_or(rest);
    }
    for _ in 0..stop.min(token.len()) {
        rest = rest.strip_suffix(character).unwrap_or(rest);
    }
    rest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_stripped_as_far_as_there_are_any() {
        for (token, start, stop, expected) in [
            ("  a ", 1, 0, " a "),
            ("  a ", 2, 2, "a"),
            (" ", 1, 1, ""),
            ("", 1, 1, ""),
            ("  ", usize::MAX, usize::MAX, ""),
            ("a b", 9, 9, "a b"),
        ] {
            assert_eq!(stripped(token, ' ', start, stop), expected, "{token:?}");
        }
    }

    #[test]
    fn no_tokens_are_no_text_for_every_decoder() {
        let decoders = [
            r#"{ "type": "BPEDecoder", "suffix": "</w>" }"#,
            r###"{ "type": "WordPiece", "prefix": "##", "cleanup": true }"###,
            r#"{ "type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": true }"#,
            r#"{ "type": "Strip", "content": " ", "start": 1, "stop": 1 }"#,
            r#"{ "type": "Sequence", "decoders": [{ "type": "Fuse" }, { "type": "BPEDecoder", "suffix": "</w>" }] }"#,
        ];
        for decoder in decoders {
            let decoding = Decoding::new(serde_json::from_str(decoder).expect("a decoder"));
            assert_eq!(decoding.decode(Vec::new()).expect("text"), "", "{decoder}");
        }
        let words = Decoding::new(serde_json::from_str(decoders[0]).expect("a decoder"));
        assert_eq!(words.decode(vec!["a".into(), "b</w>".into(), "c</w>".into()]).expect("text"), "ab c");
    }
}
