//! Media and other plug-ins that a program knows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::erased::ErasedMedium;
use crate::importer::Importer;
use crate::{AnyMedium, Medium, PlugIn, Point};

/// Media and other plug-ins that a program knows, by name, in the order of registration.
///
/// A mistake in a medium, such as the name of another, does not panic here: [`sound`](Registry::sound) tells, and so
/// does every experiment that is read.
///
/// With the medium of [`Medium`]'s example:
///
/// ```
/// # mod notes { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/medium/notes.rs")); }
/// use any2any_adapter::Registry;
/// use notes::Notes;
///
/// let registry = Registry::new().with(Notes);
/// registry.sound()?;
/// assert_eq!(registry.get("notes")?.name(), "notes");
/// # Ok::<(), any2any_adapter::RegistryError>(())
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    media: Vec<Arc<dyn AnyMedium>>,
    plug_ins: Vec<PlugIn>,
    importer: Option<Arc<dyn Importer>>,
    mistakes: Vec<String>,
}

impl Registry {
    /// A registry without any medium.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a medium.
    #[must_use]
    pub fn with(mut self, medium: impl Medium) -> Self {
        self.add(medium);
        self
    }

    /// Adds a medium in the place of the one that has its name, such as a built-in one.
    #[must_use]
    pub fn replacing(mut self, medium: impl Medium) -> Self {
        let known = self.media.len();
        self.media.retain(|known| known.name() != medium.name());
        if self.media.len() == known {
            self.mistakes
                .push(format!("no medium is called '{}' that could be replaced: add it", medium.name()));
        }
        self.add(medium);
        self
    }

    fn add(&mut self, medium: impl Medium) {
        let medium = ErasedMedium(Arc::new(medium));
        self.mistakes.extend(mistakes(&medium));
        let name = medium.name();
        if let Some(known) = self.media.iter().find(|known| known.name() == name) {
            self.mistakes.push(format!(
                "two media are called '{name}', of {} and of {}: give yours another name, or add it with \
                 `replacing`",
                known.package(),
                medium.package()
            ));
        }
        self.media.push(Arc::new(medium));
    }

    /// Adds a plug-in that is no medium. The crates that know what plug-ins do have functions for it; a program uses
    /// those of its builder.
    #[must_use]
    pub fn plugging(mut self, plug_in: PlugIn) -> Self {
        let (point, name) = (plug_in.point(), plug_in.name());
        if !is_name(name) {
            self.mistakes.push(format!(
                "the {point} '{name}' cannot be named in an experiment: use small letters, digits and _, a letter first"
            ));
        }
        if let Some(known) = self.plug_in(point, name) {
            let (known, new) = (known.package(), plug_in.package());
            self.mistakes
                .push(format!("two plug-ins are the {point} '{name}', of {known} and of {new}: rename one"));
        }
        self.plug_ins.push(plug_in);
        self
    }

    /// The plug-ins of a point, in the order of registration.
    pub fn plug_ins(&self, point: Point) -> impl Iterator<Item = &PlugIn> {
        self.plug_ins.iter().filter(move |plug_in| plug_in.point() == point)
    }

    /// The plug-in of a name at a point.
    pub fn plug_in(&self, point: Point, name: &str) -> Option<&PlugIn> {
        self.plug_ins(point).find(|plug_in| plug_in.name() == name)
    }

    /// Makes runs of models from elsewhere by this importer, in the place of another.
    #[must_use]
    pub fn importing(mut self, importer: impl Importer) -> Self {
        self.importer = Some(Arc::new(importer));
        self
    }

    /// The folder of the run that a model from elsewhere becomes; `None` if there is no model that the program knows.
    ///
    /// # Errors
    ///
    /// The reason why no run can be made of it.
    pub fn import(&self, source: &Path) -> Option<Result<PathBuf, String>> {
        self.importer.as_ref()?.import(source, self)
    }

    /// All media.
    pub fn media(&self) -> impl Iterator<Item = &dyn AnyMedium> {
        self.media.iter().map(Arc::as_ref)
    }

    /// The medium of a name.
    ///
    /// # Errors
    ///
    /// When no medium of that name is registered.
    pub fn get(&self, name: &str) -> Result<&Arc<dyn AnyMedium>, RegistryError> {
        self.media.iter().find(|medium| medium.name() == name).ok_or_else(|| RegistryError::Unknown {
            name: name.to_owned(),
            known: self.media().map(|medium| medium.name().to_owned()).collect(),
        })
    }

    /// Fails if what was registered has mistakes.
    ///
    /// # Errors
    ///
    /// When it has, with all of them.
    pub fn sound(&self) -> Result<(), RegistryError> {
        match &self.mistakes[..] {
            [] => Ok(()),
            mistakes => Err(RegistryError::Mistakes(mistakes.to_vec())),
        }
    }
}

/// Mistakes in the description of a medium.
pub(crate) fn mistakes(medium: &dyn AnyMedium) -> Vec<String> {
    let name = medium.name();
    let mut mistakes = Vec::new();
    if !is_name(name) {
        mistakes.push(format!(
            "the medium '{name}' cannot be named in an experiment: use small letters, digits and _, a letter first"
        ));
    }
    for extension in medium.extensions() {
        if !is_extension(extension) {
            mistakes.push(format!(
                "the medium '{name}' reads files of the extension '{extension}': write it in lower case and without \
                 the dot"
            ));
        }
    }
    let schema = medium.schema();
    if schema.as_value()["type"] != "object" && !has_alternatives(schema.as_value()) {
        mistakes.push(format!("the options of the medium '{name}' are no struct: give them fields"));
    }
    for option in medium.inherited() {
        if !has_option(schema.as_value(), option) {
            mistakes
                .push(format!("the medium '{name}' hands on '{option}', which is no option of its schema"));
        }
    }
    mistakes
}

/// True for a name that YAML and folders take as it is.
pub(crate) fn is_name(name: &str) -> bool {
    let small = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    name.chars().all(small) && name.starts_with(|first: char| first.is_ascii_lowercase())
}

/// True for an extension of a file's name, in lower case and without the dot.
pub(crate) fn is_extension(extension: &str) -> bool {
    !extension.is_empty() && !extension.starts_with('.') && extension.to_lowercase() == extension
}

const ALTERNATIVES: [&str; 3] = ["allOf", "anyOf", "oneOf"];

fn has_alternatives(schema: &serde_json::Value) -> bool {
    ALTERNATIVES.into_iter().any(|key| schema.get(key).is_some())
}

/// True if a schema has a property of a name, at its top or in one of its alternatives.
fn has_option(schema: &serde_json::Value, name: &str) -> bool {
    let parts = ALTERNATIVES.into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    schema["properties"].get(name).is_some() || parts.into_iter().any(|part| has_option(part, name))
}

/// Error of a registry.
///
/// With the medium of [`Medium`]'s example:
///
/// ```
/// # mod notes { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/medium/notes.rs")); }
/// use any2any_adapter::{Registry, RegistryError};
/// use notes::Notes;
///
/// let registry = Registry::new().with(Notes);
/// let error = registry.get("nots").err().expect("no such medium");
/// assert_eq!(error.to_string(), "no medium is called 'nots'; known: notes");
/// // Mistakes wait until the program asks for them.
/// let error = registry.with(Notes).sound();
/// assert!(matches!(error, Err(RegistryError::Mistakes(mistakes)) if mistakes.len() == 1));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// A medium that is not registered.
    #[error("no medium is called '{name}'; known: {}", known.join(", "))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names that are known.
        known: Vec<String>,
    },
    /// Mistakes in what was registered.
    #[error("this program was put together wrongly: {}", .0.join("; "))]
    Mistakes(Vec<String>),
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{Adapter, AdapterError, Encoded, Kept, Side, Stem, Value};

    /// A medium that hands on some options.
    struct Handing {
        name: &'static str,
        inherited: &'static [&'static str],
        extensions: &'static [&'static str],
    }

    const PLAIN: Handing = Handing { name: "handing", inherited: &[], extensions: &[] };

    #[derive(Clone, Serialize, Deserialize, JsonSchema)]
    struct Options {
        field: String,
        #[serde(flatten)]
        unit: Unit,
    }

    #[derive(Clone, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Unit {
        Words(u8),
        Letters(u8),
    }

    struct Nothing;

    impl Adapter for Nothing {
        fn stem(&self) -> Stem {
            Stem::Projection { width: 1 }
        }

        fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
            Err(AdapterError::other_medium("nothing", value))
        }
    }

    impl Medium for Handing {
        type Options = Options;
        type Adapter = Nothing;

        fn name(&self) -> &str {
            self.name
        }

        fn fields(&self, options: &Options) -> Vec<String> {
            vec![options.field.clone()]
        }

        fn inherited(&self) -> &'static [&'static str] {
            self.inherited
        }

        fn extensions(&self) -> Vec<&str> {
            self.extensions.to_vec()
        }

        fn fit(
            &self,
            _side: &Side<Options>,
            _values: &mut dyn Iterator<Item = &Value>,
        ) -> Result<Nothing, AdapterError> {
            Ok(Nothing)
        }
    }

    #[test]
    fn a_medium_is_found_by_its_name_and_its_options_are_parsed_once() {
        let handing = Handing { inherited: &["field", "letters"], ..PLAIN };
        let registry = Registry::new().with(Handing { name: "other", ..PLAIN }).with(handing);
        registry.sound().expect("no mistake");
        let inherited: Vec<_> = registry.media().map(AnyMedium::inherited).collect();
        assert_eq!(inherited, [&[][..], &["field", "letters"]]);
        let error = registry.get("third").err().expect("not registered");
        assert_eq!(error.to_string(), "no medium is called 'third'; known: other, handing");
        let medium = registry.get("handing").expect("registered");
        let options = serde_json::json!({ "field": "a", "words": 3 });
        let Ok(side) = medium.side(&options, &Kept::default()) else { panic!("sound options") };
        assert_eq!((side.options(), side.fields()), (options, vec!["a".to_owned()]));
        let options = serde_json::json!({ "field": [], "words": 3 });
        let problem = medium.side(&options, &Kept::default()).err().expect("a field is a text");
        assert!(problem.message.contains("invalid type: sequence, expected a string"), "{problem:?}");
    }

    #[test]
    fn mistakes_are_told_together() {
        for (registry, expected) in [
            (
                Registry::new().with(PLAIN).with(PLAIN),
                "two media are called 'handing', of any2any-adapter and of any2any-adapter: give yours another \
                 name, or add it with `replacing`",
            ),
            (
                Registry::new().replacing(PLAIN),
                "no medium is called 'handing' that could be replaced: add it",
            ),
            (
                Registry::new().with(Handing { inherited: &["field", "letter"], ..PLAIN }),
                "the medium 'handing' hands on 'letter', which is no option of its schema",
            ),
            (
                Registry::new().with(Handing { name: "My notes", extensions: &[".mid", "MID"], ..PLAIN }),
                "the medium 'My notes' cannot be named in an experiment: use small letters, digits and _, a letter \
                 first; the medium 'My notes' reads files of the extension '.mid': write it in lower case and \
                 without the dot; the medium 'My notes' reads files of the extension 'MID': write it in lower case \
                 and without the dot",
            ),
        ] {
            let error = registry.sound().expect_err(expected).to_string();
            assert_eq!(error, format!("this program was put together wrongly: {expected}"));
        }
        let replaced = Registry::new().with(PLAIN).replacing(PLAIN);
        replaced.sound().expect("meant");
        assert_eq!(replaced.media().count(), 1);
    }
}
