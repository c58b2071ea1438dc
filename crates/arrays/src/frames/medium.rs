//! The medium of frames: its options, checked, its values, opened, and its adapters.

use std::path::Path;

use any2any_adapter::{
    AdapterError, Contents, File, Kind, Medium, OpenedValue, OptionProblem, Package, Price, Sharing, Side,
    Value,
};
use any2any_frames::NPY_MAGIC;

use super::adapter::FramesAdapter;
use super::check::problems;
use super::open::{open, rows};
use super::options::FramesOptions;
use super::price::price;
use crate::error::ArrayError;
use crate::source::{self, Source};

/// The medium of frames.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frames;

impl Medium for Frames {
    type Options = FramesOptions;
    type Adapter = FramesAdapter;

    fn name(&self) -> &str {
        "frames"
    }

    fn package(&self) -> Package {
        any2any_adapter::package!()
    }

    fn check(&self, options: &FramesOptions) -> Vec<OptionProblem> {
        problems(options)
    }

    fn fields(&self, options: &FramesOptions) -> Vec<String> {
        vec![options.field.clone()]
    }

    fn sharing(&self, _options: &FramesOptions) -> Sharing {
        Sharing::EqualOptions
    }

    fn kind(&self) -> Kind {
        Kind::Signal
    }

    fn extensions(&self) -> Vec<&str> {
        vec!["npy"]
    }

    fn recognises(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(NPY_MAGIC)
    }

    fn contents(&self, file: &File) -> Result<Contents, AdapterError> {
        contents(file).map_err(|error| error.of(file))
    }

    /// Values that follow each other are joined.
    fn open(&self, side: &Side<FramesOptions>, value: &Value) -> Result<OpenedValue, AdapterError> {
        Ok(Value::Signal(open(side, value)?).into())
    }

    fn price(&self, side: &Side<FramesOptions>, value: &Value) -> Result<Price, AdapterError> {
        price(side, value)
    }

    fn fit(
        &self,
        side: &Side<FramesOptions>,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<FramesAdapter, AdapterError> {
        FramesAdapter::fit(side, values)
    }

    fn load(&self, side: &Side<FramesOptions>, folder: &Path) -> Result<FramesAdapter, AdapterError> {
        FramesAdapter::load(side, folder)
    }
}

fn contents(file: &File) -> Result<Contents, ArrayError> {
    let bytes = source::bytes(file)?;
    let source = Source::of(&bytes)?;
    let format = match &source {
        Source::Array(array) => format!("NPY, {}", array.type_name()),
        Source::Text(_) => "rows of numbers".to_owned(),
    };
    let (width, values) = rows(source, file.part(), None)?;
    if values.is_empty() {
        return Err(ArrayError::Empty { unit: "frame" });
    }
    let axes = vec![("frames", values.len() / width), ("columns", width)];
    Ok(Contents { format, axes, values, ..Contents::default() })
}
