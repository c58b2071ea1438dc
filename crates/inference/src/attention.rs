//! The attention sub-layers of encoder and decoder.

use any2any_architecture::{Attention, names};
use any2any_kernels::host::decode::key_values::{KeyValues, Queries};
use any2any_kernels::host::decode::kv_cache::KvCache;
use any2any_kernels::host::decode::weights::Weights;
use any2any_kernels::host::head_rows::HeadRows;

use crate::buffers::{Inner, sized};
use crate::error::EngineError;
use crate::parameters::{Map, Reader};
use crate::position_encoding::EncodedPositions;

/// Attention of a sequence to itself.
#[derive(Debug)]
pub(crate) struct SelfAttention {
    /// Queries, keys and values side by side.
    projection: Weights,
    output: Weights,
    heads: Attention,
}

/// Attention to what an encoder has made of a source.
#[derive(Debug)]
pub(crate) struct CrossAttention {
    query: Weights,
    /// Keys and values side by side.
    memory: Weights,
    output: Weights,
    heads: Attention,
}

/// What one layer knows of earlier positions, and where it writes the newest one.
pub(crate) struct LayerCache<'a> {
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

/// The maps from rows to what the heads of attention read, and from what they gather.
struct Maps<'a> {
    query: Map<'a>,
    key: Map<'a>,
    value: Map<'a>,
    output: Map<'a>,
}

impl Maps<'_> {
    fn new(heads: &Attention, d_model: usize) -> Self {
        let width = heads.width();
        // Scores are always divided by the root of `d_head`: where they should not be, queries are larger.
        let scale = if heads.scaled { 1.0 } else { (heads.d_head as f32).sqrt() };
        Self {
            query: Map { scale, ..Map::new(names::QUERY, width, heads.query_bias) },
            key: Map::new(names::KEY, width, heads.key_bias),
            value: Map::new(names::VALUE, width, heads.value_bias),
            output: Map::new(names::OUTPUT, d_model, heads.output_bias),
        }
    }
}

impl SelfAttention {
    pub(crate) fn read(reader: &Reader<'_>, heads: &Attention, d_model: usize) -> Result<Self, EngineError> {
        let Maps { query, key, value, output } = Maps::new(heads, d_model);
        Ok(Self {
            projection: reader.joined(&[query, key, value], d_model)?,
            output: reader.joined(&[output], heads.width())?,
            heads: *heads,
        })
    }

    /// The values that one position leaves behind: its key and its value.
    pub(crate) fn row_width(&self) -> usize {
        2 * self.heads.width()
    }

    /// Whole sequences, one after the other, each of its own length: `[rows, d_model]`.
    pub(crate) fn sequences(
        &self,
        input: &[f32],
        lengths: &[usize],
        places: &EncodedPositions,
        output: &mut [f32],
        memory: &mut Inner,
    ) {
        let (width, Attention { heads, d_head, .. }) = (self.heads.width(), self.heads);
        let positions: usize = lengths.iter().sum();
        let projected = sized(&mut memory.wide, 3 * positions * width);
        self.projection.apply(input, projected, &mut memory.rows);
        let context = sized(&mut memory.narrow, positions * width);
        let mut first = 0;
        for &length in lengths {
            let rows = &mut projected[3 * first * width..][..3 * length * width];
            places.apply_rotary(rows, &self.heads);
            let place = |part: usize| HeadRows { values: rows, stride: 3 * width, column: part * width };
            let keys = KeyValues::new(place(1), place(2), length, heads, d_head);
            let context = &mut context[first * width..][..length * width];
            keys.attend(Queries { rows: place(0), bias: places.bias() }, context, &mut memory.scores);
            first += length;
        }
        self.output.apply(context, output, &mut memory.rows);
    }

    /// One new position of each row, `[rows, d_model]`.
    pub(crate) fn newest(
        &self,
        input: &[f32],
        written: LayerCache<'_>,
        places: &EncodedPositions,
        output: &mut [f32],
        memory: &mut Inner,
    ) {
        let width = self.heads.width();
        let LayerCache { positions, ancestors, newest, row_width, column } = written;
        let count = newest.len() / row_width.max(1);
        let projected = sized(&mut memory.wide, 3 * count * width);
        self.projection.apply(input, projected, &mut memory.rows);
        places.apply_rotary(projected, &self.heads);
        let rows = projected.chunks_exact(3 * width).zip(newest.chunks_exact_mut(row_width));
        for (projected, newest) in rows {
            newest[column..][..2 * width].copy_from_slice(&projected[width..]);
        }
        let past = KvCache {
            positions,
            row_width,
            column,
            ancestors,
            heads: self.heads.heads,
            d_head: self.heads.d_head,
            bias: places.bias(),
        };
        let context = sized(&mut memory.narrow, count * width);
        past.attend(projected, 3 * width, newest, context, &mut memory.scores);
        self.output.apply(context, output, &mut memory.rows);
    }
}

impl CrossAttention {
    /// Reads the layer; what it attends to is `memory` wide.
    pub(crate) fn read(
        reader: &Reader<'_>,
        heads: &Attention,
        [d_model, memory]: [usize; 2],
    ) -> Result<Self, EngineError> {
        let Maps { query, key, value, output } = Maps::new(heads, d_model);
        Ok(Self {
            query: reader.joined(&[query], d_model)?,
            memory: reader.joined(&[key, value], memory)?,
            output: reader.joined(&[output], heads.width())?,
            heads: *heads,
        })
    }

    /// Projects the states of sequences, one after the other, each of its own length.
    pub(crate) fn project(&self, states: &[f32], lengths: &[usize], memory: &mut Inner) -> Vec<KeyValues> {
        let (width, Attention { heads, d_head, .. }) = (self.heads.width(), self.heads);
        let positions: usize = lengths.iter().sum();
        let projected = sized(&mut memory.wide, 2 * positions * width);
        self.memory.apply(states, projected, &mut memory.rows);
        let mut rest = &*projected;
        let project = |&length: &usize| {
            let (rows, others) = rest.split_at(2 * length * width);
            rest = others;
            let place = |part: usize| HeadRows { values: rows, stride: 2 * width, column: part * width };
            KeyValues::new(place(0), place(1), length, heads, d_head)
        };
        lengths.iter().map(project).collect()
    }

    /// Rows that read different memories, `[rows, d_model]`: for each memory, how many consecutive rows.
    pub(crate) fn apply<'a>(
        &self,
        input: &[f32],
        memories: impl Iterator<Item = (&'a KeyValues, usize)>,
        output: &mut [f32],
        memory: &mut Inner,
    ) {
        let width = self.heads.width();
        let count = input.len() / self.query.inputs().max(1);
        let queries = sized(&mut memory.wide, count * width);
        self.query.apply(input, queries, &mut memory.rows);
        let context = sized(&mut memory.narrow, count * width);
        let mut first = 0;
        for (read, rows) in memories {
            let places = first * width..(first + rows) * width;
            let rows_of = HeadRows { values: &queries[places.clone()], stride: width, column: 0 };
            read.attend(Queries { rows: rows_of, bias: None }, &mut context[places], &mut memory.scores);
            first += rows;
        }
        self.output.apply(context, output, &mut memory.rows);
    }
}
