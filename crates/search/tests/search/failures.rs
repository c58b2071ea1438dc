//! Impossible searches are reported.

use any2any_search::{Sampling, SearchError, SearchOptions, SourceRow, search};

use crate::model::{BEGIN, Constant, END, Table};
use crate::problems::{beam, found, sampling, source};

#[test]
fn nothing_to_search_is_no_error() {
    let table = Table::new(1, 5, 1, &[]);
    assert!(found(&table, &[], &beam(3, 1.0, 1)).is_empty());
}

#[test]
fn what_is_impossible_is_reported() {
    let one = [source(0, 0..=4, &[])];
    let cases: [(SearchOptions, Vec<SourceRow>, &str); 10] = [
        (beam(0, 1.0, 1), one.to_vec(), "size: "),
        (beam(2, 1.0, 3), one.to_vec(), "n_best: "),
        (beam(2, 1.0, 0), one.to_vec(), "n_best: "),
        (beam(2, -1.0, 1), one.to_vec(), "length_penalty: "),
        (sampling(Sampling { temperature: 0.0, ..Default::default() }), one.to_vec(), "temperature: "),
        (sampling(Sampling { top_p: 0.0, ..Default::default() }), one.to_vec(), "top_p: "),
        (sampling(Sampling { top_p: 1.5, ..Default::default() }), one.to_vec(), "top_p: "),
        (
            SearchOptions { repetition_penalty: f64::NAN, ..Default::default() },
            one.to_vec(),
            "repetition_penalty: ",
        ),
        (
            SearchOptions::default(),
            vec![source(0, 0..=4, &[9])],
            "prefix token 9 is outside the vocabulary of 5",
        ),
        (
            SearchOptions::default(),
            vec![source(0, 0..=1, &[2, 2])],
            "the prefix of source 0 has 2 tokens, but at most 1",
        ),
    ];
    for (options, sources, expected) in cases {
        let mut table = Table::new(1, 5, 1, &sources);
        let error = search(&mut table, &sources, BEGIN, END, &[], &options).expect_err(expected);
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn a_broken_model_is_reported() {
    let sources = [source(0, 0..=4, &[])];
    let broken = |logits: &[f32], options: &SearchOptions| {
        search(&mut Constant(logits.to_vec(), 0), &sources, BEGIN, END, &[], options)
            .expect_err("broken logits")
    };
    for options in [SearchOptions::default(), beam(2, 1.0, 1), sampling(Sampling::default())] {
        let error = broken(&[0.0; 3], &options);
        assert!(matches!(error, SearchError::Shape { expected: 4, given: 3 }), "{error}");
        for bad in [f32::NAN, f32::INFINITY] {
            let error = broken(&[0.0, 1.0, bad, 0.0], &options);
            assert!(matches!(error, SearchError::NotANumber { source_row: 0, position: 0 }), "{error}");
        }
        let error = broken(&[f32::NEG_INFINITY; 4], &options);
        assert!(matches!(error, SearchError::NotANumber { .. }), "{error}");
    }
}
