//! Interventions: a patch of everything is the other pass, a patch of nothing is none, and edited attention is what the
//! layers behind it read.

use any2any_adapter::Value;
use any2any_inspect::{
    Ablations, AttentionChange, AttentionEdit, AttentionKind, Explained, Inspector, Other, PatchEffects,
    Place, ReadSource, StackKind,
};

use crate::models::{Case, per_position, texts, waves, writing_frames};
use crate::{TOLERANCE, check_close, log_probability, logits, look, masking, only};

/// As long as the case's own source.
const OTHER: &str = "a cat sees the big dog";
const AT: usize = 3;
const EXPLAINED: Explained = Explained { position: AT, token: None, contrast: None };

fn is_transformer(case: &Case) -> bool {
    !case.name.starts_with("lstm")
}

fn read(case: &Case, text: &str) -> Option<ReadSource> {
    case.source.as_ref()?;
    Some(ReadSource::of(only(&case.translator), &Value::from(text)).expect("a text can be read"))
}

fn effects(
    case: &Case,
    other: (Option<&ReadSource>, &[u32]),
    stack: StackKind,
    groups: usize,
    ablations: &Ablations,
) -> PatchEffects {
    let found = Inspector::new(&case.translator).patch_effects(
        only(&case.translator),
        (case.source.as_ref(), &case.tokens, EXPLAINED),
        Other { source: other.0, tokens: other.1 },
        (stack, groups),
        ablations,
    );
    found.unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

fn value(case: &Case, source: Option<ReadSource>) -> f32 {
    let mut tokens = case.tokens.clone();
    tokens.truncate(AT + 1);
    let found = Inspector::new(&case.translator).look(
        only(&case.translator),
        source.as_ref(),
        &tokens,
        &Ablations::default(),
    );
    log_probability(&found.unwrap_or_else(|error| panic!("{}: {error}", case.name)), AT)
}

#[test]
fn all_states_of_an_encoder_are_its_other_input() {
    let cases = texts().into_iter().chain(per_position()).filter(is_transformer);
    for case in cases.filter(|case| case.source.is_some()) {
        let other = read(&case, OTHER);
        let before = &case.tokens[..AT];
        let found = effects(&case, (other.as_ref(), before), StackKind::Encoder, 99, &Ablations::default());
        let base = log_probability(&look(&case, &Ablations::default()), AT);
        let elsewhere = value(&case, other);
        assert!((found.base - base).abs() < TOLERANCE, "{}", case.name);
        assert!((found.other - elsewhere).abs() < TOLERANCE, "{}", case.name);
        assert!((base - elsewhere).abs() > 1e-3, "{}: the inputs say the same", case.name);
        let whole = vec![elsewhere - base; 3];
        check_close(&case.name, &found.whole, &whole, TOLERANCE);
        assert_eq!(found.effect.shape, [3, case.positions()], "{}", case.name);
        // Behind the embedding, a position is its word: a patch of it is the source with the other's word.
        for place in 0..5 {
            let mut words: Vec<&str> = "the dog sees a big cat".split(' ').collect();
            words[place] = OTHER.split(' ').nth(place).expect("as many words");
            let mixed = value(&case, read(&case, &words.join(" ")));
            let effect = found.effect.row(0)[place];
            assert!((effect - (mixed - base)).abs() < TOLERANCE, "{}: {place}: {effect}", case.name);
        }
        // Neighbours that are patched together.
        let halves = effects(
            &case,
            (read(&case, OTHER).as_ref(), before),
            StackKind::Encoder,
            2,
            &Ablations::default(),
        );
        assert_eq!(
            (halves.effect.shape[1], halves.group),
            (2, case.positions().div_ceil(2)),
            "{}",
            case.name
        );
        check_close(&case.name, &halves.whole, &whole, TOLERANCE);
    }
}

#[test]
fn states_of_a_decoder_are_put_where_they_come_from() {
    for case in texts().into_iter().filter(is_transformer) {
        let other = read(&case, OTHER);
        let before = match other {
            Some(_) => case.tokens[..AT].to_vec(),
            // A language model has no other input than what it has read.
            None => [case.tokens[1], case.tokens[0], case.tokens[2]].to_vec(),
        };
        let found = effects(&case, (other.as_ref(), &before), StackKind::Decoder, 99, &Ablations::default());
        assert_eq!(found.effect.shape, [3, AT + 1], "{}", case.name);
        let change = found.other - found.base;
        assert!(change.abs() > 1e-3, "{}: the inputs say the same", case.name);
        // What stands at the last position behind the last layer is all that the token is chosen from.
        let mut last = vec![0.0; AT + 1];
        last[AT] = change;
        check_close(&case.name, found.effect.row(2), &last, TOLERANCE);
        assert!((found.whole[2] - change).abs() < TOLERANCE, "{}", case.name);
        if case.source.is_some() {
            check_close(&case.name, found.effect.row(0), &[0.0; AT + 1], TOLERANCE);
            assert!(found.effect.row(1).iter().any(|effect| effect.abs() > 1e-4), "{}", case.name);
        } else {
            assert!((found.whole[0] - change).abs() < TOLERANCE, "{}: all words are the other's", case.name);
        }
    }
}

#[test]
fn states_of_the_same_input_change_nothing() {
    for case in texts().into_iter().filter(is_transformer).chain([waves()]) {
        let altered = Ablations {
            masked: if case.source.is_some() { vec![1] } else { Vec::new() },
            ..Ablations::default()
        };
        let same = (case.source.as_ref(), &case.tokens[..AT]);
        for (stack, ablations) in [(StackKind::Decoder, Ablations::default()), (StackKind::Decoder, altered)]
        {
            let found = effects(&case, same, stack, 99, &ablations);
            let base = log_probability(&look(&case, &ablations), AT);
            assert!((found.base - base).abs() < TOLERANCE, "{}", case.name);
            if ablations.masked.is_empty() {
                check_close(
                    &case.name,
                    &found.effect.values,
                    &vec![0.0; found.effect.values.len()],
                    TOLERANCE,
                );
                check_close(&case.name, &found.whole, &[0.0; 3], TOLERANCE);
            }
        }
    }
}

#[test]
fn inputs_of_different_lengths_share_their_first_positions() {
    let case = &texts()[0];
    let short = read(case, "the cat");
    let most = short.as_ref().map_or(0, |source| source.positions.len());
    let found =
        effects(case, (short.as_ref(), &case.tokens[..AT]), StackKind::Encoder, 99, &Ablations::default());
    assert_eq!((found.positions, found.effect.shape[1]), (most, most));
    assert!((found.other - value(case, short)).abs() < TOLERANCE);
}

#[test]
fn what_has_no_stream_is_not_patched() {
    for (case, stack, wanted) in [
        (&texts()[6], StackKind::Encoder, "no encoder with one"),
        (&texts()[4], StackKind::Encoder, "no encoder with one"),
        (&writing_frames()[0], StackKind::Encoder, "writes frames"),
    ] {
        let error = Inspector::new(&case.translator).patch_effects(
            only(&case.translator),
            (case.source.as_ref(), &case.tokens, Explained { position: 0, token: Some(3), contrast: None }),
            Other { source: case.source.as_ref(), tokens: &[] },
            (stack, 9),
            &Ablations::default(),
        );
        let error = error.expect_err(wanted).to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

fn silencing(places: &[Place], heads: usize, key: usize) -> Ablations {
    let silence =
        |place: &Place, head| AttentionEdit { place: *place, head, change: AttentionChange::Silence { key } };
    let edited = places.iter().flat_map(|place| (0..heads).map(move |head| silence(place, head))).collect();
    Ablations { edited, ..Ablations::default() }
}

/// A position that no head of any layer sees is as good as absent.
#[test]
fn a_key_that_all_heads_are_kept_from_is_a_masked_position() {
    for case in texts().into_iter().filter(is_transformer).filter(|case| case.source.is_some()) {
        let whole = look(&case, &Ablations::default());
        let reads_source =
            |place: &Place| (place.stack, place.kind) != (StackKind::Decoder, AttentionKind::SelfAttention);
        let places: Vec<Place> =
            whole.attention.iter().map(|attention| attention.place).filter(reads_source).collect();
        assert_eq!(places.len(), 4, "{}", case.name);
        let silenced = look(&case, &silencing(&places, 4, 2));
        let masked = look(&case, &masking(&[2]));
        check_close(&case.name, &logits(&silenced).values, &logits(&masked).values, TOLERANCE);
        assert_ne!(logits(&silenced).values, logits(&whole).values, "{}", case.name);
    }
}

#[test]
fn weights_that_are_set_are_those_that_the_model_uses() {
    for case in texts() {
        let whole = look(&case, &Ablations::default());
        let Some(attention) = whole.attention.last() else { continue };
        let (place, keys) = (attention.place, attention.weights.shape[2]);
        let row = |weights: Vec<f32>| Ablations {
            edited: vec![AttentionEdit {
                place,
                head: 0,
                change: AttentionChange::Row { query: 2, weights },
            }],
            ..Ablations::default()
        };
        let own = attention.weights.values[2 * keys..3 * keys].to_vec();
        let seen = own.iter().rposition(|&weight| weight > 0.0).map_or(0, |last| last + 1);
        let same = look(&case, &row(own[..seen].to_vec()));
        check_close(&case.name, &logits(&same).values, &logits(&whole).values, TOLERANCE);

        // All on one key.
        let changed = row(vec![0.0, 1.0]);
        let found = look(&case, &changed);
        let edited = found.attention.last().expect("as many layers");
        let mut expected = vec![0.0; keys];
        expected[1] = 1.0;
        check_close(&case.name, &edited.weights.values[2 * keys..3 * keys], &expected, 1e-6);
        let before = 2 * logits(&whole).shape[1];
        let values = [&logits(&found).values, &logits(&whole).values];
        check_close(&case.name, &values[0][..before], &values[1][..before], TOLERANCE);
        let moved = values[0][before..].iter().zip(&values[1][before..]).any(|(a, b)| (a - b).abs() > 1e-4);
        assert!(moved, "{}: the row changes nothing", case.name);
        if case.name.starts_with("lstm") {
            continue;
        }
        let parts = Inspector::new(&case.translator).machine(
            only(&case.translator),
            case.source.as_ref(),
            &case.tokens,
            &changed,
        );
        let parts = parts.expect("an altered model has parts");
        let kind = if place.kind == AttentionKind::SelfAttention { "attention" } else { "cross_attention" };
        let id = format!("decoder.{}.{kind}", place.layer);
        let part = parts.iter().find(|part| part.id == id).expect("the layer");
        let array = |name: &str| &part.values.iter().find(|values| values.name == name).expect("there").array;
        let width = array("value").shape[2];
        let context = &array("context").values[2 * width..3 * width];
        check_close(&case.name, context, &array("value").values[width..2 * width], TOLERANCE);
    }
}

#[test]
fn edits_that_cannot_be_are_named() {
    let case = &texts()[0];
    let place = |stack, layer| Place { stack, kind: AttentionKind::SelfAttention, layer };
    let check = |case: &Case, place, head, change, wanted: &str| {
        let ablations =
            Ablations { edited: vec![AttentionEdit { place, head, change }], ..Ablations::default() };
        let found = Inspector::new(&case.translator).look(
            only(&case.translator),
            case.source.as_ref(),
            if case.source.is_some() && only(&case.translator).is_per_position() {
                &[]
            } else {
                &case.tokens
            },
            &ablations,
        );
        let error = found.expect_err(wanted).to_string();
        assert!(error.contains(wanted), "{error}");
    };
    let row = |weights: Vec<f32>| AttentionChange::Row { query: 1, weights };
    check(case, place(StackKind::Encoder, 0), 4, row(vec![1.0]), "no head 4");
    check(case, place(StackKind::Encoder, 2), 0, row(vec![1.0]), "no head 0");
    check(case, place(StackKind::Encoder, 0), 0, row(vec![-1.0]), "0 or more");
    check(case, place(StackKind::Encoder, 0), 0, row(vec![f32::NAN]), "0 or more");
    check(case, place(StackKind::Encoder, 0), 0, row(vec![0.1; 40]), "40 weights are given");
    check(case, place(StackKind::Decoder, 0), 0, row(vec![0.1; 3]), "for the 2 keys of query 1");
    check(case, place(StackKind::Encoder, 0), 0, AttentionChange::Silence { key: 40 }, "no key 40");
    let absent = AttentionChange::Row { query: 40, weights: vec![1.0] };
    check(case, place(StackKind::Encoder, 0), 0, absent, "no query 40");
    let frames = &writing_frames()[0];
    check(frames, place(StackKind::Decoder, 0), 0, row(vec![1.0]), "silence a key");
}
