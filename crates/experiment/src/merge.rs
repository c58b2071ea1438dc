//! Merging of two trees: one experiment over another that it extends.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::node::{Entry, Node, Value};
use crate::schema_kind::{Kind, Schema};
use crate::source::{OVERRIDE, Place};

/// Merges `near` over `base`: mappings key by key, everything else is replaced.
///
/// A choice (`schedule: { cosine: ... }`) with another key replaces the base's as a whole: the options of the one mean
/// nothing to the other.
pub(crate) fn merge<'s>(base: Node, near: Node, rules: Schema<'s>, schema: Option<&'s Json>) -> Node {
    let (old, new) = match (base.value, near.value) {
        (Value::Mapping(old), Value::Mapping(new)) => (old, new),
        (_, value) => {
            return Node { place: near.place, value };
        }
    };
    let old = match schema.map(|schema| rules.shape(schema).kind) {
        Some(Kind::Choice { options, beside, .. }) if !beside.is_empty() => {
            let chooses = |entry: &Entry| options.iter().any(|(name, _)| *name == entry.key);
            let chosen = new.iter().find(|entry| chooses(entry));
            old.into_iter()
                .filter(|entry| chosen.is_none_or(|chosen| !chooses(entry) || entry.key == chosen.key))
                .collect()
        }
        Some(Kind::Choice { .. }) if !same_choice(&old, &new) => {
            return Node { place: near.place, value: Value::Mapping(new) };
        }
        _ => old,
    };
    let known: HashMap<String, usize> =
        old.iter().enumerate().map(|(at, entry)| (entry.key.clone(), at)).collect();
    let mut merged: Vec<Option<Entry>> = old.into_iter().map(Some).collect();
    for entry in new {
        let at = known.get(&entry.key).copied();
        let Some((at, lower)) = at.and_then(|at| Some((at, merged[at].take()?))) else {
            merged.push(Some(entry));
            continue;
        };
        let below = schema.and_then(|schema| rules.child(schema, &entry.key));
        let Entry { key, place: lower_place, node: lower } = lower;
        let mappings = matches!((&lower.value, &entry.node.value), (Value::Mapping(_), Value::Mapping(_)));
        let place = if mappings { shown(lower_place, entry.place) } else { entry.place };
        let node = merge(lower, entry.node, rules, below);
        merged[at] = Some(Entry { key, place, node });
    }
    let place = shown(base.place, near.place);
    let value = Value::Mapping(merged.into_iter().flatten().collect());
    Node { place, value }
}

/// The place of a mapping that stands in two sources: the nearer file, but never an override, which says nothing about
/// the mapping as a whole.
fn shown(base: Place, near: Place) -> Place {
    if near.source.name == OVERRIDE { base } else { near }
}

fn same_choice(old: &[Entry], new: &[Entry]) -> bool {
    matches!((old, new), ([old], [new]) if old.key == new.key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tests::tree;
    use crate::schema::schema_of;
    use crate::spec::Training;

    #[test]
    fn mappings_merge_and_choices_replace() {
        let cases = [
            ("steps: 5", "accumulate: 2", "{steps: 5, accumulate: 2}"),
            ("steps: 5", "steps: 6", "steps: 6"),
            ("batch: {tokens: 1, prefetch: 2}", "batch: {tokens: 3}", "batch: {tokens: 3, prefetch: 2}"),
            ("clip_norm: 1.0", "clip_norm: null", "clip_norm: null"),
            (
                "schedule: {noam: {factor: 1, warmup: 5}}",
                "schedule: {noam: {warmup: 6}}",
                "schedule: {noam: {factor: 1, warmup: 6}}",
            ),
            (
                "schedule: {noam: {factor: 1, warmup: 5}}",
                "schedule: {constant: {peak: 6}}",
                "schedule: {constant: {peak: 6}}",
            ),
            ("batch: 3", "batch: {tokens: 1}", "batch: {tokens: 1}"),
            ("list: [1, 2]", "list: [3]", "list: [3]"),
            ("unknown: {a: 1}", "unknown: {b: 2}", "unknown: {a: 1, b: 2}"),
        ];
        let root = schema_of::<Training>();
        for (base, near, expected) in cases {
            let merged = merge(tree(base), tree(near), Schema { root: &root }, Some(&root));
            assert_eq!(merged, tree(expected), "{base} under {near}");
        }
    }
}
