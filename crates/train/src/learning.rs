//! Parts of a model that learn, and how fast: what is frozen, what is adapted, and factors of the learning rate.

use std::collections::BTreeMap;

use any2any_architecture::{Architecture, belongs_to};
use any2any_experiment::spec::{Experiment, Factor, Lora};
use serde::Serialize;

/// Way in which a parameter learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Learns {
    /// As a whole.
    Whole,
    /// By two narrow matrices beside it, which is frozen itself.
    LowRank,
    /// Not at all.
    Frozen,
}

/// The parameters of a model that learn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Learning {
    freeze: Vec<String>,
    lora: Option<Lora>,
    /// The parameters that were not taken over as a whole from the start.
    fresh: Vec<String>,
}

impl Learning {
    pub(crate) fn new(experiment: &Experiment, fresh: Vec<String>) -> Self {
        let start = &experiment.model.start;
        Self { freeze: start.freeze.clone(), lora: start.lora.clone(), fresh }
    }

    /// The way in which a parameter learns.
    pub(crate) fn of(&self, parameter: &str) -> Learns {
        if self.freeze.iter().any(|part| belongs_to(part, parameter)) {
            return Learns::Frozen;
        }
        match &self.lora {
            Some(lora) if !self.fresh.iter().any(|fresh| fresh == parameter) => {
                if lora.adapts(parameter) {
                    Learns::LowRank
                } else {
                    Learns::Frozen
                }
            }
            _ => Learns::Whole,
        }
    }

    /// True if every parameter learns as a whole, as in a training from nothing.
    pub(crate) fn is_of_all(&self) -> bool {
        self.freeze.is_empty() && self.lora.is_none()
    }
}

/// The shapes of what learns in a training from nothing, each with its size: parameters, and the two narrow matrices beside
/// those that are adapted.
pub fn learned(experiment: &Experiment, architecture: &Architecture) -> Vec<(Vec<usize>, u64)> {
    let learning = Learning::new(experiment, Vec::new());
    let rank = experiment.model.start.lora.as_ref().map_or(0, |lora| lora.rank);
    let shapes = architecture.parameters().into_iter().flat_map(|parameter| {
        match (learning.of(&parameter.name), &parameter.shape[..]) {
            (Learns::Whole, _) => vec![parameter.shape],
            (Learns::LowRank, &[inputs, outputs]) => vec![vec![inputs, rank], vec![rank, outputs]],
            _ => Vec::new(),
        }
    });
    let sized = shapes.map(|shape| {
        let size = shape.iter().map(|&size| size as u64).product();
        (shape, size)
    });
    sized.collect()
}

/// Factors of the learning rate by parts of the model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates(BTreeMap<String, Factor>);

impl Rates {
    pub(crate) fn new(rates: BTreeMap<String, Factor>) -> Self {
        Self(rates)
    }

    /// The factor of a parameter: that of the part with the longest name to which it belongs.
    pub(crate) fn factor(&self, parameter: &str) -> f64 {
        let parts = self.0.iter().filter(|(part, _)| belongs_to(part, parameter));
        parts.max_by_key(|(part, _)| part.len()).map_or(1.0, |(_, factor)| factor.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_decides_on_the_rate() {
        let rates = [("encoder", 0.1), ("encoder.layers.1", 0.5), ("norms", 0.0)];
        let rates = rates.map(|(part, factor)| (part.to_owned(), Factor(factor)));
        let rates = Rates::new(BTreeMap::from(rates));
        for (parameter, factor) in [
            ("encoder.layers.0.feed_forward.inner.weight", 0.1),
            ("encoder.layers.1.feed_forward.inner.weight", 0.5),
            ("decoder.layers.0.feed_forward_norm.weight", 0.0),
            ("encoder.norm.weight", 0.1),
            ("heads.a.target.table", 1.0),
            // The adaptation of a matrix learns as the matrix would.
            ("encoder.layers.1.self_attention.query.weight.lora_a", 0.5),
        ] {
            assert!((rates.factor(parameter) - factor).abs() < 1e-12, "{parameter}");
        }
    }

    #[test]
    fn fresh_parameters_learn_beside_an_adaptation() {
        let learning = Learning {
            freeze: vec!["encoder".to_owned()],
            lora: Some(Lora::default()),
            fresh: vec!["stems.read.source.weight".to_owned()],
        };
        for (parameter, learns) in [
            ("encoder.layers.0.self_attention.query.weight", Learns::Frozen),
            ("decoder.layers.0.self_attention.query.weight", Learns::LowRank),
            ("decoder.layers.0.self_attention.query.bias", Learns::Frozen),
            ("decoder.layers.0.self_attention.key.weight", Learns::Frozen),
            ("stems.read.source.weight", Learns::Whole),
        ] {
            assert_eq!(learning.of(parameter), learns, "{parameter}");
        }
    }
}
