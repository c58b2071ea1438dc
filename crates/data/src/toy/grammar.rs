//! Draws sentences at random.
//!
//! What is drawn makes sense well enough to be read: verbs choose their subjects and objects, adjectives their
//! nouns. Whatever German could write in two ways, or English could mean in two, is not drawn.

use any2any_adapter::Random;

use super::lexicon::{Class, Frame};
use super::phrases::{Drawing, is_known, known, make_known};
use super::syntax::{
    Auxiliary, Clause, Determiner, NounPhrase, Predicate, QuestionWord, Sentence, Subject, Time,
};

/// Draws one sentence.
pub(super) fn sentence(random: &mut Random) -> Sentence {
    let mut draw = Drawing { random, used: Vec::new() };
    match draw.weighted(&[38, 12, 11, 10, 6, 5, 4, 7, 4, 7]) {
        0 => Sentence::Statement(draw.clause()),
        1 => draw.time_first(),
        2 => Sentence::Question(draw.question()),
        3 => draw.question_word(),
        4 => Sentence::Question(draw.what()),
        5 => Sentence::Question(draw.who()),
        6 => Sentence::And(draw.simple(), draw.simple()),
        7 => Sentence::Because(draw.simple(), draw.simple()),
        8 => Sentence::If(draw.present(), draw.simple()),
        _ => Sentence::That(draw.speaker(), draw.simple()),
    }
}

impl Drawing<'_> {
    /// A clause with everything.
    fn clause(&mut self) -> Clause {
        let auxiliary = match self.weighted(&[60, 18, 12, 10]) {
            0 => None,
            1 => Some(Auxiliary::Will),
            2 => Some(Auxiliary::Can),
            _ => Some(Auxiliary::Must),
        };
        let (subject, mut predicate) = self.subject_and_predicate(auxiliary);
        // "Must not" is not "nicht müssen", and "no one does not" is too much for anyone.
        let may_negate = auxiliary != Some(Auxiliary::Must) && is_known(&subject);
        let negated = may_negate && self.chance(25);
        if negated {
            make_negatable(&mut predicate);
        }
        let place = self.place(&predicate);
        let time = self.time(auxiliary, negated, &predicate);
        Clause { subject, auxiliary, negated, predicate, place, time }
    }

    /// A clause without place and time: part of a longer sentence.
    fn simple(&mut self) -> Clause {
        let clause = self.clause();
        if self.chance(80) {
            Clause { place: None, time: None, ..clause }
        } else {
            Clause { time: None, ..clause }
        }
    }

    fn present(&mut self) -> Clause {
        let mut clause = self.simple();
        clause.auxiliary = None;
        clause
    }

    fn time_first(&mut self) -> Sentence {
        let mut clause = self.clause();
        if clause.time.is_none() {
            clause.time = Some(match clause.auxiliary {
                Some(Auxiliary::Will) => self.pick(&[Time::Tomorrow, Time::Today]),
                None if !clause.negated => self.pick(&[Time::Today, Time::Now, Time::Sometimes]),
                _ => self.pick(&[Time::Today, Time::Now]),
            });
        }
        Sentence::TimeFirst(clause)
    }

    fn question(&mut self) -> Clause {
        let mut clause = self.clause();
        make_known(&mut clause.subject);
        clause
    }

    fn question_word(&mut self) -> Sentence {
        let mut clause = self.question();
        let words = [QuestionWord::Why, QuestionWord::When, QuestionWord::Where];
        // Nobody asks where something is red.
        let word = match clause.predicate {
            Predicate::Be(_) => QuestionWord::Why,
            _ => self.pick(&words),
        };
        clause.negated &= word == QuestionWord::Why;
        match word {
            QuestionWord::Where => clause.place = None,
            QuestionWord::When => clause.time = None,
            QuestionWord::Why => {}
        }
        Sentence::QuestionWord(word, clause)
    }

    fn what(&mut self) -> Clause {
        loop {
            let mut clause = self.question();
            if let Predicate::Do(verb, _) = &clause.predicate
                && verb.frame == Frame::Accusative
            {
                clause.predicate = Predicate::DoWhat(verb);
                clause.negated = false;
                return clause;
            }
            self.used.clear();
        }
    }

    fn who(&mut self) -> Clause {
        let clause = self.clause();
        Clause { subject: Subject::Who, negated: false, ..clause }
    }

    fn speaker(&mut self) -> Clause {
        let verb = self.verb(&[Frame::Clausal], false);
        let mut subject = self.subject(verb.subjects);
        make_known(&mut subject);
        let negated = self.chance(15);
        Clause {
            subject,
            auxiliary: None,
            negated,
            predicate: Predicate::Do(verb, Vec::new()),
            place: None,
            time: None,
        }
    }

    fn subject_and_predicate(&mut self, auxiliary: Option<Auxiliary>) -> (Subject, Predicate) {
        // "Must be red" guesses rather than obliges.
        if matches!(auxiliary, None | Some(Auxiliary::Will)) && self.chance(22) {
            return self.being();
        }
        let frame = [Frame::Intransitive, Frame::Accusative, Frame::Dative, Frame::Ditransitive];
        let frame = frame[self.weighted(&[25, 50, 10, 15])];
        let verb = self.verb(&[frame], matches!(auxiliary, Some(Auxiliary::Can | Auxiliary::Must)));
        let subject = self.subject(verb.subjects);
        let mut objects = Vec::new();
        if frame == Frame::Ditransitive {
            objects.push(self.phrase(&[Class::Person, Class::Animal], 20));
        }
        if frame != Frame::Intransitive {
            objects.push(self.phrase(verb.objects, 50));
        }
        (subject, Predicate::Do(verb, objects))
    }

    fn being(&mut self) -> (Subject, Predicate) {
        if self.chance(15) {
            let adjective = self.adjective(Class::Person);
            let pronoun = self.pronoun();
            return (Subject::Pronoun(pronoun), Predicate::Be(adjective));
        }
        let classes = [Class::Person, Class::Animal, Class::Food, Class::Text, Class::Thing, Class::Place];
        let class = self.pick(&classes);
        // "My red ball" is the only place where a thing shows its strong ending as subject: let it be seen.
        let mut phrase = self.known_phrase(&[class], 60);
        if phrase.determiner == Determiner::Definite && !matches!(class, Class::Person) && self.chance(50) {
            phrase.determiner = Determiner::My;
        }
        let adjective = self.adjective(class);
        let phrase =
            NounPhrase { adjective: phrase.adjective.filter(|said| said.goes_with(adjective)), ..phrase };
        (Subject::Noun(phrase), Predicate::Be(adjective))
    }
}

/// Under a negation a number could be what is denied, and a first object with "ein" could take the "kein".
fn make_negatable(predicate: &mut Predicate) {
    if let Predicate::Do(_, objects) = predicate {
        let last = objects.len().saturating_sub(1);
        for (index, object) in objects.iter_mut().enumerate() {
            if index < last || matches!(object.determiner, Determiner::Count(_)) {
                object.determiner = known(object.determiner);
            }
        }
    }
}
