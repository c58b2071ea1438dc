//! The adapter of texts.

use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{
    Adapter, AdapterError, Decoded, Encoded, Head, OptionProblem, Random, Region, Sequence, Stem, Value,
    state,
};
use rayon::prelude::*;

use crate::added::AddedTokens;
use crate::augment::{Augment, no_unknown};
use crate::bounds;
use crate::error::TextError;
use crate::extended::extended;
use crate::normalization::{Normalized, Normalizer};
use crate::options::{File, TextOptions, Tokenizer};
use crate::pretrained::PretrainedTokenizer;
use crate::sampling::{Sampler, Sampling};
use crate::seen::{Seen, words_of};
use crate::sentencepiece::SentencePiece;
use crate::special::{SpecialTokens, Unusable};
use crate::trained::{Cut, TrainedTokenizer};
use crate::training::train;
use crate::word_dropout::WordDropout;

/// File of a trained or Hugging Face tokenizer inside the folder of an adapter's state.
const FILE: &str = "tokenizer.json";
/// File of a SentencePiece tokenizer inside the folder of an adapter's state.
const SENTENCEPIECE_FILE: &str = "tokenizer.model";
/// Number of values that are searched for seen tokens at once.
const CHUNK: usize = 512;
/// Longest text, in bytes, that is cut at random: the ways through it are held in memory.
const LONGEST_SAMPLED: usize = 1 << 14;

/// Adapter between texts and sequences of tokens.
///
/// Regions lie on the borders of characters of the original text. Together they cover it wherever the
/// tokenizer covers it, spaces included: a space belongs to the word after it. Bytes of one character all
/// cover that character.
pub struct TextAdapter {
    normalizer: Normalizer,
    added: AddedTokens,
    segmenter: Arc<Segmenter>,
    augment: Augment,
    /// The tokens of the training split; none where they were never collected.
    seen: Option<Arc<Seen>>,
}

/// Model that cuts a normalised text into tokens.
pub(crate) enum Segmenter {
    TrainedTokenizer(Box<TrainedTokenizer>),
    PretrainedTokenizer(Box<PretrainedTokenizer>),
    SentencePiece(Box<SentencePiece>),
}

impl Segmenter {
    /// The tokenizer of a file that comes from elsewhere; its kind is recognised by its contents.
    ///
    /// # Errors
    ///
    /// If the file cannot be used, or an option does not fit it.
    pub(crate) fn of_file(document: Vec<u8>, file: &File, added: &[String]) -> Result<Self, Unusable> {
        if SentencePiece::recognises(&document) {
            return Ok(Self::SentencePiece(Box::new(SentencePiece::new(document, file, added)?)));
        }
        let text = String::from_utf8(document).ok().filter(|text| text.trim_start().starts_with('{'));
        let Some(text) = text else {
            let reason = "neither a tokenizer.json of Hugging Face's format nor a .model of SentencePiece; tokenizers of \
                          other files (vocab.txt, vocab.json with merges.txt) are converted by `python -c \"from \
                          transformers import AutoTokenizer; \
                          AutoTokenizer.from_pretrained('FOLDER').save_pretrained('FOLDER')\"`";
            return Err(Unusable::Broken(reason.to_owned()));
        };
        Ok(Self::PretrainedTokenizer(Box::new(PretrainedTokenizer::new(text, file, added)?)))
    }
}

impl Segmenter {
    /// Problems of random changes that this tokenizer cannot make.
    pub(crate) fn problems(&self, augment: &Augment) -> Vec<OptionProblem> {
        let (kind, unknown) = match self {
            // What fits a tokenizer that is trained here is known from its options.
            Self::TrainedTokenizer(_) => return Vec::new(),
            Self::PretrainedTokenizer(existing) => {
                let kind = existing.sampler().map_or("of another kind", Sampler::name);
                (kind, existing.special_tokens().unknown)
            }
            Self::SentencePiece(model) => (model.kind(), model.special_tokens().unknown),
        };
        let fits = |sampling: &Sampling| match self {
            Self::TrainedTokenizer(_) => true,
            Self::PretrainedTokenizer(existing) => existing.sampler().is_some_and(|own| own.fits(*sampling)),
            Self::SentencePiece(model) => model.fits(*sampling),
        };
        let refused = augment.asked().into_iter().filter(|sampling| !fits(sampling));
        let unknown = (augment.word_dropout > 0.0 && unknown.is_none()).then(|| no_unknown("the tokenizer"));
        refused.map(|sampling| sampling.refused(kind)).chain(unknown).collect()
    }

    /// The tokens of a normalised text.
    fn cut(&self, text: &Normalized<'_>) -> Result<Vec<Cut>, TextError> {
        match self {
            Self::TrainedTokenizer(trained) => trained.cut(text),
            Self::PretrainedTokenizer(existing) => existing.cut(&text.text),
            Self::SentencePiece(model) => Ok(model.cut(&text.text)),
        }
    }

    /// The tokens of a normalised text, cut at random.
    fn sampled(
        &self,
        text: &Normalized<'_>,
        sampling: Sampling,
        random: &mut Random,
    ) -> Result<Vec<Cut>, TextError> {
        match self {
            Self::TrainedTokenizer(trained) => trained.sampled(text, sampling, random),
            Self::PretrainedTokenizer(existing) => existing.sampled(&text.text, sampling, random),
            Self::SentencePiece(model) => Ok(model.sampled(&text.text, sampling, random)),
        }
    }
}

impl TextAdapter {
    /// An adapter that is trained on texts.
    pub(crate) fn fit(
        options: &TextOptions,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        let values: Vec<&Value> = values.collect();
        let mut adapter = if let Tokenizer::File(file) = &options.tokenizer {
            Self::read(options, &file.path)?
        } else {
            let added = added(options).map_err(|reason| fit_error("added_tokens", reason))?;
            let document = train(options, normalizer(options), &added, &mut values.iter().copied())?;
            Self::new(options, document.into_bytes()).map_err(|reason| fit_error("tokenizer", reason))?
        };
        adapter.look_at(&values)?;
        Ok(adapter)
    }

    /// The adapter that was saved in a folder, extended by the pieces of other texts, and by tokens of other names that no
    /// text becomes.
    pub(crate) fn extend(
        options: &TextOptions,
        folder: &Path,
        values: &mut dyn Iterator<Item = &Value>,
        beside: &[String],
    ) -> Result<Self, AdapterError> {
        let values: Vec<&Value> = values.collect();
        let known = Self::load(options, folder)?;
        let document = known.extended(options, &values, beside)?;
        let mut adapter = Self::new(options, document).map_err(|reason| fit_error("tokenizer", reason))?;
        adapter.look_at(&values)?;
        // The embeddings of tokens that were seen before are carried over.
        if let (Some(new), Some(before)) = (adapter.seen.take(), &known.seen) {
            adapter.seen = Some(Arc::new(Arc::unwrap_or_clone(new).with(before)));
        }
        Ok(adapter)
    }

    /// The file of its tokenizer with the pieces that it lacks.
    fn extended(
        &self,
        options: &TextOptions,
        values: &[&Value],
        beside: &[String],
    ) -> Result<Vec<u8>, AdapterError> {
        if let Segmenter::TrainedTokenizer(_) | Segmenter::PretrainedTokenizer(_) = &*self.segmenter
            && !beside.is_empty()
        {
            let reason = "of tokenizers whose tokens have the numbers of one vocabulary, models of SentencePiece alone are \
                          extended: write `vocabulary: keep`";
            return Err(fit_error("tokenizer", reason.to_owned()));
        }
        if let Segmenter::TrainedTokenizer(tokenizer) = &*self.segmenter {
            let added = added(options).map_err(|reason| fit_error("added_tokens", reason))?;
            let document = extended(options, tokenizer.document(), normalizer(options), &added, values)?;
            return Ok(document.into_bytes());
        }
        let normalized = |value: &&Value| -> Result<String, AdapterError> {
            let text = value.as_text().ok_or(TextError::NotText)?;
            Ok(self.normalizer.apply(text, &self.added).text.into_owned())
        };
        let texts: Vec<String> = values.iter().map(normalized).collect::<Result<_, _>>()?;
        let texts = texts.iter().map(String::as_str);
        let document = match &*self.segmenter {
            Segmenter::PretrainedTokenizer(existing) => existing.extended(texts).map(String::into_bytes),
            Segmenter::SentencePiece(model) => model.extended(texts, beside),
            Segmenter::TrainedTokenizer(tokenizer) => Ok(tokenizer.document().as_bytes().to_vec()),
        };
        document.map_err(|reason| fit_error("tokenizer", reason))
    }

    /// The adapter that was saved in a folder.
    pub(crate) fn load(options: &TextOptions, folder: &Path) -> Result<Self, AdapterError> {
        let of_sentencepiece = folder.join(SENTENCEPIECE_FILE);
        let is_file = matches!(options.tokenizer, Tokenizer::File(_));
        let path = if is_file && (state::is_held(&of_sentencepiece) || of_sentencepiece.exists()) {
            of_sentencepiece
        } else {
            folder.join(FILE)
        };
        let mut adapter = Self::read(options, &path)?;
        adapter.seen = Seen::load(folder, adapter.vocabulary())?.map(Arc::new);
        Ok(adapter)
    }

    fn read(options: &TextOptions, path: &Path) -> Result<Self, AdapterError> {
        let broken = |reason: String| AdapterError::File { path: path.to_owned(), reason };
        Self::new(options, bounds::read(path).map_err(broken)?).map_err(broken)
    }

    /// The adapter of a tokenizer's file, or the problem of the file.
    fn new(options: &TextOptions, document: Vec<u8>) -> Result<Self, String> {
        let segmenter = match &options.tokenizer {
            Tokenizer::File(file) => Segmenter::of_file(document, file, &options.added_tokens)
                .map_err(|unusable| unusable.to_string())?,
            _ => {
                let document =
                    String::from_utf8(document).map_err(|_| "no JSON: it is not UTF-8".to_owned())?;
                Segmenter::TrainedTokenizer(Box::new(TrainedTokenizer::new(document, options)?))
            }
        };
        if let Some(problem) = segmenter.problems(&options.augment).first() {
            return Err(format!("{}: {}", problem.pointer, problem.message));
        }
        let (normalizer, added, segmenter) = (normalizer(options), added(options)?, Arc::new(segmenter));
        Ok(Self { normalizer, added, segmenter, augment: options.augment.clone(), seen: None })
    }

    /// Collects the tokens that the training split has.
    fn look_at(&mut self, values: &[&Value]) -> Result<(), AdapterError> {
        if values.is_empty() {
            return Ok(());
        }
        let none = || Seen::none(self.vocabulary());
        let seen = values
            .par_chunks(CHUNK)
            .map(|values| {
                values.iter().try_fold(none(), |mut seen, value| {
                    seen.add(self.encode(value)?.sequence.tokens().unwrap_or_default());
                    Ok::<_, AdapterError>(seen)
                })
            })
            .try_reduce(none, |a, b| Ok(a.with(&b)))?;
        self.seen = Some(Arc::new(seen));
        Ok(())
    }

    /// The special tokens of the vocabulary.
    pub fn special_tokens(&self) -> SpecialTokens {
        match &*self.segmenter {
            Segmenter::TrainedTokenizer(_) => SpecialTokens::TRAINED,
            Segmenter::PretrainedTokenizer(existing) => existing.special_tokens(),
            Segmenter::SentencePiece(model) => model.special_tokens(),
        }
    }

    /// Size of the vocabulary, in tokens.
    pub fn vocabulary(&self) -> usize {
        match &*self.segmenter {
            Segmenter::TrainedTokenizer(trained) => trained.vocabulary(),
            Segmenter::PretrainedTokenizer(existing) => existing.vocabulary(),
            Segmenter::SentencePiece(model) => model.vocabulary(),
        }
    }

    /// The tokenizer's file as it is saved: in Hugging Face's format, or as the model of SentencePiece that was given.
    pub fn document(&self) -> &[u8] {
        match &*self.segmenter {
            Segmenter::TrainedTokenizer(trained) => trained.document().as_bytes(),
            Segmenter::PretrainedTokenizer(existing) => existing.document().as_bytes(),
            Segmenter::SentencePiece(model) => model.document(),
        }
    }

    /// The tokens of a text, cut at random. A way that makes unknown what is known otherwise is not taken: characters
    /// that stand only inside longer pieces have none of their own.
    fn sampled(
        &self,
        text: &Normalized<'_>,
        sampling: Sampling,
        random: &mut Random,
    ) -> Result<Vec<Cut>, TextError> {
        let unknown = self.special_tokens().unknown;
        let unknown_in = |cuts: &[Cut]| cuts.iter().filter(|(token, _)| Some(*token) == unknown).count();
        let sampled = self.segmenter.sampled(text, sampling, random)?;
        if unknown_in(&sampled) > 0 {
            let usual = self.segmenter.cut(text)?;
            if unknown_in(&sampled) > unknown_in(&usual) {
                return Ok(usual);
            }
        }
        Ok(sampled)
    }

    /// Tokens with their end and the regions of the original that they cover.
    fn encoded(&self, text: &Normalized<'_>, cuts: Vec<Cut>) -> Encoded {
        let mut tokens = Vec::with_capacity(cuts.len() + 1);
        let mut regions = Vec::with_capacity(cuts.len() + 1);
        for (token, range) in cuts {
            tokens.push(token);
            regions.push(region(text.original(range)));
        }
        tokens.push(self.special_tokens().end);
        regions.push(Region::Nothing);
        Encoded { sequence: Sequence::Tokens(tokens), regions }
    }

    /// The text as the tokenizer sees it: what decoding gives back.
    pub fn normalize(&self, text: &str) -> String {
        self.normalizer.apply(text, &self.added).text.into_owned()
    }
}

fn normalizer(options: &TextOptions) -> Normalizer {
    Normalizer { form: options.normalization(), lowercase: options.lowercase }
}

fn added(options: &TextOptions) -> Result<AddedTokens, String> {
    AddedTokens::new(&options.added_tokens)
}

fn fit_error(option: &str, reason: String) -> AdapterError {
    AdapterError::Fit { option: option.to_owned(), reason }
}

impl Adapter for TextAdapter {
    fn stem(&self) -> Stem {
        Stem::Lookup { vocabulary: self.vocabulary(), padding: self.special_tokens().padding }
    }

    fn head(&self) -> Option<Head> {
        let special = self.special_tokens();
        Some(Head::Softmax {
            vocabulary: self.vocabulary(),
            padding: special.padding,
            begin: special.begin,
            end: special.end,
            forbidden: special.forbidden(),
        })
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let normalized = self.normalizer.apply(value.as_text().ok_or(TextError::NotText)?, &self.added);
        let cuts = self.segmenter.cut(&normalized)?;
        Ok(self.encoded(&normalized, cuts))
    }

    fn augments(&self) -> bool {
        !self.augment.is_none()
    }

    fn augment(&self, value: &Value, random: &mut Random) -> Result<Encoded, AdapterError> {
        let text = value.as_text().ok_or(TextError::NotText)?;
        let normalized = self.normalizer.apply(text, &self.added);
        let cuts = match self.augment.sampling().filter(|_| normalized.text.len() <= LONGEST_SAMPLED) {
            Some(sampling) => self.sampled(&normalized, sampling, random)?,
            None => self.segmenter.cut(&normalized)?,
        };
        let mut encoded = self.encoded(&normalized, cuts);
        let added = normalized.parts.iter().filter(|part| part.added.is_some());
        let kept = added.map(|part| normalized.original(part.range.clone())).collect();
        let Augment { word_dropout, word_deletion, .. } = self.augment;
        let words = WordDropout { text, kept, unknown: self.special_tokens().unknown };
        words.drop(word_dropout, &mut encoded, random);
        words.delete(word_deletion, &mut encoded, random);
        Ok(encoded)
    }

    fn for_side(&self, options: &serde_json::Value) -> Result<Option<Arc<dyn Adapter>>, AdapterError> {
        let options: TextOptions = serde_json::from_value(options.clone())
            .map_err(|error| AdapterError::value(format!("these are no options of a text: {error}")))?;
        if options.augment == self.augment {
            return Ok(None);
        }
        if let Some(problem) = self.segmenter.problems(&options.augment).first() {
            return Err(fit_error("augment", format!("{}: {}", problem.pointer, problem.message)));
        }
        let (added, segmenter) = (self.added.clone(), self.segmenter.clone());
        let seen = self.seen.clone();
        Ok(Some(Arc::new(Self {
            normalizer: self.normalizer,
            added,
            segmenter,
            augment: options.augment,
            seen,
        })))
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let tokens = sequence.tokens().ok_or(TextError::NotTokens)?;
        let (text, ranges) = match &*self.segmenter {
            Segmenter::TrainedTokenizer(trained) => trained.spell(tokens)?,
            Segmenter::PretrainedTokenizer(existing) => existing.spell(tokens)?,
            Segmenter::SentencePiece(model) => model.spell(tokens)?,
        };
        Ok(Decoded { value: Value::Text(text), regions: ranges.into_iter().map(region).collect() })
    }

    /// Words with the token for unknown text, or with a token that the training split does not have, whose embedding
    /// is untrained.
    fn unknown(&self, encoded: &Encoded, value: &Value) -> Vec<String> {
        let (Some(text), Some(tokens)) = (value.as_text(), encoded.sequence.tokens()) else {
            return Vec::new();
        };
        let unknown = self.special_tokens().unknown;
        let is_known =
            |token: u32| Some(token) != unknown && self.seen.as_ref().is_none_or(|seen| seen.contains(token));
        let regions = tokens.iter().zip(&encoded.regions).filter(|(token, _)| !is_known(**token));
        words_of(text, regions.map(|(_, region)| region.clone()))
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings_beside_prompt(Some(0))
    }

    fn warnings_beside_prompt(&self, tokens: Option<usize>) -> Vec<String> {
        match &*self.segmenter {
            Segmenter::TrainedTokenizer(_) => Vec::new(),
            Segmenter::PretrainedTokenizer(existing) => existing.warnings(tokens),
            Segmenter::SentencePiece(model) => model.warnings().to_vec(),
        }
    }

    fn show(&self, token: u32) -> String {
        let name = match &*self.segmenter {
            Segmenter::TrainedTokenizer(trained) => trained.name(token),
            Segmenter::PretrainedTokenizer(existing) => existing.name(token),
            Segmenter::SentencePiece(model) => model.name(token),
        };
        name.map_or_else(|| format!("<token {token}>"), str::to_owned)
    }

    fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        let is_sentencepiece = matches!(*self.segmenter, Segmenter::SentencePiece(_));
        let path = folder.join(if is_sentencepiece { SENTENCEPIECE_FILE } else { FILE });
        std::fs::write(&path, self.document())
            .map_err(|error| AdapterError::File { path, reason: format!("cannot be written: {error}") })?;
        self.seen.as_ref().map_or(Ok(()), |seen| seen.save(folder))
    }
}

fn region(range: std::ops::Range<usize>) -> Region {
    if range.is_empty() { Region::Nothing } else { Region::Bytes(range) }
}
