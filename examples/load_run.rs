//! A trained run at work from Rust: load it, translate, score, and stream.
//!
//!     cargo run --release -p any2any --example load_run runs/quickstart

use std::path::Path;

use any2any_adapter::{Registry, Value};
use any2any_experiment::spec::Decoding;
use any2any_run::{Role, RunFolder};
use any2any_translate::Translator;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    show(std::env::args().nth(1).ok_or("name the folder of a run of texts")?.as_ref())
}

/// Translates, scores and streams with the run of a folder.
pub(crate) fn show(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    // The media of the program must be those of the run: here text.
    let registry = Registry::new().with(any2any_text::Text);
    let translator = Translator::load(&RunFolder::new(folder), "best", &registry)?;
    let task = translator.task(None)?;

    // Values in, the best outputs of each out.
    let source = Value::from("the old man sees a small dog .");
    let outputs = translator.translate(task, std::slice::from_ref(&source), task.decoding(), None)?;
    let best = &outputs[0][0];
    println!("translated: {}", best.decoded.value);

    // How probable the model holds a given pair to be.
    let pairs = translator.score(
        task,
        Some(std::slice::from_ref(&source)),
        std::slice::from_ref(&best.decoded.value),
    )?;
    println!("scored: {:.2} for {} tokens", pairs[0].log_probability, pairs[0].tokens);

    // Token by token, as they are chosen; a beam chooses nothing before its end.
    let source = task.read(Role::Source, &source)?.sequence;
    let greedy = Decoding { beam: None, sampling: None, ..task.decoding().clone() };
    let streamed = translator.stream(task, Some(&source), &[], &greedy, &mut |token, log_probability| {
        println!("  {} ({log_probability:.2})", task.target().show(token));
    })?;
    println!("streamed: {}", streamed.decoded.value);
    Ok(())
}
