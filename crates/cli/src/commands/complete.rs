//! `any2any complete`: continuations of a text by a decoder-only model, or its next tokens.

use any2any_adapter::{Registry, Value};
use any2any_experiment::spec::Sampling;
use serde_json::json;

use crate::arguments::CompleteArguments;
use crate::output;

pub(crate) fn run(arguments: CompleteArguments, registry: &Registry) -> anyhow::Result<()> {
    let (translator, task) = super::load(&arguments.model, registry)?;
    let prefix = Value::from(arguments.prefix.as_str());
    if let Some(count) = arguments.next {
        let tokens = translator.next_tokens(&task, None, &prefix, count)?;
        if arguments.json {
            return output::json(&json!({ "prefix": arguments.prefix, "next": tokens }));
        }
        for token in tokens {
            output::line(format!("{:>7.4}  {}", token.probability, token.token))?;
        }
        return Ok(());
    }
    let mut decoding = task.decoding().clone();
    // Several continuations of one text are of use only if they differ.
    if arguments.count > 1 && decoding.sampling.is_none() {
        (decoding.beam, decoding.sampling) = (None, Some(Sampling::default()));
    }
    let decoding = arguments.search.apply(decoding)?;
    let texts = translator.complete(&task, &prefix, &decoding, arguments.count)?;
    let adapter = task.target();
    if arguments.json {
        let outputs: Vec<_> =
            texts.iter().flatten().map(|text| super::translate::describe(text, adapter.as_ref())).collect();
        return output::json(&json!({ "prefix": arguments.prefix, "outputs": outputs }));
    }
    for text in texts.iter().flatten() {
        output::line(&text.decoded.value)?;
    }
    Ok(())
}
