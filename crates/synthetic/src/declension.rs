//! German noun phrases: articles and adjectives agree with the noun in gender, number and case.
//!
//! | before the adjective | declension | for instance |
//! | --- | --- | --- |
//! | der, dieser | weak | der alte Mann, den alten Mann, die alten Männer |
//! | ein, mein, kein | mixed | ein alter Mann, ein altes Haus, meine alten Häuser |
//! | nothing, a number | strong | alte Männer, mit drei alten Männern |

use super::lexicon::{COUNTS, Gender, Noun};
use super::syntax::{Determiner, NounPhrase, Number};

/// The cases that occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Nominative,
    Accusative,
    Dative,
}

use Case::{Accusative, Dative, Nominative};
use Gender::{Feminine, Masculine, Neuter};

/// Gender in the singular; the plural has none.
type Agreement = Option<Gender>;

pub(super) fn noun_phrase(phrase: &NounPhrase, case: Case) -> String {
    let agreement = (phrase.number == Number::Singular).then_some(phrase.noun.gender);
    let mut words = vec![determiner(phrase.determiner, agreement, case)];
    if let Some(adjective) = phrase.adjective {
        words.push(format!("{}{}", adjective.stem, ending(phrase.determiner, agreement, case)));
    }
    let noun = match (phrase.number, case) {
        (Number::Singular, Nominative) => phrase.noun.nominative,
        (Number::Singular, _) => phrase.noun.oblique,
        (Number::Plural, Dative) => phrase.noun.dative_plural,
        (Number::Plural, _) => phrase.noun.plural,
    };
    words.push(noun.to_owned());
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

fn determiner(determiner: Determiner, agreement: Agreement, case: Case) -> String {
    match determiner {
        Determiner::Definite => definite(agreement, case).to_owned(),
        Determiner::This => format!("dies{}", strong(agreement, case)),
        Determiner::Indefinite if agreement.is_none() => String::new(),
        Determiner::Indefinite => format!("ein{}", after_ein(agreement, case)),
        Determiner::My => format!("mein{}", after_ein(agreement, case)),
        Determiner::No => format!("kein{}", after_ein(agreement, case)),
        Determiner::Count(count) => COUNTS[count].1.to_owned(),
    }
}

/// The pronoun of a relative clause about a noun: as the article, but for the dative plural.
pub(super) fn relative_pronoun(noun: &Noun, number: Number, case: Case) -> &'static str {
    match ((number == Number::Singular).then_some(noun.gender), case) {
        (None, Dative) => "denen",
        (agreement, case) => definite(agreement, case),
    }
}

fn definite(agreement: Agreement, case: Case) -> &'static str {
    match (agreement, case) {
        (Some(Masculine), Nominative) | (Some(Feminine), Dative) => "der",
        (Some(Masculine), Accusative) | (None, Dative) => "den",
        (Some(Masculine | Neuter), Dative) => "dem",
        (Some(Neuter), _) => "das",
        (Some(Feminine) | None, _) => "die",
    }
}

/// The strong endings: of "dieser", and of an adjective that stands alone.
fn strong(agreement: Agreement, case: Case) -> &'static str {
    match (agreement, case) {
        (Some(Masculine), Nominative) | (Some(Feminine), Dative) => "er",
        (Some(Masculine), Accusative) | (None, Dative) => "en",
        (Some(Masculine | Neuter), Dative) => "em",
        (Some(Neuter), _) => "es",
        (Some(Feminine) | None, _) => "e",
    }
}

/// The mixed endings, of "ein", "mein" and "kein": as of "dieser", but for three places that have none.
fn after_ein(agreement: Agreement, case: Case) -> &'static str {
    match (agreement, case) {
        (Some(Masculine), Nominative) | (Some(Neuter), Nominative | Accusative) => "",
        _ => strong(agreement, case),
    }
}

/// The ending of an adjective, which marks the case that the determiner does not.
fn ending(determiner: Determiner, agreement: Agreement, case: Case) -> &'static str {
    let bare = match determiner {
        Determiner::Definite | Determiner::This => false,
        Determiner::Count(_) => true,
        Determiner::Indefinite if agreement.is_none() => true,
        Determiner::Indefinite | Determiner::My | Determiner::No => after_ein(agreement, case).is_empty(),
    };
    if bare { strong(agreement, case) } else { weak(agreement, case) }
}

fn weak(agreement: Agreement, case: Case) -> &'static str {
    match (agreement, case) {
        (Some(_), Nominative) | (Some(Feminine | Neuter), Accusative) => "e",
        _ => "en",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noun_phrase_of;

    #[test]
    fn declension_tables() {
        // English, then nominative, accusative and dative. Checked by hand against the tables of a grammar.
        let cases = [
            ("the old man", ["der alte Mann", "den alten Mann", "dem alten Mann"]),
            ("the old woman", ["die alte Frau", "die alte Frau", "der alten Frau"]),
            ("the old child", ["das alte Kind", "das alte Kind", "dem alten Kind"]),
            ("the old men", ["die alten Männer", "die alten Männer", "den alten Männern"]),
            ("this new chair", ["dieser neue Stuhl", "diesen neuen Stuhl", "diesem neuen Stuhl"]),
            ("this new lamp", ["diese neue Lampe", "diese neue Lampe", "dieser neuen Lampe"]),
            ("this new book", ["dieses neue Buch", "dieses neue Buch", "diesem neuen Buch"]),
            ("these new books", ["diese neuen Bücher", "diese neuen Bücher", "diesen neuen Büchern"]),
            ("a big tree", ["ein großer Baum", "einen großen Baum", "einem großen Baum"]),
            ("a big school", ["eine große Schule", "eine große Schule", "einer großen Schule"]),
            ("a big house", ["ein großes Haus", "ein großes Haus", "einem großen Haus"]),
            ("big houses", ["große Häuser", "große Häuser", "großen Häusern"]),
            ("my tired friend", ["mein müder Freund", "meinen müden Freund", "meinem müden Freund"]),
            ("my tired aunt", ["meine müde Tante", "meine müde Tante", "meiner müden Tante"]),
            ("my tired girl", ["mein müdes Mädchen", "mein müdes Mädchen", "meinem müden Mädchen"]),
            ("my tired friends", ["meine müden Freunde", "meine müden Freunde", "meinen müden Freunden"]),
            ("no black dog", ["kein schwarzer Hund", "keinen schwarzen Hund", "keinem schwarzen Hund"]),
            (
                "no black cats",
                ["keine schwarzen Katzen", "keine schwarzen Katzen", "keinen schwarzen Katzen"],
            ),
            ("three red apples", ["drei rote Äpfel", "drei rote Äpfel", "drei roten Äpfeln"]),
            ("the boy", ["der Junge", "den Jungen", "dem Jungen"]),
            ("the boys", ["die Jungen", "die Jungen", "den Jungen"]),
            ("an egg", ["ein Ei", "ein Ei", "einem Ei"]),
            ("a young student", ["ein junger Student", "einen jungen Studenten", "einem jungen Studenten"]),
            ("the mice", ["die Mäuse", "die Mäuse", "den Mäusen"]),
            ("this old mat", ["diese alte Matte", "diese alte Matte", "dieser alten Matte"]),
        ];
        for (english, expected) in cases {
            let found =
                [Nominative, Accusative, Dative].map(|case| noun_phrase(&noun_phrase_of(english), case));
            assert_eq!(found, expected, "{english}");
        }
    }

    #[test]
    fn relative_pronouns() {
        let cases = [
            ("the man", ["der", "den", "dem"]),
            ("the woman", ["die", "die", "der"]),
            ("the child", ["das", "das", "dem"]),
            ("the women", ["die", "die", "denen"]),
        ];
        for (english, expected) in cases {
            let phrase = noun_phrase_of(english);
            let found = [Nominative, Accusative, Dative]
                .map(|case| relative_pronoun(phrase.noun, phrase.number, case));
            assert_eq!(found, expected, "{english}");
        }
    }
}
