//! A short notation for sentences, so that tests are tables: parts divided by bars, the subject, the verb, and
//! what follows. `the man | will not see | a dog | in the garden | today`.

use super::lexicon::{ADJECTIVES, Adjective, COUNTS, NOUNS, Noun, VERBS};
use super::syntax::{
    Auxiliary, Clause, Determiner, NounPhrase, Number, Predicate, Preposition, Pronoun, Subject, Time,
};

pub(super) fn clause_of(text: &str) -> Clause {
    let mut parts = text.split(" | ");
    let subject = subject_of(parts.next().expect("a subject"));
    let mut verb: Vec<&str> = parts.next().expect("a verb").split(' ').collect();
    let mut take = |word: &str| {
        let found = verb.first() == Some(&word);
        if found {
            verb.remove(0);
        }
        found
    };
    let auxiliary = [("will", Auxiliary::Will), ("can", Auxiliary::Can), ("must", Auxiliary::Must)];
    let auxiliary = auxiliary.into_iter().find(|(word, _)| take(word)).map(|(_, auxiliary)| auxiliary);
    let negated = take("not");
    let (mut objects, mut what, mut place, mut time) = (Vec::new(), false, None, None);
    for part in parts {
        let (first, rest) = part.split_once(' ').unwrap_or((part, ""));
        match (first, preposition_of(first), time_of(first)) {
            ("what", ..) => what = true,
            (_, Some(preposition), _) => place = Some((preposition, noun_phrase_of(rest))),
            (.., Some(found)) => time = Some(found),
            _ => objects.push(noun_phrase_of(part)),
        }
    }
    let verb_of = |word: &str| VERBS.iter().find(|verb| verb.english[0] == word).expect("a known verb");
    let predicate = match verb.as_slice() {
        ["be", word] => Predicate::Be(adjective_of(word).expect("a known adjective")),
        [word] if what => Predicate::DoWhat(verb_of(word)),
        [word] => Predicate::Do(verb_of(word), objects),
        other => panic!("not a verb: {other:?}"),
    };
    Clause { subject, auxiliary, negated, predicate, place, time }
}

fn subject_of(text: &str) -> Subject {
    match text {
        "he" => Subject::Pronoun(Pronoun::He),
        "she" => Subject::Pronoun(Pronoun::She),
        "we" => Subject::Pronoun(Pronoun::We),
        "they" => Subject::Pronoun(Pronoun::They),
        "who" => Subject::Who,
        _ => match text.split_once(" and ") {
            Some((first, second)) => Subject::Both(noun_phrase_of(first), noun_phrase_of(second)),
            None => Subject::Noun(noun_phrase_of(text)),
        },
    }
}

pub(super) fn noun_phrase_of(text: &str) -> NounPhrase {
    let mut words: Vec<&str> = text.split(' ').collect();
    let (noun, number) = noun_of(words.pop().expect("a noun"));
    let adjective = words.last().and_then(|word| adjective_of(word));
    if adjective.is_some() {
        words.pop();
    }
    let determiner = match words.as_slice() {
        ["the"] => Determiner::Definite,
        ["a" | "an"] | [] => Determiner::Indefinite,
        ["this" | "these"] => Determiner::This,
        ["my"] => Determiner::My,
        ["no"] => Determiner::No,
        [word] => Determiner::Count(COUNTS.iter().position(|(count, _)| count == word).expect("a number")),
        other => panic!("not a determiner: {other:?}"),
    };
    NounPhrase { determiner, adjective, noun, number }
}

fn noun_of(word: &str) -> (&'static Noun, Number) {
    let find = |form: usize| NOUNS.iter().find(|noun| noun.english[form] == word);
    match find(0) {
        Some(noun) => (noun, Number::Singular),
        None => (find(1).unwrap_or_else(|| panic!("not a noun: {word}")), Number::Plural),
    }
}

fn adjective_of(word: &str) -> Option<&'static Adjective> {
    ADJECTIVES.iter().find(|adjective| adjective.english == word)
}

fn preposition_of(word: &str) -> Option<Preposition> {
    Some(match word {
        "in" => Preposition::In,
        "behind" => Preposition::Behind,
        "under" => Preposition::Under,
        "beside" => Preposition::Beside,
        "with" => Preposition::With,
        _ => return None,
    })
}

fn time_of(word: &str) -> Option<Time> {
    Some(match word {
        "today" => Time::Today,
        "now" => Time::Now,
        "tomorrow" => Time::Tomorrow,
        "sometimes" => Time::Sometimes,
        _ => return None,
    })
}
