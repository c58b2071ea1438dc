//! Lexicon of the little language: its words, with their forms in English and German.
//!
//! Every English word has one German word, so that a translation is never a matter of choice.

/// Grammatical gender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gender {
    Masculine,
    Feminine,
    Neuter,
}

/// Class of a noun: decides which verbs and adjectives go with it.
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
    /// The stem that takes endings; it differs from the word in "müde".
    pub(super) stem: &'static str,
    pub(super) of: &'static [Class],
}

/// Adjectives that cannot both be said of one thing.
const OPPOSITES: [(&str, &str); 4] = [("old", "young"), ("old", "new"), ("small", "big"), ("red", "black")];

impl Adjective {
    /// True if "the A noun is B" makes sense.
    pub(super) fn goes_with(&self, other: &Adjective) -> bool {
        let pair = (self.english, other.english);
        self != other && !OPPOSITES.iter().any(|&(one, two)| pair == (one, two) || pair == (two, one))
    }
}

/// Frame of a verb: the complements that it needs beside its subject.
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
    /// Nothing, or a direction: run.
    Motion,
}

/// A verb with its forms, its frame and the classes of its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verb {
    /// Plain form, third person singular, simple past, past participle.
    pub(super) english: [&'static str; 4],
    /// Infinitive, which is the plural too; third person singular; the same two of the simple past
    /// (Präteritum); past participle.
    pub(super) german: [&'static str; 5],
    pub(super) frame: Frame,
    /// True if the verb is an action, which goes with "can" and "must", and can be in the passive; "know" is none.
    pub(super) action: bool,
    /// The classes of its subject.
    pub(super) subjects: &'static [Class],
    /// The classes of its last object.
    pub(super) objects: &'static [Class],
}

use Class::{Animal, Food, Person, Place, Text, Thing};
use Frame::{Accusative, Clausal, Dative, Ditransitive, Intransitive, Motion};
use Gender::{Feminine, Masculine, Neuter};

const fn noun(
    english: [&'static str; 2],
    gender: Gender,
    [nominative, oblique, plural, dative_plural]: [&'static str; 4],
    class: Class,
) -> Noun {
    Noun { english, gender, nominative, oblique, plural, dative_plural, class }
}

/// Number of nouns in the corpus of [`agreement`](super::agreement): its sentences stay the same when others are
/// added behind them.
pub(super) const AGREEMENT_NOUNS: usize = 30;

#[rustfmt::skip]
pub(super) static NOUNS: [Noun; 33] = [
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
    noun(["mouse", "mice"], Feminine, ["Maus", "Maus", "Mäuse", "Mäusen"], Animal),
    noun(["student", "students"], Masculine, ["Student", "Studenten", "Studenten", "Studenten"], Person),
    noun(["mat", "mats"], Feminine, ["Matte", "Matte", "Matten", "Matten"], Thing),
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
    english: [&'static str; 4],
    german: [&'static str; 5],
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

/// Number of verbs in the corpus of [`agreement`](super::agreement).
pub(super) const AGREEMENT_VERBS: usize = 22;

#[rustfmt::skip]
pub(super) static VERBS: [Verb; 32] = [
    verb(["sleep", "sleeps", "slept", "slept"], ["schlafen", "schläft", "schliefen", "schlief", "geschlafen"], Intransitive, LIVING, &[]),
    verb(["wait", "waits", "waited", "waited"], ["warten", "wartet", "warteten", "wartete", "gewartet"], Intransitive, LIVING, &[]),
    verb(["play", "plays", "played", "played"], ["spielen", "spielt", "spielten", "spielte", "gespielt"], Intransitive, LIVING, &[]),
    verb(["laugh", "laughs", "laughed", "laughed"], ["lachen", "lacht", "lachten", "lachte", "gelacht"], Intransitive, PEOPLE, &[]),
    verb(["sing", "sings", "sang", "sung"], ["singen", "singt", "sangen", "sang", "gesungen"], Intransitive, PEOPLE, &[]),
    verb(["dance", "dances", "danced", "danced"], ["tanzen", "tanzt", "tanzten", "tanzte", "getanzt"], Intransitive, PEOPLE, &[]),
    verb(["work", "works", "worked", "worked"], ["arbeiten", "arbeitet", "arbeiteten", "arbeitete", "gearbeitet"], Intransitive, PEOPLE, &[]),
    verb(["see", "sees", "saw", "seen"], ["sehen", "sieht", "sahen", "sah", "gesehen"], Accusative, LIVING, &[Person, Animal, Food, Text, Thing, Place]),
    verb(["find", "finds", "found", "found"], ["finden", "findet", "fanden", "fand", "gefunden"], Accusative, LIVING, &[Person, Animal, Food, Text, Thing]),
    state(verb(["need", "needs", "needed", "needed"], ["brauchen", "braucht", "brauchten", "brauchte", "gebraucht"], Accusative, LIVING, &[Person, Animal, Food, Text, Thing])),
    state(verb(["love", "loves", "loved", "loved"], ["lieben", "liebt", "liebten", "liebte", "geliebt"], Accusative, LIVING, &[Person, Animal])),
    verb(["eat", "eats", "ate", "eaten"], ["essen", "isst", "aßen", "aß", "gegessen"], Accusative, LIVING, &[Food]),
    verb(["read", "reads", "read", "read"], ["lesen", "liest", "lasen", "las", "gelesen"], Accusative, PEOPLE, &[Text]),
    verb(["buy", "buys", "bought", "bought"], ["kaufen", "kauft", "kauften", "kaufte", "gekauft"], Accusative, PEOPLE, &[Animal, Food, Text, Thing]),
    verb(["draw", "draws", "drew", "drawn"], ["zeichnen", "zeichnet", "zeichneten", "zeichnete", "gezeichnet"], Accusative, PEOPLE, &[Person, Animal, Food, Thing, Place]),
    verb(["carry", "carries", "carried", "carried"], ["tragen", "trägt", "trugen", "trug", "getragen"], Accusative, PEOPLE, &[Food, Text, Thing]),
    state(verb(["know", "knows", "knew", "known"], ["kennen", "kennt", "kannten", "kannte", "gekannt"], Accusative, PEOPLE, &[Person, Animal, Text, Place])),
    verb(["help", "helps", "helped", "helped"], ["helfen", "hilft", "halfen", "half", "geholfen"], Dative, PEOPLE, &[Person, Animal]),
    verb(["give", "gives", "gave", "given"], ["geben", "gibt", "gaben", "gab", "gegeben"], Ditransitive, PEOPLE, &[Food, Text, Thing]),
    verb(["show", "shows", "showed", "shown"], ["zeigen", "zeigt", "zeigten", "zeigte", "gezeigt"], Ditransitive, PEOPLE, &[Animal, Text, Thing, Place]),
    verb(["say", "says", "said", "said"], ["sagen", "sagt", "sagten", "sagte", "gesagt"], Clausal, PEOPLE, &[]),
    verb(["believe", "believes", "believed", "believed"], ["glauben", "glaubt", "glaubten", "glaubte", "geglaubt"], Clausal, PEOPLE, &[]),
    verb(["chase", "chases", "chased", "chased"], ["jagen", "jagt", "jagten", "jagte", "gejagt"], Accusative, LIVING, &[Person, Animal]),
    verb(["hear", "hears", "heard", "heard"], ["hören", "hört", "hörten", "hörte", "gehört"], Accusative, LIVING, &[Person, Animal]),
    verb(["catch", "catches", "caught", "caught"], ["fangen", "fängt", "fingen", "fing", "gefangen"], Accusative, LIVING, &[Animal]),
    verb(["write", "writes", "wrote", "written"], ["schreiben", "schreibt", "schrieben", "schrieb", "geschrieben"], Accusative, PEOPLE, &[Text]),
    verb(["follow", "follows", "followed", "followed"], ["folgen", "folgt", "folgten", "folgte", "gefolgt"], Dative, LIVING, &[Person, Animal]),
    verb(["sit", "sits", "sat", "sat"], ["sitzen", "sitzt", "saßen", "saß", "gesessen"], Intransitive, LIVING, &[]),
    verb(["run", "runs", "ran", "run"], ["rennen", "rennt", "rannten", "rannte", "gerannt"], Motion, LIVING, &[]),
    verb(["walk", "walks", "walked", "walked"], ["laufen", "läuft", "liefen", "lief", "gelaufen"], Motion, LIVING, &[]),
    verb(["jump", "jumps", "jumped", "jumped"], ["springen", "springt", "sprangen", "sprang", "gesprungen"], Motion, LIVING, &[]),
    verb(["go", "goes", "went", "gone"], ["gehen", "geht", "gingen", "ging", "gegangen"], Motion, LIVING, &[]),
];

/// Numbers that stand before a plural.
pub(super) const COUNTS: [(&str, &str); 4] =
    [("two", "zwei"), ("three", "drei"), ("four", "vier"), ("five", "fünf")];
