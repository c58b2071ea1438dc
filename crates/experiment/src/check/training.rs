//! Rules about training, and about the evaluation during it.

use crate::check::Checker;
use crate::spec::{Backend, Schedule, Training};

pub(crate) fn check(checker: &mut Checker<'_>) {
    check_device(checker);
    check_evaluation(checker);
    let Some(training) = checker.training() else {
        return;
    };
    check_schedule(checker, &training);
    check_recompute(checker, &training);
    let (tokens, lengths) = ("/training/batch/tokens", "/training/batch");
    let longest = training.batch.max_source_length.max(training.batch.max_target_length);
    if checker.sound(&[lengths]) && checker.given(tokens) && training.batch.tokens < longest {
        let message = format!(
            "a batch of {} tokens has no room for the longest samples, of up to {longest} tokens",
            training.batch.tokens
        );
        let help = format!(
            "set `tokens` to at least {longest}, or lower `max_source_length` and `max_target_length`"
        );
        checker.warning(tokens, message, help);
    }
}

/// Layers that are computed again are those of transformers: an LSTM goes through its layers position by position.
fn check_recompute(checker: &mut Checker<'_>, training: &Training) {
    let place = "/training/recompute";
    if training.recompute.is_none() || !checker.sound(&[place, "/model"]) {
        return;
    }
    let Some(model) = checker.model() else { return };
    let (encoder, decoder) = model.stacks();
    if encoder.iter().chain([&decoder]).any(|stack| stack.lstm().is_some()) {
        let message = "the layers of an LSTM cannot be computed again in the backward pass";
        checker.error(place, message, "leave `recompute` out, or choose `transformer` or `decoder_only`");
    }
}

fn check_schedule(checker: &mut Checker<'_>, training: &Training) {
    let (name, warmup, falls) = match &training.schedule {
        Schedule::Constant { warmup, .. } => ("constant", warmup, false),
        Schedule::Linear { warmup, peak, floor } => {
            check_floor(checker, "linear", *peak, *floor);
            ("linear", warmup, true)
        }
        Schedule::Cosine { warmup, peak, floor } => {
            check_floor(checker, "cosine", *peak, *floor);
            ("cosine", warmup, true)
        }
        Schedule::Noam { warmup, .. } => ("noam", warmup, false),
        Schedule::InverseSqrt { warmup, .. } => ("inverse_sqrt", warmup, false),
        Schedule::Plateau { warmup, .. } => {
            check_plateau(checker);
            ("plateau", warmup, false)
        }
        Schedule::Plugged(_) => return,
    };
    let warmup = *warmup;
    let (place, steps) = (format!("/training/schedule/{name}/warmup"), training.steps);
    if warmup < steps || !checker.sound(&[&place, "/training/steps"]) {
        return;
    }
    if !checker.given("/training/schedule") {
        let message =
            format!("the default schedule warms up for {warmup} steps, but training ends at step {steps}");
        let help = format!(
            "give your own: `schedule: {{ inverse_sqrt: {{ peak: 1.0e-3, warmup: {} }} }}`",
            tenth(steps)
        );
        checker.warning("/training/steps", message, help);
        return;
    }
    let help = format!("make `warmup` smaller than `training.steps: {steps}`, for instance {}", tenth(steps));
    if falls && warmup > 0 {
        let message =
            format!("the rate is to fall after {warmup} steps of warm-up, but training ends at step {steps}");
        checker.error(&place, message, help);
    } else if warmup > steps {
        let message = format!("training ends at step {steps}, before the {warmup} steps of warm-up are over");
        checker.warning(&place, message, help);
    }
}

fn tenth(steps: u64) -> u64 {
    (steps / 10).max(1)
}

fn check_floor(checker: &mut Checker<'_>, name: &str, peak: f64, floor: f64) {
    let (top, bottom) =
        (format!("/training/schedule/{name}/peak"), format!("/training/schedule/{name}/floor"));
    if checker.sound(&[&top, &bottom]) && floor > peak {
        let message = format!("the rate falls to `floor`, but {floor} is above the peak of {peak}");
        checker.error(&bottom, message, "swap the two, or leave `floor` out for 0");
    }
}

fn check_plateau(checker: &mut Checker<'_>) {
    if has_no_validation(checker) {
        let message = "a plateau is seen on the validation split, and no task has one";
        checker.error("/training/schedule/plateau", message, VALIDATION);
    }
}

const VALIDATION: &str =
    "add `validation` beside `train` in `data.files`, or `split: { shares: { validation: 0.1 } }` in `data`";

fn check_evaluation(checker: &mut Checker<'_>) {
    let Some(evaluation) = checker.evaluation() else {
        return;
    };
    let (metrics, best_by, patience) = ("/evaluation/metrics", "/evaluation/best_by", "/evaluation/patience");
    if checker.sound(&[metrics]) {
        for (index, metric) in evaluation.metrics.iter().enumerate() {
            if evaluation.metrics[..index].contains(metric) {
                let place = format!("{metrics}/{index}");
                let name = word(metric);
                checker.error(&place, format!("`{name}` is listed twice"), "keep it once");
            }
        }
    }
    if let Some(metric) = &evaluation.best_by
        && checker.sound(&[metrics, best_by])
        && metric.find_in(&evaluation.metrics).is_none()
        && metric.find_in(&checker.task_metrics()).is_none()
    {
        let listed: Vec<_> = evaluation.metrics.iter().map(word).collect();
        let message = format!("`{}` decides which checkpoint is best, but is not computed", word(metric));
        let help = format!("add it to `metrics: [{}]`, or choose one of these", listed.join(", "));
        checker.error(best_by, message, help);
    }
    if has_no_validation(checker) {
        if checker.sound(&[patience]) && evaluation.patience.is_some() {
            let message = "patience waits for a better score on the validation split, and no task has one";
            checker.error(patience, message, VALIDATION);
        }
        if checker.sound(&[best_by]) && evaluation.best_by.is_some() {
            let message = "the best checkpoint is chosen on the validation split, and no task has one";
            checker.error(best_by, message, VALIDATION);
        }
    }
}

/// True if it is certain that no task has a validation split; the splits of a dataset are not known here.
fn has_no_validation(checker: &Checker<'_>) -> bool {
    let tasks = checker.tasks();
    checker.sound(&["/tasks"])
        && !tasks.is_empty()
        && tasks.iter().all(|task| checker.data(task).is_some_and(|data| data.lacks_validation()))
}

/// A value as it is written in the file.
fn word(value: &impl serde::Serialize) -> String {
    crate::write::inline(&serde_json::to_value(value).unwrap_or_default())
}

fn check_device(checker: &mut Checker<'_>) {
    let Some(device) = checker.device() else { return };
    let (backend, index) = ("/device/backend", "/device/index");
    if checker.sound(&[backend, index])
        && device.index > 0
        && let Backend::Flex | Backend::Tch = device.backend
    {
        let message = format!("`{}` computes on the CPU, of which there is one", word(&device.backend));
        checker.error(index, message, "take `index` away; `threads` says how many cores to use");
    }
}
