//! Help for misplaced and unknown keys: where the option belongs, or which one was probably meant.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::node::Node;
use crate::schema_kind::{Kind, Schema};
use crate::suggest::suggest;

/// The paths of all options of the schema by their keys, for options in the wrong place.
#[derive(Debug)]
pub(crate) struct Homes(BTreeMap<String, Vec<Vec<String>>>);

impl Homes {
    pub(crate) fn of(rules: Schema<'_>) -> Self {
        let mut homes = Self(BTreeMap::new());
        homes.visit(rules, rules.root, &mut Vec::new());
        homes
    }

    fn visit(&mut self, rules: Schema<'_>, schema: &Json, path: &mut Vec<String>) {
        // Deep enough for every option; schemas that contain themselves end here.
        if path.len() > 8 {
            return;
        }
        match rules.shape(schema).kind {
            Kind::Choice { options, beside, .. } => {
                for (key, _) in &beside {
                    self.0.entry((*key).to_owned()).or_default().push(path.clone());
                }
                for (key, schema) in options.into_iter().chain(beside) {
                    path.push(key.to_owned());
                    self.visit(rules, schema, path);
                    path.pop();
                }
            }
            Kind::Mapping(mapping) => {
                for (key, schema) in mapping.get("properties").and_then(Json::as_object).into_iter().flatten()
                {
                    self.0.entry(key.clone()).or_default().push(path.clone());
                    path.push(key.clone());
                    self.visit(rules, schema, path);
                    path.pop();
                }
                if let Some(schema) = mapping.get("additionalProperties").filter(|schema| schema.is_object())
                {
                    path.push("NAME".to_owned());
                    self.visit(rules, schema, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// The path of the mapping that a key belongs to, preferably one that the experiment has.
    fn of_key(&self, key: &str, root: &Node) -> Option<String> {
        let paths = self.0.get(key)?;
        let present = |path: &&Vec<String>| path.iter().try_fold(root, |node, key| node.get(key)).is_some();
        let path = paths.iter().find(present).or(paths.first())?;
        let Some((last, parents)) = path.split_last() else {
            return Some("the top of the file".to_owned());
        };
        // Several options of one choice may have an option of this name.
        let siblings =
            paths.iter().filter(|other| other.split_last().is_some_and(|(_, up)| up == parents)).count();
        Some(if siblings > 1 && !present(&path) {
            format!("an option of `{}`, such as `{last}`", parents.join("."))
        } else {
            format!("`{}`", path.join("."))
        })
    }
}

/// The help for an unknown key, and the key that was probably meant.
pub(crate) fn unknown_key(
    key: &str,
    allowed: &[&str],
    homes: &Homes,
    root: &Node,
) -> (String, Option<String>) {
    if let Some((before, after)) = key.split_once(':').filter(|(before, _)| allowed.contains(before)) {
        return (format!("a space is missing after `:`: write `{before}: {after}`"), Some(before.to_owned()));
    }
    let list = if allowed.is_empty() { "no key is allowed here".to_owned() } else { allowed.join(", ") };
    if let Some(meant) = suggest(key, allowed.iter().copied()) {
        return (format!("did you mean `{meant}`? allowed here: {list}"), Some(meant.to_owned()));
    }
    match homes.of_key(key, root) {
        Some(home) => (format!("`{key}` belongs in {home}; allowed here: {list}"), None),
        None => (format!("allowed here: {list}"), None),
    }
}
