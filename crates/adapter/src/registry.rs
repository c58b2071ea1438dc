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
    ///
    /// # Panics
    ///
    /// When the medium [hands on](Medium::inherited) an option that its schema does not have: a mistake in the medium,
    /// which would otherwise hand on nothing, and say nothing.
    #[must_use]
    pub fn with(mut self, medium: impl Medium + 'static) -> Self {
        let schema = medium.schema();
        for option in medium.inherited() {
            let name = medium.name();
            assert!(
                has_option(schema.as_value(), option),
                "the medium '{name}' hands on '{option}', which is no option of its schema"
            );
        }
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

/// True if a schema has a property of a name, at its top or in one of its alternatives.
fn has_option(schema: &serde_json::Value, name: &str) -> bool {
    let parts =
        ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    schema["properties"].get(name).is_some() || parts.into_iter().any(|part| has_option(part, name))
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use schemars::json_schema;
    use serde_json::Value as Json;

    use super::*;
    use crate::{Adapter, AdapterError, OptionProblem, Value};

    /// A medium that hands on some options.
    struct Handing(&'static [&'static str]);

    impl Medium for Handing {
        fn name(&self) -> &'static str {
            "handing"
        }

        fn schema(&self) -> schemars::Schema {
            json_schema!({
                "properties": { "field": { "type": "string" } },
                "oneOf": [{ "properties": { "words": {} } }, { "properties": { "letters": {} } }],
            })
        }

        fn check(&self, _options: &Json) -> Vec<OptionProblem> {
            Vec::new()
        }

        fn resolve(&self, options: &Json) -> Json {
            options.clone()
        }

        fn fields(&self, _options: &Json) -> Vec<String> {
            Vec::new()
        }

        fn inherited(&self) -> &'static [&'static str] {
            self.0
        }

        fn fit(
            &self,
            _options: &Json,
            _values: &mut dyn Iterator<Item = &Value>,
        ) -> Result<Arc<dyn Adapter>, AdapterError> {
            Err(AdapterError::Value { reason: "this medium only has options".to_owned() })
        }

        fn load(&self, options: &Json, _folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError> {
            self.fit(options, &mut std::iter::empty())
        }
    }

    #[test]
    fn a_medium_hands_on_its_options() {
        let registry = Registry::new().with(Handing(&[])).with(Handing(&["field", "letters"]));
        let inherited: Vec<_> = registry.media().map(Medium::inherited).collect();
        assert_eq!(inherited, [["field", "letters"]]);
        let error = registry.get("other").err().expect("not registered");
        assert_eq!(error.to_string(), "no medium is called 'other'; known: handing");
    }

    #[test]
    #[should_panic(expected = "the medium 'handing' hands on 'letter', which is no option of its schema")]
    fn what_is_no_option_is_not_handed_on() {
        let _ = Registry::new().with(Handing(&["field", "letter"]));
    }
}
