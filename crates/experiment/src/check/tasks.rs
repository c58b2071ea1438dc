//! Rules about tasks and their media.

use any2any_adapter::{Kept, Kind};
use serde_json::Value as Json;

use crate::check::{Checker, Outside};
use crate::names::folder_name;
use crate::node::{Node, Value, below};
use crate::spec::{Metric, Prompt, PromptError, Side};
use crate::suggest::suggest;

pub(crate) fn check(checker: &mut Checker<'_>) {
    check_name(checker, "/name", checker.json.get("name").and_then(Json::as_str));
    for task in checker.tasks() {
        check_name(checker, &below("/tasks", task), Some(task));
        check_source(checker, task);
        for role in ["source", "target"] {
            check_options(checker, task, role);
        }
        check_metrics(checker, task);
        check_references(checker, task);
        check_source_dropout(checker, task);
        check_prompt(checker, task);
    }
    check_weights(checker);
}

impl Checker<'_> {
    /// A side of a task, if it is sound.
    pub(super) fn side(&self, task: &str, role: &str) -> Option<Side> {
        let pointer = format!("{}/{role}", below("/tasks", task));
        let json = self.json.pointer(&pointer).filter(|_| self.sound(&[&pointer]))?;
        serde_json::from_value(json.clone()).ok()
    }
}

/// Checks a name that becomes the name of a folder, of the run or of a vocabulary.
fn check_name(checker: &mut Checker<'_>, pointer: &str, name: Option<&str>) {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return;
    };
    // `--set` tells keys apart by dots, so the name of a task has none.
    let is_key = pointer != "/name";
    let proper = folder_name(name, is_key);
    if proper != name {
        let help = format!("use letters, digits, `-` and `_`: {proper}");
        checker.error(pointer, format!("`{name}` cannot be the name of a folder"), help);
    }
}

fn check_source(checker: &mut Checker<'_>, task: &str) {
    let at = below("/tasks", task);
    let source = format!("{at}/source");
    if !checker.sound(&["/model", &source]) {
        return;
    }
    let given = checker.root.find(&source).is_some_and(|node| node.value != Value::Null);
    match (checker.model(), given) {
        (Some(model), true) if model.is_decoder_only() => {
            let help = "take `source` away, or choose `transformer` or `lstm`";
            checker.error(&source, "a decoder-only model reads no source: it continues its target", help);
        }
        (Some(model), false) if !model.is_decoder_only() => {
            let help = "add `source`: what is read; only a `decoder_only` model has none";
            checker.error(&at, format!("`{task}` lacks `source`"), help);
        }
        _ => {}
    }
}

/// Checks that `source_dropout` stands only where a source exists and nothing but the decoder needs it.
fn check_source_dropout(checker: &mut Checker<'_>, task: &str) {
    let at = below("/tasks", task);
    let place = format!("{at}/source_dropout");
    let given = |option: &str| checker.json.pointer(&format!("{at}/{option}"));
    let number = |option: &str| given(option).and_then(Json::as_f64).unwrap_or(0.0);
    if number("source_dropout") == 0.0 || !checker.sound(&[&place]) {
        return;
    }
    let why = if given("source").is_none_or(Json::is_null) {
        "there is no source to leave out"
    } else if given("per_position") == Some(&Json::Bool(true)) {
        "a per-position target is written from its source alone"
    } else if number("losses/ctc") > 0.0 {
        "the alignment loss needs every source"
    } else {
        return;
    };
    checker.error(&place, why, "leave `source_dropout` out");
}

/// Checks that a prompt's languages are known, where values are read in training, and that there is a source to stand
/// in front of.
fn check_prompt(checker: &mut Checker<'_>, task: &str) {
    let at = below("/tasks", task);
    let place = format!("{at}/prompt");
    let given = checker.json.pointer(&place).filter(|given| given.is_object());
    let Some(prompt) = given.and_then(|given| serde_json::from_value::<Prompt>(given.clone()).ok()) else {
        return;
    };
    if !checker.sound(&[&place]) {
        return;
    }
    let has =
        |option: &str| checker.json.pointer(&format!("{at}/{option}")).is_some_and(|given| !given.is_null());
    for (option, tokens, side) in
        [("source", &prompt.source, "in front of"), ("after_source", &prompt.after_source, "behind")]
    {
        if !has("source") && !tokens.is_empty() {
            let message = format!("there is no source that these tokens could stand {side}");
            checker.error(&format!("{place}/{option}"), message, "leave it out");
        }
    }
    if checker.json.pointer(&format!("{at}/per_position")) == Some(&Json::Bool(true))
        && !prompt.target.is_empty()
    {
        let place = format!("{place}/target");
        let why = "a per-position target has one token for every position of its source, and no more";
        checker.error(&place, why, "leave it out");
    }
    if let Some(detect) = prompt.detect {
        let token = detect.placeholder().to_owned();
        let (option, place) = (detect.option(), format!("{place}/detect"));
        if !prompt.target.contains(&token) || prompt.source.contains(&token) {
            let why = format!(
                "the model tells a language where it would write its token: `{token}` has to stand in `target`, and not in \
                 `source`"
            );
            checker.error(&place, why, format!("leave it out, and name the language: `{option}`"));
        } else if prompt.languages.is_empty() {
            let help = "`languages` gives each its token".to_owned();
            checker.error(&place, "there are no languages to choose from", help);
        }
    }
    // A model that somebody else trained may leave the languages to each request; one that tells a language can be evaluated
    // on data in any.
    let asked_for = !has("data/dataset") && !has("data/files");
    let told = |option: &str| prompt.detect.is_some_and(|detect| detect.option() == option);
    let unknown = [
        prompt.source_tokens().err(),
        prompt.tokens_after_source().err(),
        prompt.begin_token().err(),
        prompt.target_tokens().err(),
    ];
    let mut missing: Vec<PromptError> = Vec::new();
    for error in unknown.into_iter().flatten() {
        // A language that stands in two places is missing once.
        if missing.contains(&error) {
            continue;
        }
        missing.push(error.clone());
        let place = match &error {
            PromptError::NoLanguage { option } if asked_for || told(option) => continue,
            PromptError::NoLanguage { .. } => place.clone(),
            PromptError::Language { option, .. } => format!("{place}/{option}"),
        };
        checker.error(&place, error.to_string(), error.help());
    }
}

/// Checks that the metrics of a task can score its target's medium.
fn check_metrics(checker: &mut Checker<'_>, task: &str) {
    let Some(target) = checker.side(task, "target") else {
        return;
    };
    let Ok(kind) = checker.registry.get(target.medium()).map(|medium| medium.kind()) else {
        return;
    };
    let own = below("/tasks", task) + "/metrics";
    let (place, metrics) = match checker.json.pointer(&own).filter(|own| own.is_array()) {
        Some(given) => (own, serde_json::from_value::<Vec<Metric>>(given.clone()).ok()),
        // Metrics that no task names are for texts alone.
        None if kind == Kind::Text => {
            ("/evaluation/metrics".to_owned(), checker.evaluation().map(|evaluation| evaluation.metrics))
        }
        None => return,
    };
    if !checker.sound(&[&place]) {
        return;
    }
    for (index, metric) in
        metrics.unwrap_or_default().iter().enumerate().filter(|(_, metric)| !metric.scores(kind))
    {
        let message =
            format!("`{}` does not score what `{task}` writes, which is {}", metric.word(), target.medium());
        let help = "choose another metric, or give the task `metrics` of its own".to_owned();
        checker.error(&format!("{place}/{index}"), message, help);
    }
}

/// Checks that further references are text fields that some split has, each another one.
fn check_references(checker: &mut Checker<'_>, task: &str) {
    let place = below("/tasks", task) + "/references";
    let (Some(Json::Array(given)), Some(target)) =
        (checker.json.pointer(&place), checker.side(task, "target"))
    else {
        return;
    };
    let Ok(medium) = checker.registry.get(target.medium()) else { return };
    if !checker.sound(&[&place]) || given.is_empty() {
        return;
    }
    if medium.kind() != Kind::Text {
        let message = format!("`references` are for texts; `{task}` writes {}", target.medium());
        checker.error(&place, message, "leave `references` out");
        return;
    }
    let fields: Vec<&str> = given.iter().filter_map(Json::as_str).collect();
    let own =
        medium.side(target.options(), &Kept::default()).map_or_else(|_| Vec::new(), |side| side.fields());
    for (index, field) in fields.iter().enumerate() {
        let item = format!("{place}/{index}");
        if own.iter().any(|own| own == field) {
            let message =
                format!("`{field}` is the target already: what is written is always scored against it");
            checker.error(&item, message, "name other fields alone");
        } else if fields[..index].contains(field) {
            checker.error(&item, format!("`{field}` is listed twice"), "keep it once");
        } else {
            check_reference_field(checker, task, &item, field);
        }
    }
}

/// Checks that some split has a field of references. Training needs none, so one split with them is enough.
fn check_reference_field(checker: &mut Checker<'_>, task: &str, place: &str, field: &str) {
    let files = checker.data(task).filter(|data| data.pair.is_none()).and_then(|data| data.files);
    let Some(files) = files else { return };
    let mut known: Vec<String> = Vec::new();
    for (_, files) in files.splits() {
        // The fields may not be known before the files are read; the training checks them then.
        let Some(fields) = files.fields() else { return };
        known.extend(fields);
    }
    if known.iter().any(|known| known == field) {
        return;
    }
    known.sort();
    known.dedup();
    let listed = format!("the fields are: {}", known.join(", "));
    let help = match suggest(field, known.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`? {listed}"),
        None => listed,
    };
    checker.error(place, format!("no split has a field `{field}`"), help);
}

fn check_options(checker: &mut Checker<'_>, task: &str, role: &str) {
    let Some(side) = checker.side(task, role) else {
        return;
    };
    let Ok(medium) = checker.registry.get(side.medium()) else {
        return;
    };
    let options = format!("{}/{role}/{}", below("/tasks", task), side.medium());
    let parsed = medium.side(side.options(), &Kept::default());
    let mut problems = match &parsed {
        Ok(parsed) => parsed.problems(),
        Err(problem) => vec![problem.clone()],
    };
    let is_looked_for = checker.outside == Outside::Checked && !checker.taken_over.contains(&options);
    if let (Ok(parsed), true, true) = (&parsed, is_looked_for, problems.is_empty()) {
        problems = parsed.file_problems();
    }
    for problem in problems {
        let pointer = format!("{options}{}", problem.pointer);
        let help = problem.help.unwrap_or_default();
        if help.is_empty() {
            let place = checker.root.place_of(&pointer);
            checker.report(crate::diagnostic::Diagnostic::error(place, problem.message, None));
        } else {
            checker.error(&pointer, problem.message, help);
        }
    }
    if let Ok(parsed) = parsed {
        check_fields(checker, task, &options, &parsed.fields());
    }
}

/// Checks that the data has the fields that a side reads.
fn check_fields(checker: &mut Checker<'_>, task: &str, options: &str, wanted: &[String]) {
    let Some(data) = checker.data(task) else {
        return;
    };
    // `pair` adds the fields of another dataset.
    let Some(files) = data.files.filter(|_| data.pair.is_none()) else {
        return;
    };
    for wanted in wanted {
        for (split, fields) in files.splits().filter_map(|(split, files)| Some((split, files.fields()?))) {
            if fields.contains(wanted) {
                continue;
            }
            let place = checker.root.find(options).and_then(|node| naming(node, wanted, options));
            let message = format!("the `{split}` files have no field `{wanted}`");
            let known = fields.join(", ");
            let help = match suggest(wanted, fields.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`? their fields are: {known}"),
                None => format!("their fields are: {known}"),
            };
            checker.error(place.as_deref().unwrap_or(options), message, help);
            break;
        }
    }
}

/// The pointer of the option that holds a text.
fn naming(node: &Node, text: &str, pointer: &str) -> Option<String> {
    match &node.value {
        Value::Text(found) if found == text => Some(pointer.to_owned()),
        _ => node.entries().iter().find_map(|entry| naming(&entry.node, text, &below(pointer, &entry.key))),
    }
}

/// Checks that not all weights of tasks are 0.
fn check_weights(checker: &mut Checker<'_>) {
    let tasks = checker.tasks();
    let weight = |task: &&str| {
        let weight = below("/tasks", task) + "/weight";
        checker.sound(&[&weight]) && checker.json.pointer(&weight).and_then(Json::as_f64) == Some(0.0)
    };
    if let Some(first) = tasks.first().filter(|_| tasks.iter().all(weight)) {
        let place = below("/tasks", first) + "/weight";
        let message = if tasks.len() == 1 { "the only task is never drawn" } else { "no task is ever drawn" };
        checker.error(
            &place,
            format!("{message}: its weight is 0"),
            "give at least one task a weight above 0",
        );
    }
}
