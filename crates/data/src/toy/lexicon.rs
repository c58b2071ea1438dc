//! The words of the little language, with their forms in English and German.
//!
//! Every English word has one German word, so that a translation is never a matter of choice.

/// Grammatical gender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gender {
    Masculine,
    Feminine,
    Neuter,
}

/// What a noun names: decides which verbs and adjectives go with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Person,
    Animal,
    Food,
    Text,
    Thing,
    Place,
}

/// A noun. Its German singular may have another form outside the nominative (the weak nouns: der Junge, den
/// Jungen), its plural another in the dative (die Hunde, den Hunden).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Noun {
    pub(super) english: [&'static str; 2],
    pub(super) gender: Gender,
    pub(super) nominative: &'static str,
    pub(super) oblique: &'static str,
    pub(super) plural: &'static str,
    pub(super) dative_plural: &'static str,
    pub(super) class: Class,
}

/// An adjective, by its German stem, and the classes that it is said of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Adjective {
    pub(super) english: &'static str,
    pub(super) german: &'static str,
    /// What endings are put to; it differs from the word in "müde".
    pub(super) stem: &'static str,
    pub(super) of: &'static [Class],
}

/// Adjectives that cannot both be said of one thing.
const OPPOSITES: [(&str, &str); 4] = [("old", "young"), ("old", "new"), ("small", "big"), ("red", "black")];

impl Adjective {
    /// Whether "the A noun is B" says something that can be so.
    pub(super) fn goes_with(&self, other: &Adjective) -> bool {
        let pair = (self.english, other.english);
        self != other && !OPPOSITES.iter().any(|&(one, two)| pair == (one, two) || pair == (two, one))
    }
}

/// What a verb asks for beside its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// Nothing: sleep.
    Intransitive,
    /// An object in the accusative: see.
    Accusative,
    /// An object in the dative: help.
    Dative,
    /// Someone in the dative, then something in the accusative: give.
    Ditransitive,
    /// A clause with "that": say.
    Clausal,
}

/// A verb: its plain form and its third person singular in both languages. The German plural equals the
/// infinitive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verb {
    pub(super) english: [&'static str; 2],
    pub(super) german: [&'static str; 2],
    pub(super) frame: Frame,
    /// Whether it says what someone does, and so goes with "can" and "must"; "know" does not.
    pub(super) action: bool,
    /// The classes of its subject.
    pub(super) subjects: &'static [Class],
    /// The classes of its last object.
    pub(super) objects: &'static [Class],
}

use Class::{Animal, Food, Person, Place, Text, Thing};
use Frame::{Accusative, Clausal, Dative, Ditransitive, Intransitive};
use Gender::{Feminine, Masculine, Neuter};

const fn noun(
    english: [&'static str; 2],
    gender: Gender,
    [nominative, oblique, plural, dative_plural]: [&'static str; 4],
    class: Class,
) -> Noun {
    Noun { english, gender, nominative, oblique, plural, dative_plural, class }
}

#[rustfmt::skip]
pub(super) static NOUNS: [Noun; 30] = [
    noun(["man", "men"], Masculine, ["Mann", "Mann", "Männer", "Männern"], Person),
    noun(["woman", "women"], Feminine, ["Frau", "Frau", "Frauen", "Frauen"], Person),
    noun(["child", "children"], Neuter, ["Kind", "Kind", "Kinder", "Kindern"], Person),
    noun(["girl", "girls"], Neuter, ["Mädchen", "Mädchen", "Mädchen", "Mädchen"], Person),
    noun(["boy", "boys"], Masculine, ["Junge", "Jungen", "Jungen", "Jungen"], Person),
    noun(["teacher", "teachers"], Masculine, ["Lehrer", "Lehrer", "Lehrer", "Lehrern"], Person),
    noun(["friend", "friends"], Masculine, ["Freund", "Freund", "Freunde", "Freunden"], Person),
    noun(["aunt", "aunts"], Feminine, ["Tante", "Tante", "Tanten", "Tanten"], Person),
    noun(["dog", "dogs"], Masculine, ["Hund", "Hund", "Hunde", "Hunden"], Animal),
    noun(["cat", "cats"], Feminine, ["Katze", "Katze", "Katzen", "Katzen"], Animal),
    noun(["horse", "horses"], Neuter, ["Pferd", "Pferd", "Pferde", "Pferden"], Animal),
    noun(["bird", "birds"], Masculine, ["Vogel", "Vogel", "Vögel", "Vögeln"], Animal),
    noun(["apple", "apples"], Masculine, ["Apfel", "Apfel", "Äpfel", "Äpfeln"], Food),
    noun(["pear", "pears"], Feminine, ["Birne", "Birne", "Birnen", "Birnen"], Food),
    noun(["egg", "eggs"], Neuter, ["Ei", "Ei", "Eier", "Eiern"], Food),
    noun(["book", "books"], Neuter, ["Buch", "Buch", "Bücher", "Büchern"], Text),
    noun(["letter", "letters"], Masculine, ["Brief", "Brief", "Briefe", "Briefen"], Text),
    noun(["newspaper", "newspapers"], Feminine, ["Zeitung", "Zeitung", "Zeitungen", "Zeitungen"], Text),
    noun(["ball", "balls"], Masculine, ["Ball", "Ball", "Bälle", "Bällen"], Thing),
    noun(["lamp", "lamps"], Feminine, ["Lampe", "Lampe", "Lampen", "Lampen"], Thing),
    noun(["car", "cars"], Neuter, ["Auto", "Auto", "Autos", "Autos"], Thing),
    noun(["bag", "bags"], Feminine, ["Tasche", "Tasche", "Taschen", "Taschen"], Thing),
    noun(["chair", "chairs"], Masculine, ["Stuhl", "Stuhl", "Stühle", "Stühlen"], Thing),
    noun(["picture", "pictures"], Neuter, ["Bild", "Bild", "Bilder", "Bildern"], Thing),
    noun(["garden", "gardens"], Masculine, ["Garten", "Garten", "Gärten", "Gärten"], Place),
    noun(["kitchen", "kitchens"], Feminine, ["Küche", "Küche", "Küchen", "Küchen"], Place),
    noun(["house", "houses"], Neuter, ["Haus", "Haus", "Häuser", "Häusern"], Place),
    noun(["school", "schools"], Feminine, ["Schule", "Schule", "Schulen", "Schulen"], Place),
    noun(["tree", "trees"], Masculine, ["Baum", "Baum", "Bäume", "Bäumen"], Place),
    noun(["table", "tables"], Masculine, ["Tisch", "Tisch", "Tische", "Tischen"], Place),
];

const fn adjective(
    english: &'static str,
    german: &'static str,
    stem: &'static str,
    of: &'static [Class],
) -> Adjective {
    Adjective { english, german, stem, of }
}

#[rustfmt::skip]
pub(super) static ADJECTIVES: [Adjective; 10] = [
    adjective("old", "alt", "alt", &[Person, Animal, Food, Text, Thing, Place]),
    adjective("young", "jung", "jung", &[Person, Animal]),
    adjective("small", "klein", "klein", &[Person, Animal, Food, Text, Thing, Place]),
    adjective("big", "groß", "groß", &[Person, Animal, Food, Text, Thing, Place]),
    adjective("happy", "glücklich", "glücklich", &[Person, Animal]),
    adjective("tired", "müde", "müd", &[Person, Animal]),
    adjective("red", "rot", "rot", &[Animal, Food, Thing]),
    adjective("new", "neu", "neu", &[Text, Thing, Place]),
    adjective("beautiful", "schön", "schön", &[Person, Animal, Text, Thing, Place]),
    adjective("black", "schwarz", "schwarz", &[Animal, Thing]),
];

const fn verb(
    english: [&'static str; 2],
    german: [&'static str; 2],
    frame: Frame,
    subjects: &'static [Class],
    objects: &'static [Class],
) -> Verb {
    Verb { english, german, frame, action: true, subjects, objects }
}

const fn state(verb: Verb) -> Verb {
    Verb { action: false, ..verb }
}

const PEOPLE: &[Class] = &[Person];
const LIVING: &[Class] = &[Person, Animal];

#[rustfmt::skip]
pub(super) static VERBS: [Verb; 22] = [
    verb(["sleep", "sleeps"], ["schlafen", "schläft"], Intransitive, LIVING, &[]),
    verb(["wait", "waits"], ["warten", "wartet"], Intransitive, LIVING, &[]),
    verb(["play", "plays"], ["spielen", "spielt"], Intransitive, LIVING, &[]),
    verb(["laugh", "laughs"], ["lachen", "lacht"], Intransitive, PEOPLE, &[]),
    verb(["sing", "sings"], ["singen", "singt"], Intransitive, PEOPLE, &[]),
    verb(["dance", "dances"], ["tanzen", "tanzt"], Intransitive, PEOPLE, &[]),
    verb(["work", "works"], ["arbeiten", "arbeitet"], Intransitive, PEOPLE, &[]),
    verb(["see", "sees"], ["sehen", "sieht"], Accusative, LIVING, &[Person, Animal, Food, Text, Thing, Place]),
    verb(["find", "finds"], ["finden", "findet"], Accusative, LIVING, &[Person, Animal, Food, Text, Thing]),
    state(verb(["need", "needs"], ["brauchen", "braucht"], Accusative, LIVING, &[Person, Animal, Food, Text, Thing])),
    state(verb(["love", "loves"], ["lieben", "liebt"], Accusative, LIVING, &[Person, Animal])),
    verb(["eat", "eats"], ["essen", "isst"], Accusative, LIVING, &[Food]),
    verb(["read", "reads"], ["lesen", "liest"], Accusative, PEOPLE, &[Text]),
    verb(["buy", "buys"], ["kaufen", "kauft"], Accusative, PEOPLE, &[Animal, Food, Text, Thing]),
    verb(["draw", "draws"], ["zeichnen", "zeichnet"], Accusative, PEOPLE, &[Person, Animal, Food, Thing, Place]),
    verb(["carry", "carries"], ["tragen", "trägt"], Accusative, PEOPLE, &[Food, Text, Thing]),
    state(verb(["know", "knows"], ["kennen", "kennt"], Accusative, PEOPLE, &[Person, Animal, Text, Place])),
    verb(["help", "helps"], ["helfen", "hilft"], Dative, PEOPLE, &[Person, Animal]),
    verb(["give", "gives"], ["geben", "gibt"], Ditransitive, PEOPLE, &[Food, Text, Thing]),
    verb(["show", "shows"], ["zeigen", "zeigt"], Ditransitive, PEOPLE, &[Animal, Text, Thing, Place]),
    verb(["say", "says"], ["sagen", "sagt"], Clausal, PEOPLE, &[]),
    verb(["believe", "believes"], ["glauben", "glaubt"], Clausal, PEOPLE, &[]),
];

/// Numbers that stand before a plural.
pub(super) const COUNTS: [(&str, &str); 4] =
    [("two", "zwei"), ("three", "drei"), ("four", "vier"), ("five", "fünf")];
