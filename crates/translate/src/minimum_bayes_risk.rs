//! Minimum Bayes risk: of several candidates the one that is closest to all of them, each taken as what could have been
//! meant (Kumar and Byrne 2004; Eikema and Aziz 2020, "Is MAP Decoding All You Need?"; Fernandes et al. 2022,
//! "Quality-Aware Decoding for Neural Machine Translation").

use any2any_experiment::spec::Decoding;
use any2any_metrics::{Chrf, Metric};
use any2any_search::{Phrase, SourceRow};
use rayon::prelude::*;

use crate::decode::Output;

/// The search for candidates of some sources.
pub(crate) struct Candidates {
    /// The rows of each source, one behind the other.
    pub rows: Vec<SourceRow>,
    pub phrases: Vec<Vec<Phrase>>,
    pub decoding: Decoding,
    /// The number of rows of a source: its samples, or the one of its beam.
    pub of_each: usize,
    /// The number of outputs that are returned.
    pub n_best: usize,
    pub weighing: Weighing,
}

/// The weight of a candidate as a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weighing {
    /// Each counts as often as it was drawn: samples stand for the model's probabilities by their number.
    Counts,
    /// Each counts by its probability: hypotheses of a beam are there once, however probable they are (Kumar and Byrne
    /// 2004).
    Probabilities,
}

impl Candidates {
    /// All hypotheses of a beam, or so many samples, the first of which is the one that is drawn without minimum Bayes
    /// risk.
    pub(crate) fn new(
        rows: &[SourceRow],
        phrases: &[Vec<Phrase>],
        decoding: &Decoding,
        samples: usize,
    ) -> Self {
        let mut decoding = Decoding { minimum_bayes_risk: None, ..decoding.clone() };
        if let Some(beam) = &mut decoding.beam {
            let n_best = std::mem::replace(&mut beam.n_best, beam.size);
            return Self {
                rows: rows.to_vec(),
                phrases: phrases.to_vec(),
                decoding,
                of_each: 1,
                n_best,
                weighing: Weighing::Probabilities,
            };
        }
        decoding.sampling.get_or_insert_default();
        let repeated = |row: &SourceRow| {
            let row = row.clone();
            (0..samples as u64).map(move |sample| SourceRow { id: row.id | sample << 32, ..row.clone() })
        };
        let phrases = phrases.iter().flat_map(|own| std::iter::repeat_n(own.clone(), samples));
        Self {
            rows: rows.iter().flat_map(repeated).collect(),
            phrases: phrases.collect(),
            decoding,
            of_each: samples,
            n_best: 1,
            weighing: Weighing::Counts,
        }
    }
}

/// The distinct candidates by their expected utility, the best first: the weighted mean chrF against all candidates,
/// themselves included. That is their score from then on. Of equals, the more probable one.
pub(crate) fn ranked(candidates: Vec<Output>, weighing: Weighing) -> Vec<Output> {
    let highest = candidates.iter().map(|output| output.log_probability).fold(f64::NEG_INFINITY, f64::max);
    let (mut distinct, mut weights): (Vec<Output>, Vec<f64>) = (Vec::new(), Vec::new());
    for candidate in candidates {
        let weight = match weighing {
            Weighing::Counts => 1.0,
            Weighing::Probabilities => (candidate.log_probability - highest).exp(),
        };
        match distinct.iter().position(|known| known.decoded.value == candidate.decoded.value) {
            Some(at) => {
                weights[at] += weight;
                // Of several ways to write one text, the most probable.
                if candidate.log_probability > distinct[at].log_probability {
                    distinct[at] = candidate;
                }
            }
            None => {
                distinct.push(candidate);
                weights.push(weight);
            }
        }
    }
    let texts: Vec<String> = distinct.iter().map(|output| output.decoded.value.to_string()).collect();
    let utilities = expected_utilities(&texts, &weights);
    distinct.iter_mut().zip(utilities).for_each(|(output, utility)| output.score = utility);
    distinct
        .sort_by(|a, b| b.score.total_cmp(&a.score).then(b.log_probability.total_cmp(&a.log_probability)));
    distinct
}

/// The mean chrF of each text against all, by their weights.
fn expected_utilities(texts: &[String], weights: &[f64]) -> Vec<f64> {
    let chrf = Chrf::default();
    let all: f64 = weights.iter().sum();
    let utility = |hypothesis: &String| {
        let against = |(reference, weight): (&String, &f64)| {
            weight * chrf.value(&chrf.statistics(hypothesis, &[reference]))
        };
        texts.iter().zip(weights).map(against).sum::<f64>() / all
    };
    texts.par_iter().map(utility).collect()
}

#[cfg(test)]
mod tests {
    use any2any_adapter::{Decoded, Sequence, Value};

    use super::*;

    fn output(text: &str, log_probability: f64) -> Output {
        let decoded = Decoded { value: Value::from(text), regions: Vec::new() };
        Output::new(decoded, Sequence::Tokens(Vec::new()), log_probability, log_probability)
    }

    fn texts(candidates: &[(&str, f64)]) -> Vec<String> {
        let candidates = candidates.iter().map(|&(text, value)| output(text, value)).collect();
        ranked(candidates, Weighing::Counts).iter().map(|output| output.decoded.value.to_string()).collect()
    }

    #[test]
    fn what_most_agree_with_wins() {
        // The most probable one stands alone.
        let candidates = [
            ("ein Vogel", -1.0),
            ("der Hund sieht", -2.0),
            ("der Hund sah", -2.5),
            ("der Hund sieht das", -3.0),
        ];
        // chrF counts what is found of the others more than what is too much.
        assert_eq!(texts(&candidates)[..2], ["der Hund sieht das", "der Hund sieht"]);
        assert_eq!(texts(&candidates)[3], "ein Vogel");
    }

    #[test]
    fn what_is_found_often_counts_as_often() {
        let candidates = [("ab", -1.0), ("cd", -1.0), ("cd", -0.5), ("ab ab", -9.0), ("cd", -7.0)];
        let ranked =
            ranked(candidates.iter().map(|&(text, value)| output(text, value)).collect(), Weighing::Counts);
        assert_eq!((ranked[0].decoded.value.to_string().as_str(), ranked.len()), ("cd", 3));
        assert_eq!(ranked[0].log_probability, -0.5, "the most probable way to write it");
        // Three of five are itself, and with the others it shares nothing.
        assert!((ranked[0].score - 60.0).abs() < 1e-9, "{}", ranked[0].score);
    }

    #[test]
    fn hypotheses_of_a_beam_count_by_their_probability() {
        // By their number those that resemble each other would win.
        let candidates = [("ein Vogel", -0.1), ("der Hund sieht", -5.0), ("der Hund sah", -5.0)];
        let outputs = candidates.iter().map(|&(text, value)| output(text, value)).collect();
        let ranked = ranked(outputs, Weighing::Probabilities);
        assert_eq!(ranked[0].decoded.value.to_string(), "ein Vogel");
        assert!(ranked[0].score > 95.0 && ranked[0].score < 100.0, "{}", ranked[0].score);
        assert_eq!(texts(&candidates)[0], "der Hund sieht");
    }

    #[test]
    fn equals_stand_by_probability_and_one_stays_what_it_is() {
        assert_eq!(texts(&[("a", -2.0), ("b", -1.0)]), ["b", "a"]);
        assert_eq!(texts(&[("a", -2.0)]), ["a"]);
        assert_eq!(texts(&[("", -2.0)]), [""]);
        assert_eq!(texts(&[]), [""; 0]);
    }
}
