//! Sources, options, and many of both with a model each.

use any2any_search::{Beam, Hypothesis, Sampling, SearchOptions, SourceRow, Strategy, search};

use crate::model::{BEGIN, END, Table};

pub(crate) fn source(id: u64, lengths: std::ops::RangeInclusive<usize>, prefix: &[u32]) -> SourceRow {
    SourceRow { id, prefix: prefix.to_vec(), min_length: *lengths.start(), max_length: *lengths.end() }
}

pub(crate) fn beam(size: usize, length_penalty: f64, n_best: usize) -> SearchOptions {
    SearchOptions { strategy: Strategy::Beam(Beam { size, length_penalty, n_best }), ..Default::default() }
}

pub(crate) fn sampling(sampling: Sampling) -> SearchOptions {
    SearchOptions { strategy: Strategy::Sampling(sampling), ..Default::default() }
}

pub(crate) fn found(table: &Table, sources: &[SourceRow], options: &SearchOptions) -> Vec<Vec<Hypothesis>> {
    let mut table = table.clone();
    table.rows = sources.iter().map(|source| (source.id, Vec::new())).collect();
    search(&mut table, sources, BEGIN, END, &[BEGIN], options).expect("options and model are sound")
}

/// Models with short and long memory, sources of many kinds, and rules of many kinds.
pub(crate) fn problems() -> Vec<(Table, Vec<SourceRow>, SearchOptions)> {
    let sources = vec![
        source(0, 0..=8, &[]),
        source(1, 3..=8, &[]),
        source(2, 0..=5, &[3, 4]),
        source(3, 6..=6, &[]),
        source(4, 0..=0, &[]),
        source(5, 0..=20, &[2]),
        source(6, 0..=12, &[]),
    ];
    let rules = [
        SearchOptions::default(),
        SearchOptions { no_repeat_ngram: 2, ..Default::default() },
        SearchOptions { repetition_penalty: 1.3, ..Default::default() },
        SearchOptions { no_repeat_ngram: 1, repetition_penalty: 1.1, ..Default::default() },
    ];
    let mut problems = Vec::new();
    for seed in 0..12 {
        for rule in &rules {
            let memory = if seed % 2 == 0 { 1 } else { 4 };
            problems.push((Table::new(seed, 7, memory, &sources), sources.clone(), rule.clone()));
        }
    }
    problems
}

pub(crate) fn with(rules: &SearchOptions, options: SearchOptions) -> SearchOptions {
    SearchOptions { strategy: options.strategy, ..rules.clone() }
}
