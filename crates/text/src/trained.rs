//! A tokenizer that was trained here: its model, and the way from a text to tokens and back.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{OnceLock, PoisonError, RwLock};

use any2any_adapter::Random;
use tokenizers::{Model, ModelWrapper, Token};

use crate::added::Part;
use crate::error::TextError;
use crate::hf_format;
use crate::hidden::hide;
use crate::normalization::Normalized;
use crate::options::{TextOptions, Tokenizer};
use crate::pieces::{Pieces, Spelled};
use crate::sampling::{Sampler, Sampling};
use crate::special::{SPECIAL, SpecialTokens};
use crate::words::Marked;

/// A token and the bytes of the text that it covers; bytes of a character may be apart.
pub(crate) type Cut = (u32, Range<usize>);

/// Largest number of words in the cache of cut words.
const KNOWN: usize = 100_000;

/// A tokenizer that was trained here.
pub(crate) struct TrainedTokenizer {
    model: ModelWrapper,
    pieces: Pieces,
    /// The first token that a text can become, but for added tokens.
    first_piece: u32,
    words: bool,
    /// Cache of words that were cut before: most words of a text are common ones.
    known: RwLock<HashMap<String, Vec<Cut>>>,
    document: String,
    /// The model as it cuts words at random, made when it first does.
    sampler: OnceLock<Option<Sampler>>,
}

impl TrainedTokenizer {
    /// The tokenizer of a file.
    ///
    /// # Errors
    ///
    /// If the file is none that was trained with these options.
    pub(crate) fn new(document: String, options: &TextOptions) -> Result<Self, String> {
        let mut parsed: serde_json::Value =
            serde_json::from_str(&document).map_err(|error| format!("no JSON: {error}"))?;
        for part in hf_format::PARTS {
            if parsed[part] != hf_format::part(options, part) {
                return Err(format!(
                    "its {part} does not belong to the options of the text: it was trained with others"
                ));
            }
        }
        let mut model = parsed["model"].take();
        let expected = hf_format::model_type(&options.tokenizer);
        if model["type"] != expected {
            return Err(format!("its model is {}, and the options need {expected}", model["type"]));
        }
        let names = names(&model)?;
        let added = &options.added_tokens;
        let special: Vec<&str> = SPECIAL.into_iter().chain(added.iter().map(String::as_str)).collect();
        if !names.iter().zip(&special).all(|(name, special)| name == special) || names.len() < special.len() {
            return Err(format!("its vocabulary does not start with {}", special.join(" ")));
        }
        // Special tokens are never found in a text, whatever normalisation makes of it.
        hide(&mut model, &special.iter().map(|name| (*name).to_owned()).collect());
        let mut model: ModelWrapper =
            serde_json::from_value(model).map_err(|error| format!("its model is broken: {error}"))?;
        // One that was extended by the pieces of other texts has more.
        if options.tokenizer.vocab().is_some_and(|asked| asked > names.len()) {
            return Err(format!("it has {} tokens, and the options ask for more", names.len()));
        }
        let words = hf_format::has_words(&options.tokenizer);
        // The models' own cache of words is smaller and slower than ours.
        model.resize_cache(0);
        let continued = matches!(options.tokenizer, Tokenizer::WordPiece(_));
        let pieces = Pieces::new(names, added.len(), options.tokenizer.has_bytes(), words, continued);
        let first_piece = special.len() as u32;
        Ok(Self {
            model,
            pieces,
            first_piece,
            words,
            known: RwLock::default(),
            document,
            sampler: OnceLock::new(),
        })
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

    /// The model as it cuts words at random; none if it does not.
    fn sampler(&self) -> Option<&Sampler> {
        let new = || {
            let mut document: serde_json::Value = serde_json::from_str(&self.document).ok()?;
            let special = (0..self.first_piece).filter_map(|token| self.name(token).map(str::to_owned));
            hide(&mut document["model"], &special.collect());
            Sampler::new(&document["model"])
        };
        self.sampler.get_or_init(new).as_ref()
    }

    /// The tokens of a normalised text.
    pub(crate) fn cut(&self, text: &Normalized<'_>) -> Result<Vec<Cut>, TextError> {
        self.cut_parts(text, |part, starts| self.cut_part(part, starts))
    }

    /// The tokens of a normalised text, cut at random.
    pub(crate) fn sampled(
        &self,
        text: &Normalized<'_>,
        sampling: Sampling,
        random: &mut Random,
    ) -> Result<Vec<Cut>, TextError> {
        let Some(sampler) = self.sampler() else { return self.cut(text) };
        self.cut_parts(text, |part, starts| {
            let mut cuts = Vec::with_capacity(part.len() / 2);
            for word in Marked::new(part, starts).words() {
                let unit = match sampler.cut(word.marked, sampling, random) {
                    Some(pieces) => self.cuts(pieces.into_iter()),
                    None => self.cut_unit(word.marked)?,
                };
                cuts.extend(unit.into_iter().map(|(token, range)| (token, word.range(range))));
            }
            Ok(cuts)
        })
    }

    fn cut_parts(
        &self,
        text: &Normalized<'_>,
        mut cut: impl FnMut(&str, bool) -> Result<Vec<Cut>, TextError>,
    ) -> Result<Vec<Cut>, TextError> {
        let mut cuts = Vec::with_capacity(text.text.len() / 3);
        for Part { range, added } in &text.parts {
            match added {
                Some(number) => cuts.push(((SPECIAL.len() + number) as u32, range.clone())),
                None => {
                    let part = cut(&text.text[range.clone()], range.start == 0)?;
                    let shift = |at: Range<usize>| range.start + at.start..range.start + at.end;
                    cuts.extend(part.into_iter().map(|(token, at)| (token, shift(at))));
                }
            }
        }
        Ok(cuts)
    }

    /// The tokens of a text without added tokens, which may follow one.
    fn cut_part(&self, text: &str, starts: bool) -> Result<Vec<Cut>, TextError> {
        if !self.words {
            return self.cut_unit(text);
        }
        let mut cuts = Vec::with_capacity(text.len() / 3);
        let mut new: Vec<(String, Vec<Cut>)> = Vec::new();
        let marked = Marked::new(text, starts);
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
        Ok(self.cuts(tokens.into_iter().map(|Token { id, offsets: (start, end), .. }| (id, start..end))))
    }

    /// Pieces of the model as tokens of the text.
    fn cuts(&self, pieces: impl Iterator<Item = Cut>) -> Vec<Cut> {
        let mut end = 0;
        let cut = |(token, range): Cut| {
            // Models differ in the range of a byte; here it always covers itself.
            let range = if self.pieces.is_byte(token) { end..end + 1 } else { range };
            end = range.end;
            // A text that is spelled like a special token is a text.
            let special = token < self.first_piece;
            (SpecialTokens::TRAINED.unknown.filter(|_| special).unwrap_or(token), range)
        };
        pieces.map(cut).collect()
    }

    /// Tokens as text.
    pub(crate) fn spell(&self, tokens: &[u32]) -> Result<Spelled, TextError> {
        self.pieces.spell(tokens)
    }
}

/// The names of a model's tokens in the order of their numbers.
fn names(model: &serde_json::Value) -> Result<Vec<String>, String> {
    let broken = || "its model is broken: its vocabulary cannot be read".to_owned();
    let mut numbered: Vec<(u64, String)> = match &model["vocab"] {
        serde_json::Value::Array(pieces) => {
            let name = |piece: &serde_json::Value| Some(piece.get(0)?.as_str()?.to_owned());
            (0..).zip(pieces).map(|(number, piece)| Some((number, name(piece)?))).collect()
        }
        serde_json::Value::Object(pieces) => {
            pieces.iter().map(|(name, number)| Some((number.as_u64()?, name.clone()))).collect()
        }
        _ => None,
    }
    .ok_or_else(broken)?;
    numbered.sort_unstable();
    match (0..).zip(&numbered).find(|(expected, (number, _))| expected != number) {
        Some((missing, _)) => Err(format!("its vocabulary has no token {missing}")),
        None => Ok(numbered.into_iter().map(|(_, name)| name).collect()),
    }
}
