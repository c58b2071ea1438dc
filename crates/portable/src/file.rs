//! The file: a description in JSON, and behind it the values of all parameters.

use std::collections::BTreeMap;

use any2any_architecture::Architecture;
use any2any_inference::Quantized;
use any2any_search::SearchPlan;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::PortableError;
use crate::numbers::Bytes;

/// The first bytes of a file, the last of which is the version of the format.
const MAGIC: [u8; 8] = *b"any2any\x01";

/// Weights by name: the sizes of their dimensions, and their values, row-major.
pub(crate) type WeightsByName = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// A trained model as a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Portable {
    /// The model's architecture.
    pub architecture: Architecture,
    /// The tasks.
    pub tasks: Vec<PortableTask>,
    /// The saved state of every adapter: its files by their names.
    pub states: BTreeMap<String, BTreeMap<String, Bytes>>,
    /// The parameters, in the order in which their values follow the description.
    pub parameters: Vec<PortableParameter>,
    /// The values of the parameters.
    #[serde(skip)]
    values: Vec<u8>,
}

/// A task of a portable model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PortableTask {
    /// The task's name.
    pub name: String,
    /// The number by which the model knows it.
    pub number: usize,
    /// The source; `None` for a task that writes without one.
    pub source: Option<PortableSide>,
    /// The target.
    pub target: PortableSide,
    /// The plan of its searches.
    pub plan: SearchPlan,
    /// Its shortlist, in Marian's binary format, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortlist: Option<Bytes>,
}

/// A side of a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PortableSide {
    /// The name of its medium.
    pub medium: String,
    /// The options of the medium.
    pub options: Json,
    /// The name of its adapter's state.
    pub state: String,
}

/// A parameter, whose values follow the description: as 32-bit floats, or as 8-bit whole numbers and then their scales.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PortableParameter {
    /// The parameter's name.
    pub name: String,
    /// The sizes of its dimensions.
    pub shape: Vec<usize>,
    /// Where each output of a product has a scale of its own; `None` for floats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounded: Option<ProductOutputs>,
}

/// The dimension of a matrix that is the output of its products, each of which has a scale when it is rounded to 8 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductOutputs {
    /// Its rows: a table of embeddings.
    Rows,
    /// Its columns: a linear map.
    Columns,
}

impl Portable {
    /// A model without parameters.
    pub fn new(
        architecture: Architecture,
        tasks: Vec<PortableTask>,
        states: BTreeMap<String, BTreeMap<String, Bytes>>,
    ) -> Self {
        Self { architecture, tasks, states, parameters: Vec::new(), values: Vec::new() }
    }

    /// Adds a parameter, rounded to 8 bits by its outputs, or as it is.
    pub fn add(&mut self, name: &str, shape: &[usize], values: &[f32], rounded: Option<ProductOutputs>) {
        let rounded = rounded.filter(|_| shape.len() == 2);
        self.parameters.push(PortableParameter { name: name.to_owned(), shape: shape.to_vec(), rounded });
        let quantized = match rounded {
            None => {
                self.add_floats(values);
                return;
            }
            Some(ProductOutputs::Rows) => Quantized::rows(values, shape[1]),
            Some(ProductOutputs::Columns) => Quantized::columns(values, shape[1]),
        };
        self.values.extend(quantized.values.iter().map(|&value| value as u8));
        self.add_floats(&quantized.scales);
    }

    fn add_floats(&mut self, values: &[f32]) {
        self.values.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }

    /// The bytes of the file.
    ///
    /// # Errors
    ///
    /// When the description cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PortableError> {
        let description = serde_json::to_vec(self).map_err(|error| PortableError::File(error.to_string()))?;
        let length = (description.len() as u64).to_le_bytes();
        Ok([&MAGIC[..], &length, &description, &self.values].concat())
    }

    /// The model of a file's bytes.
    ///
    /// # Errors
    ///
    /// When they are none of this version.
    pub fn of_bytes(bytes: &[u8]) -> Result<Self, PortableError> {
        let broken = |reason: &str| PortableError::File(reason.to_owned());
        let rest = bytes.strip_prefix(&MAGIC).ok_or_else(|| broken("it begins otherwise"))?;
        let (length, rest) = rest.split_first_chunk().ok_or_else(|| broken("it ends too early"))?;
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (description, values) =
            rest.split_at_checked(length).ok_or_else(|| broken("it ends too early"))?;
        let mut portable: Self =
            serde_json::from_slice(description).map_err(|error| PortableError::File(error.to_string()))?;
        portable.architecture.check().map_err(|error| PortableError::File(error.to_string()))?;
        portable.values = values.to_vec();
        Ok(portable)
    }

    /// The parameters by name, as 32-bit floats.
    pub(crate) fn weights(&self) -> Result<WeightsByName, PortableError> {
        let mut left = &self.values[..];
        let mut take = |count: usize| -> Result<&[u8], PortableError> {
            let (taken, others) = left
                .split_at_checked(count)
                .ok_or_else(|| PortableError::File("values of parameters are missing".to_owned()))?;
            left = others;
            Ok(taken)
        };
        let mut weights = BTreeMap::new();
        for PortableParameter { name, shape, rounded } in &self.parameters {
            let count = shape.iter().try_fold(1_usize, |count, &size| count.checked_mul(size));
            let count = count.filter(|&count| count < usize::MAX / 8);
            let count = count.ok_or_else(|| PortableError::File(format!("{name} is too large")))?;
            let values = match (rounded, &shape[..]) {
                (None, _) => floats(take(4 * count)?),
                (Some(outputs), &[rows, columns]) => {
                    let values = take(count)?.iter().map(|&byte| byte as i8).collect();
                    match outputs {
                        ProductOutputs::Rows => {
                            Quantized { values, scales: floats(take(4 * rows)?) }.to_rows(columns)
                        }
                        ProductOutputs::Columns => {
                            Quantized { values, scales: floats(take(4 * columns)?) }.to_columns()
                        }
                    }
                }
                (Some(_), _) => return Err(PortableError::File(format!("{name} is rounded and no matrix"))),
            };
            weights.insert(name.clone(), (shape.clone(), values));
        }
        Ok(weights)
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portable() -> Portable {
        let (_, architecture) = Architecture::families(19).swap_remove(0);
        let state = BTreeMap::from([("tokenizer.json".to_owned(), Bytes(vec![1, 2, 3]))]);
        let mut portable =
            Portable::new(architecture, Vec::new(), BTreeMap::from([("shared-text".to_owned(), state)]));
        portable.add("a.bias", &[3], &[0.5, -1.0, 2.0], None);
        portable.add(
            "a.weight",
            &[2, 3],
            &[1.0, 127.0, 0.5, -127.0, 0.0, 63.5],
            Some(ProductOutputs::Columns),
        );
        portable.add("a.table", &[2, 2], &[1.0, 127.0, -12.7, 6.35], Some(ProductOutputs::Rows));
        portable
    }

    #[test]
    fn a_file_comes_back_with_its_parameters() {
        let bytes = portable().to_bytes().expect("plain data");
        let read = Portable::of_bytes(&bytes).expect("whole");
        assert_eq!(read.states["shared-text"]["tokenizer.json"].0, [1, 2, 3]);
        let weights = read.weights().expect("whole");
        assert_eq!(weights["a.bias"], (vec![3], vec![0.5, -1.0, 2.0]));
        let near = |name: &str, expected: &[f32]| {
            for (found, expected) in weights[name].1.iter().zip(expected) {
                assert!((found - expected).abs() <= 0.51, "{name}: {found}, not {expected}");
            }
        };
        near("a.weight", &[1.0, 127.0, 0.5, -127.0, 0.0, 63.5]);
        near("a.table", &[1.0, 127.0, -12.7, 6.35]);
    }

    #[test]
    fn what_is_broken_is_said() {
        let bytes = portable().to_bytes().expect("plain data");
        for (broken, words) in [
            (&b"<html>"[..], "it begins otherwise"),
            (&bytes[..12], "it ends too early"),
            (&bytes[..200], "it ends too early"),
        ] {
            let error = Portable::of_bytes(broken).expect_err(words).to_string();
            assert!(error.contains(words) && error.contains("export the page anew"), "{error}");
        }
        let short = Portable::of_bytes(&bytes[..bytes.len() - 1]).expect("a whole description");
        let error = short.weights().expect_err("a byte is missing").to_string();
        assert!(error.contains("values of parameters are missing"), "{error}");
    }
}
