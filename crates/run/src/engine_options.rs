//! Options of the engine that a run keeps: scales of 8-bit products beside the weights that they belong to, and shortlists
//! of its tasks.

use std::collections::BTreeMap;
use std::path::Path;

use any2any_inference::{Precision, ProductScales, Shortlist};
use serde_json::{Value, json};

use crate::adapters::AdapterSet;
use crate::atomic_file;
use crate::error::RunError;
use crate::run_folder::RunFolder;

/// The file of scales beside a file of weights.
pub(crate) const SCALES: &str = "product_scales.json";

/// Options of the engine.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// The precision of weights without scales of their own.
    pub precision: Precision,
    /// The scales of 8-bit products, by parameter.
    pub scales: BTreeMap<String, ProductScales>,
    /// Shortlists by the number of their task.
    pub shortlists: BTreeMap<usize, Shortlist>,
}

/// Scales as they stand in a file: for each parameter `{"weight": .., "input": ..}`.
pub(crate) fn scales_to_bytes(scales: &BTreeMap<String, ProductScales>) -> Vec<u8> {
    let entry = |(name, scales): (&String, &ProductScales)| {
        (name.clone(), json!({ "weight": scales.weight, "input": scales.input }))
    };
    format!("{:#}\n", Value::Object(scales.iter().map(entry).collect())).into_bytes()
}

/// The scales beside a file of weights; none where there is no such file.
///
/// # Errors
///
/// If the file holds no scales.
pub fn read_product_scales(weights: &Path) -> Result<BTreeMap<String, ProductScales>, RunError> {
    let path = weights.with_file_name(SCALES);
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let broken = |reason: String| RunError::run(&path, format!("no scales of 8-bit products: {reason}"));
    let scales: BTreeMap<String, BTreeMap<String, Option<f32>>> =
        serde_json::from_str(&atomic_file::read(&path)?).map_err(|error| broken(error.to_string()))?;
    let read = |(name, scales): (String, BTreeMap<String, Option<f32>>)| {
        let factor = |of: &str| scales.get(of).copied().flatten();
        let sound = |factor: &f32| factor.is_finite() && *factor > 0.0;
        let (weight, input) = (factor("weight"), factor("input"));
        match weight.filter(sound) {
            Some(weight) if input.as_ref().is_none_or(sound) => Ok((name, ProductScales { weight, input })),
            _ => Err(broken(format!("those of {name} are not above 0"))),
        }
    };
    scales.into_iter().map(read).collect()
}

impl RunFolder {
    /// The file with the shortlist of a task, in Marian's binary format; it need not exist.
    pub fn shortlist_file(&self, task: &str) -> std::path::PathBuf {
        self.path().join("shortlists").join(format!("{task}.bin"))
    }

    /// The shortlists of tasks that have one, by the number of the task.
    ///
    /// # Errors
    ///
    /// If a file is no shortlist.
    pub fn shortlists(&self, adapters: &AdapterSet) -> Result<BTreeMap<usize, Shortlist>, RunError> {
        let mut shortlists = BTreeMap::new();
        for task in adapters.tasks() {
            let path = self.shortlist_file(task.name());
            if path.is_file() {
                let bytes = std::fs::read(&path).map_err(RunError::io(&path))?;
                let shortlist = Shortlist::read(&bytes);
                let shortlist = shortlist.map_err(|error| RunError::run(&path, error.to_string()))?;
                shortlists.insert(task.number(), shortlist);
            }
        }
        Ok(shortlists)
    }

    /// Copies the shortlists of tasks into the folder of another run.
    pub(crate) fn copy_shortlists(&self, adapters: &AdapterSet, other: &Self) -> Result<(), RunError> {
        for task in adapters.tasks() {
            let path = self.shortlist_file(task.name());
            if path.is_file() {
                let bytes = std::fs::read(&path).map_err(RunError::io(&path))?;
                atomic_file::write(&other.shortlist_file(task.name()), &bytes)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_come_back_to_the_last_bit() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let weights = folder.path().join("model.safetensors");
        assert_eq!(read_product_scales(&weights).expect("none"), BTreeMap::new());
        let scales = BTreeMap::from([
            ("a.weight".to_owned(), ProductScales { weight: 153.830_02, input: Some(8.778_423) }),
            ("b.weight".to_owned(), ProductScales { weight: 1.0 / 3.0, input: None }),
        ]);
        std::fs::write(folder.path().join(SCALES), scales_to_bytes(&scales)).expect("written");
        assert_eq!(read_product_scales(&weights).expect("sound"), scales);
        for broken in [
            "[]",
            r#"{"a": {"weight": 0}}"#,
            r#"{"a": {"input": 1}}"#,
            r#"{"a": {"weight": 1, "input": -1}}"#,
        ] {
            std::fs::write(folder.path().join(SCALES), broken).expect("written");
            let error = read_product_scales(&weights).expect_err(broken).to_string();
            assert!(error.contains("product_scales.json"), "{error}");
        }
    }
}
