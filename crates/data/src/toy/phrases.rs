//! Draws the words and phrases that clauses are made of.

use any2any_adapter::Random;

use super::lexicon::{ADJECTIVES, Adjective, COUNTS, Class, Frame, NOUNS, Noun, VERBS, Verb};
use super::syntax::{
    Auxiliary, Determiner, NounPhrase, Number, Predicate, Preposition, Pronoun, Subject, Time,
};

/// A sentence that is being drawn.
pub(super) struct Drawing<'a> {
    pub(super) random: &'a mut Random,
    /// Nouns of the sentence so far: none is used twice.
    pub(super) used: Vec<&'static Noun>,
}

impl Drawing<'_> {
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.random.below(100) < percent
    }

    pub(super) fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.random.below(weights.iter().sum());
        for (index, &weight) in weights.iter().enumerate() {
            match left.checked_sub(weight) {
                Some(rest) => left = rest,
                None => return index,
            }
        }
        0
    }

    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.random.below(items.len())]
    }

    pub(super) fn verb(&mut self, frames: &[Frame], action: bool) -> &'static Verb {
        let fits = |verb: &&Verb| frames.contains(&verb.frame) && (verb.action || !action);
        let verbs: Vec<&Verb> = VERBS.iter().filter(fits).collect();
        self.pick(&verbs)
    }

    pub(super) fn noun(&mut self, fits: impl Fn(&Noun) -> bool) -> Option<&'static Noun> {
        let nouns: Vec<&Noun> = NOUNS.iter().filter(|noun| fits(noun) && !self.used.contains(noun)).collect();
        if nouns.is_empty() {
            return None;
        }
        let noun = self.pick(&nouns);
        self.used.push(noun);
        Some(noun)
    }

    pub(super) fn adjective(&mut self, class: Class) -> &'static Adjective {
        let adjectives: Vec<&Adjective> =
            ADJECTIVES.iter().filter(|adjective| adjective.of.contains(&class)).collect();
        self.pick(&adjectives)
    }

    pub(super) fn pronoun(&mut self) -> Pronoun {
        self.pick(&[Pronoun::He, Pronoun::She, Pronoun::We, Pronoun::They])
    }

    pub(super) fn subject(&mut self, classes: &[Class]) -> Subject {
        match self.weighted(&[70, 20, 10]) {
            0 => {
                let phrase = self.phrase(classes, 40);
                // Without article and number a plural means the kind, which reads oddly here.
                Subject::Noun(match (phrase.determiner, phrase.number) {
                    (Determiner::Indefinite, Number::Plural) => {
                        NounPhrase { determiner: Determiner::Definite, ..phrase }
                    }
                    (Determiner::Indefinite, Number::Singular) if self.chance(20) => {
                        NounPhrase { determiner: Determiner::No, ..phrase }
                    }
                    _ => phrase,
                })
            }
            1 => Subject::Pronoun(self.pronoun()),
            _ => {
                let mut one = || NounPhrase { number: Number::Singular, ..self.known_phrase(classes, 0) };
                Subject::Both(one(), one())
            }
        }
    }

    /// Any noun phrase, with an adjective in so many of a hundred cases.
    pub(super) fn phrase(&mut self, classes: &[Class], adjective: usize) -> NounPhrase {
        // Every class has more nouns than a sentence has phrases; were it not so, one would come twice.
        let noun = self.noun(|noun| classes.contains(&noun.class)).unwrap_or(&NOUNS[0]);
        let number = if self.chance(30) { Number::Plural } else { Number::Singular };
        let determiner = match (number, self.weighted(&[45, 30, 10, 15])) {
            (_, 0) => Determiner::Definite,
            (Number::Plural, 1) if self.chance(65) => Determiner::Count(self.random.below(COUNTS.len())),
            (_, 1) => Determiner::Indefinite,
            (_, 2) => Determiner::This,
            // "My man" is a husband, "my women" worse.
            _ if ["man", "woman"].contains(&noun.english[0]) => Determiner::Definite,
            _ => Determiner::My,
        };
        let adjective = if self.chance(adjective) { Some(self.adjective(noun.class)) } else { None };
        NounPhrase { determiner, adjective, noun, number }
    }

    /// The same, of something that is known already.
    pub(super) fn known_phrase(&mut self, classes: &[Class], adjective: usize) -> NounPhrase {
        let phrase = self.phrase(classes, adjective);
        NounPhrase { determiner: known(phrase.determiner), ..phrase }
    }

    pub(super) fn place(&mut self, predicate: &Predicate) -> Option<(Preposition, NounPhrase)> {
        if matches!(predicate, Predicate::Be(_)) || !self.chance(45) {
            return None;
        }
        if predicate.is(Frame::Intransitive) && self.chance(40) {
            return Some((Preposition::With, self.phrase(&[Class::Person, Class::Animal], 30)));
        }
        let preposition = self.pick(&[
            Preposition::In,
            Preposition::In,
            Preposition::Behind,
            Preposition::Under,
            Preposition::Beside,
        ]);
        let noun = self.noun(|noun| {
            noun.class == Class::Place
                && match preposition {
                    Preposition::In => ["garden", "kitchen", "house", "school"].contains(&noun.english[0]),
                    Preposition::Under => ["tree", "table"].contains(&noun.english[0]),
                    _ => true,
                }
        })?;
        let determiner =
            self.pick(&[Determiner::Definite, Determiner::Definite, Determiner::This, Determiner::My]);
        let adjective = if self.chance(25) { Some(self.adjective(Class::Place)) } else { None };
        Some((preposition, NounPhrase { determiner, adjective, noun, number: Number::Singular }))
    }

    pub(super) fn time(
        &mut self,
        auxiliary: Option<Auxiliary>,
        negated: bool,
        predicate: &Predicate,
    ) -> Option<Time> {
        if !self.chance(20) {
            return None;
        }
        Some(match auxiliary {
            Some(Auxiliary::Will) => self.pick(&[Time::Tomorrow, Time::Tomorrow, Time::Today]),
            None if !negated && !matches!(predicate, Predicate::Be(_)) => {
                self.pick(&[Time::Today, Time::Now, Time::Sometimes])
            }
            _ => self.pick(&[Time::Today, Time::Now]),
        })
    }
}

pub(super) fn known(determiner: Determiner) -> Determiner {
    match determiner {
        Determiner::Indefinite | Determiner::No | Determiner::Count(_) => Determiner::Definite,
        known => known,
    }
}

pub(super) fn is_known(subject: &Subject) -> bool {
    match subject {
        Subject::Noun(phrase) => phrase.determiner == known(phrase.determiner),
        Subject::Both(..) | Subject::Pronoun(_) => true,
        Subject::Who => false,
    }
}

pub(super) fn make_known(subject: &mut Subject) {
    if let Subject::Noun(phrase) = subject {
        phrase.determiner = known(phrase.determiner);
    }
}
