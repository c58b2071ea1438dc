//! Variables of a model, written as CTranslate2's binary file holds them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use crate::ctranslate2::layout::{FLOAT32, INT8, INT16, INT32, VERSION};
use crate::export::ExportError;
use crate::export::files::little_endian;
use crate::pretrained::Tensor;

/// Variables of a model, by name.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    variables: BTreeMap<String, Variable>,
    aliases: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Variable {
    shape: Vec<usize>,
    kind: u8,
    bytes: Vec<u8>,
}

impl Variables {
    pub(crate) fn tensor(&mut self, name: &str, tensor: &Tensor) {
        let bytes = little_endian(&tensor.values);
        let variable = Variable { shape: tensor.shape.clone(), kind: FLOAT32, bytes };
        self.variables.insert(name.to_owned(), variable);
    }

    pub(crate) fn number(&mut self, name: &str, value: f64) {
        self.scalar(name, FLOAT32, &(value as f32).to_le_bytes());
    }

    pub(crate) fn flag(&mut self, name: &str, value: bool) {
        self.scalar(name, INT8, &[u8::from(value)]);
    }

    pub(crate) fn int8(&mut self, name: &str, value: i8) {
        self.scalar(name, INT8, &value.to_le_bytes());
    }

    pub(crate) fn int16(&mut self, name: &str, value: i16) {
        self.scalar(name, INT16, &value.to_le_bytes());
    }

    pub(crate) fn int32(&mut self, name: &str, value: i32) {
        self.scalar(name, INT32, &value.to_le_bytes());
    }

    fn scalar(&mut self, name: &str, kind: u8, bytes: &[u8]) {
        let variable = Variable { shape: Vec::new(), kind, bytes: bytes.to_vec() };
        self.variables.insert(name.to_owned(), variable);
    }

    /// A name for a variable that is there under another.
    pub(crate) fn alias(&mut self, name: &str, of: &str) {
        self.aliases.insert(name.to_owned(), of.to_owned());
    }

    /// Writes the file of a specification.
    pub(crate) fn write(&self, path: &Path, name: &str, revision: u32) -> Result<(), ExportError> {
        let mut file =
            std::fs::File::create(path).map(std::io::BufWriter::new).map_err(ExportError::write(path))?;
        let written = self.write_into(&mut file, name, revision).and_then(|()| file.flush());
        written.map_err(ExportError::write(path))
    }

    fn write_into(&self, file: &mut impl Write, name: &str, revision: u32) -> std::io::Result<()> {
        number(file, VERSION as usize)?;
        string(file, name)?;
        number(file, revision as usize)?;
        number(file, self.variables.len())?;
        for (name, variable) in &self.variables {
            string(file, name)?;
            // Two at most.
            file.write_all(&[variable.shape.len() as u8])?;
            for &size in &variable.shape {
                number(file, size)?;
            }
            file.write_all(&[variable.kind])?;
            number(file, variable.bytes.len())?;
            file.write_all(&variable.bytes)?;
        }
        number(file, self.aliases.len())?;
        for (alias, of) in &self.aliases {
            string(file, alias)?;
            string(file, of)?;
        }
        Ok(())
    }
}

fn number(file: &mut impl Write, value: usize) -> std::io::Result<()> {
    let value = u32::try_from(value).map_err(|_| std::io::Error::other("more than 4 GiB of a variable"))?;
    file.write_all(&value.to_le_bytes())
}

fn string(file: &mut impl Write, text: &str) -> std::io::Result<()> {
    let length = u16::try_from(text.len() + 1)
        .map_err(|_| std::io::Error::other("a name of more than 65,534 bytes"))?;
    file.write_all(&length.to_le_bytes())?;
    file.write_all(text.as_bytes())?;
    file.write_all(&[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_laid_out_as_said() {
        let mut variables = Variables::default();
        variables.tensor("b", &Tensor { shape: vec![1, 2], values: vec![1.0, -2.0] });
        variables.int16("a", 7);
        variables.alias("c", "b");
        let mut file = Vec::new();
        variables.write_into(&mut file, "S", 3).expect("memory");
        let expected: Vec<u8> = [
            &[6, 0, 0, 0, 2, 0, b'S', 0, 3, 0, 0, 0, 2, 0, 0, 0][..],
            &[2, 0, b'a', 0, 0, INT16, 2, 0, 0, 0, 7, 0],
            &[2, 0, b'b', 0, 2, 1, 0, 0, 0, 2, 0, 0, 0, FLOAT32, 8, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0],
            &[1, 0, 0, 0, 2, 0, b'c', 0, 2, 0, b'b', 0],
        ]
        .concat();
        assert_eq!(file, expected);
    }
}
