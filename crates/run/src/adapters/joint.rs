//! Extension of tokenizers whose tokens have the numbers of one vocabulary, as those of Marian's sources and targets: each is
//! given the pieces of all.

use any2any_adapter::{Adapter, Stem, Value};

use super::{AdapterSet, Groups};
use crate::start::Start;
use crate::task_sides::Role;

/// Names of tokens that adapters of one vocabulary are extended by.
#[derive(Default)]
pub(super) struct Joint {
    /// The numbers of the groups that have these adapters.
    pub(super) groups: Vec<usize>,
    /// The names, in the order of their numbers behind those of the start.
    pub(super) names: Vec<String>,
}

/// The names by which adapters of one vocabulary are extended; none where there are not two of them. What cannot be extended
/// is told when each is fitted.
pub(super) fn names<'a>(
    groups: &Groups,
    start: &Start,
    values: impl Fn(usize, Role) -> &'a [Value],
) -> Joint {
    let (known, state) = start.adapters();
    let extended: Vec<(usize, usize)> = groups
        .groups
        .iter()
        .enumerate()
        .filter_map(|(number, group)| Some((number, groups.extends(group, known, start.vocabulary())?)))
        .collect();
    let [(_, first), _, ..] = extended[..] else { return Joint::default() };
    let Some(size) = size_of(known, first) else { return Joint::default() };
    let mut joint = Joint::default();
    for (number, of) in extended {
        if size_of(known, of) != Some(size) {
            continue;
        }
        let group = &groups.groups[number];
        let mut values = group.members.iter().flat_map(|&(task, role)| values(task, role).iter());
        let place = (known, state.as_path());
        let fitted = groups.fit_from(group, &mut values, place, start.vocabulary(), &joint.names);
        let Ok(adapter) = fitted else { continue };
        joint.groups.push(number);
        let tokens = vocabulary(adapter.as_ref()).unwrap_or(size);
        joint.names = (size as u32..tokens as u32).map(|token| adapter.show(token)).collect();
    }
    if joint.groups.len() > 1 { joint } else { Joint::default() }
}

fn size_of(known: &AdapterSet, number: usize) -> Option<usize> {
    vocabulary(known.adapter(number))
}

fn vocabulary(adapter: &dyn Adapter) -> Option<usize> {
    match adapter.stem() {
        Stem::Lookup { vocabulary, .. } => Some(vocabulary),
        _ => None,
    }
}
