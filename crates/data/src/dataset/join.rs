//! Joining of several samples into longer ones: spoken digits that make a number, commands that make a message.

use std::collections::HashMap;
use std::sync::Arc;

use any2any_adapter::{Random, Value};
use any2any_experiment::spec::Join;

use super::Dataset;
use crate::{DataError, Samples};

/// Draws joined samples from those of a split.
///
/// A first sample is drawn, then others of the same group, none of them twice as long as the group has others.
pub(super) fn join(
    dataset: &Dataset,
    join: &Join,
    samples: Samples,
    split: &str,
) -> Result<Samples, DataError> {
    if samples.is_empty() {
        return Err(dataset.wrong("join", format!("the split '{split}' has no sample to join")));
    }
    let groups = Groups::of(&samples, join.by.as_deref())?;
    let number = if split == "train" { join.samples } else { join.test_samples };
    let mut random = dataset.random("join", split);
    let drawn: Vec<Vec<usize>> = (0..number).map(|_| groups.draw(join.count, &mut random)).collect();
    let columns = samples.into_columns().into_iter().map(|(field, values)| {
        let joined = drawn.iter().map(|drawn| {
            if join.by.as_ref() == Some(&field) {
                return values[drawn[0]].clone();
            }
            let series: Vec<Value> = drawn.iter().map(|&sample| values[sample].clone()).collect();
            Value::Series(Arc::from(series))
        });
        let joined = joined.collect();
        (field, joined)
    });
    Samples::new(columns.collect())
        .ok_or_else(|| dataset.wrong("join", "its fields differ in length".to_owned()))
}

/// Samples grouped by a value that they share.
struct Groups {
    members: Vec<Vec<usize>>,
    /// The group of each sample.
    of: Vec<usize>,
}

impl Groups {
    fn of(samples: &Samples, by: Option<&str>) -> Result<Self, DataError> {
        let Some(by) = by else {
            return Ok(Self { members: vec![(0..samples.len()).collect()], of: vec![0; samples.len()] });
        };
        let (mut members, mut of, mut known) = (Vec::<Vec<usize>>::new(), Vec::new(), HashMap::new());
        for (sample, text) in samples.texts(by)?.into_iter().enumerate() {
            let group = *known.entry(text).or_insert(members.len());
            if group == members.len() {
                members.push(Vec::new());
            }
            members[group].push(sample);
            of.push(group);
        }
        Ok(Self { members, of })
    }

    fn draw(&self, [least, most]: [usize; 2], random: &mut Random) -> Vec<usize> {
        let count = least + random.below(most + 1 - least);
        let group = &self.members[self.of[random.below(self.of.len())]];
        let mut drawn = Vec::with_capacity(count);
        while drawn.len() < count {
            let round = drawn.len() / group.len() * group.len();
            let sample = group[random.below(group.len())];
            // Those of this round: once all of the group have been drawn, all may come again.
            if !drawn[round..].contains(&sample) {
                drawn.push(sample);
            }
        }
        drawn
    }
}
