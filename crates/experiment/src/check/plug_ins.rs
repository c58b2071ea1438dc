//! Rules about plug-ins: their options are sound.

use any2any_adapter::Point;
use serde_json::Value as Json;

use crate::check::Checker;
use crate::node::below;

pub(crate) fn check(checker: &mut Checker<'_>) {
    for (point, place, name, options) in chosen(checker.json) {
        let Some(plug_in) = checker.registry.plug_in(point, &name) else { continue };
        if !checker.sound(&[&place]) {
            continue;
        }
        for problem in plug_in.problems(&options) {
            let help = problem.help.unwrap_or_else(|| format!("see the options of `{name}`"));
            checker.error(&format!("{place}{}", problem.pointer), problem.message, help);
        }
    }
}

/// Every choice of a plug-in in an experiment, or of what may be one: its point, the pointer of its options, its name
/// and its options.
fn chosen(json: &Json) -> Vec<(Point, String, String, Json)> {
    let mut found = Vec::new();
    let mut choice = |point: Point, place: String, value: &Json| match value {
        Json::String(name) => found.push((point, place, name.clone(), Json::Object(serde_json::Map::new()))),
        Json::Object(map) => found.extend(
            map.iter().map(|(name, options)| (point, below(&place, name), name.clone(), options.clone())),
        ),
        _ => {}
    };
    let list = |pointer: &str| -> Vec<(String, &Json)> {
        let items = json.pointer(pointer).and_then(Json::as_array).into_iter().flatten();
        items.enumerate().map(|(number, item)| (format!("{pointer}/{number}"), item)).collect()
    };
    let tasks = json.get("tasks").and_then(Json::as_object);
    let tasks: Vec<String> = tasks.into_iter().flatten().map(|(name, _)| below("/tasks", name)).collect();
    let of_tasks = tasks.iter().flat_map(|task| list(&format!("{task}/metrics")));
    for (place, metric) in list("/evaluation/metrics").into_iter().chain(of_tasks) {
        choice(Point::Metric, place, metric);
    }
    for (place, block) in list("/model/transformer/encoder_blocks") {
        choice(Point::Block, place, block);
    }
    for place in tasks.iter().map(|task| format!("{task}/losses")) {
        if let Some(losses) = json.pointer(&place) {
            choice(Point::Loss, place, losses);
        }
    }
    if let Some(schedule) = json.pointer("/training/schedule") {
        choice(Point::Schedule, "/training/schedule".to_owned(), schedule);
    }
    found
}
