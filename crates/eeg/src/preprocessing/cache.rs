//! Cache of the last prepared recordings.
//!
//! A dataset has many events in one recording, and each is opened by itself: without this, every one of them
//! would read and filter the whole recording again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use any2any_adapter::{File, Part};

use crate::error::EegError;
use crate::files::Recording;
use crate::options::{EegOptions, Filter, Reference, Standardize};
use crate::preprocessing::recording::{Prepared, channels, prepare, wanted};

/// Least number of recordings in the cache, however large: one for each of a few threads.
const LEAST: usize = 4;

/// Bytes of samples above which only the least number is cached. Events that are joined come from the recordings of a
/// subject in any order, and are as many as the series are long.
const MOST: usize = 256 << 20;

type Slot = Arc<OnceLock<Result<Arc<Prepared>, EegError>>>;

/// Key of a prepared recording: the file and the options of its preparation.
pub(crate) struct Key {
    file: File,
    /// The array of a file that has several.
    item: Option<usize>,
    /// The length and the modification time of a file on the disk: one that was written anew is read anew.
    state: Option<(u64, Option<SystemTime>)>,
    steps: Steps,
}

/// The options of the steps before an epoch is cut.
#[derive(PartialEq)]
struct Steps {
    rate: Option<f64>,
    channels: Option<Vec<String>>,
    reference: Reference,
    filter: Option<Filter>,
    resample: Option<f64>,
    standardize: Standardize,
}

impl Key {
    fn new(options: &EegOptions, file: &File) -> Self {
        let metadata = file.on_the_disk().and_then(|path| std::fs::metadata(path).ok());
        let item = match file.part() {
            Some(Part::Item(number)) => Some(number),
            _ => None,
        };
        Self {
            file: file.clone(),
            item,
            state: metadata.map(|metadata| (metadata.len(), metadata.modified().ok())),
            steps: Steps {
                rate: options.rate,
                channels: options.channels.clone(),
                reference: options.reference.clone(),
                filter: options.filter.clone(),
                resample: options.resample,
                standardize: options.standardize.clone(),
            },
        }
    }

    fn is(&self, other: &Self) -> bool {
        self.file.same_file(&other.file)
            && self.item == other.item
            && self.state == other.state
            && self.steps == other.steps
    }
}

/// Cache of the last prepared recordings, which the sides of an experiment keep together.
#[derive(Default)]
pub(crate) struct Cache(Mutex<VecDeque<(Key, Slot)>>);

impl Cache {
    /// A file's recording, prepared, from the cache or anew.
    pub(crate) fn prepared(&self, options: &EegOptions, file: &File) -> Result<Arc<Prepared>, EegError> {
        let slot = self.slot(Key::new(options, file));
        // Outside the lock: another file can be read meanwhile, and a thread that needs the same file waits for it.
        slot.get_or_init(|| {
            let channels = channels(options);
            let recording = Recording::read(file, wanted(options, &channels))?;
            prepare(options, recording, &file.path().display().to_string()).map(Arc::new)
        })
        .clone()
    }

    fn slot(&self, key: Key) -> Slot {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = cache.iter().position(|(known, _)| known.is(&key));
        let entry = match found.and_then(|number| cache.remove(number)) {
            Some(entry) => entry,
            None => (key, Slot::default()),
        };
        let slot = entry.1.clone();
        cache.push_front(entry);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let kept = kept(cache.iter().map(|(_, slot)| bytes(slot)), LEAST.max(2 * threads), MOST);
        cache.truncate(kept);
        slot
    }
}

/// The size of a recording; one that is not read yet has none.
fn bytes(slot: &Slot) -> usize {
    let of = |samples: &[Vec<f32>]| samples.iter().map(Vec::len).sum::<usize>() * size_of::<f32>();
    match slot.get() {
        Some(Ok(prepared)) => {
            of(&prepared.recording.samples) + prepared.standardized.as_deref().map_or(0, of)
        }
        _ => 0,
    }
}

/// Number of the newest entries that fit into `most` bytes, but at least `least`.
fn kept(sizes: impl Iterator<Item = usize>, least: usize, most: usize) -> usize {
    let sums = sizes.scan(0_usize, |sum, size| {
        *sum = sum.saturating_add(size);
        Some(*sum)
    });
    sums.take_while(|&sum| sum <= most).count().max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_recordings_are_kept_and_of_large_ones_the_least() {
        let cases: [(&[usize], usize); 4] =
            [(&[10; 8], 8), (&[10; 12], 10), (&[90, 20, 1, 1, 1], 2), (&[usize::MAX, usize::MAX], 2)];
        for (sizes, expected) in cases {
            assert_eq!(kept(sizes.iter().copied(), 2, 100), expected, "{sizes:?}");
        }
    }

    #[test]
    fn events_of_one_recording_share_what_was_read() {
        let options = |filter: &str| -> EegOptions {
            let json = format!(r#"{{ "field": "eeg", "rate": 100, "filter": {filter} }}"#);
            serde_json::from_str(&json).expect("options")
        };
        let table = "Oz\n".to_owned() + &"1\n2\n4\n".repeat(40);
        let file = File::in_memory("events.csv", table.clone().into_bytes());
        let cache = Cache::default();
        let read = |options: &EegOptions, file: &File| cache.prepared(options, file).expect("a recording");
        let plain = options("null");
        let first = read(&plain, &file.part_of(Part::Sample(3)));
        let again = read(&plain, &file.part_of(Part::Second(0.5)));
        assert!(Arc::ptr_eq(&first, &again), "another event of the same file");
        let filtered = read(&options(r#"{ "low": 1 }"#), &file);
        assert!(!Arc::ptr_eq(&first, &filtered), "another filter");
        let twin = File::in_memory("events.csv", table.into_bytes());
        assert!(!Arc::ptr_eq(&first, &read(&plain, &twin)), "another file of the same name");
    }
}
