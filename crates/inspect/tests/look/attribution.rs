//! Attribution: what is taken away or changed for it changes the looks as it says.

use any2any_inspect::{Ablations, Attribution, Explained, Inspector, Method};
use any2any_translate::Translator;

use crate::models::{Case, all, per_position, texts, waves};
use crate::{TOLERANCE, check_close, log_probability, look, look_with, masking, only};

#[test]
fn occlusion_is_the_difference_of_two_looks() {
    for case in all() {
        let position = 3;
        let explained = Explained { position, ..Explained::default() };
        let found = Inspector::new(&case.translator).attribution(
            only(&case.translator),
            case.source.as_ref(),
            &case.tokens,
            (explained, Method::Occlusion),
            &Ablations::default(),
        );
        let found = found.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let base = log_probability(&look(&case, &Ablations::default()), position);
        assert!((found.base - base).abs() < TOLERANCE, "{}", case.name);
        let expected: Vec<f32> = (0..case.positions())
            .map(|masked| base - log_probability(&look(&case, &masking(&[masked])), position))
            .collect();
        check_close(&case.name, &found.source, &expected, TOLERANCE);
        let is_fed = !only(&case.translator).is_per_position();
        assert_eq!(found.target.len(), if is_fed { position + 1 } else { 0 }, "{}", case.name);
        assert!(found.target.iter().all(|share| share.is_finite()));
        if is_fed {
            assert!(found.target.iter().any(|share| share.abs() > 1e-5), "{}: {found:?}", case.name);
        }
    }
}

/// The gradient times an embedding is what stretching the embedding a little changes.
#[test]
fn an_altered_model_is_explained_and_shown_as_it_is_altered() {
    for case in texts() {
        let inspector = Inspector::new(&case.translator);
        let (task, source) = (only(&case.translator), case.source.as_ref());
        let first = look(&case, &Ablations::default()).attention.first().map(|attention| attention.place);
        let Some(place) = first else { continue };
        let altered = |masked: &[usize]| Ablations {
            masked: masked.to_vec(),
            ablated: vec![(place, 0)],
            ..Ablations::default()
        };
        let masked = if source.is_some() { vec![1] } else { Vec::new() };
        let base = log_probability(&look(&case, &altered(&masked)), 3);
        assert_ne!(base, log_probability(&look(&case, &Ablations::default()), 3), "{}", case.name);
        let explained = Explained { position: 3, ..Explained::default() };
        for method in [Method::Occlusion, Method::Gradient] {
            let found =
                inspector.attribution(task, source, &case.tokens, (explained, method), &altered(&masked));
            let found = found.unwrap_or_else(|error| panic!("{}: {error}", case.name));
            assert!((found.base - base).abs() < TOLERANCE, "{}, {method:?}", case.name);
            if source.is_some() && method == Method::Occlusion {
                let without = log_probability(&look(&case, &altered(&[1, 2])), 3);
                check_close(&case.name, &found.source[1..3], &[0.0, base - without], TOLERANCE);
            }
        }
        let parts = inspector.machine(task, source, &case.tokens, &altered(&masked)).expect("parts");
        let softmax = parts.last().expect("a softmax");
        let token = case.tokens[3] as usize;
        let probability = softmax.values[0].array.row(3)[token];
        assert!((probability.ln() - base).abs() < TOLERANCE, "{}: {probability}, {base}", case.name);
    }
}

#[test]
fn gradients_are_those_of_stretched_embeddings() {
    let step = 0.01;
    // At the kink of a ReLU, a difference is not the gradient.
    for case in texts().into_iter().filter(|case| !case.name.contains("relu")) {
        let position = 3;
        let explained = Explained { position, token: Some(case.tokens[4]), contrast: None };
        let attribution = |translator: &Translator, method| {
            let found = Inspector::new(translator).attribution(
                only(translator),
                case.source.as_ref(),
                &case.tokens,
                (explained, method),
                &Ablations::default(),
            );
            found.unwrap_or_else(|error| panic!("{}: {error}", case.name))
        };
        let found = attribution(&case.translator, Method::Gradient);
        let lengths = attribution(&case.translator, Method::GradientNorm);
        let stem_names = &case.translator.architecture().stems;
        let stretched = |stem: usize, token: u32| {
            let base = |factor: f32| {
                let changed = case.with(|name, values| {
                    if name.starts_with(&format!("stems.{}.", stem_names[stem].name)) {
                        values[token as usize * 16..][..16].iter_mut().for_each(|value| *value *= factor);
                    }
                });
                attribution(&changed, Method::Gradient).base
            };
            (base(1.0 + step) - base(1.0 - step)) / (2.0 * step)
        };
        let check = |what: &str, found: &[f32], lengths: &[f32], stem: usize, tokens: &[u32]| {
            assert_eq!((found.len(), lengths.len()), (tokens.len(), tokens.len()), "{}: {what}", case.name);
            for (place, &token) in tokens.iter().enumerate() {
                let (found, expected) = (found[place], stretched(stem, token));
                let tolerance = 1e-3 + 0.02 * expected.abs();
                let name = &case.name;
                assert!((found - expected).abs() < tolerance, "{name}: {what} {place}: {found} {expected}");
                assert!(lengths[place] >= 0.0 && lengths[place].is_finite());
            }
            assert!(lengths.iter().any(|&length| length > 1e-4), "{}: {what} {lengths:?}", case.name);
        };
        let mut target_stem = 0;
        if let Some(source) = &case.source {
            let tokens = source.sequence.tokens().expect("a text");
            check("source", &found.source, &lengths.source, 0, tokens);
            target_stem = 1;
        }
        let mut fed = vec![2];
        fed.extend(&case.tokens[..position]);
        check("target", &found.target, &lengths.target, target_stem, &fed);
        assert!(!case.translator.model().device().is_autodiff(), "the model itself stays plain");
    }
    for case in per_position().into_iter().chain([waves()]) {
        let explained = Explained { position: 1, ..Explained::default() };
        let source = case.source.as_ref();
        let found = Inspector::new(&case.translator).attribution(
            only(&case.translator),
            source,
            &case.tokens,
            (explained, Method::GradientNorm),
            &Ablations::default(),
        );
        let found = found.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(found.source.len(), case.positions(), "{}", case.name);
        assert!(found.source.iter().all(|&length| length > 0.0), "{}: {found:?}", case.name);
    }
}

fn explain(
    translator: &Translator,
    case: &Case,
    (explained, method): (Explained, Method),
    ablations: &Ablations,
) -> Attribution {
    let found = Inspector::new(translator).attribution(
        only(translator),
        case.source.as_ref(),
        &case.tokens,
        (explained, method),
        ablations,
    );
    found.unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

/// Why this word and not that one: everything is the difference of what either is explained by.
#[test]
fn a_contrast_is_the_difference_of_two_explanations() {
    for case in all() {
        let contrast = (case.tokens[3] + 1) % 8;
        let of = |token, contrast| Explained { position: 3, token: Some(token), contrast };
        for method in [Method::Occlusion, Method::Gradient] {
            let explained =
                |explained| explain(&case.translator, &case, (explained, method), &Ablations::default());
            let found = explained(of(case.tokens[3], Some(contrast)));
            let [one, other] = [case.tokens[3], contrast].map(|token| explained(of(token, None)));
            assert!((found.base - (one.base - other.base)).abs() < TOLERANCE, "{}", case.name);
            assert!(found.base.abs() > 1e-3, "{}: the two are as likely", case.name);
            let sides = [(found.source, one.source, other.source), (found.target, one.target, other.target)];
            for (found, one, other) in sides {
                let expected: Vec<f32> = one.iter().zip(&other).map(|(one, other)| one - other).collect();
                check_close(&case.name, &found, &expected, TOLERANCE);
            }
        }
    }
    let case = &texts()[0];
    let itself = Explained { position: 3, token: None, contrast: Some(case.tokens[3]) };
    let error = Inspector::new(&case.translator).attribution(
        only(&case.translator),
        case.source.as_ref(),
        &case.tokens,
        (itself, Method::Gradient),
        &Ablations::default(),
    );
    assert!(error.expect_err("itself").to_string().contains("held against itself"));
}

/// Completeness, the axiom that defines integrated gradients: the weights sum to what the whole input changes.
#[test]
fn integrated_gradients_sum_to_the_change_from_embeddings_of_zeros() {
    for case in all() {
        let explained = Explained { position: 3, ..Explained::default() };
        let altered = Ablations {
            masked: if case.source.is_some() { vec![1] } else { Vec::new() },
            ..Ablations::default()
        };
        for ablations in [Ablations::default(), altered] {
            let found =
                explain(&case.translator, &case, (explained, Method::IntegratedGradients), &ablations);
            let integral = found.integral.expect("an integral");
            let base = log_probability(&look(&case, &ablations), 3);
            assert!((found.base - base).abs() < TOLERANCE, "{}", case.name);
            let change = found.base - integral.baseline;
            let weights = || found.source.iter().chain(&found.target);
            assert!(weights().any(|weight| weight.abs() > 1e-2), "{}: nothing counts", case.name);
            let sum: f32 = weights().sum();
            assert!((sum + integral.missing - change).abs() < TOLERANCE, "{}", case.name);
            let near = 0.02 * weights().map(|weight| weight.abs()).sum::<f32>();
            assert!(integral.missing.abs() < near, "{}: {integral:?} of {change}", case.name);
            if let Some(&masked) = ablations.masked.first() {
                assert_eq!(found.source[masked], 0.0, "{}: what is hidden counts nothing", case.name);
            }
        }
        if case.name.contains("waves") {
            continue;
        }
        // Where the way begins, all words have embeddings of zeros.
        let nothing = case.with(|name, values| {
            if name.starts_with("stems.") {
                values.fill(0.0);
            }
        });
        let found =
            explain(&case.translator, &case, (explained, Method::IntegratedGradients), &Ablations::default());
        let baseline = found.integral.expect("an integral").baseline;
        let expected = log_probability(&look_with(&nothing, &case, &Ablations::default()), 3);
        assert!((baseline - expected).abs() < TOLERANCE, "{}: {baseline}, {expected}", case.name);
    }
}
