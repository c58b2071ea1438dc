//! Beam search against greedy and exhaustive search.

use std::collections::BTreeSet;

use any2any_search::{SourceRow, search};

use crate::model::{BEGIN, Constant, END, FIRST, Table};
use crate::problems::{beam, found, problems, source, with};

#[test]
fn a_beam_of_one_is_greedy_search() {
    for (table, sources, rules) in problems() {
        let greedy = found(&table, &sources, &rules);
        let beam = found(&table, &sources, &with(&rules, beam(1, 0.0, 1)));
        assert_eq!(greedy, beam, "{rules:?}");
    }
}

#[test]
fn a_beam_never_scores_below_greedy_search() {
    let mut better = 0;
    for (table, sources, rules) in problems() {
        let greedy = found(&table, &sources, &rules);
        for (size, length_penalty) in [(2, 0.0), (2, 1.0), (3, 0.6), (5, 1.0)] {
            let beams = found(&table, &sources, &with(&rules, beam(size, length_penalty, 1)));
            for (greedy, beam) in greedy.iter().zip(&beams) {
                let greedy = greedy[0].score_under(length_penalty);
                assert!(beam[0].score >= greedy, "{} < {greedy}, {size} {rules:?}", beam[0].score);
                better += usize::from(beam[0].score > greedy);
            }
        }
    }
    assert!(better > 100, "beams find something better at times, not {better} times");
}

/// All sequences that the source allows, with their scores, best first.
fn exhaustive(table: &Table, source: &SourceRow, length_penalty: f64) -> Vec<(Vec<u32>, f64)> {
    let mut open = vec![(Vec::new(), 0.0)];
    let mut all = Vec::new();
    while let Some((tokens, log_probability)) = open.pop() {
        let history: Vec<u32> = [BEGIN].iter().chain(&tokens).copied().collect();
        let next = table.log_probabilities(source.id, &history);
        if tokens.len() >= source.min_length {
            let length = (tokens.len() + 1) as f64;
            all.push((tokens.clone(), (log_probability + next[END as usize]) / length.powf(length_penalty)));
        }
        if tokens.len() < source.max_length {
            for token in FIRST..table.vocabulary as u32 {
                let longer = tokens.iter().copied().chain([token]).collect();
                open.push((longer, log_probability + next[token as usize]));
            }
        }
    }
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all
}

#[test]
fn a_beam_as_wide_as_everything_is_exhaustive_search() {
    for seed in 0..8 {
        for (lengths, length_penalty) in
            [(0..=4, 0.0), (0..=4, 1.0), (2..=4, 0.6), (3..=3, 1.0), (0..=5, 2.0)]
        {
            let source = source(seed, lengths, &[]);
            // With a short memory, sequences of the same pairs would be equally probable.
            let table = Table::new(seed, 5, 8, std::slice::from_ref(&source));
            let expected = exhaustive(&table, &source, length_penalty);
            for n_best in [1, 7] {
                let options = beam(1000, length_penalty, n_best);
                let hypotheses = &found(&table, std::slice::from_ref(&source), &options)[0];
                assert_eq!(hypotheses.len(), n_best);
                for (hypothesis, (tokens, score)) in hypotheses.iter().zip(&expected) {
                    assert_eq!(&hypothesis.tokens, tokens, "{source:?} {length_penalty}");
                    assert!((hypothesis.score - score).abs() < 1e-5, "{} {score}", hypothesis.score);
                }
            }
        }
    }
}

#[test]
fn n_best_hypotheses_are_sorted_and_distinct() {
    for (table, sources, rules) in problems() {
        let all = found(&table, &sources, &with(&rules, beam(5, 0.7, 5)));
        let one = found(&table, &sources, &with(&rules, beam(5, 0.7, 1)));
        for (source, (all, one)) in sources.iter().zip(all.iter().zip(&one)) {
            assert!(all.windows(2).all(|pair| pair[0].score >= pair[1].score));
            let distinct: BTreeSet<_> = all.iter().map(|hypothesis| &hypothesis.tokens).collect();
            assert_eq!(distinct.len(), all.len());
            let only_one = source.max_length == 0;
            assert_eq!(all.len(), if only_one || rules.no_repeat_ngram == 1 { all.len() } else { 5 });
            assert_eq!(one[0], all[0], "the early stop changes nothing");
        }
    }
}

#[test]
fn the_beam_stops_as_soon_as_nothing_can_win() {
    // The end is all but certain at once, so without a length penalty the first hypothesis has won.
    let sources = [source(0, 0..=50, &[])];
    let mut certain = Constant(vec![9.0, 0.0, 0.0, 0.0], 0);
    let options = beam(3, 0.0, 1);
    let hypotheses = search(&mut certain, &sources, BEGIN, END, &[], &options).expect("a sound model");
    assert_eq!((hypotheses[0][0].tokens.len(), certain.1), (0, 1));
    // With one, longer hypotheses could still win: it goes on until the beam is full.
    let mut certain = Constant(vec![9.0, 0.0, 0.0, 0.0], 0);
    let _ = search(&mut certain, &sources, BEGIN, END, &[], &beam(3, 3.0, 1)).expect("a sound model");
    assert!(certain.1 > 1);
}
