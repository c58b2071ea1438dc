//! The lattice of all ways to cut a text, and draws from it: among all ways by summing forward and drawing backward
//! (forward filtering, backward sampling: Scott 2002), or among the best of them (Kudo, "Subword Regularization", 2018).

use any2any_adapter::Random;

use super::Piece;
use crate::augment::UnigramSampling;

/// Weight by which unknown text is avoided and whole symbols are kept, whatever the exponent of the probabilities.
const CERTAIN: f64 = 1000.0;

/// A piece that can stand at a place of a text.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) token: u32,
    /// The logarithm of its probability.
    pub(crate) score: f64,
    pub(crate) kind: Kind,
}

/// The kind of piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A piece of the model.
    Piece,
    /// A character that the model has no piece for: never drawn where another way leads through known pieces.
    Unknown,
    /// A symbol that is always one token.
    Symbol,
}

/// All ways to cut a text.
pub(crate) struct Lattice {
    /// The pieces by their ends.
    edges: Vec<Edge>,
    /// For each place, where the pieces that end there begin in `edges`.
    ending: Vec<usize>,
}

/// One of the best ways to a place: its weight, and the last piece on it with the number of the way to its start.
#[derive(Clone, Copy)]
struct Way {
    weight: f64,
    last: Option<(usize, usize)>,
}

impl Lattice {
    /// The lattice of a text of so many bytes, from pieces in any order.
    pub(crate) fn new(length: usize, mut edges: Vec<Edge>) -> Self {
        edges.sort_by_key(|edge| (edge.end, edge.start));
        let mut ending = vec![0; length + 2];
        for edge in &edges {
            ending[edge.end + 1] += 1;
        }
        for place in 0..=length {
            ending[place + 1] += ending[place];
        }
        Self { edges, ending }
    }

    /// A way to cut the text; `None` if there is none.
    pub(crate) fn draw(&self, sampling: UnigramSampling, random: &mut Random) -> Option<Vec<Piece>> {
        match sampling.n_best {
            Some(n_best) => self.among_best(n_best, sampling.alpha, random),
            None => self.among_all(sampling.alpha, random),
        }
    }

    fn among_all(&self, alpha: f64, random: &mut Random) -> Option<Vec<Piece>> {
        let length = self.ending.len() - 2;
        // The logarithm of the summed weights of all ways to each place.
        let mut sums = vec![f64::NEG_INFINITY; length + 1];
        sums[0] = 0.0;
        let mut weights = Vec::new();
        for place in 1..=length {
            weights.clear();
            weights.extend(self.ending(place).map(|edge| sums[edge.start] + edge.weight(alpha)));
            sums[place] = log_sum(&weights);
        }
        let mut pieces = Vec::new();
        let mut place = length;
        while place > 0 {
            weights.clear();
            weights.extend(self.ending(place).map(|edge| sums[edge.start] + edge.weight(alpha)));
            let edge = &self.edges[self.ending[place] + drawn(&weights, random)?];
            pieces.push((edge.token, edge.start..edge.end));
            place = edge.start;
        }
        pieces.reverse();
        Some(pieces)
    }

    fn among_best(&self, n_best: usize, alpha: f64, random: &mut Random) -> Option<Vec<Piece>> {
        let length = self.ending.len() - 2;
        let mut ways: Vec<Vec<Way>> = vec![Vec::new(); length + 1];
        ways[0].push(Way { weight: 0.0, last: None });
        for place in 1..=length {
            let mut here = Vec::new();
            for number in self.ending[place]..self.ending[place + 1] {
                let edge = &self.edges[number];
                let weight = edge.weight(alpha);
                let on = |(way, before): (usize, &Way)| Way {
                    weight: before.weight + weight,
                    last: Some((number, way)),
                };
                here.extend(ways[edge.start].iter().enumerate().map(on));
            }
            if here.len() > n_best {
                here.select_nth_unstable_by(n_best - 1, |a, b| b.weight.total_cmp(&a.weight));
                here.truncate(n_best);
            }
            ways[place] = here;
        }
        let weights: Vec<f64> = ways[length].iter().map(|way| way.weight).collect();
        let mut way = *ways[length].get(if length == 0 { 0 } else { drawn(&weights, random)? })?;
        let mut pieces = Vec::new();
        while let Some((number, before)) = way.last {
            let edge = &self.edges[number];
            pieces.push((edge.token, edge.start..edge.end));
            way = ways[edge.start][before];
        }
        pieces.reverse();
        Some(pieces)
    }

    fn ending(&self, place: usize) -> impl Iterator<Item = &Edge> {
        self.edges[self.ending[place]..self.ending[place + 1]].iter()
    }
}

impl Edge {
    fn weight(&self, alpha: f64) -> f64 {
        match self.kind {
            Kind::Piece => alpha * self.score,
            Kind::Unknown => alpha * self.score - CERTAIN,
            Kind::Symbol => CERTAIN * (self.end - self.start) as f64,
        }
    }
}

/// The logarithm of the sum of numbers whose logarithms are given.
fn log_sum(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        return most;
    }
    most + logs.iter().map(|log| (log - most).exp()).sum::<f64>().ln()
}

/// The number of one of some weights, drawn by them; the weights are logarithms.
fn drawn(weights: &[f64], random: &mut Random) -> Option<usize> {
    let most = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        return None;
    }
    let mut left = random.unit() * weights.iter().map(|weight| (weight - most).exp()).sum::<f64>();
    for (number, weight) in weights.iter().enumerate() {
        left -= (weight - most).exp();
        if left < 0.0 {
            return Some(number);
        }
    }
    // Rounding may leave a little: the last that has any weight.
    weights.iter().rposition(|weight| *weight > f64::NEG_INFINITY)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use any2any_adapter::Seed;

    use super::*;

    /// "abc" of the pieces a, b, c, ab, bc and abc, with probabilities.
    fn lattice() -> (Lattice, Vec<(Vec<u32>, f64)>) {
        let pieces = [(0, 1, 0.2_f64), (1, 2, 0.1), (2, 3, 0.3), (0, 2, 0.15), (1, 3, 0.05), (0, 3, 0.2)];
        let edges = (0..).zip(pieces).map(|(token, (start, end, probability))| Edge {
            start,
            end,
            token,
            score: probability.ln(),
            kind: Kind::Piece,
        });
        let ways = vec![
            (vec![0, 1, 2], 0.2 * 0.1 * 0.3),
            (vec![0, 4], 0.2 * 0.05),
            (vec![3, 2], 0.15 * 0.3),
            (vec![5], 0.2),
        ];
        (Lattice::new(3, edges.collect()), ways)
    }

    fn check(sampling: UnigramSampling, ways: &[(Vec<u32>, f64)]) {
        let (lattice, _) = lattice();
        let weight = |probability: f64| probability.powf(sampling.alpha);
        let sum: f64 = ways.iter().map(|(_, probability)| weight(*probability)).sum();
        let draws = 40_000;
        let mut counts: BTreeMap<Vec<u32>, f64> = BTreeMap::new();
        for step in 0..draws {
            let way = lattice.draw(sampling, &mut Seed(5).random("lattice", step)).expect("a way");
            *counts.entry(way.into_iter().map(|(token, _)| token).collect()).or_default() += 1.0;
        }
        for (way, probability) in ways {
            let expected = weight(*probability) / sum;
            let tolerance = 5.0 * (expected * (1.0 - expected) / draws as f64).sqrt();
            let found = counts.remove(way).unwrap_or(0.0) / draws as f64;
            assert!((found - expected).abs() < tolerance, "{sampling:?} {way:?}: {found} {expected}");
        }
        assert!(counts.is_empty(), "{counts:?}");
    }

    #[test]
    fn each_way_has_its_probability() {
        let (_, ways) = lattice();
        for alpha in [0.1, 0.5, 1.0] {
            check(UnigramSampling { alpha, n_best: None }, &ways);
            check(UnigramSampling { alpha, n_best: Some(9) }, &ways);
            check(UnigramSampling { alpha, n_best: Some(2) }, &ways[2..]);
            check(UnigramSampling { alpha, n_best: Some(3) }, &ways[1..]);
        }
    }

    #[test]
    fn unknown_text_is_drawn_where_nothing_else_leads_on_and_symbols_stay_whole() {
        let edge = |start, end, token, kind| Edge { start, end, token, score: -1.0, kind };
        let pieces = vec![
            edge(0, 1, 0, Kind::Unknown),
            edge(1, 2, 1, Kind::Piece),
            edge(0, 2, 2, Kind::Piece),
            edge(2, 3, 3, Kind::Piece),
            edge(3, 4, 4, Kind::Piece),
            edge(2, 4, 5, Kind::Symbol),
            edge(4, 5, 0, Kind::Unknown),
        ];
        let lattice = Lattice::new(5, pieces);
        for n_best in [None, Some(2)] {
            for step in 0..200 {
                let sampling = UnigramSampling { alpha: 0.1, n_best };
                let way = lattice.draw(sampling, &mut Seed(5).random("lattice", step)).expect("a way");
                assert_eq!(way[..2], [(2, 0..2), (5, 2..4)]);
                assert_eq!(way[2..], [(0, 4..5)]);
            }
        }
        let nowhere = Lattice::new(2, vec![edge(0, 1, 0, Kind::Piece)]);
        let all = UnigramSampling { alpha: 0.1, n_best: None };
        assert_eq!(nowhere.draw(all, &mut Seed(1).random("lattice", 0)), None);
    }
}
