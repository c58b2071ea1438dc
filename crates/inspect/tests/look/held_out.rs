//! Samples that are assessed, and states that lie near.

use any2any_adapter::Sequence;
use any2any_inspect::{Ablations, Array, Inspector, StackKind, nearest};

use crate::models::{all, writing_frames};
use crate::{TOLERANCE, check_close, log_probability, logits, look, only};

#[test]
fn a_sample_is_assessed_by_the_probabilities_of_its_score() {
    for case in all() {
        let task = only(&case.translator);
        let end = match task.target().head() {
            Some(any2any_adapter::Head::Softmax { end, .. }) => end,
            head => panic!("tokens are written, by {head:?}"),
        };
        let reference = case.tokens.clone();
        let target = [&reference[..], &[end]].concat();
        let mut output = reference.clone();
        output[1] = (output[1] + 1) % 8;
        output.pop();
        let inspector = Inspector::new(&case.translator);
        let given = case.source.as_ref();
        let found = inspector.assess(task, given, (&reference, &output), &Ablations::default());
        let found = found.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let source = given.map(|source| &source.sequence);
        let score = case.translator.score_sequences(task, source, &Sequence::Tokens(target));
        let score = score.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(found.tokens, score.tokens, "{}", case.name);
        let loss = -score.log_probability / score.tokens as f64;
        assert!((f64::from(found.loss) - loss).abs() < 1e-4, "{}: {found:?}, {loss}", case.name);
        // One token is replaced and one is missing.
        assert_eq!(found.error, 2.0 / reference.len() as f64, "{}", case.name);
        let seen = look(&case, &Ablations::default());
        for place in 0..case.tokens.len() {
            let row = logits(&seen).row(place);
            let own = row[case.tokens[place] as usize];
            let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let confusion = found.confusions.iter().find(|confusion| confusion.position == place);
            assert_eq!(confusion.is_some(), own < best, "{}: {place}", case.name);
            let Some(confusion) = confusion else { continue };
            assert_eq!((confusion.expected, row[confusion.likeliest as usize]), (case.tokens[place], best));
            assert!((confusion.log_probability - log_probability(&seen, place)).abs() < TOLERANCE);
        }
        assert!(found.entropy > 0.0 && found.entropy < (logits(&seen).shape[1] as f32).log2());
    }
}

#[test]
fn states_are_what_logits_are_made_of() {
    for case in all() {
        let task = only(&case.translator);
        let inspector = Inspector::new(&case.translator);
        let given = (case.source.as_ref(), &case.tokens[..]);
        let found = inspector.states(task, given, StackKind::Decoder, &Ablations::default()).expect("states");
        let parts = inspector.machine(task, given.0, given.1, &Ablations::default()).expect("parts");
        assert_eq!(found.shape[1], 16, "{}", case.name);
        if let Some(norm) = parts.iter().find(|part| part.id == "decoder.norm") {
            let expected = norm.values.iter().find(|values| values.name == "norm").expect("a norm");
            check_close(&case.name, &found.values, &expected.array.values, TOLERANCE);
        }
        // The nearest state to one is itself.
        let state = found.row(2).to_vec();
        let others = [Array { shape: vec![1, 16], values: vec![1.0; 16] }, found.clone()];
        let near = nearest(&state, &others, 5);
        assert_eq!((near.len(), near[0].input, near[0].position), (2, 1, 2), "{}", case.name);
        assert!((near[0].similarity - 1.0).abs() < 1e-5 && near[1].similarity < near[0].similarity);
        let encoded = inspector.states(task, given, StackKind::Encoder, &Ablations::default());
        match &case.source {
            Some(source) => assert_eq!(encoded.expect("an encoder").rows(), source.positions.len()),
            None => assert!(encoded.expect_err("no encoder").to_string().contains("no encoder")),
        }
    }
    let frames = &writing_frames()[0];
    let inspector = Inspector::new(&frames.translator);
    let given = (frames.source.as_ref(), &[][..]);
    let of = |stack| inspector.states(only(&frames.translator), given, stack, &Ablations::default());
    assert!(of(StackKind::Encoder).is_ok());
    assert!(of(StackKind::Decoder).expect_err("frames").to_string().contains("writes frames"));
}

#[test]
fn neighbours_are_ordered_by_their_angle() {
    let array = |values: &[f32]| Array { shape: vec![values.len() / 2, 2], values: values.to_vec() };
    let inputs = [array(&[0.0, 1.0, -1.0, 0.0]), array(&[3.0, 3.0]), array(&[5.0, 0.1, 0.0, 0.0])];
    let near = nearest(&[2.0, 0.0], &inputs, 2);
    let found: Vec<_> = near.iter().map(|near| (near.input, near.position)).collect();
    assert_eq!(found, [(2, 0), (1, 0)]);
    assert!((near[1].similarity - 0.5_f32.sqrt()).abs() < 1e-6);
}
