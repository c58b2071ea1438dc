//! Rules about what a model starts from, and which of its parts learn how fast.

use any2any_architecture::{Architecture, names};

use crate::check::Checker;
use crate::node::below;
use crate::spec::{Lora, VocabularyStart};
use crate::suggest::suggest;

pub(crate) fn check(checker: &mut Checker<'_>) {
    let Some(start) = checker.start() else { return };
    if start.from.is_none() {
        let needs = "it says what becomes of another run's weights: name that run, `from: runs/NAME`";
        if start.lora.is_some() && checker.sound(&["/model/lora"]) {
            checker.error(
                "/model/lora",
                "`lora` adapts weights that were learned before, and there are none",
                needs,
            );
        }
        if start.vocabulary != VocabularyStart::default() && checker.sound(&["/model/vocabulary"]) {
            checker.error("/model/vocabulary", "`vocabulary` is about another run, and none is named", needs);
        }
    }
    let Some(model) = checker.model().filter(|_| checker.sound(&["/model"])) else { return };
    let (encoder, decoder) = model.stacks();
    if Architecture::check_stacks(encoder.as_ref(), &decoder).is_err() {
        return;
    }
    let architecture = Architecture::of_text(encoder, decoder, 1);
    for (number, part) in start.freeze.iter().enumerate() {
        check_part(checker, &format!("/model/freeze/{number}"), part, &architecture);
    }
    let rates = checker.training().map(|training| training.rates).unwrap_or_default();
    for part in rates.keys() {
        check_part(checker, &below("/training/rates", part), part, &architecture);
    }
    if let Some(lora) = &start.lora {
        check_lora(checker, lora, &architecture);
    }
}

/// Checks that a model has a part. The names of stems and heads depend on data, and are looked at when it has been read.
fn check_part(checker: &mut Checker<'_>, place: &str, part: &str, architecture: &Architecture) {
    let first = part.split('.').next().unwrap_or_default();
    let of_tasks = [names::STEMS, names::HEADS, names::ALIGNMENTS, names::TASK_VECTORS];
    if of_tasks.contains(&first) || architecture.has_part(part) {
        return;
    }
    let mut known = architecture.part_names();
    known.extend([names::HEADS.to_owned()]);
    known.sort();
    known.dedup();
    let list = format!("its parts are: {}", known.join(", "));
    let help = match suggest(part, known.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`? {list}"),
        None => list,
    };
    checker.error(place, format!("the model has no part `{part}`"), help);
}

/// Checks that the matrices of a low-rank adaptation are there, and larger than its rank.
fn check_lora(checker: &mut Checker<'_>, lora: &Lora, architecture: &Architecture) {
    let adapted: Vec<_> =
        architecture.parameters().into_iter().filter(|parameter| lora.adapts(&parameter.name)).collect();
    if adapted.is_empty() {
        let help = "write other matrices: query, key, value, output, inner, gate, outer".to_owned();
        checker.error("/model/lora/on", "the model has none of these matrices", help);
        return;
    }
    let smallest = adapted.iter().min_by_key(|parameter| parameter.shape.iter().min());
    let Some((name, size)) =
        smallest.and_then(|smallest| Some((&smallest.name, *smallest.shape.iter().min()?)))
    else {
        return;
    };
    if lora.rank > size {
        let message =
            format!("the rank {} is larger than the matrix {name}, of rank {size} at most", lora.rank);
        checker.error("/model/lora/rank", message, format!("take at most {size}; 4 to 16 is usual"));
    }
}
