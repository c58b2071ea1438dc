//! The inspector, which looks into the model of a translator.

use std::ops::Deref;

use any2any_translate::Translator;

/// A translator with the inspections of this crate: it does all that a [`Translator`] does.
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
