//! Grid beam search: outputs that contain given phrases.

use any2any_search::{
    Hypothesis, Phrase, Sampling, SearchError, SearchOptions, SourceRow, Stepper, search_containing,
};

use crate::model::{BEGIN, END, Table};
use crate::problems::{beam, found, problems, sampling, source, with};

fn phrase(tokens: &[u32]) -> Phrase {
    Phrase { at_start: tokens.to_vec(), inside: tokens.to_vec(), continuations: [].into() }
}

fn containing(
    table: &Table,
    sources: &[SourceRow],
    phrases: &[Vec<Phrase>],
    options: &SearchOptions,
) -> Vec<Vec<Hypothesis>> {
    let mut table = table.clone();
    table.rows = sources.iter().map(|source| (source.id, Vec::new())).collect();
    search_containing(&mut table, sources, phrases, BEGIN, END, &[BEGIN], options, &mut ())
        .expect("options and model are sound")
}

fn has(tokens: &[u32], phrase: &[u32]) -> bool {
    tokens.windows(phrase.len()).any(|window| window == phrase)
}

#[test]
fn every_hypothesis_has_every_phrase() {
    let lists: [&[&[u32]]; 4] = [&[&[5]], &[&[4, 6]], &[&[2, 2, 3], &[6]], &[&[3, 5], &[5, 3], &[4]]];
    let mut changed = 0;
    for (table, sources, rules) in problems() {
        for list in lists {
            let phrases: Vec<Phrase> = list.iter().map(|tokens| phrase(tokens)).collect();
            let needed: usize = list.iter().map(|tokens| tokens.len()).sum();
            let room = |source: &&SourceRow| source.prefix.len() + needed <= source.max_length;
            let sources: Vec<SourceRow> = sources.iter().filter(room).cloned().collect();
            let all = vec![phrases; sources.len()];
            let plain = found(&table, &sources, &rules);
            for options in [rules.clone(), with(&rules, beam(1, 1.0, 1)), with(&rules, beam(3, 1.0, 3))] {
                let hypotheses = containing(&table, &sources, &all, &options);
                for ((source, hypotheses), plain) in sources.iter().zip(&hypotheses).zip(&plain) {
                    assert!(!hypotheses.is_empty());
                    for hypothesis in hypotheses {
                        let tokens = &hypothesis.tokens;
                        assert!(
                            list.iter().all(|phrase| has(tokens, phrase)),
                            "{tokens:?} {list:?} {source:?}"
                        );
                        assert!(tokens.starts_with(&source.prefix) && tokens.len() <= source.max_length);
                        changed += usize::from(*tokens != plain[0].tokens);
                    }
                    assert!(hypotheses.windows(2).all(|pair| pair[0].score >= pair[1].score));
                }
            }
        }
    }
    assert!(changed > 1000, "phrases are something that the models do not write anyway: {changed}");
}

#[test]
fn without_phrases_a_grid_is_never_worse_than_greedy_search() {
    for (table, sources, rules) in problems() {
        let none = vec![Vec::new(); sources.len()];
        let grids = containing(&table, &sources, &none, &rules);
        for (greedy, grid) in found(&table, &sources, &rules).iter().zip(&grids) {
            assert!(grid[0].score >= greedy[0].score_under(1.0), "{grid:?} {greedy:?}");
        }
    }
}

#[test]
fn a_grid_as_wide_as_everything_finds_the_best_of_all() {
    for seed in 0..6 {
        let source = source(seed, 0..=4, &[]);
        let table = Table::new(seed, 5, 8, std::slice::from_ref(&source));
        let sources = std::slice::from_ref(&source);
        // All outputs, best first, by a beam that holds them.
        let all = &found(&table, sources, &beam(1000, 0.0, 900))[0];
        let wanted = [3, 2];
        let best = all.iter().find(|hypothesis| has(&hypothesis.tokens, &wanted)).expect("one has it");
        let grid = &containing(&table, sources, &[vec![phrase(&wanted)]], &beam(1000, 0.0, 1))[0][0];
        assert_eq!((&grid.tokens, grid.log_probability), (&best.tokens, best.log_probability), "{seed}");
    }
}

#[test]
fn sources_of_a_batch_do_not_change_each_other() {
    for (table, sources, rules) in problems().into_iter().take(8) {
        let roomy: Vec<SourceRow> = sources.into_iter().filter(|source| source.max_length >= 5).collect();
        let phrases: Vec<Vec<Phrase>> =
            (0..roomy.len()).map(|at| vec![phrase(&[2 + at as u32 % 4, 5])]).collect();
        let options = with(&rules, beam(2, 1.0, 2));
        let together = containing(&table, &roomy, &phrases, &options);
        for (at, expected) in together.iter().enumerate() {
            let alone = containing(&table, &roomy[at..=at], &phrases[at..=at], &options);
            assert_eq!(&alone[0], expected);
        }
    }
}

#[test]
fn what_has_no_room_is_written_as_far_as_it_goes() {
    let source = source(0, 0..=2, &[]);
    let table = Table::new(0, 7, 1, std::slice::from_ref(&source));
    let phrases = vec![vec![phrase(&[2]), phrase(&[3, 4, 5])]];
    let found = containing(&table, &[source], &phrases, &SearchOptions::default());
    assert_eq!(found[0].len(), 1);
    assert!(!found[0][0].finished);
}

#[test]
fn sampling_and_foreign_tokens_are_refused() {
    let sources = [source(0, 0..=9, &[])];
    let mut table = Table::new(0, 7, 1, &sources);
    let mut refused = |phrases: &[Vec<Phrase>], options: &SearchOptions| {
        search_containing(&mut table, &sources, phrases, BEGIN, END, &[], options, &mut ())
            .expect_err("impossible")
    };
    let drawn = refused(&[vec![phrase(&[3])]], &sampling(Sampling::default()));
    assert!(matches!(drawn, SearchError::Option { option: "sampling", .. }), "{drawn}");
    let foreign = refused(&[vec![phrase(&[7])]], &SearchOptions::default());
    assert!(matches!(foreign, SearchError::Token { role: "phrase", token: 7, .. }), "{foreign}");
}

/// A model that writes 2, 3 and the end, all but surely, whatever is before.
struct Sure(Vec<usize>);

impl Stepper for Sure {
    type Error = std::convert::Infallible;

    fn vocabulary(&self) -> usize {
        6
    }

    fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Self::Error> {
        let mut logits = Vec::new();
        for (written, &token) in self.0.iter_mut().zip(tokens) {
            *written += usize::from(token != BEGIN);
            let next = [2, 3, END][(*written).min(2)];
            // Behind the end the model is less sure than inside.
            let others = if *written >= 2 { 4.0 } else { 0.0 };
            logits.extend((0..6).map(|token| if token == next { 9.0 } else { others }));
        }
        Ok(logits)
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), Self::Error> {
        self.0 = rows.iter().map(|&row| self.0[row]).collect();
        Ok(())
    }
}

#[test]
fn a_phrase_is_written_before_the_end_and_not_behind_it() {
    let phrases = vec![vec![phrase(&[5])]];
    for options in [SearchOptions::default(), beam(3, 1.0, 1)] {
        let sources = [source(0, 0..=9, &[])];
        let mut model = Sure(vec![0]);
        let found = search_containing(&mut model, &sources, &phrases, BEGIN, END, &[], &options, &mut ());
        let tokens = found.expect("a sound model")[0][0].tokens.clone();
        assert!(
            tokens.contains(&5) && tokens.len() == 2,
            "in the place of a token, not behind both: {tokens:?}"
        );
    }
    // Where nothing else is possible, it stands behind the end.
    let sources = [source(0, 0..=9, &[2, 3])];
    let mut model = Sure(vec![0]);
    let options = SearchOptions::default();
    let found = search_containing(&mut model, &sources, &phrases, BEGIN, END, &[], &options, &mut ());
    assert_eq!(found.expect("a sound model")[0][0].tokens, [2, 3, 5]);
}
