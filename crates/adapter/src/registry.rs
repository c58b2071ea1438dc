//! The media that a program knows.

use std::sync::Arc;

use crate::Medium;

/// The media that a program knows, by name, in the order of registration.
#[derive(Clone, Default)]
pub struct Registry {
    media: Vec<Arc<dyn Medium>>,
}

impl Registry {
    /// A registry without any medium.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a medium; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, medium: impl Medium + 'static) -> Self {
        self.media.retain(|known| known.name() != medium.name());
        self.media.push(Arc::new(medium));
        self
    }

    /// All media.
    pub fn media(&self) -> impl Iterator<Item = &dyn Medium> {
        self.media.iter().map(Arc::as_ref)
    }

    /// The medium of a name.
    ///
    /// # Errors
    ///
    /// When no medium of that name is registered.
    pub fn get(&self, name: &str) -> Result<&Arc<dyn Medium>, RegistryError> {
        self.media.iter().find(|medium| medium.name() == name).ok_or_else(|| RegistryError {
            name: name.to_owned(),
            known: self.media().map(|medium| medium.name().to_owned()).collect(),
        })
    }
}

/// A medium that is not registered.
#[derive(Debug, thiserror::Error)]
#[error("no medium is called '{name}'; known: {}", known.join(", "))]
pub struct RegistryError {
    /// The name that was asked for.
    pub name: String,
    /// The names that are known.
    pub known: Vec<String>,
}
