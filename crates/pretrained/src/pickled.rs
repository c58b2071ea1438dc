//! PyTorch's `pytorch_model.bin`: a ZIP archive of a pickle, which says what the tensors are, and of their storages.
//!
//! A pickle is a program for a stack machine that may call anything (Python's `pickletools` describes it). Ours knows the
//! few instructions that `torch.save` writes for a dictionary of tensors, and three functions, none of which it calls: it
//! notes what they would make. Whatever else a file asks for is refused by its name.
//!
//! A pickle has at most 16 MiB and makes at most a million values; offsets and strides of tensors are compared with their
//! storages, and storages with the file, before anything is allocated for them.

mod machine;
mod node;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use crate::error::PretrainedError;
use crate::safetensors::Place;

use node::{Node, Nodes, Refusal};

/// The most members of an archive: one a storage, many times those of any model.
const MEMBERS: usize = 100_000;

/// The most bytes of a pickle; ten thousand tensors take two million.
const PICKLE: u64 = 16 << 20;

/// How many times the bytes of a file its tensors may have together; models share a table between four names at most.
const SHARING: u64 = 16;

/// What files of PyTorch before 1.6 begin with: the number that marks them, as a pickle.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

/// The places of the tensors of a file.
pub(crate) fn places(path: &Path, file: &File) -> Result<BTreeMap<String, Place>, PretrainedError> {
    refuse_others(path, file)?;
    let length = file.metadata().map_err(PretrainedError::read(path))?.len();
    let archive = Archive::open(path, file, length)?;
    let refused = |refusal: Refusal| refusal.of(path);
    let nodes = machine::run(&archive.pickle).map_err(refused)?;
    let entries = nodes.entries().map_err(refused)?;
    if entries.len() > MEMBERS {
        return Err(PretrainedError::damaged(path, format!("it claims to have {} tensors", entries.len())));
    }
    let (mut places, mut total) = (BTreeMap::new(), 0_u64);
    for &(key, value) in entries {
        let (name, place) = place(&nodes, [key, value], &archive.storages).map_err(refused)?;
        total = total.saturating_add(place.bytes as u64);
        if total > length.saturating_mul(SHARING) {
            let reason = format!("its tensors have more than {SHARING} times the bytes of the file together");
            return Err(PretrainedError::damaged(path, reason));
        }
        if places.insert(name.to_owned(), place).is_some() {
            return Err(PretrainedError::damaged(path, format!("it has the tensor {name} twice")));
        }
    }
    Ok(places)
}

/// Refuses files that are no archives, those of early versions with the line that converts them.
fn refuse_others(path: &Path, mut file: &File) -> Result<(), PretrainedError> {
    let mut head = Vec::new();
    file.take(LEGACY.len() as u64).read_to_end(&mut head).map_err(PretrainedError::read(path))?;
    file.seek(SeekFrom::Start(0)).map_err(PretrainedError::read(path))?;
    match &head[..] {
        [b'P', b'K', 3, 4, ..] => Ok(()),
        LEGACY => Err(Refusal::Unread("was written by a PyTorch before 1.6".to_owned()).of(path)),
        _ => Err(PretrainedError::damaged(path, "it is no file of PyTorch, which is a ZIP archive")),
    }
}

/// The members of an archive that count.
struct Archive {
    pickle: Vec<u8>,
    /// The bytes of the file that each storage takes, by its key.
    storages: BTreeMap<String, Range<u64>>,
}

impl Archive {
    fn open(path: &Path, file: &File, length: u64) -> Result<Self, PretrainedError> {
        let damaged = |reason: String| PretrainedError::damaged(path, reason);
        let broken = |error: zip::result::ZipError| damaged(error.to_string());
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
        if archive.len() > MEMBERS {
            return Err(damaged(format!("it claims to have {} members", archive.len())));
        }
        let (mut members, mut folders) = (BTreeMap::new(), Vec::new());
        for index in 0..archive.len() {
            let member = archive.by_index_raw(index).map_err(broken)?;
            let name = member.name().to_owned();
            if member.compression() != CompressionMethod::Stored {
                return Err(damaged(format!("its member {name} is compressed, and PyTorch compresses none")));
            }
            let end = member.data_start().checked_add(member.size()).filter(|&end| end <= length);
            let end = end.ok_or_else(|| damaged(format!("it ends before its member {name}")))?;
            if let Some(folder) = name.strip_suffix("/data.pkl") {
                folders.push(format!("{folder}/"));
            }
            members.insert(name, member.data_start()..end);
        }
        let [folder] = &folders[..] else {
            return Err(damaged(format!("it has {} members data.pkl, where one belongs", folders.len())));
        };
        let mut text = |name: &str, most: u64| -> Result<Vec<u8>, PretrainedError> {
            // Read by the library, which compares the checksum.
            let member = archive.by_name(&format!("{folder}{name}")).map_err(broken)?;
            if member.size() > most {
                return Err(damaged(format!("its {name} has {} bytes", member.size())));
            }
            let mut bytes = Vec::new();
            member.take(most).read_to_end(&mut bytes).map_err(PretrainedError::read(path))?;
            Ok(bytes)
        };
        let pickle = text("data.pkl", PICKLE)?;
        // Files before PyTorch 2.1 do not say it, and are of little-endian machines.
        if members.contains_key(&format!("{folder}byteorder")) && text("byteorder", 64)? != b"little" {
            return Err(Refusal::Unread("was written on a big-endian machine".to_owned()).of(path));
        }
        let storages = members.into_iter().filter_map(|(name, range)| {
            let key = name.strip_prefix(folder.as_str())?.strip_prefix("data/")?;
            Some((key.to_owned(), range))
        });
        Ok(Self { pickle, storages: storages.collect() })
    }
}

/// The name of a tensor and the place of its values.
fn place<'a>(
    nodes: &Nodes<'a>,
    [key, value]: [u32; 2],
    storages: &BTreeMap<String, Range<u64>>,
) -> Result<(&'a str, Place), Refusal> {
    let Node::Text(name) = *nodes.get(key) else {
        return Err(Refusal::Unread("has an entry whose name is no text".to_owned()));
    };
    let Node::Tensor { storage, offset, shape, strides } = *nodes.get(value) else {
        return Err(Refusal::Unread(format!("has an entry `{name}` that is no tensor")));
    };
    let damaged = |reason: String| Refusal::Damaged(format!("its tensor {name} {reason}"));
    let Node::Storage { kind, key, count } = *nodes.get(storage) else {
        return Err(damaged("has no storage".to_owned()));
    };
    let range = nodes.text(key).and_then(|key| storages.get(key));
    let range = range.ok_or_else(|| damaged("is in a storage that is not there".to_owned()))?;
    let width = kind.width as u64;
    let has = range.end - range.start;
    if count.checked_mul(width) != Some(has) {
        return Err(damaged(format!("is in a storage of {has} bytes that claims {count} {}s", kind.dtype)));
    }
    let sizes = |id, what| nodes.sizes(id).ok_or_else(|| damaged(format!("has {what} that are no sizes")));
    let (shape, strides) = (sizes(shape, "dimensions")?, sizes(strides, "strides")?);
    let view = view::View::of(&shape, &strides, offset, count).map_err(|problem| match problem {
        view::Problem::Beyond => damaged(format!(
            "of {shape:?} with strides {strides:?} at {offset} reaches beyond the {count} values of its storage"
        )),
        view::Problem::Repeats => Refusal::Unread(format!(
            "has a tensor {name} that repeats values of its storage (dimensions {shape:?}, strides {strides:?})"
        )),
    })?;
    let place = Place {
        file: 0,
        values: kind.values(),
        shape,
        start: range.start + offset * width,
        bytes: view.span * kind.width,
        strides: (!view.row_major).then_some(strides),
    };
    Ok((name, place))
}
