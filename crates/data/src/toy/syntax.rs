//! What is said, before it is said in a language: the structure that both languages are written from.

use super::lexicon::{Adjective, Frame, Noun, Verb};

/// Grammatical number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Singular,
    Plural,
}

/// What stands before a noun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Determiner {
    /// the
    Definite,
    /// a; nothing in the plural
    Indefinite,
    /// this, these
    This,
    /// my
    My,
    /// no
    No,
    /// A number, as an index into the lexicon's; always with a plural.
    Count(usize),
}

/// A noun with what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NounPhrase {
    pub(super) determiner: Determiner,
    pub(super) adjective: Option<&'static Adjective>,
    pub(super) noun: &'static Noun,
    pub(super) number: Number,
}

/// A pronoun as subject. "It" is missing: its German gender would depend on what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pronoun {
    He,
    She,
    We,
    They,
}

/// Who or what a clause is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Noun(NounPhrase),
    /// Two, joined by "and".
    Both(NounPhrase, NounPhrase),
    Pronoun(Pronoun),
    /// who
    Who,
}

impl Subject {
    pub(super) fn number(&self) -> Number {
        match self {
            Subject::Noun(phrase) => phrase.number,
            Subject::Both(..) | Subject::Pronoun(Pronoun::We | Pronoun::They) => Number::Plural,
            Subject::Pronoun(Pronoun::He | Pronoun::She) | Subject::Who => Number::Singular,
        }
    }
}

/// An auxiliary verb, which sends the main verb to the end of a German clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Auxiliary {
    Will,
    Can,
    Must,
}

/// What is said of the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Predicate {
    /// To be of some kind.
    Be(&'static Adjective),
    /// To do something, with the objects that the verb's frame asks for.
    Do(&'static Verb, Vec<NounPhrase>),
    /// To do something to what is asked for: what.
    DoWhat(&'static Verb),
}

impl Predicate {
    /// The last object.
    pub(super) fn object(&self) -> Option<&NounPhrase> {
        match self {
            Predicate::Do(_, objects) => objects.last(),
            Predicate::Be(_) | Predicate::DoWhat(_) => None,
        }
    }

    pub(super) fn is(&self, frame: Frame) -> bool {
        matches!(self, Predicate::Do(verb, _) if verb.frame == frame)
    }
}

/// A preposition. In German all govern the dative here, since none says where something moves to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preposition {
    In,
    Behind,
    Under,
    Beside,
    With,
}

/// When.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Today,
    Now,
    Tomorrow,
    Sometimes,
}

/// A clause: one verb and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) subject: Subject,
    pub(super) auxiliary: Option<Auxiliary>,
    pub(super) negated: bool,
    pub(super) predicate: Predicate,
    pub(super) place: Option<(Preposition, NounPhrase)>,
    pub(super) time: Option<Time>,
}

/// A question word that replaces a place, a time or a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QuestionWord {
    Where,
    When,
    Why,
}

/// A whole sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sentence {
    /// The man sleeps today.
    Statement(Clause),
    /// Today the man sleeps.
    TimeFirst(Clause),
    /// Does the man sleep? What does the man see? Who sleeps?
    Question(Clause),
    /// Why does the man sleep?
    QuestionWord(QuestionWord, Clause),
    /// The man sings and the woman dances.
    And(Clause, Clause),
    /// The man sings because the woman dances.
    Because(Clause, Clause),
    /// If the man sings, the woman dances.
    If(Clause, Clause),
    /// The man says that the woman dances: a clause without objects, whose verb asks for another clause.
    That(Clause, Clause),
}

impl Sentence {
    pub(super) fn clauses(&self) -> Vec<&Clause> {
        match self {
            Sentence::Statement(clause)
            | Sentence::TimeFirst(clause)
            | Sentence::Question(clause)
            | Sentence::QuestionWord(_, clause) => vec![clause],
            Sentence::And(first, second)
            | Sentence::Because(first, second)
            | Sentence::If(first, second)
            | Sentence::That(first, second) => vec![first, second],
        }
    }
}

/// Words as a sentence: a capital at its start, a mark at its end, none before a comma.
pub(super) fn write(words: &[&str], mark: char) -> String {
    let mut text = words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ");
    text = text.replace(" ,", ",");
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}{mark}", letters.as_str())
}
