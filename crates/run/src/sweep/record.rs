//! The file `sweep.json`: the grid, and the cells that have been trained so far.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::cell::Cell;
use crate::atomic_file;
use crate::error::RunError;

/// The name of the file in the sweep's folder.
const NAME: &str = "sweep.json";

/// A sweep: a grid of trainings, and the results of those that have been made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sweep {
    /// The experiment's name.
    pub name: String,
    /// The experiment's file, as it was given.
    pub config: String,
    /// The options that `--set` changed for all cells.
    pub overrides: Vec<String>,
    /// The number of updates of every training.
    pub steps: u64,
    /// The steps at which cells keep their losses.
    pub points: Vec<u64>,
    /// The axes of the grid, one or two.
    pub axes: Vec<Axis>,
    /// The cells that have been trained, sorted by their indices.
    pub cells: Vec<Cell>,
    /// The experiment of all cells, with every default: a sweep is resumed only with this one.
    #[serde(default)]
    pub experiment: String,
}

/// Reads the sweep of a folder; `None` if there is none.
///
/// # Errors
///
/// If its file cannot be read.
pub fn read(folder: &Path) -> Result<Option<Sweep>, RunError> {
    let path = folder.join(NAME);
    if !path.is_file() {
        return Ok(None);
    }
    let sweep = serde_json::from_str::<Sweep>(&atomic_file::read(&path)?);
    sweep.map(Some).map_err(|error| RunError::run(&path, format!("no sweep can be read from it: {error}")))
}

impl Sweep {
    /// Writes the sweep atomically, with its cells sorted by place.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn save(&mut self, folder: &Path) -> Result<(), RunError> {
        self.cells.sort_by(|one, other| one.at.cmp(&other.at));
        let path = folder.join(NAME);
        let text = serde_json::to_string(self).map_err(|error| RunError::run(&path, error.to_string()))?;
        // One cell a line, so that two sweeps can be compared line by line.
        atomic_file::write(&path, text.replace("{\"at\":", "\n{\"at\":").as_bytes())
    }

    /// Takes over the cells that an earlier process has trained for this sweep.
    ///
    /// # Errors
    ///
    /// If the folder holds another sweep, or it cannot be read.
    pub fn take_over(&mut self, folder: &Path) -> Result<(), RunError> {
        let Some(before) = read(folder)? else { return Ok(()) };
        let different = if before.axes != self.axes {
            "its grid is another"
        } else if before.steps != self.steps {
            "its trainings are of another length"
        } else if before.experiment != self.experiment {
            "its experiment is another, or was changed since"
        } else {
            self.cells = before.cells;
            return Ok(());
        };
        let reason = format!(
            "this folder holds a sweep that cannot be gone on with: {different}; choose another folder, or move it away"
        );
        Err(RunError::run(folder, reason))
    }
}
