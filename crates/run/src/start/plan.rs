//! Plan of a start: for each parameter of a model, what is taken over from another run.

use std::collections::BTreeMap;

use any2any_architecture::{Architecture, Entry, Head, Parameter, names};
use serde::Serialize;

use super::{Start, shared_tokens};
use crate::adapters::{AdapterSet, Origin};
use crate::parameters::Weights;
use crate::task_sides::Role;

/// Parameter of a model that starts from another run, with what is taken over for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TakenOver {
    /// Its name.
    pub name: String,
    /// The sizes of its dimensions.
    pub shape: Vec<usize>,
    /// Where its values come from.
    #[serde(flatten)]
    pub source: Source,
}

/// Origin of a parameter's values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Source {
    /// A parameter of the start, as a whole.
    Loaded {
        /// Its name there.
        from: String,
    },
    /// Some rows of a parameter of the start; the others are fresh.
    Partly {
        /// Its name there.
        from: String,
        /// The number there of each row; `None` for one that is fresh.
        #[serde(skip)]
        rows: Vec<Option<usize>>,
        /// The number of rows that are taken over.
        carried: usize,
    },
    /// Zeros, which leave the model as it was.
    Zero,
    /// None: the start has nothing that fits.
    Fresh,
}

impl TakenOver {
    /// True if all values come from the start.
    pub fn is_loaded(&self) -> bool {
        matches!(self.source, Source::Loaded { .. })
    }

    /// The number of values.
    pub fn size(&self) -> u64 {
        self.shape.iter().map(|&size| size as u64).product()
    }

    /// The values, from the start's weights and the fresh ones.
    pub(super) fn values(&self, start: &BTreeMap<String, Weights>, fresh: impl Fn() -> Vec<f32>) -> Vec<f32> {
        match &self.source {
            Source::Loaded { from } => start[from].values.clone(),
            Source::Zero => vec![0.0; self.size() as usize],
            Source::Fresh => fresh(),
            Source::Partly { from, rows, .. } => {
                let width: usize = self.shape[1..].iter().product();
                let theirs = &start[from].values;
                let mut values = fresh();
                for (row, known) in values.chunks_mut(width).zip(rows) {
                    if let Some(known) = known {
                        row.copy_from_slice(&theirs[known * width..][..width]);
                    }
                }
                values
            }
        }
    }
}

/// A stem or head of the start that stands for one of a model, and the rows of its tables.
struct Counterpart {
    /// The beginning of its parameters' names.
    name: String,
    /// The number there of each token, where the vocabularies differ.
    rows: Option<Vec<Option<usize>>>,
    /// The table of a stem that is the softmax of a tied head.
    lent: Option<String>,
}

/// The plan of a model that starts from a run.
pub(super) fn plan(start: &Start, architecture: &Architecture, adapters: &AdapterSet) -> Vec<TakenOver> {
    let parts = counterparts(start, architecture, adapters);
    let source = |parameter: &Parameter| -> Source {
        let Parameter { name, shape } = parameter;
        if name == names::TASK_VECTORS {
            return of_tasks(start, architecture, shape);
        }
        let of_part = |ours: &str| name.strip_prefix(ours).filter(|rest| rest.starts_with('.'));
        let part = parts.iter().find_map(|(ours, part)| Some((part, of_part(ours)?)));
        let Some((part, rest)) = part else { return of_same_name(start, name, shape, None) };
        let Some(part) = part else { return Source::Fresh };
        let theirs = format!("{}{rest}", part.name);
        match &part.lent {
            Some(lent) if rest == format!(".{}", names::TABLE) && !start.weights.contains_key(&theirs) => {
                of_same_name(start, lent, shape, part.rows.as_deref())
            }
            _ => of_same_name(start, &theirs, shape, part.rows.as_deref()),
        }
    };
    let parameters = architecture.parameters().into_iter();
    parameters
        .map(|parameter| TakenOver {
            source: source(&parameter),
            name: parameter.name,
            shape: parameter.shape,
        })
        .collect()
}

/// A parameter of the start of the same shape, or of another number of rows.
fn of_same_name(start: &Start, name: &str, shape: &[usize], rows: Option<&[Option<usize>]>) -> Source {
    let Some(theirs) = start.weights.get(name) else { return Source::Fresh };
    let from = name.to_owned();
    match rows {
        None if theirs.shape == shape => Source::Loaded { from },
        // Learned positions: those that both have.
        None if name.ends_with(&format!("{}.{}", names::POSITIONS, names::TABLE))
            && theirs.shape[1..] == shape[1..] =>
        {
            partly(from, (0..shape[0]).map(|row| (row < theirs.shape[0]).then_some(row)).collect())
        }
        Some(rows) if theirs.shape[1..] == shape[1..] && rows.len() == shape[0] => {
            partly(from, rows.iter().map(|row| row.filter(|row| *row < theirs.shape[0])).collect())
        }
        _ => Source::Fresh,
    }
}

fn partly(from: String, rows: Vec<Option<usize>>) -> Source {
    let carried = rows.iter().flatten().count();
    if carried == 0 { Source::Fresh } else { Source::Partly { from, rows, carried } }
}

/// The vectors of tasks: those of tasks of the same names. Where the start has none, zeros leave it as it was.
fn of_tasks(start: &Start, architecture: &Architecture, shape: &[usize]) -> Source {
    let Some(theirs) = start.weights.get(names::TASK_VECTORS) else { return Source::Zero };
    let known = |name: &str| start.architecture.tasks.iter().position(|task| task.name == name);
    let rows: Vec<Option<usize>> = architecture.tasks.iter().map(|task| known(&task.name)).collect();
    let from = names::TASK_VECTORS.to_owned();
    if theirs.shape == shape && rows.iter().enumerate().all(|(row, known)| *known == Some(row)) {
        return Source::Loaded { from };
    }
    if theirs.shape[1..] == shape[1..] { partly(from, rows) } else { Source::Fresh }
}

/// For each stem, head and alignment by the beginning of its parameters' names, the one of the start that stands for it.
fn counterparts(
    start: &Start,
    architecture: &Architecture,
    adapters: &AdapterSet,
) -> Vec<(String, Option<Counterpart>)> {
    let origins = adapters.origins(&start.adapters, start.vocabulary);
    let theirs = &start.architecture;
    let mut parts: Vec<(String, Option<Counterpart>)> = Vec::new();
    let mut add = |ours: String, counterpart: Option<Counterpart>| {
        if !parts.iter().any(|(known, _)| *known == ours) {
            parts.push((ours, counterpart));
        }
    };
    for (number, task) in adapters.tasks().iter().enumerate() {
        let of_task = &architecture.tasks[number];
        let (source, target) = adapters.numbers(task);
        let sides = source.zip(of_task.source).map(|(adapter, stem)| (Role::Source, adapter, stem));
        for (role, adapter, stem) in sides.into_iter().chain([(Role::Target, target, of_task.target)]) {
            let found = found(start, origins[adapter], task.name(), role);
            let rows = rows(start, origins[adapter], adapters, adapter);
            let stem_of = |(task, role): (usize, Role)| match role {
                Role::Source => theirs.tasks[task].source,
                Role::Target => Some(theirs.tasks[task].target),
            };
            let counterpart = found.and_then(stem_of).map(|stem| Counterpart {
                name: format!("{}.{}", names::STEMS, theirs.stems[stem].name),
                rows: rows.clone(),
                lent: None,
            });
            add(path(names::STEMS, &architecture.stems[stem]), counterpart);
            let Some((of, Role::Target)) = found.filter(|_| role == Role::Target) else { continue };
            let head = &theirs.heads[theirs.tasks[of].head];
            let lent = match head.part {
                Head::Softmax { tied: Some(stem), .. } => {
                    Some(format!("{}.{}", path(names::STEMS, &theirs.stems[stem]), names::TABLE))
                }
                _ => None,
            };
            let counterpart = Counterpart { name: path(names::HEADS, head), rows: rows.clone(), lent };
            add(path(names::HEADS, &architecture.heads[of_task.head]), Some(counterpart));
            // An alignment has a column for each token.
            if let (None, Some(ours), Some(known)) = (&rows, of_task.alignment, theirs.tasks[of].alignment) {
                let name = path(names::ALIGNMENTS, &theirs.alignments[known]);
                let counterpart = Counterpart { name, rows: None, lent: None };
                add(path(names::ALIGNMENTS, &architecture.alignments[ours]), Some(counterpart));
            }
        }
    }
    for (kind, entries) in [
        (names::STEMS, architecture.stems.iter().map(|entry| &entry.name).collect::<Vec<_>>()),
        (names::HEADS, architecture.heads.iter().map(|entry| &entry.name).collect()),
        (names::ALIGNMENTS, architecture.alignments.iter().map(|entry| &entry.name).collect()),
    ] {
        for name in entries {
            add(format!("{kind}.{name}"), None);
        }
    }
    parts
}

fn path<T>(kind: &str, entry: &Entry<T>) -> String {
    format!("{kind}.{}", entry.name)
}

/// The side of the start, by its task and role, that uses the counterpart of an adapter: the one of the same name, or the
/// first of the same role.
fn found(start: &Start, origin: Origin, task: &str, role: Role) -> Option<(usize, Role)> {
    let (Origin::Kept(wanted) | Origin::Other(wanted)) = origin else { return None };
    let mut uses = Vec::new();
    for (number, of) in start.adapters.tasks().iter().enumerate() {
        let (source, target) = start.adapters.numbers(of);
        uses.extend((source == Some(wanted)).then_some((number, Role::Source)));
        uses.extend((target == wanted).then_some((number, Role::Target)));
    }
    let name = |number: usize| start.adapters.tasks()[number].name();
    uses.into_iter().rev().max_by_key(|(number, of)| (*of == role, name(*number) == task))
}

/// The number in the start of each token of an adapter; `None` where it is that of the start, or has no tokens.
fn rows(start: &Start, origin: Origin, adapters: &AdapterSet, adapter: usize) -> Option<Vec<Option<usize>>> {
    match origin {
        Origin::Other(known) => shared_tokens(adapters.adapter(adapter), start.adapters.adapter(known)),
        Origin::Kept(_) | Origin::None => None,
    }
}
