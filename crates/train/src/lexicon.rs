//! Lexical translation probabilities, learned from pairs of token sequences by IBM's Model 1 (Brown et al. 1993, section 4.2):
//! every token of a target comes from one token of its source, or from none, and where either stands does not matter.

/// The probability of each target token, given a source token beside which it stood.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lexicon {
    /// Where the targets of each source token begin, and the end of the last, `[source tokens + 1]`. Behind the tokens of the
    /// vocabulary is that of targets which come from none.
    offsets: Vec<usize>,
    /// The target tokens beside which each source token stood, in rising order.
    targets: Vec<u32>,
    /// Their probabilities; those of one source token add up to 1.
    probabilities: Vec<f64>,
}

impl Lexicon {
    /// Learns a lexicon by expectation maximisation, from equal probabilities on, in one iteration at least.
    ///
    /// # Panics
    ///
    /// When a pair has a source token beyond the vocabulary.
    pub(crate) fn learn(pairs: &[(&[u32], &[u32])], source_vocabulary: usize, iterations: usize) -> Self {
        let mut lexicon = Self::of_neighbours(pairs, source_vocabulary);
        for _ in 0..iterations.max(1) {
            lexicon.iterate(pairs);
        }
        lexicon
    }

    /// The most probable target tokens of a source token with their probabilities, `count` of them at most.
    pub(crate) fn best(&self, source: u32, count: usize) -> Vec<(u32, f64)> {
        let Some(&[from, to]) = self.offsets.get(source as usize..source as usize + 2) else {
            return Vec::new();
        };
        let (targets, probabilities) = (&self.targets[from..to], &self.probabilities[from..to]);
        let mut best: Vec<(u32, f64)> = targets.iter().copied().zip(probabilities.iter().copied()).collect();
        // Of equal ones, the first of the vocabulary.
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.truncate(count);
        best
    }

    /// The targets that stood beside each source token, all of them as probable as one another: only ratios count in an iteration.
    fn of_neighbours(pairs: &[(&[u32], &[u32])], source_vocabulary: usize) -> Self {
        /// What is known of a source token while pairs are read.
        #[derive(Clone, Default)]
        struct Neighbours {
            targets: Vec<u32>,
            /// How many there were when they were last counted once each.
            distinct: usize,
        }

        impl Neighbours {
            fn settle(&mut self) {
                self.targets.sort_unstable();
                self.targets.dedup();
                self.distinct = self.targets.len();
            }
        }

        let mut found = vec![Neighbours::default(); source_vocabulary + 1];
        for &(source, target) in pairs {
            for token in with_none(source, source_vocabulary) {
                let neighbours = &mut found[token];
                neighbours.targets.extend_from_slice(target);
                // So that memory holds each of them twice at most.
                if neighbours.targets.len() > 2 * neighbours.distinct + 1024 {
                    neighbours.settle();
                }
            }
        }
        let mut lexicon = Self { offsets: vec![0], targets: Vec::new(), probabilities: Vec::new() };
        for mut neighbours in found {
            neighbours.settle();
            lexicon.targets.append(&mut neighbours.targets);
            lexicon.offsets.push(lexicon.targets.len());
        }
        lexicon.probabilities = vec![1.0; lexicon.targets.len()];
        lexicon
    }

    /// Shares every target token out among the tokens that it may come from, and makes probabilities of the shares.
    fn iterate(&mut self, pairs: &[(&[u32], &[u32])]) {
        let mut counts = vec![0.0_f64; self.targets.len()];
        let mut places = Vec::new();
        for &(source, target) in pairs {
            for token in target {
                places.clear();
                places.extend(with_none(source, self.offsets.len() - 2).map(|from| self.place(from, *token)));
                let all: f64 = places.iter().map(|&place| self.probabilities[place]).sum();
                // Of probabilities that all came to 0 there is nothing to share.
                if all > 0.0 {
                    places.iter().for_each(|&place| counts[place] += self.probabilities[place] / all);
                }
            }
        }
        for bounds in self.offsets.windows(2) {
            let counts = &counts[bounds[0]..bounds[1]];
            let all: f64 = counts.iter().sum();
            if all > 0.0 {
                let shares = counts.iter().map(|count| count / all);
                self.probabilities[bounds[0]..bounds[1]]
                    .iter_mut()
                    .zip(shares)
                    .for_each(|(to, share)| *to = share);
            }
        }
    }

    fn place(&self, source: usize, target: u32) -> usize {
        let (from, to) = (self.offsets[source], self.offsets[source + 1]);
        let targets = &self.targets[from..to];
        from + targets.binary_search(&target).expect("it was found beside this token")
    }
}

/// The tokens of a source, and behind them the one of targets that come from none.
fn with_none(source: &[u32], none: usize) -> impl Iterator<Item = usize> {
    source.iter().map(|&token| token as usize).chain([none])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Koehn's three pairs: das Haus, das Buch, ein Buch (0 to 3); the house, the book, a book (0 to 3).
    const PAIRS: [(&[u32], &[u32]); 3] = [(&[0, 1], &[0, 1]), (&[0, 2], &[0, 2]), (&[3, 2], &[3, 2])];

    /// The same by the definition, over all pairs of tokens: `[source token][target token]`.
    fn by_the_definition(pairs: &[(&[u32], &[u32])], vocabulary: usize, iterations: usize) -> Vec<Vec<f64>> {
        let mut table = vec![vec![1.0; vocabulary]; vocabulary + 1];
        for _ in 0..iterations {
            let mut counts = vec![vec![0.0; vocabulary]; vocabulary + 1];
            for (source, target) in pairs {
                let rows: Vec<usize> =
                    source.iter().map(|&token| token as usize).chain([vocabulary]).collect();
                for &token in *target {
                    let all: f64 = rows.iter().map(|&row| table[row][token as usize]).sum();
                    for &row in &rows {
                        counts[row][token as usize] += table[row][token as usize] / all;
                    }
                }
            }
            for (row, counts) in table.iter_mut().zip(counts) {
                let all: f64 = counts.iter().sum();
                *row = counts.iter().map(|count| if all > 0.0 { count / all } else { 0.0 }).collect();
            }
        }
        table
    }

    #[test]
    fn probabilities_are_those_of_the_definition() {
        for iterations in [1, 2, 10] {
            let lexicon = Lexicon::learn(&PAIRS, 4, iterations);
            let expected = by_the_definition(&PAIRS, 4, iterations);
            for source in 0..5 {
                let best = lexicon.best(source, 10);
                let sum: f64 = best.iter().map(|(_, probability)| probability).sum();
                assert!((sum - 1.0).abs() < 1e-12, "{source}: {best:?}");
                for (target, probability) in best {
                    let expected = expected[source as usize][target as usize];
                    assert!(
                        (probability - expected).abs() < 1e-12,
                        "{source} to {target}: {probability} {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn words_find_their_translations() {
        let lexicon = Lexicon::learn(&PAIRS, 4, 20);
        for (source, target) in [(0, 0), (1, 1), (2, 2), (3, 3)] {
            let best = lexicon.best(source, 1);
            assert_eq!(best[0].0, target);
            assert!(best[0].1 > 0.8, "{best:?}");
        }
        // A token that stood nowhere, and one that there is not.
        assert_eq!(Lexicon::learn(&PAIRS, 6, 2).best(5, 3), []);
        assert_eq!(lexicon.best(77, 3), []);
    }

    #[test]
    fn repeated_and_empty_sequences_have_their_place() {
        let pairs: [(&[u32], &[u32]); 3] = [(&[0, 0, 1], &[2, 2, 1]), (&[], &[1]), (&[1], &[])];
        let lexicon = Lexicon::learn(&pairs, 3, 4);
        let expected = by_the_definition(&pairs, 3, 4);
        for source in 0..4 {
            for (target, probability) in lexicon.best(source, 9) {
                assert!((probability - expected[source as usize][target as usize]).abs() < 1e-12);
            }
        }
    }
}
