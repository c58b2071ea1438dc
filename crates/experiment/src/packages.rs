//! Packages that the media and plug-ins of an experiment come from.

use any2any_adapter::{Package, Point, Registry};

use crate::spec::{Experiment, Metric, Model, Schedule};

/// The packages of all media and plug-ins that an experiment uses, a line each and each once:
/// `medium notes: plug-notes 0.3.1`.
pub(crate) fn packages(experiment: &Experiment, registry: &Registry) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |point: &str, name: &str, package: &Package| {
        let line = format!("{point} {name}: {package}");
        if !lines.contains(&line) {
            lines.push(line);
        }
    };
    let mut chosen = Vec::new();
    let metrics = experiment.evaluation.metrics.iter();
    let mut metrics: Vec<&Metric> = metrics.chain(&experiment.evaluation.best_by).collect();
    for task in experiment.tasks.values() {
        for side in task.source.iter().chain([&task.target]) {
            if let Ok(medium) = registry.get(side.medium()) {
                add("medium", side.medium(), &medium.package());
            }
        }
        metrics.extend(task.metrics.iter().flatten());
        chosen.extend(task.losses.plugged.iter().map(|loss| (Point::Loss, loss)));
    }
    chosen.extend(metrics.into_iter().filter_map(|metric| match metric {
        Metric::Plugged(plugged) => Some((Point::Metric, plugged)),
        _ => None,
    }));
    if let Schedule::Plugged(plugged) = &experiment.training.schedule {
        chosen.push((Point::Schedule, plugged));
    }
    if let Model::Transformer(model) = &experiment.model {
        chosen.extend(model.encoder_blocks.iter().map(|block| (Point::Block, block)));
    }
    for (point, plugged) in chosen {
        if let Some(plug_in) = registry.plug_in(point, &plugged.name) {
            add(&point.to_string(), &plugged.name, plug_in.package());
        }
    }
    lines
}
