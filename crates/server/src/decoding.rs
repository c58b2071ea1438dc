//! Decoding options of a request: those of the experiment, with the request's changes.

use any2any_experiment::spec;

use crate::api_error::ApiError;
use crate::protocol::{self, Decoding};

/// The most hypotheses of a beam.
const BEAM: usize = 64;

/// Decoding options of the experiment with a request's changes. No output is longer than `longest`.
pub(crate) fn decoding(
    experiment: &spec::Decoding,
    asked: Option<&Decoding>,
    longest: usize,
) -> Result<spec::Decoding, ApiError> {
    let mut decoding = experiment.clone();
    let Some(asked) = asked else { return limited(decoding, longest) };
    let ways = [asked.greedy.is_some(), asked.beam.is_some(), asked.sampling.is_some()];
    let names = ["greedy", "beam", "sampling"];
    let given: Vec<&str> =
        names.into_iter().zip(ways).filter_map(|(name, given)| given.then_some(name)).collect();
    if let [first, second, ..] = given[..] {
        return Err(wrong(&format!(
            "`{first}` and `{second}` are two ways to write, and both are asked for: give one of `greedy`, `beam` and \
             `sampling`"
        )));
    }
    if asked.greedy.is_some() {
        (decoding.beam, decoding.sampling, decoding.minimum_bayes_risk) = (None, None, None);
    }
    if let Some(protocol::Beam { size, length_penalty, n_best }) = &asked.beam {
        let beam = beam(decoding.beam.take().unwrap_or_default(), *size, *length_penalty, *n_best)?;
        (decoding.beam, decoding.sampling) = (Some(beam), None);
        // A beam draws no samples.
        decoding.minimum_bayes_risk.iter_mut().for_each(|risk| risk.samples = None);
    }
    if let Some(protocol::Sampling { temperature, top_k, top_p, seed }) = &asked.sampling {
        let known = decoding.sampling.take().unwrap_or_default();
        let sampling = spec::Sampling {
            temperature: temperature.unwrap_or(known.temperature),
            top_k: top_k.unwrap_or(known.top_k),
            top_p: top_p.unwrap_or(known.top_p),
            seed: seed.or(known.seed),
        };
        (decoding.beam, decoding.sampling) = (None, Some(sampling));
    }
    decoding.guidance = asked.guidance.unwrap_or(decoding.guidance);
    decoding.max_length = asked.max_length.or(decoding.max_length);
    decoding.min_length = asked.min_length.unwrap_or(decoding.min_length);
    decoding.no_repeat_ngram = asked.no_repeat_ngram.unwrap_or(decoding.no_repeat_ngram);
    decoding.repetition_penalty = asked.repetition_penalty.unwrap_or(decoding.repetition_penalty);
    limited(decoding, longest)
}

/// Beam options of the experiment with a request's changes.
pub(crate) fn beam(
    known: spec::Beam,
    size: Option<usize>,
    length_penalty: Option<f64>,
    n_best: Option<usize>,
) -> Result<spec::Beam, ApiError> {
    let size = size.unwrap_or(known.size);
    let length_penalty = length_penalty.unwrap_or(known.length_penalty);
    if !(1..=BEAM).contains(&size) {
        return Err(wrong(&format!("the beam's `size` must be between 1 and {BEAM}")));
    }
    if !(0.0..=100.0).contains(&length_penalty) {
        return Err(wrong("`length_penalty` must be between 0 and 100"));
    }
    if n_best.is_some_and(|n_best| !(1..=size).contains(&n_best)) {
        return Err(wrong("`n_best` must be between 1 and the beam's `size`"));
    }
    Ok(spec::Beam { size, length_penalty, n_best: n_best.unwrap_or(known.n_best.min(size)) })
}

/// Decoding options under which no output is longer than `longest`.
fn limited(decoding: spec::Decoding, longest: usize) -> Result<spec::Decoding, ApiError> {
    let asked = decoding.max_length.unwrap_or(1).max(decoding.min_length);
    if asked > longest {
        return Err(wrong(&format!("outputs have at most {longest} tokens")));
    }
    decoding.check().map_err(|error| wrong(&format!("{error}: {}", error.help())))?;
    Ok(decoding)
}

fn wrong(message: &str) -> ApiError {
    ApiError::wrong("decoding", message, "/openapi.json describes the options of decoding")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(asked: &str) -> Result<spec::Decoding, ApiError> {
        let experiment = spec::Decoding { beam: Some(spec::Beam::default()), ..spec::Decoding::default() };
        let asked: Decoding = serde_json::from_str(asked).expect("of the right shape");
        decoding(&experiment, Some(&asked), 100)
    }

    #[test]
    fn a_request_changes_what_it_names() {
        let beam = merged("{}").expect("nothing is changed").beam.expect("the experiment's");
        assert_eq!(beam, spec::Beam::default());
        let beam = merged(r#"{"beam": {"size": 2}}"#).expect("sound").beam.expect("asked for");
        assert_eq!((beam.size, beam.n_best, beam.length_penalty), (2, 1, 1.0));
        let greedy = merged(r#"{"greedy": {}, "max_length": 7}"#).expect("sound");
        assert_eq!((greedy.beam, greedy.sampling, greedy.max_length), (None, None, Some(7)));
        let drawn = merged(r#"{"sampling": {"seed": 3}}"#).expect("sound");
        assert_eq!((drawn.beam, drawn.sampling.and_then(|sampling| sampling.seed)), (None, Some(3)));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for asked in [
            r#"{"greedy": {}, "beam": {}}"#,
            r#"{"beam": {"size": 0}}"#,
            r#"{"beam": {"size": 65}}"#,
            r#"{"beam": {"size": 2, "n_best": 3}}"#,
            r#"{"beam": {"length_penalty": -1}}"#,
            r#"{"sampling": {"temperature": 0}}"#,
            r#"{"sampling": {"top_p": 0}}"#,
            r#"{"sampling": {"top_p": 1.5}}"#,
            r#"{"max_length": 0}"#,
            r#"{"max_length": 101}"#,
            r#"{"min_length": 101}"#,
            r#"{"min_length": 9, "max_length": 8}"#,
            r#"{"repetition_penalty": 0.5}"#,
            r#"{"guidance": -1}"#,
        ] {
            assert!(merged(asked).is_err(), "{asked}");
        }
    }
}
