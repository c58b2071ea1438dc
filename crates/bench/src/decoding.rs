//! Decoding bench: the searches of `translate`, measured over lines that are encoded before the clock starts.

use std::time::Instant;

use any2any_adapter::{Sequence, Value};
use any2any_experiment::spec::{Decoding, Experiment};
use any2any_inference::Precision;
use any2any_run::{RunError, Task, fresh_model};
use any2any_train::{Prepared, TrainError};
use any2any_translate::{Output, Translator};
use burn::module::Module;
use serde::Serialize;

use super::peak_resident_bytes;
use super::processor_time::processor_seconds;
use super::training::backend;

/// The options of a decoding bench.
#[derive(Clone, Debug)]
pub struct DecodingBench {
    /// The decoding options.
    pub decoding: Decoding,
    /// The exact number of tokens of every hypothesis, the end token excluded; `None`: as long as they get.
    pub forced_length: Option<usize>,
    /// The batching of lines.
    pub batching: Batching,
}

/// The batching of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Batching {
    /// As the decoding options say.
    AsConfigured,
    /// Lines of similar length, up to this many source positions, padding included and beams excluded.
    Tokens(usize),
    /// Each line alone.
    OneByOne,
}

/// The result of a decoding bench. Tokens are those of the best hypotheses, without their end tokens.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct DecodingReport {
    /// The experiment's name.
    pub name: String,
    /// The backend.
    pub backend: &'static str,
    /// The number of CPU threads.
    pub threads: usize,
    /// The number of parameters.
    pub parameters: usize,
    /// The number of hypotheses of the beam; 1 for greedy search and for sampling.
    pub beam: usize,
    /// True if each line was decoded alone.
    pub one_by_one: bool,
    /// The forced length of every hypothesis.
    pub forced_length: Option<usize>,
    /// The number of translated lines.
    pub sentences: usize,
    /// The number of source positions.
    pub source_tokens: usize,
    /// The number of tokens of the best hypotheses.
    pub target_tokens: usize,
    /// The time from the first search to the last result, in seconds.
    pub seconds: f64,
    /// Tokens of the best hypotheses a second.
    pub target_tokens_per_second: f64,
    /// Lines a second.
    pub sentences_per_second: f64,
    /// The processor time of all threads from the first search to the last result, in seconds; `None` if the system does
    /// not say.
    pub processor_seconds: Option<f64>,
    /// Lines a second of processor time.
    pub sentences_per_processor_second: Option<f64>,
    /// The latency of a line, if each was decoded alone.
    pub latency_seconds: Option<Latency>,
    /// The peak memory of the process in bytes; `None` if the system does not say.
    pub peak_resident_bytes: Option<u64>,
}

/// The latency of a line, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Latency {
    /// The median.
    pub percentile_50: f64,
    /// The 95th percentile.
    pub percentile_95: f64,
}

/// A translator with random weights: as fast as a trained one.
///
/// # Errors
///
/// If the backend is missing, and for int8 with a model or a device that has no engine.
pub fn untrained(prepared: Prepared, precision: Precision) -> Result<Translator, TrainError> {
    let Prepared { experiment, adapters, .. } = prepared;
    let device = any2any_run::device::device(&experiment.device)?;
    let model = fresh_model(&experiment, &adapters, &device);
    Ok(Translator::in_precision(experiment, adapters, model, precision)?)
}

impl DecodingBench {
    /// Measures the translation of lines by one task of a model. The first line is translated once before the clock
    /// starts.
    ///
    /// # Errors
    ///
    /// If there is no line, a line cannot be read, or the task has no source.
    pub fn run(
        &self,
        translator: &Translator,
        task: &Task,
        lines: &[Value],
    ) -> Result<DecodingReport, TrainError> {
        let sources = encode(task, lines)?;
        let sources: Vec<&Sequence> = sources.iter().collect();
        let decoding = self.settings();
        translator.search(task, &sources[..1], &decoding, &[])?;

        let mut latencies = Vec::new();
        let mut target_tokens = 0;
        let spent = processor_seconds();
        let began = Instant::now();
        let together = if self.batching == Batching::OneByOne { 1 } else { sources.len() };
        for sources in sources.chunks(together) {
            let began = Instant::now();
            let results = translator.search(task, sources, &decoding, &[])?;
            latencies.push(began.elapsed().as_secs_f64());
            target_tokens += results.iter().map(|best| tokens(best)).sum::<usize>();
        }
        let seconds = began.elapsed().as_secs_f64();
        let processor_seconds = processor_seconds().zip(spent).map(|(now, before)| now - before);

        let Experiment { name, device, .. } = &*translator.experiment;
        let one_by_one = self.batching == Batching::OneByOne;
        Ok(DecodingReport {
            name: name.clone(),
            backend: backend(device),
            threads: rayon::current_num_threads(),
            parameters: translator.model().num_params(),
            beam: beam(&decoding),
            one_by_one,
            forced_length: self.forced_length,
            sentences: sources.len(),
            source_tokens: sources.iter().map(|source| source.len()).sum(),
            target_tokens,
            seconds,
            target_tokens_per_second: target_tokens as f64 / seconds.max(1e-9),
            sentences_per_second: sources.len() as f64 / seconds.max(1e-9),
            processor_seconds,
            sentences_per_processor_second: processor_seconds
                .map(|seconds| sources.len() as f64 / seconds.max(1e-9)),
            latency_seconds: one_by_one.then(|| Latency::of(latencies)),
            peak_resident_bytes: peak_resident_bytes(),
        })
    }

    fn settings(&self) -> Decoding {
        let mut decoding = self.decoding.clone();
        if let Some(length) = self.forced_length {
            (decoding.min_length, decoding.max_length) = (length, Some(length));
        }
        if let Batching::Tokens(tokens) = self.batching {
            decoding.batch_tokens = tokens.saturating_mul(beam(&decoding));
        }
        decoding
    }
}

fn beam(decoding: &Decoding) -> usize {
    decoding.beam.as_ref().map_or(1, |beam| beam.size)
}

/// The number of tokens of the best of some hypotheses.
fn tokens(hypotheses: &[Output]) -> usize {
    hypotheses.first().map_or(0, |best| best.tokens().len())
}

fn encode(task: &Task, lines: &[Value]) -> Result<Vec<Sequence>, TrainError> {
    let problem = |reason: &str| Err(TrainError::Unsupported(format!("task '{}': {reason}", task.name())));
    let Some(adapter) = task.source() else {
        return problem("it has no source to translate, so there is no decoding to measure");
    };
    if lines.is_empty() {
        return problem("there is no line to translate; give an input with at least one");
    }
    let encode = |(number, line): (usize, &Value)| {
        let encoded = adapter.encode(line);
        let side = || format!("{} source, line {}", task.name(), number + 1);
        Ok(encoded.map_err(|source| RunError::Adapter { side: side(), source })?.sequence)
    };
    lines.iter().enumerate().map(encode).collect()
}

impl Latency {
    /// The percentiles of some times, by nearest rank.
    fn of(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        let percentile = |part: usize| {
            let rank = (part * seconds.len()).div_ceil(100).max(1);
            seconds.get(rank - 1).copied().unwrap_or(f64::NAN)
        };
        Self { percentile_50: percentile(50), percentile_95: percentile(95) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let seconds = |count: usize| (1..=count).rev().map(|number| number as f64).collect();
        for (count, half, most) in [(1, 1.0, 1.0), (2, 1.0, 2.0), (5, 3.0, 5.0), (100, 50.0, 95.0)] {
            let expected = Latency { percentile_50: half, percentile_95: most };
            assert_eq!(Latency::of(seconds(count)), expected, "{count} lines");
        }
    }

    #[test]
    fn a_forced_length_and_a_batch_size_become_settings_of_the_search() {
        let decoding = Decoding {
            beam: Some(any2any_experiment::spec::Beam { size: 5, ..Default::default() }),
            ..Decoding::default()
        };
        let bench = DecodingBench { decoding, forced_length: Some(15), batching: Batching::Tokens(1024) };
        let settings = bench.settings();
        assert_eq!((settings.min_length, settings.max_length), (15, Some(15)));
        assert_eq!(settings.batch_tokens, 5 * 1024);
    }
}
