//! Former keys of experiments, which go on working under their present names.

use crate::diagnostic::Diagnostic;
use crate::node::{Node, Value};

/// The former and the present key of every option of a task that has been renamed.
const OF_TASKS: [(&str, &str); 1] = [("aligned", "per_position")];

/// Renames the former keys of an experiment, with a warning for each.
///
/// A mapping that has both keeps the former one, so that the schema refuses it at its place.
pub(crate) fn rename(root: &mut Node) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for task in root.get_mut("tasks").into_iter().flat_map(Node::entries_mut) {
        let Value::Mapping(options) = &mut task.node.value else { continue };
        for (former, present) in OF_TASKS {
            if options.iter().any(|option| option.key == present) {
                continue;
            }
            for option in options.iter_mut().filter(|option| option.key == former) {
                option.key = present.to_owned();
                let message = format!("`{former}` is called `{present}` now");
                let help = Some(format!("write `{present}`"));
                warnings.push(Diagnostic::error(&option.place, message, help).as_warning());
            }
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tests::tree;

    #[test]
    fn a_former_key_is_renamed_and_named() {
        let mut root = tree("tasks:\n  label: { aligned: true }\n  other: { per_position: true }\n");
        let warnings: Vec<String> = rename(&mut root).iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].starts_with("warning: `aligned` is called `per_position` now"), "{warnings:?}");
        assert_eq!(root.find("/tasks/label/per_position").map(Node::describe).as_deref(), Some("`true`"));
    }

    #[test]
    fn both_keys_are_left_to_the_schema() {
        let mut root = tree("tasks:\n  label: { aligned: true, per_position: false }\n");
        assert!(rename(&mut root).is_empty());
        assert!(root.find("/tasks/label/aligned").is_some());
    }
}
