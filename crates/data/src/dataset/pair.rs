//! Pairing of samples with those of another dataset that have the same text in a field: a spoken digit with a picture
//! of that digit.

use std::collections::HashMap;

use any2any_experiment::spec::{self, Pair, Shares, Split};

use super::source::Source;
use super::{Dataset, ROLES};
use crate::{DataError, Samples, text};

/// The share of the partner's training samples that serves as a split that it lacks.
const SHARE: f64 = 0.1;

/// The partner dataset, with every split that the first one has: a share of its training samples serves as one that
/// it lacks, and is not trained on.
pub(super) fn partner(dataset: &Dataset, source: Source) -> Dataset {
    let lacks = |role: &str| (dataset.has_split(role) && !source.has_split(role)).then_some(SHARE);
    let shares = Shares { validation: lacks("validation"), test: lacks("test"), by: None };
    let needed = shares.validation.is_some() || shares.test.is_some();
    let split = needed.then(|| Split { shares: Some(shares), ..Split::default() });
    Dataset::new(source, spec::Data { split, ..spec::Data::default() })
}

/// Adds the fields of a partner to every sample of a split.
pub(super) fn pair(
    dataset: &Dataset,
    pair: &Pair,
    partner: &Dataset,
    samples: Samples,
    split: &str,
) -> Result<Samples, DataError> {
    // Splits beyond the three roles are for scoring, like the test.
    let role = if ROLES.contains(&split) { split } else { "test" };
    let others = partner.split(role)?.settled()?;
    let wrong = |reason: String| dataset.wrong("pair", reason);
    if let Some(field) = others.fields().find(|field| *field != pair.on && samples.column(field).is_some()) {
        let (own, other) = (dataset.name(), partner.name());
        return Err(wrong(format!(
            "'{own}' and '{other}' both have the field '{field}': rename one of them"
        )));
    }
    let mut by_text: HashMap<&str, Vec<usize>> = HashMap::new();
    for (other, text) in others.texts(&pair.on)?.into_iter().enumerate() {
        by_text.entry(text).or_default().push(other);
    }
    let mut random = dataset.random("pair", split);
    let mut order: Vec<usize> = (0..samples.len()).collect();
    let number = match pair.samples {
        Some(number) if split == "train" => {
            random.shuffle(&mut order);
            number
        }
        _ => samples.len(),
    };
    let own: Vec<usize> = order.into_iter().cycle().take(number).collect();
    let texts = samples.texts(&pair.on)?;
    let drawn = own.iter().map(|&sample| {
        let candidates = by_text.get(texts[sample]).ok_or_else(|| {
            let mut known: Vec<String> = by_text.keys().map(|&text| text.to_owned()).collect();
            known.sort();
            let (other, on, text) = (partner.name(), &pair.on, texts[sample]);
            wrong(format!(
                "no {role} sample of '{other}' has the {on} '{text}': {}",
                text::known(text, &known)
            ))
        })?;
        Ok(candidates[random.below(candidates.len())])
    });
    let drawn: Vec<usize> = drawn.collect::<Result<_, DataError>>()?;
    let mut columns = samples.select(&own).into_columns();
    columns.extend(others.select(&drawn).into_columns().into_iter().filter(|(field, _)| *field != pair.on));
    Samples::new(columns).ok_or_else(|| wrong("the fields of both sets do not fit together".to_owned()))
}
