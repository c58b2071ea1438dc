//! Records on the disk, of which the lengths and few places are held in memory.
//!
//! A record is its CRC-32C, its length in bytes (both 32 bits, little-endian), and its bytes. Beside the file of records
//! stand the lengths of the samples (two numbers of 32 bits each) and the place of every [`BLOCK`]th record. Records are
//! read where they stand rather than mapped into memory: what a process holds stays a batch, and a file that somebody
//! cuts is an error rather than a signal.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::entry::Entry;
use crate::DataError;
use crate::batching::Lengths;

pub(super) const RECORDS: &str = "records.bin";
pub(super) const LENGTHS: &str = "lengths.bin";
pub(super) const OFFSETS: &str = "offsets.bin";

/// The number of records from one known place to the next.
pub(super) const BLOCK: usize = 16;

/// Records of a whole entry.
#[derive(Debug)]
pub struct Records {
    path: PathBuf,
    file: File,
    lengths: Vec<Lengths>,
    offsets: Vec<u64>,
    bytes: u64,
    description: Json,
}

impl Records {
    /// The records of an entry; none where there is no whole one, or its index is damaged.
    ///
    /// # Errors
    ///
    /// When the entry cannot be read.
    pub fn open(entry: &Entry) -> Result<Option<Self>, DataError> {
        let Some(mut description) = entry.description() else { return Ok(None) };
        let number = |pointer: &str| description.pointer(pointer).and_then(Json::as_u64);
        let (Some(count), Some(bytes)) = (number("/records"), number("/bytes")) else { return Ok(None) };
        let index = |name: &str, pointer: &str, values: usize| -> Result<Option<Vec<u8>>, DataError> {
            let path = entry.folder().join(name);
            let found = match std::fs::read(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                found => found.map_err(|source| DataError::Read { path, source })?,
            };
            let sound = found.len() == values && Some(u64::from(crc32c::crc32c(&found))) == number(pointer);
            Ok(sound.then_some(found))
        };
        let count = count as usize;
        let lengths = index(LENGTHS, "/checksums/lengths", 8 * count)?;
        let offsets = index(OFFSETS, "/checksums/offsets", 8 * count.div_ceil(BLOCK))?;
        let (Some(lengths), Some(offsets)) = (lengths, offsets) else { return Ok(None) };
        let path = entry.folder().join(RECORDS);
        let file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|source| DataError::Read { path: path.clone(), source })?,
        };
        let size = file.metadata().map_err(|source| DataError::Read { path: path.clone(), source })?.len();
        if size != bytes {
            return Ok(None);
        }
        let (lengths, _) = lengths.as_chunks::<8>();
        let lengths = lengths.iter().map(|&[a, b, c, d, e, f, g, h]| Lengths {
            source: u32::from_le_bytes([a, b, c, d]),
            target: u32::from_le_bytes([e, f, g, h]),
        });
        let (offsets, _) = offsets.as_chunks::<8>();
        Ok(Some(Self {
            path,
            file,
            lengths: lengths.collect(),
            offsets: offsets.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect(),
            bytes,
            description: description.get_mut("of").map(Json::take).unwrap_or_default(),
        }))
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// The lengths of every sample.
    pub fn lengths(&self) -> &[Lengths] {
        &self.lengths
    }

    /// The description that the writer gave the entry.
    pub fn description(&self) -> &Json {
        &self.description
    }

    /// The file of the records.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of a record.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is no longer what was written.
    ///
    /// # Panics
    ///
    /// When there is no record of this number.
    pub fn read(&self, number: usize) -> Result<Vec<u8>, DataError> {
        let block = number / BLOCK;
        let start = self.offsets[block];
        let end = self.offsets.get(block + 1).copied().unwrap_or(self.bytes);
        let mut bytes = vec![0; end.saturating_sub(start) as usize];
        read_at(&self.file, &mut bytes, start)
            .map_err(|source| DataError::Read { path: self.path.clone(), source })?;
        let mut rest = &bytes[..];
        let mut skipped = number % BLOCK;
        loop {
            let (checksum, length, record) = split(rest).ok_or_else(|| self.damaged(number))?;
            if skipped > 0 {
                rest = &record[length..];
                skipped -= 1;
                continue;
            }
            let record = &record[..length];
            return match crc32c::crc32c(record) == checksum {
                true => Ok(record.to_vec()),
                false => Err(self.damaged(number)),
            };
        }
    }

    /// The error of a record that cannot be what was written.
    pub fn damaged(&self, number: usize) -> DataError {
        DataError::Damaged { path: self.path.clone(), sample: number + 1 }
    }
}

/// The checksum and the length of the first record, and the bytes behind its head, which are at least as many.
fn split(bytes: &[u8]) -> Option<(u32, usize, &[u8])> {
    let (checksum, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    (rest.len() >= length).then_some((u32::from_le_bytes(*checksum), length, rest))
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], place: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, place)
}

#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8], place: u64) -> std::io::Result<()> {
    let mut read = 0;
    while read < bytes.len() {
        match std::os::windows::fs::FileExt::seek_read(file, &mut bytes[read..], place + read as u64)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            more => read += more,
        }
    }
    Ok(())
}

/// The CRC-32C of a file.
pub(super) fn checksum_of(path: &Path) -> Result<u32, DataError> {
    let bytes = std::fs::read(path).map_err(|source| DataError::Read { path: path.to_owned(), source })?;
    Ok(crc32c::crc32c(&bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Cache, Key, Writer};
    use super::*;

    const COUNT: usize = 100;

    fn record(number: usize) -> Vec<u8> {
        (0..number % 7).map(|byte| (byte * number) as u8).collect()
    }

    fn lengths(number: usize) -> Lengths {
        Lengths::new(number, 2 * number)
    }

    fn write(entry: &Entry, stop: Option<usize>) -> Option<Records> {
        let lock = entry.lock(|| panic!("nobody else is there")).expect("a lock");
        let (mut writer, state) = Writer::resume(entry.clone(), lock).expect("writable");
        let done = state.as_u64().unwrap_or(0) as usize;
        assert_eq!(writer.len(), done);
        for number in done..COUNT {
            if Some(number) == stop {
                return None;
            }
            writer.append(&record(number), lengths(number)).expect("written");
            if number % 10 == 9 {
                writer.commit(&json!(number + 1)).expect("written");
            }
        }
        Some(writer.finish(json!({ "of": "a test" })).expect("finished"))
    }

    fn check(records: &Records) {
        assert_eq!(records.len(), COUNT);
        assert_eq!(records.description(), &json!({ "of": "a test" }));
        for number in (0..COUNT).rev() {
            assert_eq!(records.read(number).expect("sound"), record(number));
            assert_eq!(records.lengths()[number], lengths(number));
        }
    }

    fn entry(folder: &Path) -> Entry {
        Cache::at(folder).entry("samples", &Key::of(&json!("test")))
    }

    #[test]
    fn what_was_written_is_read_and_goes_on_where_it_stopped() {
        for stops in [&[][..], &[0], &[9, 10, 11], &[55], &[95, 99]] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let entry = entry(folder.path());
            for &stop in stops {
                assert!(write(&entry, Some(stop)).is_none());
                assert!(Records::open(&entry).expect("readable").is_none(), "it is not whole");
            }
            check(&write(&entry, None).expect("finished"));
            check(&Records::open(&entry).expect("readable").expect("whole"));
            let held = Cache::at(folder.path()).held().expect("readable");
            assert_eq!((held.len(), held[0].kind.as_str()), (1, "samples"));
            assert!(held[0].bytes > 0);
            assert_eq!(Cache::at(folder.path()).clear().expect("removed"), held[0].bytes);
            assert!(Records::open(&entry).expect("readable").is_none());
        }
    }

    #[test]
    fn a_torn_journal_is_read_to_its_last_whole_line() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let entry = entry(folder.path());
        write(&entry, Some(57));
        let journal = entry.unfinished().join("journal.jsonl");
        let text = std::fs::read_to_string(&journal).expect("a journal");
        std::fs::write(&journal, &text[..text.len() - 9]).expect("written");
        check(&write(&entry, None).expect("finished"));
    }

    #[test]
    fn every_bit_that_is_not_what_was_written_is_found() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let entry = entry(folder.path());
        write(&entry, None);
        for name in [LENGTHS, OFFSETS] {
            let path = entry.folder().join(name);
            let sound = std::fs::read(&path).expect("readable");
            let mut damaged = sound.clone();
            damaged[5] ^= 0x10;
            for damaged in [&damaged, &sound[1..].to_vec()] {
                std::fs::write(&path, damaged).expect("written");
                assert!(Records::open(&entry).expect("readable").is_none(), "{name}");
            }
            std::fs::write(&path, &sound).expect("written");
        }
        let path = entry.folder().join(RECORDS);
        let sound = std::fs::read(&path).expect("readable");
        for place in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[place] ^= 0x04;
            std::fs::write(&path, &damaged).expect("written");
            let records = Records::open(&entry).expect("readable").expect("its index is sound");
            let wrong = (0..COUNT).filter(|&number| match records.read(number) {
                Ok(found) => {
                    assert_eq!(found, record(number), "byte {place}");
                    false
                }
                Err(error) => {
                    assert!(error.to_string().contains("is not what was written"), "{error}");
                    true
                }
            });
            assert!(wrong.count() >= 1, "byte {place}");
        }
        std::fs::write(&path, &sound[..sound.len() - 1]).expect("written");
        assert!(Records::open(&entry).expect("readable").is_none());
    }
}
