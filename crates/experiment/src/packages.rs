//! Packages that the media and plug-ins of an experiment come from.

use any2any_adapter::{Package, Registry};

use crate::resolve::plugged;
use crate::spec::Experiment;

/// The packages of all media and plug-ins that an experiment uses, a line each and each once:
/// `medium notes: plug-notes 0.3.1`.
pub(crate) fn packages(experiment: &mut Experiment, registry: &Registry) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |point: &str, name: &str, package: &Package| {
        let line = format!("{point} {name}: {package}");
        if !lines.contains(&line) {
            lines.push(line);
        }
    };
    for side in experiment.tasks.values().flat_map(|task| task.source.iter().chain([&task.target])) {
        if let Ok(medium) = registry.get(side.medium()) {
            add("medium", side.medium(), &medium.package());
        }
    }
    for (point, plugged) in plugged(experiment) {
        if let Some(plug_in) = registry.plug_in(point, &plugged.name) {
            add(&point.to_string(), &plugged.name, plug_in.package());
        }
    }
    lines
}
