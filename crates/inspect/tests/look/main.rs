//! A look shows what the model does: checked against untraced passes, against models that are changed by
//! hand, and against differences.

mod attribution;
mod held_out;
mod interventions;
mod lens;
mod models;
mod waves;

use any2any_adapter::{Region, Sequence};
use any2any_inspect::{
    Ablations, Array, AttentionKind, Explained, Inspector, Look, Method, PartKind, Place, ReadSource,
    StackKind,
};
use any2any_model::{Input, Pass, Source};
use any2any_run::Task;
use any2any_translate::Translator;
use burn::tensor::{Tensor, TensorData};

use models::{Case, all, per_position, texts, writing_frames};

const TOLERANCE: f32 = 1e-4;

fn look(case: &Case, ablations: &Ablations) -> Look {
    look_with(&case.translator, case, ablations)
}

fn look_with(translator: &Translator, case: &Case, ablations: &Ablations) -> Look {
    let look =
        Inspector::new(translator).look(only(translator), case.source.as_ref(), &case.tokens, ablations);
    look.unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

/// The only task of a case.
fn only(translator: &Translator) -> &Task {
    translator.task(None).expect("a case has one task")
}

fn logits(look: &Look) -> &Array {
    look.logits.as_ref().expect("tokens have logits")
}

fn check_close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance, "{what}: {found} is not {expected} at {place}");
    }
}

fn masking(masked: &[usize]) -> Ablations {
    Ablations { masked: masked.to_vec(), ..Ablations::default() }
}

/// The logits of an untraced pass.
fn plain_logits(case: &Case) -> Vec<f32> {
    let model = case.translator.model();
    let pass = &mut Pass::evaluation();
    let source = case.source.as_ref().map(|source| {
        let input = match &source.sequence {
            Sequence::Tokens(tokens) => model.tokens(tokens.iter().map(|&token| token as i32).collect(), 1),
            Sequence::Frames(frames) => {
                let data = TensorData::new(frames.values().to_vec(), [1, frames.len(), frames.width()]);
                Input::Frames(Tensor::from_data(data, &model.device()))
            }
        };
        Source { input, lengths: vec![source.sequence.len()] }
    });
    let memory = source.and_then(|source| model.encode(0, source, pass));
    let task = only(&case.translator);
    let hidden = if task.is_per_position() {
        let memory = memory.expect("a per-position task has a source");
        model.decode_per_position(0, &memory, case.tokens.len(), pass)
    } else {
        let Some(any2any_adapter::Head::Softmax { begin, .. }) = task.target().head() else {
            panic!("tokens are written")
        };
        let fed = std::iter::once(begin).chain(case.tokens.iter().copied());
        let fed = model.tokens(fed.map(|token| token as i32).collect(), 1);
        model.decode(0, memory.as_ref(), fed, pass)
    };
    model.logits(0, hidden).into_data().try_into_vec().expect("32-bit floats")
}

#[test]
fn logits_are_those_of_an_untraced_pass() {
    for case in all() {
        let found = look(&case, &Ablations::default());
        let found = logits(&found);
        assert_eq!(found.rows(), case.tokens.len() + 1, "{}", case.name);
        let expected = plain_logits(&case);
        check_close(&case.name, &found.values[..expected.len()], &expected, TOLERANCE);
        if expected.len() < found.values.len() {
            let last = found.row(case.tokens.len());
            assert_eq!(last.iter().filter(|&&logit| logit == 0.0).count(), 1, "{}: only the end", case.name);
        }
    }
}

#[test]
fn positions_have_labels_regions_and_probabilities() {
    for case in all() {
        let found = look(&case, &Ablations::default());
        let task = only(&case.translator);
        let target = task.target();
        assert_eq!(found.target.positions.len(), case.tokens.len(), "{}", case.name);
        let text = found.target.value.as_ref().and_then(|value| value.as_text()).expect("a text");
        for (place, position) in found.target.positions.iter().enumerate() {
            let token = case.tokens[place];
            assert_eq!((position.token, &position.label), (Some(token), &Some(target.show(token))));
            let Region::Bytes(bytes) = &position.region else { panic!("{:?}", position.region) };
            let shown = target.show(token);
            assert_eq!(text[bytes.clone()].trim(), shown.trim_start_matches('▁'), "{}", case.name);
            let row = logits(&found).row(place);
            let sum: f64 = row.iter().map(|&logit| f64::from(logit).exp()).sum();
            let expected = f64::from(row[token as usize]) - sum.ln();
            let log_probability = f64::from(position.log_probability.expect("tokens have one"));
            assert!((log_probability - expected).abs() < 1e-5, "{}", case.name);
        }
        if let Some(source) = &case.source {
            let stem = task.source().expect("there is a source").stem();
            assert_eq!(source.positions.len(), stem.positions(source.sequence.len()), "{}", case.name);
            let are_tokens = source.sequence.tokens().is_some();
            assert!(source.positions.iter().all(|position| position.label.is_some() == are_tokens));
        }
    }
}

#[test]
fn every_head_of_every_layer_shares_out_its_attention() {
    for case in all().into_iter().chain(writing_frames()) {
        let found = look(&case, &Ablations::default());
        let queries = match (&found.target.sequence, only(&case.translator).is_per_position()) {
            (Sequence::Tokens(tokens), false) => tokens.len() + 1,
            (sequence, _) => sequence.len(),
        };
        let layers = match case.name.split(':').next() {
            Some("transformer") => 6,
            Some("decoder_only") => 2,
            _ => usize::from(!case.name.contains("attention: none")),
        };
        assert_eq!(found.attention.len(), layers, "{}", case.name);
        for attention in &found.attention {
            let Place { stack, kind, .. } = attention.place;
            let heads = if case.name.starts_with("lstm") { 1 } else { 4 };
            let of = |is_source: bool| if is_source { case.positions() } else { queries };
            let is_source = stack == StackKind::Encoder;
            let expected = [heads, of(is_source), of(is_source || kind == AttentionKind::CrossAttention)];
            assert_eq!(attention.weights.shape, expected, "{}: {:?}", case.name, attention.place);
            let sums: Vec<f32> =
                attention.weights.values.chunks(expected[2]).map(|row| row.iter().sum()).collect();
            check_close(&case.name, &sums, &vec![1.0; sums.len()], 1e-5);
        }
    }
}

#[test]
fn nobody_sees_a_masked_position() {
    for case in all().into_iter().chain(writing_frames()).filter(|case| case.source.is_some()) {
        let whole: Vec<usize> = (0..case.positions()).collect();
        for masked in [&[1][..], &[0, 2], &whole] {
            let found = look(&case, &masking(masked));
            for attention in found.attention.iter().filter(|attention| {
                (attention.place.stack, attention.place.kind)
                    != (StackKind::Decoder, AttentionKind::SelfAttention)
            }) {
                for row in attention.weights.values.chunks(case.positions()) {
                    let seen: f32 = masked.iter().map(|&key| row[key]).sum();
                    assert_eq!(seen, 0.0, "{}: {:?} sees {masked:?}", case.name, attention.place);
                    let sum = row.iter().sum::<f32>();
                    let expected = if masked == whole { 0.0 } else { 1.0 };
                    assert!((sum - expected).abs() < 1e-5, "{}: a row sums to {sum}", case.name);
                }
            }
            let values = found.logits.iter().flat_map(|logits| &logits.values);
            assert!(values.into_iter().all(|logit| logit.is_finite()), "{}: {masked:?}", case.name);
        }
    }
}

/// Masked positions at the end of a source might as well not be there.
#[test]
fn a_masked_end_is_a_shorter_source() {
    for case in texts().into_iter().filter(|case| case.name.starts_with("transformer")) {
        let positions = case.positions();
        let masked = look(&case, &masking(&[positions - 2, positions - 1]));
        let ReadSource { value, sequence, positions: all, unknown, warnings, window } =
            case.source.clone().expect("a transformer reads");
        let tokens = sequence.tokens().expect("a text")[..positions - 2].to_vec();
        let sequence = Sequence::Tokens(tokens);
        let shorter = ReadSource {
            value,
            sequence,
            positions: all[..positions - 2].to_vec(),
            unknown,
            warnings,
            window,
        };
        let shorter = Case { source: Some(shorter), ..case };
        let shorter = look(&shorter, &Ablations::default());
        check_close("a shorter source", &logits(&masked).values, &logits(&shorter).values, TOLERANCE);
    }
}

/// A head is as good as absent when nothing reads its context.
#[test]
fn an_ablated_head_is_one_that_nothing_reads() {
    let place = |stack, kind, layer| Place { stack, kind, layer };
    let (encoder, decoder) = (StackKind::Encoder, StackKind::Decoder);
    for (body, place, module) in [
        ("transformer", place(encoder, AttentionKind::SelfAttention, 0), "encoder.layers.0.self_attention"),
        ("transformer", place(decoder, AttentionKind::SelfAttention, 1), "decoder.layers.1.self_attention"),
        ("transformer", place(decoder, AttentionKind::CrossAttention, 0), "decoder.layers.0.cross_attention"),
        ("decoder_only", place(decoder, AttentionKind::SelfAttention, 1), "decoder.layers.1.self_attention"),
        ("lstm", place(decoder, AttentionKind::CrossAttention, 0), "decoder"),
    ] {
        let (head, d_model, d_head) = if body == "lstm" { (0, 16, 16) } else { (2, 16, 4) };
        let has_it = |case: &Case| case.name.starts_with(body) && !case.name.contains("attention: none");
        for case in texts().into_iter().filter(has_it) {
            let zero_rows = |values: &mut [f32], columns: usize, rows: std::ops::Range<usize>| {
                values[rows.start * columns..rows.end * columns].fill(0.0);
            };
            let changed = case.with(|name, values| {
                if name.ends_with(&format!("{module}.output.weight")) {
                    zero_rows(values, d_model, head * d_head..(head + 1) * d_head);
                } else if body == "lstm" && name.ends_with("decoder.combine.weight") {
                    zero_rows(values, d_model, 0..d_model);
                } else if case.name.contains("additive") && name.ends_with("decoder.layers.0.input.weight") {
                    zero_rows(values, 4 * d_model, d_model..2 * d_model);
                }
            });
            let ablated = look(&case, &Ablations { ablated: vec![(place, head)], ..Ablations::default() });
            let expected = look_with(&changed, &case, &Ablations::default());
            check_close(&case.name, &logits(&ablated).values, &logits(&expected).values, TOLERANCE);
            let whole = look(&case, &Ablations::default());
            assert_ne!(
                logits(&whole).values,
                logits(&ablated).values,
                "{}: ablating changes nothing",
                case.name
            );
        }
    }
}

fn log_probability(look: &Look, place: usize) -> f32 {
    look.target.positions[place].log_probability.expect("tokens have one")
}

#[test]
fn the_machine_shows_the_numbers_of_the_look() {
    for case in all().into_iter().chain(writing_frames()) {
        let found = look(&case, &Ablations::default());
        let parts = Inspector::new(&case.translator).machine(
            only(&case.translator),
            case.source.as_ref(),
            &case.tokens,
            &Ablations::default(),
        );
        let parts = parts.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let mut ids: Vec<&str> = parts.iter().map(|part| part.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), parts.len(), "{}: every box has a name of its own", case.name);
        let value = |id: &str, name: &str| {
            let part = parts.iter().find(|part| part.id == id);
            let part = part.unwrap_or_else(|| panic!("{}: no {id} in {ids:?}", case.name));
            let value = part.values.iter().find(|values| values.name == name);
            &value.unwrap_or_else(|| panic!("{}: no {name} in {id}: {:?}", case.name, part.values)).array
        };
        for part in &parts {
            for values in &part.values {
                let size: usize = values.array.shape.iter().product();
                assert_eq!(values.array.values.len(), size, "{}: {} {}", case.name, part.id, values.name);
                assert!(values.array.values.iter().all(|value| value.is_finite()), "{}", part.id);
            }
            for parameter in &part.parameters {
                let array =
                    Inspector::new(&case.translator).parameter(&parameter.name).expect("the model has it");
                assert_eq!(array.shape, parameter.shape);
            }
            let learns = !matches!(part.kind, PartKind::Positions | PartKind::Softmax);
            assert!(!learns || !part.parameters.is_empty(), "{}: {} learns nothing", case.name, part.id);
        }
        for attention in &found.attention {
            let Place { stack, layer, kind } = attention.place;
            let stack = if stack == StackKind::Encoder { "encoder" } else { "decoder" };
            let kind = if kind == AttentionKind::SelfAttention { "attention" } else { "cross_attention" };
            let id = match case.name.starts_with("lstm") {
                true => format!("{stack}.{kind}"),
                false => format!("{stack}.{layer}.{kind}"),
            };
            let shown = value(&id, "weights");
            assert_eq!(shown.shape, attention.weights.shape, "{}: {id}", case.name);
            check_close(&case.name, &shown.values, &attention.weights.values, 1e-5);
        }
        match &found.logits {
            None => assert_eq!(value("linear", "frames").shape[0], found.target.sequence.len()),
            Some(logits) => {
                let shown = value("linear", "logits");
                check_close(&case.name, &shown.values, &logits.values[..shown.values.len()], TOLERANCE);
                let probabilities = value("softmax", "probabilities");
                let sums: Vec<f32> =
                    probabilities.values.chunks(shown.shape[1]).map(|row| row.iter().sum()).collect();
                check_close(&case.name, &sums, &vec![1.0; sums.len()], 1e-5);
            }
        }
        if case.name.contains("sinusoidal") && case.source.is_some() {
            let added = value("encoder.positions", "positions").values.iter();
            let expected: Vec<f32> =
                value("encoder.embedding", "embedded").values.iter().zip(added).map(|(a, b)| a + b).collect();
            check_close("positions", &value("encoder.positions", "sum").values, &expected, 1e-6);
            assert_eq!(value("encoder.0.attention", "query").shape, [4, case.positions(), 4]);
            assert_eq!(value("encoder.0.feed_forward", "inner").shape, [case.positions(), 24]);
            assert_eq!(value("decoder.1.cross_attention_add_norm", "sum").shape[1], 16);
        }
    }
}

#[test]
fn frames_are_written_and_then_looked_at() {
    for case in writing_frames() {
        let found = look(&case, &Ablations::default());
        assert!(found.logits.is_none());
        let frames = found.target.sequence.frames().expect("frames are written");
        let expected = case.translator.translate_sequences(
            only(&case.translator),
            &[&case.source.as_ref().expect("waves are read").sequence],
            only(&case.translator).decoding(),
            &[],
        );
        let expected = expected.expect("frames can be written").remove(0).remove(0);
        let expected = expected.sequence.frames().expect("frames are written");
        check_close(&case.name, frames.values(), expected.values(), TOLERANCE);
        assert_eq!(found.target.positions.len(), frames.len());
        assert!(found.target.positions.iter().all(|position| position.token.is_none()));
        // The output depends on the masked positions.
        let masked = look(&case, &masking(&[0, 1]));
        assert_ne!(masked.target.sequence, found.target.sequence, "{}", case.name);
    }
}

#[test]
fn mistakes_are_named() {
    let transformer = &texts()[0];
    let check = |source: Option<&ReadSource>, tokens: &[u32], ablations: Ablations, wanted: &str| {
        let error = Inspector::new(&transformer.translator)
            .look(only(&transformer.translator), source, tokens, &ablations)
            .expect_err(wanted)
            .to_string();
        assert!(error.contains(wanted), "{error}");
    };
    let source = transformer.source.as_ref();
    let ablating = |layer, head| {
        let place = Place { stack: StackKind::Encoder, kind: AttentionKind::SelfAttention, layer };
        Ablations { ablated: vec![(place, head)], ..Ablations::default() }
    };
    check(None, &[], Ablations::default(), "source");
    check(source, &[999], Ablations::default(), "no token 999");
    check(source, &[], masking(&[99]), "no position 99");
    check(source, &[], ablating(0, 4), "no head 4");
    check(source, &[], ablating(2, 0), "no head 0");

    let explain = |case: &Case, position, token| {
        let explained = Explained { position, token, contrast: None };
        let found = Inspector::new(&case.translator).attribution(
            only(&case.translator),
            case.source.as_ref(),
            &case.tokens,
            (explained, Method::Gradient),
            &Ablations::default(),
        );
        found.expect_err("there is no such token").to_string()
    };
    assert!(explain(transformer, 6, None).contains("no token at 6"));
    assert!(explain(transformer, 9, Some(4)).contains("no token at 9"));
    assert!(explain(transformer, 0, Some(999)).contains("no token 999"));
    assert!(explain(&per_position()[0], 6, Some(4)).contains("nothing but the end"));
    let many = Inspector::new(&transformer.translator).parameter("no such parameter");
    assert!(many.is_none());
    let frames = &writing_frames()[0];
    assert!(explain(frames, 0, Some(0)).contains("writes frames"));
}
