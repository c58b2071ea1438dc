//! Rules about decoding.

use crate::check::Checker;
use crate::node::below;
use crate::spec::{Decoding, DecodingError};

/// Checks that tasks with guidance are also trained without their source: guidance moves logits away from those.
fn check_guidance(checker: &mut Checker<'_>, at: &str, decoding: &Decoding, tasks: &[&str]) {
    let guidance = format!("{at}/guidance");
    if decoding.guidance == 1.0 || !checker.sound(&[&guidance]) {
        return;
    }
    for task in tasks {
        let dropout = below("/tasks", task) + "/source_dropout";
        let share = checker.json.pointer(&dropout).and_then(serde_json::Value::as_f64).unwrap_or(0.0);
        if share == 0.0 {
            let message =
                format!("`{task}` does not learn to write without a source, which `guidance` needs");
            let help = "set `source_dropout: 0.1` for the task, or leave `guidance` at 1";
            checker.error(&guidance, message, help);
        }
    }
}

/// Checks the decoding options of the experiment, and of every task with its own.
pub(crate) fn check(checker: &mut Checker<'_>) {
    let mut others = Vec::new();
    for task in checker.tasks() {
        let place = below("/tasks", task) + "/decoding";
        let own = checker.json.pointer(&place).filter(|own| own.is_object());
        match own.and_then(|own| serde_json::from_value(own.clone()).ok()) {
            Some(decoding) => {
                check_guidance(checker, &place, &decoding, &[task]);
                check_at(checker, &place, decoding);
            }
            None => others.push(task),
        }
    }
    if let Some(decoding) = checker.decoding() {
        check_guidance(checker, "/decoding", &decoding, &others);
        check_at(checker, "/decoding", decoding);
    }
}

/// Puts the error of decoding options at its place. Values out of range are the schema's matter.
fn check_at(checker: &mut Checker<'_>, at: &str, decoding: Decoding) {
    let Err(error) = decoding.check() else { return };
    let (message, help) = (error.to_string(), error.help());
    match error {
        DecodingError::TwoWays => {
            let help =
                format!("{help}; one that comes from an extended file is switched off by `beam: null`");
            checker.error(&format!("{at}/sampling"), message, help);
            // The other options are told of with it.
            check_at(checker, at, Decoding { sampling: None, ..decoding });
        }
        DecodingError::SamplesOfBeam => {
            checker.error(&format!("{at}/minimum_bayes_risk/samples"), message, help);
            check_at(checker, at, Decoding { minimum_bayes_risk: None, ..decoding });
        }
        DecodingError::Hypotheses { .. } => {
            let (size, n_best) = (&format!("{at}/beam/size"), &format!("{at}/beam/n_best"));
            if checker.sound(&[size, n_best]) {
                let place = checker.blame(size, n_best).to_owned();
                checker.error(&place, message, help);
            }
            check_at(checker, at, Decoding { beam: None, ..decoding });
        }
        DecodingError::Lengths { .. } => {
            let (least, most) = (&format!("{at}/min_length"), &format!("{at}/max_length"));
            if checker.sound(&[least, most]) {
                checker.error(least, message, help);
            }
        }
        // The schema has told of it; the lengths are looked at all the same.
        DecodingError::Range { .. } => {
            let Decoding { min_length, max_length, .. } = decoding;
            let lengths = Decoding {
                min_length,
                max_length: max_length.filter(|&most| most > 0),
                ..Decoding::default()
            };
            check_at(checker, at, lengths);
        }
    }
}
