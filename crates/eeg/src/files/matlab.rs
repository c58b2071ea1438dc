//! MATLAB 5 files, as far as recordings need them: numbers, texts, structures, cells.
//!
//! MAT-File Format (The MathWorks), level 5. Existing libraries read no structures.

use std::io::Read;

use any2any_adapter::UnpackedLimit;
use flate2::read::ZlibDecoder;

use crate::files::text::decode;

/// Bytes of the header of a file.
const HEADER: usize = 128;
/// Deepest nesting of structures.
const DEPTH: usize = 16;

/// Types of elements.
const INT8: u32 = 1;
const UINT8: u32 = 2;
const INT16: u32 = 3;
const UINT16: u32 = 4;
const INT32: u32 = 5;
const UINT32: u32 = 6;
const SINGLE: u32 = 7;
const DOUBLE: u32 = 9;
const INT64: u32 = 12;
const UINT64: u32 = 13;
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;
const UTF8: u32 = 16;
const UTF16: u32 = 17;

/// A variable, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Array {
    /// Numbers, column after column.
    Numbers(Numbers),
    /// A text.
    Text(String),
    /// Structures, one after the other, and the names of their fields.
    Structs {
        /// The names.
        names: Vec<String>,
        /// The fields of each structure.
        structs: Vec<Vec<Array>>,
    },
    /// Cells, one after the other.
    Cells(Vec<Array>),
    /// A type that recordings do not need.
    Other,
}

/// Numbers of any type, column after column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Numbers {
    /// The lengths of the axes.
    pub shape: Vec<usize>,
    /// The values.
    pub values: Vec<f64>,
}

impl Array {
    /// A field of the first structure.
    pub(crate) fn field(&self, name: &str) -> Option<&Array> {
        self.fields(name).next()
    }

    /// The field of each structure.
    pub(crate) fn fields(&self, name: &str) -> impl Iterator<Item = &Array> {
        let (place, structs) = match self {
            Self::Structs { names, structs } => {
                (names.iter().position(|own| own == name), structs.as_slice())
            }
            _ => (None, [].as_slice()),
        };
        structs.iter().filter_map(move |fields| fields.get(place?))
    }

    /// The first number.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Numbers(numbers) => numbers.values.first().copied(),
            _ => None,
        }
    }

    /// A text, or a number as one.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.trim_end().to_owned()),
            Self::Numbers(numbers) => numbers.values.first().map(f64::to_string),
            Self::Cells(cells) => cells.first().and_then(Self::text),
            _ => None,
        }
    }
}

/// Reads the variables of a file that are wanted, with their names.
pub(crate) fn variables(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Array)>, String> {
    let big = match bytes.get(HEADER - 2..HEADER) {
        Some(b"IM") => false,
        Some(b"MI") => true,
        _ => {
            return Err(
                "is no MATLAB 5 file, whose header would say an order of bytes: save it anew in EEGLAB"
                    .to_owned(),
            );
        }
    };
    let mut rest = Elements { bytes: &bytes[HEADER..], big };
    let mut left = most(bytes);
    let mut variables = Vec::new();
    while let Some((kind, data)) = rest.next_variable()? {
        let unpacked;
        let data = if kind == COMPRESSED {
            unpacked = unpack(data, big, &mut left)?;
            let mut inner = Elements { bytes: &unpacked, big };
            match inner.next()? {
                (MATRIX, data) => data,
                _ => continue,
            }
        } else if kind == MATRIX {
            data
        } else {
            continue;
        };
        let elements = Elements { bytes: data, big };
        if let Some(variable) = elements.array(0, &wanted)? {
            variables.push(variable);
        }
    }
    Ok(variables)
}

/// Limit of the unpacked size of all variables of a file, in bytes.
fn most(bytes: &[u8]) -> usize {
    let limit = UnpackedLimit::of_packed(Some(bytes.len() as u64));
    usize::try_from(limit.bytes()).unwrap_or(usize::MAX)
}

/// Unpacked size of the variables of a file in bytes, at most, by their tags alone.
pub(crate) fn unpacked(bytes: &[u8]) -> u64 {
    let big = bytes.get(HEADER - 2..HEADER) == Some(b"MI");
    let mut rest = Elements { bytes: bytes.get(HEADER..).unwrap_or_default(), big };
    let mut sum = 0_u64;
    while let Ok(Some((kind, data))) = rest.next_variable() {
        let len = match kind {
            COMPRESSED => tag(data, big).unwrap_or(0),
            _ => data.len(),
        };
        sum = sum.saturating_add(len as u64);
    }
    sum.min(most(bytes) as u64)
}

/// The length of the one element that is packed in `data`, its tag included.
fn tag(data: &[u8], big: bool) -> Option<usize> {
    let mut tag = [0; 8];
    ZlibDecoder::new(data).read_exact(&mut tag).ok()?;
    let len = Elements { bytes: &tag, big }.word(&tag[4..]);
    Some(len as usize + tag.len())
}

/// Unpacks an element that is packed by zlib; bytes behind it are ignored.
fn unpack(data: &[u8], big: bool, left: &mut usize) -> Result<Vec<u8>, String> {
    let mut unpacked = Vec::new();
    let len = tag(data, big).unwrap_or(usize::MAX).min(left.saturating_add(1));
    let read = ZlibDecoder::new(data).take(len as u64).read_to_end(&mut unpacked);
    read.map_err(|error| format!("is packed by zlib, and broken: {error}"))?;
    if unpacked.len() > *left {
        return Err("unpacks to far more than a recording of its size would".to_owned());
    }
    *left -= unpacked.len();
    Ok(unpacked)
}

/// Elements, one after the other.
struct Elements<'a> {
    bytes: &'a [u8],
    big: bool,
}

fn cut() -> String {
    "is cut off within its variables".to_owned()
}

impl<'a> Elements<'a> {
    fn word(&self, bytes: &[u8]) -> u32 {
        let array = bytes.first_chunk().copied().unwrap_or_default();
        if self.big { u32::from_be_bytes(array) } else { u32::from_le_bytes(array) }
    }

    /// The type and the data of the next variable; `None` at the end.
    fn next_variable(&mut self) -> Result<Option<(u32, &'a [u8])>, String> {
        if self.bytes.len() < 8 { Ok(None) } else { self.next().map(Some) }
    }

    /// The type and the data of the next element.
    fn next(&mut self) -> Result<(u32, &'a [u8]), String> {
        let start = self.bytes.get(..8).ok_or_else(cut)?;
        let tag = self.word(start);
        if tag >> 16 != 0 {
            // A small element lies within its own tag.
            let (kind, len) = (tag & 0xffff, (tag >> 16) as usize);
            let data = start[4..].get(..len).ok_or_else(cut)?;
            self.bytes = &self.bytes[8..];
            return Ok((kind, data));
        }
        let len = self.word(&start[4..]) as usize;
        let data = self.bytes[8..].get(..len).ok_or_else(cut)?;
        // All but packed elements are filled up to whole blocks of eight.
        let filled = if tag == COMPRESSED { len } else { len.next_multiple_of(8) };
        self.bytes = self.bytes[8..].get(filled..).unwrap_or_default();
        Ok((tag, data))
    }

    /// The name and the array of a matrix whose elements these are, where it is wanted.
    fn array(
        mut self,
        depth: usize,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Option<(String, Array)>, String> {
        // An empty matrix may have nothing in it, not even its flags.
        if self.bytes.is_empty() {
            return Ok(wanted("").then(|| (String::new(), Array::Other)));
        }
        if depth > DEPTH {
            return Err("has structures that lie too deep in each other".to_owned());
        }
        let (_, flags) = self.next()?;
        let flags = self.word(flags);
        let (class, complex) = (flags & 0xff, flags & 0x800 != 0);
        // Objects of classes have no dimensions where others have them.
        if class > 15 || class == 0 {
            return Ok(None);
        }
        let (kind, dims) = self.next()?;
        let shape: Vec<usize> =
            self.numbers(kind, dims)?.into_iter().map(|side| side.max(0.0) as usize).collect();
        let (_, name) = self.next()?;
        let name = decode(name).trim_end_matches('\0').to_owned();
        if !wanted(&name) {
            return Ok(None);
        }
        let count = shape.iter().try_fold(1_usize, |count, &side| count.checked_mul(side)).ok_or_else(cut)?;
        let any = |_: &str| true;
        let array = match class {
            1 => {
                let mut cells = Vec::new();
                for _ in 0..count {
                    cells.push(self.matrix(depth, &any)?);
                }
                Array::Cells(cells)
            }
            2 => {
                let (kind, len) = self.next()?;
                let len = self.numbers(kind, len)?.first().copied().unwrap_or_default().max(0.0) as usize;
                let (_, names) = self.next()?;
                if len == 0 && !names.is_empty() {
                    return Err(cut());
                }
                let names: Vec<String> = names
                    .chunks_exact(len.max(1))
                    .map(|name| decode(name.split(|&byte| byte == 0).next().unwrap_or_default()))
                    .collect();
                let mut structs = Vec::new();
                if !names.is_empty() {
                    for _ in 0..count {
                        let fields = names.iter().map(|_| self.matrix(depth, &any));
                        structs.push(fields.collect::<Result<_, _>>()?);
                    }
                }
                Array::Structs { names, structs }
            }
            4 => {
                let (kind, data) = self.next()?;
                Array::Text(self.text(kind, data)?)
            }
            6..=15 if !complex => {
                let (kind, data) = self.next()?;
                let values = self.numbers(kind, data)?;
                if values.len() != count {
                    return Err(cut());
                }
                Array::Numbers(Numbers { shape, values })
            }
            _ => Array::Other,
        };
        Ok(Some((name, array)))
    }

    /// The array of the next element, a matrix without a name.
    fn matrix(&mut self, depth: usize, any: &dyn Fn(&str) -> bool) -> Result<Array, String> {
        match self.next()? {
            (MATRIX, bytes) => {
                let inner = Elements { bytes, big: self.big }.array(depth + 1, any)?;
                Ok(inner.map_or(Array::Other, |(_, array)| array))
            }
            _ => Ok(Array::Other),
        }
    }

    /// Numbers of any type: what is stored is as small as its values allow, whatever its class.
    fn numbers(&self, kind: u32, data: &[u8]) -> Result<Vec<f64>, String> {
        fn array<const WIDTH: usize>(bytes: &[u8], big: bool) -> [u8; WIDTH] {
            let mut array = bytes.first_chunk().copied().unwrap_or([0; WIDTH]);
            if big {
                array.reverse();
            }
            array
        }
        let big = self.big;
        let all = |width: usize, number: fn(&[u8], bool) -> f64| {
            Ok(data.chunks_exact(width).map(|bytes| number(bytes, big)).collect())
        };
        match kind {
            INT8 => all(1, |bytes, _| (bytes[0] as i8).into()),
            UINT8 | UTF8 => all(1, |bytes, _| bytes[0].into()),
            INT16 => all(2, |bytes, big| i16::from_le_bytes(array(bytes, big)).into()),
            UINT16 | UTF16 => all(2, |bytes, big| u16::from_le_bytes(array(bytes, big)).into()),
            INT32 => all(4, |bytes, big| i32::from_le_bytes(array(bytes, big)).into()),
            UINT32 => all(4, |bytes, big| u32::from_le_bytes(array(bytes, big)).into()),
            SINGLE => all(4, |bytes, big| f32::from_le_bytes(array(bytes, big)).into()),
            DOUBLE => all(8, |bytes, big| f64::from_le_bytes(array(bytes, big))),
            INT64 => all(8, |bytes, big| i64::from_le_bytes(array(bytes, big)) as f64),
            UINT64 => all(8, |bytes, big| u64::from_le_bytes(array(bytes, big)) as f64),
            other => Err(format!("has numbers of a type {other} that MATLAB 5 does not know")),
        }
    }

    /// Letters of any width.
    fn text(&self, kind: u32, data: &[u8]) -> Result<String, String> {
        if matches!(kind, INT8 | UINT8 | UTF8) {
            return Ok(decode(data));
        }
        let units: Vec<u16> = self.numbers(kind, data)?.into_iter().map(|unit| unit as u16).collect();
        Ok(String::from_utf16_lossy(&units))
    }
}
