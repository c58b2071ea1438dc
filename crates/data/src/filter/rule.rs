//! Rules that a sample has to pass, by its texts.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use any2any_experiment::spec::{self, LengthUnit};

use super::letters::{Letters, length};

/// A rule with the name by which it is counted.
#[derive(Debug)]
pub(super) struct Rule {
    name: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A text of nothing but spaces.
    Empty,
    /// Two texts that are the same.
    Identical,
    /// A text that is too short or too long.
    Length { least: usize, most: usize, unit: LengthUnit },
    /// A text that is too much longer than the other.
    LengthRatio { most: f64, unit: LengthUnit },
    /// A text of one side with too many letters of other scripts.
    Script { side: usize, letters: Letters, most_wrong: f64 },
    /// Texts that were seen before.
    Duplicates,
}

/// The rules of some filters, in the order in which they count; `sides` are the fields of the task's sides that are texts.
pub(super) fn all(filter: &spec::Filter, sides: &[Option<String>]) -> Vec<Rule> {
    let unit = filter.length_by;
    let length = filter.length.as_ref().map(|range| Kind::Length {
        least: range.least.unwrap_or(0),
        most: range.most.unwrap_or(usize::MAX),
        unit,
    });
    let ratio = filter.length_ratio.map(|most| Kind::LengthRatio { most, unit });
    let fixed = [
        ("empty", filter.empty.then_some(Kind::Empty)),
        ("identical", filter.identical.then_some(Kind::Identical)),
        ("length", length),
        ("length ratio", ratio),
    ];
    let mut rules: Vec<Rule> = fixed
        .into_iter()
        .filter_map(|(name, kind)| Some(Rule { name: name.to_owned(), kind: kind? }))
        .collect();
    for (field, scripts) in &filter.script {
        // The same field may be on both sides, and is counted once.
        let Some(side) = sides.iter().position(|side| side.as_ref() == Some(field)) else { continue };
        let letters = Letters::new(scripts.list());
        let kind = Kind::Script { side, letters, most_wrong: filter.wrong_letters };
        rules.push(Rule { name: format!("script {field}"), kind });
    }
    if filter.duplicates {
        rules.push(Rule { name: "duplicates".to_owned(), kind: Kind::Duplicates });
    }
    rules
}

impl Rule {
    /// The name by which it is counted.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// True for a sample that does not pass; a side that is no text has none. What passes the last rule is noted in `seen`.
    pub(super) fn refuses(&self, texts: &[Option<&str>], seen: &mut HashSet<u64>) -> bool {
        let mut each = texts.iter().flatten();
        let pair = match texts {
            [Some(source), Some(target)] => Some((*source, *target)),
            _ => None,
        };
        match &self.kind {
            Kind::Empty => each.any(|text| text.trim().is_empty()),
            Kind::Identical => pair.is_some_and(|(source, target)| source.trim() == target.trim()),
            Kind::Length { least, most, unit } => {
                each.any(|text| !(*least..=*most).contains(&length(text, *unit)))
            }
            Kind::LengthRatio { most, unit } => pair.is_some_and(|(source, target)| {
                let (source, target) = (length(source, *unit), length(target, *unit));
                let (shorter, longer) = (source.min(target), source.max(target));
                longer as f64 > most * shorter as f64
            }),
            Kind::Script { side, letters, most_wrong } => {
                let text = texts.get(*side).copied().flatten();
                text.is_some_and(|text| letters.wrong_share(text) > *most_wrong)
            }
            Kind::Duplicates => match texts.iter().copied().collect::<Option<Vec<&str>>>() {
                Some(texts) => !seen.insert(digest(&texts)),
                None => false,
            },
        }
    }
}

fn digest(texts: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    texts.iter().for_each(|text| text.trim().hash(&mut hasher));
    hasher.finish()
}
