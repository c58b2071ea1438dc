//! Sentences checked by hand, and properties of the whole corpus.

use std::collections::{HashMap, HashSet};

use any2any_adapter::Seed;

use super::syntax::{QuestionWord, Sentence};
use super::testing::clause_of;
use super::{Pair, ToyEnDe, WORDS, grammar};

/// A sentence in the short notation: its kind, then its clauses.
fn sentence_of(kind: &str, text: &str) -> Sentence {
    let mut clauses = text.split(" // ").map(clause_of);
    let mut next = || clauses.next().expect("one more clause");
    match kind {
        "statement" => Sentence::Statement(next()),
        "time first" => Sentence::TimeFirst(next()),
        "question" => Sentence::Question(next()),
        "where" => Sentence::QuestionWord(QuestionWord::Where, next()),
        "when" => Sentence::QuestionWord(QuestionWord::When, next()),
        "why" => Sentence::QuestionWord(QuestionWord::Why, next()),
        "and" => Sentence::And(next(), next()),
        "because" => Sentence::Because(next(), next()),
        "if" => Sentence::If(next(), next()),
        "that" => Sentence::That(next(), next()),
        other => panic!("not a kind of sentence: {other}"),
    }
}

#[rustfmt::skip]
const CHECKED_BY_HAND: &[(&str, &str, &str, &str)] = &[
    // Cases, genders, agreement.
    ("statement", "the man | see | a dog", "The man sees a dog.", "Der Mann sieht einen Hund."),
    ("statement", "a dog | see | the man", "A dog sees the man.", "Ein Hund sieht den Mann."),
    ("statement", "the women | eat | two red apples", "The women eat two red apples.", "Die Frauen essen zwei rote Äpfel."),
    ("statement", "this old horse | need | my small friend", "This old horse needs my small friend.", "Dieses alte Pferd braucht meinen kleinen Freund."),
    ("statement", "the boys | know | the boy", "The boys know the boy.", "Die Jungen kennen den Jungen."),
    ("statement", "she | help | the old women", "She helps the old women.", "Sie hilft den alten Frauen."),
    ("statement", "they | help | a young girl", "They help a young girl.", "Sie helfen einem jungen Mädchen."),
    ("statement", "my aunt | give | the children | a new ball", "My aunt gives the children a new ball.", "Meine Tante gibt den Kindern einen neuen Ball."),
    ("statement", "we | show | my teacher | this letter", "We show my teacher this letter.", "Wir zeigen meinem Lehrer diesen Brief."),
    ("statement", "the cat and the dog | sleep", "The cat and the dog sleep.", "Die Katze und der Hund schlafen."),
    ("statement", "no man | sleep", "No man sleeps.", "Kein Mann schläft."),
    ("statement", "three tired men | wait", "Three tired men wait.", "Drei müde Männer warten."),
    ("statement", "he | carry | old chairs", "He carries old chairs.", "Er trägt alte Stühle."),
    // Being.
    ("statement", "the red lamp | be beautiful", "The red lamp is beautiful.", "Die rote Lampe ist schön."),
    ("statement", "these houses | be old", "These houses are old.", "Diese Häuser sind alt."),
    ("statement", "they | not be tired", "They are not tired.", "Sie sind nicht müde."),
    ("statement", "my horse | will be happy", "My horse will be happy.", "Mein Pferd wird glücklich sein."),
    // Places and times.
    ("statement", "the child | sleep | in the garden", "The child sleeps in the garden.", "Das Kind schläft im Garten."),
    ("statement", "the child | sleep | in the old house", "The child sleeps in the old house.", "Das Kind schläft im alten Haus."),
    ("statement", "the child | sleep | in the kitchen", "The child sleeps in the kitchen.", "Das Kind schläft in der Küche."),
    ("statement", "a bird | sing | under a big tree", "A bird sings under a big tree.", "Ein Vogel singt unter einem großen Baum."),
    ("statement", "she | play | with three small cats", "She plays with three small cats.", "Sie spielt mit drei kleinen Katzen."),
    ("statement", "we | read | the newspaper | behind this school", "We read the newspaper behind this school.", "Wir lesen die Zeitung hinter dieser Schule."),
    ("statement", "the girl | buy | an egg | today", "The girl buys an egg today.", "Das Mädchen kauft heute ein Ei."),
    ("statement", "he | draw | the house | beside my table | now", "He draws the house beside my table now.", "Er zeichnet jetzt das Haus neben meinem Tisch."),
    ("time first", "the girl | buy | an egg | today", "Today the girl buys an egg.", "Heute kauft das Mädchen ein Ei."),
    ("time first", "we | will help | the boy | tomorrow", "Tomorrow we will help the boy.", "Morgen werden wir dem Jungen helfen."),
    ("time first", "the teacher | not dance | now", "Now the teacher does not dance.", "Jetzt tanzt der Lehrer nicht."),
    // The sentence bracket.
    ("statement", "the man | will see | the dog", "The man will see the dog.", "Der Mann wird den Hund sehen."),
    ("statement", "the friends | can carry | the big table | in the garden", "The friends can carry the big table in the garden.", "Die Freunde können den großen Tisch im Garten tragen."),
    ("statement", "she | must work | today", "She must work today.", "Sie muss heute arbeiten."),
    // Negation.
    ("statement", "the man | not sleep", "The man does not sleep.", "Der Mann schläft nicht."),
    ("statement", "the man | not see | a dog", "The man does not see a dog.", "Der Mann sieht keinen Hund."),
    ("statement", "the men | not see | old dogs", "The men do not see old dogs.", "Die Männer sehen keine alten Hunde."),
    ("statement", "the man | not see | the dog", "The man does not see the dog.", "Der Mann sieht den Hund nicht."),
    ("statement", "he | not help | a child", "He does not help a child.", "Er hilft keinem Kind."),
    ("statement", "he | not read | the book | in the garden | today", "He does not read the book in the garden today.", "Er liest heute das Buch nicht im Garten."),
    ("statement", "she | can not find | my bag", "She cannot find my bag.", "Sie kann meine Tasche nicht finden."),
    ("statement", "we | will not give | the aunt | a picture", "We will not give the aunt a picture.", "Wir werden der Tante kein Bild geben."),
    // Questions.
    ("question", "the woman | read | the letter", "Does the woman read the letter?", "Liest die Frau den Brief?"),
    ("question", "they | can not sing", "Can they not sing?", "Können sie nicht singen?"),
    ("question", "the car | be new", "Is the car new?", "Ist das Auto neu?"),
    ("question", "the boy | will eat | what | tomorrow", "What will the boy eat tomorrow?", "Was wird der Junge morgen essen?"),
    ("question", "my friends | buy | what", "What do my friends buy?", "Was kaufen meine Freunde?"),
    ("question", "who | love | this cat", "Who loves this cat?", "Wer liebt diese Katze?"),
    ("question", "who | must wait | beside the tree", "Who must wait beside the tree?", "Wer muss neben dem Baum warten?"),
    ("where", "the dogs | sleep", "Where do the dogs sleep?", "Wo schlafen die Hunde?"),
    ("when", "she | will dance", "When will she dance?", "Wann wird sie tanzen?"),
    ("why", "the child | not laugh", "Why does the child not laugh?", "Warum lacht das Kind nicht?"),
    // Two clauses.
    ("and", "he | sing // she | dance", "He sings and she dances.", "Er singt und sie tanzt."),
    ("because", "the child | laugh // the dog | find | the ball", "The child laughs because the dog finds the ball.", "Das Kind lacht, weil der Hund den Ball findet."),
    ("because", "we | wait // she | will buy | a pear", "We wait because she will buy a pear.", "Wir warten, weil sie eine Birne kaufen wird."),
    ("because", "he | sing // he | be happy", "He sings because he is happy.", "Er singt, weil er glücklich ist."),
    ("if", "the dog | sleep // the cat | play", "If the dog sleeps, the cat plays.", "Wenn der Hund schläft, spielt die Katze."),
    ("if", "they | not work // we | can not buy | apples", "If they do not work, we cannot buy apples.", "Wenn sie nicht arbeiten, können wir keine Äpfel kaufen."),
    ("that", "the teacher | say // the girl | draw | a bird", "The teacher says that the girl draws a bird.", "Der Lehrer sagt, dass das Mädchen einen Vogel zeichnet."),
    ("that", "they | not believe // he | can not see | the lamp", "They do not believe that he cannot see the lamp.", "Sie glauben nicht, dass er die Lampe nicht sehen kann."),
];

#[test]
fn sentences_checked_by_hand() {
    for (kind, text, english, german) in CHECKED_BY_HAND {
        let pair = Pair::of(&sentence_of(kind, text));
        assert_eq!((pair.english.as_str(), pair.german.as_str()), (*english, *german));
    }
}

#[test]
fn the_english_decides_the_german() {
    let mut random = Seed(9).random("test", 0);
    let mut known: HashMap<String, String> = HashMap::new();
    for _ in 0..100_000 {
        let pair = Pair::of(&grammar::sentence(&mut random));
        if let Some(german) = known.get(&pair.english) {
            assert_eq!(german, &pair.german, "{}", pair.english);
        }
        known.insert(pair.english, pair.german);
    }
}

#[test]
fn the_corpus_is_what_it_says() {
    let corpus = ToyEnDe { pairs: 20_000, seed: 1 }.generate().expect("generated");
    assert_eq!([corpus.train.len(), corpus.validation.len(), corpus.test.len()], [20_000, 500, 1000]);
    let all = || [&corpus.train, &corpus.validation, &corpus.test].into_iter().flatten();
    let distinct: HashSet<&str> = all().map(|pair| pair.english.as_str()).collect();
    assert_eq!(distinct.len(), 21_500);
    for pair in all() {
        for text in [&pair.english, &pair.german] {
            assert!(WORDS.contains(&text.split(' ').count()) && !text.contains("  "), "{text}");
            assert!(text.ends_with(['.', '?']) && text.starts_with(char::is_uppercase), "{text}");
        }
    }
    for side in
        [(|pair: &Pair| pair.english.clone()) as fn(&Pair) -> String, |pair: &Pair| pair.german.clone()]
    {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for pair in &corpus.train {
            for word in side(pair).split([' ', '.', ',', '?']).filter(|word| !word.is_empty()) {
                *counts.entry(word.to_owned()).or_default() += 1;
            }
        }
        let folded: HashSet<String> = counts.keys().map(|word| word.to_lowercase()).collect();
        assert!((150..=250).contains(&folded.len()), "{} word forms", folded.len());
        for pair in corpus.test.iter().chain(&corpus.validation) {
            for word in side(pair).split([' ', '.', ',', '?']).filter(|word| !word.is_empty()) {
                assert!(
                    counts.get(word).is_some_and(|&count| count >= 5),
                    "'{word}' is rare: {}",
                    pair.english
                );
            }
        }
    }
}

#[test]
fn the_seed_decides_and_the_number_of_pairs_does_not() {
    let generate = |pairs, seed| ToyEnDe { pairs, seed }.generate().expect("generated");
    let small = generate(100, 1);
    assert_eq!(small, generate(100, 1));
    let large = generate(3000, 1);
    assert_eq!((&small.test, &small.validation), (&large.test, &large.validation));
    assert_eq!(small.train, large.train[..100]);
    assert_ne!(small.test, generate(100, 2).test);
    for pairs in [0, usize::MAX] {
        let error = ToyEnDe { pairs, seed: 1 }.generate().expect_err("refused").to_string();
        assert!(error.contains("pairs must be from 1 to 500,000"), "{error}");
    }
}
