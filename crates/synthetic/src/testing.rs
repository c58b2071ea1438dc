//! Short notation for sentences, so that tests are tables: parts divided by bars, the subject, the verb, and the
//! rest. `the man | will not see | a dog | in the garden | today`. Before the verb may stand "past" and "passive"; a
//! relative clause follows its noun in brackets: `the cat [that | past passive chase | by the dog] | past run`.

use super::lexicon::{ADJECTIVES, Adjective, COUNTS, NOUNS, Noun, VERBS, Verb};
use super::syntax::{
    Auxiliary, Clause, Determiner, NounPhrase, Number, Predicate, Preposition, Pronoun, Relative,
    RelativePronoun, Subject, Tense, Time,
};

pub(super) fn clause_of(text: &str) -> Clause {
    let parts = parts_of(text);
    let (subject, said) = said_of(parts[0]);
    let subject = subject_of(subject);
    let about_subject = said.map(|said| match &subject {
        Subject::Noun(phrase) => relative_of(said, phrase),
        other => panic!("nothing more is said of {other:?}"),
    });
    Clause { about_subject, ..clause_about(subject, &parts[1..], false) }
}

/// The parts between bars that stand outside of brackets.
fn parts_of(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '[' => depth += 1,
            ']' => depth -= 1,
            '|' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

/// A noun phrase, and the text in brackets behind it.
fn said_of(part: &str) -> (&str, Option<&str>) {
    match part.split_once(" [") {
        Some((phrase, said)) => (phrase, Some(said.strip_suffix(']').expect("a bracket"))),
        None => (part, None),
    }
}

fn relative_of(text: &str, phrase: &NounPhrase) -> Box<Relative> {
    let parts = parts_of(text);
    let pronoun = match parts[0] {
        "that" => RelativePronoun::That,
        "which" => RelativePronoun::Which,
        "who" => RelativePronoun::Who,
        "whom" => RelativePronoun::Whom,
        other => panic!("not a relative pronoun: {other}"),
    };
    let last = parts[1].split(' ').next_back().expect("a word");
    let is_verb = parts[1].contains("be ") || VERBS.iter().any(|verb| verb.english[0] == last);
    Box::new(if is_verb {
        let subject = Subject::Relative(pronoun, phrase.noun, phrase.number);
        Relative::Subject(clause_about(subject, &parts[1..], false))
    } else {
        let clause = clause_about(subject_of(parts[1]), &parts[2..], true);
        Relative::Object(pronoun, phrase.noun, phrase.number, clause)
    })
}

/// A clause from its subject, its verb and the rest; `what` when the object is asked for or stands elsewhere.
fn clause_about(subject: Subject, parts: &[&str], mut what: bool) -> Clause {
    let mut verb: Vec<&str> = parts[0].split(' ').collect();
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
    let tense = if take("past") { Tense::Past } else { Tense::Present };
    let passive = take("passive");
    let (mut objects, mut agent, mut place, mut time, mut about_last) = (Vec::new(), None, None, None, None);
    for part in &parts[1..] {
        let (part, said) = said_of(part);
        let (first, rest) = part.split_once(' ').unwrap_or((part, ""));
        let mut say = |text: &str| {
            let phrase = noun_phrase_of(text);
            about_last = said.map(|said| relative_of(said, &phrase));
            phrase
        };
        match (first, preposition_of(first), time_of(first)) {
            ("what", ..) => what = true,
            ("by", ..) => agent = Some(say(rest)),
            (_, Some(Preposition::OutOf), _) => {
                place = Some((Preposition::OutOf, say(rest.strip_prefix("of ").expect("out of"))));
            }
            (_, Some(preposition), _) => place = Some((preposition, say(rest))),
            (.., Some(found)) => time = Some(found),
            _ => objects.push(say(part)),
        }
    }
    let predicate = match verb.as_slice() {
        ["be", word] => Predicate::Be(adjective_of(word).expect("a known adjective")),
        [word] if passive => Predicate::Passive(verb_of(word), agent),
        [word] if what => Predicate::DoWhat(verb_of(word)),
        [word] => Predicate::Do(verb_of(word), objects),
        other => panic!("not a verb: {other:?}"),
    };
    Clause { auxiliary, tense, negated, place, time, about_last, ..Clause::of(subject, predicate) }
}

fn verb_of(word: &str) -> &'static Verb {
    VERBS.iter().find(|verb| verb.english[0] == word).expect("a known verb")
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
        "on" => Preposition::On,
        "with" => Preposition::With,
        "into" => Preposition::Into,
        "out" => Preposition::OutOf,
        "to" => Preposition::To,
        _ => return None,
    })
}

fn time_of(word: &str) -> Option<Time> {
    Some(match word {
        "today" => Time::Today,
        "now" => Time::Now,
        "tomorrow" => Time::Tomorrow,
        "sometimes" => Time::Sometimes,
        "yesterday" => Time::Yesterday,
        _ => return None,
    })
}
