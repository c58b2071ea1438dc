//! Modifiers between a subject and its verb: so many words of prepositional phrases and relative clauses.
//!
//! | modifier | of | words |
//! | --- | --- | --- |
//! | near the old houses | any noun | 2 to 4, then modifiers of "houses" |
//! | that see the dog | a noun that is not the subject | 3 to 5, then modifiers of "dog" |
//! | that sleep | the same | 2, then perhaps a place |
//! | that the man sees | any noun | 3 to 5, modifiers of "man" within, then perhaps a place, or "and that ..." |

use crate::english::noun_phrase;
use crate::lexicon::{AGREEMENT_VERBS, Class, Frame, VERBS, Verb};
use crate::phrases::Drawing;
use crate::syntax::{Determiner, NounPhrase, Number};

use Class::{Animal, Person, Place, Text, Thing};

/// Deepest nesting of clauses: "the cat that the dog that the men love sees".
const DEEPEST: usize = 2;
/// The most words of modifiers inside a clause, before its verb.
const LONGEST_INSIDE: usize = 9;

/// Words between a subject and its verb.
#[derive(Clone, Debug, Default)]
pub(super) struct Modifiers {
    pub(super) words: Vec<&'static str>,
    /// The number of each noun among them.
    pub(super) nouns: Vec<Number>,
}

/// A preposition, and the classes of nouns that it goes with.
pub(super) fn preposition(draw: &mut Drawing) -> (&'static str, &'static [Class]) {
    const NEAR: &[Class] = &[Person, Animal, Thing, Place];
    const CARRIED: &[Class] = &[Person, Animal, Text, Thing];
    draw.pick(&[("behind", NEAR), ("beside", NEAR), ("near", NEAR), ("with", CARRIED)])
}

/// Kind of a modifier.
#[derive(Clone, Copy)]
enum Kind {
    Place,
    Doing,
    Done,
}

impl Modifiers {
    /// Draws exactly so many words about a subject: at least 2.
    pub(super) fn draw(draw: &mut Drawing, subject: &NounPhrase, words: usize) -> Self {
        let mut building = Building { draw, modifiers: Self::default() };
        building.chain(subject, words, 0, true);
        building.modifiers
    }
}

/// Modifiers that are being drawn.
struct Building<'a, 'b> {
    draw: &'a mut Drawing<'b>,
    modifiers: Modifiers,
}

impl Building<'_, '_> {
    /// Draws so many words about a noun, none or at least 2.
    fn chain(&mut self, noun: &NounPhrase, words: usize, depth: usize, subject: bool) {
        if words == 0 {
            return;
        }
        let mut kinds = vec![Kind::Place];
        // A verb that agrees with the subject would tell its number.
        if !subject && !doing(noun, words).is_empty() {
            kinds.push(Kind::Doing);
        }
        if words >= 3 && depth < DEEPEST {
            kinds.push(Kind::Done);
        }
        match self.draw.pick(&kinds) {
            Kind::Place => self.place(words, depth),
            Kind::Doing => self.doing(noun, words, depth),
            Kind::Done => self.done(noun, words, depth),
        }
    }

    /// "behind the house", and more about the house.
    fn place(&mut self, words: usize, depth: usize) {
        let (word, classes) = preposition(self.draw);
        self.say(word);
        let place = self.noun(classes, words - 1, 0);
        let rest = words - 1 - size(&place);
        self.chain(&place, rest, depth, false);
    }

    /// "that sees the house", and more about the house; "that sleeps", and perhaps a place.
    fn doing(&mut self, noun: &NounPhrase, words: usize, depth: usize) {
        let verb = self.draw.pick(&doing(noun, words));
        self.say("that");
        self.verb(verb, noun.number);
        if verb.frame == Frame::Intransitive {
            return self.rest(words - 2, depth);
        }
        let object = self.noun(verb.objects, words - 2, 0);
        let rest = words - 2 - size(&object);
        self.chain(&object, rest, depth, false);
    }

    /// "that the man sees", with modifiers of the man inside; then perhaps a place, or "and that the woman loves".
    fn done(&mut self, noun: &NounPhrase, words: usize, depth: usize) {
        let class = noun.noun.class;
        let fits = |verb: &&Verb| verb.frame == Frame::Accusative && verb.objects.contains(&class);
        let verbs: Vec<&Verb> = VERBS[..AGREEMENT_VERBS].iter().filter(fits).collect();
        let verb = self.draw.pick(&verbs);
        self.say("that");
        let who = self.noun(verb.subjects, words - 1, 1);
        let left = words - 2 - size(&who);
        let inside: Vec<usize> =
            (0..=left.min(LONGEST_INSIDE)).filter(|&inside| inside != 1 && left - inside != 1).collect();
        let inside = if self.draw.chance(50) { inside[0] } else { self.draw.pick(&inside) };
        self.chain(&who, inside, depth + 1, false);
        self.verb(verb, who.number);
        let left = left - inside;
        if left >= 4 && self.draw.chance(40) {
            self.say("and");
            return self.done(noun, left - 1, depth);
        }
        self.rest(left, depth);
    }

    /// A place, if words are left.
    fn rest(&mut self, words: usize, depth: usize) {
        if words > 0 {
            self.place(words, depth);
        }
    }

    /// A noun of 1 to 3 words, such that `after` words more and then none or at least 2 fit into the rest.
    fn noun(&mut self, classes: &[Class], left: usize, after: usize) -> NounPhrase {
        let fits = |size: &usize| size + after <= left && size + after + 1 != left;
        // Two words are the most usual, one the least.
        let sizes: Vec<usize> = [1, 2, 2, 2, 3, 3].into_iter().filter(fits).collect();
        let size = self.draw.pick(&sizes);
        let determiner = match size {
            1 => Determiner::Indefinite,
            _ => self.draw.pick(&[Determiner::Definite, Determiner::My, Determiner::This]),
        };
        let phrase = self.draw.noun_phrase(classes, determiner, size == 3);
        self.modifiers.words.extend(noun_phrase(&phrase).into_iter().filter(|word| !word.is_empty()));
        self.modifiers.nouns.push(phrase.number);
        phrase
    }

    fn verb(&mut self, verb: &Verb, number: Number) {
        self.say(verb.english[usize::from(number == Number::Singular)]);
    }

    fn say(&mut self, word: &'static str) {
        self.modifiers.words.push(word);
    }
}

/// The verbs of "that sees the dog" and "that sleeps" whose subject this noun can be, in so many words.
fn doing(noun: &NounPhrase, words: usize) -> Vec<&'static Verb> {
    let fits = |verb: &&Verb| match verb.frame {
        Frame::Intransitive => words != 3,
        Frame::Accusative => words >= 3,
        _ => false,
    };
    VERBS[..AGREEMENT_VERBS]
        .iter()
        .filter(|verb| verb.subjects.contains(&noun.noun.class))
        .filter(fits)
        .collect()
}

fn size(phrase: &NounPhrase) -> usize {
    noun_phrase(phrase).iter().filter(|word| !word.is_empty()).count()
}
