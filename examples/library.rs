//! The commands from Rust: load an experiment, train it, translate with it.
//!
//!     cargo run --release -p any2any --example library

use any2any_adapter::{Registry, Value};
use any2any_data::DataRoot;
use any2any_run::{Existing, RunFolder};
use any2any_train::{Event, Observer, Trainer, prepare};

/// Prints one line an evaluation.
struct Printer;

impl Observer for Printer {
    fn event(&mut self, event: Event<'_>) {
        if let Event::Evaluated { step, evaluations, .. } = event {
            for evaluation in evaluations {
                println!("step {step}: validation loss {:.3}", evaluation.forced.loss);
            }
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The media of the program: here text; add others with `.with(...)`.
    let registry = Registry::new().with(any2any_text::Text);

    // A checked experiment; an error would list all of its problems.
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/quickstart.yaml");
    let overrides = ["training.steps=100", "training.schedule.linear.warmup=20", "evaluation.every=50"]
        .map(str::to_owned);
    let document = any2any_experiment::load(config.as_ref(), &overrides, &registry)?;

    // Its data read and its adapters fitted, then trained into a run folder.
    let prepared = prepare(&document, &registry, &DataRoot::find(None)?)?;
    let folder = std::env::temp_dir().join("any2any-library-example");
    let trained =
        Trainer::start(prepared, RunFolder::new(folder), Existing::SetAside)?.train(&mut Printer)?;

    // The best checkpoint at work.
    let translator = trained.translator()?;
    let sentences = [Value::from("the old man sees a small dog .")];
    let task = translator.task(None)?;
    for best in translator.translate(task, &sentences, task.decoding(), None)? {
        println!("{} (log-probability {:.2})", best[0].decoded.value, best[0].log_probability);
    }
    Ok(())
}
