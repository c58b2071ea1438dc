//! Factors of products as panels of 32-bit floats.

#![allow(unsafe_code)] // values that packing has written are read

use std::mem::MaybeUninit;
use std::ops::Range;
use std::slice::ChunksMut;

use rayon::prelude::*;

use super::FORM;
use crate::host::lines::{LINE, Lines};
use crate::host::matrix::Matrix;

/// The left factor of products, `[m, k]`, as panels of rows.
#[derive(Debug, Default)]
pub struct Rows(pub(super) Panels);

/// The right factor of products, `[k, n]`, as panels of columns.
#[derive(Debug, Default)]
pub struct Columns(pub(super) Panels);

/// Panels along the outer side of a factor, in each the values of all its rows or columns at one inner place after the other.
#[derive(Debug, Default)]
pub(super) struct Panels {
    /// All of them are written when a factor is packed.
    values: Vec<MaybeUninit<f32>>,
    /// The number of rows of a left factor, or of columns of a right one.
    pub(super) outer: usize,
    /// The number of inner places.
    pub(super) inner: usize,
    /// The number of rows or columns of a panel; the last panel of rows may have fewer.
    pub(super) width: usize,
}

impl Rows {
    /// A matrix, `[m, k]`.
    pub fn of(matrix: Matrix<'_>) -> Self {
        let mut rows = Self::default();
        rows.pack(matrix);
        rows
    }

    /// A matrix, `[m, k]`, whose products have parts of about `part` rows.
    pub fn in_parts(matrix: Matrix<'_>, part: usize) -> Self {
        let mut rows = Self::default();
        rows.pack_in_parts(matrix, part);
        rows
    }

    /// Takes another matrix, `[m, k]`, in the same memory.
    pub fn pack(&mut self, matrix: Matrix<'_>) {
        let (_, [outer, _], _) = matrix.parts();
        self.pack_in_parts(matrix, outer);
    }

    fn pack_in_parts(&mut self, matrix: Matrix<'_>, part: usize) {
        // A part has as many panels as the highest would be, each nearly as high as the others.
        let (_, [outer, _], _) = matrix.parts();
        let height = part.div_ceil(part.div_ceil(FORM.height).max(1)).max(1);
        let panels = self.0.sized(matrix, height, outer);
        panels.enumerate().for_each(|(number, panel)| pack(matrix, number, height, panel));
    }

    /// Rows of which a part of a product has a multiple, if others follow.
    pub fn step(&self) -> usize {
        self.0.width
    }
}

impl Columns {
    /// A matrix, `[k, n]`.
    pub fn of(matrix: Matrix<'_>) -> Self {
        let (mut columns, matrix) = (Self::default(), matrix.transposed());
        let panels = columns.0.sized(matrix, FORM.width, padded(matrix));
        panels.enumerate().for_each(|(number, panel)| pack(matrix, number, FORM.width, panel));
        columns
    }

    /// A matrix, `[k, n]`, packed in parallel.
    pub fn in_parallel(matrix: Matrix<'_>) -> Self {
        let (mut columns, matrix) = (Self::default(), matrix.transposed());
        let panels = columns.0.sized(matrix, FORM.width, padded(matrix)).enumerate().par_bridge();
        panels.for_each(|(number, panel)| pack(matrix, number, FORM.width, panel));
        columns
    }

    /// The number of columns.
    pub fn count(&self) -> usize {
        self.0.outer
    }
}

/// The number of columns, `[n, k]`, with those that fill the last panel.
fn padded(columns: Matrix<'_>) -> usize {
    let (_, [outer, _], _) = columns.parts();
    outer.next_multiple_of(FORM.width)
}

impl Panels {
    /// Makes place for the panels of a factor, `[outer, inner]`, whose rows or columns with those that fill the last are
    /// `padded`; gives the panels, to be written.
    fn sized(&mut self, factor: Matrix<'_>, width: usize, padded: usize) -> ChunksMut<'_, MaybeUninit<f32>> {
        let (_, [outer, inner], _) = factor.parts();
        (self.outer, self.inner, self.width) = (outer, inner, width);
        self.values.clear();
        self.values.reserve(padded * inner);
        // SAFETY: there is place for so many, and a value that need not be initialised may be any.
        unsafe { self.values.set_len(padded * inner) };
        self.values.chunks_mut((width * inner).max(1))
    }

    /// Inner places of a panel, by its number; nothing of a panel that is not there.
    pub(super) fn panel(&self, number: usize, inner: &Range<usize>) -> &[f32] {
        let first = number * self.width * self.inner;
        let Some(panels) = self.values.get(first..) else { return &[] };
        let width = self.width.min(panels.len() / self.inner.max(1));
        let panel = &panels[inner.start * width..inner.end * width];
        // SAFETY: `pack` has written every value of every panel.
        unsafe { panel.assume_init_ref() }
    }
}

/// Writes a panel of a factor, `[outer, inner]`, with zeros for what fills it.
fn pack(factor: Matrix<'_>, number: usize, width: usize, panel: &mut [MaybeUninit<f32>]) {
    let (values, [outer, inner], [across, along]) = factor.parts();
    let first = number * width;
    let there = width.min(outer - first);
    // The last panel of rows is as high as they are, that of columns as wide as the others.
    let width = panel.len() / inner;
    if there < width {
        panel.fill(MaybeUninit::new(0.0));
    }
    for column in (0..there).step_by(LINE) {
        let values = &values[(first + column) * across..];
        let lines = Lines { values, width: LINE.min(there - column), count: inner, across, along };
        lines.write(&mut panel[column..], width);
    }
}
