//! Values of a dataset before they are read: an array of NumPy, or a text.

use any2any_adapter::{AdapterError, File, Part, Value};
use any2any_frames::{NPY_MAGIC, Npy};

use crate::error::ArrayError;

/// What a file holds.
pub(crate) enum Source<'a> {
    Array(Npy<'a>),
    Text(&'a str),
}

impl<'a> Source<'a> {
    /// The contents of a file by its first bytes.
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, ArrayError> {
        if bytes.starts_with(NPY_MAGIC) {
            return Npy::new(bytes).map(Self::Array).map_err(ArrayError::broken);
        }
        if bytes.starts_with(b"PK\x03\x04") {
            let reason = "is an archive of arrays (NPZ), which is not read: save one array of it with \
                          `numpy.save('OUT.npy', numpy.load('FILE.npz')['NAME'])`";
            return Err(ArrayError::broken(reason));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| {
            ArrayError::broken("is neither an NPY file nor a text of numbers: save it with numpy.save")
        })?;
        Ok(Self::Text(text.strip_prefix('\u{feff}').unwrap_or(text)))
    }
}

/// Rows of an array: those of the chosen item where the array has an axis more.
///
/// Gives the length of each of `axes` axes, the distance of its neighbours, and the place of the first number.
pub(crate) fn item<'n>(
    array: &'n Npy<'_>,
    axes: usize,
    part: Option<Part>,
) -> Result<(&'n [usize], &'n [usize], usize), ArrayError> {
    let (shape, strides) = (array.shape(), array.strides());
    let number = match part {
        None => None,
        Some(Part::Item(number)) => Some(number),
        Some(_) => return Err(ArrayError::broken("has no such part: an array has items alone")),
    };
    match number {
        None if (1..=axes).contains(&shape.len()) => Ok((shape, strides, 0)),
        Some(number) if shape.len() == axes + 1 && number < shape[0] => {
            Ok((&shape[1..], &strides[1..], number * strides[0]))
        }
        Some(number) if shape.len() == axes + 1 => {
            Err(ArrayError::broken(format!("has {} items and no number {}", shape[0], number + 1)))
        }
        None if shape.len() == axes + 1 => Err(ArrayError::broken(format!(
            "has {} axes: an item of the first must be chosen, or each saved as a file",
            shape.len()
        ))),
        _ => Err(ArrayError::broken(format!("has the shape {shape:?}, and {axes} axes were expected"))),
    }
}

/// Reads a value with the reader of files and texts.
pub(crate) fn read<T>(
    value: &Value,
    what: &str,
    read: impl Fn(Source<'_>, Option<Part>) -> Result<T, ArrayError>,
) -> Result<T, AdapterError> {
    match value {
        Value::Text(text) => Ok(read(Source::Text(text), None)?),
        Value::File(file) => {
            let bytes = bytes(file).map_err(|error| error.of(file))?;
            Source::of(&bytes).and_then(|source| read(source, file.part())).map_err(|error| error.of(file))
        }
        other => Err(AdapterError::other_medium(what, other)),
    }
}

pub(crate) fn bytes(file: &File) -> Result<std::sync::Arc<[u8]>, ArrayError> {
    file.bytes().map_err(|error| ArrayError::broken(format!("cannot be read: {error}")))
}
