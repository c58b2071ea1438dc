//! Rules about decoding.

use crate::check::Checker;
use crate::node::below;
use crate::spec::Decoding;

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

fn check_at(checker: &mut Checker<'_>, at: &str, decoding: Decoding) {
    let contradicts_itself = decoding.contradicts_itself();
    let sampling = &format!("{at}/sampling");
    if decoding.beam.is_some() && decoding.sampling.is_some() {
        let help =
            "take one of them away; one that comes from an extended file is switched off by `beam: null`";
        checker.error(sampling, "`beam` and `sampling` are two ways to write, and both are asked for", help);
    }
    let (size, n_best) = (&format!("{at}/beam/size"), &format!("{at}/beam/n_best"));
    if let Some(options) = decoding.beam.filter(|_| checker.sound(&[size, n_best]))
        && options.n_best > options.size
    {
        let message = format!("a beam of {} cannot give back {} hypotheses", options.size, options.n_best);
        let help =
            format!("set `n_best` to at most {}, or `size` to at least {}", options.size, options.n_best);
        let place = checker.blame(size, n_best).to_owned();
        checker.error(&place, message, help);
    }
    let (least, most) = (&format!("{at}/min_length"), &format!("{at}/max_length"));
    if let Some(limit) = decoding.max_length.filter(|_| contradicts_itself && checker.sound(&[least, most])) {
        let message = format!("at least {} and at most {limit} tokens cannot both be", decoding.min_length);
        checker.error(least, message, format!("set `min_length` to at most {limit}"));
    }
}
