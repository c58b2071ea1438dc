//! Rules about search.

use crate::check::Checker;

pub(crate) fn check(checker: &mut Checker<'_>) {
    let Some(decoding) = checker.decoding() else {
        return;
    };
    let (_beam, sampling) = ("/decoding/beam", "/decoding/sampling");
    if decoding.beam.is_some() && decoding.sampling.is_some() {
        let help =
            "take one of them away; one that comes from an extended file is switched off by `beam: null`";
        checker.error(sampling, "`beam` and `sampling` are two ways to write, and both are asked for", help);
    }
    let (size, n_best) = ("/decoding/beam/size", "/decoding/beam/n_best");
    if let Some(options) = decoding.beam.filter(|_| checker.sound(&[size, n_best]))
        && options.n_best > options.size
    {
        let message = format!("a beam of {} cannot give back {} hypotheses", options.size, options.n_best);
        let help =
            format!("set `n_best` to at most {}, or `size` to at least {}", options.size, options.n_best);
        let place = checker.blame(size, n_best).to_owned();
        checker.error(&place, message, help);
    }
    let (least, most) = ("/decoding/min_length", "/decoding/max_length");
    if let Some(limit) = decoding.max_length.filter(|_| checker.sound(&[least, most]))
        && decoding.min_length > limit
    {
        let message = format!("at least {} and at most {limit} tokens cannot both be", decoding.min_length);
        checker.error(least, message, format!("set `min_length` to at most {limit}"));
    }
}
