//! Reader of CTranslate2's binary file: where each variable lies, and the numbers that stand alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use serde_json::{Map, Value};

use super::layout::{BFLOAT16, FLOAT16, FLOAT32, INT8, INT16, INT32, VERSION};
use crate::config::{Config, open};
use crate::error::PretrainedError;
use crate::safetensors::{Checkpoint, Place};
use crate::values::Values;

/// The most variables, and the most aliases, many times those of any model.
const COUNT: u32 = 100_000;

/// The most dimensions of a variable.
const DIMENSIONS: u8 = 8;

/// The variables of a file.
pub(super) struct Variables {
    /// The name of the specification.
    pub(super) specification: String,
    pub(super) revision: u32,
    /// Floats, aliases among them.
    pub(super) tensors: Checkpoint,
    /// Whole numbers that stand alone, by name.
    pub(super) numbers: Config,
    /// The names of these numbers.
    pub(super) names_of_numbers: Vec<String>,
    /// The variable that each alias stands for.
    pub(super) aliases: BTreeMap<String, String>,
}

/// A file that is read from its beginning.
struct Source<'a> {
    path: &'a Path,
    file: BufReader<&'a File>,
    length: u64,
    position: u64,
}

impl Source<'_> {
    fn damaged(&self, reason: impl ToString) -> PretrainedError {
        PretrainedError::damaged(self.path, reason)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), PretrainedError> {
        self.file.read_exact(bytes).map_err(|_| self.damaged("it ends among its variables"))?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn exact<const N: usize>(&mut self) -> Result<[u8; N], PretrainedError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn four(&mut self) -> Result<u32, PretrainedError> {
        self.exact().map(u32::from_le_bytes)
    }

    fn count(&mut self, of: &str) -> Result<u32, PretrainedError> {
        match self.four()? {
            count if count > COUNT => Err(self.damaged(format!("it claims to have {count} {of}"))),
            count => Ok(count),
        }
    }

    fn text(&mut self) -> Result<String, PretrainedError> {
        let mut bytes = vec![0; usize::from(u16::from_le_bytes(self.exact()?))];
        self.fill(&mut bytes)?;
        if bytes.pop() != Some(0) {
            return Err(self.damaged("a name is not closed by a zero"));
        }
        String::from_utf8(bytes).map_err(|_| self.damaged("a name is no text"))
    }
}

/// What a variable is.
enum Variable {
    Tensor(Place),
    Number(i64),
}

/// Reads where the variables of a file lie.
pub(super) fn read(path: &Path) -> Result<Variables, PretrainedError> {
    let file = open(path)?;
    let length = file.metadata().map_err(PretrainedError::read(path))?.len();
    let mut source = Source { path, file: BufReader::new(&file), length, position: 0 };
    let version = source.four()?;
    if version != VERSION {
        let reason = format!("its version is {version}, and CTranslate2's {VERSION} is known");
        return Err(source.damaged(reason));
    }
    let specification = source.text()?;
    let revision = source.four()?;
    let (mut tensors, mut numbers) = (BTreeMap::new(), Map::new());
    for _ in 0..source.count("variables")? {
        let name = source.text()?;
        let variable = variable(&mut source, &name)?;
        let is_new = !tensors.contains_key(&name) && !numbers.contains_key(&name);
        if !is_new {
            return Err(source.damaged(format!("it has the variable {name} twice")));
        }
        match variable {
            Variable::Tensor(place) => drop(tensors.insert(name, place)),
            Variable::Number(number) => drop(numbers.insert(name, Value::from(number))),
        }
    }
    let mut aliases = BTreeMap::new();
    for _ in 0..source.count("aliases")? {
        let (alias, of) = (source.text()?, source.text()?);
        let Some(place) = tensors.get(&of).cloned() else {
            return Err(source.damaged(format!("{alias} stands for {of}, which it lacks")));
        };
        if tensors.insert(alias.clone(), place).is_some() {
            return Err(source.damaged(format!("it has the variable {alias} twice")));
        }
        aliases.insert(alias, of);
    }
    drop(source);
    let names_of_numbers = numbers.keys().cloned().collect();
    Ok(Variables {
        specification,
        revision,
        tensors: Checkpoint::of(path, file, tensors),
        numbers: Config::of(path, numbers),
        names_of_numbers,
        aliases,
    })
}

/// Reads a variable up to its end; the values of a tensor are passed over.
fn variable(source: &mut Source<'_>, name: &str) -> Result<Variable, PretrainedError> {
    let [dimensions] = source.exact()?;
    if dimensions > DIMENSIONS {
        return Err(source.damaged(format!("{name} has {dimensions} dimensions")));
    }
    let mut shape = Vec::with_capacity(usize::from(dimensions));
    for _ in 0..dimensions {
        shape.push(source.four()? as usize);
    }
    let [kind] = source.exact()?;
    let (values, width) = match kind {
        FLOAT32 => (Values::F32, 4),
        FLOAT16 => (Values::F16, 2),
        BFLOAT16 => (Values::BF16, 2),
        INT8 => (Values::Other("8-bit whole numbers with scales".to_owned()), 1),
        INT16 => (Values::Other("16-bit whole numbers".to_owned()), 2),
        INT32 => (Values::Other("32-bit whole numbers".to_owned()), 4),
        _ => return Err(source.damaged(format!("{name} has values of the unknown type {kind}"))),
    };
    let bytes = source.four()? as usize;
    let needed = shape.iter().try_fold(width, |count: usize, &size| count.checked_mul(size));
    if needed != Some(bytes) {
        return Err(source.damaged(format!("{name} has {bytes} bytes, and its shape is {shape:?}")));
    }
    match kind {
        INT8 if shape.is_empty() => Ok(Variable::Number(i8::from_le_bytes(source.exact()?).into())),
        INT16 if shape.is_empty() => Ok(Variable::Number(i16::from_le_bytes(source.exact()?).into())),
        INT32 if shape.is_empty() => Ok(Variable::Number(i32::from_le_bytes(source.exact()?).into())),
        _ => {
            let start = source.position;
            if bytes as u64 > source.length.saturating_sub(start) {
                return Err(source.damaged(format!("it ends among the values of {name}")));
            }
            source.position += bytes as u64;
            let end = SeekFrom::Start(source.position);
            source.file.seek(end).map_err(PretrainedError::read(source.path))?;
            Ok(Variable::Tensor(Place { file: 0, values, shape, start, bytes, strides: None }))
        }
    }
}
