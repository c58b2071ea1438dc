//! Encoded samples of a task, in memory.

use std::collections::BTreeMap;

use any2any_adapter::{AdapterError, Frames, Sequence};
use any2any_data::batching::Lengths;
use any2any_run::{Role, Task};
use rayon::prelude::*;

use crate::encoded_source::EncodedSource;
use crate::opened_split::OpenedSplit;

/// An encoded sample of a task.
#[derive(Clone, Debug)]
pub struct Example {
    /// The sample's number in its split, from 0.
    pub sample: usize,
    /// The source; `None` for a task without one.
    pub source: Option<Sequence>,
    /// The target; tokens end with the end token.
    pub target: Sequence,
}

impl Example {
    /// The numbers of positions of source and target.
    pub fn lengths(&self) -> Lengths {
        Lengths::new(self.source.as_ref().map_or(0, Sequence::len), self.target.len())
    }

    /// The tokens of the source; none for frames, or without a source.
    pub fn source_tokens(&self) -> &[u32] {
        self.source.as_ref().and_then(Sequence::tokens).unwrap_or_default()
    }

    /// The tokens of the target; none for frames.
    pub fn target_tokens(&self) -> &[u32] {
        self.target.tokens().unwrap_or_default()
    }
}

/// The sequence in place of a source that is left out: of tokens only the last, which is the end; of frames a single
/// one of zeros.
pub fn absent_source(source: &Sequence) -> Sequence {
    match source {
        Sequence::Tokens(tokens) => Sequence::Tokens(tokens.last().copied().into_iter().collect()),
        Sequence::Frames(frames) => {
            let zeros = Frames::new(frames.width(), vec![0.0; frames.width()]);
            zeros.map_or_else(|| source.clone(), Sequence::Frames)
        }
    }
}

/// A checksum of encoded samples (CRC-32C over all positions of all sequences).
pub fn checksum<'a>(examples: impl IntoIterator<Item = &'a Example>) -> u32 {
    checksum_behind(0, examples)
}

/// The [`checksum`] of samples behind others, of which `sum` is the checksum.
pub fn checksum_behind<'a>(sum: u32, examples: impl IntoIterator<Item = &'a Example>) -> u32 {
    examples.into_iter().fold(sum, checksum_with)
}

/// The [`checksum`] of samples and one more.
pub(crate) fn checksum_with(sum: u32, example: &Example) -> u32 {
    fn bytes(sequence: &Sequence) -> &[u8] {
        match sequence {
            Sequence::Tokens(tokens) => bytemuck::cast_slice(tokens),
            Sequence::Frames(frames) => bytemuck::cast_slice(frames.values()),
        }
    }
    let sum = example.source.as_ref().map_or(sum, |source| crc32c::crc32c_append(sum, bytes(source)));
    let sum = crc32c::crc32c_append(sum, &(example.target.len() as u64).to_le_bytes());
    crc32c::crc32c_append(sum, bytes(&example.target))
}

/// The sources of a split that are read in several windows, by the numbers of their samples. Those that cannot be read are
/// left to [`encode_with`].
pub(crate) fn long(opened: &OpenedSplit, task: &Task) -> BTreeMap<usize, EncodedSource> {
    let samples = opened.samples.par_iter().zip(&opened.sources);
    let long = samples.filter(|(_, source)| task.windows(source).is_ok_and(|windows| windows.len() > 1));
    long.filter_map(|(&sample, source)| Some((sample, EncodedSource::of(task, source).ok()?))).collect()
}

/// Encodes every opened sample of a split, with an error and its side in the place of each sample that cannot be encoded.
/// Some sources are encoded already, by the numbers of their samples.
pub(crate) fn encode_with<'s>(
    opened: &OpenedSplit,
    task: &Task,
    encoded: impl Fn(usize) -> Option<&'s Sequence> + Sync,
) -> Vec<Result<Example, (Role, AdapterError)>> {
    (0..opened.samples.len())
        .into_par_iter()
        .map(|row| {
            let sample = opened.samples[row];
            let source = match (opened.sources.get(row), task.source(), encoded(sample)) {
                (Some(_), Some(_), Some(source)) => Some(source.clone()),
                (Some(value), Some(adapter), None) => {
                    let encoded = adapter.encode(value);
                    Some(encoded.map_err(|error| (Role::Source, error))?.sequence)
                }
                _ => None,
            };
            let target = task.target().encode(&opened.targets[row]);
            let target = target.map_err(|error| (Role::Target, error))?.sequence;
            Ok(Example { sample, source, target })
        })
        .collect()
}

/// Number of bytes over which the checksum of an example goes.
pub(crate) fn checksum_bytes(example: &Example) -> usize {
    let bytes = |sequence: &Sequence| match sequence {
        Sequence::Tokens(tokens) => size_of_val(&tokens[..]),
        Sequence::Frames(frames) => size_of_val(frames.values()),
    };
    example.source.as_ref().map_or(0, bytes) + size_of::<u64>() + bytes(&example.target)
}
