//! Samples of a split that are held against the model, piece by piece, as `/api/distance` does.

use any2any_inspect::{self as inspect, Ablations, Inspector, ReadSource};
use any2any_run::Task;
use any2any_translate::{Output, Translator};

use crate::api_error::ApiError;
use crate::loaded_run::{LoadedRun, Longest};
use crate::neighbours::without_end;
use crate::protocol::{AssessedSample, AssessmentQuery, Assessments, Confusion};

/// The most samples of one piece.
const SAMPLES: usize = 64;
/// The number of positions after which a piece ends.
const POSITIONS: usize = 8192;

/// Samples to assess.
pub(crate) struct Piece {
    total: usize,
    next: Option<usize>,
    samples: Vec<Sample>,
}

struct Sample {
    number: usize,
    read: ReadSource,
    /// The reference, without its end.
    tokens: Vec<u32>,
    reference: String,
}

impl Piece {
    /// Reads the samples of a query.
    pub(crate) fn read(
        run: &LoadedRun,
        task: &Task,
        query: &AssessmentQuery,
        longest: Longest,
    ) -> Result<Self, ApiError> {
        task.require_tokens().map_err(|error| ApiError::wrong("unsupported", error.to_string(), ""))?;
        let samples = run.split(task, &query.split)?;
        let columns = task.sides().columns(&samples)?;
        let sources = columns.sources.as_deref().ok_or_else(|| {
            ApiError::wrong("no_source", "only what has a source is translated", "choose another task")
        })?;
        let end = query.from.saturating_add(query.count.clamp(1, SAMPLES)).min(samples.len());
        let (mut read, mut positions, mut next) = (Vec::new(), 0, query.from);
        while next < end && positions < POSITIONS {
            let (source, target) =
                (ReadSource::of(task, &sources[next]), task.sides().open_target(&columns.targets[next]));
            let number = next;
            next += 1;
            let (Ok(source), Ok(target)) = (source, target) else { continue };
            let Ok(encoded) = task.encode_target(&target) else { continue };
            if source.window.is_some() || source.sequence.is_empty() {
                continue;
            }
            let tokens = without_end(task, &encoded.sequence);
            longest.check(source.sequence.len().max(tokens.len()))?;
            positions += source.positions.len() + tokens.len();
            read.push(Sample { number, read: source, tokens, reference: target.to_string() });
        }
        let next = (next < samples.len()).then_some(next);
        Ok(Self { total: samples.len(), next, samples: read })
    }

    /// The sources, in order.
    pub(crate) fn sources(&self) -> Vec<any2any_adapter::Sequence> {
        self.samples.iter().map(|sample| sample.read.sequence.clone()).collect()
    }

    /// The longest reference, in tokens.
    pub(crate) fn longest(&self) -> usize {
        self.samples.iter().map(|sample| sample.tokens.len()).max().unwrap_or(0)
    }

    /// Holds the samples against the model, which has written `outputs`. A sample that the model cannot take is left out.
    pub(crate) fn assessed(
        self,
        model: &Translator,
        task: &Task,
        outputs: &[Vec<Output>],
    ) -> Result<Assessments, ApiError> {
        let mut samples = Vec::new();
        for (sample, outputs) in self.samples.into_iter().zip(outputs) {
            let Some(output) = outputs.first() else { continue };
            let written = without_end(task, &output.sequence);
            let Sample { number, read, tokens, reference } = sample;
            let found = Inspector::new(model).assess(
                task,
                Some(&read),
                (&tokens, &written),
                &Ablations::default(),
            )?;
            samples.push(AssessedSample {
                number,
                source: read.value.as_text().map(str::to_owned),
                reference,
                output: output.decoded.value.to_string(),
                positions: read.positions.len(),
                tokens: found.tokens,
                loss: found.loss,
                entropy: found.entropy,
                error: found.error,
                confusions: found.confusions.iter().map(|confusion| shown(task, confusion)).collect(),
            });
        }
        Ok(Assessments { total: self.total, next: self.next, samples })
    }
}

fn shown(task: &Task, confusion: &inspect::Confusion) -> Confusion {
    let adapter = task.target();
    Confusion {
        position: confusion.position,
        expected: adapter.show(confusion.expected),
        likeliest: adapter.show(confusion.likeliest),
        log_probability: confusion.log_probability,
    }
}
