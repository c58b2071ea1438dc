//! Held-out combinations of words, which training never shows.
//!
//! An adjective with a noun ("the old man", "the man is old" or "the man that is old"), or a verb with its last
//! object ("sees the man", "the man was seen" or "the man that she sees"), is a combination. One in ten is kept for
//! the test split, another one in ten for validation: on a table of adjectives (or verbs) by nouns, two diagonals, so
//! that no word loses more than its share. A model that learned words and rules translates them right; one that
//! learned by heart does not.

use super::lexicon::{ADJECTIVES, Adjective, NOUNS, Noun, VERBS, Verb};
use super::syntax::{Clause, NounPhrase, Predicate, Relative, Sentence, Subject};

/// Split of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    Train,
    Validation,
    Test,
}

const PERIOD: usize = 10;

/// The split of a sentence; `None` when its combinations belong to both held-out splits.
pub(super) fn split(sentence: &Sentence) -> Option<Split> {
    let mut found = Split::Train;
    for split in combinations(sentence) {
        match (found, split) {
            (_, Split::Train) => {}
            (Split::Train, held_out) => found = held_out,
            (earlier, later) if earlier == later => {}
            _ => return None,
        }
    }
    Some(found)
}

/// The split of every combination of a sentence.
fn combinations(sentence: &Sentence) -> Vec<Split> {
    let mut splits = Vec::new();
    for clause in sentence.clauses() {
        of_clause(clause, &mut splits);
    }
    splits
}

fn of_clause(clause: &Clause, splits: &mut Vec<Split>) {
    let (mut phrases, subjects): (Vec<&NounPhrase>, Vec<&Noun>) = match &clause.subject {
        Subject::Noun(phrase) => (vec![phrase], vec![phrase.noun]),
        Subject::Both(first, second) => (vec![first, second], vec![first.noun, second.noun]),
        Subject::Relative(_, noun, _) => (vec![], vec![noun]),
        Subject::Pronoun(_) | Subject::Who => (vec![], vec![]),
    };
    match &clause.predicate {
        Predicate::Be(adjective) => splits.extend(subjects.iter().map(|noun| described(adjective, noun))),
        Predicate::Do(verb, objects) => {
            phrases.extend(objects);
            splits.extend(objects.last().map(|object| done(verb, object.noun)));
        }
        Predicate::DoWhat(_) => {}
        Predicate::Passive(verb, agent) => {
            phrases.extend(agent);
            splits.extend(subjects.iter().map(|noun| done(verb, noun)));
        }
    }
    phrases.extend(clause.place.iter().map(|(_, phrase)| phrase));
    let adjectives = phrases.iter().filter_map(|phrase| Some(described(phrase.adjective?, phrase.noun)));
    splits.extend(adjectives);
    for relative in clause.relatives() {
        if let Relative::Object(_, noun, _, Clause { predicate: Predicate::DoWhat(verb), .. }) = relative {
            splits.push(done(verb, noun));
        }
        of_clause(relative.clause(), splits);
    }
}

pub(super) fn described(adjective: &Adjective, noun: &Noun) -> Split {
    diagonal(place(&ADJECTIVES, adjective), place(&NOUNS, noun))
}

pub(super) fn done(verb: &Verb, noun: &Noun) -> Split {
    diagonal(place(&VERBS, verb), place(&NOUNS, noun))
}

fn diagonal(row: usize, column: usize) -> Split {
    match (7 * row + column) % PERIOD {
        0 => Split::Test,
        5 => Split::Validation,
        _ => Split::Train,
    }
}

fn place<T: PartialEq>(words: &[T], word: &T) -> usize {
    words.iter().position(|known| known == word).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::clause_of;

    fn check(text: &str, expected: Option<Split>) {
        assert_eq!(split(&Sentence::Statement(clause_of(text))), expected, "{text}");
    }

    #[test]
    fn combinations_decide_the_split() {
        // Row 0 is "old": "man" is in column 0, "teacher" in column 5.
        check("the old woman | sleep", Some(Split::Train));
        check("the old man | sleep", Some(Split::Test));
        check("the man | be old", Some(Split::Test));
        check("the young man | be tired", Some(Split::Validation));
        check("the teacher | be old", Some(Split::Validation));
        check("the old man | help | the old teacher", None);
        check("he | sleep | with the old man", Some(Split::Test));
        // Row 7 is "see": 49 + 1 makes "woman" one of the test's, and 49 + 6 "friend" one of validation's.
        check("he | see | the woman", Some(Split::Test));
        check("he | see | the friend", Some(Split::Validation));
        check("the cat | see | the man", Some(Split::Train));
        // The same in the passive and in relative clauses, of whatever they are said.
        check("the woman | past passive see | by the cat", Some(Split::Test));
        check("the woman [that | the cat | past see] | sleep", Some(Split::Test));
        check("the cat [that | past see | the woman] | sleep", Some(Split::Test));
        check("the man [who | be old] | sleep", Some(Split::Test));
        check("the man [who | sleep | in the old house] | sleep", Some(Split::Train));
        check("he | see | the cat [that | past chase | the man [who | be old]]", Some(Split::Test));
        check("the woman [whom | we | see] | love | the teacher [who | be old]", None);
    }

    #[test]
    fn every_word_keeps_most_of_its_combinations() {
        let count = |rows: usize, column: Option<usize>, row: Option<usize>| {
            let all = (0..rows).flat_map(|row| (0..NOUNS.len()).map(move |column| (row, column)));
            let of_word = all
                .filter(|&(r, c)| row.is_none_or(|row| row == r) && column.is_none_or(|column| column == c));
            let (held_out, all): (Vec<_>, Vec<_>) =
                of_word.partition(|&(r, c)| diagonal(r, c) != Split::Train);
            held_out.len() as f64 / (held_out.len() + all.len()) as f64
        };
        for rows in [ADJECTIVES.len(), VERBS.len()] {
            for row in 0..rows {
                assert!(count(rows, None, Some(row)) <= 0.22, "row {row}");
            }
            for (column, noun) in NOUNS.iter().enumerate() {
                assert!(count(rows, Some(column), None) <= 0.25, "{}", noun.english[0]);
            }
        }
    }
}
