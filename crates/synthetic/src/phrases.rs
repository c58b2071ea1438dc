//! Random words and phrases, of which clauses are made.

use any2any_adapter::Random;

use super::lexicon::{ADJECTIVES, Adjective, COUNTS, Class, Frame, NOUNS, Noun, VERBS, Verb};
use super::syntax::{
    Auxiliary, Determiner, NounPhrase, Number, Predicate, Preposition, Pronoun, Subject, Tense, Time,
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
        self.verb_that(|verb| frames.contains(&verb.frame) && (verb.action || !action)).unwrap_or(&VERBS[0])
    }

    pub(super) fn verb_that(&mut self, fits: impl Fn(&Verb) -> bool) -> Option<&'static Verb> {
        let verbs: Vec<&Verb> = VERBS.iter().filter(|verb| fits(verb)).collect();
        if verbs.is_empty() { None } else { Some(self.pick(&verbs)) }
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

    /// A noun phrase of something that is known already.
    pub(super) fn known_phrase(&mut self, classes: &[Class], adjective: usize) -> NounPhrase {
        let phrase = self.phrase(classes, adjective);
        NounPhrase { determiner: known(phrase.determiner), ..phrase }
    }

    pub(super) fn place(&mut self, predicate: &Predicate) -> Option<(Preposition, NounPhrase)> {
        let motion = predicate.is(Frame::Motion);
        let percent = match predicate {
            Predicate::Be(_) => 0,
            Predicate::Passive(..) => 20,
            _ if motion => 85,
            _ => 45,
        };
        if !self.chance(percent) {
            return None;
        }
        let with = if motion { 10 } else { 40 };
        if (predicate.is(Frame::Intransitive) || motion) && self.chance(with) {
            return Some((Preposition::With, self.phrase(&[Class::Person, Class::Animal], 30)));
        }
        let preposition = self.preposition(motion);
        if preposition == Preposition::To && self.chance(30) {
            return Some((preposition, self.known_phrase(&[Class::Person, Class::Animal], 25)));
        }
        let noun = self.noun(|noun| {
            let one_of = |nouns: &[&str]| nouns.contains(&noun.english[0]);
            match preposition {
                Preposition::In | Preposition::Into | Preposition::OutOf => {
                    one_of(&["garden", "kitchen", "house", "school"])
                }
                Preposition::Under => one_of(&["tree", "table"]),
                Preposition::On => one_of(&["chair", "mat", "table", "tree"]),
                _ => noun.class == Class::Place,
            }
        })?;
        let determiner = match self.weighted(&[50, 15, 15, 20]) {
            0 => Determiner::Definite,
            1 => Determiner::Indefinite,
            2 => Determiner::This,
            _ => Determiner::My,
        };
        let adjective = if self.chance(25) { Some(self.adjective(noun.class)) } else { None };
        Some((preposition, NounPhrase { determiner, adjective, noun, number: Number::Singular }))
    }

    /// A preposition of place; for motion also of direction. "Runs behind the house" could be both, and is not drawn.
    fn preposition(&mut self, motion: bool) -> Preposition {
        if motion {
            return match self.weighted(&[10, 50, 15, 25]) {
                0 => Preposition::In,
                1 => Preposition::Into,
                2 => Preposition::OutOf,
                _ => Preposition::To,
            };
        }
        match self.weighted(&[35, 15, 15, 15, 20]) {
            0 => Preposition::In,
            1 => Preposition::Behind,
            2 => Preposition::Under,
            3 => Preposition::Beside,
            _ => Preposition::On,
        }
    }

    /// A time that goes with the verb.
    pub(super) fn time(
        &mut self,
        auxiliary: Option<Auxiliary>,
        tense: Tense,
        negated: bool,
        predicate: &Predicate,
    ) -> Time {
        let repeated = !negated && !matches!(predicate, Predicate::Be(_));
        match (auxiliary, tense) {
            (Some(Auxiliary::Will), _) => self.pick(&[Time::Tomorrow, Time::Tomorrow, Time::Today]),
            (None, Tense::Past) if repeated => {
                self.pick(&[Time::Yesterday, Time::Yesterday, Time::Today, Time::Sometimes])
            }
            (None, Tense::Past) => self.pick(&[Time::Yesterday, Time::Yesterday, Time::Today]),
            (None, Tense::Present) if repeated => self.pick(&[Time::Today, Time::Now, Time::Sometimes]),
            _ => self.pick(&[Time::Today, Time::Now]),
        }
    }
}

/// A determiner that makes the phrase definite.
pub(super) fn known(determiner: Determiner) -> Determiner {
    match determiner {
        Determiner::Indefinite | Determiner::No | Determiner::Count(_) => Determiner::Definite,
        known => known,
    }
}

pub(super) fn is_known(subject: &Subject) -> bool {
    match subject {
        Subject::Noun(phrase) => phrase.determiner == known(phrase.determiner),
        Subject::Both(..) | Subject::Pronoun(_) | Subject::Relative(..) => true,
        Subject::Who => false,
    }
}

pub(super) fn make_known(subject: &mut Subject) {
    if let Subject::Noun(phrase) = subject {
        phrase.determiner = known(phrase.determiner);
    }
}
