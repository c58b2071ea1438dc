//! Search over anything that gives scores for the next token: greedy, beam, grid beam and sampling.
//!
//! The model stays behind [`Stepper`]: it is fed one token a row and answers with logits, and it keeps,
//! reorders or drops rows when it is told to. Everything else happens here, on the host, and knows neither
//! the model nor its medium.
//!
//! The output for a source never depends on the other sources of its batch: every choice is made within
//! one source, equals are told apart by the number of the token, and random numbers come from the seed and
//! the source's own [`id`](SourceRow::id).
//!
//! # Probabilities
//!
//! A token's log-probability is the softmax of the model's logits, after the repetition penalty where there
//! is one. Rules that forbid tokens (minimum length, repeated n-grams, tokens that are never written) take
//! them out of the choice and leave the probabilities of the others as they are, and so do temperature,
//! top-k and top-p: they decide which token is drawn, and leave its reported probability alone.
//!
//! # Length
//!
//! A hypothesis that has reached its maximum length, or may not write any token any more, ends there; the
//! end's log-probability counts as if it had been chosen, so that hypotheses stay comparable, and
//! [`finished`](Hypothesis::finished) tells whether the model would have ended too.
//!
//! ```
//! use any2any_search::{Beam, SearchOptions, SourceRow, Stepper, Strategy, search};
//!
//! /// A model that counts up from token 2 and then ends with token 0.
//! struct Counter(Vec<u32>);
//!
//! impl Stepper for Counter {
//!     type Error = std::convert::Infallible;
//!
//!     fn vocabulary(&self) -> usize {
//!         6
//!     }
//!
//!     fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Self::Error> {
//!         self.0 = tokens.to_vec();
//!         let likely = |token: u32| if token + 1 < 6 { token + 1 } else { 0 };
//!         let logits = |&token: &u32| (0..6).map(move |next| if next == likely(token) { 5.0 } else { 0.0 });
//!         Ok(tokens.iter().flat_map(logits).collect())
//!     }
//!
//!     fn select(&mut self, rows: &[usize]) -> Result<(), Self::Error> {
//!         self.0 = rows.iter().map(|&row| self.0[row]).collect();
//!         Ok(())
//!     }
//! }
//!
//! let (begin, end) = (1, 0);
//! let sources = [SourceRow { id: 0, prefix: vec![], min_length: 0, max_length: 20 }];
//! let options = SearchOptions { strategy: Strategy::Beam(Beam::default()), ..SearchOptions::default() };
//! let hypotheses = search(&mut Counter(Vec::new()), &sources, begin, end, &[begin], &options)?;
//! assert_eq!(hypotheses[0][0].tokens, [2, 3, 4, 5]);
//! # Ok::<(), any2any_search::SearchError<std::convert::Infallible>>(())
//! ```

mod beam;
mod cancellable;
mod ensemble;
mod error;
mod grid;
mod guided;
mod hypothesis;
mod lengths;
mod observer;
mod options;
mod path;
mod phrases;
mod plan;
mod rules;
mod sampling;
mod scores;
mod stepper;
mod timestamps;
mod top;

use any2any_adapter::Seed;

pub use cancellable::Cancellable;
pub use ensemble::Ensemble;
pub use error::SearchError;
pub use guided::Guided;
pub use hypothesis::Hypothesis;
pub use lengths::{LengthRule, OutputLengths};
pub use observer::{Considered, Fate, Observer};
pub use options::{Beam, Sampling, SearchOptions, Strategy};
pub use phrases::Phrase;
pub use plan::SearchPlan;
pub use stepper::{Answer, BestOfRow, SourceRow, Stepper, Wanted};
pub use timestamps::TimestampTokens;
pub use top::{Scored, log_sum_exp};

use beam::BeamSource;
use grid::GridSource;
use path::{Pick, Single};
use rules::Rules;
use sampling::Sampler;
use scores::Row;

/// Searches the best hypotheses of each source: as many as the strategy gives, best first.
///
/// The stepper must hold one row a source, in the same order, that has not been fed anything yet. Rows of
/// finished sources leave it on the way; at the end it holds no useful state.
///
/// `begin` is fed first, `end` finishes a hypothesis, and tokens of `forbidden` are never chosen, though a
/// prefix may have them.
///
/// # Errors
///
/// When an option or a prefix is impossible, when the stepper fails, or when it gives no usable logits.
pub fn search<S: Stepper>(
    stepper: &mut S,
    sources: &[SourceRow],
    begin: u32,
    end: u32,
    forbidden: &[u32],
    options: &SearchOptions,
) -> Result<Vec<Vec<Hypothesis>>, SearchError<S::Error>> {
    search_observed(stepper, sources, begin, end, forbidden, options, &mut ())
}

/// Searches with an observer that sees which continuations are considered, kept and dropped.
///
/// # Errors
///
/// Those of [`search`].
pub fn search_observed<S: Stepper>(
    stepper: &mut S,
    sources: &[SourceRow],
    begin: u32,
    end: u32,
    forbidden: &[u32],
    options: &SearchOptions,
    observer: &mut dyn Observer,
) -> Result<Vec<Vec<Hypothesis>>, SearchError<S::Error>> {
    options.check()?;
    let rules = Rules::new(stepper.vocabulary(), end, forbidden, options);
    rules.check_tokens(begin, sources)?;
    let longest_prefix = sources.iter().map(|source| source.prefix.len()).max().unwrap_or(0);
    match &options.strategy {
        Strategy::Greedy => {
            let rows = sources.iter().map(|source| Single::new(source, Pick::Best));
            run(stepper, rows.collect(), begin, longest_prefix, &rules, observer)
        }
        Strategy::Sampling(sampling) => {
            let sampler = |source: &SourceRow| {
                let random = Seed(sampling.seed).random("sampling", source.id);
                Pick::Drawn(Sampler::new(sampling, random))
            };
            let rows = sources.iter().map(|source| Single::new(source, sampler(source)));
            run(stepper, rows.collect(), begin, longest_prefix, &rules, observer)
        }
        Strategy::Beam(beam) => {
            let rows = sources.iter().map(|source| BeamSource::new(source, beam));
            run(stepper, rows.collect(), begin, longest_prefix, &rules, observer)
        }
    }
}

/// Searches the best hypotheses of each source among those that contain its phrases, by grid beam search (Hokamp and
/// Liu 2017). Greedy search becomes a beam of one whose hypotheses are ranked by their log-probability per token.
///
/// A hypothesis lacks a phrase only if its maximum length has no room for all of them.
///
/// # Errors
///
/// Those of [`search`], and when the strategy is sampling, or a phrase has a token that the vocabulary lacks.
///
/// # Panics
///
/// If there is not one list of phrases for each source.
#[allow(clippy::too_many_arguments)]
pub fn search_containing<S: Stepper>(
    stepper: &mut S,
    sources: &[SourceRow],
    phrases: &[Vec<Phrase>],
    begin: u32,
    end: u32,
    forbidden: &[u32],
    options: &SearchOptions,
    observer: &mut dyn Observer,
) -> Result<Vec<Vec<Hypothesis>>, SearchError<S::Error>> {
    assert_eq!(sources.len(), phrases.len(), "a list of phrases for each source");
    options.check()?;
    let beam = match &options.strategy {
        Strategy::Greedy => Beam { size: 1, length_penalty: 1.0, n_best: 1 },
        Strategy::Beam(beam) => beam.clone(),
        Strategy::Sampling(_) => {
            let reason =
                "is drawn token by token, which no phrase can be forced into: search greedily or with a beam";
            return Err(SearchError::Option { option: "sampling", reason });
        }
    };
    let rules = Rules::new(stepper.vocabulary(), end, forbidden, options).over_all_logits();
    rules.check_tokens(begin, sources)?;
    phrases.iter().flatten().try_for_each(|phrase| rules.check_phrase(phrase))?;
    let longest_prefix = sources.iter().map(|source| source.prefix.len()).max().unwrap_or(0);
    let rows =
        sources.iter().zip(phrases).map(|(source, phrases)| GridSource::new(source, phrases, beam.clone()));
    run(stepper, rows.collect(), begin, longest_prefix, &rules, observer)
}

/// The search of one source, over some rows of the batch, until it is done.
trait Source {
    /// Chooses the source's next rows from the scores of its present ones: for each, the present row that it
    /// continues, and the token that it is fed. None when the search is done. `watch` is called with every
    /// continuation that was considered.
    fn advance(
        &mut self,
        rows: &mut [Row<'_>],
        rules: &Rules<'_>,
        watch: &mut dyn FnMut(Considered),
    ) -> Result<Vec<(usize, u32)>, NotANumber>;

    /// The hypotheses that were found, best first.
    fn finish(self) -> Vec<Hypothesis>;
}

/// The error of logits that are no scores.
struct NotANumber;

fn run<S: Stepper, R: Source>(
    stepper: &mut S,
    mut sources: Vec<R>,
    begin: u32,
    longest_prefix: usize,
    rules: &Rules<'_>,
    observer: &mut dyn Observer,
) -> Result<Vec<Vec<Hypothesis>>, SearchError<S::Error>> {
    let vocabulary = stepper.vocabulary();
    // Number of rows of the batch that belong to each source, in order.
    let mut rows = vec![1; sources.len()];
    let mut tokens = vec![begin; sources.len()];
    let mut position = 0;
    while !tokens.is_empty() {
        let answer = match rules.wanted(position, longest_prefix) {
            Some(wanted) => stepper.rank(&tokens, &wanted),
            None => stepper.step(&tokens).map(Answer::Logits),
        };
        let mut answer = answer.map_err(SearchError::Stepper)?;
        let (expected, given) = (tokens.len() * vocabulary, answer.logits(vocabulary));
        if given != expected {
            return Err(SearchError::Shape { expected, given });
        }
        let mut scores = answer.rows(vocabulary);
        let mut kept = Vec::with_capacity(tokens.len());
        tokens.clear();
        let (mut first, mut rest) = (0, &mut scores[..]);
        for (index, (source, rows)) in sources.iter_mut().zip(&mut rows).enumerate() {
            if *rows == 0 {
                continue;
            }
            let (own, others) = rest.split_at_mut(*rows);
            let next = source
                .advance(own, rules, &mut |considered| observer.considered(index, position, &considered))
                .map_err(|NotANumber| SearchError::NotANumber { source_row: index, position })?;
            kept.extend(next.iter().map(|(row, _)| first + row));
            tokens.extend(next.iter().map(|(_, token)| token));
            first += *rows;
            *rows = next.len();
            rest = others;
        }
        if !kept.iter().copied().eq(0..first) && !kept.is_empty() {
            stepper.select(&kept).map_err(SearchError::Stepper)?;
        }
        position += 1;
    }
    Ok(sources.into_iter().map(Source::finish).collect())
}
