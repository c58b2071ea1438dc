//! Parts of an evaluation: what each of several processes finds, such that all parts together are what one process finds.
//!
//! Whole batches are dealt, since the last bits of a loss depend on what stands beside a sample in its batch.

use any2any_adapter::{Decoded, Frames, Sequence, Value};
use any2any_experiment::spec::Decoding;
use any2any_run::{Role, Task};
use serde::{Deserialize, Serialize};

use super::{DecodedSplit, TeacherForced, decode_some};
use crate::decode::Output;
use crate::encoded_source::SourceWindows;
use crate::error::TranslateError;
use crate::held_out::HeldOut;
use crate::split::Split;
use crate::translator::Translator;

/// The part of an evaluation that one of several processes does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The number of the process, from 0.
    pub number: usize,
    /// The number of processes, above 0.
    pub of: usize,
}

/// The teacher-forced losses of the batches of a part.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PartOfLosses(Vec<LossOfBatch>);

/// The sums of one batch. Its loss travels as its bits: it may be no finite number.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct LossOfBatch {
    batch: usize,
    negative_log_likelihood: u64,
    correct: usize,
    tokens: usize,
}

/// The decoded outputs of a part.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PartOfOutputs(Vec<OutputOfSample>);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct OutputOfSample {
    /// The place of the sample in its group.
    place: usize,
    /// The output, if it is a text; everything else is made of the sequence again.
    text: Option<String>,
    sequence: Positions,
    score: u64,
    log_probability: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Positions {
    Tokens(Vec<u32>),
    Frames { width: usize, values: Vec<u32> },
}

impl Part {
    /// All of an evaluation.
    pub const ALL: Self = Self { number: 0, of: 1 };

    /// True for a batch with this number that the part has.
    pub(crate) fn has(self, number: usize) -> bool {
        number % self.of == self.number
    }
}

impl TeacherForced {
    /// The losses of the batches of a split that a part has.
    ///
    /// # Errors
    ///
    /// If the work is cancelled, or a file can no longer be read.
    pub fn of_part(
        translator: &Translator,
        task: &Task,
        split: &HeldOut,
        batch_tokens: usize,
        part: Part,
    ) -> Result<PartOfLosses, TranslateError> {
        let mut losses = Vec::new();
        let lengths = |place: usize| split.lengths()[place];
        let read = |places: &[usize]| split.examples(places);
        let examples = (split.at_once(), lengths, read);
        translator.losses_of_part(task, examples, batch_tokens, part, |batch, _, loss| {
            losses.push(LossOfBatch {
                batch,
                negative_log_likelihood: loss.negative_log_likelihood.to_bits(),
                correct: loss.correct,
                tokens: loss.tokens,
            });
        })?;
        Ok(PartOfLosses(losses))
    }

    /// The loss of a split, from the losses of all parts.
    pub fn of_parts(translator: &Translator, task: &Task, parts: Vec<PartOfLosses>) -> Self {
        let mut losses: Vec<LossOfBatch> =
            parts.into_iter().flat_map(|PartOfLosses(losses)| losses).collect();
        losses.sort_by_key(|loss| loss.batch);
        let sum = losses.iter().map(|loss| f64::from_bits(loss.negative_log_likelihood));
        let sum = sum.fold(0.0, |sum, loss| sum + loss);
        let (correct, tokens) =
            losses.iter().fold((0, 0), |(correct, tokens), of| (correct + of.correct, tokens + of.tokens));
        let count = tokens.max(1) as f64;
        let loss = sum / count;
        let perplexity = (!translator.model().writes_frames(task.number())).then(|| loss.exp());
        Self { loss, perplexity, accuracy: 100.0 * correct as f64 / count, tokens }
    }
}

impl DecodedSplit {
    /// The decoded outputs of those samples of a group that a part has; `places` are those of the group in the whole split.
    ///
    /// # Errors
    ///
    /// If the task has no source or the target medium cannot be written.
    pub fn of_part(
        translator: &Translator,
        task: &Task,
        (split, places): (&Split, &[usize]),
        decoding: &Decoding,
        part: Part,
    ) -> Result<PartOfOutputs, TranslateError> {
        let outputs = decode_some(translator, task, (split, places), sources(task, split)?, decoding, part)?;
        Ok(PartOfOutputs(
            outputs.into_iter().map(|(place, output)| OutputOfSample::new(place, output)).collect(),
        ))
    }

    /// The decoded outputs of a group of samples, from those of all parts.
    ///
    /// # Errors
    ///
    /// If the task has no source, or an output is none of its target.
    pub fn of_parts(task: &Task, split: &Split, parts: Vec<PartOfOutputs>) -> Result<Self, TranslateError> {
        let mut outputs = Vec::new();
        for found in parts.into_iter().flat_map(|PartOfOutputs(found)| found) {
            outputs.push((found.place, found.into_output(task)?));
        }
        Ok(Self::new(split, &sources(task, split)?, outputs))
    }
}

/// The sources of some samples.
pub(super) fn sources<'s>(task: &Task, split: &'s Split) -> Result<Vec<SourceWindows<'s>>, TranslateError> {
    task.require_source()?;
    Ok(split.examples.iter().filter_map(|example| split.windows_of(example)).collect())
}

impl OutputOfSample {
    fn new(place: usize, output: Output) -> Self {
        let text = match output.decoded.value {
            Value::Text(text) => Some(text),
            _ => None,
        };
        let sequence = match output.sequence {
            Sequence::Tokens(tokens) => Positions::Tokens(tokens),
            Sequence::Frames(frames) => Positions::Frames {
                width: frames.width(),
                values: frames.values().iter().map(|value| value.to_bits()).collect(),
            },
        };
        let (score, log_probability) = (output.score.to_bits(), output.log_probability.to_bits());
        Self { place, text, sequence, score, log_probability }
    }

    fn into_output(self, task: &Task) -> Result<Output, TranslateError> {
        let sequence = match self.sequence {
            Positions::Tokens(tokens) => Sequence::Tokens(tokens),
            Positions::Frames { width, values } => {
                let values = values.into_iter().map(f32::from_bits).collect();
                let torn =
                    || TranslateError::Unsupported("another rank tells of frames that are torn".to_owned());
                Sequence::Frames(Frames::new(width, values).ok_or_else(torn)?)
            }
        };
        let decoded = match self.text {
            Some(text) => Decoded { value: Value::Text(text), regions: Vec::new() },
            None => task.target().decode(&sequence).map_err(|source| task.error(Role::Target, source))?,
        };
        let (score, log_probability) = (f64::from_bits(self.score), f64::from_bits(self.log_probability));
        Ok(Output::new(decoded, sequence, score, log_probability))
    }
}
