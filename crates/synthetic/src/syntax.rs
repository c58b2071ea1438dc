//! Structure of a sentence, from which both languages are written.

use super::lexicon::{Adjective, Frame, Noun, Verb};

/// Grammatical number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Singular,
    Plural,
}

/// Determiner of a noun.
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

/// A noun phrase: a noun with its determiner and adjective.
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

/// The subject of a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Noun(NounPhrase),
    /// Two, joined by "and".
    Both(NounPhrase, NounPhrase),
    Pronoun(Pronoun),
    /// "who"
    Who,
    /// The relative pronoun, with the noun that it stands for.
    Relative(RelativePronoun, &'static Noun, Number),
}

impl Subject {
    pub(super) fn number(&self) -> Number {
        match self {
            Subject::Noun(phrase) => phrase.number,
            Subject::Relative(.., number) => *number,
            Subject::Both(..) | Subject::Pronoun(Pronoun::We | Pronoun::They) => Number::Plural,
            Subject::Pronoun(Pronoun::He | Pronoun::She) | Subject::Who => Number::Singular,
        }
    }
}

/// A relative pronoun of English. In German all are "der", which agrees with the noun that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RelativePronoun {
    That,
    Which,
    Who,
    Whom,
}

/// A relative clause, which modifies the noun phrase that it follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Relative {
    /// "that chases the dog": a clause whose subject is the pronoun.
    Subject(Clause),
    /// "that the dog chases": a clause whose verb lacks its object.
    Object(RelativePronoun, &'static Noun, Number, Clause),
}

impl Relative {
    pub(super) fn clause(&self) -> &Clause {
        match self {
            Self::Subject(clause) | Self::Object(.., clause) => clause,
        }
    }
}

/// Tense of the finite verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tense {
    Present,
    /// The simple past; in German the Präteritum.
    Past,
}

/// An auxiliary verb, which sends the main verb to the end of a German clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Auxiliary {
    Will,
    Can,
    Must,
}

/// Predicate of a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Predicate {
    /// To be of some kind.
    Be(&'static Adjective),
    /// To do something, with the objects that the verb's frame asks for.
    Do(&'static Verb, Vec<NounPhrase>),
    /// To do something to the object that a question asks for, or that a relative pronoun stands for.
    DoWhat(&'static Verb),
    /// To have something done to one, perhaps by somebody.
    Passive(&'static Verb, Option<NounPhrase>),
}

impl Predicate {
    /// The last object.
    pub(super) fn object(&self) -> Option<&NounPhrase> {
        match self {
            Predicate::Do(_, objects) => objects.last(),
            Predicate::Be(_) | Predicate::DoWhat(_) | Predicate::Passive(..) => None,
        }
    }

    pub(super) fn is(&self, frame: Frame) -> bool {
        matches!(self, Predicate::Do(verb, _) if verb.frame == frame)
    }
}

/// A preposition. In German "into" governs the accusative; all others the dative, since those that could give a
/// direction only give a place here: "behind" and its like are not said of motion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preposition {
    In,
    Behind,
    Under,
    Beside,
    On,
    With,
    Into,
    OutOf,
    To,
}

/// Adverb of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Today,
    Now,
    Tomorrow,
    Sometimes,
    Yesterday,
}

/// A clause: one verb with its subject, its complements, its place and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) subject: Subject,
    /// Relative clause about the subject.
    pub(super) about_subject: Option<Box<Relative>>,
    pub(super) auxiliary: Option<Auxiliary>,
    /// Always the present beside an auxiliary.
    pub(super) tense: Tense,
    pub(super) negated: bool,
    pub(super) predicate: Predicate,
    pub(super) place: Option<(Preposition, NounPhrase)>,
    pub(super) time: Option<Time>,
    /// Relative clause about the last noun phrase behind the verb; in German it stands behind all verbs.
    pub(super) about_last: Option<Box<Relative>>,
}

impl Clause {
    /// A clause in the present without any of the optional parts.
    pub(super) fn of(subject: Subject, predicate: Predicate) -> Self {
        Self {
            subject,
            about_subject: None,
            auxiliary: None,
            tense: Tense::Present,
            negated: false,
            predicate,
            place: None,
            time: None,
            about_last: None,
        }
    }

    /// The last noun phrase behind the verb: of the place, the agent of a passive, or the last object.
    pub(super) fn last(&self) -> Option<&NounPhrase> {
        let agent = match &self.predicate {
            Predicate::Passive(_, agent) => agent.as_ref(),
            predicate => predicate.object(),
        };
        self.place.as_ref().map(|(_, phrase)| phrase).or(agent)
    }

    pub(super) fn relatives(&self) -> impl Iterator<Item = &Relative> {
        [&self.about_subject, &self.about_last].into_iter().flatten().map(|relative| &**relative)
    }
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
    /// "Why does the man sleep?"
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

/// Words as a sentence: a capital at its start, a mark at its end, no space before a comma.
pub(super) fn write(words: &[&str], mark: char) -> String {
    let text = words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ");
    // A clause that ends where another one does, or the sentence, needs no comma of its own.
    let text = text.replace(" ,", ",").replace(",,", ",");
    let text = text.trim_end_matches(',');
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}{mark}", letters.as_str())
}
