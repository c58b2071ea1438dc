//! Number of n-grams that two sequences have in common, for all orders at once.
//!
//! All positions of all sequences are sorted by the units that follow them. Equal n-grams then stand side
//! by side whatever their order, so one sort serves every order and nothing is hashed or copied.

use std::collections::HashMap;

/// Number of matched n-grams of the hypothesis for each order from 1 to `max_order`, each n-gram at most as often as
/// in the reference that has it most often (the clipped counts of Papineni et al. 2002).
pub(crate) fn matches(hypothesis: &[u32], references: &[&[u32]], max_order: usize) -> Vec<usize> {
    let sequence = |index: usize| {
        if index == 0 { hypothesis } else { references[index - 1] }
    };
    let mut grams: Vec<(usize, &[u32])> = (0..=references.len())
        .flat_map(|index| {
            let units = sequence(index);
            (0..units.len()).map(move |at| (index, &units[at..units.len().min(at + max_order)]))
        })
        .collect();
    grams.sort_unstable_by(|a, b| a.1.cmp(b.1));
    let shared: Vec<usize> = grams.windows(2).map(|pair| common_prefix(pair[0].1, pair[1].1)).collect();

    let mut counts = vec![0_usize; references.len() + 1];
    let mut matches = vec![0; max_order];
    for (order, matched) in (1..).zip(&mut matches) {
        for (at, &(index, units)) in grams.iter().enumerate() {
            if units.len() >= order {
                counts[index] += 1;
            }
            if shared.get(at).is_none_or(|&shared| shared < order) {
                let most = counts[1..].iter().copied().max().unwrap_or(0);
                *matched += most.min(counts[0]);
                counts.fill(0);
            }
        }
    }
    matches
}

/// Number of n-grams of a sequence of `units`.
pub(crate) fn total(units: usize, order: usize) -> usize {
    (units + 1).saturating_sub(order)
}

fn common_prefix(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Interner of words: equal words get equal numbers.
#[derive(Default)]
pub(crate) struct Interner<'a> {
    numbers: HashMap<&'a str, u32>,
}

impl<'a> Interner<'a> {
    pub(crate) fn numbers(&mut self, words: impl Iterator<Item = &'a str>) -> Vec<u32> {
        words
            .map(|word| {
                let next = self.numbers.len() as u32;
                *self.numbers.entry(word).or_insert(next)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use any2any_adapter::Seed;

    /// Counts as the definition says, without any trick.
    fn plain(hypothesis: &[u32], references: &[&[u32]], order: usize) -> usize {
        let count = |units: &[u32]| {
            let mut counts: HashMap<Vec<u32>, usize> = HashMap::new();
            units.windows(order).for_each(|gram| *counts.entry(gram.to_vec()).or_default() += 1);
            counts
        };
        let references: Vec<_> = references.iter().map(|reference| count(reference)).collect();
        let most =
            |gram: &Vec<u32>| references.iter().filter_map(|r| r.get(gram)).max().copied().unwrap_or(0);
        count(hypothesis).iter().map(|(gram, &count)| count.min(most(gram))).sum()
    }

    #[test]
    fn equals_the_definition_on_random_sequences() {
        let mut random = Seed(1).random("ngrams", 0);
        for _ in 0..300 {
            let mut sequence = || -> Vec<u32> {
                let length = random.below(30);
                (0..length).map(|_| random.below(4) as u32).collect()
            };
            let (hypothesis, first, second) = (sequence(), sequence(), sequence());
            for references in [&[&first[..]][..], &[&first[..], &second[..]][..]] {
                let found = matches(&hypothesis, references, 6);
                let expected: Vec<_> = (1..=6).map(|order| plain(&hypothesis, references, order)).collect();
                assert_eq!(found, expected, "{hypothesis:?} {references:?}");
            }
        }
    }
}
