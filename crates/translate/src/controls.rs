//! Controls: scores of a model whose sources are swapped or replaced by noise.
//!
//! A decoder that has only learned the statistics of outputs can score well without its source. So the same split is
//! decoded three times: from its own sources, from sources swapped between samples, and from noise of the same
//! statistics. Only a score clear of both controls says that the model uses the source.

use any2any_adapter::{Frames, Random, Seed, Sequence};
use any2any_experiment::spec::Decoding;
use any2any_metrics::{Interval, Score};
use any2any_run::Task;
use serde::Serialize;

use crate::encoded_source::EncodedSource;
use crate::error::TranslateError;
use crate::evaluate::{self, DecodedSplit};
use crate::held_out::HeldOut;
use crate::split::Split;
use crate::translator::Translator;

/// The scores of a metric under every control, with 95 % bootstrap intervals.
#[derive(Clone, Debug, Serialize)]
pub struct Controlled {
    /// From the true sources.
    pub truth: Score,
    /// From swapped sources.
    pub swapped: Score,
    /// From noise.
    pub noise: Score,
    /// True if the true score's interval lies beyond those of both controls, on the better side.
    pub stands_clear: bool,
}

/// Outputs of a split with the wrong sources.
#[non_exhaustive]
pub struct Controls {
    /// From the sources of other samples.
    pub swapped: DecodedSplit,
    /// From noise of the same lengths and statistics.
    pub noise: DecodedSplit,
}

impl Controls {
    /// Decodes a split under both controls, which depend only on the experiment's seed. Of a split that is searched for in
    /// [groups](HeldOut::groups), sources are swapped within each.
    ///
    /// # Errors
    ///
    /// If the task has no source, or a file can no longer be read.
    pub fn decode(
        translator: &Translator,
        task: &Task,
        split: &HeldOut,
        decoding: &Decoding,
    ) -> Result<Self, TranslateError> {
        let seed = Seed(translator.experiment.seed);
        let under = |name: &str, replace: &dyn Fn(&[EncodedSource], &mut Random) -> Vec<EncodedSource>| {
            let mut group = 0;
            let decoded = DecodedSplit::of_groups(split, (None, 0), |split, places| {
                let sources = split.examples.iter().filter_map(|example| split.source_of(example));
                let mut random = seed.random(&format!("controls: {name}"), group);
                group += 1;
                let replaced = replace(&sources.collect::<Vec<_>>(), &mut random);
                let windows = replaced.iter().map(EncodedSource::windows).collect();
                // Without the sources' values, of which blank ones would need no search.
                let without = Split { sources: Vec::new(), ..split.clone() };
                evaluate::decode_from(translator, task, (&without, places), windows, decoding).map(Some)
            })?;
            Ok::<_, TranslateError>(decoded.unwrap_or_default().0)
        };
        Ok(Self { swapped: under("swapped", &swapped)?, noise: under("noise", &of_noise)? })
    }

    /// A score of the outputs from the true sources beside that of both controls; `score` computes it with its
    /// interval.
    ///
    /// # Errors
    ///
    /// Those of `score`.
    pub fn compare<E>(
        &self,
        truth: &DecodedSplit,
        larger_is_better: bool,
        score: impl Fn(&DecodedSplit) -> Result<Score, E>,
    ) -> Result<Controlled, E> {
        let (truth, swapped, noise) = (score(truth)?, score(&self.swapped)?, score(&self.noise)?);
        let clear = |of: &Score| match (&truth.interval, &of.interval) {
            (Some(truth), Some(control)) => beyond(truth, control, larger_is_better),
            _ => false,
        };
        let stands_clear = clear(&swapped) && clear(&noise);
        Ok(Controlled { truth, swapped, noise, stands_clear })
    }
}

fn beyond(truth: &Interval, control: &Interval, larger_is_better: bool) -> bool {
    if larger_is_better { truth.low > control.high } else { truth.high < control.low }
}

/// Every sample gets the source of another (Sattolo 1986: one cycle through all of them).
fn swapped<T: Clone>(sources: &[T], random: &mut Random) -> Vec<T> {
    let mut order: Vec<usize> = (0..sources.len()).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, random.below(last));
    }
    order.into_iter().map(|from| sources[from].clone()).collect()
}

/// Noise in place of each source, window by window.
fn of_noise(sources: &[EncodedSource], random: &mut Random) -> Vec<EncodedSource> {
    let sequences: Vec<&Sequence> = sources.iter().flat_map(EncodedSource::sequences).collect();
    let mut noise = noise(&sequences, random).into_iter();
    sources.iter().map(|source| source.with_sequences(noise.by_ref().take(source.lengths().len()))).collect()
}

/// Noise like the sources: frames drawn column by column from a normal distribution of the same mean and deviation,
/// tokens drawn from those of all sources, with the last of each sequence kept.
fn noise(sources: &[&Sequence], random: &mut Random) -> Vec<Sequence> {
    let frames: Vec<&Frames> = sources.iter().filter_map(|source| source.frames()).collect();
    if let Some(width) = frames.first().map(|frames| frames.width()) {
        let moments = moments(&frames, width);
        return frames
            .iter()
            .map(|frames| {
                let draw = |at: usize| {
                    let (mean, deviation) = moments[at % width];
                    (mean + deviation * random.normal()) as f32
                };
                let values: Vec<f32> = (0..frames.values().len()).map(draw).collect();
                // The number of values is that of the frame, so they divide into rows.
                Frames::new(width, values).unwrap_or_else(|| (*frames).clone())
            })
            .map(Sequence::Frames)
            .collect();
    }
    let tokens: Vec<&[u32]> = sources.iter().filter_map(|source| source.tokens()).collect();
    let pool: Vec<u32> =
        tokens.iter().flat_map(|tokens| &tokens[..tokens.len().saturating_sub(1)]).copied().collect();
    tokens
        .iter()
        .map(|tokens| {
            let mut noise: Vec<u32> = tokens.to_vec();
            let last = noise.len().saturating_sub(1);
            if !pool.is_empty() {
                noise[..last].iter_mut().for_each(|token| *token = pool[random.below(pool.len())]);
            }
            Sequence::Tokens(noise)
        })
        .collect()
}

/// The mean and the standard deviation of every column.
fn moments(frames: &[&Frames], width: usize) -> Vec<(f64, f64)> {
    let mut sums = vec![(0.0, 0.0); width];
    let mut count = 0.0;
    for row in frames.iter().flat_map(|frames| frames.values().chunks_exact(width)) {
        count += 1.0;
        for ((sum, squares), &value) in sums.iter_mut().zip(row) {
            *sum += f64::from(value);
            *squares += f64::from(value) * f64::from(value);
        }
    }
    let count = f64::max(count, 1.0);
    sums.iter()
        .map(|&(sum, squares)| {
            let mean = sum / count;
            (mean, (squares / count - mean * mean).max(0.0).sqrt())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_keeps_his_own_source() {
        let sources: Vec<Sequence> = (0..20).map(|number| Sequence::Tokens(vec![number])).collect();
        let sources: Vec<&Sequence> = sources.iter().collect();
        let swapped = swapped(&sources, &mut Seed(1).random("test", 0));
        assert!(swapped.iter().zip(&sources).all(|(swapped, own)| swapped != own));
        let mut numbers: Vec<u32> =
            swapped.iter().flat_map(|source| source.tokens().expect("tokens")).copied().collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..20));
    }

    #[test]
    fn noise_has_the_statistics_of_the_sources() {
        let mut random = Seed(2).random("test", 0);
        let values: Vec<f32> =
            (0..4000).map(|at| if at % 2 == 0 { 5.0 + random.normal() as f32 } else { -1.0 }).collect();
        let source = Sequence::Frames(Frames::new(2, values).expect("rows of two"));
        let noise = noise(&[&source], &mut random);
        let noise = noise[0].frames().expect("frames");
        assert_eq!(noise.len(), 2000);
        let found = moments(&[noise], 2);
        assert!((found[0].0 - 5.0).abs() < 0.1 && (found[0].1 - 1.0).abs() < 0.1, "{found:?}");
        assert_eq!(found[1], (-1.0, 0.0));
    }

    #[test]
    fn noise_of_tokens_keeps_the_end() {
        let sources = [Sequence::Tokens(vec![5, 6, 2]), Sequence::Tokens(vec![7, 2])];
        let noise = noise(&[&sources[0], &sources[1]], &mut Seed(3).random("test", 0));
        for (noise, source) in noise.iter().zip(&sources) {
            let noise = noise.tokens().expect("tokens");
            assert_eq!((noise.len(), noise.last()), (source.len(), Some(&2)));
            assert!(noise[..noise.len() - 1].iter().all(|token| [5, 6, 7].contains(token)));
        }
    }

    #[test]
    fn intervals_that_touch_are_not_clear() {
        let interval = |low, high| Interval { mean: 0.5 * (low + high), low, high };
        assert!(beyond(&interval(50.0, 60.0), &interval(10.0, 49.0), true));
        assert!(!beyond(&interval(50.0, 60.0), &interval(10.0, 50.0), true));
        assert!(beyond(&interval(5.0, 9.0), &interval(10.0, 50.0), false));
    }
}
