//! `any2any score`.

use any2any_adapter::Registry;
use serde_json::json;

use crate::arguments::ScoreArguments;
use crate::output;

pub(crate) fn run(arguments: ScoreArguments, registry: &Registry) -> anyhow::Result<()> {
    let (translator, task) = super::load(&arguments.model, registry)?;
    let sources = arguments.source.as_deref().map(super::read_lines).transpose()?;
    let sources = sources.as_deref().map(super::values);
    let targets = super::values(&super::read_lines(&arguments.target)?);
    let scores = translator.score(task, sources.as_deref(), &targets)?;
    let total: f64 = scores.iter().map(|score| score.log_probability).sum();
    let tokens: usize = scores.iter().map(|score| score.tokens).sum();
    let perplexity = (-total / tokens.max(1) as f64).exp();
    if arguments.json {
        return output::json(&json!({
            "pairs": scores,
            "log_probability": total,
            "tokens": tokens,
            "perplexity": perplexity,
        }));
    }
    for score in &scores {
        output::line(format!("{:.4}", score.log_probability))?;
    }
    eprintln!("{} pairs, {tokens} tokens, perplexity {perplexity:.3}", scores.len());
    Ok(())
}
