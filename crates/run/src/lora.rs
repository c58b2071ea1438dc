//! Low-rank adaptation of weights (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models"): a matrix `W`
//! acts as `W + scale · A B`.
//!
//! A checkpoint keeps `A` and `B` in a file of their own beside the weights; whoever reads weights gets the sums.

use std::collections::BTreeMap;
use std::path::Path;

use crate::checksums::Checksums;
use crate::error::RunError;
use crate::parameters::Weights;
use crate::weights_file::{read_unadapted_weights, write_weights};

/// The file of an adaptation, beside the weights of a checkpoint.
pub const FILE: &str = "lora.safetensors";

/// The name of the factor in the file.
const SCALE: &str = "scale";

/// A low-rank adaptation on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Lora {
    /// The factor of `A B`.
    pub scale: f32,
    /// `A`, `[inputs, rank]`, and `B`, `[rank, outputs]`, of each adapted matrix by their names.
    pub matrices: BTreeMap<String, Weights>,
}

/// The names of `A` and `B` of an adapted matrix.
pub fn names_of(matrix: &str) -> [String; 2] {
    ["lora_a", "lora_b"].map(|name| format!("{matrix}.{name}"))
}

impl Lora {
    /// Writes the adaptation into a file.
    pub(crate) fn write(&self, path: &Path) -> Result<(), RunError> {
        let mut tensors = self.matrices.clone();
        tensors.insert(SCALE.to_owned(), Weights { shape: vec![1], values: vec![self.scale] });
        write_weights(path, &tensors, None)
    }

    /// The adaptation of a checkpoint's weights; `None` if they have none.
    pub(crate) fn beside(weights: &Path) -> Result<Option<Self>, RunError> {
        let path = weights.with_file_name(FILE);
        if weights.file_name().is_none_or(|name| name != "model.safetensors") {
            return Ok(None);
        }
        if !path.is_file() {
            // Weights without their adaptation are another model.
            let is_lost = Checksums::beside(weights)?.has(FILE);
            return if is_lost { Err(RunError::run(&path, "this file is missing")) } else { Ok(None) };
        }
        let mut matrices = read_unadapted_weights(&path)?;
        match matrices.remove(SCALE).as_ref().map(|scale| &scale.values[..]) {
            Some(&[scale]) if scale.is_finite() => Ok(Some(Self { scale, matrices })),
            _ => Err(RunError::run(&path, "it has no `scale`")),
        }
    }

    /// Adds the products of all adapted matrices to their weights.
    ///
    /// # Errors
    ///
    /// If a matrix is missing or of another shape: its name, and the problem.
    pub fn merge_into(&self, weights: &mut BTreeMap<String, Weights>) -> Result<(), String> {
        for (name, a) in &self.matrices {
            let Some(matrix) = name.strip_suffix(".lora_a") else { continue };
            let [_, name_of_b] = names_of(matrix);
            let b = self.matrices.get(&name_of_b).ok_or_else(|| format!("{name} has no {name_of_b}"))?;
            let whole = weights.get_mut(matrix).ok_or_else(|| format!("{name} adapts no parameter"))?;
            let (&[inputs, rank], &[same, outputs]) = (&a.shape[..], &b.shape[..]) else {
                return Err(format!("{name} and {name_of_b} are no matrices"));
            };
            if rank != same || whole.shape != [inputs, outputs] {
                return Err(format!(
                    "{name} {:?} and {name_of_b} {:?} do not fit {:?}",
                    a.shape, b.shape, whole.shape
                ));
            }
            for (row, a) in whole.values.chunks_mut(outputs).zip(a.values.chunks(rank)) {
                for (column, value) in row.iter_mut().enumerate() {
                    let terms = a.iter().enumerate().map(|(at, a)| a * b.values[at * outputs + column]);
                    *value += self.scale * terms.sum::<f32>();
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(shape: [usize; 2], values: &[f32]) -> Weights {
        Weights { shape: shape.to_vec(), values: values.to_vec() }
    }

    fn lora(b: Weights) -> Lora {
        let [name_of_a, name_of_b] = names_of("query.weight");
        let matrices = BTreeMap::from([(name_of_a, of([2, 1], &[1.0, 2.0])), (name_of_b, b)]);
        Lora { scale: 0.5, matrices }
    }

    #[test]
    fn products_are_added_by_hand() {
        let before = BTreeMap::from([("query.weight".to_owned(), of([2, 3], &[1.0; 6]))]);
        let mut weights = before.clone();
        lora(of([1, 3], &[2.0, 4.0, 0.0])).merge_into(&mut weights).expect("they fit");
        assert_eq!(weights["query.weight"].values, [2.0, 3.0, 1.0, 3.0, 5.0, 1.0]);
        weights.clone_from(&before);
        lora(of([1, 3], &[0.0; 3])).merge_into(&mut weights).expect("they fit");
        assert_eq!(weights, before, "as at the first step");
        let error = lora(of([1, 2], &[0.0; 2])).merge_into(&mut weights).expect_err("another width");
        assert!(error.contains("query.weight.lora_b [1, 2]"), "{error}");
        assert!(lora(of([1, 3], &[0.0; 3])).merge_into(&mut BTreeMap::new()).is_err());
    }

    #[test]
    fn readers_of_weights_get_the_sums() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("model.safetensors");
        let weights = BTreeMap::from([("query.weight".to_owned(), of([2, 3], &[1.0; 6]))]);
        write_weights(&path, &weights, None).expect("written");
        let lora = lora(of([1, 3], &[2.0, 4.0, 0.0]));
        lora.write(&folder.path().join(FILE)).expect("written");
        assert_eq!(Lora::beside(&path).expect("whole"), Some(lora));
        assert_eq!(read_unadapted_weights(&path).expect("whole"), weights);
        let merged = crate::read_weights(&path).expect("whole");
        assert_eq!(merged["query.weight"].values[..2], [2.0, 3.0]);
    }
}
