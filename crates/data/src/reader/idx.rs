//! IDX: arrays of bytes, the format of MNIST (<http://yann.lecun.com/exdb/mnist/>).
//!
//! Two zero bytes, the type (8: unsigned bytes), the number of dimensions, the size of each (32 bits, the
//! most significant byte first), then the items. Items of two dimensions are grey pictures, of three with a
//! last one of 3 colour pictures, and single bytes are labels, which become texts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use any2any_adapter::{Image, UnpackedLimit, Value};
use flate2::bufread::MultiGzDecoder;

use super::lines::{unreadable, wrong};
use crate::{DataError, Samples};
use any2any_adapter::grouped;

pub(super) fn read(fields: &BTreeMap<String, PathBuf>) -> Result<Samples, DataError> {
    let mut columns: Vec<(String, Vec<Value>)> = Vec::with_capacity(fields.len());
    let mut first: Option<(&PathBuf, usize)> = None;
    for (field, path) in fields {
        let values = read_file(path)?;
        match &first {
            Some((other, items)) if *items != values.len() => {
                let reason = format!(
                    "has {} items, but {} has {}; item N of each must belong together",
                    grouped(values.len()),
                    other.display(),
                    grouped(*items)
                );
                return Err(wrong(path, &reason));
            }
            Some(_) => {}
            None => first = Some((path, values.len())),
        }
        columns.push((field.clone(), values));
    }
    Samples::new(columns).ok_or_else(|| wrong(Path::new(""), "IDX files differ in length"))
}

fn read_file(path: &Path) -> Result<Vec<Value>, DataError> {
    let file = File::open(path).map_err(|source| DataError::Read { path: path.to_owned(), source })?;
    let limit = UnpackedLimit::of_packed(file.metadata().ok().map(|metadata| metadata.len()));
    let file = BufReader::new(file);
    match is_gzip(path) {
        true => read_items(path, limit.reader(MultiGzDecoder::new(file)), Some(limit)),
        false => read_items(path, file, None),
    }
}

/// Reads items from a reader with a limit.
fn read_items(
    path: &Path,
    mut reader: impl Read,
    limit: Option<UnpackedLimit>,
) -> Result<Vec<Value>, DataError> {
    let mut head = [0; 4];
    let not_idx = || wrong(path, "is not an IDX file of bytes: it must begin with 0, 0, 8");
    fill(path, &mut reader, &mut head)?;
    let [0, 0, 8, dimensions] = head else { return Err(not_idx()) };
    if !matches!(dimensions, 1 | 3 | 4) {
        let reason = format!(
            "has {dimensions} dimensions; labels have 1, grey pictures 3, and colour pictures 4, the last being 3"
        );
        return Err(wrong(path, &reason));
    }
    let mut sizes = Vec::with_capacity(usize::from(dimensions));
    for _ in 0..dimensions {
        let mut size = [0; 4];
        fill(path, &mut reader, &mut size)?;
        sizes.push(u32::from_be_bytes(size) as usize);
    }
    let shape = Shape::of(path, &sizes)?;
    let Some(total) = shape.item.checked_mul(shape.items) else {
        return Err(wrong(path, &format!("its sizes {sizes:?} are larger than any file")));
    };
    if let Some(limit) = limit.filter(|limit| total as u64 > limit.bytes()) {
        let reason = format!("its sizes {sizes:?} ask for {} bytes: {}", grouped(total), limit.reason());
        return Err(wrong(path, &reason));
    }
    // Memory grows with the bytes that arrive, whatever the header promises.
    let mut bytes = Vec::new();
    let limit = (total as u64).saturating_add(1);
    reader.take(limit).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    if bytes.len() != total {
        let found = if bytes.len() > total { "more".to_owned() } else { grouped(bytes.len()) };
        let reason = format!("its sizes {sizes:?} ask for {} bytes, there are {found}", grouped(total));
        return Err(wrong(path, &reason));
    }
    bytes.chunks_exact(shape.item).map(|item| shape.value(path, item)).collect()
}

fn fill(path: &Path, reader: &mut impl Read, bytes: &mut [u8]) -> Result<(), DataError> {
    reader.read_exact(bytes).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof if !is_gzip(path) => wrong(path, "is cut off in its header"),
        _ => unreadable(path, error),
    })
}

/// Number and shape of the items.
struct Shape {
    items: usize,
    /// The bytes of an item.
    item: usize,
    /// Width, height and channels of a picture; `None` for labels.
    picture: Option<[usize; 3]>,
}

impl Shape {
    fn of(path: &Path, sizes: &[usize]) -> Result<Self, DataError> {
        let (items, picture) = match *sizes {
            [items] => (items, None),
            [items, height, width] => (items, Some([width, height, 1])),
            [items, height, width, 3] => (items, Some([width, height, 3])),
            _ => {
                return Err(wrong(
                    path,
                    &format!("its sizes are {sizes:?}; the last of four must be 3: colours"),
                ));
            }
        };
        if sizes.contains(&0) {
            return Err(wrong(path, &format!("has no items: its sizes are {sizes:?}")));
        }
        let item = picture.map_or(Some(1), |sides| {
            sides.iter().try_fold(1_usize, |product, side| product.checked_mul(*side))
        });
        let item =
            item.ok_or_else(|| wrong(path, &format!("its sizes {sizes:?} are larger than any file")))?;
        Ok(Self { items, item, picture })
    }

    fn value(&self, path: &Path, bytes: &[u8]) -> Result<Value, DataError> {
        match (self.picture, bytes) {
            (Some([width, height, channels]), _) => Image::new(width, height, channels, bytes)
                .map(Value::from)
                .ok_or_else(|| wrong(path, "has an item that is no picture")),
            (None, [label]) => Ok(Value::from(label.to_string())),
            (None, _) => Err(wrong(path, "has an item that is no label")),
        }
    }
}

fn is_gzip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::SplitFiles;

    use super::super::testing::{check, gzip};

    /// An IDX file of bytes.
    fn idx(sizes: &[u32], items: &[u8]) -> Vec<u8> {
        let head = [0, 0, 8, sizes.len() as u8];
        let sizes = sizes.iter().flat_map(|size| size.to_be_bytes());
        head.into_iter().chain(sizes).chain(items.iter().copied()).collect()
    }

    fn split(files: &[(&str, &str)]) -> SplitFiles {
        SplitFiles::Idx(files.iter().map(|(field, file)| ((*field).to_owned(), (*file).into())).collect())
    }

    #[test]
    fn one_file() {
        let wrong_type = [&[0, 0, 13, 1][..], &idx(&[1], &[0, 0, 0, 0])[4..]].concat();
        let cases: Vec<(Vec<u8>, &str)> = vec![
            (idx(&[3], &[7, 0, 255]), "x=7|0|255"),
            (idx(&[2, 1, 2], &[1, 2, 3, 4]), "x=[grey picture, 2 x 1]|[grey picture, 2 x 1]"),
            (idx(&[1, 1, 2, 3], &[0; 6]), "x=[colour picture, 2 x 1]"),
            (
                idx(&[1, 1, 2, 4], &[0; 8]),
                "f: its sizes are [1, 1, 2, 4]; the last of four must be 3: colours",
            ),
            (
                idx(&[1, 2], &[0; 2]),
                "f: has 2 dimensions; labels have 1, grey pictures 3, and colour pictures 4, the last being 3",
            ),
            (idx(&[0], &[]), "f: has no items: its sizes are [0]"),
            (idx(&[3], &[1, 2]), "f: its sizes [3] ask for 3 bytes, there are 2"),
            (idx(&[1], &[1, 2]), "f: its sizes [1] ask for 1 bytes, there are more"),
            (
                idx(&[u32::MAX, u32::MAX, u32::MAX], &[1]),
                "f: its sizes [4294967295, 4294967295, 4294967295] are larger than any file",
            ),
            (
                idx(&[u32::MAX, 1000, 1000], &[1]),
                "f: its sizes [4294967295, 1000, 1000] ask for 4,294,967,295,000,000 bytes, there are 1",
            ),
            (wrong_type, "f: is not an IDX file of bytes: it must begin with 0, 0, 8"),
            (b"\0\0\x08".to_vec(), "f: is cut off in its header"),
            (b"\0\0\x08\x01\0".to_vec(), "f: is cut off in its header"),
            (Vec::new(), "f: is cut off in its header"),
        ];
        for (bytes, expected) in &cases {
            check(&[("f", bytes)], &split(&[("x", "f")]), expected);
        }
        let whole = gzip(&idx(&[2], &[1, 2]));
        check(&[("f.gz", &whole)], &split(&[("x", "f.gz")]), "x=1|2");
        let bomb = gzip(&[&idx(&[1000, 1000, 1000], &[])[..], &[0; 9000]].concat());
        let expected = "f.gz: its sizes [1000, 1000, 1000] ask for 1,000,000,000 bytes: it unpacks to more than the \
                        67108864 bytes that are allowed for a packed file of its size: if it is meant to, unpack it with `gunzip` and name what comes out";
        check(&[("f.gz", &bomb)], &split(&[("x", "f.gz")]), expected);
        let cut_off = "f.gz: the gzip file is cut off; download or compress it again";
        for length in [0, 5, whole.len() - 3] {
            check(&[("f.gz", &whole[..length])], &split(&[("x", "f.gz")]), cut_off);
        }
    }

    #[test]
    fn two_files() {
        let split = split(&[("image", "i"), ("label", "l")]);
        let images = idx(&[2, 1, 1], &[1, 2]);
        let expected = "image=[grey picture, 1 x 1]|[grey picture, 1 x 1] label=5|6";
        check(&[("i", &images), ("l", &idx(&[2], &[5, 6]))], &split, expected);
        let expected = "l: has 1 items, but i has 2; item N of each must belong together";
        check(&[("i", &images), ("l", &idx(&[1], &[5]))], &split, expected);
    }
}
