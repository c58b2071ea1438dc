//! Media without their types, as a registry keeps them, and sides whose options are parsed.

use std::path::Path;
use std::sync::Arc;

use schemars::Schema;
use serde_json::Value as Json;

use crate::attempt::{attempt, guarded, panicked};
use crate::options::option_at_fault;
use crate::validated::Validated;
use crate::{
    Adapter, AdapterError, Contents, Event, File, Kept, Kind, Medium, OpenedValue, OptionProblem, Package,
    PlugInOptions, Price, Sharing, Side, Value, Window,
};

/// Medium without the types of its options and its adapter, as a [`Registry`](crate::Registry) keeps it.
///
/// Every [`Medium`] is one; see there for the meaning of each method.
///
/// With the medium of [`Medium`]'s example:
///
/// ```
/// # mod notes { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/medium/notes.rs")); }
/// use any2any_adapter::{AnyMedium, Kind, Registry};
/// use notes::Notes;
///
/// let registry = Registry::new().with(Notes);
/// let medium: &dyn AnyMedium = registry.get("notes")?.as_ref();
/// assert_eq!((medium.name(), medium.kind()), ("notes", Kind::Text));
/// assert_eq!(medium.schema().as_value()["required"], serde_json::json!(["field"]));
/// # Ok::<(), any2any_adapter::RegistryError>(())
/// ```
pub trait AnyMedium: Send + Sync {
    /// Name of the medium in the YAML.
    fn name(&self) -> &str;

    /// Package that the medium comes from.
    fn package(&self) -> Package;

    /// JSON Schema of the options.
    fn schema(&self) -> Schema;

    /// Options that a target takes over from a source of the same medium when it leaves them out.
    fn inherited(&self) -> &'static [&'static str];

    /// Kind of this medium's opened values.
    fn kind(&self) -> Kind;

    /// File extensions that are decoded, in lower case and without the dot.
    fn extensions(&self) -> Vec<&str>;

    /// True if the bytes of a file are of a format that this medium reads, or names when it refuses it.
    fn recognises(&self, bytes: &[u8]) -> bool;

    /// Contents of a file before any option is applied.
    ///
    /// # Errors
    ///
    /// When the file is broken, or of a format that is not read.
    fn contents(&self, file: &File) -> Result<Contents, AdapterError>;

    /// Annotated events of a recording, in the order of its file.
    ///
    /// # Errors
    ///
    /// When the file is broken.
    fn events(&self, file: &File) -> Result<Vec<Event>, AdapterError>;

    /// A side with these options, which are parsed here and nowhere else. The side keeps what it has decoded in
    /// `kept`, beside other sides of this medium.
    ///
    /// # Errors
    ///
    /// When the options do not parse, with the place.
    fn side(&self, options: &Json, kept: &Kept) -> Result<Arc<dyn AnySide>, OptionProblem>;

    /// A side with sound options.
    ///
    /// # Errors
    ///
    /// When the options do not parse, or have a problem.
    fn sound_side(&self, options: &Json, kept: &Kept) -> Result<Arc<dyn AnySide>, AdapterError> {
        let wrong = |problem: OptionProblem| AdapterError::Fit {
            option: format!("{}{}", self.name(), problem.pointer.replace('/', ".")),
            reason: problem.message,
        };
        let side = self.side(options, kept).map_err(wrong)?;
        match side.problems().into_iter().next() {
            Some(problem) => Err(wrong(problem)),
            None => Ok(side),
        }
    }
}

/// Side of a task without the types of its medium: a medium with parsed options.
///
/// With the medium of [`Medium`]'s example:
///
/// ```
/// # mod notes { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/medium/notes.rs")); }
/// use any2any_adapter::{AnySide, Kept, Registry};
/// use notes::Notes;
///
/// let registry = Registry::new().with(Notes);
/// let options = serde_json::json!({ "field": "melody" });
/// let side = registry.get("notes")?.sound_side(&options, &Kept::default())?;
/// assert_eq!(side.fields(), ["melody"]);
/// let melody = side.open(&"c e g".into())?.value;
/// let adapter = side.fit(&mut std::iter::once(&melody))?;
/// assert_eq!(adapter.encode(&melody)?.sequence.tokens(), Some(&[0, 2, 4, 9][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait AnySide: Send + Sync {
    /// Problems of the options that their schema cannot tell, and mistakes of the medium that would lose them: options
    /// that are not written out, or do not read back.
    fn problems(&self) -> Vec<OptionProblem>;

    /// Problems of the files that sound options name.
    fn file_problems(&self) -> Vec<OptionProblem>;

    /// The options with every default written out.
    fn options(&self) -> Json;

    /// Fields of the dataset that the side reads.
    fn fields(&self) -> Vec<String>;

    /// Key by which sides of this medium share an adapter; `None`: the side has one of its own.
    fn sharing(&self) -> Option<String>;

    /// A value as adapters take it.
    ///
    /// # Errors
    ///
    /// When the value is of another medium, or broken.
    fn open(&self, value: &Value) -> Result<OpenedValue, AdapterError>;

    /// Windows of an opened value, in their order; none where it is read at once.
    ///
    /// # Errors
    ///
    /// When the value cannot be cut.
    fn windows(&self, opened: &Value) -> Result<Vec<Window>, AdapterError>;

    /// Upper bound of the memory that opening a value takes, and of the positions of its sequence, from headers alone.
    ///
    /// # Errors
    ///
    /// When opening the value would be an error too.
    fn price(&self, value: &Value) -> Result<Price, AdapterError>;

    /// An adapter fitted to opened values, behind a check of all that it returns.
    ///
    /// # Errors
    ///
    /// When the options do not fit the data, or the adapter does not keep its promises.
    fn fit(&self, values: &mut dyn Iterator<Item = &Value>) -> Result<Arc<dyn Adapter>, AdapterError>;

    /// The adapter that was saved in a folder, behind a check of all that it returns.
    ///
    /// # Errors
    ///
    /// When a file is missing or broken, or the adapter does not keep its promises.
    fn load(&self, folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError>;

    /// The adapter that was saved in a folder, extended by tokens of the names `beside`, and by what opened values have and
    /// it lacks.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit) and [`load`](Self::load).
    fn extend(
        &self,
        folder: &Path,
        values: &mut dyn Iterator<Item = &Value>,
        beside: &[String],
    ) -> Result<Arc<dyn Adapter>, AdapterError>;
}

/// True where adapters are loaded and never fitted, and options were checked before: in WebAssembly, which links neither
/// schemas nor what fits.
const DECODES_ONLY: bool = cfg!(target_family = "wasm");

/// A medium that has lost its type.
pub(crate) struct ErasedMedium<M>(pub(crate) Arc<M>);

/// A side of a medium that has lost its type.
struct ErasedSide<M: Medium> {
    medium: Arc<M>,
    side: Side<M::Options>,
    /// The options as they were given.
    given: Json,
}

impl<M: Medium> AnyMedium for ErasedMedium<M> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn package(&self) -> Package {
        self.0.package()
    }

    fn schema(&self) -> Schema {
        match DECODES_ONLY {
            true => Schema::default(),
            false => schemars::schema_for!(M::Options),
        }
    }

    fn inherited(&self) -> &'static [&'static str] {
        self.0.inherited()
    }

    fn kind(&self) -> Kind {
        self.0.kind()
    }

    fn extensions(&self) -> Vec<&str> {
        self.0.extensions()
    }

    fn recognises(&self, bytes: &[u8]) -> bool {
        attempt(|| self.0.recognises(bytes)).unwrap_or(false)
    }

    fn contents(&self, file: &File) -> Result<Contents, AdapterError> {
        guarded(self.name(), "contents", || self.0.contents(file))
    }

    fn events(&self, file: &File) -> Result<Vec<Event>, AdapterError> {
        guarded(self.name(), "events", || self.0.events(file))
    }

    fn side(&self, given: &Json, kept: &Kept) -> Result<Arc<dyn AnySide>, OptionProblem> {
        let options = parsed(given)?;
        let side = Side::keeping(options, kept.clone());
        Ok(Arc::new(ErasedSide { medium: self.0.clone(), side, given: given.clone() }))
    }
}

/// Options that are parsed from JSON, or the place at which they do not parse.
pub(crate) fn parsed<O: PlugInOptions>(given: &Json) -> Result<O, OptionProblem> {
    serde_path_to_error::deserialize(given).map_err(|error| OptionProblem {
        pointer: pointer(error.path()),
        message: error.inner().to_string(),
        help: None,
    })
}

/// The JSON pointer of a place in options.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
        Segment::Enum { variant } => Some(format!("/{variant}")),
        Segment::Unknown => None,
    };
    path.iter().map_while(step).collect()
}

impl<M: Medium> ErasedSide<M> {
    /// An adapter of a method, behind a check of all that it returns.
    fn validated(
        &self,
        method: &str,
        adapter: impl FnOnce() -> Result<M::Adapter, AdapterError>,
    ) -> Result<Arc<dyn Adapter>, AdapterError> {
        let name = self.medium.name();
        let adapter = guarded(name, method, adapter)?;
        guarded(name, "stem` or `head", || {
            Ok(Arc::new(Validated::new(Arc::new(adapter), name, self.medium.kind())?) as Arc<dyn Adapter>)
        })
    }

    /// Options with every default written out, of some options.
    fn complete(&self, mut options: M::Options) -> Json {
        self.medium.complete(&mut options);
        // Plain data with a schema: it has no keys but texts.
        serde_json::to_value(options).unwrap_or_default()
    }

    /// The mistake of the medium that would lose these options, if there is one.
    fn at_fault(&self) -> Option<OptionProblem> {
        if DECODES_ONLY {
            return None;
        }
        let schema = schemars::schema_for!(M::Options);
        let again = |complete: &Json| Ok(self.complete(parsed(complete)?));
        let (pointer, reason) = attempt(|| self.options())
            .map_err(|words| (String::new(), panicked("complete", &words)))
            .and_then(|complete| match option_at_fault(&self.given, &complete, schema.as_value(), again) {
                Some(fault) => Err(fault),
                None => Ok(()),
            })
            .and_then(|()| match attempt(|| self.medium.fields(&self.side)) {
                Ok(fields) if fields.is_empty() => {
                    let reason = "its `fields` names no field of the dataset: name those that are read";
                    Err((String::new(), reason.to_owned()))
                }
                Ok(_) => Ok(()),
                Err(words) => Err((String::new(), panicked("fields", &words))),
            })
            .err()?;
        Some(self.problem(pointer, reason))
    }

    /// The error of work that is done where models are trained.
    fn not_here(&self) -> AdapterError {
        let (option, reason) =
            (self.medium.name().to_owned(), "adapters are not fitted in WebAssembly".to_owned());
        AdapterError::Fit { option, reason }
    }

    /// A mistake of the medium, at a place of its options.
    fn problem(&self, pointer: String, reason: String) -> OptionProblem {
        let fault = AdapterError::Contract { medium: self.medium.name().to_owned(), reason };
        OptionProblem { pointer, message: fault.to_string(), help: None }
    }
}

impl<M: Medium> AnySide for ErasedSide<M> {
    fn problems(&self) -> Vec<OptionProblem> {
        match attempt(|| self.medium.check(&self.side)) {
            Ok(problems) if problems.is_empty() => self.at_fault().into_iter().collect(),
            Ok(problems) => problems,
            Err(words) => vec![self.problem(String::new(), panicked("check", &words))],
        }
    }

    fn file_problems(&self) -> Vec<OptionProblem> {
        self.medium.check_files(&self.side)
    }

    fn options(&self) -> Json {
        self.complete(self.side.options().clone())
    }

    fn fields(&self) -> Vec<String> {
        self.medium.fields(&self.side)
    }

    fn sharing(&self) -> Option<String> {
        match self.medium.sharing(&self.side) {
            Sharing::Alone => None,
            Sharing::Key(key) => Some(key),
            Sharing::EqualOptions => {
                let mut options = self.options();
                options.as_object_mut().and_then(|options| options.remove("field"));
                Some(options.to_string())
            }
        }
    }

    fn open(&self, value: &Value) -> Result<OpenedValue, AdapterError> {
        let opened = guarded(self.medium.name(), "open", || self.medium.open(&self.side, value))?;
        let kind = self.medium.kind();
        if Kind::of(&opened.value) == Some(kind) {
            return Ok(opened);
        }
        // A medium without an `open` of its own leaves values as they are: then it is the value that is wrong.
        // No data has values of a medium's own kind.
        if opened.value == *value && kind != Kind::Custom {
            return Err(AdapterError::value(format!("{kind} were expected, but this is {}", value.kind())));
        }
        let reason = format!(
            "its `open` gives {}, but its `kind` is {kind}: make such a value of it, or name the other kind",
            opened.value.kind()
        );
        Err(AdapterError::Contract { medium: self.medium.name().to_owned(), reason })
    }

    fn windows(&self, opened: &Value) -> Result<Vec<Window>, AdapterError> {
        guarded(self.medium.name(), "windows", || self.medium.windows(&self.side, opened))
    }

    fn price(&self, value: &Value) -> Result<Price, AdapterError> {
        guarded(self.medium.name(), "price", || self.medium.price(&self.side, value))
    }

    fn fit(&self, values: &mut dyn Iterator<Item = &Value>) -> Result<Arc<dyn Adapter>, AdapterError> {
        if DECODES_ONLY {
            return Err(self.not_here());
        }
        self.validated("fit", || self.medium.fit(&self.side, values))
    }

    fn load(&self, folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError> {
        self.validated("load", || self.medium.load(&self.side, folder))
    }

    fn extend(
        &self,
        folder: &Path,
        values: &mut dyn Iterator<Item = &Value>,
        beside: &[String],
    ) -> Result<Arc<dyn Adapter>, AdapterError> {
        if DECODES_ONLY {
            return Err(self.not_here());
        }
        self.validated("extend", || self.medium.extend(&self.side, folder, values, beside))
    }
}
