//! How positions are told apart.

use std::ops::Range;

use any2any_core::PositionsConfig;
use any2any_kernels::host::forward::elementwise::{join, rotate};

use crate::error::EngineError;
use crate::parameters::Reader;

/// The positions of one stack.
#[derive(Debug)]
pub(crate) struct Positions {
    kind: Kind,
    heads: usize,
}

#[derive(Debug)]
enum Kind {
    /// How fast the angle of each place turns, `[d_model]`.
    Sinusoidal(Vec<f64>),
    /// `[limit, d_model]`
    Learned(Vec<f32>),
    /// How fast the angle of each pair turns, `[d_head / 2]`.
    Rotary(Vec<f64>),
    /// What a step of distance costs each head.
    Alibi(Vec<f32>),
}

/// What is done at some consecutive positions.
#[derive(Debug)]
pub(crate) struct Places {
    first: usize,
    /// What is added, `[positions, d_model]`; empty when nothing is.
    added: Vec<f32>,
    /// Cosines and sines of rotations, `[positions, d_head / 2]` each; empty when nothing is rotated.
    cosines: Vec<f32>,
    sines: Vec<f32>,
    d_model: usize,
    half: usize,
}

impl Positions {
    pub(crate) fn read(
        config: PositionsConfig,
        reader: &Reader<'_>,
        d_model: usize,
        heads: usize,
    ) -> Result<Self, EngineError> {
        let kind = match config {
            PositionsConfig::Sinusoidal => Kind::Sinusoidal(
                (0..d_model)
                    .map(|place| 10_000_f64.powf(-((place - place % 2) as f64) / d_model as f64))
                    .collect(),
            ),
            PositionsConfig::Learned { limit } => {
                Kind::Learned(reader.child("positions").values("table", &[limit, d_model])?.to_vec())
            }
            PositionsConfig::Rotary => {
                let d_head = d_model / heads;
                let frequency = |pair: usize| 10_000_f64.powf(-2.0 * pair as f64 / d_head as f64);
                Kind::Rotary((0..d_head / 2).map(frequency).collect())
            }
            PositionsConfig::Alibi => {
                Kind::Alibi((0..heads).map(|head| (-8.0 * (head + 1) as f32 / heads as f32).exp2()).collect())
            }
        };
        Ok(Self { kind, heads })
    }

    /// What a step of distance costs each head, for ALiBi.
    pub(crate) fn slopes(&self) -> Option<&[f32]> {
        match &self.kind {
            Kind::Alibi(slopes) => Some(slopes),
            _ => None,
        }
    }

    /// What is done at these positions.
    pub(crate) fn places(&self, range: Range<usize>, d_model: usize) -> Places {
        let first = range.start;
        let mut places = Places {
            first,
            added: Vec::new(),
            cosines: Vec::new(),
            sines: Vec::new(),
            d_model,
            half: d_model / self.heads / 2,
        };
        let angles = |frequencies: &[f64], function: fn(f64, usize) -> f64| -> Vec<f32> {
            let of_position = |position: usize| {
                frequencies
                    .iter()
                    .enumerate()
                    .map(move |(place, frequency)| function(position as f64 * frequency, place) as f32)
            };
            range.clone().flat_map(of_position).collect()
        };
        match &self.kind {
            Kind::Sinusoidal(frequencies) => {
                let wave = |angle: f64, place: usize| {
                    if place.is_multiple_of(2) { angle.sin() } else { angle.cos() }
                };
                places.added = angles(frequencies, wave);
            }
            Kind::Learned(table) => {
                let limit = table.len() / d_model;
                let row = |position: usize| &table[position.min(limit - 1) * d_model..][..d_model];
                places.added = range.clone().flat_map(row).copied().collect();
            }
            Kind::Rotary(frequencies) => {
                places.cosines = angles(frequencies, |angle, _| angle.cos());
                places.sines = angles(frequencies, |angle, _| angle.sin());
            }
            Kind::Alibi(_) => {}
        }
        places
    }
}

impl Places {
    /// Adds what is added to a row at a position.
    pub(crate) fn add(&self, position: usize, row: &mut [f32]) {
        if !self.added.is_empty() {
            join(row, 1.0, &self.added[(position - self.first) * self.d_model..][..self.d_model]);
        }
    }

    /// Rotates the heads of a row at a position.
    pub(crate) fn rotate(&self, position: usize, row: &mut [f32]) {
        if !self.cosines.is_empty() {
            let start = (position - self.first) * self.half;
            rotate(row, &self.cosines[start..][..self.half], &self.sines[start..][..self.half]);
        }
    }

    /// Whether rows are rotated.
    pub(crate) fn turn(&self) -> bool {
        !self.cosines.is_empty()
    }
}
