//! Flaws of files: samples that reading leaves out, and files that it ignores. One bad line costs its own sample and
//! no other, and is never dropped in silence.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use any2any_adapter::grouped;
use serde::{Deserialize, Serialize};

use crate::Filtered;

/// Samples that cannot be read: counted, the first of them named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Broken {
    /// Number of broken samples.
    pub count: usize,
    /// Number of all samples.
    pub of: usize,
    /// Problems of the first of them.
    pub reasons: Vec<String>,
}

/// Largest number of broken samples that are named; the others are counted.
const NAMED: usize = 3;

impl Broken {
    /// Counts one more broken sample, and keeps its reason if it is among the first.
    pub fn add(&mut self, reason: impl fmt::Display) {
        self.count += 1;
        self.name(reason);
    }

    /// Keeps the reason of a sample that is counted already, if it is among the first.
    pub fn name(&mut self, reason: impl fmt::Display) {
        if self.reasons.len() < NAMED {
            self.reasons.push(reason.to_string());
        }
    }

    /// Adds the counts and reasons of further samples.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.of += other.of;
        self.reasons.extend(other.reasons.iter().take(NAMED.saturating_sub(self.reasons.len())).cloned());
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, of) = (grouped(self.count), grouped(self.of));
        write!(f, "{count} of {of} samples cannot be read and are left out: {}", self.reasons.join("; "))?;
        match self.count.saturating_sub(self.reasons.len()) {
            0 => Ok(()),
            more => write!(f, "; and {} more", grouped(more)),
        }
    }
}

/// Flaws of the files of a split that could be read in spite of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flaws {
    /// Lines, rows and other samples that cannot be read.
    pub broken: Broken,
    /// Remarks about whole files, and about decisions in reading them.
    pub remarks: Vec<String>,
    /// Files among the samples that no pattern describes.
    pub passed_over: Vec<PassedOver>,
    /// Samples that the experiment's filters have left out.
    pub filtered: Filtered,
}

/// Files of a folder or an archive that no pattern describes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PassedOver {
    /// The folder or the archive.
    pub place: PathBuf,
    /// The pattern of each split that reads the place.
    pub patterns: Vec<String>,
    /// The names of the files, from there.
    pub names: BTreeSet<String>,
}

impl Flaws {
    /// Adds the flaws of further files.
    pub(crate) fn merge(&mut self, other: Self) {
        self.broken.merge(&other.broken);
        for remark in other.remarks {
            if !self.remarks.contains(&remark) {
                self.remarks.push(remark);
            }
        }
        self.passed_over.extend(other.passed_over);
        self.filtered.merge(&other.filtered);
    }
}

/// The files that are passed over by every split of their place: a file that another split takes is not lost.
pub fn passed_over<'a>(splits: impl IntoIterator<Item = &'a Flaws>) -> Vec<PassedOver> {
    let mut places: Vec<PassedOver> = Vec::new();
    for found in splits.into_iter().flat_map(|flaws| &flaws.passed_over) {
        match places.iter_mut().find(|known| known.place == found.place) {
            None => places.push(found.clone()),
            Some(known) => {
                known.names.retain(|name| found.names.contains(name));
                let patterns = found.patterns.iter().filter(|pattern| !known.patterns.contains(pattern));
                let patterns: Vec<String> = patterns.cloned().collect();
                known.patterns.extend(patterns);
            }
        }
    }
    places.retain(|place| !place.names.is_empty());
    places
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, patterns, names } = self;
        let files = if names.len() == 1 { "file" } else { "files" };
        let fit = if names.len() == 1 { "does" } else { "do" };
        let patterns: Vec<String> = patterns.iter().map(|pattern| format!("`{pattern}`")).collect();
        write!(
            f,
            "{} {files} in {} {fit} not match the pattern {}: {}",
            grouped(names.len()),
            place.display(),
            patterns.join(" or "),
            names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ")
        )?;
        match names.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {} more", grouped(more)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_named_and_the_rest_counted() {
        let mut broken = Broken { of: 2077, ..Broken::default() };
        broken.add("a:7: torn");
        let text = "1 of 2,077 samples cannot be read and are left out: a:7: torn";
        assert_eq!(broken.to_string(), text);
        let mut others = Broken { of: 10, ..Broken::default() };
        (1..=4).for_each(|line| others.add(format!("b:{line}: torn")));
        broken.merge(&others);
        let text = "5 of 2,087 samples cannot be read and are left out: \
                    a:7: torn; b:1: torn; b:2: torn; and 2 more";
        assert_eq!(broken.to_string(), text);
    }

    #[test]
    fn what_another_split_reads_is_not_passed_over() {
        let split = |pattern: &str, names: &[&str]| Flaws {
            passed_over: vec![PassedOver {
                place: "set".into(),
                patterns: vec![pattern.to_owned()],
                names: names.iter().map(|&name| name.to_owned()).collect(),
            }],
            ..Flaws::default()
        };
        let train = split("train_{n}.wav", &["a.ogg", "b.ogg", "c.ogg", "d.ogg", "test_1.wav"]);
        let test = split("test_{n}.wav", &["a.ogg", "b.ogg", "c.ogg", "d.ogg", "train_1.wav"]);
        let found = passed_over([&train, &test]);
        let text = "4 files in set do not match the pattern `train_{n}.wav` or `test_{n}.wav`: \
                    a.ogg, b.ogg, c.ogg and 1 more";
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), [text]);
        let one = passed_over([&split("{n}.wav", &["x.ogg"])]);
        let text = "1 file in set does not match the pattern `{n}.wav`: x.ogg";
        assert_eq!(one.iter().map(ToString::to_string).collect::<Vec<_>>(), [text]);
        assert!(passed_over([&split("a{n}", &["b1"]), &split("b{n}", &["a1"])]).is_empty());
    }
}
