//! `any2any translate`: standard input to standard output, in order, as lines come in.

use std::io::{BufRead, Write};
use std::sync::mpsc::{Receiver, sync_channel};

use any2any_adapter::{Registry, Value};
use any2any_train::Output;
use serde_json::json;

use crate::arguments::TranslateArguments;
use crate::output;

/// Lines that are translated together at most: enough for full batches of similar length.
const LINES: usize = 1024;

pub(crate) fn run(arguments: TranslateArguments, registry: &Registry) -> anyhow::Result<()> {
    let (translator, task) = super::load_in(&arguments.model, registry, arguments.precision.precision())?;
    let decoding = arguments.search.apply(translator.experiment.decoding.clone())?;
    let prefix = arguments.prefix.as_deref().map(Value::from);
    let n_best = arguments.search.n_best.is_some();
    let lines = read_ahead();
    let mut number = 0;
    let mut all = Vec::new();
    while let Some(batch) = next_lines(&lines) {
        let batch = batch.into_iter().collect::<Result<Vec<String>, _>>()?;
        let results = translator.translate(task, &super::values(&batch), &decoding, prefix.as_ref())?;
        if arguments.json {
            all.extend(batch.into_iter().zip(results));
            continue;
        }
        let mut out = std::io::stdout().lock();
        for best in results {
            number += 1;
            for output in best {
                let text = &output.decoded.value;
                if n_best {
                    writeln!(out, "{number} ||| {text} ||| {:.4}", output.score)?;
                } else {
                    writeln!(out, "{text}")?;
                }
            }
        }
        out.flush()?;
    }
    if arguments.json {
        let translations: Vec<_> = all
            .iter()
            .map(|(source, outputs)| {
                let adapter = translator.adapters.adapter(translator.adapters.tasks()[task].target);
                let outputs: Vec<_> = outputs.iter().map(|output| describe(output, adapter)).collect();
                json!({ "source": source, "outputs": outputs })
            })
            .collect();
        return output::json(&json!({ "translations": translations }));
    }
    Ok(())
}

/// One output with its tokens.
pub(super) fn describe(output: &Output, adapter: &dyn any2any_adapter::Adapter) -> serde_json::Value {
    let tokens: Vec<String> = output.tokens.iter().map(|&token| adapter.show(token)).collect();
    json!({
        "text": output.decoded.value.to_string(),
        "score": output.score,
        "log_probability": output.log_probability,
        "tokens": tokens,
    })
}

/// Reads lines on another thread, so that those that wait can be translated together.
fn read_ahead() -> Receiver<std::io::Result<String>> {
    let (sender, receiver) = sync_channel(LINES);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// All lines that are there, at least one; `None` at the end. A file fills every batch, while a person who
/// types gets each line at once.
fn next_lines(lines: &Receiver<std::io::Result<String>>) -> Option<Vec<std::io::Result<String>>> {
    let mut batch = vec![lines.recv().ok()?];
    // A pipe delivers a file in pieces: a short wait lets the next ones in.
    let wait = std::time::Duration::from_millis(5);
    while batch.len() < LINES {
        match lines.recv_timeout(wait) {
            Ok(line) => batch.push(line),
            Err(_) => break,
        }
    }
    Some(batch)
}
