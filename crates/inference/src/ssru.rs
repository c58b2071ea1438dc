//! The SSRU sub-layer of a decoder (Kim et al. 2019).

use any2any_architecture::names;
use any2any_kernels::host::decode::ssru::step;
use any2any_kernels::host::decode::weights::Weights;

use crate::attention::LayerCache;
use crate::buffers::{InnerBuffers, sized};
use crate::error::EngineError;
use crate::parameters::{Map, Reader};

/// A simpler simple recurrent unit: it keeps one cell of a hypothesis, however much has been written.
#[derive(Debug)]
pub(crate) struct Ssru {
    candidate: Weights,
    forget: Weights,
}

impl Ssru {
    pub(crate) fn read(reader: &Reader<'_>, d_model: usize) -> Result<Self, EngineError> {
        Ok(Self {
            candidate: reader.joined(&[Map::new(names::CANDIDATE, d_model, false)], d_model)?,
            forget: reader.joined(&[Map::new(names::FORGET, d_model, true)], d_model)?,
        })
    }

    /// The width of a row of the cache, which holds the cell after a position.
    pub(crate) fn row_width(&self) -> usize {
        self.candidate.outputs()
    }

    /// One new position of each row, `[rows, d_model]` in and out.
    pub(crate) fn newest(
        &self,
        input: &[f32],
        cache: LayerCache<'_>,
        output: &mut [f32],
        buffers: &mut InnerBuffers,
    ) {
        let width = self.row_width();
        let LayerCache { positions, ancestors, newest, row_width, column } = cache;
        let projected = sized(&mut buffers.wide, 2 * input.len());
        let (candidate, forget) = projected.split_at_mut(input.len());
        self.candidate.apply(input, candidate, &mut buffers.rows);
        self.forget.apply(input, forget, &mut buffers.rows);
        let rows = newest.chunks_exact_mut(row_width).zip(output.chunks_exact_mut(width));
        for (row, (newest, output)) in rows.enumerate() {
            let cell = &mut newest[column..][..width];
            match positions.last() {
                None => cell.fill(0.0),
                Some(last) => {
                    let ancestor = ancestors[(row + 1) * positions.len() - 1] as usize;
                    cell.copy_from_slice(&last[ancestor * row_width + column..][..width]);
                }
            }
            let places = row * width..(row + 1) * width;
            step(&candidate[places.clone()], &forget[places], cell, output);
        }
    }
}
