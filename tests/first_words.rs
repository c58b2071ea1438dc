//! The first words of a user to a trained quickstart: what README, `docs/` and `--help` tell people to type, what lectures
//! on attention use, and the like, each with its right German.
//!
//! The training takes minutes, so it is asked for by name:
//!
//!     cargo test --workspace --test program first_words:: -- --ignored

use std::time::Instant;

use crate::support::Workshop;
use crate::support::documents::{Typed, blocks, commands, root};

#[rustfmt::skip]
const FIRST_WORDS: &[(&str, &str)] = &[
    // README, the guide, the help of `serve`, examples/library.rs and load_run.rs.
    ("the old man sees a small dog .", "Der alte Mann sieht einen kleinen Hund."),
    ("the dog sees a house .", "Der Hund sieht ein Haus."),
    ("the old dog sees a house .", "Der alte Hund sieht ein Haus."),
    // However they are spelled.
    ("The old man sees a small dog.", "Der alte Mann sieht einen kleinen Hund."),
    ("The old man sees a small dog .", "Der alte Mann sieht einen kleinen Hund."),
    ("the old man sees a small dog.", "Der alte Mann sieht einen kleinen Hund."),
    ("the old man sees a small dog", "Der alte Mann sieht einen kleinen Hund."),
    ("THE OLD MAN SEES A SMALL DOG.", "Der alte Mann sieht einen kleinen Hund."),
    ("The dog sees a house.", "Der Hund sieht ein Haus."),
    ("the dog sees the house", "Der Hund sieht das Haus."),
    // The lecture.
    ("The cat that was chased by the dog ran into the house.", "Die Katze, die vom Hund gejagt wurde, rannte ins Haus."),
    ("the cat that was chased by the dog ran into the house .", "Die Katze, die vom Hund gejagt wurde, rannte ins Haus."),
    ("The cat which was chased by the dog ran into the house", "Die Katze, die vom Hund gejagt wurde, rannte ins Haus."),
    ("The dog that was chased by the cat ran into the house.", "Der Hund, der von der Katze gejagt wurde, rannte ins Haus."),
    ("The dog chased the cat.", "Der Hund jagte die Katze."),
    ("The cat chased the dog.", "Die Katze jagte den Hund."),
    ("The cat was chased by the dog.", "Die Katze wurde vom Hund gejagt."),
    ("The cat ran into the house.", "Die Katze rannte ins Haus."),
    ("The cat sat on the mat.", "Die Katze saß auf der Matte."),
    ("The man who sees the dog is old.", "Der Mann, der den Hund sieht, ist alt."),
    ("The man whom the dog sees is old.", "Der Mann, den der Hund sieht, ist alt."),
    ("The woman sees the man who loves the child.", "Die Frau sieht den Mann, der das Kind liebt."),
    ("the dog chased the cat that ate the mouse .", "Der Hund jagte die Katze, die die Maus aß."),
    ("The mouse was eaten by the cat.", "Die Maus wurde von der Katze gegessen."),
    ("The student read the book.", "Der Student las das Buch."),
    ("The children play in the garden.", "Die Kinder spielen im Garten."),
    ("The woman gave the child a red apple.", "Die Frau gab dem Kind einen roten Apfel."),
    ("She does not see the bird.", "Sie sieht den Vogel nicht."),
    ("She doesn't see a bird.", "Sie sieht keinen Vogel."),
    ("Where did the boy find the ball?", "Wo fand der Junge den Ball?"),
    ("who loves this cat ?", "Wer liebt diese Katze?"),
    ("If the dog sleeps, the cat plays.", "Wenn der Hund schläft, spielt die Katze."),
    ("The teacher says that the girl wrote a letter.", "Der Lehrer sagt, dass das Mädchen einen Brief schrieb."),
];

/// The texts that examples hand to the quickstart.
fn quoted() -> Vec<String> {
    let mut found = Vec::new();
    for block in blocks().iter().filter(|block| block.language.is_empty()) {
        for Typed { words, .. } in commands(&block.text) {
            let after = |option: &str| words.iter().position(|word| word == option).map(|at| &words[at + 1]);
            match words[0].as_str() {
                "echo" if block.text.contains("translate runs/quickstart") => {
                    found.push(words[1..].join(" "))
                }
                "curl" => {
                    let body = after("-d").expect("a body");
                    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
                    found.push(body["source"]["text"].as_str().expect("a text").to_owned());
                }
                _ => found.extend(after("--text").cloned()),
            }
        }
    }
    for example in ["examples/library.rs", "examples/load_run.rs"] {
        let text = std::fs::read_to_string(root().join(example)).expect("an example");
        found.extend(
            text.split("Value::from(\"").skip(1).map(|rest| rest.split('"').next().unwrap_or("").to_owned()),
        );
    }
    found
}

#[test]
fn every_example_has_its_german() {
    let quoted = quoted();
    assert!(quoted.len() >= 5, "{quoted:?}");
    for text in quoted {
        assert!(FIRST_WORDS.iter().any(|(english, _)| *english == text), "no German of: {text}");
    }
}

#[test]
#[ignore = "trains the quickstart for minutes; `cargo test --workspace --test program first_words:: -- --ignored`"]
fn a_trained_quickstart_understands_them() {
    let workshop = Workshop::new();
    let config = root().join("configs/quickstart.yaml").display().to_string();
    let start = Instant::now();
    let trained = workshop.json(&["train", &config, "--run", "run", "--json"]);
    println!("trained in {:.0?}", start.elapsed());
    let scores = &trained["tasks"][0]["decoded"];
    let bleu = scores[0]["value"].as_f64().expect("a score");
    let sources: String = FIRST_WORDS.iter().map(|(english, _)| format!("{english}\n")).collect();
    let said = workshop.pipe(&["translate", "run"], &sources);
    let mut wrong = Vec::new();
    for ((english, german), said) in FIRST_WORDS.iter().zip(said.lines()) {
        if *german != said {
            wrong.push(format!("{english}\n  {said}\n  instead of {german}"));
        }
    }
    assert!(wrong.is_empty() && bleu >= 95.0, "{scores}\n{}", wrong.join("\n"));
}
