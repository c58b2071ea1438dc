//! The German of a sentence.
//!
//! A clause is laid out by the model of the sentence bracket: what stands first, the finite verb, the middle,
//! and the other verb at the end. Statements have one part before the finite verb, whichever it is; questions
//! none, or the question word; after a conjunction that subordinates, the finite verb stands last of all.

use super::declension::{Case, noun_phrase};
use super::lexicon::Frame;
use super::syntax::{
    Auxiliary, Clause, Determiner, NounPhrase, Number, Predicate, Preposition, Pronoun, QuestionWord,
    Sentence, Subject, Time, write,
};

pub(super) fn sentence(sentence: &Sentence) -> String {
    let (parts, mark) = match sentence {
        Sentence::Statement(clause) => (statement(clause), '.'),
        Sentence::TimeFirst(clause) => {
            let later = Clause { time: None, ..clause.clone() };
            (verb_second(clause.time.map_or("", time), &later), '.')
        }
        Sentence::Question(clause) if clause.subject == Subject::Who => (statement(clause), '?'),
        Sentence::Question(clause) => {
            let what = if matches!(clause.predicate, Predicate::DoWhat(_)) { "was" } else { "" };
            (verb_second(what, clause), '?')
        }
        Sentence::QuestionWord(word, clause) => {
            let word = match word {
                QuestionWord::Where => "wo",
                QuestionWord::When => "wann",
                QuestionWord::Why => "warum",
            };
            (verb_second(word, clause), '?')
        }
        Sentence::And(first, second) => (joined(statement(first), "und", statement(second)), '.'),
        Sentence::Because(first, second) => (joined(statement(first), ", weil", verb_last(second)), '.'),
        // The clause with "wenn" is itself the part before the finite verb.
        Sentence::If(first, second) => {
            (joined(joined(vec![], "wenn", verb_last(first)), ",", verb_second("", second)), '.')
        }
        Sentence::That(first, second) => (joined(statement(first), ", dass", verb_last(second)), '.'),
    };
    write(&parts.iter().map(String::as_str).collect::<Vec<_>>(), mark)
}

fn joined(first: Vec<String>, conjunction: &str, second: Vec<String>) -> Vec<String> {
    [first, vec![conjunction.to_owned()], second].concat()
}

/// Subject, finite verb, middle, end.
fn statement(clause: &Clause) -> Vec<String> {
    let mut words = vec![subject(&clause.subject), finite(clause)];
    words.extend(middle(clause));
    words.push(end(clause));
    words
}

/// Something else, finite verb, subject, middle, end.
fn verb_second(first: &str, clause: &Clause) -> Vec<String> {
    let mut words = vec![first.to_owned(), finite(clause), subject(&clause.subject)];
    words.extend(middle(clause));
    words.push(end(clause));
    words
}

/// Subject, middle, end, finite verb.
fn verb_last(clause: &Clause) -> Vec<String> {
    let mut words = vec![subject(&clause.subject)];
    words.extend(middle(clause));
    words.extend([end(clause), finite(clause)]);
    words
}

/// When, to whom, what, not, where, of what kind: in this order.
fn middle(clause: &Clause) -> Vec<String> {
    let mut words = vec![clause.time.map_or("", time).to_owned()];
    let kein = clause.negated
        && clause.predicate.object().is_some_and(|object| object.determiner == Determiner::Indefinite);
    words.extend(objects(&clause.predicate, kein));
    if clause.negated && !kein {
        words.push("nicht".to_owned());
    }
    if let Some((preposition, phrase)) = &clause.place {
        words.push(place(*preposition, phrase));
    }
    if let Predicate::Be(adjective) = clause.predicate {
        words.push(adjective.german.to_owned());
    }
    words
}

/// The objects; a negated indefinite one takes "kein" instead of "ein" or nothing.
fn objects(predicate: &Predicate, kein: bool) -> Vec<String> {
    let Predicate::Do(_, phrases) = predicate else {
        return Vec::new();
    };
    let last = phrases.len().saturating_sub(1);
    let write = |(index, phrase): (usize, &NounPhrase)| {
        let case = if index < last || predicate.is(Frame::Dative) { Case::Dative } else { Case::Accusative };
        let determiner = if kein && index == last { Determiner::No } else { phrase.determiner };
        noun_phrase(&NounPhrase { determiner, ..*phrase }, case)
    };
    phrases.iter().enumerate().map(write).collect()
}

fn place(preposition: Preposition, phrase: &NounPhrase) -> String {
    let phrase = noun_phrase(phrase, Case::Dative);
    let preposition = match preposition {
        Preposition::In => "in",
        Preposition::Behind => "hinter",
        Preposition::Under => "unter",
        Preposition::Beside => "neben",
        Preposition::With => "mit",
    };
    match phrase.strip_prefix("dem ") {
        Some(rest) if preposition == "in" => format!("im {rest}"),
        _ => format!("{preposition} {phrase}"),
    }
}

fn subject(subject: &Subject) -> String {
    let write = |phrase| noun_phrase(phrase, Case::Nominative);
    match subject {
        Subject::Noun(phrase) => write(phrase),
        Subject::Both(first, second) => format!("{} und {}", write(first), write(second)),
        Subject::Pronoun(Pronoun::He) => "er".to_owned(),
        Subject::Pronoun(Pronoun::She | Pronoun::They) => "sie".to_owned(),
        Subject::Pronoun(Pronoun::We) => "wir".to_owned(),
        Subject::Who => "wer".to_owned(),
    }
}

fn finite(clause: &Clause) -> String {
    let [plural, singular] = match (clause.auxiliary, &clause.predicate) {
        (Some(Auxiliary::Will), _) => ["werden", "wird"],
        (Some(Auxiliary::Can), _) => ["können", "kann"],
        (Some(Auxiliary::Must), _) => ["müssen", "muss"],
        (None, Predicate::Be(_)) => ["sind", "ist"],
        (None, Predicate::Do(verb, _) | Predicate::DoWhat(verb)) => verb.german,
    };
    if clause.subject.number() == Number::Plural { plural.to_owned() } else { singular.to_owned() }
}

/// The infinitive that an auxiliary sends to the end.
fn end(clause: &Clause) -> String {
    let infinitive = match &clause.predicate {
        _ if clause.auxiliary.is_none() => "",
        Predicate::Be(_) => "sein",
        Predicate::Do(verb, _) | Predicate::DoWhat(verb) => verb.german[0],
    };
    infinitive.to_owned()
}

fn time(time: Time) -> &'static str {
    match time {
        Time::Today => "heute",
        Time::Now => "jetzt",
        Time::Tomorrow => "morgen",
        Time::Sometimes => "manchmal",
    }
}
