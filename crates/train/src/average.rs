//! Averages of checkpoints, which are often better than the best of them (Vaswani et al. 2017, section 6.1).

use std::collections::BTreeMap;

use any2any_run::parameters::{self, Weights};

use crate::error::TrainError;

/// The mean of several sets of weights, summed in 64 bits.
///
/// # Errors
///
/// If there is none, they are of different models, or one has a value that is not finite.
pub fn average_weights(sets: &[BTreeMap<String, Weights>]) -> Result<BTreeMap<String, Weights>, TrainError> {
    let Some(first) = sets.first() else {
        return Err(TrainError::Unsupported("there is nothing to average".to_owned()));
    };
    let mut mean = BTreeMap::new();
    for (name, weights) in first {
        let mut sum = vec![0.0_f64; weights.values.len()];
        for set in sets {
            match set.get(name).filter(|other| other.shape == weights.shape && set.len() == first.len()) {
                None => {
                    return Err(TrainError::Unsupported(format!(
                        "these checkpoints are of different models: they do not all have {name} of shape {:?}",
                        weights.shape
                    )));
                }
                Some(other) => {
                    sum.iter_mut().zip(&other.values).for_each(|(sum, value)| *sum += f64::from(*value));
                }
            }
        }
        let values = sum.into_iter().map(|sum| (sum / sets.len() as f64) as f32).collect();
        mean.insert(name.clone(), Weights { shape: weights.shape.clone(), values });
    }
    match parameters::not_finite(&mean) {
        None => Ok(mean),
        Some(name) => Err(TrainError::Unsupported(format!(
            "these checkpoints have no mean: the parameter {name} is not finite in one of them; leave that one out"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_means_and_strangers_are_refused() {
        let set = |values: [f32; 2]| {
            BTreeMap::from([("a".to_owned(), Weights { shape: vec![2], values: values.to_vec() })])
        };
        let mean = average_weights(&[set([1.0, 4.0]), set([3.0, -4.0])]).expect("the same shapes");
        assert_eq!(mean, set([2.0, 0.0]));
        let other = BTreeMap::from([("b".to_owned(), Weights { shape: vec![2], values: vec![0.0; 2] })]);
        let error = average_weights(&[set([1.0, 4.0]), other]).expect_err("another model").to_string();
        assert!(error.contains("have a of shape [2]"), "{error}");
        assert!(average_weights(&[]).is_err());
        let error =
            average_weights(&[set([1.0, 4.0]), set([f32::NAN, 0.0])]).expect_err("no mean").to_string();
        assert!(error.contains("parameter a is not finite"), "{error}");
    }
}
