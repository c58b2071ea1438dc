//! Rules about search.

use crate::check::Checker;
use crate::node::below;
use crate::spec::Decoding;

/// Checks the search of the experiment, and of every task that has one of its own.
pub(crate) fn check(checker: &mut Checker<'_>) {
    if let Some(decoding) = checker.decoding() {
        check_at(checker, "/decoding", decoding);
    }
    for task in checker.tasks() {
        let place = below("/tasks", task) + "/decoding";
        let own = checker.json.pointer(&place).filter(|own| own.is_object());
        if let Some(decoding) = own.and_then(|own| serde_json::from_value(own.clone()).ok()) {
            check_at(checker, &place, decoding);
        }
    }
}

fn check_at(checker: &mut Checker<'_>, at: &str, decoding: Decoding) {
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
    if let Some(limit) = decoding.max_length.filter(|_| checker.sound(&[least, most]))
        && decoding.min_length > limit
    {
        let message = format!("at least {} and at most {limit} tokens cannot both be", decoding.min_length);
        checker.error(least, message, format!("set `min_length` to at most {limit}"));
    }
}
