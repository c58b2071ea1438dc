//! A translator whose model can be looked into.

use std::ops::Deref;

use any2any_translate::Translator;

/// A translator whose model can be looked into: all that a [`Translator`] does, and every look of this crate.
#[derive(Clone, Copy)]
pub struct Inspector<'a>(&'a Translator);

impl<'a> Inspector<'a> {
    /// An inspector of a translator's model.
    pub fn new(translator: &'a Translator) -> Self {
        Self(translator)
    }
}

impl Deref for Inspector<'_> {
    type Target = Translator;

    fn deref(&self) -> &Translator {
        self.0
    }
}
