//! English realisation of a sentence.

use super::lexicon::COUNTS;
use super::syntax::{
    Auxiliary, Clause, Determiner, NounPhrase, Number, Predicate, Preposition, Pronoun, QuestionWord,
    Relative, RelativePronoun, Sentence, Subject, Tense, Time, write,
};

type Words = Vec<&'static str>;

pub(super) fn sentence(sentence: &Sentence) -> String {
    match sentence {
        Sentence::Statement(clause) => write(&statement(clause), '.'),
        Sentence::TimeFirst(clause) => {
            let later = Clause { time: None, ..clause.clone() };
            write(&[vec![clause.time.map_or("", time)], statement(&later)].concat(), '.')
        }
        // "Who" is the subject, so nothing changes its place.
        Sentence::Question(clause) if clause.subject == Subject::Who => write(&statement(clause), '?'),
        Sentence::Question(clause) => {
            let what = if matches!(clause.predicate, Predicate::DoWhat(_)) { "what" } else { "" };
            write(&[vec![what], question(clause)].concat(), '?')
        }
        Sentence::QuestionWord(word, clause) => {
            let word = match word {
                QuestionWord::Where => "where",
                QuestionWord::When => "when",
                QuestionWord::Why => "why",
            };
            write(&[vec![word], question(clause)].concat(), '?')
        }
        Sentence::And(first, second) => {
            write(&[statement(first), vec!["and"], statement(second)].concat(), '.')
        }
        Sentence::Because(first, second) => {
            write(&[statement(first), vec!["because"], statement(second)].concat(), '.')
        }
        Sentence::If(first, second) => {
            write(&[vec!["if"], statement(first), vec![","], statement(second)].concat(), '.')
        }
        Sentence::That(first, second) => {
            write(&[statement(first), vec!["that"], statement(second)].concat(), '.')
        }
    }
}

fn statement(clause: &Clause) -> Words {
    [subject(clause), verbs(clause), rest(clause)].concat()
}

/// Helper, subject, verb: English asks with a helping verb, "do" if there is no other.
fn question(clause: &Clause) -> Words {
    let number = clause.subject.number();
    let (helper, main) = match (&clause.predicate, clause.auxiliary) {
        (Predicate::Be(_), None) => (be(number, clause.tense), vec![]),
        (Predicate::Passive(verb, _), None) => (be(number, clause.tense), vec![verb.english[3]]),
        (predicate, None) => (do_(number, clause.tense), plain(predicate)),
        (predicate, Some(auxiliary)) => (helper(auxiliary, false), plain(predicate)),
    };
    let not = if clause.negated { "not" } else { "" };
    [vec![helper], subject(clause), vec![not], main, rest(clause)].concat()
}

fn verbs(clause: &Clause) -> Words {
    let number = clause.subject.number();
    let not = if clause.negated { "not" } else { "" };
    match (&clause.predicate, clause.auxiliary) {
        (predicate, Some(auxiliary)) => {
            // "Cannot" is one word.
            let not = if auxiliary == Auxiliary::Can { "" } else { not };
            [vec![helper(auxiliary, clause.negated), not], plain(predicate)].concat()
        }
        (Predicate::Be(_), None) => vec![be(number, clause.tense), not],
        (Predicate::Passive(verb, _), None) => vec![be(number, clause.tense), not, verb.english[3]],
        (predicate, None) if clause.negated => {
            [vec![do_(number, clause.tense), not], plain(predicate)].concat()
        }
        (Predicate::Do(verb, _) | Predicate::DoWhat(verb), None) => match clause.tense {
            Tense::Present => vec![third(number, verb.english[0], verb.english[1])],
            Tense::Past => vec![verb.english[2]],
        },
    }
}

fn rest(clause: &Clause) -> Words {
    let mut words = Vec::new();
    match &clause.predicate {
        Predicate::Be(adjective) => words.push(adjective.english),
        Predicate::Do(_, objects) => words.extend(objects.iter().flat_map(noun_phrase)),
        Predicate::DoWhat(_) | Predicate::Passive(_, None) => {}
        Predicate::Passive(_, Some(agent)) => {
            words.push("by");
            words.extend(noun_phrase(agent));
        }
    }
    if let Some((preposition, place)) = &clause.place {
        words.push(match preposition {
            Preposition::In => "in",
            Preposition::Behind => "behind",
            Preposition::Under => "under",
            Preposition::Beside => "beside",
            Preposition::On => "on",
            Preposition::With => "with",
            Preposition::Into => "into",
            Preposition::OutOf => "out of",
            Preposition::To => "to",
        });
        words.extend(noun_phrase(place));
    }
    words.extend(clause.time.map(time));
    words.extend(clause.about_last.iter().flat_map(|said| relative(said)));
    words
}

fn relative(relative: &Relative) -> Words {
    match relative {
        Relative::Subject(clause) => statement(clause),
        Relative::Object(pronoun, _, _, clause) => {
            [vec![relative_pronoun(*pronoun)], statement(clause)].concat()
        }
    }
}

fn relative_pronoun(pronoun: RelativePronoun) -> &'static str {
    match pronoun {
        RelativePronoun::That => "that",
        RelativePronoun::Which => "which",
        RelativePronoun::Who => "who",
        RelativePronoun::Whom => "whom",
    }
}

/// The subject, with its relative clause.
fn subject(clause: &Clause) -> Words {
    let mut words = match &clause.subject {
        Subject::Noun(phrase) => noun_phrase(phrase),
        Subject::Both(first, second) => [noun_phrase(first), vec!["and"], noun_phrase(second)].concat(),
        Subject::Pronoun(pronoun) => vec![match pronoun {
            Pronoun::He => "he",
            Pronoun::She => "she",
            Pronoun::We => "we",
            Pronoun::They => "they",
        }],
        Subject::Who => vec!["who"],
        Subject::Relative(pronoun, ..) => vec![relative_pronoun(*pronoun)],
    };
    words.extend(clause.about_subject.iter().flat_map(|said| relative(said)));
    words
}

pub(super) fn noun_phrase(phrase: &NounPhrase) -> Words {
    let adjective = phrase.adjective.map_or("", |adjective| adjective.english);
    let noun = third(phrase.number, phrase.noun.english[1], phrase.noun.english[0]);
    let next = if adjective.is_empty() { noun } else { adjective };
    let determiner = match (phrase.determiner, phrase.number) {
        (Determiner::Definite, _) => "the",
        (Determiner::Indefinite, Number::Singular) if next.starts_with(['a', 'e', 'i', 'o', 'u']) => "an",
        (Determiner::Indefinite, Number::Singular) => "a",
        (Determiner::Indefinite, Number::Plural) => "",
        (Determiner::This, Number::Singular) => "this",
        (Determiner::This, Number::Plural) => "these",
        (Determiner::My, _) => "my",
        (Determiner::No, _) => "no",
        (Determiner::Count(count), _) => COUNTS[count].0,
    };
    vec![determiner, adjective, noun]
}

fn helper(auxiliary: Auxiliary, negated: bool) -> &'static str {
    match auxiliary {
        Auxiliary::Will => "will",
        Auxiliary::Can if negated => "cannot",
        Auxiliary::Can => "can",
        Auxiliary::Must => "must",
    }
}

/// The verb as it follows a helping verb.
fn plain(predicate: &Predicate) -> Words {
    match predicate {
        Predicate::Be(_) => vec!["be"],
        Predicate::Do(verb, _) | Predicate::DoWhat(verb) => vec![verb.english[0]],
        Predicate::Passive(verb, _) => vec!["be", verb.english[3]],
    }
}

fn be(number: Number, tense: Tense) -> &'static str {
    match tense {
        Tense::Present => third(number, "are", "is"),
        Tense::Past => third(number, "were", "was"),
    }
}

fn do_(number: Number, tense: Tense) -> &'static str {
    match tense {
        Tense::Present => third(number, "do", "does"),
        Tense::Past => "did",
    }
}

fn third(number: Number, plural: &'static str, singular: &'static str) -> &'static str {
    if number == Number::Plural { plural } else { singular }
}

fn time(time: Time) -> &'static str {
    match time {
        Time::Today => "today",
        Time::Now => "now",
        Time::Tomorrow => "tomorrow",
        Time::Sometimes => "sometimes",
        Time::Yesterday => "yesterday",
    }
}
