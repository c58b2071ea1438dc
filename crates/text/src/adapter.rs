//! The adapter of texts.

use std::path::Path;

use any2any_adapter::{Adapter, AdapterError, Decoded, Encoded, Head, Region, Sequence, Stem, Value};

use crate::error::TextError;
use crate::existing::Existing;
use crate::normalization::Normalizer;
use crate::options::{TextOptions, Tokenizer};
use crate::special::SpecialTokens;
use crate::trained::Trained;
use crate::training::train;

/// The file of a tokenizer inside the folder of an adapter's state.
const FILE: &str = "tokenizer.json";

/// Turns texts into tokens and back.
///
/// Regions lie on the borders of characters of the original text. Together they cover it wherever the
/// tokenizer covers it, spaces included: a space belongs to the word after it. Bytes of one character all
/// cover that character.
pub struct TextAdapter {
    normalizer: Normalizer,
    special: SpecialTokens,
    segmenter: Segmenter,
}

enum Segmenter {
    Trained(Box<Trained>),
    Existing(Box<Existing>),
}

impl TextAdapter {
    /// An adapter that is trained on texts.
    pub(crate) fn fit(
        options: &TextOptions,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        if let Tokenizer::File(file) = &options.tokenizer {
            return Self::read(options, &file.path);
        }
        let document = train(options, normalizer(options), values)?;
        Self::new(options, document)
            .map_err(|reason| AdapterError::Fit { option: "tokenizer".to_owned(), reason })
    }

    /// The adapter that was saved in a folder.
    pub(crate) fn load(options: &TextOptions, folder: &Path) -> Result<Self, AdapterError> {
        Self::read(options, &folder.join(FILE))
    }

    fn read(options: &TextOptions, path: &Path) -> Result<Self, AdapterError> {
        let broken = |reason| AdapterError::File { path: path.to_owned(), reason };
        let document =
            std::fs::read_to_string(path).map_err(|error| broken(format!("cannot be read: {error}")))?;
        Self::new(options, document).map_err(broken)
    }

    /// The adapter of a tokenizer's file, or what is wrong with the file.
    fn new(options: &TextOptions, document: String) -> Result<Self, String> {
        let (special, segmenter) = match &options.tokenizer {
            Tokenizer::File(file) => {
                let existing = Existing::new(document)?;
                let special = SpecialTokens::find(existing.tokenizer(), file).map_err(|missing| {
                    missing.into_iter().map(|missing| missing.reason).collect::<Vec<_>>().join("; ")
                })?;
                (special, Segmenter::Existing(Box::new(existing)))
            }
            _ => (SpecialTokens::TRAINED, Segmenter::Trained(Box::new(Trained::new(document, options)?))),
        };
        Ok(Self { normalizer: normalizer(options), special, segmenter })
    }

    /// The tokens that are no text.
    pub fn special_tokens(&self) -> SpecialTokens {
        self.special
    }

    /// How many tokens there are.
    pub fn vocabulary(&self) -> usize {
        match &self.segmenter {
            Segmenter::Trained(trained) => trained.vocabulary(),
            Segmenter::Existing(existing) => existing.vocabulary(),
        }
    }

    /// The tokenizer in Hugging Face's format, as it is saved.
    pub fn tokenizer_json(&self) -> &str {
        match &self.segmenter {
            Segmenter::Trained(trained) => trained.document(),
            Segmenter::Existing(existing) => existing.document(),
        }
    }

    /// The text as the tokenizer sees it: what decoding gives back.
    pub fn normalize(&self, text: &str) -> String {
        self.normalizer.apply(text).text.into_owned()
    }
}

fn normalizer(options: &TextOptions) -> Normalizer {
    Normalizer { form: options.normalization(), lowercase: options.lowercase }
}

impl Adapter for TextAdapter {
    fn stem(&self) -> Stem {
        Stem::Lookup { vocabulary: self.vocabulary(), padding: self.special.padding }
    }

    fn head(&self) -> Option<Head> {
        Some(Head::Softmax {
            vocabulary: self.vocabulary(),
            padding: self.special.padding,
            begin: self.special.begin,
            end: self.special.end,
            forbidden: self.special.forbidden(),
        })
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let normalized = self.normalizer.apply(value.as_text().ok_or(TextError::NotText)?);
        let cuts = match &self.segmenter {
            Segmenter::Trained(trained) => trained.cut(&normalized.text)?,
            Segmenter::Existing(existing) => existing.cut(&normalized.text)?,
        };
        let mut tokens = Vec::with_capacity(cuts.len() + 1);
        let mut regions = Vec::with_capacity(cuts.len() + 1);
        for (token, range) in cuts {
            tokens.push(token);
            regions.push(region(normalized.original(range)));
        }
        tokens.push(self.special.end);
        regions.push(Region::Nothing);
        Ok(Encoded { sequence: Sequence::Tokens(tokens), regions })
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let tokens = sequence.tokens().ok_or(TextError::NotTokens)?;
        let (text, ranges) = match &self.segmenter {
            Segmenter::Trained(trained) => trained.spell(tokens)?,
            Segmenter::Existing(existing) => existing.spell(tokens)?,
        };
        Ok(Decoded { value: Value::Text(text), regions: ranges.into_iter().map(region).collect() })
    }

    fn show(&self, token: u32) -> String {
        let name = match &self.segmenter {
            Segmenter::Trained(trained) => trained.name(token).map(str::to_owned),
            Segmenter::Existing(existing) => existing.name(token),
        };
        name.unwrap_or_else(|| format!("<token {token}>"))
    }

    fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        let path = folder.join(FILE);
        std::fs::write(&path, self.tokenizer_json())
            .map_err(|error| AdapterError::File { path, reason: format!("cannot be written: {error}") })
    }
}

fn region(range: std::ops::Range<usize>) -> Region {
    if range.is_empty() { Region::Nothing } else { Region::Bytes(range) }
}
