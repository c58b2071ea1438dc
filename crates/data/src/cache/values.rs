//! Values as bytes: texts, pictures, and the places of files, such that what comes back opens and encodes as before.
//!
//! Each begins with the byte of its kind. Lengths and numbers are of 64 bits, little-endian; texts are UTF-8.

use std::path::Path;

use any2any_adapter::{Extent, File, Image, Part, Value};

/// Kinds of values.
mod kind {
    pub(super) const TEXT: u8 = 0;
    pub(super) const SERIES: u8 = 1;
    pub(super) const FILE_ON_DISK: u8 = 2;
    pub(super) const FILE_WITHIN: u8 = 3;
    pub(super) const FILE_IN_MEMORY: u8 = 4;
    pub(super) const IMAGE: u8 = 5;
}

/// Kinds of parts of a file.
mod part {
    pub(super) const ALL: u8 = 0;
    pub(super) const ITEM: u8 = 1;
    pub(super) const RECTANGLE: u8 = 2;
    pub(super) const SAMPLE: u8 = 3;
    pub(super) const SECOND: u8 = 4;
}

/// The bytes of a value as the data has it. A file on the disk is named, one in memory is written out.
///
/// `None` of a value that has no such bytes: an opened signal, a value of a medium's own, a path that is no UTF-8.
pub fn value_to_bytes(value: &Value) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    write(value, &mut bytes)?;
    Some(bytes)
}

/// The value of some bytes; `None` of bytes that are of no value.
pub fn value_of_bytes(mut bytes: &[u8]) -> Option<Value> {
    let value = read(&mut bytes)?;
    bytes.is_empty().then_some(value)
}

fn write(value: &Value, bytes: &mut Vec<u8>) -> Option<()> {
    match value {
        Value::Text(text) => {
            bytes.push(kind::TEXT);
            write_bytes(text.as_bytes(), bytes);
        }
        Value::Series(values) => {
            bytes.push(kind::SERIES);
            write_number(values.len() as u64, bytes);
            values.iter().try_for_each(|value| write(value, bytes))?;
        }
        Value::Image(image) => {
            bytes.push(kind::IMAGE);
            [image.width(), image.height(), image.channels()]
                .iter()
                .for_each(|&size| write_number(size as u64, bytes));
            write_bytes(image.pixels(), bytes);
        }
        Value::File(file) => {
            match (file.extent(), file.on_the_disk()) {
                (Some(extent), _) => {
                    bytes.push(kind::FILE_WITHIN);
                    write_path(file.path(), bytes)?;
                    write_path(&extent.container, bytes)?;
                    write_number(extent.start, bytes);
                    write_number(extent.length, bytes);
                }
                (None, Some(_)) => {
                    bytes.push(kind::FILE_ON_DISK);
                    write_path(file.path(), bytes)?;
                }
                (None, None) => {
                    bytes.push(kind::FILE_IN_MEMORY);
                    write_path(file.path(), bytes)?;
                    write_bytes(&file.bytes().ok()?, bytes);
                }
            }
            write_part(file.part(), bytes)?;
        }
        _ => return None,
    }
    Some(())
}

fn write_part(of: Option<Part>, bytes: &mut Vec<u8>) -> Option<()> {
    let (kind, numbers) = match of {
        None => (part::ALL, vec![]),
        Some(Part::Item(number)) => (part::ITEM, vec![number as u64]),
        Some(Part::Rectangle { left, top, width, height }) => {
            (part::RECTANGLE, [left, top, width, height].map(|number| number as u64).to_vec())
        }
        Some(Part::Sample(sample)) => (part::SAMPLE, vec![sample]),
        Some(Part::Second(second)) => (part::SECOND, vec![second.to_bits()]),
        Some(_) => return None,
    };
    bytes.push(kind);
    numbers.into_iter().for_each(|number| write_number(number, bytes));
    Some(())
}

fn write_number(number: u64, bytes: &mut Vec<u8>) {
    bytes.extend(number.to_le_bytes());
}

fn write_bytes(of: &[u8], bytes: &mut Vec<u8>) {
    write_number(of.len() as u64, bytes);
    bytes.extend(of);
}

fn write_path(path: &Path, bytes: &mut Vec<u8>) -> Option<()> {
    write_bytes(path.to_str()?.as_bytes(), bytes);
    Some(())
}

fn read(bytes: &mut &[u8]) -> Option<Value> {
    let (&kind, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(match kind {
        kind::TEXT => Value::Text(read_text(bytes)?.to_owned()),
        kind::SERIES => {
            let count = read_number(bytes)?;
            let values: Vec<Value> = (0..count).map(|_| read(bytes)).collect::<Option<_>>()?;
            Value::Series(values.into())
        }
        kind::IMAGE => {
            let [width, height, channels] = [read_size(bytes)?, read_size(bytes)?, read_size(bytes)?];
            Value::Image(Image::new(width, height, channels, read_bytes(bytes)?)?)
        }
        kind::FILE_ON_DISK => read_part(File::on_disk(read_text(bytes)?), bytes)?,
        kind::FILE_WITHIN => {
            let (path, container) = (read_text(bytes)?, read_text(bytes)?.into());
            let (start, length) = (read_number(bytes)?, read_number(bytes)?);
            read_part(File::within(path, Extent { container, start, length }), bytes)?
        }
        kind::FILE_IN_MEMORY => {
            let path = read_text(bytes)?;
            read_part(File::in_memory(path, read_bytes(bytes)?), bytes)?
        }
        _ => return None,
    })
}

/// The part of a file that follows.
fn read_part(file: File, bytes: &mut &[u8]) -> Option<Value> {
    let (&kind, rest) = bytes.split_first()?;
    *bytes = rest;
    let part = match kind {
        part::ALL => return Some(Value::File(file)),
        part::ITEM => Part::Item(read_size(bytes)?),
        part::RECTANGLE => Part::Rectangle {
            left: read_size(bytes)?,
            top: read_size(bytes)?,
            width: read_size(bytes)?,
            height: read_size(bytes)?,
        },
        part::SAMPLE => Part::Sample(read_number(bytes)?),
        part::SECOND => Part::Second(f64::from_bits(read_number(bytes)?)),
        _ => return None,
    };
    Some(Value::File(file.part_of(part)))
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}

fn read_size(bytes: &mut &[u8]) -> Option<usize> {
    read_number(bytes)?.try_into().ok()
}

fn read_bytes<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = read_size(bytes)?;
    let (found, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(found)
}

fn read_text<'b>(bytes: &mut &'b [u8]) -> Option<&'b str> {
    std::str::from_utf8(read_bytes(bytes)?).ok()
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Signal;

    use super::*;

    #[test]
    fn values_come_back_and_other_bytes_are_none() {
        let on_disk = File::on_disk("ä/tone.wav");
        let extent = Extent { container: "x.tar".into(), start: 512, length: 1 << 40 };
        let values = [
            Value::from(""),
            Value::from("a\nü"),
            Value::Series([Value::from("a"), Value::from(on_disk.clone())].into()),
            Value::from(on_disk.part_of(Part::Second(62.5))),
            Value::from(on_disk.part_of(Part::Rectangle { left: 1, top: 2, width: 3, height: 4 })),
            Value::from(File::within("x.tar/a.png", extent).part_of(Part::Sample(7))),
            Value::Image(Image::new(2, 1, 3, vec![1, 2, 3, 4, 5, 6]).expect("six values")),
        ];
        for value in values {
            let bytes = value_to_bytes(&value).expect("it can be written");
            assert_eq!(value_of_bytes(&bytes), Some(value));
            for length in 0..bytes.len() {
                assert_eq!(value_of_bytes(&bytes[..length]), None, "{length} of {bytes:?}");
            }
            assert_eq!(value_of_bytes(&[&bytes[..], &[0]].concat()), None);
        }
        let in_memory = File::in_memory("a.zip/tone.wav", vec![1, 2, 3]).part_of(Part::Item(1));
        let bytes = value_to_bytes(&Value::from(in_memory.clone())).expect("it can be written");
        let Some(Value::File(file)) = value_of_bytes(&bytes) else { panic!("no file") };
        assert_eq!((file.path(), file.part()), (in_memory.path(), in_memory.part()));
        assert_eq!(*file.bytes().expect("in memory"), [1, 2, 3]);
        let opened = Signal::mono(8000.0, vec![0.0]).map(Value::from).expect("a tone");
        assert_eq!(value_to_bytes(&opened), None);
    }
}
