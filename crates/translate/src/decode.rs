//! Decoding: search over batches of sources, and its outputs as values.

use std::borrow::Cow;
use std::convert::Infallible;

use any2any_adapter::{Decoded, FrameCount, Head, Sequence, Value};
use any2any_experiment::spec::Decoding;
use any2any_inference::EngineStepper;
use any2any_model::{ModelStepper, Pass, PerPositionStepper};
use any2any_run::{OutputLengths, Role, Task, Timestamps};
use any2any_search::{
    Beam, Cancellable, Guided, Hypothesis, Moments, Observer, Sampling, SearchError, SearchOptions,
    SourceRow, Stepper, Strategy, search_observed,
};

use crate::batch;
use crate::error::TranslateError;
use crate::example::absent_source;
use crate::segments::{Segment, segments};
use crate::translator::Translator;

/// One result of a search.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Output {
    /// The value, with the region of each position.
    pub decoded: Decoded,
    /// The tokens, without the end token, or the frames.
    pub sequence: Sequence,
    /// The score by which search ranked the output; 0 for frames.
    pub score: f64,
    /// The log-probability, the end token included; 0 for frames.
    pub log_probability: f64,
    /// The segments of a transcript with their times, where they were asked for.
    pub segments: Vec<Segment>,
}

impl Output {
    /// The tokens, without the end token; none of an output in frames.
    pub fn tokens(&self) -> &[u32] {
        self.sequence.tokens().unwrap_or_default()
    }

    /// The empty text, as the output of a source that needs no search.
    pub(crate) fn empty() -> Self {
        let decoded = Decoded { value: Value::from(""), regions: Vec::new() };
        Self {
            decoded,
            sequence: Sequence::Tokens(Vec::new()),
            score: 0.0,
            log_probability: 0.0,
            segments: Vec::new(),
        }
    }
}

impl Translator {
    /// Searches for the outputs of encoded sources, in their order.
    pub fn search(
        &self,
        task: &Task,
        sources: &[&Sequence],
        decoding: &Decoding,
        prefix: &[u32],
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        let numbers: Vec<usize> = (0..sources.len()).collect();
        self.search_numbered(task, sources, &numbers, decoding, prefix)
    }

    /// Searches for the outputs of sources, each with the number that seeds its sampling.
    pub(crate) fn search_numbered(
        &self,
        task: &Task,
        sources: &[&Sequence],
        numbers: &[usize],
        decoding: &Decoding,
        prefix: &[u32],
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        decoding.check()?;
        let task = &*asked(task, decoding)?;
        let beam = decoding.beam.as_ref().map_or(1, |beam| beam.size);
        let mut order: Vec<usize> = (0..sources.len()).collect();
        order.sort_by_key(|&number| std::cmp::Reverse(sources[number].len()));
        let mut results: Vec<Vec<Output>> = sources.iter().map(|_| Vec::new()).collect();
        let mut rest = order.as_slice();
        while let Some(&first) = rest.first() {
            let rows = (decoding.batch_tokens / (sources[first].len().max(1) * beam)).clamp(1, rest.len());
            let (now, later) = rest.split_at(rows);
            rest = later;
            let together: Vec<&Sequence> = now.iter().map(|&number| sources[number]).collect();
            let rows: Vec<SourceRow> = now
                .iter()
                .map(|&number| self.row(task, numbers[number], Some(sources[number].len()), prefix, decoding))
                .collect();
            for (&number, outputs) in now.iter().zip(self.run_search(task, &together, &rows, decoding)?) {
                results[number] = outputs;
            }
        }
        Ok(results)
    }

    /// The stepper that search uses: the engine if there is one, else the model; always the model for a per-position
    /// task.
    pub(crate) fn stepper<'a>(
        &'a self,
        task: &Task,
        sources: &[&Sequence],
    ) -> Box<dyn Stepper<Error = Infallible> + 'a> {
        let number = task.number();
        if let (Some(engine), false) = (self.engine(), task.is_per_position()) {
            return Box::new(EngineStepper::new(engine, number, sources, self.cancellation()));
        }
        let source = batch::sources(sources, task.framing(), self.device());
        let pass = &mut self.pass();
        let labels: Option<Vec<usize>> = sources.iter().map(|source| task.labels(source.len())).collect();
        match (labels, source) {
            (Some(labels), Some(source)) => {
                Box::new(PerPositionStepper::new(self.model(), number, source, labels, task.end(), pass))
            }
            (_, source) => Box::new(ModelStepper::new(self.model(), number, source, pass)),
        }
    }

    /// A stepper with classifier-free guidance (Ho and Salimans 2022): scores moved away from those without a source.
    fn guided_stepper<'a>(
        &'a self,
        task: &Task,
        sources: &[&Sequence],
        guidance: f64,
    ) -> Result<Box<dyn Stepper<Error = Infallible> + 'a>, TranslateError> {
        if guidance == 1.0 {
            return Ok(self.stepper(task, sources));
        }
        let name = task.name();
        if task.spec().source_dropout == 0.0 {
            let reason = "has not learned to write without a source, which guidance needs: train it with \
                          `source_dropout`, or leave guidance at 1";
            return Err(TranslateError::Unsupported(format!("task '{name}' {reason}")));
        }
        let silent: Vec<Sequence> = sources.iter().map(|source| absent_source(source)).collect();
        let silent: Vec<&Sequence> = silent.iter().collect();
        let (with, without) = (self.stepper(task, sources), self.stepper(task, &silent));
        Ok(Box::new(Guided::new(with, without, guidance as f32)))
    }

    /// A forward pass that ends when the work is cancelled.
    pub fn pass(&self) -> Pass {
        Pass::evaluation().until(self.cancellation().clone())
    }

    /// Searches for some sources together, or without a source for some rows.
    pub(crate) fn run_search(
        &self,
        task: &Task,
        sources: &[&Sequence],
        rows: &[SourceRow],
        decoding: &Decoding,
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        self.run_search_observed(task, sources, rows, decoding, &mut ())
    }

    /// Searches with an observer of the chosen tokens. Frames are not chosen, so it sees none of them.
    pub fn run_search_observed(
        &self,
        task: &Task,
        sources: &[&Sequence],
        rows: &[SourceRow],
        decoding: &Decoding,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        self.require_own(task)?;
        task.require_languages()?;
        decoding.check()?;
        for source in sources {
            self.require_source_sequence(task, source)?;
        }
        let adapter = task.target();
        let (begin, end, forbidden) = match adapter.head() {
            Some(Head::Softmax { begin, end, forbidden, .. }) => (begin, end, forbidden),
            Some(Head::Regression { .. }) if decoding.guidance != 1.0 => {
                let reason = "writes frames, of which none is chosen: leave guidance at 1";
                let name = task.name();
                return Err(TranslateError::Unsupported(format!("task '{name}' {reason}")));
            }
            Some(Head::Regression { width, length }) => {
                return self.write_frames(task, sources, width, length);
            }
            _ => return Err(TranslateError::Unsupported("this target medium cannot be written".to_owned())),
        };
        let mut options = search_options(decoding, self.experiment.seed);
        options.prompt = task.prompt_tokens().len();
        let timestamps = decoding.timestamps.then(|| task.timestamps()).transpose()?;
        options.moments = timestamps.map(|Timestamps { first, count, latest_start, .. }| Moments {
            first,
            count,
            latest_start,
        });
        options.suppress_first = task.target_tokens("decoding.suppress_first", &decoding.suppress_first)?;
        let forbidden = [forbidden, task.target_tokens("decoding.suppress", &decoding.suppress)?].concat();
        let stepper = self.guided_stepper(task, sources, decoding.guidance)?;
        let mut stepper = Cancellable::new(stepper, self.cancellation().clone());
        let hypotheses = search_observed(&mut stepper, rows, begin, end, &forbidden, &options, observer);
        let hypotheses = hypotheses.map_err(|error| match error {
            SearchError::Stepper(cancelled) => TranslateError::Cancelled(cancelled),
            error => TranslateError::Search(error.to_string()),
        })?;
        let output = |hypothesis: Hypothesis| -> Result<Output, TranslateError> {
            let sequence = Sequence::Tokens(hypothesis.tokens);
            let wrong = |source| task.error(Role::Target, source);
            let decoded = adapter.decode(&sequence).map_err(wrong)?;
            let segments = match (&timestamps, sequence.tokens()) {
                (Some(timestamps), Some(tokens)) => {
                    let written = tokens.strip_prefix(task.prompt_tokens()).unwrap_or(tokens);
                    segments(written, timestamps, adapter.as_ref()).map_err(wrong)?
                }
                _ => Vec::new(),
            };
            Ok(Output {
                decoded,
                sequence,
                segments,
                score: hypothesis.score,
                log_probability: hypothesis.log_probability,
            })
        };
        hypotheses.into_iter().map(|best| best.into_iter().map(output).collect()).collect()
    }

    /// Computes the frames of some sources together.
    fn write_frames(
        &self,
        task: &Task,
        sources: &[&Sequence],
        width: usize,
        length: FrameCount,
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        let adapter = task.target();
        let framing = task.framing();
        let Some(source) = batch::sources(sources, framing, self.device()) else {
            return Ok(Vec::new());
        };
        let written =
            any2any_model::write_frames(self.model(), task.number(), source, width, length, &mut self.pass());
        self.cancellation().check()?;
        let output = |frames| {
            let sequence = Sequence::Frames(frames);
            let decoded = adapter.decode(&sequence).map_err(|source| task.error(Role::Target, source))?;
            Ok(vec![Output { decoded, sequence, score: 0.0, log_probability: 0.0, segments: Vec::new() }])
        };
        written.into_iter().map(output).collect()
    }

    /// A row of a search: the lengths of its output, its prefix, and the number that seeds its sampling.
    pub fn row(
        &self,
        task: &Task,
        number: usize,
        source: Option<usize>,
        prefix: &[u32],
        decoding: &Decoding,
    ) -> SourceRow {
        let prefix = task.after_prompt(prefix);
        let OutputLengths { least, most } = task.output_lengths(source, prefix.len(), decoding);
        SourceRow { max_length: most, min_length: least, prefix, id: number as u64 }
    }
}

/// The task as decoding options ask for it: with moments, or without.
pub(crate) fn asked<'t>(task: &'t Task, decoding: &Decoding) -> Result<Cow<'t, Task>, TranslateError> {
    Ok(if decoding.timestamps { Cow::Owned(task.with_timestamps()?) } else { Cow::Borrowed(task) })
}

fn search_options(decoding: &Decoding, seed: u64) -> SearchOptions {
    let strategy = match (&decoding.beam, &decoding.sampling) {
        (Some(beam), _) => {
            Strategy::Beam(Beam { size: beam.size, length_penalty: beam.length_penalty, n_best: beam.n_best })
        }
        (None, Some(sampling)) => Strategy::Sampling(Sampling {
            temperature: sampling.temperature,
            top_k: sampling.top_k,
            top_p: sampling.top_p,
            seed: sampling.seed.unwrap_or(seed),
        }),
        (None, None) => Strategy::Greedy,
    };
    SearchOptions {
        strategy,
        no_repeat_ngram: decoding.no_repeat_ngram,
        repetition_penalty: decoding.repetition_penalty,
        ..SearchOptions::default()
    }
}
