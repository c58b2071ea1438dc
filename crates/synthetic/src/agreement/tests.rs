//! The corpus, read again by a checker that knows the words, but nothing of how sentences are drawn.

use std::collections::HashSet;

use super::*;
use crate::lexicon::{ADJECTIVES, NOUNS, VERBS};

const PREPOSITIONS: [&str; 4] = ["behind", "beside", "near", "with"];

/// True if a word is the plural of a noun; `None` if it is no noun.
fn plural(word: &str) -> Option<bool> {
    let noun = |form: usize| NOUNS.iter().any(|noun| noun.english[form] == word);
    if noun(1) { Some(true) } else { noun(0).then_some(false) }
}

/// True if a word is a verb in the plural; `None` if it is no verb.
fn goes_with_plural(word: &str) -> Option<bool> {
    let verb = |form: usize| VERBS.iter().any(|verb| verb.english[form] == word);
    if verb(0) { Some(true) } else { verb(1).then_some(false) }
}

/// The parts of a statement, found by reading it from left to right.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    question: String,
    distance: usize,
    attractors: usize,
}

/// Parses a statement, or returns the reason why it is not grammatical.
fn read(statement: &str) -> Result<Reading, String> {
    let text = statement.to_lowercase();
    let words: Vec<&str> = text.strip_suffix('.').ok_or("no full stop")?.split(' ').collect();
    let verbs: Vec<usize> = (0..words.len()).filter(|&at| ["will", "must"].contains(&words[at])).collect();
    let [verb] = verbs[..] else { return Err(format!("{} main verbs", verbs.len())) };
    // A preposition at the start has a noun of its own; the next one is the subject.
    let nouns: Vec<usize> = (0..verb).filter(|&at| plural(words[at]).is_some()).collect();
    let subject = nouns[usize::from(PREPOSITIONS.contains(&words[0]))];
    let many = plural(words[subject]).ok_or("no subject")?;
    agreement(&words[subject + 1..verb], words[subject])?;

    let helper = match (words[verb + 1], many) {
        ("be", true) => "Are",
        ("be", false) => "Is",
        (_, true) => "Do",
        (_, false) => "Does",
    };
    let rest: Vec<&str> = words[verb + 1..].iter().copied().filter(|&word| word != "be").collect();
    let question = format!("{helper} {} {} {}?", words[subject - 1], words[subject], rest.join(" "));
    let between = nouns.iter().filter(|&&at| at > subject);
    let attractors = between.filter(|&&at| plural(words[at]) != Some(many)).count();
    Ok(Reading { question, distance: verb - subject - 1, attractors })
}

/// Checks that every verb of a relative clause agrees with its own subject, and none with the main one.
fn agreement(words: &[&str], subject: &str) -> Result<(), String> {
    // Nouns whose verb has not come yet, innermost last; and the noun that a clause would belong to.
    let (mut waiting, mut last, mut opened) = (Vec::new(), subject, false);
    for (at, &word) in words.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |before| words[before]);
        if let Some(many) = goes_with_plural(word) {
            let who = if before == "that" {
                opened = false;
                if last == subject { None } else { Some(last) }
            } else {
                waiting.pop()
            };
            let who = who.ok_or_else(|| format!("'{word}' has no subject of its own"))?;
            if plural(who) != Some(many) {
                return Err(format!("'{who} {word}'"));
            }
        } else if plural(word).is_some() {
            last = word;
            if std::mem::take(&mut opened) {
                waiting.push(word);
            }
        } else if word == "that" {
            opened = true;
        } else if ["this", "these"].contains(&word) {
            let noun = words[at..].iter().find_map(|word| plural(word));
            if noun != Some(word == "these") {
                return Err(format!("'{word}' at {at}"));
            }
        } else if !PREPOSITIONS.contains(&word)
            && !["the", "my", "and"].contains(&word)
            && !ADJECTIVES.iter().any(|adjective| adjective.english == word)
        {
            return Err(format!("'{word}' is unknown"));
        }
    }
    if waiting.is_empty() { Ok(()) } else { Err(format!("{waiting:?} have no verb")) }
}

#[test]
fn the_checker_knows_right_from_wrong() {
    let cases = [
        ("The cats beside the house must sleep.", Ok(("Do the cats sleep?", 3, 1))),
        ("Near houses my cat with dogs must see the bird.", Ok(("Does my cat see the bird?", 2, 1))),
        ("The lamp that the men near the dog love will be old.", Ok(("Is the lamp old?", 7, 1))),
        ("The lamps that the men love and that the boy sees will be old.", Ok(("Are the lamps old?", 9, 1))),
        ("The cats that sees the house must sleep.", Err("'sees' has no subject of its own")),
        ("The cats near the dogs that sees men must sleep.", Err("'dogs sees'")),
        ("The cats that the man near the dogs see must sleep.", Err("'man see'")),
        ("The cats near these dog must sleep.", Err("'these' at 1")),
        ("The cats that the man must sleep.", Err("[\"man\"] have no verb")),
        ("The cats must or will sleep.", Err("2 main verbs")),
    ];
    for (statement, expected) in cases {
        let expected = expected
            .map(|(question, distance, attractors)| Reading {
                question: question.to_owned(),
                distance,
                attractors,
            })
            .map_err(str::to_owned);
        assert_eq!(read(statement), expected, "{statement}");
    }
}

#[test]
fn questions_and_distances_are_right() {
    let corpus = Agreement { pairs: 6000, ..options() }.generate().expect("generated");
    let (mut plurals, mut attracted) = (0, 0);
    for example in corpus.iter().flatten() {
        let Example { statement, question, distance, attractors } = example;
        let reading = Reading { question: question.clone(), distance: *distance, attractors: *attractors };
        assert_eq!(read(statement), Ok(reading), "{statement}");
        plurals += usize::from(question.starts_with("Are ") || question.starts_with("Do "));
        attracted += usize::from(*attractors > 0);
    }
    let all: usize = corpus.iter().map(Vec::len).sum();
    assert!((45..=55).contains(&(100 * plurals / all)), "{plurals} of {all} are plural");
    assert!(100 * attracted / all > 90, "{attracted} of {all} have an attractor");
}

#[test]
fn distances_are_as_frequent_as_they_should_be() {
    let near = Distances { from: 2, to: 9, spread: Spread::Even };
    let far = Distances { from: 10, to: 120, spread: Spread::Even };
    let options = Agreement { pairs: 800, train_distances: near, test_distances: far, ..options() };
    let [train, validation, test] = options.generate().expect("generated");
    let counts = |examples: &[Example], distances: Distances| {
        let count = |distance| examples.iter().filter(|example| example.distance == distance).count();
        (distances.from..=distances.to).map(count).collect::<Vec<_>>()
    };
    assert_eq!(counts(&train, near), [100; 8]);
    assert!(counts(&validation, near).iter().all(|&count| count == 62 || count == 63));
    assert!(counts(&test, far).iter().all(|&count| count == 21 || count == 22));

    // 1/4 + 1/9 + ... + 1/3600 is 0.6284: what is due to 2 and to 20 words of 10,000 is 3,978 and 40.
    let falling = Distances { spread: Spread::Falling, ..Distances::default() };
    let count = |distance| (0..10_000).filter(|&sample| falling.of(sample) == distance).count();
    let [near, far] = [count(2), count(20)];
    assert!((3974..=3982).contains(&near) && (37..=43).contains(&far), "{near} {far}");
    assert_eq!((2..=60).map(count).sum::<usize>(), 10_000);
}

#[test]
fn no_split_knows_the_questions_of_another() {
    let [train, validation, test] = options().generate().expect("generated");
    assert_eq!([train.len(), validation.len(), test.len()], [3000, VALIDATION, TEST]);
    let mut statements = HashSet::new();
    assert!([&train, &validation, &test].into_iter().flatten().all(|one| statements.insert(&one.statement)));
    // A noun, singular or plural, with what is asked of it.
    let asked = |examples: &[Example]| -> HashSet<(String, String)> {
        let pair = |example: &Example| {
            let words: Vec<&str> = example.question.trim_end_matches('?').split(' ').collect();
            let noun = NOUNS.iter().find(|noun| noun.english.contains(&words[2])).expect("a noun");
            (noun.english[0].to_owned(), words[3].to_owned())
        };
        examples.iter().map(pair).collect()
    };
    let [train, validation, test] = [train, validation, test].map(|examples| asked(&examples));
    assert!(train.is_disjoint(&validation) && train.is_disjoint(&test) && validation.is_disjoint(&test));
    assert!(test.len() > 20, "{test:?}");
}

#[test]
fn the_seed_decides_and_the_number_of_pairs_does_not() {
    let generate = |pairs, seed| Agreement { pairs, seed, ..options() }.generate().expect("generated");
    let (small, large) = (generate(300, 1), generate(900, 1));
    assert_eq!(small, generate(300, 1));
    assert_eq!((&small[0][..], &small[1..]), (&large[0][..300], &large[1..]));
    assert_ne!(small[2], generate(300, 2)[2]);
    for pairs in [0, usize::MAX] {
        let error = Agreement { pairs, ..options() }.generate().expect_err("refused").to_string();
        assert!(error.contains("pairs must be from 1 to 500,000"), "{error}");
    }
}

fn options() -> Agreement {
    Agreement {
        pairs: 3000,
        seed: 1,
        train_distances: Distances::default(),
        test_distances: Distances::default(),
    }
}
