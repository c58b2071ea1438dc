//! Time that the native engine takes for questions to a portable model, for `tests/browser/engine_speed.mjs`: the shortest
//! of several times of each, in milliseconds, a line each.
//!
//! `cargo run -p any2any-web --example speed -- MODEL QUESTIONS ROUNDS`, where a line of QUESTIONS is the body of a request to
//! `/api/translate`.

use std::time::{Duration, Instant};

use any2any_portable::PortableModel;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, questions, rounds] = &arguments[..] else {
        return Err("give a model, a file of questions, and how often each is asked".into());
    };
    let model = PortableModel::read(&std::fs::read(model)?, &any2any_web::media())?;
    for question in std::fs::read_to_string(questions)?.lines() {
        let mut shortest = Duration::MAX;
        for _ in 0..rounds.parse()? {
            let began = Instant::now();
            model.answer("/api/translate", question.as_bytes())?;
            shortest = shortest.min(began.elapsed());
        }
        println!("{}", shortest.as_secs_f64() * 1e3);
    }
    Ok(())
}
