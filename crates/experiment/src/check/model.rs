//! Rules about the architecture of the model.

use any2any_architecture::Architecture;

use crate::check::Checker;
use crate::resolve::shares_vocabulary;
use crate::spec::{
    Initialization, Lstm, Model, NormPlacement, Parts, Positions, Side, TiedEmbeddings, Transformer,
};
use crate::stacks::StackOptions;

pub(crate) fn check(checker: &mut Checker<'_>) {
    match checker.model() {
        Some(Model::Transformer(model)) => {
            let at = "/model/transformer";
            check_stack(checker, at, &StackOptions::from(&model));
            check_tied(checker, at, model.tied_embeddings);
        }
        Some(Model::DecoderOnly(model)) => {
            check_stack(checker, "/model/decoder_only", &StackOptions::from(&model));
        }
        Some(Model::Lstm(model)) => check_lstm(checker, &model),
        Some(Model::Architecture(parts)) => check_parts(checker, &parts),
        None => {}
    }
}

fn check_stack(checker: &mut Checker<'_>, root: &str, stack: &StackOptions) {
    let at = |key: &str| format!("{root}/{key}");
    let (d_model, heads) = (at("d_model"), at("heads"));
    if checker.sound(&[&d_model, &heads]) {
        check_heads(checker, root, stack, [&d_model, &heads]);
    }
    let (norm, initialization) = (at("norm"), at("initialization"));
    let deep_norm = stack.initialization == Initialization::DeepNorm;
    if checker.sound(&[&norm, &initialization]) && deep_norm && stack.norm == NormPlacement::Pre {
        let help =
            "write `norm: post`, or `initialization: depth_scaled` for a deep stack of pre-norm layers";
        let place = checker.blame(&norm, &initialization).to_owned();
        checker.error(&place, "`deep_norm` is made for post-norm layers, but `norm` is `pre`", help);
    }
    check_positions(checker, root, stack);
}

fn check_heads(checker: &mut Checker<'_>, root: &str, stack: &StackOptions, [d_model, heads]: [&str; 2]) {
    let (width, count) = (stack.d_model, stack.heads);
    if !width.is_multiple_of(count) {
        let message = format!("{count} heads do not divide `d_model: {width}` into equal parts");
        let place = checker.blame(d_model, heads).to_owned();
        checker.error(&place, message, divisors(width, count));
        return;
    }
    let positions = format!("{root}/positions");
    if !checker.sound(&[&positions]) {
        return;
    }
    let head = width / count;
    if stack.positions == Positions::Rotary && head % 2 == 1 {
        let message =
            format!("rotary positions turn pairs of numbers, but a head is {head} wide ({width} / {count})");
        let help = "choose `d_model` and `heads` so that d_model / heads is even";
        checker.error(&positions, message, help);
    }
    if stack.positions == Positions::Sinusoidal && width % 2 == 1 {
        let message = format!("sinusoidal positions pair sines with cosines, but `d_model: {width}` is odd");
        checker.error(d_model, message, format!("take {} or {}", width.saturating_sub(1).max(2), width + 1));
    }
}

/// The numbers of heads around `count` that divide `width`, and the widths around `width` that `count` divides.
fn divisors(width: usize, count: usize) -> String {
    let below = (1..count.min(width)).rev().find(|heads| width.is_multiple_of(*heads));
    let above = (count + 1..=width.min(count * 4)).find(|heads| width.is_multiple_of(*heads));
    let heads: Vec<_> = below.into_iter().chain(above).map(|heads| heads.to_string()).collect();
    // Sinusoidal and rotary positions take dimensions in pairs, so only even widths are offered.
    let step = if count.is_multiple_of(2) { count } else { count * 2 };
    let lower = width / step * step;
    let widths: Vec<_> =
        [lower, lower + step].into_iter().filter(|width| *width > 0).map(|w| w.to_string()).collect();
    format!(
        "{} heads would, or keep the heads and set `d_model` to {}",
        heads.join(" or "),
        widths.join(" or ")
    )
}

fn check_positions(checker: &mut Checker<'_>, root: &str, stack: &StackOptions) {
    let (positions, limit) = (format!("{root}/positions"), format!("{root}/max_positions"));
    if !checker.sound(&[&positions, &limit]) {
        return;
    }
    if stack.positions != Positions::Learned {
        let default = Transformer::default().max_positions;
        if checker.given(&limit) && stack.max_positions != default {
            let help = "write `positions: learned`, or take `max_positions` away";
            checker.warning(&limit, "`max_positions` only limits learned positions, and these are not", help);
        }
        return;
    }
    let lengths = ["/training/batch/max_source_length", "/training/batch/max_target_length"];
    let Some(training) = checker.training().filter(|_| checker.sound(&lengths)) else {
        return;
    };
    let longest = training.batch.max_source_length.max(training.batch.max_target_length);
    if longest > stack.max_positions {
        let message = format!(
            "training takes samples of up to {longest} tokens, but learned positions end at {}",
            stack.max_positions
        );
        let help = format!(
            "set `max_positions: {longest}`, or `training.batch.max_source_length` and `max_target_length` to {}",
            stack.max_positions
        );
        let place = checker.blame(&positions, &limit).to_owned();
        checker.error(&place, message, help);
    }
}

fn check_parts(checker: &mut Checker<'_>, parts: &Parts) {
    let at = "/model/architecture";
    if let Err(error) = Architecture::check_stacks(parts.encoder.as_ref(), &parts.decoder) {
        let place = format!("{at}/{}", error.part);
        let help = "this is a model part by part; `transformer`, `decoder_only` and `lstm` have words for what is usual";
        checker.error(&place, error.reason, help);
    }
    let factors = [("embedding_scale", parts.embedding_scale), ("output_scale", Some(parts.output_scale))];
    for (option, factor) in factors {
        if factor.is_some_and(|factor| !factor.is_finite()) {
            checker.error(
                &format!("{at}/{option}"),
                format!("`{option}` is no finite number"),
                "give a factor",
            );
        }
    }
    if !parts.joint_vocabulary {
        check_tied(checker, at, parts.tied_embeddings);
    }
}

fn check_lstm(checker: &mut Checker<'_>, model: &Lstm) {
    let (d_model, bidirectional) = ("/model/lstm/d_model", "/model/lstm/bidirectional");
    if checker.sound(&[d_model, bidirectional]) && model.bidirectional && model.d_model % 2 == 1 {
        let width = model.d_model;
        let message =
            format!("a bidirectional encoder gives each direction half of `d_model`, but {width} is odd");
        let help =
            format!("set `d_model` to {} or {}, or write `bidirectional: false`", width - 1, width + 1);
        checker.error(d_model, message, help);
    }
    check_tied(checker, "/model/lstm", model.tied_embeddings);
}

/// Checks that `all` ties the source too, if the file asks for it.
fn check_tied(checker: &mut Checker<'_>, model: &str, tied: TiedEmbeddings) {
    let place = format!("{model}/tied_embeddings");
    if tied != TiedEmbeddings::All || !checker.given(&place) || !checker.sound(&[&place, "/tasks"]) {
        return;
    }
    let sides: Vec<(Option<Side>, Side)> = checker
        .tasks()
        .into_iter()
        .filter_map(|task| Some((checker.side(task, "source"), checker.side(task, "target")?)))
        .collect();
    let tasks = sides.iter().map(|(source, target)| (source.as_ref(), target));
    if !sides.is_empty() && !shares_vocabulary(tasks, checker.registry) {
        let help = "let source and target share one vocabulary, or write `tied_embeddings: target`";
        let message = "no source shares its vocabulary with a target, so `all` ties only target and softmax";
        checker.warning(&place, message, help);
    }
}
