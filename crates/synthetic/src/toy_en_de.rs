//! A little grammar of English and German, and the parallel corpus that it generates.
//!
//! It is for first runs, tests and lessons: nothing to download, small enough for a tiny model and three
//! minutes, and yet a real problem of translation. The German is determined by the English alone, so a model
//! that has understood everything reaches a BLEU of 100.
//!
//! The phenomena to learn:
//!
//! - **Gender and case**: the subject is nominative, the object accusative (with "helfen" dative), to whom
//!   something is given dative, and so is everything after a preposition. Articles and adjectives agree.
//! - **Declension** of adjectives, weak, mixed and strong; weak nouns (der Junge, den Jungen); dative plurals.
//! - **Agreement** of subject and verb, of "he" and "they", of two subjects joined by "and".
//! - **Word order**: the finite verb stands second, first in questions, last after "weil", "dass" and "wenn" and in
//!   relative clauses. Infinitives and participles go to the end. The time stands before the object, the place after it.
//! - **Relative clauses** with "that", "which", "who" and "whom", of a subject or an object, one within another.
//! - **The past** (Präteritum), regular and strong, and the **passive** in all tenses, with "von" or without.
//! - **Where and where to**: "in dem Garten" and "in den Garten".
//! - **Negation**: "nicht" in its place, and "kein" before a noun that would have "ein" or nothing.
//! - **Numbers**, contraction ("in dem" becomes "im"), capitals and commas.
//! - **Spelling**: capitals, spaces before marks, the last mark and "not" in full are not always there in English.
//!
//! Sentences whose English would not decide the German are left out: "you", "it", "must not", "they read" of the
//! past, and motion "behind" something. There are about 240 word forms in English and 335 in German.
//!
//! A structure is drawn (`grammar`, `relatives`, `phrases`), then written in each language (`english`, `german`, with
//! `declension`; `spelling`). Training never shows certain combinations of words (`held_out`); every sentence of the
//! validation and test splits has at least one of them.
//!
//! Its words make another corpus too, [`agreement`](crate::agreement): sentences whose subject and verb stand far apart.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use any2any_adapter::{Random, Seed, Value, grouped};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::SyntheticError;
use crate::generator::Columns;
use crate::held_out::{self, Split};
use crate::spelling::{self, Spelling};
use crate::syntax::Sentence;
use crate::{english, german, grammar};

/// Sentences of the validation split.
const VALIDATION: usize = 500;
/// Sentences of the test split.
const TEST: usize = 1000;
/// The most pairs to train on.
const MOST_PAIRS: usize = 500_000;
/// The fewest and the most words of a sentence, in either language.
const WORDS: std::ops::RangeInclusive<usize> = 3..=15;
/// Per cent of the sentences with "not" that may contract it with the verb before.
const CONTRACTED: usize = 25;
/// Sentences drawn for each one wanted before the grammar counts as exhausted.
const PATIENCE: usize = 100;

/// Parallel corpus of the little grammar: its size and seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ToyEnDe {
    /// The pairs to train on; 500 more are for validation and 1,000 for the test.
    #[schemars(range(min = 1, max = 500_000))]
    pub pairs: usize,
    /// Seed of the sentences that are drawn.
    pub seed: u64,
}

/// An English sentence and its German translation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Pair {
    /// The English sentence.
    pub english: String,
    /// The German sentence.
    pub german: String,
}

/// The generated corpus. No English sentence stands in it twice, however it is spelled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Corpus {
    /// Pairs to learn from.
    pub train: Vec<Pair>,
    /// Pairs to choose a checkpoint by, with combinations of words that `train` has not.
    pub validation: Vec<Pair>,
    /// Pairs to score a finished model on, with combinations that neither of the others has.
    pub test: Vec<Pair>,
}

impl ToyEnDe {
    pub(crate) fn check(&self) -> Result<(), String> {
        if (1..=MOST_PAIRS).contains(&self.pairs) {
            return Ok(());
        }
        Err(format!(
            "toy_en_de: pairs must be from 1 to {}, they are {}",
            grouped(MOST_PAIRS),
            grouped(self.pairs)
        ))
    }

    /// Generates the corpus: the same for the same options, on every machine.
    ///
    /// The validation and test splits depend on the seed alone, not on the number of pairs.
    ///
    /// # Errors
    ///
    /// When the number of pairs is 0 or beyond what the grammar is meant for.
    pub fn generate(&self) -> Result<Corpus, SyntheticError> {
        let wrong = |reason| SyntheticError { generator: "toy_en_de", reason };
        self.check().map_err(wrong)?;
        let mut random = Seed(self.seed).random("toy-en-de", 0);
        let mut corpus = Corpus::default();
        let mut seen = HashSet::new();
        for draw in 0..PATIENCE * (self.pairs + VALIDATION + TEST) {
            if corpus.train.len() == self.pairs
                && corpus.validation.len() == VALIDATION
                && corpus.test.len() == TEST
            {
                return Ok(corpus);
            }
            let sentence = grammar::sentence(&mut random);
            let (pairs, wanted) = match held_out::split(&sentence) {
                Some(Split::Train) => (&mut corpus.train, self.pairs),
                Some(Split::Validation) => (&mut corpus.validation, VALIDATION),
                Some(Split::Test) => (&mut corpus.test, TEST),
                None => continue,
            };
            let pair = Pair::of(&sentence);
            if pairs.len() < wanted && pair.fits() && seen.insert(pair.english.clone()) {
                pairs.push(pair.spelled(&mut Seed(self.seed).random("toy-en-de spelling", draw as u64)));
            }
        }
        Err(wrong(format!(
            "the grammar does not have {} different sentences; ask for fewer",
            grouped(self.pairs)
        )))
    }
}

impl Pair {
    fn of(sentence: &Sentence) -> Self {
        Self { english: english::sentence(sentence), german: german::sentence(sentence) }
    }

    /// The pair with its English in one of the ways in which people write.
    fn spelled(self, random: &mut Random) -> Self {
        let english =
            if random.below(100) < CONTRACTED { spelling::contract(&self.english) } else { self.english };
        Self { english: Spelling::draw(random).write(&english), ..self }
    }

    fn fits(&self) -> bool {
        [&self.english, &self.german].iter().all(|text| WORDS.contains(&text.split(' ').count()))
    }
}

impl Corpus {
    /// The splits train, validation and test, each as the columns `en` and `de`.
    pub fn columns(&self) -> [Columns; 3] {
        [&self.train, &self.validation, &self.test].map(|pairs| {
            let column = |name: &str, side: fn(&Pair) -> &str| {
                (name.to_owned(), pairs.iter().map(|pair| Value::from(side(pair))).collect())
            };
            vec![column("en", |pair| &pair.english), column("de", |pair| &pair.german)]
        })
    }
}
