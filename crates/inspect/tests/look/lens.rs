//! The logit lens: the last depth is the model's own output, and an earlier one that of a model whose later layers say
//! nothing.

use any2any_inspect::{Ablations, Inspector, Lens};
use any2any_translate::Translator;

use crate::models::{Case, all, texts, writing_frames};
use crate::{TOLERANCE, check_close, log_probability, logits, look, look_with, only};

fn lens(translator: &Translator, case: &Case, ablations: &Ablations) -> Result<Lens, String> {
    let found =
        Inspector::new(translator).lens(only(translator), case.source.as_ref(), &case.tokens, 3, ablations);
    found.map_err(|error| error.to_string())
}

#[test]
fn the_last_depth_is_what_the_model_says() {
    for case in all().into_iter().filter(|case| !case.name.starts_with("lstm")) {
        let altered = Ablations {
            masked: if case.source.is_some() { vec![1] } else { Vec::new() },
            ablated: vec![(look(&case, &Ablations::default()).attention[0].place, 1)],
            ..Ablations::default()
        };
        for ablations in [Ablations::default(), altered] {
            let found = lens(&case.translator, &case, &ablations).expect("a stream");
            let expected = look(&case, &ablations);
            let rows = found.tokens.len();
            assert_eq!(found.log_probability.shape, [3, rows], "{}", case.name);
            assert_eq!(found.tokens[..case.tokens.len()], case.tokens, "{}", case.name);
            for place in 0..case.tokens.len() {
                let own = log_probability(&expected, place);
                assert!((found.log_probability.row(2)[place] - own).abs() < TOLERANCE, "{}", case.name);
                let row = logits(&expected).row(place);
                let likeliest = &found.likeliest[2][place];
                let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                assert_eq!(row[likeliest[0].token as usize], best, "{}", case.name);
                assert_eq!(likeliest.len(), 3, "{}", case.name);
                let sum: f64 = row.iter().map(|&logit| f64::from(logit).exp()).sum();
                let shares = row.iter().map(|&logit| f64::from(logit).exp() / sum);
                let bits: f64 = shares.map(|share| -share * share.log2()).sum();
                assert!((f64::from(found.entropy.row(2)[place]) - bits).abs() < 1e-4, "{}", case.name);
            }
            check_close(&case.name, found.divergence.row(2), &vec![0.0; rows], 1e-5);
            assert!(found.divergence.row(0).iter().all(|&bits| bits > 0.0), "{}: {found:?}", case.name);
        }
    }
}

/// In a stack that normalises before its sub-layers, a layer without weights adds nothing to the stream.
#[test]
fn an_earlier_depth_is_a_model_whose_later_layers_say_nothing() {
    for case in texts().into_iter().filter(|case| case.name.contains("norm: pre")) {
        let found = lens(&case.translator, &case, &Ablations::default()).expect("a stream");
        for depth in 0..2 {
            let silent = |name: &str| {
                (depth..2).any(|layer| name.starts_with(&format!("decoder.layers.{layer}.")))
                    && !name.contains("norm")
            };
            let cut = case.with(|name, values| {
                if silent(name) {
                    values.fill(0.0);
                }
            });
            let expected = look_with(&cut, &case, &Ablations::default());
            for place in 0..case.tokens.len() {
                let (found, expected) =
                    (found.log_probability.row(depth)[place], log_probability(&expected, place));
                assert!((found - expected).abs() < TOLERANCE, "{}: {depth}: {found}, {expected}", case.name);
            }
        }
    }
}

#[test]
fn what_shares_no_stream_has_no_lens() {
    let lstm = &texts()[6];
    let said = lens(&lstm.translator, lstm, &Ablations::default()).expect_err("an LSTM");
    assert!(said.contains("layers of an LSTM do not share"), "{said}");
    let frames = &writing_frames()[0];
    let said = lens(&frames.translator, frames, &Ablations::default()).expect_err("frames");
    assert!(said.contains("writes frames"), "{said}");
}
