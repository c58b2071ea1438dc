//! The attention sub-layers of encoder and decoder.

use any2any_kernels::host::attention::Rows;
use any2any_kernels::host::forward::memory::{Memory, Queries};
use any2any_kernels::host::forward::past::Past;
use any2any_kernels::host::forward::weights::Weights;

use crate::buffers::{Inner, sized};
use crate::error::EngineError;
use crate::parameters::Reader;
use crate::positions::Places;

/// The width of all heads, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heads {
    pub(crate) d_model: usize,
    pub(crate) count: usize,
}

impl Heads {
    fn d_head(self) -> usize {
        self.d_model / self.count
    }
}

/// Attention of a sequence to itself.
#[derive(Debug)]
pub(crate) struct OwnAttention {
    /// Queries, keys and values side by side.
    projection: Weights,
    output: Weights,
    heads: Heads,
}

/// Attention to what an encoder has made of a source.
#[derive(Debug)]
pub(crate) struct CrossAttention {
    query: Weights,
    /// Keys and values side by side.
    memory: Weights,
    output: Weights,
    heads: Heads,
}

/// What one layer knows of earlier positions, and where it writes the newest one.
pub(crate) struct Written<'a> {
    /// For each earlier position the rows of that time.
    pub(crate) positions: &'a [Vec<f32>],
    /// For each row now, its row at every earlier position.
    pub(crate) ancestors: &'a [u32],
    /// The newest position of each row, all layers together.
    pub(crate) newest: &'a mut [f32],
    /// The values of a row, all layers together.
    pub(crate) row_width: usize,
    /// Where in a row the layer's keys and values stand.
    pub(crate) column: usize,
}

impl OwnAttention {
    pub(crate) fn read(reader: &Reader<'_>, heads: Heads) -> Result<Self, EngineError> {
        let d_model = heads.d_model;
        Ok(Self {
            projection: reader.joined(&["query", "key", "value"], d_model, d_model)?,
            output: reader.joined(&["output"], d_model, d_model)?,
            heads,
        })
    }

    /// Whole sequences, one after the other, each of its own length: `[rows, d_model]`.
    pub(crate) fn sequences(
        &self,
        input: &[f32],
        lengths: &[usize],
        (places, slopes): (&Places, Option<&[f32]>),
        output: &mut [f32],
        memory: &mut Inner,
    ) {
        let Heads { d_model, count } = self.heads;
        let projected = sized(&mut memory.wide, 3 * input.len());
        self.projection.apply(input, projected, &mut memory.rows);
        let context = sized(&mut memory.narrow, input.len());
        let mut first = 0;
        for &length in lengths {
            let rows = &mut projected[3 * first * d_model..][..3 * length * d_model];
            places.turn(rows, count);
            let place = |part: usize| Rows { values: rows, stride: 3 * d_model, column: part * d_model };
            let keys = Memory::new(place(1), place(2), length, count, self.heads.d_head());
            let context = &mut context[first * d_model..][..length * d_model];
            keys.attend(Queries { rows: place(0), slopes }, context, &mut memory.scores);
            first += length;
        }
        self.output.apply(context, output, &mut memory.rows);
    }

    /// One new position of each row, `[rows, d_model]`.
    pub(crate) fn newest(
        &self,
        input: &[f32],
        written: Written<'_>,
        (places, slopes): (&Places, Option<&[f32]>),
        output: &mut [f32],
        memory: &mut Inner,
    ) {
        let d_model = self.heads.d_model;
        let Written { positions, ancestors, newest, row_width, column } = written;
        let projected = sized(&mut memory.wide, 3 * input.len());
        self.projection.apply(input, projected, &mut memory.rows);
        places.turn(projected, self.heads.count);
        let rows = projected.chunks_exact(3 * d_model).zip(newest.chunks_exact_mut(row_width));
        for (projected, newest) in rows {
            newest[column..][..2 * d_model].copy_from_slice(&projected[d_model..]);
        }
        let past = Past {
            positions,
            row_width,
            column,
            ancestors,
            heads: self.heads.count,
            d_head: self.heads.d_head(),
            slopes,
        };
        let context = sized(&mut memory.narrow, input.len());
        past.attend(projected, 3 * d_model, newest, context, &mut memory.scores);
        self.output.apply(context, output, &mut memory.rows);
    }
}

impl CrossAttention {
    pub(crate) fn read(reader: &Reader<'_>, heads: Heads) -> Result<Self, EngineError> {
        let d_model = heads.d_model;
        Ok(Self {
            query: reader.joined(&["query"], d_model, d_model)?,
            memory: reader.joined(&["key", "value"], d_model, d_model)?,
            output: reader.joined(&["output"], d_model, d_model)?,
            heads,
        })
    }

    /// Projects the states of sequences, one after the other, each of its own length.
    pub(crate) fn project(&self, states: &[f32], lengths: &[usize], memory: &mut Inner) -> Vec<Memory> {
        let Heads { d_model, count } = self.heads;
        let projected = sized(&mut memory.wide, 2 * states.len());
        self.memory.apply(states, projected, &mut memory.rows);
        let mut rest = &*projected;
        let project = |&length: &usize| {
            let (rows, others) = rest.split_at(2 * length * d_model);
            rest = others;
            let place = |part: usize| Rows { values: rows, stride: 2 * d_model, column: part * d_model };
            Memory::new(place(0), place(1), length, count, self.heads.d_head())
        };
        lengths.iter().map(project).collect()
    }

    /// Rows that read different memories, `[rows, d_model]`: for each memory, how many consecutive rows.
    pub(crate) fn apply<'a>(
        &self,
        input: &[f32],
        memories: impl Iterator<Item = (&'a Memory, usize)>,
        output: &mut [f32],
        memory: &mut Inner,
    ) {
        let d_model = self.heads.d_model;
        let queries = sized(&mut memory.wide, input.len());
        self.query.apply(input, queries, &mut memory.rows);
        let context = sized(&mut memory.narrow, input.len());
        let mut first = 0;
        for (read, rows) in memories {
            let places = first * d_model..(first + rows) * d_model;
            let rows_of = Rows { values: &queries[places.clone()], stride: d_model, column: 0 };
            read.attend(Queries { rows: rows_of, slopes: None }, &mut context[places], &mut memory.scores);
            first += rows;
        }
        self.output.apply(context, output, &mut memory.rows);
    }
}
