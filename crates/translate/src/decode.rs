//! Decoding: search over batches of sources, and its outputs as values.

mod side_by_side;
mod steppers;

use std::borrow::Cow;

use any2any_adapter::{Decoded, FrameCount, Head, Kind, Sequence, Value};
use any2any_experiment::spec::Decoding;
use any2any_model::Pass;
use any2any_run::{OutputLengths, Role, Task, Timestamps};
use any2any_search::{
    Beam, Cancellable, Hypothesis, Observer, Phrase, Sampling, SearchError, SearchOptions, SearchPlan,
    SourceRow, Stepper, Strategy, TimestampTokens, search_containing, search_observed,
};

use crate::batch;
use crate::error::TranslateError;
use crate::minimum_bayes_risk::{Candidates, ranked};
use crate::segments::{Segment, segments};
use crate::translator::Translator;
use side_by_side::side_by_side;

/// The number of batches of sources that are searched for at a time at most, each with its keys and values in memory.
pub fn batches_at_once() -> usize {
    rayon::current_num_threads().min(4)
}

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
    /// The words that belong together, each as the number of a word of the source and of one of the output, by white
    /// space and from 0; empty unless a translator [aligns](Translator::with_alignments).
    pub alignment: Vec<(usize, usize)>,
}

/// A source that an output is searched for.
pub(crate) struct Asked<'a> {
    pub sequence: &'a Sequence,
    /// The number that seeds its sampling.
    pub number: usize,
    /// The tokens that its output begins with.
    pub prefix: &'a [u32],
    /// The phrases that its output must have.
    pub phrases: Vec<Phrase>,
}

impl Asked<'_> {
    /// The number of beams of its search.
    fn banks(&self) -> usize {
        1 + self.phrases.iter().map(Phrase::cost).sum::<usize>()
    }
}

impl Output {
    /// The tokens, without the end token; none of an output in frames.
    pub fn tokens(&self) -> &[u32] {
        self.sequence.tokens().unwrap_or_default()
    }

    pub(crate) fn new(decoded: Decoded, sequence: Sequence, score: f64, log_probability: f64) -> Self {
        Self { decoded, sequence, score, log_probability, segments: Vec::new(), alignment: Vec::new() }
    }

    /// The empty text, as the output of a source that needs no search.
    pub(crate) fn empty() -> Self {
        let decoded = Decoded { value: Value::from(""), regions: Vec::new() };
        Self::new(decoded, Sequence::Tokens(Vec::new()), 0.0, 0.0)
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
        let asked = |(number, &sequence)| Asked { sequence, number, prefix, phrases: Vec::new() };
        self.search_asked(task, &sources.iter().enumerate().map(asked).collect::<Vec<_>>(), decoding)
    }

    /// Searches for the outputs of sources, in their order.
    pub(crate) fn search_asked(
        &self,
        task: &Task,
        asked: &[Asked<'_>],
        decoding: &Decoding,
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        decoding.check()?;
        let task = &*as_decoded(task, decoding)?;
        let mut order: Vec<usize> = (0..asked.len()).collect();
        order.sort_by_key(|&place| std::cmp::Reverse(asked[place].sequence.len()));
        // Sources without phrases are searched for as if there were no others.
        let (plain, phrased): (Vec<usize>, Vec<usize>) =
            order.into_iter().partition(|&place| asked[place].phrases.is_empty());
        let mut results: Vec<Vec<Output>> = asked.iter().map(|_| Vec::new()).collect();
        let together = |place: usize| {
            let hypotheses = decoding.hypotheses() * asked[place].banks();
            task.sources_together(asked[place].sequence.len(), hypotheses, decoding)
        };
        let batches: Vec<&[usize]> =
            [&plain, &phrased].into_iter().flat_map(|places| cut(places, together)).collect();
        let found = side_by_side(&batches, self.batches_at_once(), |now| {
            let sources: Vec<&Sequence> = now.iter().map(|&place| asked[place].sequence).collect();
            let rows: Vec<SourceRow> = now
                .iter()
                .map(|&place| {
                    let Asked { sequence, number, prefix, .. } = asked[place];
                    let row = self.row(task, number, Some(sequence.len()), prefix, decoding);
                    // What must be written has its room, whatever the limit is.
                    match asked[place].banks() - 1 {
                        0 => row,
                        needed => {
                            let max_length = row.max_length.max(row.prefix.len() + needed);
                            SourceRow { max_length, ..row }
                        }
                    }
                })
                .collect();
            let phrases: Vec<Vec<Phrase>> = now.iter().map(|&place| asked[place].phrases.clone()).collect();
            self.search_containing(task, &sources, &rows, &phrases, decoding, &mut ())
        })?;
        for (&place, outputs) in batches.iter().copied().flatten().zip(found.into_iter().flatten()) {
            results[place] = outputs;
        }
        Ok(results)
    }

    /// The number of batches that this model searches for at a time. Between the steps of one, threads work on another; what is
    /// itself a share of parallel work, or runs on a device whose memory one batch may fill, has one.
    fn batches_at_once(&self) -> usize {
        match self.engine() {
            Some(_) if rayon::current_thread_index().is_none() => batches_at_once(),
            _ => 1,
        }
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
        self.search_containing(task, sources, rows, &[], decoding, observer)
    }

    /// Searches for outputs that contain the phrases of their sources; all lists are empty, or none of the sources has
    /// one.
    fn search_containing(
        &self,
        task: &Task,
        sources: &[&Sequence],
        rows: &[SourceRow],
        phrases: &[Vec<Phrase>],
        decoding: &Decoding,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        self.require_own(task)?;
        task.require_languages()?;
        decoding.check()?;
        for source in sources {
            self.require_source_sequence(task, source)?;
        }
        match task.target().head() {
            Some(Head::Softmax { .. }) => {}
            Some(Head::Regression { .. }) if decoding.guidance != 1.0 => {
                let reason = "writes frames, of which none is chosen: leave guidance at 1";
                let name = task.name();
                return Err(TranslateError::Unsupported(format!("task '{name}' {reason}")));
            }
            Some(Head::Regression { width, length }) => {
                return self.write_frames(task, sources, width, length);
            }
            _ => return Err(TranslateError::Unsupported("this target medium cannot be written".to_owned())),
        }
        match &decoding.minimum_bayes_risk {
            None => self.write_tokens(task, sources, rows, phrases, decoding, observer),
            Some(risk) => {
                self.require_text(task)?;
                let candidates = Candidates::new(rows, phrases, decoding, risk.samples());
                let Candidates { rows, phrases, decoding, of_each, n_best, weighing } = candidates;
                let found = self.write_tokens(task, sources, &rows, &phrases, &decoding, observer)?;
                let mut found = found.into_iter();
                let groups =
                    (0..rows.len() / of_each).map(|_| found.by_ref().take(of_each).flatten().collect());
                let best = |candidates| {
                    let mut ranked = ranked(candidates, weighing);
                    ranked.truncate(n_best);
                    ranked
                };
                Ok(groups.map(best).collect())
            }
        }
    }

    /// Fails for minimum Bayes risk of outputs that are no texts.
    fn require_text(&self, task: &Task) -> Result<(), TranslateError> {
        if task.target_medium().kind() == Kind::Text {
            return Ok(());
        }
        let name = task.name();
        let reason = "writes no text, and minimum Bayes risk compares texts: leave `minimum_bayes_risk` out";
        Err(TranslateError::Unsupported(format!("task '{name}' {reason}")))
    }

    /// Searches for outputs of tokens; a source has one row, or several that stand together.
    fn write_tokens(
        &self,
        task: &Task,
        sources: &[&Sequence],
        rows: &[SourceRow],
        phrases: &[Vec<Phrase>],
        decoding: &Decoding,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        let adapter = task.target();
        let SearchPlan { begin, end, forbidden, options, .. } = self.search_plan(task, decoding)?;
        let timestamps = decoding.timestamps.then(|| task.timestamps()).transpose()?;
        let mut stepper = self.joint_stepper(task, sources, decoding.guidance)?;
        if !sources.is_empty() && rows.len() > sources.len() {
            let of_each = rows.len() / sources.len();
            let Ok(()) = stepper.select(&(0..rows.len()).map(|row| row / of_each).collect::<Vec<_>>());
        }
        let mut stepper = Cancellable::new(stepper, self.cancellation().clone());
        let hypotheses = match phrases.iter().all(Vec::is_empty) {
            true => search_observed(&mut stepper, rows, begin, end, &forbidden, &options, observer),
            false => {
                search_containing(&mut stepper, rows, phrases, begin, end, &forbidden, &options, observer)
            }
        };
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
                segments,
                ..Output::new(decoded, sequence, hypothesis.score, hypothesis.log_probability)
            })
        };
        hypotheses.into_iter().map(|best| best.into_iter().map(output).collect()).collect()
    }

    /// The plan of searches for outputs of tokens.
    ///
    /// # Errors
    ///
    /// If the target is not written in tokens, or a decoding option names a token that its vocabulary lacks.
    pub(crate) fn search_plan(&self, task: &Task, decoding: &Decoding) -> Result<SearchPlan, TranslateError> {
        let Some(Head::Softmax { begin, end, forbidden, .. }) = task.target().head() else {
            return Err(TranslateError::Unsupported("this target medium cannot be written".to_owned()));
        };
        let mut options = search_options(decoding, self.experiment.seed);
        options.prompt = task.prompt_tokens().len();
        let timestamps = decoding.timestamps.then(|| task.timestamps()).transpose()?;
        options.timestamps = timestamps.map(|Timestamps { first, count, latest_start, .. }| {
            TimestampTokens { first, count, latest_start }
        });
        options.suppress_first = task.target_tokens("decoding.suppress_first", &decoding.suppress_first)?;
        let suppressed = task.target_tokens("decoding.suppress", &decoding.suppress)?;
        let without = timestamps.and_then(|timestamps| timestamps.without);
        let forbidden = forbidden.into_iter().chain(suppressed).chain(without).collect();
        Ok(SearchPlan { begin, end, forbidden, options, lengths: task.length_rule(decoding) })
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
            Ok(vec![Output::new(decoded, sequence, 0.0, 0.0)])
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

/// Places of sources, longest first, cut into batches: the first of each tells how many are searched for together.
pub(crate) fn cut(mut places: &[usize], together: impl Fn(usize) -> usize) -> Vec<&[usize]> {
    let mut batches = Vec::new();
    while let Some(&first) = places.first() {
        let (now, later) = places.split_at(together(first).clamp(1, places.len()));
        batches.push(now);
        places = later;
    }
    batches
}

/// The task as decoding options ask for it: with timestamps, or without.
pub(crate) fn as_decoded<'t>(task: &'t Task, decoding: &Decoding) -> Result<Cow<'t, Task>, TranslateError> {
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
