//! Cache of the last decoded files: the cells of a sheet, or the items of an archive, come one after the other, and
//! decoding the file for each of them would take hours.
//!
//! The sides of an experiment keep one for all: nothing but time depends on it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use any2any_adapter::File;

use crate::decoded::Decoded;
use crate::error::ImageError;

/// Largest number of cached files.
const FILES: usize = 8;
/// Largest number of cached bytes of pixels, the newest file aside.
const BYTES: usize = 1 << 28;

type Slot = Arc<OnceLock<Result<Decoded, ImageError>>>;

pub(crate) struct Entry {
    file: File,
    /// Length and modification time of a file on the disk: one that was written anew is read anew.
    version: Option<(u64, Option<SystemTime>)>,
    slot: Slot,
}

/// Cache of the last decoded files.
#[derive(Default)]
pub(crate) struct Cache(Mutex<VecDeque<Entry>>);

impl Cache {
    /// The decoded contents of a file, cached if the file has parts.
    pub(crate) fn decoded(&self, file: &File) -> Result<Decoded, ImageError> {
        // A file without parts is asked for once.
        if file.part().is_none() {
            return decode(file);
        }
        let slot = self.slot(file);
        // Threads that ask for the same file wait for one of them to decode it; others go on.
        let decoded = slot.get_or_init(|| decode(file)).clone();
        self.shrink();
        decoded
    }

    /// The cache entry of a file, which becomes the newest.
    fn slot(&self, file: &File) -> Slot {
        let version = file.on_the_disk().and_then(|path| std::fs::metadata(path).ok());
        let version = version.map(|data| (data.len(), data.modified().ok()));
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = cache.iter().position(|entry| entry.version == version && entry.file.same_file(file));
        let entry = known.and_then(|place| cache.remove(place));
        let entry = entry.unwrap_or_else(|| Entry { file: file.clone(), version, slot: Slot::default() });
        let slot = entry.slot.clone();
        cache.push_front(entry);
        slot
    }

    /// Evicts the oldest files when the cache is full.
    fn shrink(&self) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = 0;
        let mut keep = 0;
        for entry in cache.iter() {
            bytes += match entry.slot.get() {
                Some(Ok(decoded)) => decoded.size(),
                _ => 0,
            };
            if keep > 0 && (keep == FILES || bytes > BYTES) {
                break;
            }
            keep += 1;
        }
        cache.truncate(keep);
    }
}

/// The decoded contents of a file.
pub(crate) fn decode(file: &File) -> Result<Decoded, ImageError> {
    let bytes = file.bytes().map_err(|error| ImageError::Unreadable { reason: error.to_string() })?;
    Decoded::new(&bytes)
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Part;

    use super::*;

    fn archive(pixel: u8) -> Vec<u8> {
        vec![0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, pixel]
    }

    fn pixel(cache: &Cache, file: &File) -> u8 {
        let (pixels, _) = cache.decoded(file).and_then(|all| all.part(file.part())).expect("one picture");
        pixels.values[0]
    }

    #[test]
    fn many_files_in_turn_keep_their_own_pixels() {
        let files: Vec<File> = (0..2 * FILES as u8)
            .map(|number| File::in_memory("same/name", archive(number)).part_of(Part::Item(0)))
            .collect();
        let cache = Cache::default();
        for round in 0..3 {
            for (number, file) in files.iter().enumerate() {
                assert_eq!(usize::from(pixel(&cache, file)), number, "round {round}");
            }
        }
        assert!(cache.0.lock().expect("no panic before").len() <= FILES + 2);
    }

    #[test]
    fn a_file_that_changed_is_read_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.idx");
        std::fs::write(&path, archive(1)).expect("written");
        let cache = Cache::default();
        let file = File::on_disk(&path).part_of(Part::Item(0));
        assert_eq!(pixel(&cache, &file), 1);
        let mut longer = archive(7);
        longer[7] = 2;
        longer.push(8);
        std::fs::write(&path, longer).expect("written");
        assert_eq!(pixel(&cache, &file), 7);
    }
}
