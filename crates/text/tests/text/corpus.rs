//! Texts to train on, and adapters that are.

use std::path::PathBuf;
use std::sync::Arc;

use any2any_adapter::testing::Tested;
use any2any_adapter::{Adapter, Random, Seed, Sequence, Value};
use any2any_text::Text;
use serde_json::{Value as Json, json};

/// Sentences in several scripts.
const SENTENCES: &[&str] = &[
    "The old gardener waters his roses before the sun comes up.",
    "Two children are building a bridge of stones across the brook.",
    "Why does nobody answer the telephone? It has been ringing for hours!",
    "She paid 12.50 for the tickets, but the train (as always) was late.",
    "\"Bread,\" said the baker, \"needs time - and a hot oven.\"",
    "Der alte Gärtner gießt seine Rosen, bevor die Sonne aufgeht.",
    "Zwei Kinder bauen eine Brücke aus Steinen über den Bach.",
    "Warum geht niemand ans Telefon? Es klingelt schon seit Stunden!",
    "Sie bezahlte 12,50 für die Karten, aber der Zug hatte Verspätung.",
    "Старый садовник поливает розы до восхода солнца.",
    "Двое детей строят мост из камней через ручей.",
    "老园丁在日出之前给玫瑰浇水。",
    "两个孩子正在用石头在小溪上搭桥。",
    "يسقي البستاني العجوز الورود قبل شروق الشمس.",
    "बूढ़ा माली सूरज उगने से पहले गुलाबों को पानी देता है।",
    "A party 🎉 with 👩\u{200d}🚀 and 👍🏽 friends 🇩🇪 ❤\u{fe0f}!",
];

const SUBJECTS: &[&str] =
    &["the teacher", "a fisherman", "my neighbour", "the tall dancer", "ein Mädchen", "der Kapitän"];
const VERBS: &[&str] = &["watches", "paints", "remembers", "follows", "besucht", "zeichnet", "beobachtet"];
const OBJECTS: &[&str] = &[
    "the lighthouse",
    "seven birds",
    "an empty street",
    "the painter's house",
    "das Gebirge",
    "zwölf Boote",
];

/// Some hundred texts: the sentences, and some that are put together.
pub(crate) fn texts() -> Vec<Value> {
    let mut random = Seed(11).random("corpus", 0);
    let mut pick = |from: &[&'static str]| from[random.below(from.len())];
    let made: Vec<String> =
        (0..300).map(|_| format!("{} {} {}.", pick(SUBJECTS), pick(VERBS), pick(OBJECTS))).collect();
    SENTENCES.iter().map(|text| (*text).to_owned()).chain(made).map(Value::Text).collect()
}

/// A golden file.
pub(crate) fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Options of a text with one tokenizer.
pub(crate) fn options(tokenizer: Json) -> Json {
    json!({ "field": "en", "tokenizer": tokenizer })
}

/// An adapter that was trained on [`texts`].
pub(crate) fn fitted(options: &Json) -> Arc<dyn Adapter> {
    Tested(Text).fit(options, &mut texts().iter()).unwrap_or_else(|error| panic!("{options}: {error}"))
}

/// One of each kind that is trained.
pub(crate) fn kinds() -> Vec<Json> {
    vec![
        json!({ "bpe": { "vocab": 330 } }),
        json!({ "bpe": { "vocab": 590, "byte_fallback": true } }),
        json!({ "unigram": { "vocab": 330 } }),
        json!({ "unigram": { "vocab": 590, "byte_fallback": true } }),
        json!({ "word_piece": { "vocab": 340 } }),
        json!({ "words": { "vocab": 45 } }),
        json!({ "words": { "vocab": "all" } }),
        json!({ "characters": {} }),
        json!({ "labels": {} }),
        json!({ "bytes": {} }),
    ]
}

/// The tokens of a text, the end included.
pub(crate) fn encode(adapter: &dyn Adapter, text: &str) -> Vec<u32> {
    match adapter.encode(&Value::from(text)).expect("a text").sequence {
        Sequence::Tokens(tokens) => tokens,
        Sequence::Frames(_) => panic!("a text has no frames"),
    }
}

/// The text of tokens.
pub(crate) fn decode(adapter: &dyn Adapter, tokens: &[u32]) -> String {
    adapter.decode(&Sequence::Tokens(tokens.to_vec())).expect("tokens of the vocabulary").value.to_string()
}

/// A text of random words, spaces, signs and whole characters of an alphabet.
pub(crate) fn random_text(random: &mut Random, alphabet: &[char]) -> String {
    let length = random.below(40);
    (0..length)
        .map(|_| match random.below(4) {
            0 => ' ',
            _ => alphabet[random.below(alphabet.len())],
        })
        .collect()
}

/// All characters of [`texts`].
pub(crate) fn alphabet() -> Vec<char> {
    let mut characters: Vec<char> =
        texts().iter().flat_map(|text| text.to_string().chars().collect::<Vec<_>>()).collect();
    characters.sort_unstable();
    characters.dedup();
    characters
}
