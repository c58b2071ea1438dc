//! Marian's binary format, version 1, all numbers little-endian:
//!
//! | part | content |
//! | --- | --- |
//! | version, count | 64 bits each |
//! | a header an item | the length of its name, its type, the number of its dimensions, the length of its data, 64 bits each |
//! | names | one behind the other, each closed by a zero |
//! | shapes | 32 bits a dimension |
//! | padding | the number of bytes to skip, 64 bits, and these bytes |
//! | data | one behind the other |
//!
//! An 8-bit matrix of the type "intgemm8" is followed by the 32-bit float that its weights were multiplied with before they
//! were rounded. It is stored transposed, under the shape that it has before, but for tables of embeddings.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::PretrainedError;
use crate::safetensors::{Checkpoint, Place};
use crate::values::Values;

use super::{OPTIONS, OPTIONS_BYTES};

const VERSION: u64 = 1;

/// The most items, many times those of any model.
const ITEMS: u64 = 100_000;

/// The most bytes of a name.
const NAME: u64 = 1_000;

/// The most dimensions of an item.
const DIMENSIONS: u64 = 8;

/// Part of the names of tables of embeddings, which are stored as they are.
const EMBEDDING: &str = "Wemb";

const FLOAT32: u64 = 0x404;
const FLOAT16: u64 = 0x402;
const INTGEMM8: u64 = 0x4101;

/// Bytes of the float behind the data of an 8-bit matrix.
const FACTOR: usize = 4;

/// True if a file begins as one of this format with an item does.
pub(super) fn recognises(path: &Path) -> Result<bool, PretrainedError> {
    let mut head = [0; 24];
    let mut file = File::open(path).map_err(PretrainedError::read(path))?;
    if file.read_exact(&mut head).is_err() {
        return Ok(false);
    }
    let number = |at: usize| head[at..].first_chunk().map_or(0, |&eight| u64::from_le_bytes(eight));
    let (items, name) = (number(8), number(16));
    Ok(number(0) == VERSION && (1..=ITEMS).contains(&items) && (1..=NAME).contains(&name))
}

/// An item's header.
struct Header {
    name: u64,
    kind: u64,
    dimensions: u64,
    bytes: u64,
}

/// A file that is read from its beginning.
struct Source<'a> {
    path: &'a Path,
    file: &'a File,
    length: u64,
}

impl Source<'_> {
    fn damaged(&self, reason: impl ToString) -> PretrainedError {
        PretrainedError::damaged(self.path, reason)
    }

    fn exact<const N: usize>(&mut self) -> Result<[u8; N], PretrainedError> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes).map_err(|_| self.damaged("it ends in its headers"))?;
        Ok(bytes)
    }

    fn eight(&mut self) -> Result<u64, PretrainedError> {
        self.exact().map(u64::from_le_bytes)
    }

    fn bytes(&mut self, count: u64) -> Result<Vec<u8>, PretrainedError> {
        let mut bytes = Vec::new();
        let read = self.file.take(count).read_to_end(&mut bytes).map_err(PretrainedError::read(self.path))?;
        if read as u64 == count { Ok(bytes) } else { Err(self.damaged("it ends in its headers")) }
    }
}

/// The tensors of a file, and the text of its options.
pub(super) fn read(path: &Path, file: File) -> Result<(Checkpoint, Vec<u8>), PretrainedError> {
    let length = file.metadata().map_err(PretrainedError::read(path))?.len();
    let mut source = Source { path, file: &file, length };
    let version = source.eight()?;
    if version != VERSION {
        return Err(source.damaged(format!("its version is {version}, and {VERSION} is known")));
    }
    let mut start = 0;
    let items = items(&mut source, &mut start)?;
    let (mut tensors, mut options) = (BTreeMap::new(), None);
    for (name, shape, Header { kind, bytes, .. }) in items {
        let end = start + bytes;
        if end > length {
            return Err(source.damaged(format!("it ends before the data of {name}")));
        }
        if name == OPTIONS {
            if bytes > OPTIONS_BYTES as u64 {
                return Err(source.damaged(format!("its options have {bytes} bytes")));
            }
            source.file.seek(SeekFrom::Start(start)).map_err(PretrainedError::read(path))?;
            options = Some(source.bytes(bytes)?);
        } else {
            let place = place(&mut source, &name, kind, shape, start..end)?;
            if tensors.insert(name.clone(), place).is_some() {
                return Err(source.damaged(format!("it has the tensor {name} twice")));
            }
        }
        start = end;
    }
    let options = options.ok_or_else(|| source.damaged(format!("it has no {OPTIONS}")))?;
    Ok((Checkpoint::of(path, file, tensors), options))
}

/// Names, shapes and headers of all items; `start` becomes the place of their data.
fn items(
    source: &mut Source<'_>,
    start: &mut u64,
) -> Result<Vec<(String, Vec<usize>, Header)>, PretrainedError> {
    let count = source.eight()?;
    if count > ITEMS || count * 32 > source.length {
        return Err(source.damaged(format!("it claims to have {count} tensors")));
    }
    let mut headers = Vec::new();
    for _ in 0..count {
        let [name, kind, dimensions, bytes] =
            [source.eight()?, source.eight()?, source.eight()?, source.eight()?];
        if !(1..=NAME).contains(&name) || dimensions > DIMENSIONS || bytes > source.length {
            let reason = format!(
                "a header claims a name of {name} bytes, {dimensions} dimensions and {bytes} bytes of data"
            );
            return Err(source.damaged(reason));
        }
        headers.push(Header { name, kind, dimensions, bytes });
    }
    let mut items = Vec::new();
    for header in headers {
        let mut name = source.bytes(header.name)?;
        if name.pop() != Some(0) {
            return Err(source.damaged("a name is not closed by a zero"));
        }
        let name = String::from_utf8(name).map_err(|_| source.damaged("a name is no text"))?;
        items.push((name, Vec::new(), header));
    }
    for (name, shape, header) in &mut items {
        for _ in 0..header.dimensions {
            let size = i32::from_le_bytes(source.exact()?);
            let size = usize::try_from(size);
            shape.push(size.map_err(|_| source.damaged(format!("a dimension of {name} is below 0")))?);
        }
    }
    let padding = source.eight()?;
    let here = source.file.stream_position().map_err(PretrainedError::read(source.path))?;
    *start = here.saturating_add(padding);
    if *start > source.length {
        return Err(source.damaged(format!("it claims {padding} bytes of padding")));
    }
    Ok(items)
}

/// The place of a tensor, whose data must have room for its shape.
fn place(
    source: &mut Source<'_>,
    name: &str,
    kind: u64,
    shape: Vec<usize>,
    range: std::ops::Range<u64>,
) -> Result<Place, PretrainedError> {
    let count = shape.iter().try_fold(1_usize, |count, &size| count.checked_mul(size));
    let count = count.ok_or_else(|| source.damaged(format!("{name} has a shape of {shape:?}")))?;
    let has = (range.end - range.start) as usize;
    let needs = |width: usize, more: usize| count.checked_mul(width)?.checked_add(more);
    let (width, more) = match kind {
        FLOAT32 => (4, 0),
        FLOAT16 => (2, 0),
        INTGEMM8 => (1, FACTOR),
        _ => (0, 0),
    };
    if needs(width, more).is_none_or(|needs| needs > has) {
        return Err(source.damaged(format!("{name} has {has} bytes, too few for its shape of {shape:?}")));
    }
    let values = match kind {
        FLOAT32 => Values::F32,
        FLOAT16 => Values::F16,
        INTGEMM8 => {
            let behind = SeekFrom::Start(range.start + count as u64);
            source.file.seek(behind).map_err(PretrainedError::read(source.path))?;
            let factor = f32::from_le_bytes(source.exact()?);
            if !(factor.is_finite() && factor > 0.0) {
                return Err(source.damaged(format!("the factor of {name} is {factor}")));
            }
            let transposed = match shape[..] {
                // Its rows are the columns of what is stored.
                [rows, _] if !name.contains(EMBEDDING) => Some(rows),
                _ => None,
            };
            Values::Whole { factor, transposed }
        }
        _ => Values::Other(kind_name(kind)),
    };
    Ok(Place { file: 0, values, shape, start: range.start, bytes: count * width, strides: None })
}

/// A type as an error names it, with the way out.
fn kind_name(kind: u64) -> String {
    match kind {
        0x4102 => "16-bit whole numbers; convert the model with --gemm-type intgemm8".to_owned(),
        kind if kind & 0x4000 != 0 || kind & 0x0800 != 0 => {
            format!(
                "values packed for one kind of processor (type {kind:#x}); convert the model with --gemm-type intgemm8"
            )
        }
        kind => format!("values of type {kind:#x}"),
    }
}
