//! `any2any describe`: layers, parameters, memory, vocabularies and history of a run or an experiment.

use std::collections::BTreeMap;

use any2any_adapter::{Head, Registry};
use any2any_architecture::{Architecture, names};
use any2any_experiment::spec::{Experiment, Prompt};
use any2any_run::{AdapterSet, RunFolder, architecture, read_product_scales};
use serde_json::{Value, json};

use crate::arguments::DescribeArguments;
use crate::output;

pub(crate) fn run(arguments: DescribeArguments, registry: &Registry) -> anyhow::Result<()> {
    let place = &arguments.run_or_config;
    let (experiment, adapters, architecture, history, engine) = if place.is_dir() {
        let run = RunFolder::new(place);
        let experiment = run.experiment(registry)?.experiment;
        let adapters = run.adapters(&experiment, registry)?;
        let architecture = run.architecture(&experiment, &adapters)?;
        let engine = engine(&run, &adapters)?;
        (experiment, adapters, architecture, history(&run)?, engine)
    } else {
        let document = super::experiment(place, &[], registry)?;
        let root = arguments.root.find()?;
        let prepared = crate::preparation::prepare(&document, registry, &root)?;
        let architecture = architecture(&prepared.experiment, &prepared.adapters);
        (prepared.experiment, prepared.adapters, architecture, Vec::new(), Vec::new())
    };
    if arguments.json {
        let mut described = as_json(&experiment, &adapters, &architecture, &history);
        described["engine"] = json!(engine);
        return output::json(&described);
    }
    print(&experiment, &adapters, &architecture, &history)?;
    engine.into_iter().try_for_each(output::line)
}

/// What the engine decodes with besides weights.
fn engine(run: &RunFolder, adapters: &AdapterSet) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    if !run.checkpoints().steps()?.is_empty() {
        let scales = read_product_scales(&run.weights_file("best")?)?;
        if !scales.is_empty() {
            lines.push(format!("products: 8 bits with the scales of the model: {} matrices", scales.len()));
        }
    }
    for (task, shortlist) in run.shortlists(adapters)? {
        lines.push(format!(
            "shortlist of {}: {} source tokens, {} tokens that may always be written",
            adapters.tasks()[task].name(),
            any2any_adapter::grouped(shortlist.sources() as u64),
            shortlist.frequent()
        ));
    }
    Ok(lines)
}

/// The validation lines of a run's log.
fn history(run: &RunFolder) -> anyhow::Result<Vec<Value>> {
    if !run.metrics().exists() {
        return Ok(Vec::new());
    }
    let lines = super::read_lines(&run.metrics())?;
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(lines.filter(|line| line["kind"] == "validation").collect())
}

/// The number of parameters by module: the first parts of a parameter's name, with the number of the layer.
fn modules(architecture: &Architecture) -> Vec<(String, u64)> {
    let mut modules: Vec<(String, u64)> = Vec::new();
    for parameter in architecture.parameters() {
        let parts: Vec<&str> = parameter.name.split('.').collect();
        let named = [names::STEMS, names::HEADS, names::ALIGNMENTS].contains(&parts[0]);
        let depth = match parts.iter().position(|part| *part == names::LAYERS) {
            Some(layers) => layers + 2,
            // The name of a stem, head or alignment has a task and a side, and ends in the name of the weight.
            None if named => parts.len() - 1,
            None => 2,
        };
        let module = parts[..depth.min(parts.len())].join(".");
        let count: u64 = parameter.shape.iter().map(|&size| size as u64).product();
        match modules.iter_mut().find(|(known, _)| *known == module) {
            Some((_, parameters)) => *parameters += count,
            None => modules.push((module, count)),
        }
    }
    modules
}

fn vocabularies(adapters: &AdapterSet) -> Vec<(String, usize)> {
    let size = |head: Option<Head>| match head {
        Some(Head::Softmax { vocabulary, .. }) => vocabulary,
        _ => 0,
    };
    adapters.named().map(|(name, adapter)| (name.to_owned(), size(adapter.head()))).collect()
}

/// The prompts of tasks that have one, with their languages.
fn prompts(adapters: &AdapterSet) -> impl Iterator<Item = (&str, &Prompt)> {
    adapters.tasks().iter().filter_map(|task| Some((task.name(), task.prompt()?)))
}

fn as_json(
    experiment: &Experiment,
    adapters: &AdapterSet,
    architecture: &Architecture,
    history: &[Value],
) -> Value {
    let parameters = architecture.parameter_count();
    let modules: Vec<_> = modules(architecture)
        .into_iter()
        .map(|(name, parameters)| json!({ "name": name, "parameters": parameters }))
        .collect();
    let vocabularies: Vec<_> = vocabularies(adapters)
        .into_iter()
        .map(|(name, size)| json!({ "name": name, "size": size }))
        .collect();
    json!({
        "name": experiment.name,
        "parameters": parameters,
        "weight_bytes": 4 * parameters,
        "architecture": architecture,
        "modules": modules,
        "vocabularies": vocabularies,
        "prompts": prompts(adapters).collect::<BTreeMap<_, _>>(),
        "history": history,
    })
}

fn print(
    experiment: &Experiment,
    adapters: &AdapterSet,
    architecture: &Architecture,
    history: &[Value],
) -> anyhow::Result<()> {
    let parameters = architecture.parameter_count();
    output::line(format!("{}: {} parameters", experiment.name, any2any_adapter::grouped(parameters)))?;
    let modules = modules(architecture);
    let width = modules.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, parameters) in &modules {
        output::line(format!("  {name:<width$}  {:>12}", any2any_adapter::grouped(*parameters)))?;
    }
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    output::line(format!(
        "memory: weights {:.1} MB; with gradients and the optimizer's state about {:.1} MB, activations of a batch not counted",
        megabytes(4 * parameters),
        megabytes(16 * parameters)
    ))?;
    for (name, size) in vocabularies(adapters) {
        output::line(format!("vocabulary {name}: {} tokens", any2any_adapter::grouped(size as u64)))?;
    }
    for (task, prompt) in prompts(adapters) {
        let Prompt {
            source, after_source, begin, target, languages, source_language, target_language, ..
        } = prompt;
        for (words, tokens) in [("source begins with", source), ("output begins with", target)] {
            if !tokens.is_empty() {
                output::line(format!("{task}: every {words} {}", tokens.join(" ")))?;
            }
        }
        if !after_source.is_empty() {
            output::line(format!("{task}: behind every source stands {}", after_source.join(" ")))?;
        }
        if let Some(begin) = begin {
            output::line(format!("{task}: decoding starts from {begin}"))?;
        }
        if !languages.is_empty() {
            let known: Vec<&str> = languages.keys().map(String::as_str).collect();
            output::line(format!("{task}: {} languages: {}", known.len(), known.join(" ")))?;
        }
        for (side, language) in [("sources", source_language), ("outputs", target_language)] {
            if let Some(language) = language {
                output::line(format!("{task}: {side} are in {language}, unless others are asked for"))?;
            }
        }
        if let (Some(detect), Some(_)) = (prompt.detect, prompt.detected_place()) {
            let option = detect.option().replace('_', " ");
            output::line(format!("{task}: the model tells the {option} itself where none is named"))?;
        }
    }
    for line in history {
        let scores = line["decoded"].as_object().into_iter().flatten();
        let scores: String = scores
            .map(|(name, value)| format!("  {name} {:.2}", value.as_f64().unwrap_or(f64::NAN)))
            .collect();
        output::line(format!(
            "step {:>7}  {}  loss {:.3}{scores}",
            line["step"],
            line["task"].as_str().unwrap_or(""),
            line["teacher_forced"]["loss"].as_f64().unwrap_or(f64::NAN)
        ))?;
    }
    Ok(())
}
