//! Kinds of columns: which values can be read, and which files are made of bytes.

use arrow_schema::{DataType, Field, Fields};

/// The values of a schema by their paths, each with what it is if it cannot be read.
pub(super) fn leaves(fields: &Fields) -> Vec<(String, Option<&'static str>)> {
    let mut found = Vec::new();
    gather("", fields, &mut found);
    found
}

fn gather(place: &str, fields: &Fields, found: &mut Vec<(String, Option<&'static str>)>) {
    for field in fields {
        let path = if place.is_empty() { field.name().clone() } else { format!("{place}.{}", field.name()) };
        match field.data_type() {
            DataType::Struct(inner) if !is_file(field.data_type()) => gather(&path, inner, found),
            kind if found.iter().all(|(known, _)| *known != path) => found.push((path, refused(kind))),
            _ => {}
        }
    }
}

/// The field at the beginning of a path, and the rest of the path. A name with dots in it comes before the same path of
/// names.
pub(super) fn steps(fields: &Fields, path: &str) -> Option<(usize, Vec<String>)> {
    let parts: Vec<&str> = path.split('.').collect();
    (1..=parts.len()).rev().find_map(|count| {
        let name = parts[..count].join(".");
        let index = fields.iter().position(|field| *field.name() == name)?;
        Some((index, parts[count..].iter().map(|&part| part.to_owned()).collect()))
    })
}

/// Looks for the value at a path: whether it can be read, or what it is. `None` if there is none.
pub(super) fn at_path(fields: &Fields, path: &str) -> Option<Result<(), &'static str>> {
    let (index, rest) = steps(fields, path)?;
    let kind = kind_within(&fields[index], &rest)?;
    Some(refused(kind).map_or(Ok(()), Err))
}

/// True if the value at a path becomes a file.
pub(super) fn file_at(fields: &Fields, path: &str) -> bool {
    steps(fields, path).and_then(|(index, rest)| kind_within(&fields[index], &rest)).is_some_and(is_file)
}

fn kind_within<'f>(field: &'f Field, rest: &[String]) -> Option<&'f DataType> {
    let Some((first, further)) = rest.split_first() else { return Some(field.data_type()) };
    match field.data_type() {
        DataType::Struct(inner) => {
            let (index, rest) = steps(inner, &rest.join("."))?;
            kind_within(&inner[index], &rest)
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            first.parse::<usize>().ok()?;
            kind_within(item, further)
        }
        _ => None,
    }
}

/// True for what becomes a file: bytes, and the sounds and pictures of Hugging Face, which are bytes and a path.
pub(super) fn is_file(kind: &DataType) -> bool {
    match kind {
        DataType::Struct(fields) => {
            let of = |name| fields.iter().find(|field| field.name() == name).map(|field| field.data_type());
            fields.len() == 2 && of("bytes").is_some_and(is_bytes) && of("path").is_some_and(is_text)
        }
        kind => is_bytes(kind),
    }
}

fn is_bytes(kind: &DataType) -> bool {
    use DataType::{Binary, BinaryView, FixedSizeBinary, LargeBinary};
    matches!(kind, Binary | LargeBinary | BinaryView | FixedSizeBinary(_))
}

fn is_text(kind: &DataType) -> bool {
    matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// What a column holds if it cannot be read.
fn refused(kind: &DataType) -> Option<&'static str> {
    match kind {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            refused_item(item.data_type())
        }
        DataType::Dictionary(_, values) => refused(values),
        kind if kind.is_numeric() || is_text(kind) || is_file(kind) => None,
        DataType::Boolean => None,
        DataType::Null => Some("null"),
        DataType::Struct(_) => Some("an object"),
        DataType::Map(..) => Some("a map"),
        kind if kind.is_temporal() => Some("a time"),
        _ => Some("values of a kind that is not read"),
    }
}

/// What a list holds if its items are no whole numbers.
pub(super) fn refused_item(item: &DataType) -> Option<&'static str> {
    match item {
        kind if kind.is_integer() => None,
        kind if kind.is_numeric() => Some("a list that holds a number with a fraction or an exponent"),
        kind if is_text(kind) => Some("a list that holds a string"),
        DataType::Dictionary(_, values) => refused_item(values),
        DataType::Boolean => Some("a list that holds a boolean"),
        DataType::Null => Some("a list that holds null"),
        DataType::Struct(_) | DataType::Map(..) => Some("a list that holds an object"),
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            Some("a list that holds a list")
        }
        _ => Some("a list of a kind that is not read"),
    }
}
