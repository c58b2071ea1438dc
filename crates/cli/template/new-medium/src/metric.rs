//! A metric: how many notes are right. Texts, pictures and signals have metrics; values of your own need one.

use any2any::schemars::JsonSchema;
use any2any::serde::{Deserialize, Serialize};
use any2any::{Kind, Package, Value, ValueMetric};

use crate::value::{Melody, Note};

/// The notes of a value; none if it is of another medium.
fn notes(value: &Value) -> &[Note] {
    Melody::notes_of(value).unwrap_or_default()
}

/// The share of notes that are those of the reference, in per cent.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "any2any::serde", deny_unknown_fields)]
#[schemars(crate = "any2any::schemars")]
pub(crate) struct RightNotes {}

impl ValueMetric for RightNotes {
    fn package() -> Package {
        any2any::package!()
    }

    fn scores(&self, kind: Kind) -> bool {
        kind == Kind::Custom
    }

    /// Right notes, and all notes: a note too many counts like a wrong one.
    fn statistics(&self, output: &Value, references: &[&Value]) -> Vec<f64> {
        let output = notes(output);
        let against = |reference: &&Value| {
            let reference = notes(reference);
            let right = output.iter().zip(reference).filter(|(output, reference)| output == reference);
            (right.count() as f64, output.len().max(reference.len()) as f64)
        };
        let share = |&(right, all): &(f64, f64)| right / f64::max(all, 1.0);
        let best = references.iter().map(against).max_by(|one, other| share(one).total_cmp(&share(other)));
        best.map_or_else(|| vec![0.0, 0.0], |(right, all)| vec![right, all])
    }

    fn score(&self, sums: &[f64]) -> f64 {
        100.0 * sums[0] / sums[1].max(1.0)
    }
}
