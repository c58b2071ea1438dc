//! Tokenizers of Hugging Face's `tokenizer.json` format that come from elsewhere. Their steps are taken as they stand
//! in the file, except those that would make a text into something else (special tokens in plain text), the same text
//! into different tokens (dropout), or more than a text (the tokens of its post-processor).

mod extension;

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;

use any2any_adapter::Random;
use serde_json::{Value as Json, json};
use tokenizers::{
    AddedToken, DecoderWrapper, Encoding, Model as _, NormalizerWrapper, OffsetType, PostProcessorWrapper,
    PreTokenizer as _, PreTokenizerWrapper, Token, TokenizerImpl,
};

use crate::error::TextError;
use crate::hidden::{Guarded, hide};
use crate::listed::{Chosen, Listed};
use crate::options::File;
use crate::panics::walled;
use crate::pieces::{Spelled, byte_name};
use crate::sampling::{Sampler, Sampling};
use crate::special::{SpecialTokens, Unusable};
use crate::steps::{Decoding, Normalizing, PreTokenizing};
use crate::trained::Cut;
use crate::{bounds, post_processor};

type Steps = TokenizerImpl<Guarded, Normalizing, PreTokenizing, PostProcessorWrapper, DecoderWrapper>;

/// Most parts that are decoded one by one when tokens become text; of more tokens, neighbours share one.
const PARTS: usize = 1024;

/// A tokenizer of Hugging Face's format that comes from elsewhere.
pub(crate) struct PretrainedTokenizer {
    steps: Steps,
    decoder: Option<Decoding>,
    /// Every token as the decoder takes it; none where a number has no token, or the token is not written.
    written: Vec<Option<String>>,
    names: Vec<Option<String>>,
    special: SpecialTokens,
    warnings: Vec<String>,
    /// What its post-processor would put around a text.
    around: Option<Around>,
    document: String,
    /// Pieces that no text becomes.
    hidden: HashSet<String>,
    /// The model as it cuts words at random, made when it first does.
    sampler: OnceLock<Option<Sampler>>,
}

/// Tokens that a file's post-processor puts around a text, and that are not taken over.
struct Around {
    /// All of them, the end token too.
    tokens: Vec<u32>,
    warning: String,
}

impl Around {
    /// True if a prompt of so many tokens stands for them. Decoding starts from a begin token anyway, and in another language
    /// the tokens are others.
    fn is_said_by(&self, prompt: usize, special: SpecialTokens) -> bool {
        let beside_end = || self.tokens.iter().filter(|&&token| token != special.end);
        let beside_both = beside_end().filter(|&&token| token != special.begin).count();
        prompt > 0 && (beside_end().count() == prompt || beside_both == prompt)
    }
}

/// An added token of the file.
#[derive(serde::Deserialize)]
struct Added {
    #[serde(flatten)]
    token: AddedToken,
}

impl PretrainedTokenizer {
    /// The tokenizer of a file, with the options' special tokens and added tokens.
    ///
    /// # Errors
    ///
    /// If the file cannot be used, or an option does not fit it.
    pub(crate) fn new(document: String, options: &File, named: &[String]) -> Result<Self, Unusable> {
        let broken =
            |reason: String| Unusable::Broken(format!("no tokenizer of Hugging Face's format: {reason}"));
        let mut file: Json = serde_json::from_str(&document).map_err(|error| broken(error.to_string()))?;
        bounds::file(&file).map_err(broken)?;
        let mut model = file["model"].take();
        let added: Vec<Added> = part(&mut file, "added_tokens").map_err(broken)?.unwrap_or_default();
        let normalizer: Option<NormalizerWrapper> = part(&mut file, "normalizer").map_err(broken)?;
        let pre_tokenizer: Option<PreTokenizerWrapper> = part(&mut file, "pre_tokenizer").map_err(broken)?;
        let decoder: Option<DecoderWrapper> = part(&mut file, "decoder").map_err(broken)?;
        let (normalizer, decoder) = (normalizer.map(Normalizing::new), decoder.map(Decoding::new));
        let added = added.into_iter().map(|added| added.token).collect();
        let mut listed = walled(|| Listed::new(&model, added, normalizer.as_ref())).map_err(broken)?;
        let Chosen { special, let_through, hidden, skipped, mut warnings } = listed.choose(options, named)?;
        warnings.extend(dropped(&file, &model));
        let around = around(&file, &listed, special.end);

        let byte_level = decoder.as_ref().is_some_and(Decoding::is_byte_level);
        let through: HashSet<&str> = let_through.iter().map(|token| token.content.as_str()).collect();
        let written = (0..).zip(&listed.names).map(|(token, name)| {
            let name = name.as_deref().filter(|_| !skipped.contains(&token))?;
            let spelled = byte_level && (listed.is_added(name) || through.contains(name));
            Some(if spelled { in_byte_level(name) } else { name.to_owned() })
        });
        let written = written.collect();
        let guarded = walled(|| guard(&mut model, &listed, &hidden)).map_err(broken)?;
        let mut steps = Steps::new(guarded);
        walled(|| {
            steps.with_normalizer(normalizer).map_err(|error| error.to_string())?;
            steps.with_pre_tokenizer(pre_tokenizer.map(PreTokenizing::new));
            steps.add_tokens(let_through).map_err(|error| error.to_string())
        })
        .map_err(broken)?;
        Ok(Self {
            steps,
            decoder,
            written,
            names: listed.names,
            special,
            warnings,
            around,
            document,
            hidden,
            sampler: OnceLock::new(),
        })
    }

    pub(crate) fn document(&self) -> &str {
        &self.document
    }

    pub(crate) fn special_tokens(&self) -> SpecialTokens {
        self.special
    }

    /// Warnings about parts of the file that are not taken over, beside a prompt of so many tokens; `None` where their
    /// number is not known yet.
    pub(crate) fn warnings(&self, prompt: Option<usize>) -> Vec<String> {
        let said = |around: &&Around| prompt.is_none_or(|prompt| around.is_said_by(prompt, self.special));
        let around = self.around.as_ref().filter(|around| !said(around));
        self.warnings.iter().cloned().chain(around.map(|around| around.warning.clone())).collect()
    }

    pub(crate) fn vocabulary(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn name(&self, token: u32) -> Option<&str> {
        self.names.get(token as usize)?.as_deref()
    }

    /// The tokens of a text.
    pub(crate) fn cut(&self, text: &str) -> Result<Vec<Cut>, TextError> {
        self.cuts(text, || self.steps.encode(text, false))
    }

    /// The model as it cuts words at random; none if it does not.
    pub(crate) fn sampler(&self) -> Option<&Sampler> {
        let new = || {
            let mut document: Json = serde_json::from_str(&self.document).ok()?;
            prepare(&mut document["model"], &self.hidden);
            Sampler::new(&document["model"])
        };
        self.sampler.get_or_init(new).as_ref()
    }

    /// The tokens of a text, cut at random.
    pub(crate) fn sampled(
        &self,
        text: &str,
        sampling: Sampling,
        random: &mut Random,
    ) -> Result<Vec<Cut>, TextError> {
        let Some(sampler) = self.sampler() else { return self.cut(text) };
        let (model, random) = (self.steps.get_model(), RefCell::new(random));
        self.cuts(text, || {
            let mut words =
                self.steps.get_added_vocabulary().extract_and_normalize(self.steps.get_normalizer(), text);
            if let Some(pre_tokenizer) = self.steps.get_pre_tokenizer() {
                pre_tokenizer.pre_tokenize(&mut words)?;
            }
            words.tokenize(|word| {
                let word = word.get();
                match sampler.cut(word, sampling, &mut random.borrow_mut()) {
                    Some(pieces) => {
                        let token = |(token, at): Cut| Token::new(token, String::new(), (at.start, at.end));
                        Ok(model.guarded(word, pieces.into_iter().map(token).collect()))
                    }
                    None => model.tokenize(word),
                }
            })?;
            words.into_encoding(None, 0, OffsetType::Byte)
        })
    }

    fn cuts(
        &self,
        text: &str,
        encode: impl FnOnce() -> tokenizers::Result<Encoding>,
    ) -> Result<Vec<Cut>, TextError> {
        let encoding = walled(|| {
            Normalizing::begin();
            let encoding = encode().map_err(|error| error.to_string());
            Normalizing::failure().map_or(encoding, Err)
        });
        let encoding = encoding.map_err(failed)?;
        // Bytes that the library writes for a prefix of its own lie behind the text.
        let ranges =
            encoding.get_offsets().iter().map(|&(start, end)| start.min(text.len())..end.min(text.len()));
        Ok(encoding.get_ids().iter().copied().zip(ranges).collect())
    }

    /// Tokens as text.
    ///
    /// A decoder of this format works on all tokens at once, so the part of each token is found by decoding
    /// the tokens up to it: quadratic, but for the length of a sentence that is little. Of more than [`PARTS`] tokens
    /// a few that follow each other share their part.
    pub(crate) fn spell(&self, tokens: &[u32]) -> Result<Spelled, TextError> {
        if let Some(&token) = tokens.iter().find(|&&token| token as usize >= self.vocabulary()) {
            return Err(TextError::OutsideVocabulary { token, vocabulary: self.vocabulary() });
        }
        let text = self.decode(tokens)?;
        let mut ranges: Vec<Range<usize>> = Vec::with_capacity(tokens.len());
        let mut end = 0;
        // Tokens that give nothing before a character is complete are parts of that character.
        let mut waiting = 0;
        let at_once = tokens.len().div_ceil(PARTS).max(1);
        for from in (0..tokens.len()).step_by(at_once) {
            let count = (from + at_once).min(tokens.len());
            let so_far = self.decode(&tokens[..count])?;
            let start = end;
            end = common_prefix(&so_far, &text).max(start);
            ranges.resize(count, start..end);
            if end > start {
                ranges[from - waiting..].fill(start..end);
                waiting = 0;
            } else if so_far.ends_with('\u{fffd}') {
                waiting += count - from;
            } else {
                waiting = 0;
            }
        }
        Ok((text, ranges))
    }

    fn decode(&self, tokens: &[u32]) -> Result<String, TextError> {
        let written = tokens.iter().filter_map(|&token| self.written[token as usize].clone());
        match &self.decoder {
            Some(decoder) => walled(|| decoder.decode(written.collect()).map_err(|error| error.to_string()))
                .map_err(failed),
            None => Ok(written.collect::<Vec<_>>().join(" ")),
        }
    }
}

/// A part of the file; none where it is left out.
fn part<T: serde::de::DeserializeOwned>(file: &mut Json, name: &str) -> Result<Option<T>, String> {
    let part = file.get_mut(name).map(Json::take).unwrap_or_default();
    walled(|| serde_json::from_value(part).map_err(|error| error.to_string()))
        .map_err(|error| format!("its {name} is broken: {error}"))
}

/// The model, unable to find hidden pieces in a text, and without randomness.
fn guard(model: &mut Json, listed: &Listed, hidden: &HashSet<String>) -> Result<Guarded, String> {
    let numbers = listed.numbers.clone();
    let writes_bytes = model["vocab"].is_array() && model["byte_fallback"].as_bool() == Some(true);
    let bytes =
        writes_bytes.then(|| (0..=u8::MAX).map(|byte| numbers.get(&byte_name(byte)).copied()).collect());
    let whole_words = model["ignore_merges"].as_bool() == Some(true);
    prepare(model, hidden);
    let model =
        serde_json::from_value(model.take()).map_err(|error| format!("its model is broken: {error}"))?;
    Ok(Guarded {
        model,
        size: listed.names.len(),
        hidden: hidden.iter().filter_map(|name| numbers.get(name).copied()).collect(),
        unknown: listed.unknown,
        numbers,
        bytes,
        whole_words,
    })
}

/// Hides pieces of a model, and switches off what is done elsewhere: randomness, bytes of unknown text, whole words.
fn prepare(model: &mut Json, hidden: &HashSet<String>) {
    let mut names = hidden.clone();
    if model["vocab"].is_array() && model["byte_fallback"].as_bool() == Some(true) {
        // A unigram model finds the names of bytes in a text, too.
        names.extend((0..=u8::MAX).map(byte_name));
        model["byte_fallback"] = json!(false);
    }
    hide(model, &names);
    for (option, value) in [("dropout", Json::Null), ("ignore_merges", json!(false))] {
        if let Some(option) = model.get_mut(option) {
            *option = value;
        }
    }
}

/// Warnings about parts of the file that are not taken over.
fn dropped(file: &Json, model: &Json) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(dropout) = model["dropout"].as_f64().filter(|dropout| *dropout > 0.0) {
        warnings.push(format!(
            "the tokenizer's dropout of {dropout} is switched off: the same text always gives the same tokens"
        ));
    }
    if let Some(length) = file["truncation"]["max_length"].as_u64() {
        warnings.push(format!(
            "the tokenizer's truncation to {length} tokens is not taken over: training.batch.max_source_length and \
             max_target_length say how long texts may be"
        ));
    }
    warnings
}

/// What the file's post-processor puts around a text, if that is more than the end token.
fn around(file: &Json, listed: &Listed, end: u32) -> Option<Around> {
    let tokens = post_processor::added(&file["post_processor"]);
    if tokens.is_empty() || tokens == [end] {
        return None;
    }
    let name = |token: u32| listed.names.get(token as usize).cloned().flatten().unwrap_or_default();
    let names: Vec<String> = tokens.iter().take(8).map(|&token| format!("'{}'", name(token))).collect();
    let warning = format!(
        "the tokenizer's post-processor, which adds {} to a text, is not taken over: a text is given '{}' at its end and \
         nothing else; what a text needs beside it is said by the task's `prompt`",
        names.join(" and "),
        name(end)
    );
    Some(Around { tokens, warning })
}

/// A name in the alphabet in which byte-level tokenizers write bytes, so that their decoder gives it back.
fn in_byte_level(name: &str) -> String {
    name.bytes().map(in_byte_level_of).collect()
}

/// The character that stands for a byte in byte-level vocabularies.
fn in_byte_level_of(byte: u8) -> char {
    let visible = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let invisible = (0..byte).filter(|other| !visible(*other)).count() as u32;
    if visible(byte) { char::from(byte) } else { char::from_u32(256 + invisible).unwrap_or_default() }
}

fn failed(reason: String) -> TextError {
    TextError::Segmentation { reason }
}

fn common_prefix(a: &str, b: &str) -> usize {
    let same = |((at, a), b): &((usize, char), char)| (a == b).then_some(at + a.len_utf8());
    a.char_indices().zip(b.chars()).map_while(|pair| same(&pair)).last().unwrap_or(0)
}
