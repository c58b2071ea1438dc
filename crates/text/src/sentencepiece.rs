//! Tokenizers of SentencePiece (Kudo and Richardson 2018), read from their `.model` files.
//!
//! Texts give the pieces that the library itself gives, to the last bit of its scores, and pieces give its texts. Two
//! things differ: tokens that begin, end or pad a text never come out of one, even if the file counts them among the
//! pieces of texts, and added tokens behave like symbols that the trainer of the file has defined.

mod character_map;
mod extension;
mod model;
mod normalizer;
mod proto;
mod renumbered;
mod trie;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use any2any_adapter::Random;
use prost::Message;

pub(crate) use self::character_map::CharacterMap;
use self::model::{Model, Segment};
use self::normalizer::Normalizer;
use self::proto::{ModelProto, NormalizerSpec, TrainerSpec, types};
pub use self::renumbered::{Renumbered, piece_names, renumbered};
pub(crate) use self::trie::Trie;
use crate::bounds;
use crate::error::TextError;
use crate::options::File;
use crate::pieces::{REPLACEMENT, Spelled, byte_of};
use crate::sampling::Sampling;
use crate::special::{SpecialTokens, Unusable, Vocabulary as SpecialVocabulary};
use crate::trained::Cut;
use crate::words::SPACE;

/// A tokenizer of SentencePiece.
#[derive(Debug)]
pub(crate) struct SentencePiece {
    vocabulary: Vocabulary,
    normalizer: Normalizer,
    /// Normalizer of a text that was put together from tokens.
    denormalizer: Option<Normalizer>,
    model: Model,
    /// Unknown text that is the name of a token is that token.
    by_name: bool,
    /// Text that is written for an unknown token.
    unknown: String,
    special: SpecialTokens,
    warnings: Vec<String>,
    document: Vec<u8>,
}

/// The pieces by their numbers, and added tokens behind them.
#[derive(Debug)]
struct Vocabulary {
    names: Vec<String>,
    scores: Vec<f32>,
    pieces: Vec<Piece>,
    /// The numbers of the pieces that can stand in a text.
    in_texts: HashMap<String, u32>,
    /// Trie of the symbols that are always one token.
    symbols: Arc<Trie>,
    unknown: u32,
    /// The numbers of pieces that no text is cut into.
    unused: HashMap<String, u32>,
    /// The token of each byte, where unknown characters are written as bytes.
    bytes: Option<Vec<u32>>,
}

/// The type of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Normal,
    Unknown,
    Control,
    UserDefined,
    Byte(u8),
    Unused,
}

impl Vocabulary {
    /// The token of a part of a text.
    fn token_of(&self, part: &str) -> u32 {
        self.in_texts.get(part).copied().unwrap_or(self.unknown)
    }

    /// The token of a name that no text is cut into.
    fn named(&self, name: &str) -> u32 {
        self.unused.get(name).copied().unwrap_or(self.unknown)
    }
}

impl SentencePiece {
    /// True if bytes can be a model file: it begins with a piece.
    pub(crate) fn recognises(bytes: &[u8]) -> bool {
        bytes.first() == Some(&0x0a) && ModelProto::decode(bytes).is_ok_and(|model| !model.pieces.is_empty())
    }

    /// The tokenizer of a file, with the options' special tokens and added tokens.
    ///
    /// # Errors
    ///
    /// If the file cannot be used, or an option does not fit it.
    pub(crate) fn new(document: Vec<u8>, options: &File, added: &[String]) -> Result<Self, Unusable> {
        let broken = |reason: String| Unusable::Broken(reason);
        let proto = ModelProto::decode(document.as_slice())
            .map_err(|error| broken(format!("no model of SentencePiece: {error}")))?;
        let trainer = proto.trainer_spec.clone().unwrap_or_default();
        bounds::tokens("its pieces", proto.pieces.len()).map_err(broken)?;
        bounds::content("its trainer_spec.unk_surface", trainer.unk_surface()).map_err(broken)?;
        let mut raw = Raw::read(&proto, &trainer).map_err(broken)?;
        let usual = |name: &str| {
            let found = raw.numbers.get(name).copied();
            found.filter(|&token| raw.pieces[token as usize] == Piece::Control)
        };
        let in_file = SpecialVocabulary {
            size: raw.names.len(),
            number: &|name| raw.numbers.get(name).copied(),
            padding: usual(trainer.pad_piece()),
            unknown: Some(raw.unknown),
            begin: usual(trainer.bos_piece()),
            end: usual(trainer.eos_piece()),
        };
        let (special, mut warnings) =
            SpecialTokens::find(&in_file, options, added).map_err(Unusable::Options)?;
        if special.padding as usize == raw.names.len() {
            raw.push(SpecialTokens::ADDED_PADDING, Piece::Control);
        }
        for name in added {
            match raw.numbers.get(name) {
                Some(&token) => raw.pieces[token as usize] = Piece::UserDefined,
                None => {
                    warnings.push(SpecialTokens::added(name, raw.names.len()));
                    raw.push(name, Piece::UserDefined);
                }
            }
        }
        let no_text = [special.padding, special.begin, special.end];
        let vocabulary = raw.finish(&no_text.into());
        let normalizer_spec = proto.normalizer_spec.unwrap_or_default();
        let at_end = trainer.treat_whitespace_as_suffix();
        let normalizer = Normalizer::new(&normalizer_spec, vocabulary.symbols.clone(), at_end)
            .map_err(Unusable::Broken)?;
        let denormalizer = denormalizer(proto.denormalizer_spec.as_ref()).map_err(Unusable::Broken)?;
        let model = match trainer.model_type() {
            1 => Model::unigram(&vocabulary),
            2 => Model::Bpe,
            3 => Model::Words,
            4 => Model::Characters,
            other => return Err(Unusable::Broken(format!("its type of model, {other}, is not known"))),
        };
        let unknown = trainer.unk_surface().to_owned();
        let by_name = options.unknown_by_name;
        Ok(Self {
            vocabulary,
            normalizer,
            denormalizer,
            model,
            by_name,
            unknown,
            special,
            warnings,
            document,
        })
    }

    pub(crate) fn document(&self) -> &[u8] {
        &self.document
    }

    pub(crate) fn special_tokens(&self) -> SpecialTokens {
        self.special
    }

    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(crate) fn vocabulary(&self) -> usize {
        self.vocabulary.names.len()
    }

    pub(crate) fn name(&self, token: u32) -> Option<&str> {
        self.vocabulary.names.get(token as usize).map(String::as_str)
    }

    /// True if a text can be cut at random in a way.
    pub(crate) fn fits(&self, sampling: Sampling) -> bool {
        matches!(
            (&self.model, sampling),
            (Model::Unigram { .. }, Sampling::Unigram(_)) | (Model::Bpe, Sampling::BpeDropout(_))
        )
    }

    /// The kind of its model, as an experiment names it.
    pub(crate) fn kind(&self) -> &'static str {
        match self.model {
            Model::Unigram { .. } => "unigram",
            Model::Bpe => "bpe",
            Model::Words => "words",
            Model::Characters => "characters",
        }
    }

    /// The tokens of a text.
    pub(crate) fn cut(&self, text: &str) -> Vec<Cut> {
        self.tokens_of(text, |normalized| self.model.cut(normalized, &self.vocabulary))
    }

    /// The tokens of a text, cut at random.
    pub(crate) fn sampled(&self, text: &str, sampling: Sampling, random: &mut Random) -> Vec<Cut> {
        self.tokens_of(text, |normalized| self.model.sampled(normalized, &self.vocabulary, sampling, random))
    }

    fn tokens_of(&self, text: &str, segments: impl FnOnce(&str) -> Vec<Segment>) -> Vec<Cut> {
        let normalized = self.normalizer.normalize(text);
        let mut cuts: Vec<Cut> = Vec::new();
        // The unknown text so far.
        let mut unknown_text = 0..0;
        for (range, token) in segments(&normalized.text) {
            let origin = normalized.origins[range.start]..normalized.origins[range.end];
            let unknown = token == self.vocabulary.unknown;
            match (&self.vocabulary.bytes, cuts.last_mut()) {
                (Some(bytes), _) if unknown => {
                    let bytes_of = normalized.text[range].bytes().map(|byte| bytes[usize::from(byte)]);
                    cuts.extend(bytes_of.map(|byte| (byte, origin.clone())));
                }
                // Unknown characters that follow each other are one token.
                (None, Some((_, last)))
                    if unknown && unknown_text.end == range.start && !unknown_text.is_empty() =>
                {
                    last.end = origin.end;
                    unknown_text.end = range.end;
                }
                _ => {
                    cuts.push((token, origin));
                    unknown_text = if unknown { range.clone() } else { 0..0 };
                }
            }
            if let (true, true, Some((last, _))) = (unknown, self.by_name, cuts.last_mut()) {
                *last = self.vocabulary.named(&normalized.text[unknown_text.clone()]);
            }
        }
        cuts
    }

    /// Tokens as text.
    pub(crate) fn spell(&self, tokens: &[u32]) -> Result<Spelled, TextError> {
        let mut text = String::new();
        let mut ranges: Vec<Range<usize>> = Vec::with_capacity(tokens.len());
        let mut bytes = Vec::new();
        let strips = self.normalizer.adds_space() || self.normalizer.trims();
        let (mut at_start, mut stripped) = (strips, false);
        for &token in tokens {
            let outside = || TextError::OutsideVocabulary { token, vocabulary: self.vocabulary() };
            let piece = *self.vocabulary.pieces.get(token as usize).ok_or_else(outside)?;
            if let Piece::Byte(byte) = piece {
                bytes.push(byte);
                continue;
            }
            write_bytes(&mut bytes, &mut text, &mut ranges);
            at_start &= !stripped && text.is_empty();
            stripped = false;
            let start = text.len();
            match piece {
                Piece::Control => {}
                Piece::Unknown => text.push_str(&self.unknown),
                _ => {
                    let mut name = self.vocabulary.names[token as usize].as_str();
                    if let Some(rest) = name.strip_prefix(SPACE).filter(|_| at_start) {
                        name = rest;
                        // Of a text whose spaces are taken away, all that it starts with go.
                        stripped = !self.normalizer.trims();
                    }
                    text.push_str(&name.replace(SPACE, " "));
                }
            }
            ranges.push(start..text.len());
        }
        write_bytes(&mut bytes, &mut text, &mut ranges);
        Ok(match &self.denormalizer {
            Some(denormalizer) => denormalized(denormalizer, &text, ranges),
            None => (text, ranges),
        })
    }
}

/// A vocabulary as it is read.
struct Raw {
    names: Vec<String>,
    scores: Vec<f32>,
    pieces: Vec<Piece>,
    numbers: HashMap<String, u32>,
    unknown: u32,
    bytes: Option<Vec<u32>>,
}

impl Raw {
    fn read(proto: &ModelProto, trainer: &TrainerSpec) -> Result<Self, String> {
        let (names, scores, pieces) = (Vec::new(), Vec::new(), Vec::new());
        let mut raw = Self { names, scores, pieces, numbers: HashMap::new(), unknown: 0, bytes: None };
        let (mut unknown, mut bytes) = (None, [None; 256]);
        for piece in &proto.pieces {
            let (name, token) = (piece.piece(), raw.names.len() as u32);
            let kind = match piece.r#type() {
                types::NORMAL => Piece::Normal,
                types::UNKNOWN if unknown.replace(token).is_some() => {
                    return Err("it has two tokens for what is unknown".to_owned());
                }
                types::UNKNOWN => Piece::Unknown,
                types::CONTROL => Piece::Control,
                types::USER_DEFINED => Piece::UserDefined,
                types::UNUSED => Piece::Unused,
                types::BYTE => {
                    let byte = byte_of(name).filter(|_| trainer.byte_fallback());
                    let byte =
                        byte.ok_or_else(|| format!("its piece '{name}' should be a byte and is none"))?;
                    bytes[usize::from(byte)] = Some(token);
                    Piece::Byte(byte)
                }
                other => return Err(format!("its piece '{name}' is of the unknown type {other}")),
            };
            if name.is_empty() {
                return Err(format!("its piece {token} is empty"));
            }
            bounds::token("its pieces", name)?;
            if !piece.score().is_finite() {
                return Err(format!("its piece '{name}' has the score {}", piece.score()));
            }
            if raw.numbers.contains_key(name) {
                return Err(format!("its piece '{name}' is there twice"));
            }
            raw.push(name, kind);
            raw.scores[token as usize] = piece.score();
        }
        raw.unknown = unknown.ok_or("it has no token for what is unknown")?;
        if trainer.byte_fallback() {
            let all: Option<Vec<u32>> = bytes.into_iter().collect();
            raw.bytes = Some(all.ok_or("it writes what is unknown as bytes, and lacks some of the 256")?);
        }
        Ok(raw)
    }

    fn push(&mut self, name: &str, piece: Piece) {
        self.numbers.insert(name.to_owned(), self.names.len() as u32);
        self.names.push(name.to_owned());
        self.scores.push(0.0);
        self.pieces.push(piece);
    }

    fn finish(self, no_text: &HashSet<u32>) -> Vocabulary {
        let Self { names, scores, pieces, unknown, bytes, .. } = self;
        let stands_in_texts = |token: u32| {
            matches!(pieces[token as usize], Piece::Normal | Piece::UserDefined | Piece::Unused)
                && !no_text.contains(&token)
        };
        let tokens = || (0..).zip(&names).filter(|(token, _)| stands_in_texts(*token));
        let in_texts = tokens().map(|(token, name)| (name.clone(), token)).collect();
        let defined = tokens().filter(|(token, _)| pieces[*token as usize] == Piece::UserDefined);
        let unused = tokens().filter(|(token, _)| pieces[*token as usize] == Piece::Unused);
        let unused = unused.map(|(token, name)| (name.clone(), token)).collect();
        let symbols = Trie::new(defined.map(|(token, name)| (name.as_str(), token))).into();
        Vocabulary { names, scores, pieces, in_texts, symbols, unknown, unused, bytes }
    }
}

fn denormalizer(spec: Option<&NormalizerSpec>) -> Result<Option<Normalizer>, String> {
    let spec = spec.filter(|spec| !spec.precompiled_charsmap().is_empty());
    spec.map(|spec| Normalizer::new(spec, Trie::new(std::iter::empty()).into(), false)).transpose()
}

/// Writes the characters that bytes make, and replaces every byte that is part of none.
fn write_bytes(bytes: &mut Vec<u8>, text: &mut String, ranges: &mut Vec<Range<usize>>) {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            let start = text.len();
            text.push(character);
            ranges.extend(std::iter::repeat_n(start..text.len(), character.len_utf8()));
        }
        for _ in chunk.invalid() {
            let start = text.len();
            text.push_str(REPLACEMENT);
            ranges.push(start..text.len());
        }
    }
    bytes.clear();
}

fn denormalized(denormalizer: &Normalizer, text: &str, ranges: Vec<Range<usize>>) -> Spelled {
    let normalized = denormalizer.normalize(text);
    let place =
        |at: usize| normalized.origins.partition_point(|origin| *origin < at).min(normalized.text.len());
    let ranges = ranges.into_iter().map(|range| place(range.start)..place(range.end)).collect();
    (normalized.text, ranges)
}
