//! A split of a task, encoded: sequences in memory, with what was left out and why.

use any2any_adapter::{Sequence, Value};
use any2any_data::Samples;
use any2any_data::batching::Lengths;
use rayon::prelude::*;

use crate::adapters::{AdapterSet, TaskAdapters};
use crate::error::TrainError;

/// One sample of a task, encoded.
#[derive(Clone, Debug)]
pub struct Example {
    /// The sample's number in its split, from 0.
    pub sample: usize,
    /// The source, for a task that has one.
    pub source: Option<Sequence>,
    /// The target, its end token last.
    pub target: Vec<u32>,
}

impl Example {
    /// Positions of source and target.
    pub fn lengths(&self) -> Lengths {
        Lengths { source: self.source.as_ref().map_or(0, Sequence::len), target: self.target.len() }
    }
}

/// A checksum of encoded samples (CRC-32C over all positions of all sequences).
pub(crate) fn checksum<'a>(examples: impl IntoIterator<Item = &'a Example>) -> u32 {
    let add = |sum, bytes: &[u8]| crc32c::crc32c_append(sum, bytes);
    examples.into_iter().fold(0, |sum, example| {
        let sum = match &example.source {
            None => sum,
            Some(Sequence::Tokens(tokens)) => add(sum, bytemuck::cast_slice(tokens)),
            Some(Sequence::Frames(frames)) => add(sum, bytemuck::cast_slice(frames.values())),
        };
        add(add(sum, &(example.target.len() as u64).to_le_bytes()), bytemuck::cast_slice(&example.target))
    })
}

/// Encodes every sample of a split.
///
/// # Errors
///
/// When a field is missing or a value cannot be encoded; the sample is named.
pub(crate) fn encode(
    samples: &Samples,
    task: &TaskAdapters,
    adapters: &AdapterSet,
) -> Result<Vec<Example>, TrainError> {
    let sources = match &task.source_field {
        Some(field) => Some(samples.require(field)?),
        None => None,
    };
    let targets = samples.require(&task.target_field)?;
    let problem = |role: &str, sample: usize| {
        let side = format!("{} {role}, sample {}", task.name, sample + 1);
        move |source| TrainError::Adapter { side, source }
    };
    (0..samples.len())
        .into_par_iter()
        .map(|sample| {
            let source = match (sources, task.source) {
                (Some(values), Some(adapter)) => {
                    let encoded = adapters.adapter(adapter).encode(&values[sample]);
                    Some(encoded.map_err(problem("source", sample))?.sequence)
                }
                _ => None,
            };
            let target = adapters.adapter(task.target).encode(&targets[sample]);
            let target = match target.map_err(problem("target", sample))?.sequence {
                Sequence::Tokens(tokens) => tokens,
                Sequence::Frames(_) => {
                    return Err(TrainError::Unsupported(format!(
                        "task '{}': its target medium gives frames; this version writes tokens only",
                        task.name
                    )));
                }
            };
            Ok(Example { sample, source, target })
        })
        .collect()
}

/// The values of a field, as they stand in the dataset.
pub(crate) fn column<'a>(samples: &'a Samples, field: &str) -> Result<&'a [Value], TrainError> {
    Ok(samples.require(field)?)
}
