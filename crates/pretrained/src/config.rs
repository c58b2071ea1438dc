//! Options of a model: `config.json` and `generation_config.json`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use any2any_architecture::Activation;
use serde_json::{Map, Value};

use crate::error::PretrainedError;

/// The most bytes of a file of options: those of the longest known, with thousands of labels, are below a million.
const BYTES: u64 = 16_000_000;

/// The most that a size may be: a vocabulary of a million tokens is far below.
const SIZE: u64 = 1 << 24;

/// The most layers of a stack, many times those of any model of these families.
const LAYERS: usize = 1_000;

/// Options of a JSON file, asked for by name.
#[derive(Debug)]
pub(crate) struct Config {
    path: PathBuf,
    /// The names of what the options stand in, each followed by a dot.
    section: String,
    options: Map<String, Value>,
}

impl Config {
    pub(crate) fn read(path: &Path) -> Result<Self, PretrainedError> {
        let options = read_json(path, BYTES)?;
        Ok(Self::of(path, options))
    }

    /// Options that stand in another file.
    pub(crate) fn of(path: &Path, options: Map<String, Value>) -> Self {
        Self { path: path.to_owned(), section: String::new(), options }
    }

    /// The options of a part, which stand together under its name.
    pub(crate) fn section(&self, name: &str) -> Result<Self, PretrainedError> {
        match self.get(name) {
            Some(Value::Object(options)) => Ok(Self {
                path: self.path.clone(),
                section: format!("{}{name}.", self.section),
                options: options.clone(),
            }),
            Some(_) => Err(self.refuse(name, "is no object of options")),
            None => Err(self.refuse(name, "is missing")),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The error of an option.
    pub(crate) fn refuse(&self, option: &str, problem: impl Into<String>) -> PretrainedError {
        PretrainedError::Option {
            path: self.path.clone(),
            option: format!("{}{option}", self.section),
            problem: problem.into(),
        }
    }

    /// An option that is there and not null.
    pub(crate) fn get(&self, option: &str) -> Option<&Value> {
        self.options.get(option).filter(|value| !value.is_null())
    }

    fn typed<'a, T>(
        &'a self,
        option: &str,
        kind: &str,
        convert: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, PretrainedError> {
        let value = self.get(option);
        let wrong = |value: &Value| self.refuse(option, format!("is {}, not {kind}", shortened(value)));
        value.map(|value| convert(value).ok_or_else(|| wrong(value))).transpose()
    }

    pub(crate) fn text(&self, option: &str) -> Result<Option<&str>, PretrainedError> {
        self.typed(option, "a text", Value::as_str)
    }

    pub(crate) fn flag(&self, option: &str) -> Result<Option<bool>, PretrainedError> {
        self.typed(option, "true or false", Value::as_bool)
    }

    pub(crate) fn flag_or(&self, option: &str, default: bool) -> Result<bool, PretrainedError> {
        Ok(self.flag(option)?.unwrap_or(default))
    }

    pub(crate) fn number(&self, option: &str) -> Result<Option<f64>, PretrainedError> {
        self.typed(option, "a number", |value| value.as_f64().filter(|number| number.is_finite()))
    }

    /// A whole number, 0 among them.
    pub(crate) fn count(&self, option: &str) -> Result<Option<usize>, PretrainedError> {
        let kind = format!("a whole number up to {SIZE}");
        self.typed(option, &kind, |value| {
            value.as_u64().filter(|&size| size <= SIZE).map(|size| size as usize)
        })
    }

    /// A size above 0 that must be given.
    pub(crate) fn size(&self, option: &str) -> Result<usize, PretrainedError> {
        self.above_zero(option)?.ok_or_else(|| self.refuse(option, "is missing"))
    }

    /// A size above 0; the family's default if it is not given.
    pub(crate) fn size_or(&self, option: &str, default: usize) -> Result<usize, PretrainedError> {
        Ok(self.above_zero(option)?.unwrap_or(default))
    }

    fn above_zero(&self, option: &str) -> Result<Option<usize>, PretrainedError> {
        match self.count(option)? {
            Some(0) => Err(self.refuse(option, "is 0")),
            size => Ok(size),
        }
    }

    /// A number of layers that must be given.
    pub(crate) fn layers(&self, option: &str) -> Result<usize, PretrainedError> {
        match self.size(option)? {
            layers if layers > LAYERS => {
                Err(self.refuse(option, format!("is {layers}, more than the {LAYERS} that are allowed")))
            }
            layers => Ok(layers),
        }
    }

    /// A number of heads that must be given, and the width of one where they divide the model's.
    pub(crate) fn heads(&self, option: &str, d_model: usize) -> Result<usize, PretrainedError> {
        let heads = self.size(option)?;
        match d_model.is_multiple_of(heads) {
            true => Ok(heads),
            false => Err(self
                .refuse(option, format!("is {heads}, which does not divide the model's width of {d_model}"))),
        }
    }

    /// Refuses options that, where they are given, are not as an architecture of the family can say it.
    pub(crate) fn require(&self, options: &[(&str, bool)]) -> Result<(), PretrainedError> {
        for &(option, wanted) in options {
            if let Some(found) = self.flag(option)?
                && found != wanted
            {
                let problem = format!("is {found}; models of this family are known with {wanted} alone");
                return Err(self.refuse(option, problem));
            }
        }
        Ok(())
    }

    /// Refuses an option that is given at all, whatever it says.
    pub(crate) fn refuse_given(&self, option: &str, problem: &str) -> Result<(), PretrainedError> {
        match self.get(option) {
            None => Ok(()),
            Some(_) => Err(self.refuse(option, problem)),
        }
    }

    /// An activation by its name in transformers.
    pub(crate) fn activation(&self, option: &str, default: &str) -> Result<Activation, PretrainedError> {
        Ok(match self.text(option)?.unwrap_or(default) {
            "relu" => Activation::Relu,
            "gelu" => Activation::Gelu,
            "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" => Activation::GeluTanh,
            "relu2" => Activation::ReluSquared,
            "silu" | "swish" => Activation::Silu,
            other => {
                let known = "relu, gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, relu2, silu, swish";
                return Err(self
                    .refuse(option, format!("is \"{other}\", which is not known here; known are: {known}")));
            }
        })
    }
}

/// The object in a JSON file of at most so many bytes.
pub(crate) fn read_json(path: &Path, most: u64) -> Result<Map<String, Value>, PretrainedError> {
    let file = open(path)?;
    let mut text = Vec::new();
    file.take(most + 1).read_to_end(&mut text).map_err(PretrainedError::read(path))?;
    if text.len() as u64 > most {
        return Err(PretrainedError::damaged(path, format!("it is longer than {most} bytes")));
    }
    match serde_json::from_slice(&text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(PretrainedError::damaged(path, "it is no JSON object")),
        Err(error) => Err(PretrainedError::damaged(path, format!("it is no JSON: {error}"))),
    }
}

/// Opens a regular file; a pipe would let its reader wait for ever.
pub(crate) fn open(path: &Path) -> Result<File, PretrainedError> {
    let metadata = std::fs::metadata(path).map_err(PretrainedError::read(path))?;
    if !metadata.is_file() {
        return Err(PretrainedError::damaged(path, "it is no file"));
    }
    File::open(path).map_err(PretrainedError::read(path))
}

/// A value as an error shows it.
fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        None => text,
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}
