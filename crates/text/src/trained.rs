//! A tokenizer that was trained here: its model, and the way from a text to tokens and back.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use tokenizers::{Model, ModelWrapper, Token};

use crate::error::TextError;
use crate::options::{TextOptions, Tokenizer};
use crate::pieces::{Pieces, Spelled};
use crate::recipe;
use crate::special::{SPECIAL, SpecialTokens};
use crate::words::Marked;

/// A token and the bytes of the text that it covers; bytes of a character may be apart.
pub(crate) type Cut = (u32, Range<usize>);

/// How many words are remembered.
const KNOWN: usize = 100_000;

/// A tokenizer that was trained here.
pub(crate) struct Trained {
    model: ModelWrapper,
    pieces: Pieces,
    words: bool,
    /// Words that were cut before: most words of a text are common ones.
    known: RwLock<HashMap<String, Vec<Cut>>>,
    document: String,
}

impl Trained {
    /// The tokenizer of a file.
    ///
    /// # Errors
    ///
    /// Why the file is none that was trained with these options.
    pub(crate) fn new(document: String, options: &TextOptions) -> Result<Self, String> {
        let mut parsed: serde_json::Value =
            serde_json::from_str(&document).map_err(|error| format!("no JSON: {error}"))?;
        for part in recipe::PARTS {
            if parsed[part] != recipe::part(options, part) {
                return Err(format!(
                    "its {part} does not belong to the options of the text: it was trained with others"
                ));
            }
        }
        let model = parsed["model"].take();
        let expected = recipe::model_type(&options.tokenizer);
        if model["type"] != expected {
            return Err(format!("its model is {}, and the options need {expected}", model["type"]));
        }
        let mut model: ModelWrapper =
            serde_json::from_value(model).map_err(|error| format!("its model is broken: {error}"))?;
        let names: Vec<String> =
            (0..model.get_vocab_size() as u32).map_while(|token| model.id_to_token(token)).collect();
        if names.len() != model.get_vocab_size() {
            return Err(format!("its vocabulary has no token {}", names.len()));
        }
        if !names.iter().zip(SPECIAL).all(|(name, special)| name == special) || names.len() < SPECIAL.len() {
            return Err(format!("its vocabulary does not start with {}", SPECIAL.join(" ")));
        }
        if options.tokenizer.vocab().is_some_and(|asked| asked != names.len()) {
            return Err(format!("it has {} tokens, and the options ask for another number", names.len()));
        }
        let words = recipe::has_words(&options.tokenizer);
        // The models' own memory of words is smaller and slower than ours.
        model.resize_cache(0);
        let continued = matches!(options.tokenizer, Tokenizer::WordPiece(_));
        let pieces = Pieces::new(names, options.tokenizer.has_bytes(), words, continued);
        Ok(Self { model, pieces, words, known: RwLock::default(), document })
    }

    pub(crate) fn document(&self) -> &str {
        &self.document
    }

    pub(crate) fn vocabulary(&self) -> usize {
        self.pieces.len()
    }

    pub(crate) fn name(&self, token: u32) -> Option<&str> {
        self.pieces.name(token)
    }

    /// The tokens of a normalised text.
    pub(crate) fn cut(&self, text: &str) -> Result<Vec<Cut>, TextError> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        if !self.words {
            return self.cut_unit(text);
        }
        let mut cuts = Vec::with_capacity(text.len() / 3);
        let mut new: Vec<(String, Vec<Cut>)> = Vec::new();
        let marked = Marked::new(text);
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            for word in marked.words() {
                let mut place = |unit: &[Cut]| {
                    cuts.extend(unit.iter().map(|(token, range)| (*token, word.range(range.clone()))));
                };
                match known.get(word.marked) {
                    Some(unit) => place(unit),
                    None => {
                        let unit = self.cut_unit(word.marked)?;
                        place(&unit);
                        new.push((word.marked.to_owned(), unit));
                    }
                }
            }
        }
        if !new.is_empty() {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            let room = KNOWN.saturating_sub(known.len());
            known.extend(new.into_iter().take(room));
        }
        Ok(cuts)
    }

    /// The tokens of a word with its mark, or of a text that is not cut into words.
    fn cut_unit(&self, unit: &str) -> Result<Vec<Cut>, TextError> {
        let tokens = self
            .model
            .tokenize(unit)
            .map_err(|error| TextError::Segmentation { reason: error.to_string() })?;
        let mut end = 0;
        let cut = |token: Token| {
            // Models differ in what they say a byte covers; here it always covers itself.
            let range =
                if self.pieces.is_byte(token.id) { end..end + 1 } else { token.offsets.0..token.offsets.1 };
            end = range.end;
            // A text that is spelled like a special token is a text.
            let special = (token.id as usize) < SPECIAL.len();
            (SpecialTokens::TRAINED.unknown.filter(|_| special).unwrap_or(token.id), range)
        };
        Ok(tokens.into_iter().map(cut).collect())
    }

    /// Tokens as text.
    pub(crate) fn spell(&self, tokens: &[u32]) -> Result<Spelled, TextError> {
        self.pieces.spell(tokens)
    }
}
