//! Value of one field of one sample in a dataset, before any adapter has seen it.

use std::fmt;
use std::sync::Arc;

use crate::{Custom, CustomContents, File, Image, Signal};

/// Value of one field of a sample.
///
/// ```
/// use any2any_adapter::{Image, Value};
///
/// let word = Value::from("Haus");
/// assert_eq!((word.as_text(), word.kind()), (Some("Haus"), "a text"));
/// let board = Image::new(2, 2, 1, vec![0, 255, 255, 0]).map(Value::from).expect("four grey pixels");
/// assert_eq!((board.as_text(), board.kind()), (None, "a picture"));
/// assert_eq!(board.to_string(), "[grey picture, 2 x 2]");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A text: a line of a file, a cell of a table.
    Text(String),
    /// A picture.
    Image(Image),
    /// One or more channels sampled over time: a sound, an EEG.
    Signal(Signal),
    /// A value of a kind that its medium alone knows: a melody, a molecule.
    Custom(Custom),
    /// A file, or a part of one, that is not decoded yet: its medium decodes it.
    File(File),
    /// Several values in a row that form one: digits that make a number, words that make a sentence. Their medium
    /// decides how they are joined.
    Series(Arc<[Value]>),
}

/// Kind of the values that a medium writes, for code that scores or displays them.
///
/// ```
/// use any2any_adapter::{File, Kind, Signal, Value};
///
/// let tone = Signal::mono(8000.0, vec![0.0, 0.7, 1.0, 0.7]).map(Value::from).expect("a rate above 0");
/// assert_eq!(Kind::of(&tone), Some(Kind::Signal));
/// // A file is of no kind before its medium has opened it.
/// assert_eq!(Kind::of(&Value::from(File::on_disk("tone.wav"))), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// [`Value::Text`].
    Text,
    /// [`Value::Image`].
    Image,
    /// [`Value::Signal`].
    Signal,
    /// [`Value::Custom`].
    Custom,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Text => "texts",
            Kind::Image => "pictures",
            Kind::Signal => "signals",
            Kind::Custom => "values of their own kind",
        })
    }
}

impl Kind {
    /// The kind of a value that a medium has opened; `None` for files and series, which are not opened yet.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Text(_) => Some(Kind::Text),
            Value::Image(_) => Some(Kind::Image),
            Value::Signal(_) => Some(Kind::Signal),
            Value::Custom(_) => Some(Kind::Custom),
            Value::File(_) | Value::Series(_) => None,
        }
    }
}

impl Value {
    /// A value of a medium's own kind.
    pub fn custom(contents: impl CustomContents) -> Self {
        Value::Custom(Custom::new(contents))
    }

    /// The contents of a value of a medium's own kind, when this is one of that type.
    pub fn as_custom<T: CustomContents>(&self) -> Option<&T> {
        match self {
            Value::Custom(custom) => custom.contents(),
            _ => None,
        }
    }

    /// The picture, when this value is one.
    pub fn as_image(&self) -> Option<&Image> {
        match self {
            Value::Image(image) => Some(image),
            _ => None,
        }
    }

    /// The signal, when this value is one.
    pub fn as_signal(&self) -> Option<&Signal> {
        match self {
            Value::Signal(signal) => Some(signal),
            _ => None,
        }
    }

    /// The text, when this value is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Name of this kind of value, for messages: `a picture`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a text",
            Value::Image(_) => "a picture",
            Value::Signal(_) => "a signal",
            Value::Custom(custom) => custom.kind(),
            Value::File(_) => "a file",
            Value::Series(_) => "a series",
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<Image> for Value {
    fn from(image: Image) -> Self {
        Value::Image(image)
    }
}

impl From<Signal> for Value {
    fn from(signal: Signal) -> Self {
        Value::Signal(signal)
    }
}

impl From<File> for Value {
    fn from(file: File) -> Self {
        Value::File(file)
    }
}

impl fmt::Display for Value {
    /// A text, or the items of a value of its own kind, as they are; anything else in brackets, described.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Image(image) => write!(f, "[{image}]"),
            Value::Signal(signal) => write!(f, "[{signal}]"),
            Value::Custom(custom) => write!(f, "{custom}"),
            Value::File(file) => write!(f, "[{file}]"),
            Value::Series(values) => {
                for (number, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if number == 0 { "" } else { " " })?;
                }
                Ok(())
            }
        }
    }
}
