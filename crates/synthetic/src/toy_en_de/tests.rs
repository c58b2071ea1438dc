//! Sentences checked by hand, and properties of the whole corpus.

use std::collections::{HashMap, HashSet};

use any2any_adapter::Seed;

use super::{Pair, ToyEnDe, WORDS};
use crate::grammar;
use crate::held_out::{self, Split};
use crate::lexicon::{ADJECTIVES, NOUNS};
use crate::syntax::{QuestionWord, Sentence};
use crate::testing::clause_of;

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
    // The past: regular, strong and mixed verbs.
    ("statement", "the old man | past see | a small dog", "The old man saw a small dog.", "Der alte Mann sah einen kleinen Hund."),
    ("statement", "the women | past eat | two red apples | yesterday", "The women ate two red apples yesterday.", "Die Frauen aßen gestern zwei rote Äpfel."),
    ("statement", "she | past know | the student", "She knew the student.", "Sie kannte den Studenten."),
    ("statement", "he | past read | the letter", "He read the letter.", "Er las den Brief."),
    ("statement", "the mice | past be tired", "The mice were tired.", "Die Mäuse waren müde."),
    ("statement", "the house | not past be new", "The house was not new.", "Das Haus war nicht neu."),
    ("statement", "the cat | past sit | on the mat", "The cat sat on the mat.", "Die Katze saß auf der Matte."),
    ("statement", "the boy | not past catch | a bird", "The boy did not catch a bird.", "Der Junge fing keinen Vogel."),
    ("time first", "the student | past write | a letter | yesterday", "Yesterday the student wrote a letter.", "Gestern schrieb der Student einen Brief."),
    ("question", "the dogs | past chase | the cat", "Did the dogs chase the cat?", "Jagten die Hunde die Katze?"),
    ("question", "who | past chase | the cat", "Who chased the cat?", "Wer jagte die Katze?"),
    ("question", "the dog | past hear | what", "What did the dog hear?", "Was hörte der Hund?"),
    ("why", "the child | past laugh", "Why did the child laugh?", "Warum lachte das Kind?"),
    ("that", "the teacher | past say // he | past sleep", "The teacher said that he slept.", "Der Lehrer sagte, dass er schlief."),
    ("statement", "the dog | follow | the old woman", "The dog follows the old woman.", "Der Hund folgt der alten Frau."),
    // Directions.
    ("statement", "the cat | past run | into the house", "The cat ran into the house.", "Die Katze rannte ins Haus."),
    ("statement", "the cat | run | in the house", "The cat runs in the house.", "Die Katze rennt im Haus."),
    ("statement", "the boys | past go | into the old school", "The boys went into the old school.", "Die Jungen gingen in die alte Schule."),
    ("statement", "the bird | past jump | into a garden", "The bird jumped into a garden.", "Der Vogel sprang in einen Garten."),
    ("statement", "we | will walk | to the school | tomorrow", "We will walk to the school tomorrow.", "Wir werden morgen zur Schule laufen."),
    ("statement", "the girl | not past run | to the table", "The girl did not run to the table.", "Das Mädchen rannte nicht zum Tisch."),
    ("statement", "the mouse | past run | out of the kitchen", "The mouse ran out of the kitchen.", "Die Maus rannte aus der Küche."),
    // The passive.
    ("statement", "the cat | past passive chase | by the dog", "The cat was chased by the dog.", "Die Katze wurde vom Hund gejagt."),
    ("statement", "the cat | passive chase | by a black dog", "The cat is chased by a black dog.", "Die Katze wird von einem schwarzen Hund gejagt."),
    ("statement", "the letters | past passive write | by the women", "The letters were written by the women.", "Die Briefe wurden von den Frauen geschrieben."),
    ("statement", "the boy | not past passive see | in the garden", "The boy was not seen in the garden.", "Der Junge wurde nicht im Garten gesehen."),
    ("statement", "the apples | will passive eat | tomorrow", "The apples will be eaten tomorrow.", "Die Äpfel werden morgen gegessen werden."),
    ("statement", "the book | can not passive find", "The book cannot be found.", "Das Buch kann nicht gefunden werden."),
    ("statement", "no mouse | past passive catch | by my cat", "No mouse was caught by my cat.", "Keine Maus wurde von meiner Katze gefangen."),
    ("question", "the cat | past passive chase | by the dog", "Was the cat chased by the dog?", "Wurde die Katze vom Hund gejagt?"),
    ("question", "who | past passive see | by the teacher", "Who was seen by the teacher?", "Wer wurde vom Lehrer gesehen?"),
    ("where", "the books | past passive find", "Where were the books found?", "Wo wurden die Bücher gefunden?"),
    ("because", "we | wait // the girl | must passive find", "We wait because the girl must be found.", "Wir warten, weil das Mädchen gefunden werden muss."),
    // Relative clauses.
    ("statement", "the cat [that | past passive chase | by the dog] | past run | into the house", "The cat that was chased by the dog ran into the house.", "Die Katze, die vom Hund gejagt wurde, rannte ins Haus."),
    ("statement", "the dog [that | past chase | the cat] | sleep", "The dog that chased the cat sleeps.", "Der Hund, der die Katze jagte, schläft."),
    ("statement", "the dog [which | the cat | past chase] | sleep", "The dog which the cat chased sleeps.", "Der Hund, den die Katze jagte, schläft."),
    ("statement", "the man [who | she | love] | be old", "The man who she loves is old.", "Der Mann, den sie liebt, ist alt."),
    ("statement", "the child [whom | we | help] | laugh", "The child whom we help laughs.", "Das Kind, dem wir helfen, lacht."),
    ("statement", "the women [that | the boy | past follow] | past sing", "The women that the boy followed sang.", "Die Frauen, denen der Junge folgte, sangen."),
    ("statement", "she | see | the man [who | sleep | in the garden]", "She sees the man who sleeps in the garden.", "Sie sieht den Mann, der im Garten schläft."),
    ("statement", "she | can see | a dog [that | be black]", "She can see a dog that is black.", "Sie kann einen Hund sehen, der schwarz ist."),
    ("statement", "he | not know | the girl [that | not dance]", "He does not know the girl that does not dance.", "Er kennt das Mädchen nicht, das nicht tanzt."),
    ("statement", "the boy | sleep | in the house [that | he | will buy]", "The boy sleeps in the house that he will buy.", "Der Junge schläft in dem Haus, das er kaufen wird."),
    ("statement", "the mouse | past passive eat | by the cat [that | past sit | on the mat]", "The mouse was eaten by the cat that sat on the mat.", "Die Maus wurde von der Katze gegessen, die auf der Matte saß."),
    ("statement", "the dog [that | past chase | the cat [that | past eat | the mouse]] | sleep", "The dog that chased the cat that ate the mouse sleeps.", "Der Hund, der die Katze jagte, die die Maus aß, schläft."),
    ("time first", "the teacher [who | know | my aunt] | past read | the newspaper | yesterday", "Yesterday the teacher who knows my aunt read the newspaper.", "Gestern las der Lehrer, der meine Tante kennt, die Zeitung."),
    ("question", "the cat [that | play] | hear | the mice", "Does the cat that plays hear the mice?", "Hört die Katze, die spielt, die Mäuse?"),
    ("and", "he | see | the dog [that | sleep] // she | past laugh", "He sees the dog that sleeps and she laughed.", "Er sieht den Hund, der schläft, und sie lachte."),
    ("if", "he | see | the dog [that | sleep] // she | laugh", "If he sees the dog that sleeps, she laughs.", "Wenn er den Hund sieht, der schläft, lacht sie."),
    ("because", "he | past love | the cat [that | past sleep] // she | past be small", "He loved the cat that slept because she was small.", "Er liebte die Katze, die schlief, weil sie klein war."),
    ("that", "he | say // the letter [that | the aunt | past write] | be old", "He says that the letter that the aunt wrote is old.", "Er sagt, dass der Brief, den die Tante schrieb, alt ist."),
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
            let words = text.split(' ').filter(|word| ![".", ",", "?"].contains(word)).count();
            assert!(WORDS.contains(&words) && !text.contains("  "), "{text}");
        }
        assert!(
            pair.german.ends_with(['.', '?']) && pair.german.starts_with(char::is_uppercase),
            "{}",
            pair.german
        );
    }
    for side in
        [(|pair: &Pair| pair.english.clone()) as fn(&Pair) -> String, |pair: &Pair| pair.german.clone()]
    {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for pair in &corpus.train {
            for word in side(pair).split([' ', '.', ',', '?']).filter(|word| !word.is_empty()) {
                *counts.entry(word.to_lowercase()).or_default() += 1;
            }
        }
        assert!((220..=350).contains(&counts.len()), "{} word forms", counts.len());
        for pair in corpus.test.iter().chain(&corpus.validation) {
            for word in side(pair).split([' ', '.', ',', '?']).filter(|word| !word.is_empty()) {
                assert!(
                    counts.get(&word.to_lowercase()).is_some_and(|&count| count >= 5),
                    "'{word}' is rare: {}",
                    pair.english
                );
            }
        }
    }
}

/// Read from the words themselves, not from the structure that decided the split.
#[test]
fn training_never_says_what_is_held_out() {
    let corpus = ToyEnDe { pairs: 20_000, seed: 1 }.generate().expect("generated");
    let described = |pairs: &[Pair]| -> HashSet<(String, String)> {
        let mut found = HashSet::new();
        for pair in pairs {
            let text = pair.english.to_lowercase();
            let words: Vec<&str> = text.split(|letter: char| !letter.is_alphabetic()).collect();
            for two in words.windows(2) {
                let noun = NOUNS.iter().find(|noun| noun.english.contains(&two[1]));
                let adjective = ADJECTIVES.iter().find(|adjective| adjective.english == two[0]);
                if let (Some(adjective), Some(noun)) = (adjective, noun) {
                    found.insert((adjective.english.to_owned(), noun.english[0].to_owned()));
                }
            }
        }
        found
    };
    let [train, validation, test] =
        [&corpus.train, &corpus.validation, &corpus.test].map(|pairs| described(pairs));
    let held_out = |pairs: &HashSet<(String, String)>| pairs.difference(&train).count();
    assert!(held_out(&validation) >= 10 && held_out(&test) >= 10);
    for (adjective, noun) in &train {
        let adjective = ADJECTIVES.iter().find(|word| word.english == adjective).expect("known");
        let noun = NOUNS.iter().find(|word| word.english[0] == noun).expect("known");
        assert_eq!(held_out::described(adjective, noun), Split::Train);
    }
    // "Old man", the README's first words, are of the test's.
    assert!(!train.contains(&("old".to_owned(), "man".to_owned())));
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
