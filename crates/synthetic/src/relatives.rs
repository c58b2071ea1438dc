//! Random relative clauses.
//!
//! A relative clause follows its noun directly, so its antecedent is never in doubt; the last noun phrase of a clause
//! has one only if nothing but the end of the clause follows in English.

use super::grammar::{has_passive, looks_present, make_negatable};
use super::lexicon::{Class, Frame};
use super::phrases::{Drawing, is_known};
use super::syntax::{
    Auxiliary, Clause, Determiner, NounPhrase, Predicate, Pronoun, Relative, RelativePronoun, Subject, Tense,
};

/// Per cent of relative clauses that end in a noun with one of its own: "the dog that chased the cat that slept".
const NESTED: usize = 8;

impl Drawing<'_> {
    /// Adds relative clauses to the subject and to the last noun phrase, each in so many of a hundred cases.
    pub(super) fn say_more(&mut self, clause: &mut Clause, percent: usize) {
        if let Subject::Noun(phrase) = clause.subject
            && phrase.determiner != Determiner::No
            && self.chance(percent)
        {
            clause.about_subject = self.relative(&phrase, false);
        }
        if clause.time.is_none() && self.chance(percent) {
            self.say_more_of_last(clause, true);
        }
    }

    fn say_more_of_last(&mut self, clause: &mut Clause, nest: bool) {
        if let Some(&phrase) = clause.last() {
            clause.about_last = self.relative(&phrase, nest);
        }
    }

    fn relative(&mut self, phrase: &NounPhrase, nest: bool) -> Option<Box<Relative>> {
        let class = phrase.noun.class;
        let living = matches!(class, Class::Person | Class::Animal);
        let relative = match self.weighted(&[if living { 35 } else { 0 }, 25, 8, 30]) {
            0 => {
                let frames = [
                    Frame::Intransitive,
                    Frame::Accusative,
                    Frame::Dative,
                    Frame::Ditransitive,
                    Frame::Motion,
                ];
                let frame = frames[self.weighted(&[25, 42, 8, 5, 20])];
                let verb = self.verb_that(|verb| verb.frame == frame && verb.subjects.contains(&class))?;
                let predicate = self.doing(verb);
                Relative::Subject(self.about(phrase, predicate))
            }
            1 => {
                let verb = self.verb_that(|verb| has_passive(verb) && verb.objects.contains(&class))?;
                let predicate = self.undergoing(verb);
                Relative::Subject(self.about(phrase, predicate))
            }
            2 => {
                let adjective = self.adjective(class);
                // "The old man who is old" says nothing.
                if phrase.adjective.is_some_and(|said| !said.goes_with(adjective)) {
                    return None;
                }
                Relative::Subject(self.about(phrase, Predicate::Be(adjective)))
            }
            _ => self.object_relative(phrase)?,
        };
        Some(Box::new(if nest && self.chance(NESTED) { self.nested(relative) } else { relative }))
    }

    /// "that sleeps in the garden", "who was chased by the dog", "which is red".
    fn about(&mut self, phrase: &NounPhrase, predicate: Predicate) -> Clause {
        let pronouns = match phrase.noun.class {
            Class::Person => [RelativePronoun::That, RelativePronoun::Who, RelativePronoun::Who],
            _ => [RelativePronoun::That, RelativePronoun::That, RelativePronoun::Which],
        };
        let subject = Subject::Relative(self.pick(&pronouns), phrase.noun, phrase.number);
        self.in_relative(Clause::of(subject, predicate))
    }

    /// "that the dog chased", "whom she helps".
    fn object_relative(&mut self, phrase: &NounPhrase) -> Option<Relative> {
        let class = phrase.noun.class;
        let frame = if self.chance(20) { Frame::Dative } else { Frame::Accusative };
        let verb = self.verb_that(|verb| verb.frame == frame && verb.objects.contains(&class))?;
        let pronouns = match class {
            Class::Person => [RelativePronoun::That, RelativePronoun::Who, RelativePronoun::Whom],
            _ => [RelativePronoun::That, RelativePronoun::That, RelativePronoun::Which],
        };
        let pronoun = self.pick(&pronouns);
        let subject = if self.chance(25) {
            Subject::Pronoun(self.pick(&[Pronoun::He, Pronoun::She, Pronoun::We, Pronoun::They]))
        } else {
            let subject = self.phrase(verb.subjects, 25);
            let plain = matches!(subject.determiner, Determiner::Indefinite);
            let determiner = if plain && self.chance(50) { Determiner::Definite } else { subject.determiner };
            Subject::Noun(NounPhrase { determiner, ..subject })
        };
        let clause = self.in_relative(Clause::of(subject, Predicate::DoWhat(verb)));
        Some(Relative::Object(pronoun, phrase.noun, phrase.number, clause))
    }

    /// Gives a clause its auxiliary, tense, negation and place.
    fn in_relative(&mut self, clause: Clause) -> Clause {
        let being = matches!(clause.predicate, Predicate::Be(_));
        let action = match &clause.predicate {
            Predicate::Do(verb, _) | Predicate::DoWhat(verb) | Predicate::Passive(verb, _) => verb.action,
            Predicate::Be(_) => false,
        };
        let auxiliary = match self.weighted(&[84, 6, 6, 4]) {
            1 if !being => Some(Auxiliary::Will),
            2 if action => Some(Auxiliary::Can),
            3 if action => Some(Auxiliary::Must),
            _ => None,
        };
        let tense = if auxiliary.is_none() && self.chance(50) { Tense::Past } else { Tense::Present };
        let negated = auxiliary != Some(Auxiliary::Must) && is_known(&clause.subject) && self.chance(10);
        let motion = clause.predicate.is(Frame::Motion);
        let place = if motion || self.chance(40) { self.place(&clause.predicate) } else { None };
        let mut clause = Clause { auxiliary, tense, negated, place, ..clause };
        if negated {
            make_negatable(&mut clause.predicate);
        }
        if looks_present(&clause) {
            clause.tense = Tense::Present;
        }
        clause
    }

    fn nested(&mut self, relative: Relative) -> Relative {
        match relative {
            Relative::Subject(mut clause) => {
                self.say_more_of_last(&mut clause, false);
                Relative::Subject(clause)
            }
            Relative::Object(pronoun, noun, number, mut clause) => {
                self.say_more_of_last(&mut clause, false);
                Relative::Object(pronoun, noun, number, clause)
            }
        }
    }
}
