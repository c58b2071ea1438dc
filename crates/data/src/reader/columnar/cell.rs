//! Cells of Arrow's arrays as values.

use std::path::Path;

use any2any_adapter::{File, Value};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, StructArray};
use arrow_schema::DataType;

use super::kind::{is_file, refused_item, steps};

/// What stands in a cell.
pub(super) enum Cell {
    Value(Value),
    /// Another kind of value, by its name.
    Other(&'static str),
    /// Nothing: a list ends before the item that is asked for.
    Nothing,
}

/// The cell of a row, or the value inside of it that the rest of a path leads to. A file is named by its own path or by
/// the row's number, below the path of the table.
pub(super) fn cell(array: &ArrayRef, row: usize, rest: &[String], table: &Path, number: usize) -> Cell {
    if array.is_null(row) {
        return Cell::Other("null");
    }
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let key = whole(dictionary.keys(), row).and_then(|key| usize::try_from(key).ok());
        let values = dictionary.values();
        return match key.filter(|&key| key < values.len()) {
            Some(key) => cell(values, key, rest, table, number),
            None => Cell::Other("null"),
        };
    }
    if let Some(items) = items(array, row) {
        return match rest.split_first() {
            None => list(&items),
            Some((index, rest)) => match index.parse().ok().filter(|&index: &usize| index < items.len()) {
                Some(index) => cell(&items, index, rest, table, number),
                None => Cell::Nothing,
            },
        };
    }
    if let Some(fields) = array.as_struct_opt() {
        if rest.is_empty() {
            return file(fields, row, table, number);
        }
        let Some((index, rest)) = steps(fields.fields(), &rest.join(".")) else { return Cell::Nothing };
        return cell(fields.column(index), row, &rest, table, number);
    }
    if let Some(bytes) = bytes(array, row) {
        return Cell::Value(Value::from(named(bytes, None, table, number)));
    }
    text(array, row)
        .map_or(Cell::Other("a value of a kind that is not read"), |text| Cell::Value(Value::from(text)))
}

/// The items of a list.
fn items(array: &ArrayRef, row: usize) -> Option<ArrayRef> {
    match array.data_type() {
        DataType::List(_) => Some(array.as_list_opt::<i32>()?.value(row)),
        DataType::LargeList(_) => Some(array.as_list_opt::<i64>()?.value(row)),
        DataType::FixedSizeList(..) => Some(array.as_fixed_size_list_opt()?.value(row)),
        _ => None,
    }
}

/// A list of whole numbers as its numbers with spaces between them.
fn list(items: &ArrayRef) -> Cell {
    if let Some(other) = refused_item(items.data_type()) {
        return Cell::Other(other);
    }
    let mut words = Vec::with_capacity(items.len());
    for item in 0..items.len() {
        match whole(items.as_ref(), item) {
            Some(number) if !items.is_null(item) => words.push(number.to_string()),
            _ => return Cell::Other("a list that holds null"),
        }
    }
    Cell::Value(Value::from(words.join(" ")))
}

/// A whole number.
fn whole(array: &dyn Array, row: usize) -> Option<i128> {
    Some(match array.data_type() {
        DataType::Int8 => array.as_primitive_opt::<Int8Type>()?.value(row).into(),
        DataType::Int16 => array.as_primitive_opt::<Int16Type>()?.value(row).into(),
        DataType::Int32 => array.as_primitive_opt::<Int32Type>()?.value(row).into(),
        DataType::Int64 => array.as_primitive_opt::<Int64Type>()?.value(row).into(),
        DataType::UInt8 => array.as_primitive_opt::<UInt8Type>()?.value(row).into(),
        DataType::UInt16 => array.as_primitive_opt::<UInt16Type>()?.value(row).into(),
        DataType::UInt32 => array.as_primitive_opt::<UInt32Type>()?.value(row).into(),
        DataType::UInt64 => array.as_primitive_opt::<UInt64Type>()?.value(row).into(),
        _ => return None,
    })
}

/// The text of a string, a number or a boolean.
fn text(array: &ArrayRef, row: usize) -> Option<String> {
    if let Some(number) = whole(array.as_ref(), row) {
        return Some(number.to_string());
    }
    Some(match array.data_type() {
        DataType::Utf8 => array.as_string_opt::<i32>()?.value(row).to_owned(),
        DataType::LargeUtf8 => array.as_string_opt::<i64>()?.value(row).to_owned(),
        DataType::Utf8View => array.as_string_view_opt()?.value(row).to_owned(),
        DataType::Boolean => array.as_boolean_opt()?.value(row).to_string(),
        // As JSON has them: 1.0 and not 1.
        DataType::Float16 => format!("{:?}", array.as_primitive_opt::<Float16Type>()?.value(row).to_f32()),
        DataType::Float32 => format!("{:?}", array.as_primitive_opt::<Float32Type>()?.value(row)),
        DataType::Float64 => format!("{:?}", array.as_primitive_opt::<Float64Type>()?.value(row)),
        DataType::Decimal128(..) => array.as_primitive_opt::<Decimal128Type>()?.value_as_string(row),
        DataType::Decimal256(..) => array.as_primitive_opt::<Decimal256Type>()?.value_as_string(row),
        _ => return None,
    })
}

fn bytes(array: &ArrayRef, row: usize) -> Option<&[u8]> {
    Some(match array.data_type() {
        DataType::Binary => array.as_binary_opt::<i32>()?.value(row),
        DataType::LargeBinary => array.as_binary_opt::<i64>()?.value(row),
        DataType::BinaryView => array.as_binary_view_opt()?.value(row),
        DataType::FixedSizeBinary(_) => array.as_fixed_size_binary_opt()?.value(row),
        _ => return None,
    })
}

/// A sound or a picture of Hugging Face: its bytes and its path.
fn file(fields: &StructArray, row: usize, table: &Path, number: usize) -> Cell {
    let (true, Some(content), Some(path)) =
        (is_file(fields.data_type()), fields.column_by_name("bytes"), fields.column_by_name("path"))
    else {
        return Cell::Other("an object");
    };
    let path = if path.is_null(row) { None } else { text(path, row) };
    match bytes(content, row) {
        Some(bytes) if !content.is_null(row) => {
            Cell::Value(Value::from(named(bytes, path.as_deref(), table, number)))
        }
        _ if path.is_some() => Cell::Other("the path of a file without its bytes"),
        _ => Cell::Other("null"),
    }
}

/// A file of some bytes. Its name tells its format: the given one, or else one by the first bytes.
fn named(bytes: &[u8], path: Option<&str>, table: &Path, number: usize) -> File {
    let own = path
        .and_then(|path| Path::new(path).file_name())
        .filter(|name| Path::new(name).extension().is_some());
    let place = match own {
        Some(name) => table.join(name),
        None => table.join(format!("{number}.{}", extension(bytes))),
    };
    File::in_memory(place, bytes)
}

/// The usual extension of a file with these first bytes.
fn extension(bytes: &[u8]) -> &'static str {
    let is_at = |at: usize, mark: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(mark));
    let known: [(usize, &[u8], &str); 20] = [
        (0, b"\x89PNG", "png"),
        (0, b"\xff\xd8\xff", "jpg"),
        (0, b"GIF8", "gif"),
        (8, b"WEBP", "webp"),
        (8, b"WAVE", "wav"),
        (0, b"fLaC", "flac"),
        (0, b"OggS", "ogg"),
        (0, b"ID3", "mp3"),
        (0, b"\xff\xfb", "mp3"),
        (0, b"\xff\xf3", "mp3"),
        (0, b"II*\0", "tif"),
        (0, b"MM\0*", "tif"),
        (0, b"BM", "bmp"),
        (4, b"ftypM4A", "m4a"),
        (0, b"\x93NUMPY", "npy"),
        (8, b"AIFF", "aiff"),
        (8, b"AIFC", "aifc"),
        (0, b"caff", "caf"),
        (0, b".snd", "au"),
        (0, b"PK\x03\x04", "npz"),
    ];
    known.iter().find(|(at, mark, _)| is_at(*at, mark)).map_or("bin", |(_, _, extension)| extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_their_paths_or_their_bytes() {
        let table = Path::new("t.parquet");
        for (bytes, path, expected) in [
            (&b"\x89PNG\r\n"[..], None, "t.parquet/7.png"),
            (b"RIFF\0\0\0\0WAVEfmt ", None, "t.parquet/7.wav"),
            (b"RIFF\0\0\0\0WAVEfmt ", Some("a/b/Lied.WAV"), "t.parquet/Lied.WAV"),
            (b"fLaC", Some("no-extension"), "t.parquet/7.flac"),
            (b"?", Some("../.."), "t.parquet/7.bin"),
            (b"", None, "t.parquet/7.bin"),
        ] {
            assert_eq!(named(bytes, path, table, 7).path(), Path::new(expected));
        }
    }
}
