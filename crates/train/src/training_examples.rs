//! Training examples of a task that are within the limits: in memory, or on the disk and read batch by batch.

use std::borrow::Cow;
use std::sync::Arc;

use any2any_adapter::Value;
use any2any_data::batching::Lengths;
use any2any_run::RunError;
use any2any_translate::{Example, StoredExamples};
use rayon::prelude::*;

use crate::augmentation::Augmentation;

/// Training examples of a task.
pub(crate) enum TrainingExamples {
    /// All of them in memory.
    Memory(InMemory),
    /// Their lengths in memory, all else on the disk.
    Disk(OnDisk),
}

/// Examples in memory.
pub(crate) struct InMemory {
    pub(crate) examples: Vec<Example>,
    /// The lengths of the examples without augmentation, which may make them a little longer.
    pub(crate) lengths: Vec<Lengths>,
    /// The opened values of both sides, in the order of the examples; empty for a side that is not augmented.
    pub(crate) values: [Vec<Value>; 2],
}

/// Examples on the disk.
pub(crate) struct OnDisk {
    stored: Arc<StoredExamples>,
    /// The numbers of the examples within the limits and their lengths; `None` if all are.
    kept: Option<(Vec<u32>, Vec<Lengths>)>,
}

impl OnDisk {
    /// The stored examples of some numbers, in their order.
    pub(crate) fn new(stored: Arc<StoredExamples>, kept: &[u32]) -> Self {
        let kept = (kept.len() < stored.len()).then(|| {
            let lengths = kept.iter().map(|&number| stored.lengths()[number as usize]).collect();
            (kept.to_vec(), lengths)
        });
        Self { stored, kept }
    }
}

impl TrainingExamples {
    /// The lengths of all examples, without augmentation.
    pub(crate) fn lengths(&self) -> &[Lengths] {
        match self {
            Self::Memory(InMemory { lengths, .. }) => lengths,
            Self::Disk(OnDisk { kept: Some((_, lengths)), .. }) => lengths,
            Self::Disk(OnDisk { stored, .. }) => stored.lengths(),
        }
    }

    /// The examples of a batch, augmented for an epoch.
    ///
    /// # Errors
    ///
    /// If stored examples cannot be read.
    pub(crate) fn batch(
        &self,
        rows: &[u32],
        augmentation: Option<&Augmentation>,
        epoch: u64,
    ) -> Result<Vec<Cow<'_, Example>>, RunError> {
        match self {
            Self::Memory(memory) => Ok(memory.batch(rows, augmentation, epoch)),
            Self::Disk(OnDisk { stored, kept }) => {
                let read = |&row: &u32| {
                    let number = kept.as_ref().map_or(row, |(kept, _)| kept[row as usize]);
                    let (example, values) = stored.whole(number as usize)?;
                    Ok(Cow::Owned(match augmentation {
                        None => example,
                        Some(augmentation) => {
                            augmentation.example(&example, values.each_ref().map(Option::as_ref), epoch)
                        }
                    }))
                };
                rows.par_iter().map(read).collect()
            }
        }
    }
}

impl InMemory {
    fn batch(&self, rows: &[u32], augmentation: Option<&Augmentation>, epoch: u64) -> Vec<Cow<'_, Example>> {
        let Some(augmentation) = augmentation else {
            return rows.iter().map(|&row| Cow::Borrowed(&self.examples[row as usize])).collect();
        };
        let changed = |&row: &u32| {
            let row = row as usize;
            let values = self.values.each_ref().map(|values| values.get(row));
            Cow::Owned(augmentation.example(&self.examples[row], values, epoch))
        };
        rows.par_iter().map(changed).collect()
    }
}
