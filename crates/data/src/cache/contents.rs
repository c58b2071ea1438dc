//! Contents of files, as digests that are remembered: a file that has neither been written nor moved since is not read
//! again.

use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::Cache;
use crate::DataError;
use crate::download::digest;

/// How long ago a file must have been written for its digest to be remembered: clocks of file systems are coarse, so a
/// later change may leave the time as it is.
const SETTLED: Duration = Duration::from_secs(3);

/// Digests of the contents of files, remembered in a cache.
#[derive(Debug)]
pub struct Contents<'a> {
    cache: &'a Cache,
}

/// What is remembered of a file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    path: String,
    size: u64,
    /// Seconds and nanoseconds since 1970.
    written: (u64, u32),
    /// Of the file's place in its file system, and of the last change of that; zeros where there is none.
    place: [i64; 4],
    sha256: String,
}

impl Cache {
    /// Digests of files, remembered here.
    pub fn contents(&self) -> Contents<'_> {
        Contents { cache: self }
    }
}

impl Contents<'_> {
    /// The SHA-256 of a file, in hexadecimal. A file that is as it was when its digest was remembered is not read.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or the cache cannot be written.
    pub fn of(&self, path: &Path) -> Result<String, DataError> {
        let read = |source| DataError::Read { path: path.to_owned(), source };
        let whole = std::fs::canonicalize(path).map_err(read)?;
        let data = std::fs::metadata(&whole).map_err(read)?;
        let written = data.modified().ok();
        let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let mut remembered = Remembered {
            path: whole.display().to_string(),
            size: data.len(),
            written: written.map(since).map_or((0, 0), |time| (time.as_secs(), time.subsec_nanos())),
            place: place(&data),
            sha256: String::new(),
        };
        let folder = self.cache.folder.join("contents");
        let known = folder.join(digest::of_bytes(remembered.path.as_bytes()));
        let before = std::fs::read(&known).ok();
        let before: Option<Remembered> = before.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(before) = before {
            remembered.sha256.clone_from(&before.sha256);
            if before == remembered {
                return Ok(before.sha256);
            }
        }
        remembered.sha256 = digest::of_file(&whole)?;
        let settled = written.is_some_and(|time| time.elapsed().is_ok_and(|age| age > SETTLED));
        if settled {
            let write = |source| DataError::Write { path: known.clone(), source };
            std::fs::create_dir_all(&folder).map_err(write)?;
            // Under a name of this process and file, since others may remember the same one at the same time.
            let unfinished = known.with_extension(format!("unfinished-{}", std::process::id()));
            let bytes = serde_json::to_vec(&remembered).unwrap_or_default();
            std::fs::write(&unfinished, bytes).map_err(write)?;
            std::fs::rename(&unfinished, &known).map_err(write)?;
        }
        Ok(remembered.sha256)
    }
}

#[cfg(unix)]
fn place(data: &std::fs::Metadata) -> [i64; 4] {
    use std::os::unix::fs::MetadataExt;
    [data.dev() as i64, data.ino() as i64, data.ctime(), data.ctime_nsec()]
}

#[cfg(not(unix))]
fn place(_data: &std::fs::Metadata) -> [i64; 4] {
    [0; 4]
}

#[cfg(test)]
mod tests {
    use std::fs::{File, FileTimes};

    use super::*;

    #[test]
    fn a_file_is_read_again_when_it_may_have_changed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::at(folder.path().join("cache"));
        let path = folder.path().join("text");
        let long_ago = SystemTime::now() - Duration::from_secs(60);
        let write = |text: &str| {
            std::fs::write(&path, text).expect("written");
            let file = File::options().write(true).open(&path).expect("a file");
            file.set_times(FileTimes::new().set_modified(long_ago)).expect("another time");
        };
        write("abc");
        let first = cache.contents().of(&path).expect("read");
        assert_eq!(first, digest::of_bytes(b"abc"));
        assert_eq!(cache.contents().of(&path).expect("remembered"), first);
        // Of the same length, and with the time of the other one.
        write("abd");
        assert_eq!(cache.contents().of(&path).expect("read"), digest::of_bytes(b"abd"));
        std::fs::remove_file(&path).expect("removed");
        let error = cache.contents().of(&path).expect_err("no file").to_string();
        assert!(error.contains("cannot read"), "{error}");
    }

    #[test]
    fn what_is_remembered_is_used() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::at(folder.path().join("cache"));
        let path = folder.path().join("text");
        std::fs::write(&path, "abc").expect("written");
        let file = File::options().write(true).open(&path).expect("a file");
        let long_ago = SystemTime::now() - Duration::from_secs(60);
        file.set_times(FileTimes::new().set_modified(long_ago)).expect("another time");
        cache.contents().of(&path).expect("read");
        let known = std::fs::read_dir(cache.folder().join("contents")).expect("remembered").next();
        let known = known.expect("one").expect("one").path();
        let told = std::fs::read_to_string(&known).expect("text");
        let digest = digest::of_bytes(b"abc");
        std::fs::write(&known, told.replace(&digest, "of another")).expect("written");
        assert_eq!(cache.contents().of(&path).expect("remembered"), "of another");
    }
}
