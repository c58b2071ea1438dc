//! Draws of sampling follow the probabilities that they should follow.

use any2any_search::{Sampling, SourceRow, search};

use crate::model::{BEGIN, END, Table};
use crate::problems::{found, sampling, source};

/// The share of draws of each token, from sources that may write one token; and the probabilities of all
/// tokens at the temperature, end and begin left out.
fn draws(options: Sampling) -> (Vec<f64>, Vec<f64>) {
    const DRAWS: u64 = 20_000;
    // All rows ask the model as if they were source 0, and draw as themselves.
    let sources: Vec<SourceRow> = (0..DRAWS).map(|id| source(id, 1..=1, &[])).collect();
    let mut table = Table::new(4, 12, 1, &sources);
    table.rows.iter_mut().for_each(|(source, _)| *source = 0);
    let mut weights: Vec<f64> =
        table.logits(0, &[BEGIN]).iter().map(|&l| (f64::from(l) / options.temperature).exp()).collect();
    weights[BEGIN as usize] = 0.0;
    weights[END as usize] = 0.0;
    let total: f64 = weights.iter().sum();
    let mut counts = vec![0.0; 12];
    let all = search(&mut table, &sources, BEGIN, END, &[BEGIN], &sampling(options)).expect("a sound model");
    all.iter().for_each(|hypotheses| counts[hypotheses[0].tokens[0] as usize] += 1.0);
    (counts, weights.iter().map(|weight| weight / total).collect())
}

/// Pearson's chi-square of counts under probabilities.
fn chi_square(counts: &[f64], probabilities: &[f64]) -> f64 {
    let (draws, mass): (f64, f64) = (counts.iter().sum(), probabilities.iter().sum());
    let terms = counts.iter().zip(probabilities).filter(|(_, p)| **p > 0.0).map(|(count, p)| {
        let expected = draws * p / mass;
        (count - expected).powi(2) / expected
    });
    terms.sum()
}

/// The least number that chi-square exceeds once in a thousand times, for 1 to 9 degrees of freedom.
const CRITICAL: [f64; 9] = [10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32, 26.12, 27.88];

#[test]
fn draws_follow_the_softmax_at_the_temperature() {
    for temperature in [0.5, 1.0, 2.0] {
        let (counts, probabilities) = draws(Sampling { temperature, seed: 9, ..Default::default() });
        let chi_square = chi_square(&counts, &probabilities);
        assert!(chi_square < CRITICAL[8], "temperature {temperature}: {chi_square}, {counts:?}");
        // The check is sharp: another temperature is told from this one.
        let (_, other) = draws(Sampling { temperature: 1.1 * temperature, ..Default::default() });
        assert!(self::chi_square(&counts, &other) > CRITICAL[8], "temperature {temperature}");
    }
}

#[test]
fn top_k_and_top_p_draw_from_the_best_tokens_only() {
    let cases = [(1, 1.0), (3, 1.0), (0, 0.5), (0, 0.9), (4, 0.8), (0, 1e-6)];
    for (top_k, top_p) in cases {
        let options = Sampling { temperature: 1.3, top_k, top_p, seed: 3 };
        let (counts, mut probabilities) = draws(options);
        let mut order: Vec<usize> = (0..probabilities.len()).collect();
        order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
        let best = if top_k == 0 { order.len() } else { top_k };
        let mass: f64 = order[..best].iter().map(|&token| probabilities[token]).sum();
        let (mut kept, mut reached) = (0, 0.0);
        while kept < best && reached < top_p * mass {
            reached += probabilities[order[kept]];
            kept += 1;
        }
        order[kept..].iter().for_each(|&token| probabilities[token] = 0.0);
        let support = |values: &[f64]| values.iter().map(|&value| value > 0.0).collect::<Vec<_>>();
        assert_eq!(support(&counts), support(&probabilities), "{top_k} {top_p}");
        if kept > 1 {
            let chi_square = chi_square(&counts, &probabilities);
            assert!(chi_square < CRITICAL[kept - 2], "{top_k} {top_p}: {chi_square}");
        }
    }
}

#[test]
fn seed_and_source_decide_what_is_drawn() {
    let sources: Vec<SourceRow> = (0..10).map(|id| source(id, 5..=10, &[])).collect();
    let table = Table::new(1, 20, 1, &sources);
    let run = |seed| found(&table, &sources, &sampling(Sampling { seed, ..Default::default() }));
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
