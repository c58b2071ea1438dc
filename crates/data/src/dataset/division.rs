//! Division of samples into training, validation and test by the experiment instead of the dataset.
//!
//! Shares are assigned by a checksum of the value that the samples of a group share, not by drawing: a sample stays
//! in its split when others are added, and no seed moves it.

use std::collections::BTreeSet;

use any2any_adapter::Value;
use any2any_experiment::spec::{Shares, Split};
use sha2::{Digest, Sha256};

use super::{Dataset, ROLES};
use crate::{DataError, Flaws, Samples, text};

/// All samples of a division, and the role of each.
#[derive(Debug)]
pub(super) struct Division {
    samples: Samples,
    roles: Vec<&'static str>,
}

impl Division {
    fn part(&self, role: &str) -> Samples {
        let chosen: Vec<usize> = (0..self.roles.len()).filter(|&sample| self.roles[sample] == role).collect();
        let part = self.samples.select(&chosen);
        // Samples that could not be read belong to no part: they are reported once.
        if role == "train" { part } else { part.with_flaws(Flaws::default()) }
    }
}

impl Dataset {
    /// True if a division has a split of this role.
    pub(super) fn has_role(&self, split: &Split, role: &str) -> bool {
        let left_out = !split.leave_out.is_empty();
        match role {
            "train" => self.source.has_split("train") || left_out,
            "test" if left_out => true,
            "validation" if left_out => share(split, role).is_some(),
            _ => share(split, role).is_some() || self.source.has_split(role),
        }
    }

    /// The samples of a role.
    pub(super) fn divided(&self, split: &Split, role: &'static str) -> Result<Samples, DataError> {
        if !self.has_role(split, role) {
            return Err(self.unknown_split(role));
        }
        // A role that no share is given to stays as the dataset has it.
        if split.leave_out.is_empty() && role != "train" && share(split, role).is_none() {
            return self.source.read(role)?.ok_or_else(|| self.unknown_split(role));
        }
        let division = match self.division.get() {
            Some(division) => division,
            None => {
                let division = self.divide(split)?;
                self.division.get_or_init(|| division)
            }
        };
        Ok(division.part(role))
    }

    fn divide(&self, split: &Split) -> Result<Division, DataError> {
        let (samples, mut roles) = if split.leave_out.is_empty() {
            let samples = self.source.read("train")?.ok_or_else(|| self.unknown_split("train"))?.settled()?;
            let roles = vec!["train"; samples.len()];
            (samples, roles)
        } else {
            let samples = self.pooled()?;
            let roles = self.leave_out(split, &samples)?;
            (samples, roles)
        };
        if let Some(shares) = &split.shares {
            self.share_out(shares, &samples, &mut roles)?;
        }
        if !roles.contains(&"train") {
            let reason = "nothing is left to train on: leave out or give away less".to_owned();
            return Err(self.wrong("split", reason));
        }
        Ok(Division { samples, roles })
    }

    /// Collects the samples of all roles, one split after the other.
    fn pooled(&self) -> Result<Samples, DataError> {
        let mut pooled: Option<Vec<(String, Vec<Value>)>> = None;
        let mut flaws = Flaws::default();
        for role in ROLES {
            let Some(samples) = self.source.read(role)? else { continue };
            let samples = samples.settled()?;
            flaws.merge(samples.flaws().clone());
            match &mut pooled {
                None => pooled = Some(samples.into_columns()),
                Some(columns) => {
                    for (field, values) in columns {
                        values.extend_from_slice(samples.require(field)?);
                    }
                }
            }
        }
        let reason = || "its splits differ in their fields, so they cannot be pooled".to_owned();
        let pooled = Samples::new(pooled.unwrap_or_default());
        Ok(pooled.ok_or_else(|| self.wrong("split.leave_out", reason()))?.with_flaws(flaws))
    }

    fn leave_out(&self, split: &Split, samples: &Samples) -> Result<Vec<&'static str>, DataError> {
        let mut left_out = vec![true; samples.len()];
        for (field, values) in &split.leave_out {
            let texts = samples.texts(field)?;
            let known: BTreeSet<&str> = texts.iter().copied().collect();
            for value in values.list() {
                if !known.contains(value.as_str()) {
                    let known: Vec<String> = known.iter().map(|&value| value.to_owned()).collect();
                    let reason =
                        format!("no sample has the {field} '{value}': {}", text::known(value, &known));
                    return Err(self.wrong("split.leave_out", reason));
                }
            }
            for (left_out, text) in left_out.iter_mut().zip(texts) {
                *left_out &= values.list().iter().any(|value| value == text);
            }
        }
        if !left_out.contains(&true) {
            let fields: Vec<&str> = split.leave_out.keys().map(String::as_str).collect();
            let reason = format!("no sample has all of these values of {}", fields.join(", "));
            return Err(self.wrong("split.leave_out", reason));
        }
        Ok(left_out.into_iter().map(|left_out| if left_out { "test" } else { "train" }).collect())
    }

    fn share_out(
        &self,
        shares: &Shares,
        samples: &Samples,
        roles: &mut [&'static str],
    ) -> Result<(), DataError> {
        let (validation, test) = (shares.validation.unwrap_or(0.0), shares.test.unwrap_or(0.0));
        let groups = shares.by.as_ref().map(|field| samples.texts(field)).transpose()?;
        let mut counts = [0_usize; 2];
        for (sample, role) in roles.iter_mut().enumerate().filter(|(_, role)| **role == "train") {
            let place = match &groups {
                Some(groups) => place(groups[sample]),
                None => place(&format!("sample {sample}")),
            };
            if place < validation {
                *role = "validation";
                counts[0] += 1;
            } else if place < validation + test {
                *role = "test";
                counts[1] += 1;
            }
        }
        for (name, share, count) in
            [("validation", shares.validation, counts[0]), ("test", shares.test, counts[1])]
        {
            if let (Some(share), 0) = (share, count) {
                let groups = match (&shares.by, groups) {
                    (Some(field), Some(texts)) => {
                        let values: BTreeSet<&str> = texts.into_iter().collect();
                        format!("{} values of {field}", any2any_adapter::grouped(values.len()))
                    }
                    _ => format!("{} samples", any2any_adapter::grouped(samples.len())),
                };
                let reason = format!(
                    "a share of {share} of {groups} is none for {name}: give it more, choose another `by`, \
                     or name values with `leave_out`"
                );
                return Err(self.wrong("split.shares", reason));
            }
        }
        Ok(())
    }
}

fn share(split: &Split, role: &str) -> Option<f64> {
    let shares = split.shares.as_ref()?;
    match role {
        "validation" => shares.validation,
        "test" => shares.test,
        _ => None,
    }
}

/// Place of a group in [0, 1): the first 53 bits of its SHA-256.
pub(super) fn place(group: &str) -> f64 {
    let digest = Sha256::digest(group.as_bytes());
    let bits = digest.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
