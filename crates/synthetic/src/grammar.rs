//! Random grammar: draws the structure of sentences.
//!
//! The sentences make sense well enough to be read: verbs choose their subjects and objects, adjectives their nouns.
//! A sentence with two German spellings, or with two English meanings, is not drawn.

use any2any_adapter::Random;

use super::lexicon::{Class, Frame, VERBS, Verb};
use super::phrases::{Drawing, is_known, known, make_known};
use super::syntax::{
    Auxiliary, Clause, Determiner, NounPhrase, Number, Predicate, Pronoun, QuestionWord, Sentence, Subject,
    Tense,
};

/// Draws one sentence.
pub(super) fn sentence(random: &mut Random) -> Sentence {
    let mut draw = Drawing { random, used: Vec::new() };
    match draw.weighted(&[38, 12, 11, 10, 6, 5, 4, 7, 4, 7]) {
        0 => Sentence::Statement(draw.full()),
        1 => draw.time_first(),
        2 => Sentence::Question(draw.question()),
        3 => draw.question_word(),
        4 => Sentence::Question(draw.what()),
        5 => Sentence::Question(draw.who()),
        6 => Sentence::And(draw.simple(), draw.simple()),
        7 => Sentence::Because(draw.simple(), draw.simple()),
        8 => Sentence::If(draw.present(), draw.not_past()),
        _ => Sentence::That(draw.speaker(), draw.simple()),
    }
}

impl Drawing<'_> {
    /// A clause with everything.
    fn clause(&mut self) -> Clause {
        let auxiliary = match self.weighted(&[66, 16, 10, 8]) {
            0 => None,
            1 => Some(Auxiliary::Will),
            2 => Some(Auxiliary::Can),
            _ => Some(Auxiliary::Must),
        };
        let (subject, mut predicate) = self.subject_and_predicate(auxiliary);
        // "Must not" is not "nicht müssen", and "no one does not" is too much for anyone.
        let may_negate = auxiliary != Some(Auxiliary::Must) && is_known(&subject);
        let negated = may_negate && self.chance(22);
        if negated {
            make_negatable(&mut predicate);
        }
        let tense = if auxiliary.is_none() && self.chance(45) { Tense::Past } else { Tense::Present };
        let place = self.place(&predicate);
        let time = self.chance(20).then(|| self.time(auxiliary, tense, negated, &predicate));
        let (about_subject, about_last) = (None, None);
        let mut clause =
            Clause { subject, about_subject, auxiliary, tense, negated, predicate, place, time, about_last };
        if looks_present(&clause) {
            clause.tense = Tense::Present;
            clause.time = None;
        }
        clause
    }

    /// A clause, perhaps with relative clauses.
    fn full(&mut self) -> Clause {
        let mut clause = self.clause();
        self.say_more(&mut clause, 28);
        clause
    }

    /// A clause without time, and mostly without place: part of a longer sentence.
    fn simple(&mut self) -> Clause {
        let mut clause = Clause { time: None, ..self.clause() };
        if self.chance(80) {
            clause.place = None;
        }
        self.say_more(&mut clause, 10);
        clause
    }

    fn present(&mut self) -> Clause {
        Clause { auxiliary: None, ..self.not_past() }
    }

    fn not_past(&mut self) -> Clause {
        Clause { tense: Tense::Present, ..self.simple() }
    }

    fn time_first(&mut self) -> Sentence {
        let mut clause = self.full();
        if clause.time.is_none() {
            clause.time = Some(self.time(clause.auxiliary, clause.tense, clause.negated, &clause.predicate));
        }
        Sentence::TimeFirst(clause)
    }

    fn question(&mut self) -> Clause {
        let mut clause = self.full();
        make_known(&mut clause.subject);
        // "Does the cat that sleeps not play?" asks much of its reader.
        if clause.negated {
            clause.about_subject = None;
        }
        clause
    }

    fn question_word(&mut self) -> Sentence {
        let mut clause = self.question();
        let words = [QuestionWord::Why, QuestionWord::When, QuestionWord::Where];
        // Nobody asks where something is red, and where one runs could be "wo" or "wohin".
        let word = match clause.predicate {
            Predicate::Be(_) => QuestionWord::Why,
            Predicate::Do(verb, _) if verb.frame == Frame::Motion => self.pick(&words[..2]),
            _ => self.pick(&words),
        };
        clause.negated &= word == QuestionWord::Why;
        match word {
            QuestionWord::Where => {
                clause.place = None;
                clause.about_last = None;
            }
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
                clause.about_last = None;
                return clause;
            }
            self.used.clear();
        }
    }

    fn who(&mut self) -> Clause {
        let clause = self.full();
        Clause { subject: Subject::Who, about_subject: None, negated: false, ..clause }
    }

    fn speaker(&mut self) -> Clause {
        let verb = self.verb(&[Frame::Clausal], false);
        let mut subject = self.subject(verb.subjects);
        make_known(&mut subject);
        let negated = self.chance(15);
        let tense = if self.chance(40) { Tense::Past } else { Tense::Present };
        Clause { tense, negated, ..Clause::of(subject, Predicate::Do(verb, Vec::new())) }
    }

    fn subject_and_predicate(&mut self, auxiliary: Option<Auxiliary>) -> (Subject, Predicate) {
        // "Must be red" guesses rather than obliges.
        if matches!(auxiliary, None | Some(Auxiliary::Will)) && self.chance(18) {
            return self.being();
        }
        if self.chance(18) {
            return self.passive();
        }
        let action = matches!(auxiliary, Some(Auxiliary::Can | Auxiliary::Must));
        let frames =
            [Frame::Intransitive, Frame::Accusative, Frame::Dative, Frame::Ditransitive, Frame::Motion];
        let frame = frames[self.weighted(&[20, 44, 10, 12, 14])];
        let verb = self.verb(&[frame], action);
        let subject = self.subject(verb.subjects);
        (subject, self.doing(verb))
    }

    /// A verb with its objects.
    pub(super) fn doing(&mut self, verb: &'static Verb) -> Predicate {
        let mut objects = Vec::new();
        if verb.frame == Frame::Ditransitive {
            objects.push(self.phrase(&[Class::Person, Class::Animal], 20));
        }
        if matches!(verb.frame, Frame::Accusative | Frame::Dative | Frame::Ditransitive) {
            objects.push(self.phrase(verb.objects, 50));
        }
        Predicate::Do(verb, objects)
    }

    fn passive(&mut self) -> (Subject, Predicate) {
        let verb = self.verb_that(has_passive).unwrap_or(&VERBS[0]);
        let mut subject = self.subject(verb.objects);
        if let (Subject::Pronoun(pronoun), false) = (&mut subject, verb.objects.contains(&Class::Person)) {
            *pronoun = Pronoun::They;
        }
        (subject, self.undergoing(verb))
    }

    /// A verb in the passive, mostly with those who do it.
    pub(super) fn undergoing(&mut self, verb: &'static Verb) -> Predicate {
        let agent = self.chance(70).then(|| self.phrase(verb.subjects, 30));
        Predicate::Passive(verb, agent)
    }

    fn being(&mut self) -> (Subject, Predicate) {
        if self.chance(15) {
            let adjective = self.adjective(Class::Person);
            let pronoun = self.pronoun();
            return (Subject::Pronoun(pronoun), Predicate::Be(adjective));
        }
        let classes = [Class::Person, Class::Animal, Class::Food, Class::Text, Class::Thing, Class::Place];
        let class = self.pick(&classes);
        // "My red ball" is the only place where a thing has its strong ending as subject: it is made frequent.
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

/// True if a verb is said in the passive.
pub(super) fn has_passive(verb: &Verb) -> bool {
    verb.frame == Frame::Accusative && (verb.action || verb.english[0] == "love")
}

/// True if a past cannot be told from the present: "they read".
pub(super) fn looks_present(clause: &Clause) -> bool {
    let same = matches!(
        &clause.predicate,
        Predicate::Do(verb, _) | Predicate::DoWhat(verb) if verb.english[0] == verb.english[2]
    );
    same && clause.tense == Tense::Past && clause.subject.number() == Number::Plural && !clause.negated
}

/// Makes a predicate fit for a negation: a number could be denied, and a first object with "ein" could take the
/// "kein".
pub(super) fn make_negatable(predicate: &mut Predicate) {
    if let Predicate::Do(_, objects) = predicate {
        let last = objects.len().saturating_sub(1);
        for (index, object) in objects.iter_mut().enumerate() {
            if index < last || matches!(object.determiner, Determiner::Count(_)) {
                object.determiner = known(object.determiner);
            }
        }
    }
}
