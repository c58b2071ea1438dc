//! Learned state of an adapter of tokens: the size of the vocabulary and the names of its ids, and its file.

use std::path::Path;

use any2any_adapter::AdapterError;
use serde::{Deserialize, Serialize};

use super::ids::Ids;
use super::options::{MOST_IDS, TokensOptions};
use crate::error::fit_error;

/// The file inside the folder of an adapter's state.
const FILE: &str = "tokens.json";

/// Vocabulary and longest value of the training split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// Number of ids.
    pub(super) vocab: usize,
    /// Names of the first ids.
    pub(super) names: Vec<String>,
    /// Number of ids of the longest value.
    pub(super) longest: usize,
}

impl State {
    pub(super) fn fit<'a>(
        options: &TokensOptions,
        values: impl Iterator<Item = &'a Ids>,
    ) -> Result<Self, AdapterError> {
        let (mut largest, mut longest) = (None, 0);
        for Ids(ids) in values {
            largest = largest.max(ids.iter().max().copied());
            longest = longest.max(ids.len());
        }
        let Some(largest) = largest else {
            return Err(fit_error("field", "there is no id to learn from"));
        };
        let vocab = options.vocab.unwrap_or(largest as usize + 1);
        if vocab > MOST_IDS {
            let reason = format!(
                "the largest id of training is {largest}, and a vocabulary has at most {MOST_IDS} ids"
            );
            return Err(fit_error("vocab", reason));
        }
        let names = options.names.as_deref().map(read_names).transpose()?.unwrap_or_default();
        Ok(Self { vocab, names, longest })
    }

    pub(super) fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        any2any_frames::save(folder, FILE, self)
    }

    /// Loads a saved state, if it belongs to the options.
    pub(super) fn load(options: &TokensOptions, folder: &Path) -> Result<Self, AdapterError> {
        let state: Self = any2any_frames::load(folder, FILE)?;
        let sound =
            (1..=MOST_IDS).contains(&state.vocab) && options.vocab.is_none_or(|vocab| vocab == state.vocab);
        if sound && state.longest < usize::MAX {
            return Ok(state);
        }
        let reason = "its vocabulary is not that of the options".to_owned();
        Err(AdapterError::File { path: folder.join(FILE), reason })
    }
}

/// The names of a file, one a line.
pub(super) fn read_names(path: &Path) -> Result<Vec<String>, AdapterError> {
    let broken = |reason: String| AdapterError::File { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path)
        .map_err(|error| broken(format!("cannot be read as a text of names, one a line: {error}")))?;
    let names: Vec<String> = text.lines().map(str::to_owned).collect();
    if names.is_empty() || names.len() > MOST_IDS {
        return Err(broken(format!("has {} names: give 1 to {MOST_IDS}, one a line", names.len())));
    }
    Ok(names)
}
