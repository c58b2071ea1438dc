//! Roles of tokens, and defaults of decoding: `generation_config.json`, and `config.json` where that says nothing.

use serde_json::Value;

use crate::config::Config;
use crate::error::PretrainedError;

/// Tokens with a role, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRoles {
    /// The token that the decoder starts from.
    pub decoder_start: Option<u32>,
    /// The token that fills up a batch.
    pub padding: Option<u32>,
    /// Tokens of which each ends a sequence.
    pub end: Vec<u32>,
    /// The token before a sequence.
    pub begin: Option<u32>,
    /// The token of what the vocabulary has no word for.
    pub unknown: Option<u32>,
    /// The token that is written first, as the target language of mBART and NLLB.
    pub forced_begin: Option<u32>,
    /// The tokens that are written last, where an output is as long as it may be.
    pub forced_end: Vec<u32>,
    /// Tokens that are written at positions, the first of which is 1, as Whisper's language and task.
    pub forced: Vec<(usize, u32)>,
    /// Tokens that are never written.
    pub suppressed: Vec<u32>,
    /// Tokens that are not written first.
    pub begin_suppressed: Vec<u32>,
    /// Sequences of several tokens that are never written.
    pub suppressed_sequences: Vec<Vec<u32>>,
}

/// Defaults of decoding, as they are given.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct GenerationDefaults {
    /// The number of beams.
    pub num_beams: Option<usize>,
    /// The exponent of an output's length, by which the sum of its log probabilities is divided.
    pub length_penalty: Option<f64>,
    /// The most tokens of an output, that which the decoder starts from among them.
    pub max_length: Option<usize>,
    /// The most new tokens of an output.
    pub max_new_tokens: Option<usize>,
    /// The fewest tokens of an output, that which the decoder starts from among them.
    pub min_length: Option<usize>,
    /// The length of sequences that an output may have once only; 0 for none.
    pub no_repeat_ngram_size: Option<usize>,
    /// The divisor of logits of tokens that were written already.
    pub repetition_penalty: Option<f64>,
    /// The rule of when a search by beams stops.
    pub early_stopping: Option<EarlyStopping>,
}

/// The rule of when a search by beams stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlyStopping {
    /// As soon as there are as many finished outputs as beams (`true`).
    Finished,
    /// When an estimate says that nothing better is to be found (`false`).
    Unlikely,
    /// When nothing better can be found (`"never"`).
    Impossible,
}

/// Options of generation, the first source that gives one before the others.
pub(crate) struct Generation<'a>(pub(crate) &'a [&'a Config]);

impl Generation<'_> {
    fn source(&self, option: &str) -> Option<&Config> {
        self.0.iter().copied().find(|config| config.get(option).is_some())
    }

    fn of<T>(
        &self,
        option: &str,
        read: impl Fn(&Config, &str) -> Result<Option<T>, PretrainedError>,
    ) -> Result<Option<T>, PretrainedError> {
        self.source(option).map_or(Ok(None), |config| read(config, option))
    }

    pub(crate) fn defaults(&self) -> Result<GenerationDefaults, PretrainedError> {
        Ok(GenerationDefaults {
            num_beams: self.of("num_beams", Config::count)?,
            length_penalty: self.of("length_penalty", Config::number)?,
            max_length: self.of("max_length", Config::count)?,
            max_new_tokens: self.of("max_new_tokens", Config::count)?,
            min_length: self.of("min_length", Config::count)?,
            no_repeat_ngram_size: self.of("no_repeat_ngram_size", Config::count)?,
            repetition_penalty: self.of("repetition_penalty", Config::number)?,
            early_stopping: self.of("early_stopping", early_stopping)?,
        })
    }

    /// The roles of tokens of a source and a target vocabulary.
    pub(crate) fn roles(&self, vocabulary: usize) -> Result<TokenRoles, PretrainedError> {
        let tokens = |option: &str| -> Result<Vec<u32>, PretrainedError> {
            self.source(option).map_or(Ok(Vec::new()), |config| Tokens { config, option, vocabulary }.list())
        };
        let token = |option: &str| Ok::<_, PretrainedError>(tokens(option)?.first().copied());
        let sequences = self.sequences("bad_words_ids", vocabulary)?;
        let (single, several): (Vec<_>, Vec<_>) =
            sequences.into_iter().partition(|sequence| sequence.len() == 1);
        let mut suppressed = tokens("suppress_tokens")?;
        suppressed.extend(single.into_iter().flatten());
        suppressed.sort_unstable();
        suppressed.dedup();
        let forced = self.sequences("forced_decoder_ids", vocabulary)?;
        let forced = forced.into_iter().filter_map(|pair| match pair[..] {
            [position, token] => Some((position as usize, token)),
            _ => None,
        });
        Ok(TokenRoles {
            decoder_start: token("decoder_start_token_id")?,
            padding: token("pad_token_id")?,
            end: tokens("eos_token_id")?,
            begin: token("bos_token_id")?,
            unknown: token("unk_token_id")?,
            forced_begin: token("forced_bos_token_id")?,
            forced_end: tokens("forced_eos_token_id")?,
            forced: forced.collect(),
            suppressed,
            begin_suppressed: tokens("begin_suppress_tokens")?,
            suppressed_sequences: several.into_iter().filter(|sequence| !sequence.is_empty()).collect(),
        })
    }

    fn sequences(&self, option: &str, vocabulary: usize) -> Result<Vec<Vec<u32>>, PretrainedError> {
        let Some(config) = self.source(option) else { return Ok(Vec::new()) };
        let tokens = Tokens { config, option, vocabulary };
        let Some(Value::Array(sequences)) = config.get(option) else { return Err(tokens.wrong()) };
        sequences.iter().map(|sequence| tokens.of(sequence)).collect()
    }
}

fn early_stopping(config: &Config, option: &str) -> Result<Option<EarlyStopping>, PretrainedError> {
    Ok(match config.get(option) {
        None => None,
        Some(Value::Bool(true)) => Some(EarlyStopping::Finished),
        Some(Value::Bool(false)) => Some(EarlyStopping::Unlikely),
        Some(Value::String(text)) if text == "never" => Some(EarlyStopping::Impossible),
        Some(_) => return Err(config.refuse(option, "is neither true nor false nor \"never\"")),
    })
}

/// Tokens in an option, one or a list.
pub(crate) struct Tokens<'a> {
    pub(crate) config: &'a Config,
    pub(crate) option: &'a str,
    /// The number of tokens.
    pub(crate) vocabulary: usize,
}

impl Tokens<'_> {
    fn wrong(&self) -> PretrainedError {
        let problem = format!("holds what is no token of a vocabulary of {}", self.vocabulary);
        self.config.refuse(self.option, problem)
    }

    pub(crate) fn list(&self) -> Result<Vec<u32>, PretrainedError> {
        self.config.get(self.option).map_or(Ok(Vec::new()), |value| self.of(value))
    }

    fn of(&self, value: &Value) -> Result<Vec<u32>, PretrainedError> {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut tokens = Vec::with_capacity(values.len());
        for value in values {
            match (value.as_u64(), value.as_i64()) {
                (Some(token), _) if token < self.vocabulary as u64 => tokens.push(token as u32),
                // Such as -1, which says that there is none.
                (None, Some(_)) => {}
                _ if value.is_null() => {}
                _ => return Err(self.wrong()),
            }
        }
        Ok(tokens)
    }
}
