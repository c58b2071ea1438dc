//! How positions are told apart.

use std::ops::Range;

use any2any_core::{PositionsConfig, alibi_slopes, sinusoidal};
use any2any_kernels::Rotation;
use any2any_kernels::host::forward::elementwise::join;

use crate::error::EngineError;
use crate::parameters::Reader;

/// The positions of one stack.
#[derive(Debug)]
pub(crate) struct Positions {
    config: PositionsConfig,
    /// `[limit, d_model]`; empty unless positions are learned.
    table: Vec<f32>,
    /// What a step of distance costs each head, for ALiBi.
    slopes: Option<Vec<f32>>,
    d_model: usize,
    heads: usize,
}

/// What is done at some consecutive positions.
#[derive(Debug)]
pub(crate) struct Places {
    first: usize,
    /// What is added, `[positions, d_model]`; empty when nothing is.
    added: Vec<f32>,
    /// How queries and keys are turned.
    rotation: Option<Rotation>,
    d_model: usize,
}

impl Positions {
    pub(crate) fn read(
        config: PositionsConfig,
        reader: &Reader<'_>,
        d_model: usize,
        heads: usize,
    ) -> Result<Self, EngineError> {
        let table = match config {
            PositionsConfig::Learned { limit } => {
                reader.child("positions").values("table", &[limit, d_model])?.to_vec()
            }
            _ => Vec::new(),
        };
        let slopes = (config == PositionsConfig::Alibi).then(|| alibi_slopes(heads));
        Ok(Self { config, table, slopes, d_model, heads })
    }

    /// What a step of distance costs each head, for ALiBi.
    pub(crate) fn slopes(&self) -> Option<&[f32]> {
        self.slopes.as_deref()
    }

    /// What is done at these positions.
    pub(crate) fn places(&self, range: Range<usize>) -> Places {
        let d_model = self.d_model;
        let added = match self.config {
            PositionsConfig::Sinusoidal => sinusoidal(range.clone(), d_model),
            PositionsConfig::Learned { limit } => {
                let row = |position: usize| &self.table[position.min(limit - 1) * d_model..][..d_model];
                range.clone().flat_map(row).copied().collect()
            }
            PositionsConfig::Rotary | PositionsConfig::Alibi => Vec::new(),
        };
        let rotation = (self.config == PositionsConfig::Rotary)
            .then(|| Rotation::new(range.start, range.len(), d_model / self.heads));
        Places { first: range.start, added, rotation, d_model }
    }
}

impl Places {
    /// Adds what is added to a row at a position.
    pub(crate) fn add(&self, position: usize, row: &mut [f32]) {
        if !self.added.is_empty() {
            join(row, 1.0, &self.added[(position - self.first) * self.d_model..][..self.d_model]);
        }
    }

    /// Turns queries and keys, the first two thirds of rows: rows of consecutive positions from the first, or
    /// rows that all stand at the one position there is.
    pub(crate) fn turn(&self, projected: &mut [f32], heads: usize) {
        if let Some(rotation) = &self.rotation {
            rotation.turn(projected, 3 * self.d_model, 2 * heads, false);
        }
    }
}
