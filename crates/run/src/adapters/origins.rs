//! Adapters of an experiment beside those of the run that its model starts from.

use std::sync::Arc;

use any2any_adapter::{Adapter, AdapterError, Stem, Value};
use any2any_experiment::spec::VocabularyStart;

use super::{AdapterSet, Group, Groups};

/// Counterpart of an adapter in the run that a model starts from, by its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The adapter of the start itself.
    Kept(usize),
    /// An adapter of the same medium, fitted with the new data or with other options.
    Other(usize),
    /// The start has none of this medium.
    None,
}

impl AdapterSet {
    /// The counterpart of each adapter in a start.
    pub(crate) fn origins(&self, start: &Self, vocabulary: VocabularyStart) -> Vec<Origin> {
        self.groups.groups.iter().map(|group| self.groups.origin(group, start, vocabulary)).collect()
    }

    /// The folder, within that of all adapters, of an adapter's state.
    fn folder(&self, number: usize) -> &str {
        &self.groups.groups[number].name
    }
}

impl Groups {
    fn origin(&self, group: &Group, start: &AdapterSet, vocabulary: VocabularyStart) -> Origin {
        let groups = &start.groups;
        let nearness = |known: &Group| {
            let pairs =
                || known.members.iter().flat_map(|there| group.members.iter().map(move |here| (here, there)));
            let name = |groups: &Self, task: usize| groups.tasks[task].name.clone();
            let same_role = pairs().any(|(here, there)| here.1 == there.1);
            let same_side =
                pairs().any(|(here, there)| here.1 == there.1 && name(self, here.0) == name(groups, there.0));
            (options(known) == options(group), same_side, same_role)
        };
        let of_medium = groups
            .groups
            .iter()
            .enumerate()
            .filter(|(_, known)| known.side.medium.name() == group.side.medium.name());
        // Of several that are as near, the first.
        let nearest = of_medium.rev().max_by_key(|(_, known)| nearness(known));
        let Some((number, known)) = nearest else { return Origin::None };
        let keeps = vocabulary == VocabularyStart::Keep
            || !matches!(start.adapters[number].stem(), Stem::Lookup { .. });
        if keeps && options(known) == options(group) { Origin::Kept(number) } else { Origin::Other(number) }
    }

    /// The number in a start of the adapter that a group's adapter extends.
    pub(super) fn extends(
        &self,
        group: &Group,
        start: &AdapterSet,
        vocabulary: VocabularyStart,
    ) -> Option<usize> {
        match self.origin(group, start, vocabulary) {
            Origin::Other(number)
                if vocabulary == VocabularyStart::Extend
                    && options(&start.groups.groups[number]) == options(group) =>
            {
                Some(number)
            }
            _ => None,
        }
    }

    /// The adapter of a group of an experiment that starts from a run: that of the run, one that extends it, or one that is
    /// fitted. One that extends it has tokens of the names `beside` first.
    pub(super) fn fit_from(
        &self,
        group: &Group,
        values: &mut dyn Iterator<Item = &Value>,
        (start, state): (&AdapterSet, &std::path::Path),
        vocabulary: VocabularyStart,
        beside: &[String],
    ) -> Result<Arc<dyn Adapter>, AdapterError> {
        let side = &group.side.with_options;
        match self.origin(group, start, vocabulary) {
            Origin::Kept(number) => Ok(start.adapters[number].clone()),
            Origin::Other(number) if self.extends(group, start, vocabulary).is_some() => {
                side.extend(&state.join(start.folder(number)), values, beside)
            }
            Origin::Other(_) | Origin::None => side.fit(values),
        }
    }
}

/// The options of a group on which its adapter depends: not the fields of its data, nor random changes in training, which each
/// side has for itself.
fn options(group: &Group) -> serde_json::Value {
    let mut options = group.side.with_options.options();
    if let Some(options) = options.as_object_mut() {
        options.retain(|option, _| !["field", "fields", "augment"].contains(&option.as_str()));
    }
    options
}
