//! Large corpora: as many sentences as a disk holds, to measure what memory and time data of that size take.
//!
//! A line is some sentences of the little grammar, each of which is told by somebody with an invented name: names make
//! the vocabulary as large as that of real texts, and are copied. Lines are drawn one by one from the seed and their
//! number, so they are the same whatever their count, and lines may come twice.

use any2any_adapter::Seed;

use crate::toy_en_de::Pair;
use crate::{english, german, grammar};

/// Sentences of a line.
const SENTENCES: usize = 2;

const BEGINNINGS: [&str; 24] = [
    "Ab", "Bel", "Cor", "Dan", "El", "Far", "Gon", "Hel", "Im", "Jor", "Kal", "Lin", "Mar", "Nor", "Ol",
    "Per", "Quin", "Ros", "Sel", "Tam", "Ur", "Vel", "Wen", "Yor",
];
const MIDDLES: [&str; 20] = [
    "a", "e", "i", "o", "u", "an", "en", "in", "ar", "er", "il", "om", "ast", "ell", "ind", "orr", "uth",
    "esk", "and", "ov",
];
const ENDS: [&str; 20] = [
    "a", "e", "o", "as", "is", "us", "ia", "in", "on", "el", "ert", "ina", "ette", "old", "mund", "wig",
    "ric", "bert", "gard", "linde",
];

/// A line of a large parallel corpus of English and German, by its number.
///
/// ```
/// let first = any2any_synthetic::large_pair(7, 0);
/// assert_eq!(any2any_synthetic::large_pair(7, 0), first);
/// assert_ne!(any2any_synthetic::large_pair(7, 1), first);
/// ```
pub fn large_pair(seed: u64, number: u64) -> Pair {
    let mut random = Seed(seed).random("large pairs", number);
    let mut pair = Pair { english: String::new(), german: String::new() };
    for place in 0..SENTENCES {
        let sentence = grammar::sentence(&mut random);
        // Squared, so that some names are frequent and most are rare.
        let mut one_of = |from: &[&'static str]| from[(from.len() as f64 * random.unit().powi(2)) as usize];
        let name = [one_of(&BEGINNINGS), one_of(&MIDDLES), one_of(&MIDDLES), one_of(&ENDS)].concat();
        let space = if place > 0 { " " } else { "" };
        pair.english += &format!("{space}{name} says : {}", english::sentence(&sentence));
        pair.german += &format!("{space}{name} sagt : {}", german::sentence(&sentence));
    }
    pair
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn lines_are_long_and_different_and_have_many_words() {
        let pairs: Vec<Pair> = (0..2000).map(|number| large_pair(1, number)).collect();
        let bytes: usize = pairs.iter().map(|pair| pair.english.len() + pair.german.len() + 2).sum();
        assert!((250..350).contains(&(bytes / pairs.len())), "{}", bytes / pairs.len());
        let words: HashSet<&str> = pairs.iter().flat_map(|pair| pair.english.split(' ')).collect();
        assert!(words.len() > 3000, "{}", words.len());
        let lines: HashSet<&str> = pairs.iter().map(|pair| pair.english.as_str()).collect();
        assert_eq!(lines.len(), pairs.len());
        assert!(pairs.iter().all(|pair| !pair.english.contains('\n') && !pair.german.contains('\n')));
    }
}
