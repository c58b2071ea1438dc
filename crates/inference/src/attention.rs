//! The attention sub-layers of encoder and decoder.

use any2any_architecture::{Attention, names};
use any2any_kernels::host::decode::key_values::{KeyValues, Queries};
use any2any_kernels::host::decode::kv_cache::KvCache;
use any2any_kernels::host::decode::weights::Weights;
use any2any_kernels::host::head_rows::HeadRows;

use crate::buffers::{InnerBuffers, sized};
use crate::error::EngineError;
use crate::look::Place;
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

/// Attention of target positions to the encoder's output.
#[derive(Debug)]
pub(crate) struct CrossAttention {
    query: Weights,
    /// Keys and values side by side.
    key_value: Weights,
    output: Weights,
    heads: Attention,
}

/// The cache of one layer: the earlier positions, and the newest one, which the layer writes.
pub(crate) struct LayerCache<'a> {
    /// For each earlier position the rows of that time, `[rows, row_width]` each.
    pub(crate) positions: &'a [Vec<f32>],
    /// For each row now, its row at every earlier position, `[rows, positions]`.
    pub(crate) ancestors: &'a [u32],
    /// The newest position of each row, all layers together, `[rows, row_width]`.
    pub(crate) newest: &'a mut [f32],
    /// The width of a row, all layers together.
    pub(crate) row_width: usize,
    /// The column of a row at which the layer's values begin: keys and then values, or a cell.
    pub(crate) column: usize,
}

/// The maps from rows to queries, keys and values of heads, and from their context to rows.
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

    /// The width of a row of the cache, which holds key and value of a position.
    pub(crate) fn row_width(&self) -> usize {
        2 * self.heads.width()
    }

    /// Whole sequences, one after the other, `[rows, d_model]` in and out; lengths: `[batch]`.
    pub(crate) fn sequences(
        &self,
        input: &[f32],
        lengths: &[usize],
        (encoded, at): (&EncodedPositions, Place),
        output: &mut [f32],
        buffers: &mut InnerBuffers,
    ) {
        let (width, Attention { heads, d_head, .. }) = (self.heads.width(), self.heads);
        let positions: usize = lengths.iter().sum();
        let projected = sized(&mut buffers.wide, 3 * positions * width);
        self.projection.apply(input, projected, &mut buffers.rows);
        let context = sized(&mut buffers.narrow, positions * width);
        let mut first = 0;
        for &length in lengths {
            let rows = &mut projected[3 * first * width..][..3 * length * width];
            encoded.apply_rotary(rows, &self.heads);
            let place = |part: usize| HeadRows { values: rows, stride: 3 * width, column: part * width };
            let keys = KeyValues::new(place(1), place(2), length, heads, d_head);
            let context = &mut context[first * width..][..length * width];
            let queries = Queries { rows: place(0), bias: encoded.bias() };
            match &mut buffers.look {
                None => keys.attend(queries, context, &mut buffers.scores),
                Some(look) => look.at(at, [heads, length, length], |look| {
                    keys.attend_looked_at(queries, context, &mut buffers.scores, Some(look));
                }),
            }
            first += length;
        }
        self.output.apply(context, output, &mut buffers.rows);
    }

    /// One new position of each row, `[rows, d_model]` in and out.
    pub(crate) fn newest(
        &self,
        input: &[f32],
        cache: LayerCache<'_>,
        (encoded, at): (&EncodedPositions, Place),
        output: &mut [f32],
        buffers: &mut InnerBuffers,
    ) {
        let width = self.heads.width();
        let LayerCache { positions, ancestors, newest, row_width, column } = cache;
        let count = newest.len() / row_width.max(1);
        let projected = sized(&mut buffers.wide, 3 * count * width);
        self.projection.apply(input, projected, &mut buffers.rows);
        encoded.apply_rotary(projected, &self.heads);
        let rows = projected.chunks_exact(3 * width).zip(newest.chunks_exact_mut(row_width));
        for (projected, newest) in rows {
            newest[column..][..2 * width].copy_from_slice(&projected[width..]);
        }
        let cache = KvCache {
            positions,
            row_width,
            column,
            ancestors,
            heads: self.heads.heads,
            d_head: self.heads.d_head,
            bias: encoded.bias(),
        };
        let context = sized(&mut buffers.narrow, count * width);
        match &mut buffers.look {
            None => cache.attend(projected, 3 * width, newest, context, &mut buffers.scores),
            Some(look) => look.at(at, [cache.heads, 1, positions.len() + 1], |look| {
                cache.attend_looked_at(
                    projected,
                    3 * width,
                    newest,
                    context,
                    &mut buffers.scores,
                    Some(look),
                );
            }),
        }
        self.output.apply(context, output, &mut buffers.rows);
    }
}

impl CrossAttention {
    /// Reads the layer; the encoder's output is `d_encoder` wide.
    pub(crate) fn read(
        reader: &Reader<'_>,
        heads: &Attention,
        [d_model, d_encoder]: [usize; 2],
    ) -> Result<Self, EngineError> {
        let Maps { query, key, value, output } = Maps::new(heads, d_model);
        Ok(Self {
            query: reader.joined(&[query], d_model)?,
            key_value: reader.joined(&[key, value], d_encoder)?,
            output: reader.joined(&[output], heads.width())?,
            heads: *heads,
        })
    }

    /// Projects keys and values of sequences, whose states, `[rows, d_encoder]`, stand one after the other; lengths:
    /// `[batch]`.
    pub(crate) fn project(
        &self,
        states: &[f32],
        lengths: &[usize],
        buffers: &mut InnerBuffers,
    ) -> Vec<KeyValues> {
        let (width, Attention { heads, d_head, .. }) = (self.heads.width(), self.heads);
        let positions: usize = lengths.iter().sum();
        let projected = sized(&mut buffers.wide, 2 * positions * width);
        self.key_value.apply(states, projected, &mut buffers.rows);
        let mut rest = &*projected;
        let project = |&length: &usize| {
            let (rows, others) = rest.split_at(2 * length * width);
            rest = others;
            let place = |part: usize| HeadRows { values: rows, stride: 2 * width, column: part * width };
            KeyValues::new(place(0), place(1), length, heads, d_head)
        };
        lengths.iter().map(project).collect()
    }

    /// Rows that read different sources, `[rows, d_model]` in and out: each source with the number of consecutive rows
    /// that read it.
    pub(crate) fn apply<'a>(
        &self,
        input: &[f32],
        (sources, at): (impl Iterator<Item = (&'a KeyValues, usize)>, Place),
        output: &mut [f32],
        buffers: &mut InnerBuffers,
    ) {
        let width = self.heads.width();
        let count = input.len() / self.query.inputs().max(1);
        let queries = sized(&mut buffers.wide, count * width);
        self.query.apply(input, queries, &mut buffers.rows);
        let context = sized(&mut buffers.narrow, count * width);
        let mut first = 0;
        for (source, rows) in sources {
            let places = first * width..(first + rows) * width;
            let rows_of = HeadRows { values: &queries[places.clone()], stride: width, column: 0 };
            let (queries, context) = (Queries { rows: rows_of, bias: None }, &mut context[places]);
            match &mut buffers.look {
                None => source.attend(queries, context, &mut buffers.scores),
                Some(look) => look.at(at, [self.heads.heads, rows, source.count()], |look| {
                    source.attend_looked_at(queries, context, &mut buffers.scores, Some(look));
                }),
            }
            first += rows;
        }
        self.output.apply(context, output, &mut buffers.rows);
    }
}
