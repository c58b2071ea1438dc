//! Tensors of a folder: `model.safetensors`, or shards that `model.safetensors.index.json` lists; without these, the same of
//! `pytorch_model.bin`.
//!
//! A header is checked against its file before anything is read for it; values are read a tensor at a time, so that no
//! more than one piece of a file stands in memory beside the floats that it becomes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use safetensors::tensor::{Metadata, TensorInfo};
use serde_json::Value;

use crate::config::{open, read_json};
use crate::error::PretrainedError;
use crate::orientation;
use crate::pickled;
use crate::values::Values;

/// The most bytes of a header, and of the list of shards: the limit of the safetensors library.
const HEAD: u64 = 100_000_000;

/// Bytes that are read of a tensor at once.
const PIECE: usize = 1 << 20;

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
const PICKLED: &str = "pytorch_model.bin";
const PICKLED_INDEX: &str = "pytorch_model.bin.index.json";

/// The tensors of a model's files.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    folder: PathBuf,
    files: Vec<(PathBuf, File)>,
    tensors: BTreeMap<String, Place>,
}

/// A tensor's place.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) file: usize,
    pub(crate) values: Values,
    pub(crate) shape: Vec<usize>,
    pub(crate) start: u64,
    pub(crate) bytes: usize,
    /// How far apart values stand along each dimension, where that is not the order of the shape.
    pub(crate) strides: Option<Vec<usize>>,
}

/// What a file of tensors is.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Safetensors,
    Pickled,
}

impl Checkpoint {
    /// True where a folder has weights in safetensors.
    pub(crate) fn is_in(folder: &Path) -> bool {
        [SINGLE, INDEX].iter().any(|name| folder.join(name).exists())
    }

    pub(crate) fn open(folder: &Path) -> Result<Self, PretrainedError> {
        let mut checkpoint = Self { folder: folder.to_owned(), files: Vec::new(), tensors: BTreeMap::new() };
        let kinds = [(SINGLE, INDEX, Kind::Safetensors), (PICKLED, PICKLED_INDEX, Kind::Pickled)];
        for (single, index, kind) in kinds {
            if folder.join(single).exists() {
                checkpoint.add(folder.join(single), kind)?;
                return Ok(checkpoint);
            }
            if folder.join(index).exists() {
                checkpoint.add_shards(index, kind)?;
                return Ok(checkpoint);
            }
        }
        Err(PretrainedError::NoFile {
            folder: folder.to_owned(),
            file: "model.safetensors or pytorch_model.bin",
        })
    }

    /// The tensors of one file, which is no safetensors.
    pub(crate) fn of(path: &Path, file: File, tensors: BTreeMap<String, Place>) -> Self {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Self { folder, files: vec![(path.to_owned(), file)], tensors }
    }

    /// Adds the tensors of a file.
    fn add(&mut self, path: PathBuf, kind: Kind) -> Result<(), PretrainedError> {
        let file = open(&path)?;
        let number = self.files.len();
        let places = match kind {
            Kind::Safetensors => places(&path, &file)?,
            Kind::Pickled => pickled::places(&path, &file)?,
        };
        for (name, place) in places {
            if self.tensors.insert(name.clone(), Place { file: number, ..place }).is_some() {
                return Err(PretrainedError::damaged(
                    &path,
                    format!("another file has the tensor {name} too"),
                ));
            }
        }
        self.files.push((path, file));
        Ok(())
    }

    /// Adds the tensors of all shards in a list, each of which must be where the list says.
    fn add_shards(&mut self, name: &str, kind: Kind) -> Result<(), PretrainedError> {
        let index = &self.folder.join(name);
        let list = read_json(index, HEAD)?;
        let Some(Value::Object(map)) = list.get("weight_map") else {
            return Err(PretrainedError::damaged(index, "it has no `weight_map`"));
        };
        let mut shards: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (tensor, shard) in map {
            let shard = shard.as_str().filter(|shard| is_plain(shard));
            let Some(shard) = shard else {
                let reason = format!("it says that {tensor} is in what is no name of a file beside it");
                return Err(PretrainedError::damaged(index, reason));
            };
            shards.entry(shard).or_default().push(tensor);
        }
        for (number, (shard, tensors)) in shards.into_iter().enumerate() {
            let path = self.folder.join(shard);
            self.add(path.clone(), kind)?;
            let is_here = |name: &str| self.tensors.get(name).is_some_and(|place| place.file == number);
            if let Some(absent) = tensors.iter().find(|name| !is_here(name)) {
                return Err(PretrainedError::damaged(
                    &path,
                    format!("it lacks {absent}, which {name} says it has"),
                ));
            }
        }
        match self.tensors.keys().find(|name| !map.contains_key(*name)) {
            None => Ok(()),
            Some(name) => {
                Err(PretrainedError::damaged(index, format!("it does not list {name}, which a shard has")))
            }
        }
    }

    /// The file of the tensors, or the folder of several.
    pub(crate) fn path(&self) -> &Path {
        match &self.files[..] {
            [(path, _)] => path,
            _ => &self.folder,
        }
    }

    pub(crate) fn place(&self, name: &str) -> Option<&Place> {
        self.tensors.get(name)
    }

    /// Other tensors of the same files.
    pub(crate) fn with(self, tensors: BTreeMap<String, Place>) -> Self {
        Self { tensors, ..self }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    pub(crate) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|place| &place.shape[..])
    }

    /// The factor that turns a tensor into the whole numbers that it is stored as; `None` of floats.
    pub(crate) fn factor(&self, name: &str) -> Option<f32> {
        match self.tensors.get(name)?.values {
            Values::Whole { factor, .. } => Some(factor),
            _ => None,
        }
    }

    /// The values of a tensor as 32-bit floats, row-major, all of them finite.
    pub(crate) fn values(&self, name: &str) -> Result<Vec<f32>, PretrainedError> {
        let missing = || PretrainedError::Missing { path: self.path().to_owned(), tensor: name.to_owned() };
        let Place { file, values, start, bytes, shape, strides } =
            self.tensors.get(name).ok_or_else(missing)?;
        let (path, file) = &self.files[*file];
        if let Values::Other(dtype) = values {
            let (tensor, dtype) = (name.to_owned(), dtype.clone());
            return Err(PretrainedError::Dtype { path: path.clone(), tensor, dtype });
        }
        let mut file: &File = file;
        file.seek(SeekFrom::Start(*start)).map_err(PretrainedError::read(path))?;
        let mut read = Vec::with_capacity(bytes / values.width());
        let mut piece = vec![0; PIECE.min(*bytes)];
        let mut left = *bytes;
        while left > 0 {
            let piece = &mut piece[..PIECE.min(left)];
            file.read_exact(piece).map_err(PretrainedError::read(path))?;
            left -= piece.len();
            values.decode(piece, &mut read);
        }
        let values = match strides {
            Some(strides) => orientation::strided(&read, shape, strides),
            None => values.arranged(read),
        };
        match values.iter().all(|value| value.is_finite()) {
            true => Ok(values),
            false => Err(PretrainedError::NotFinite { path: path.clone(), tensor: name.to_owned() }),
        }
    }
}

/// True for the name of a file and nothing more, so that a list of shards leads out of no folder.
fn is_plain(name: &str) -> bool {
    let mut components = Path::new(name).components();
    matches!((components.next(), components.next()), (Some(Component::Normal(_)), None))
        && !name.contains('/')
}

/// The places of the tensors of a file.
fn places(path: &Path, file: &File) -> Result<BTreeMap<String, Place>, PretrainedError> {
    let (start, head) = read_head(path, file)?;
    let place = |(name, info): (String, &TensorInfo)| {
        let (begin, end) = info.data_offsets;
        let place = Place {
            file: 0,
            values: Values::of(info.dtype),
            shape: info.shape.clone(),
            start: start + begin as u64,
            bytes: end - begin,
            strides: None,
        };
        (name, place)
    };
    Ok(head.tensors().into_iter().map(place).collect())
}

/// The header of a file, whose offsets and shapes fit one another and the file, and where values begin.
fn read_head(path: &Path, mut file: &File) -> Result<(u64, Metadata), PretrainedError> {
    let damaged = |reason: &dyn ToString| PretrainedError::damaged(path, reason.to_string());
    let length = file.metadata().map_err(PretrainedError::read(path))?.len();
    let mut size = [0; 8];
    if length < 8 {
        return Err(damaged(&"it is too short for safetensors"));
    }
    file.read_exact(&mut size).map_err(PretrainedError::read(path))?;
    let size = u64::from_le_bytes(size);
    if size > HEAD || size > length - 8 {
        return Err(damaged(&format!("its header claims {size} bytes, and the file has {length}")));
    }
    let mut text = vec![0; size as usize];
    file.read_exact(&mut text).map_err(PretrainedError::read(path))?;
    let head: Metadata =
        serde_json::from_slice(&text).map_err(|error| damaged(&format!("its header: {error}")))?;
    let (start, values) = (8 + size, head.data_len() as u64);
    if length - start != values {
        let found = length - start;
        return Err(damaged(&format!("its header speaks of {values} bytes of values, and it has {found}")));
    }
    Ok((start, head))
}
