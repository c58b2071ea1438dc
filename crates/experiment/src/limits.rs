//! Bounds of what an experiment may be: no file, however it was written, takes more memory or time than these allow.
//!
//! They are far above what a person writes, and hold for an experiment as a whole, with all files that it extends.

use crate::diagnostic::Diagnostic;
use crate::source::Place;

/// How deep collections may nest, so that walking a tree never exhausts the stack.
pub(crate) const DEPTH: usize = 64;

/// How many bytes a file may have.
pub(crate) const FILE: usize = 4 << 20;

/// How many files an experiment may be read from.
pub(crate) const FILES: usize = 64;

/// How many values an experiment may have once its aliases and the files that it extends are written out.
const VALUES: usize = 100_000;

/// How many bytes of text the same may have.
const BYTES: usize = 8 << 20;

/// After how many problems a document is not looked at any further.
pub(crate) const PROBLEMS: usize = 1000;

/// Values and bytes that an experiment has taken of what it may have.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    values: usize,
    bytes: usize,
}

/// Values and bytes of a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) values: usize,
    pub(crate) bytes: usize,
}

impl Size {
    /// Both together.
    pub(crate) fn with(self, other: Self) -> Self {
        Self { values: self.values + other.values, bytes: self.bytes + other.bytes }
    }
}

impl Budget {
    /// Takes a size, or tells which bound is passed, at the place that passes it.
    pub(crate) fn take(&mut self, size: Size, place: impl FnOnce() -> Place) -> Result<(), Box<Diagnostic>> {
        self.values = self.values.saturating_add(size.values);
        self.bytes = self.bytes.saturating_add(size.bytes);
        let passed = match () {
            () if self.values > VALUES => format!("{VALUES} values"),
            () if self.bytes > BYTES => format!("{BYTES} bytes of text"),
            () => return Ok(()),
        };
        let message = format!("the experiment has more than {passed}, aliases and `extends` written out");
        let help = "no experiment needs this: repeat less by `*name` and `extends`".to_owned();
        Err(Box::new(Diagnostic::error(&place(), message, Some(help))))
    }
}
