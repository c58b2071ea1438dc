//! German realisation of a sentence.
//!
//! A clause is laid out by the model of the sentence bracket: the first position, the finite verb, the middle, and
//! the other verb at the end. Statements have one part before the finite verb, whichever it is; questions none, or
//! the question word; after a conjunction that subordinates and in relative clauses, the finite verb stands last of
//! all. A relative clause about the last noun phrase follows all verbs: "Sie kann den Hund sehen, der schläft."

use super::declension::{Case, noun_phrase, relative_pronoun};
use super::lexicon::Frame;
use super::syntax::{
    Auxiliary, Clause, Determiner, NounPhrase, Number, Predicate, Preposition, Pronoun, QuestionWord,
    Relative, Sentence, Subject, Tense, Time, write,
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

/// Statement: subject, finite verb, middle, end.
fn statement(clause: &Clause) -> Vec<String> {
    let mut words = subject(clause);
    words.push(finite(clause));
    words.extend(middle(clause));
    words.push(end(clause));
    words.extend(about(&clause.about_last));
    words
}

/// Verb-second clause: something else, finite verb, subject, middle, end.
fn verb_second(first: &str, clause: &Clause) -> Vec<String> {
    let mut words = vec![first.to_owned(), finite(clause)];
    words.extend(subject(clause));
    words.extend(middle(clause));
    words.push(end(clause));
    words.extend(about(&clause.about_last));
    words
}

/// Verb-last clause: subject, middle, end, finite verb.
fn verb_last(clause: &Clause) -> Vec<String> {
    let mut words = subject(clause);
    words.extend(middle(clause));
    words.extend([end(clause), finite(clause)]);
    words.extend(about(&clause.about_last));
    words
}

/// A relative clause between its commas, if there is one.
fn about(relative: &Option<Box<Relative>>) -> Vec<String> {
    let Some(relative) = relative else {
        return Vec::new();
    };
    let pronoun = match &**relative {
        Relative::Subject(_) => "",
        Relative::Object(_, noun, number, clause) => {
            let dative = matches!(clause.predicate, Predicate::DoWhat(verb) if verb.frame == Frame::Dative);
            relative_pronoun(noun, *number, if dative { Case::Dative } else { Case::Accusative })
        }
    };
    let mut words = vec![",".to_owned(), pronoun.to_owned()];
    words.extend(verb_last(relative.clause()));
    words.push(",".to_owned());
    words
}

/// The middle of a clause: time, dative object, accusative object, "nicht", place, adjective, in this order.
fn middle(clause: &Clause) -> Vec<String> {
    let mut words = vec![clause.time.map_or("", time).to_owned()];
    let kein = clause.negated
        && clause.predicate.object().is_some_and(|object| object.determiner == Determiner::Indefinite);
    words.extend(objects(&clause.predicate, kein));
    if clause.negated && !kein {
        words.push("nicht".to_owned());
    }
    // "In dem Haus, das": before a relative clause the article is meant as such, and keeps its form.
    let last = clause.about_last.is_none();
    if let Predicate::Passive(_, Some(agent)) = &clause.predicate {
        words.push(contracted("von", noun_phrase(agent, Case::Dative), last || clause.place.is_some()));
    }
    if let Some((preposition, phrase)) = &clause.place {
        words.push(place(*preposition, phrase, last));
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

fn place(preposition: Preposition, phrase: &NounPhrase, contract: bool) -> String {
    let (preposition, case) = match preposition {
        Preposition::In => ("in", Case::Dative),
        Preposition::Behind => ("hinter", Case::Dative),
        Preposition::Under => ("unter", Case::Dative),
        Preposition::Beside => ("neben", Case::Dative),
        Preposition::On => ("auf", Case::Dative),
        Preposition::With => ("mit", Case::Dative),
        Preposition::Into => ("in", Case::Accusative),
        Preposition::OutOf => ("aus", Case::Dative),
        Preposition::To => ("zu", Case::Dative),
    };
    contracted(preposition, noun_phrase(phrase, case), contract)
}

/// A preposition contracted with its article, where there is a contraction.
fn contracted(preposition: &str, phrase: String, contract: bool) -> String {
    const CONTRACTIONS: [(&str, &str, &str); 5] = [
        ("in", "dem ", "im"),
        ("in", "das ", "ins"),
        ("von", "dem ", "vom"),
        ("zu", "dem ", "zum"),
        ("zu", "der ", "zur"),
    ];
    let fits = |&(long, article, short): &(&str, &str, &str)| {
        let rest = phrase.strip_prefix(article).filter(|_| long == preposition && contract)?;
        Some(format!("{short} {rest}"))
    };
    CONTRACTIONS.iter().find_map(fits).unwrap_or_else(|| format!("{preposition} {phrase}"))
}

/// The subject, with its relative clause.
fn subject(clause: &Clause) -> Vec<String> {
    let write = |phrase| noun_phrase(phrase, Case::Nominative);
    let subject = match &clause.subject {
        Subject::Noun(phrase) => write(phrase),
        Subject::Both(first, second) => format!("{} und {}", write(first), write(second)),
        Subject::Pronoun(Pronoun::He) => "er".to_owned(),
        Subject::Pronoun(Pronoun::She | Pronoun::They) => "sie".to_owned(),
        Subject::Pronoun(Pronoun::We) => "wir".to_owned(),
        Subject::Who => "wer".to_owned(),
        Subject::Relative(_, noun, number) => relative_pronoun(noun, *number, Case::Nominative).to_owned(),
    };
    [vec![subject], about(&clause.about_subject)].concat()
}

fn finite(clause: &Clause) -> String {
    let [plural, singular] = match (clause.auxiliary, &clause.predicate, clause.tense) {
        (Some(Auxiliary::Will), ..) => ["werden", "wird"],
        (Some(Auxiliary::Can), ..) => ["können", "kann"],
        (Some(Auxiliary::Must), ..) => ["müssen", "muss"],
        (None, Predicate::Be(_), Tense::Present) => ["sind", "ist"],
        (None, Predicate::Be(_), Tense::Past) => ["waren", "war"],
        (None, Predicate::Passive(..), Tense::Present) => ["werden", "wird"],
        (None, Predicate::Passive(..), Tense::Past) => ["wurden", "wurde"],
        (None, Predicate::Do(verb, _) | Predicate::DoWhat(verb), Tense::Present) => {
            [verb.german[0], verb.german[1]]
        }
        (None, Predicate::Do(verb, _) | Predicate::DoWhat(verb), Tense::Past) => {
            [verb.german[2], verb.german[3]]
        }
    };
    if clause.subject.number() == Number::Plural { plural.to_owned() } else { singular.to_owned() }
}

/// The end of a clause: the participle of a passive, and the infinitive that an auxiliary sends there.
fn end(clause: &Clause) -> String {
    match (&clause.predicate, clause.auxiliary) {
        (Predicate::Passive(verb, _), None) => verb.german[4].to_owned(),
        (Predicate::Passive(verb, _), Some(_)) => format!("{} werden", verb.german[4]),
        (_, None) => String::new(),
        (Predicate::Be(_), Some(_)) => "sein".to_owned(),
        (Predicate::Do(verb, _) | Predicate::DoWhat(verb), Some(_)) => verb.german[0].to_owned(),
    }
}

fn time(time: Time) -> &'static str {
    match time {
        Time::Today => "heute",
        Time::Now => "jetzt",
        Time::Tomorrow => "morgen",
        Time::Sometimes => "manchmal",
        Time::Yesterday => "gestern",
    }
}
