//! Limits of an experiment: no file, however it was written, takes more memory or time than these allow.
//!
//! They are far above what a person writes, and hold for an experiment as a whole, with all files that it extends.

use crate::diagnostic::Diagnostic;
use crate::source::Place;

/// The deepest nesting of collections, so that no walk over a tree exhausts the stack.
pub(crate) const DEPTH: usize = 64;

/// The most bytes of a file.
pub(crate) const FILE: usize = 4 << 20;

/// The most files of an experiment.
pub(crate) const FILES: usize = 64;

/// The most values of an experiment once its aliases and the files that it extends are written out.
const VALUES: usize = 100_000;

/// The most bytes of text of an experiment once its aliases and the files that it extends are written out.
const BYTES: usize = 8 << 20;

/// The number of problems after which a document is not checked further.
pub(crate) const PROBLEMS: usize = 1000;

/// Counter of an experiment's values and bytes, up to their limits.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    values: usize,
    bytes: usize,
}

/// The number of values of a tree, and of bytes of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) values: usize,
    pub(crate) bytes: usize,
}

impl Size {
    /// The sum of two sizes.
    pub(crate) fn with(self, other: Self) -> Self {
        Self { values: self.values + other.values, bytes: self.bytes + other.bytes }
    }
}

impl Budget {
    /// Adds a size, or reports at `place` which limit is exceeded.
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
