//! Reports to an observer: from them alone, everything that search found can be put together.

use std::collections::BTreeMap;

use any2any_search::{Considered, Fate, Observer, Sampling, search_observed};

use crate::model::{BEGIN, END};
use crate::problems::{beam, found, problems, sampling, with};

/// Keeps the tokens of every row of every source, and what has ended.
#[derive(Default)]
struct Notes {
    /// The tokens of the rows of a source at a position.
    rows: BTreeMap<(usize, usize), BTreeMap<usize, Vec<u32>>>,
    /// Sequences that ended, with their log-probability and score.
    ended: Vec<Vec<(Vec<u32>, f64, f64)>>,
    /// Number of continuations that were pruned.
    pruned: usize,
}

impl Observer for Notes {
    fn considered(&mut self, source: usize, position: usize, considered: &Considered) {
        let rows = self.rows.get(&(source, position)).and_then(|rows| rows.get(&considered.parent));
        let before = if position == 0 { Vec::new() } else { rows.expect("a row that was kept").clone() };
        assert_eq!(before.len(), position, "a row has as many tokens as there were steps");
        match considered.fate {
            Fate::Kept { row } => {
                let tokens = before.into_iter().chain(considered.token).collect();
                let taken = self.rows.entry((source, position + 1)).or_default().insert(row, tokens);
                assert_eq!(taken, None, "a row has one past");
            }
            Fate::Finished => {
                assert_eq!(considered.token, None);
                self.ended.resize(self.ended.len().max(source + 1), Vec::new());
                self.ended[source].push((before, considered.total, considered.score));
            }
            Fate::Pruned => self.pruned += 1,
        }
    }
}

#[test]
fn what_is_found_can_be_put_together_from_what_is_watched() {
    let drawn = sampling(Sampling { temperature: 1.2, top_k: 4, ..Sampling::default() });
    let mut pruned = 0;
    for (table, sources, rules) in problems() {
        for options in [rules.clone(), with(&rules, beam(3, 0.7, 3)), with(&rules, drawn.clone())] {
            let mut notes = Notes::default();
            let mut watched = table.clone();
            watched.rows = sources.iter().map(|source| (source.id, Vec::new())).collect();
            let result = search_observed(&mut watched, &sources, BEGIN, END, &[BEGIN], &options, &mut notes)
                .expect("options and model are sound");
            assert_eq!(result, found(&table, &sources, &options), "watching changes nothing");
            for (hypotheses, ended) in result.iter().zip(&mut notes.ended) {
                ended.sort_by(|a, b| b.2.total_cmp(&a.2));
                for (hypothesis, (tokens, total, score)) in hypotheses.iter().zip(ended) {
                    assert_eq!(hypothesis.tokens, *tokens, "{options:?}");
                    assert!((hypothesis.log_probability - *total).abs() < 1e-9);
                    assert!((hypothesis.score - *score).abs() < 1e-9);
                }
            }
            pruned += notes.pruned;
        }
    }
    assert!(pruned > 1000, "beams drop most of what they consider, not {pruned}");
}
