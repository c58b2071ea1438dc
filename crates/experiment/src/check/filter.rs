//! Rules about the filters of a task's data, which compare the texts of its sides.

use any2any_adapter::{Kept, Kind};

use crate::check::Checker;
use crate::node::below;
use crate::spec::Filter;
use crate::suggest::suggest;

/// A side of a task, as filters see it.
struct Seen {
    role: &'static str,
    medium: String,
    /// The field of a text; none of other values.
    text: Option<String>,
}

/// Checks that each filter of a task can apply to the texts of its sides; `at` is the pointer of the filters.
pub(super) fn check(checker: &mut Checker<'_>, task: &str, at: &str, filter: &Filter) {
    let Some(sides) = sides(checker, task) else { return };
    let texts: Vec<&str> = sides.iter().filter_map(|side| side.text.as_deref()).collect();
    if texts.is_empty() {
        let message = format!("filters compare texts, and no side of `{task}` is one");
        checker.error(at, message, "leave `filter` out");
        return;
    }
    let refusals = [
        ("identical", filter.identical, not_two(task, &sides).or_else(|| copies(&texts))),
        ("length_ratio", filter.length_ratio.is_some(), not_two(task, &sides)),
        ("duplicates", filter.duplicates, other_value(&sides)),
    ];
    for (option, is_set, refusal) in refusals {
        if let (true, Some(message)) = (is_set, refusal) {
            checker.error(&below(at, option), message, format!("leave `{option}` out"));
        }
    }
    for field in filter.script.keys().filter(|field| !texts.contains(&field.as_str())) {
        let place = below(&below(at, "script"), field);
        let mut known = texts.clone();
        known.dedup();
        let known = known.join(", ");
        let help = match suggest(field, texts.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`? the texts of the task are: {known}"),
            None => format!("the texts of the task are: {known}"),
        };
        checker.error(&place, format!("`{task}` reads and writes no text `{field}`"), help);
    }
    let lengths = filter.length.is_some() || filter.length_ratio.is_some();
    let needs = [
        ("wrong_letters", !filter.script.is_empty(), "add `script`: the script of the letters of each field"),
        ("length_by", lengths, "add `length`, `length_ratio`, or both"),
    ];
    for (option, has_use, help) in needs {
        let place = below(at, option);
        if !has_use && checker.given(&place) {
            checker.error(&place, format!("`{option}` says nothing by itself"), help);
        }
    }
}

/// The sides of a task; none if one is not sound.
fn sides(checker: &Checker<'_>, task: &str) -> Option<Vec<Seen>> {
    let mut sides = Vec::new();
    for role in ["source", "target"] {
        let pointer = below(&below("/tasks", task), role);
        if !checker.sound(&[&pointer]) {
            return None;
        }
        if role == "source" && checker.json.pointer(&pointer).is_none_or(serde_json::Value::is_null) {
            continue;
        }
        let side = checker.side(task, role)?;
        let medium = checker.registry.get(side.medium()).ok()?;
        let fields = medium.side(side.options(), &Kept::default()).ok()?.fields();
        let text = match &fields[..] {
            [field] if medium.kind() == Kind::Text => Some(field.clone()),
            _ => None,
        };
        sides.push(Seen { role, medium: side.medium().to_owned(), text });
    }
    Some(sides)
}

/// The reason why two texts cannot be compared, if the sides are not both texts.
fn not_two(task: &str, sides: &[Seen]) -> Option<String> {
    match sides {
        [_] => Some(format!("this compares source and target, and `{task}` has no source")),
        _ => {
            let Seen { role, medium, .. } = sides.iter().find(|side| side.text.is_none())?;
            Some(format!("this compares two texts, and the {role} of `{task}` is {medium}"))
        }
    }
}

/// The reason why source and target are always the same.
fn copies(texts: &[&str]) -> Option<String> {
    match texts {
        [source, target] if source == target => {
            Some(format!("source and target are both `{source}`, so every sample would be left out"))
        }
        _ => None,
    }
}

/// The reason why samples with the same texts may not be the same.
fn other_value(sides: &[Seen]) -> Option<String> {
    let Seen { role, medium, .. } = sides.iter().find(|side| side.text.is_none())?;
    Some(format!("samples of the same text may differ in their {role}, which is {medium}"))
}
