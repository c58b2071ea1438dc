//! State of an optimizer in a checkpoint: vectors by statistic and parameter, with names such as `mean/layer.weight`.

use std::collections::BTreeMap;

use crate::parameters::Weights;

/// Checks that the state of an optimizer belongs to the parameters of a model, whose shapes are given by name. State of
/// another kind of optimizer may be in it.
///
/// # Errors
///
/// The first name without a parameter, or with one of another size, and the problem.
pub fn check_state<'a>(
    state: &BTreeMap<String, Weights>,
    shape: impl Fn(&str) -> Option<&'a [usize]>,
) -> Result<(), String> {
    for (key, remembered) in state {
        let (of, name) = key.split_once('/').ok_or_else(|| format!("{key} is nothing that it remembers"))?;
        let shape = shape(name).ok_or_else(|| format!("the model has no parameter {name}"))?;
        let expected = match (of, shape) {
            ("mean" | "square" | "momentum", _) => shape.iter().product::<usize>(),
            ("rows", &[rows, _]) => rows,
            ("columns", &[_, columns]) => columns,
            _ => return Err(format!("{key} is nothing that it remembers")),
        };
        if remembered.shape != [expected] {
            return Err(format!("{key} has shape {:?}, expected [{expected}]", remembered.shape));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_of_another_model_is_refused() {
        let of =
            |shape: &[usize]| Weights { shape: shape.to_vec(), values: vec![0.0; shape.iter().product()] };
        let weights = BTreeMap::from([("a".to_owned(), of(&[2, 3]))]);
        for (key, shape, sound) in [
            ("mean/a", vec![6], true),
            ("rows/a", vec![2], true),
            ("columns/a", vec![3], true),
            ("columns/a", vec![2], false),
            ("mean/a", vec![2, 3], false),
            ("mean/b", vec![6], false),
            ("median/a", vec![6], false),
            ("a", vec![6], false),
        ] {
            let state = BTreeMap::from([(key.to_owned(), of(&shape))]);
            let shape_of = |name: &str| weights.get(name).map(|weights| weights.shape.as_slice());
            assert_eq!(check_state(&state, shape_of).is_ok(), sound, "{key} {shape:?}");
        }
    }
}
