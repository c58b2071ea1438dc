//! Decoding options: greedy search, beam search or sampling, and the limits of outputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Decoding options; search is greedy unless a beam or sampling is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Decoding {
    /// Beam search. At most one of `beam` and `sampling` can be given; without either, search is greedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beam: Option<Beam>,
    /// Sampling: each token is drawn at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Sampling>,
    /// The scale of classifier-free guidance (Ho and Salimans 2022): the factor by which logits are moved away from
    /// those without a source. 1: no guidance; 0: the source is ignored. Tasks need `source_dropout` for it.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub guidance: f64,
    /// The most tokens of an output, the end token excluded; null: `2 * source + 20`.
    #[schemars(range(min = 1, max = 65_536))]
    pub max_length: Option<usize>,
    /// The fewest tokens of an output, the end token excluded.
    #[schemars(range(max = 65_536))]
    pub min_length: usize,
    /// The length of the n-grams that no output repeats; 0: no such rule.
    pub no_repeat_ngram: usize,
    /// The divisor of the score of tokens already written (Keskar et al. 2019); 1: no penalty.
    #[schemars(range(min = 1.0))]
    pub repetition_penalty: f64,
    /// Tokens that are never written, by their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppress: Vec<String>,
    /// Tokens that no output begins with, behind its prompt, by their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppress_first: Vec<String>,
    /// Write when each piece of a transcript is spoken, with a model that can (`prompt.timestamps`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub timestamps: bool,
    /// The most source positions of one batch, padding and beams included.
    #[schemars(range(min = 1))]
    pub batch_tokens: usize,
}

impl Default for Decoding {
    fn default() -> Self {
        Self {
            beam: None,
            sampling: None,
            guidance: 1.0,
            max_length: None,
            min_length: 0,
            no_repeat_ngram: 0,
            repetition_penalty: 1.0,
            suppress: Vec::new(),
            suppress_first: Vec::new(),
            timestamps: false,
            batch_tokens: 8192,
        }
    }
}

impl Decoding {
    /// Fails for options by which nothing can be written: the one rule of experiments, the command line, the server and
    /// searches from Rust.
    ///
    /// # Errors
    ///
    /// If two options contradict each other, or one has a value that it cannot have.
    pub fn check(&self) -> Result<(), DecodingError> {
        if self.beam.is_some() && self.sampling.is_some() {
            return Err(DecodingError::TwoWays);
        }
        if let Some(Beam { size, length_penalty, n_best }) = self.beam {
            require("beam.size", size, (1..=LARGEST_BEAM).contains(&size), "between 1 and 1024")?;
            require("beam.n_best", n_best, n_best > 0, "at least 1")?;
            let sound = length_penalty.is_finite() && length_penalty >= 0.0;
            require("beam.length_penalty", length_penalty, sound, "0, for none, or more")?;
            if n_best > size {
                return Err(DecodingError::Hypotheses { size, n_best });
            }
        }
        if let Some(Sampling { temperature, top_p, .. }) = self.sampling {
            let sound = temperature.is_finite() && temperature >= LEAST_TEMPERATURE;
            require("sampling.temperature", temperature, sound, "at least 0.0001")?;
            require("sampling.top_p", top_p, top_p > 0.0 && top_p <= 1.0, "above 0, and at most 1")?;
        }
        require("guidance", self.guidance, (0.0..=100.0).contains(&self.guidance), "between 0 and 100")?;
        let penalty = self.repetition_penalty;
        let sound = penalty.is_finite() && penalty >= 1.0;
        require("repetition_penalty", penalty, sound, "1, for none, or more")?;
        match self.max_length {
            Some(0) => require("max_length", 0, false, "at least 1"),
            Some(most) if self.min_length > most => {
                Err(DecodingError::Lengths { least: self.min_length, most })
            }
            _ => Ok(()),
        }
    }
}

/// The most hypotheses of a beam.
const LARGEST_BEAM: usize = 1024;

/// The least divisor of logits.
const LEAST_TEMPERATURE: f64 = 1e-4;

fn require(
    option: &'static str,
    given: impl ToString,
    sound: bool,
    allowed: &'static str,
) -> Result<(), DecodingError> {
    if sound { Ok(()) } else { Err(DecodingError::Range { option, given: given.to_string(), allowed }) }
}

/// Error of decoding options by which nothing can be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodingError {
    /// A beam beside sampling.
    #[error("`beam` and `sampling` are two ways to write, and both are asked for")]
    TwoWays,
    /// More hypotheses than a beam has.
    #[error("a beam of {size} cannot give back {n_best} hypotheses")]
    Hypotheses {
        /// The size of the beam.
        size: usize,
        /// The number of hypotheses that are asked for.
        n_best: usize,
    },
    /// A shortest length above the longest.
    #[error("at least {least} and at most {most} tokens cannot both be")]
    Lengths {
        /// The fewest tokens.
        least: usize,
        /// The most tokens.
        most: usize,
    },
    /// A value that an option cannot have.
    #[error("`{option}` is {given}, and must be {allowed}")]
    Range {
        /// The option, with those that it lies in: `beam.size`.
        option: &'static str,
        /// The value.
        given: String,
        /// The values that it can have.
        allowed: &'static str,
    },
}

impl DecodingError {
    /// The way out, in the words of an experiment.
    pub fn help(&self) -> String {
        match self {
            Self::TwoWays => "take one of them away".to_owned(),
            Self::Hypotheses { size, n_best } => {
                format!("set `n_best` to at most {size}, or `size` to at least {n_best}")
            }
            Self::Lengths { most, .. } => format!("set `min_length` to at most {most}"),
            Self::Range { option, allowed, .. } => format!("set `{option}` to a value {allowed}"),
        }
    }
}

/// Beam search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Beam {
    /// Hypotheses kept at every step.
    #[schemars(range(min = 1, max = 1024))]
    pub size: usize,
    /// The exponent of the length by which a finished hypothesis' log-probability is divided; 0: no penalty.
    #[schemars(range(min = 0.0))]
    pub length_penalty: f64,
    /// The number of finished hypotheses in the result, at most `size`.
    #[schemars(range(min = 1))]
    pub n_best: usize,
}

impl Default for Beam {
    fn default() -> Self {
        Self { size: 5, length_penalty: 1.0, n_best: 1 }
    }
}

/// Sampling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// The divisor of the logits: below 1 sharper, above 1 flatter.
    #[schemars(range(min = 1e-4))]
    pub temperature: f64,
    /// The number of most probable tokens to draw from (Fan et al. 2018); 0: all.
    pub top_k: usize,
    /// The probability of the nucleus: only the most probable tokens that together reach it are drawn (Holtzman et al.
    /// 2020).
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub top_p: f64,
    /// The seed of the random numbers; null: the experiment's.
    pub seed: Option<u64>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 0, top_p: 1.0, seed: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_by_which_nothing_can_be_written_are_named() {
        let beam = |size, length_penalty, n_best| Decoding {
            beam: Some(Beam { size, length_penalty, n_best }),
            ..Decoding::default()
        };
        let sampling = |temperature, top_p| Decoding {
            sampling: Some(Sampling { temperature, top_p, ..Sampling::default() }),
            ..Decoding::default()
        };
        let both = Decoding { sampling: Some(Sampling::default()), ..beam(5, 1.0, 1) };
        let lengths = |min_length, max_length| Decoding { min_length, max_length, ..Decoding::default() };
        for (decoding, expected) in [
            (both, "`beam` and `sampling` are two ways to write, and both are asked for"),
            (beam(0, 1.0, 1), "`beam.size` is 0, and must be between 1 and 1024"),
            (beam(usize::MAX, 1.0, 1), "`beam.size` is 18446744073709551615, and must be between 1 and 1024"),
            (beam(2, 1.0, 0), "`beam.n_best` is 0, and must be at least 1"),
            (beam(2, 1.0, 3), "a beam of 2 cannot give back 3 hypotheses"),
            (beam(2, -1.0, 1), "`beam.length_penalty` is -1, and must be 0, for none, or more"),
            (beam(2, f64::NAN, 1), "`beam.length_penalty` is NaN, and must be 0, for none, or more"),
            (sampling(0.0, 1.0), "`sampling.temperature` is 0, and must be at least 0.0001"),
            (sampling(f64::INFINITY, 1.0), "`sampling.temperature` is inf, and must be at least 0.0001"),
            (sampling(1.0, 0.0), "`sampling.top_p` is 0, and must be above 0, and at most 1"),
            (sampling(1.0, f64::NAN), "`sampling.top_p` is NaN, and must be above 0, and at most 1"),
            (
                Decoding { guidance: -1.0, ..Decoding::default() },
                "`guidance` is -1, and must be between 0 and 100",
            ),
            (
                Decoding { repetition_penalty: 0.5, ..Decoding::default() },
                "`repetition_penalty` is 0.5, and must be 1, for none, or more",
            ),
            (lengths(0, Some(0)), "`max_length` is 0, and must be at least 1"),
            (lengths(10, Some(5)), "at least 10 and at most 5 tokens cannot both be"),
        ] {
            let error = decoding.check().expect_err(expected);
            assert_eq!(error.to_string(), expected);
            assert!(!error.help().is_empty());
        }
        for decoding in
            [Decoding::default(), beam(1, 0.0, 1), sampling(1e-4, 1.0), lengths(5, Some(5)), lengths(9, None)]
        {
            assert_eq!(decoding.check(), Ok(()), "{decoding:?}");
        }
    }
}
