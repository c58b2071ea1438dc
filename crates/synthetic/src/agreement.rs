//! Sentences whose subject and verb stand far apart, and the corpus that asks about them.
//!
//! Linzen, Dupoux and Goldberg (2016) asked whether an LSTM knows that "the keys to the old cabinets" *are*
//! somewhere: the verb agrees with a noun far to its left, not with the nouns between, the *attractors*. Here
//! that is a task of translation. The source is a statement whose verb shows no number ("will be", "must sleep");
//! the target asks the question behind it, and begins with the verb that the subject calls for:
//!
//! > The cats beside the old house that the man sees must sleep. → Do the cats sleep?
//!
//! The distance is the number of words between the head of the subject and its verb: exactly as many as are asked
//! for, made of prepositional phrases and of relative clauses, chained and nested (`modifiers`). Nothing but the
//! head noun tells the subject's number: its determiner has one form, and no verb of a relative clause agrees with
//! it. The nouns between are singular or plural whatever the subject is.
//!
//! The combination of subject and predicate decides the split, as adjectives and nouns do in `held_out`: a test
//! question joins a noun and a predicate that training never joins.

mod modifiers;
mod sentence;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use any2any_adapter::{Seed, Value, grouped};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::SyntheticError;
use crate::generator::Columns;
use crate::held_out::Split;
use sentence::Sentence;

/// Sentences of the validation split.
const VALIDATION: usize = 500;
/// Sentences of the test split: 40 of each distance from 2 to 60.
const TEST: usize = 2360;
/// The most pairs to train on.
const MOST_PAIRS: usize = 500_000;
/// The fewest and the most words between subject and verb.
const DISTANCES: [usize; 2] = [2, 200];
/// Sentences drawn for each one wanted before the grammar counts as exhausted.
const PATIENCE: usize = 1000;

/// Corpus of statements and questions: its size, seed and distances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Agreement {
    /// The pairs to train on; 500 more are for validation and 2,360 for the test.
    #[schemars(range(min = 1, max = 500_000))]
    pub pairs: usize,
    /// Seed of the sentences that are drawn.
    pub seed: u64,
    /// Distances of subject and verb in training and validation.
    #[serde(default)]
    pub train_distances: Distances,
    /// Distances of subject and verb in the test.
    #[serde(default)]
    pub test_distances: Distances,
}

/// A range of words between subject and verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Distances {
    /// The fewest words.
    #[schemars(range(min = 2, max = 200))]
    pub from: usize,
    /// The most words.
    #[schemars(range(min = 2, max = 200))]
    pub to: usize,
    /// Frequency of the distances within the range.
    #[serde(default)]
    pub spread: Spread,
}

/// Frequency of the distances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Spread {
    /// Every distance is equally frequent.
    #[default]
    Even,
    /// Near distances are more frequent: twice as far is a quarter as frequent. Dependencies in language are short,
    /// too (Futrell et al. 2015).
    Falling,
}

impl Default for Distances {
    fn default() -> Self {
        Self { from: 2, to: 60, spread: Spread::Even }
    }
}

impl Distances {
    /// The distance of a sample: not drawn, so that any number of samples in a row has its due of every distance.
    fn of(self, sample: usize) -> usize {
        let distances = self.from..=self.to;
        match self.spread {
            Spread::Even => self.from + sample % distances.count(),
            Spread::Falling => {
                // Multiples of the golden ratio, modulo 1, lie evenly in any part of the line (Weyl 1916).
                let place = (sample as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let weight = |distance: &usize| (1 << 40) / (*distance as u64).pow(2);
                let all: u64 = distances.clone().map(|distance| weight(&distance)).sum();
                let mut left = ((u128::from(place) * u128::from(all)) >> 64) as u64;
                let here = |distance: &usize| match left.checked_sub(weight(distance)) {
                    Some(rest) => {
                        left = rest;
                        false
                    }
                    None => true,
                };
                distances.clone().find(here).unwrap_or(self.to)
            }
        }
    }

    fn check(self, option: &str) -> Result<(), String> {
        let [fewest, most] = DISTANCES;
        if fewest <= self.from && self.from <= self.to && self.to <= most {
            return Ok(());
        }
        Err(format!(
            "agreement: {option} must rise and stay within {fewest} to {most} words, they are {} to {}",
            self.from, self.to
        ))
    }
}

/// A statement, its question, and how hard the question is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The statement: "The cats beside the house must sleep."
    pub statement: String,
    /// The question: "Do the cats sleep?"
    pub question: String,
    /// Words between the head of the subject and the verb.
    pub distance: usize,
    /// Nouns between them whose number is not the subject's.
    pub attractors: usize,
}

impl Agreement {
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(1..=MOST_PAIRS).contains(&self.pairs) {
            return Err(format!(
                "agreement: pairs must be from 1 to {}, they are {}",
                grouped(MOST_PAIRS),
                grouped(self.pairs)
            ));
        }
        self.train_distances.check("train_distances")?;
        self.test_distances.check("test_distances")
    }

    /// Generates the splits train, validation and test: the same for the same options, on every machine.
    ///
    /// A split depends on the seed and its own options alone: more pairs add to those that were there before.
    ///
    /// # Errors
    ///
    /// When an option is out of its range.
    pub fn generate(&self) -> Result<[Vec<Example>; 3], SyntheticError> {
        let wrong = |reason| SyntheticError { generator: "agreement", reason };
        self.check().map_err(wrong)?;
        let split = |split, count, distances| self.draw(split, count, distances).map_err(wrong);
        Ok([
            split(Split::Train, self.pairs, self.train_distances)?,
            split(Split::Validation, VALIDATION, self.train_distances)?,
            split(Split::Test, TEST, self.test_distances)?,
        ])
    }

    fn draw(&self, split: Split, count: usize, distances: Distances) -> Result<Vec<Example>, String> {
        let mut random = Seed(self.seed).random(&format!("agreement {split:?}"), 0);
        let (mut examples, mut seen) = (Vec::with_capacity(count), HashSet::new());
        for _ in 0..PATIENCE * count {
            if examples.len() == count {
                return Ok(examples);
            }
            let distance = distances.of(examples.len());
            let Some(sentence) = Sentence::draw(&mut random, distance, split) else { continue };
            let example = sentence.example();
            if seen.insert(example.statement.clone()) {
                examples.push(example);
            }
        }
        Err(format!("there are not {} different sentences; ask for fewer", grouped(count)))
    }

    /// The splits, each as the columns `statement`, `question`, `distance` and `attractors`.
    pub(crate) fn columns(&self) -> Result<[Columns; 3], SyntheticError> {
        Ok(self.generate()?.map(|examples| {
            let column = |name: &str, field: fn(&Example) -> String| {
                (name.to_owned(), examples.iter().map(|example| Value::from(field(example))).collect())
            };
            vec![
                column("statement", |example| example.statement.clone()),
                column("question", |example| example.question.clone()),
                column("distance", |example| example.distance.to_string()),
                column("attractors", |example| example.attractors.to_string()),
            ]
        }))
    }
}
