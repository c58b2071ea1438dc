//! A statement and the question behind it.

use any2any_adapter::Random;

use super::Example;
use super::modifiers::{Modifiers, preposition};
use crate::english::noun_phrase;
use crate::held_out::{self, Split};
use crate::lexicon::{
    ADJECTIVES, AGREEMENT_NOUNS, AGREEMENT_VERBS, Adjective, Class, Frame, NOUNS, Noun, VERBS, Verb,
};
use crate::phrases::Drawing;
use crate::syntax::{Determiner, NounPhrase, Number, write};

type Words = Vec<&'static str>;

/// A sentence whose subject has many modifiers before its verb.
#[derive(Clone, Debug)]
pub(super) struct Sentence {
    /// The words before the subject: a preposition and a noun that is no subject; perhaps nothing.
    opening: Words,
    subject: NounPhrase,
    modifiers: Modifiers,
    auxiliary: &'static str,
    predicate: Predicate,
}

/// Predicate of the subject.
#[derive(Clone, Debug)]
enum Predicate {
    Be(&'static Adjective),
    Do(&'static Verb, Option<NounPhrase>),
}

impl Sentence {
    /// Draws a sentence with so many words between its subject and its verb; `None` when its subject and predicate
    /// belong to another split.
    pub(super) fn draw(random: &mut Random, distance: usize, split: Split) -> Option<Self> {
        let mut draw = Drawing { random, used: Vec::new() };
        let noun = draw.pick(&NOUNS[..AGREEMENT_NOUNS].iter().collect::<Vec<_>>());
        let number = draw.pick(&[Number::Singular, Number::Plural]);
        // Determiners that do not tell the number.
        let determiner = draw.pick(&[Determiner::Definite, Determiner::My]);
        let subject = NounPhrase { determiner, adjective: None, noun, number };
        draw.used.push(noun);
        let predicate = draw.predicate(&subject);
        if predicate.split(noun) != split {
            return None;
        }
        let opening = if draw.chance(50) { draw.opening() } else { Words::new() };
        let modifiers = Modifiers::draw(&mut draw, &subject, distance);
        let auxiliary = draw.pick(&["will", "must"]);
        Some(Self { opening, subject, modifiers, auxiliary, predicate })
    }

    pub(super) fn example(&self) -> Example {
        let number = self.subject.number;
        let attractors = self.modifiers.nouns.iter().filter(|&&other| other != number).count();
        Example {
            statement: write(&self.statement(), '.'),
            question: write(&self.question(), '?'),
            distance: self.modifiers.words.len(),
            attractors,
        }
    }

    fn statement(&self) -> Words {
        let subject = noun_phrase(&self.subject);
        let be = if matches!(self.predicate, Predicate::Be(_)) { "be" } else { "" };
        let verb = vec![self.auxiliary, be];
        [self.opening.clone(), subject, self.modifiers.words.clone(), verb, self.predicate.words()].concat()
    }

    fn question(&self) -> Words {
        let helper = match (&self.predicate, self.subject.number) {
            (Predicate::Be(_), Number::Singular) => "is",
            (Predicate::Be(_), Number::Plural) => "are",
            (Predicate::Do(..), Number::Singular) => "does",
            (Predicate::Do(..), Number::Plural) => "do",
        };
        [vec![helper], noun_phrase(&self.subject), self.predicate.words()].concat()
    }
}

impl Predicate {
    /// The split of the predicate with a noun as its subject.
    fn split(&self, noun: &Noun) -> Split {
        match self {
            Self::Be(adjective) => held_out::described(adjective, noun),
            Self::Do(verb, _) => held_out::done(verb, noun),
        }
    }

    /// The words behind "be" or "do".
    fn words(&self) -> Words {
        match self {
            Self::Be(adjective) => vec![adjective.english],
            Self::Do(verb, object) => {
                [vec![verb.english[0]], object.as_ref().map(noun_phrase).unwrap_or_default()].concat()
            }
        }
    }
}

impl Drawing<'_> {
    /// A predicate that fits the subject.
    fn predicate(&mut self, subject: &NounPhrase) -> Predicate {
        let class = subject.noun.class;
        let adjectives: Vec<&Adjective> = ADJECTIVES.iter().filter(|word| word.of.contains(&class)).collect();
        let frames = [Frame::Intransitive, Frame::Accusative];
        let fits =
            |verb: &&Verb| verb.action && frames.contains(&verb.frame) && verb.subjects.contains(&class);
        let verbs: Vec<&Verb> = VERBS[..AGREEMENT_VERBS].iter().filter(fits).collect();
        if verbs.is_empty() || self.chance(40) {
            return Predicate::Be(self.pick(&adjectives));
        }
        let verb = self.pick(&verbs);
        let object = (verb.frame == Frame::Accusative).then(|| {
            let determiner = self.pick(&[Determiner::Definite, Determiner::My]);
            self.noun_phrase(verb.objects, determiner, false)
        });
        Predicate::Do(verb, object)
    }

    /// "Behind the old houses": a noun before the subject, so that the subject is not always the first one.
    fn opening(&mut self) -> Words {
        let (word, classes) = preposition(self);
        let adjective = self.chance(30);
        [vec![word], noun_phrase(&self.noun_phrase(classes, Determiner::Definite, adjective))].concat()
    }

    /// A noun of these classes that is not the subject's, with an adjective or without.
    pub(super) fn noun_phrase(
        &mut self,
        classes: &[Class],
        determiner: Determiner,
        adjective: bool,
    ) -> NounPhrase {
        let fits = |noun: &&Noun| classes.contains(&noun.class) && !self.used.contains(noun);
        let nouns: Vec<_> = NOUNS[..AGREEMENT_NOUNS].iter().filter(fits).collect();
        let noun = self.pick(&nouns);
        let number = match determiner {
            Determiner::Indefinite => Number::Plural,
            _ => self.pick(&[Number::Singular, Number::Plural]),
        };
        let adjective = adjective.then(|| self.adjective(noun.class));
        NounPhrase { determiner, adjective, noun, number }
    }
}
