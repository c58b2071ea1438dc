//! Properties of the hypotheses of every strategy.

use std::collections::BTreeSet;

use any2any_search::{Sampling, SearchOptions, SourceRow, search};

use crate::model::{BEGIN, END, Ranking, Table};
use crate::problems::{beam, found, problems, sampling, source, with};

#[test]
fn batch_mates_change_nothing() {
    let strategies = [
        SearchOptions::default(),
        beam(4, 1.0, 3),
        sampling(Sampling { temperature: 1.2, top_k: 4, top_p: 0.9, seed: 5 }),
    ];
    for (table, sources, rules) in problems() {
        for strategy in &strategies {
            let options = with(&rules, strategy.clone());
            let together = found(&table, &sources, &options);
            let mut backwards: Vec<SourceRow> = sources.clone();
            backwards.reverse();
            let mut reversed = found(&table, &backwards, &options);
            reversed.reverse();
            assert_eq!(together, reversed, "{options:?}");
            for (source, together) in sources.iter().zip(&together) {
                let alone = found(&table, std::slice::from_ref(source), &options);
                assert_eq!(&alone[0], together, "{options:?}");
            }
        }
    }
}

#[test]
fn a_model_that_ranks_by_itself_changes_nothing() {
    let strategies = [
        SearchOptions::default(),
        beam(1, 0.0, 1),
        beam(4, 1.0, 3),
        beam(9, 0.6, 2),
        sampling(Sampling { top_k: 4, ..Default::default() }),
    ];
    let mut ranked = 0;
    for (table, sources, rules) in problems() {
        for strategy in &strategies {
            let options = with(&rules, strategy.clone());
            let expected = found(&table, &sources, &options);
            let mut ranking = Ranking(table.clone(), 0);
            let found = search(&mut ranking, &sources, BEGIN, END, &[BEGIN], &options);
            let found = found.expect("options and model are sound");
            for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
                assert_eq!(
                    (&found.tokens, found.finished),
                    (&expected.tokens, expected.finished),
                    "{options:?}"
                );
                assert!((found.log_probability - expected.log_probability).abs() < 1e-5, "{options:?}");
            }
            assert!(found.iter().map(Vec::len).eq(expected.iter().map(Vec::len)), "{options:?}");
            ranked += ranking.1;
        }
    }
    assert!(ranked > 100, "it was asked to rank {ranked} times");
}

#[test]
fn probabilities_are_the_models() {
    for (table, sources, rules) in problems() {
        if rules.repetition_penalty != 1.0 {
            continue;
        }
        for strategy in
            [SearchOptions::default(), beam(3, 1.0, 3), sampling(Sampling { top_k: 3, ..Default::default() })]
        {
            let all = found(&table, &sources, &with(&rules, strategy));
            for (source, hypothesis) in
                sources.iter().zip(&all).flat_map(|(s, all)| all.iter().map(move |h| (s, h)))
            {
                let mut history = vec![BEGIN];
                let ended = hypothesis.tokens.iter().chain([&END]);
                assert_eq!(hypothesis.token_log_probabilities.len(), hypothesis.tokens.len() + 1);
                for (&token, &found) in ended.zip(&hypothesis.token_log_probabilities) {
                    let expected = table.log_probabilities(source.id, &history)[token as usize];
                    assert!((f64::from(found) - expected).abs() < 1e-5, "{found} {expected}");
                    history.push(token);
                }
                let sum: f64 = hypothesis.token_log_probabilities.iter().copied().map(f64::from).sum();
                assert!((hypothesis.log_probability - sum).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn lengths_prefixes_and_rules_are_kept() {
    let strategies = [SearchOptions::default(), beam(4, 1.0, 4), sampling(Sampling::default())];
    for (table, sources, rules) in problems() {
        for strategy in &strategies {
            let options = with(&rules, strategy.clone());
            for (source, hypotheses) in sources.iter().zip(found(&table, &sources, &options)) {
                assert!(!hypotheses.is_empty());
                for hypothesis in hypotheses {
                    let tokens = &hypothesis.tokens;
                    assert!(tokens.len() <= source.max_length, "{tokens:?} {source:?}");
                    // A rule against repetition can leave nothing to write before the minimum is reached.
                    let dead_end = rules.no_repeat_ngram > 0;
                    assert!(tokens.len() >= source.min_length || dead_end, "{tokens:?} {source:?}");
                    assert!(tokens.starts_with(&source.prefix), "{tokens:?} {source:?}");
                    assert!(!tokens.contains(&BEGIN) && !tokens.contains(&END), "{tokens:?}");
                    if rules.no_repeat_ngram > 0 {
                        let ngrams: Vec<_> = tokens.windows(rules.no_repeat_ngram).collect();
                        let distinct: BTreeSet<_> = ngrams.iter().collect();
                        assert_eq!(ngrams.len(), distinct.len(), "{tokens:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn repetition_penalty_weakens_what_is_written() {
    let sources: Vec<SourceRow> = (0..40).map(|id| source(id, 20..=20, &[])).collect();
    let table = Table::new(3, 30, 1, &sources);
    let distinct = |repetition_penalty| -> usize {
        let options = SearchOptions { repetition_penalty, ..Default::default() };
        let all = found(&table, &sources, &options);
        all.iter().map(|h| h[0].tokens.iter().collect::<BTreeSet<_>>().len()).sum()
    };
    let (without, with) = (distinct(1.0), distinct(5.0));
    assert!(with > 3 * without / 2, "{with} distinct tokens with the penalty, {without} without");
}

#[test]
fn finished_sources_leave_and_the_beam_stops_early() {
    let sources: Vec<SourceRow> = (0..20).map(|id| source(id, 0..=400, &[])).collect();
    for options in [SearchOptions::default(), beam(4, 1.0, 1), sampling(Sampling::default())] {
        let mut table = Table::new(11, 8, 500, &sources);
        let hypotheses = search(&mut table, &sources, BEGIN, END, &[BEGIN], &options).expect("a sound model");
        let longest = hypotheses.iter().map(|all| all[0].tokens.len()).max().unwrap_or(0);
        assert!(table.steps.len() < 400, "{} steps, longest {longest}", table.steps.len());
        assert!(table.steps.last() < table.steps.iter().max(), "{:?}", table.steps);
        assert!(hypotheses.iter().all(|all| all[0].finished));
    }
}

#[test]
fn a_cut_hypothesis_is_not_finished() {
    // Every source is cut at its first token; some would have ended there.
    let sources: Vec<SourceRow> = (0..200).map(|id| source(id, 0..=0, &[])).collect();
    let table = Table::new(2, 6, 1, &sources);
    let hypotheses = found(&table, &sources, &SearchOptions::default());
    for (source, hypothesis) in sources.iter().zip(&hypotheses) {
        let mut logits = table.logits(source.id, &[BEGIN]);
        logits[BEGIN as usize] = f32::NEG_INFINITY;
        let best = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        assert_eq!(hypothesis[0].finished, logits[END as usize] == best);
    }
    assert!(hypotheses.iter().any(|h| h[0].finished) && hypotheses.iter().any(|h| !h[0].finished));
}
