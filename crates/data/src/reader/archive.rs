//! Archives whose members are shared by all samples that name them. Those of a tar that is not compressed stay on the disk
//! until they are asked for; all others are read into memory, once.
//!
//! Nothing is written to the disk, so that a read-only data root serves as well. Links and other special members are
//! passed over. The unpacked size is limited, as it is when an archive is unpacked to the disk.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use any2any_adapter::{Extent, File, UnpackedLimit};
use flate2::bufread::MultiGzDecoder;

use super::lines::wrong;
use super::packed;
use crate::DataError;
use crate::reach::Reach;
use crate::tarball::{self, Member};

/// The most members.
const MEMBERS: usize = 1_000_000;

/// Cache of the archives that have been read, by path, and the reach of the reader.
#[derive(Debug, Default)]
pub(crate) struct Archives {
    reach: Option<Reach>,
    known: Mutex<BTreeMap<PathBuf, Arc<Archive>>>,
}

/// The members of one archive.
#[derive(Debug)]
pub(crate) struct Archive {
    path: PathBuf,
    members: BTreeMap<String, File>,
}

impl Archives {
    /// An empty cache; only files of this reach may be read, or any files without one.
    pub(crate) fn within(reach: Option<Reach>) -> Self {
        Self { reach, ..Self::default() }
    }

    /// An empty cache of the same reach.
    pub(crate) fn without_contents(&self) -> Self {
        Self::within(self.reach.clone())
    }

    /// Refuses a file that may not be read.
    pub(super) fn require(&self, path: &Path) -> Result<(), DataError> {
        self.reach.as_ref().map_or(Ok(()), |reach| reach.require(path))
    }

    /// The archive at a path: `.tar`, `.tar.gz`, `.tgz`, `.tar.zst` or `.zip`.
    pub(super) fn open(&self, path: &Path) -> Result<Arc<Archive>, DataError> {
        self.require(path)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(archive) = known.get(path) {
            return Ok(archive.clone());
        }
        let archive = Arc::new(Archive::read(path)?);
        known.insert(path.to_owned(), archive.clone());
        Ok(archive)
    }
}

impl Archive {
    fn read(path: &Path) -> Result<Self, DataError> {
        let broken = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => wrong(path, "the archive is cut off; download or make it again"),
            _ => wrong(path, &format!("is not a sound archive ({error}); download or make it again")),
        };
        let file =
            fs::File::open(path).map_err(|source| DataError::Read { path: path.to_owned(), source })?;
        let metadata = file.metadata().map_err(broken)?;
        if metadata.is_dir() {
            return Err(wrong(path, "is a folder; name an archive, or `folder` instead of `archive`"));
        }
        let limit = UnpackedLimit::of_packed(Some(metadata.len())).bytes();
        let reader = BufReader::new(file);
        let mut content = Content { path, left: limit, length: metadata.len(), members: BTreeMap::new() };
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        // Headers and bytes between members are limited too.
        let stream = UnpackedLimit::of_bytes(limit.saturating_mul(2));
        if name.ends_with(".tar") {
            content.find_tar(reader).map_err(broken)?;
        } else if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
            content.read_tar(stream.reader(MultiGzDecoder::new(reader))).map_err(broken)?;
        } else if name.ends_with(".tar.zst") {
            content.read_tar(stream.reader(packed::decoder(reader).map_err(broken)?)).map_err(broken)?;
        } else if name.ends_with(".zip") {
            content.read_zip(reader).map_err(|error| broken(io::Error::from(error)))?;
        } else {
            return Err(wrong(path, "the name of an archive ends in .tar, .tar.gz, .tgz, .tar.zst or .zip"));
        }
        if content.members.is_empty() {
            return Err(wrong(path, "the archive has no file"));
        }
        Ok(Self { path: path.to_owned(), members: content.members })
    }

    /// The member of a name.
    pub(super) fn member(&self, name: &str) -> Result<&File, DataError> {
        self.members.get(name.trim_start_matches("./")).ok_or_else(|| {
            let nearest = self.members.range(name.to_owned()..).next().or(self.members.iter().next_back());
            let example = nearest.map(|(name, _)| name.as_str()).unwrap_or_default();
            let count = any2any_adapter::grouped(self.members.len());
            let reason = format!("no member is called '{name}'; it has {count} files, such as '{example}'");
            wrong(&self.path, &reason)
        })
    }

    /// All members by name, sorted.
    pub(super) fn members(&self) -> &BTreeMap<String, File> {
        &self.members
    }
}

/// The members read so far, and the rest of the limit.
struct Content<'a> {
    path: &'a Path,
    left: u64,
    /// The length of the archive, in bytes.
    length: u64,
    members: BTreeMap<String, File>,
}

impl Content<'_> {
    /// The members of a tar that is not compressed, which stay in it until they are asked for.
    fn find_tar(&mut self, reader: impl Read + Seek) -> io::Result<()> {
        tarball::each_by_place(reader, |Member { name, kind, size, content, .. }| {
            if !kind.is_file() && !kind.is_contiguous() {
                return Ok(());
            }
            let start = content.raw_file_position();
            if start.checked_add(size).is_none_or(|end| end > self.length) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let name = self.name(&name)?;
            let extent = Extent { container: self.path.to_owned(), start, length: size };
            self.members.insert(name.clone(), File::within(self.path.join(&name), extent));
            Ok(())
        })
    }

    fn read_tar(&mut self, reader: impl Read) -> io::Result<()> {
        tarball::each(reader, |Member { name, kind, size, mut content, .. }| {
            if kind.is_file() || kind.is_contiguous() { self.add(&name, size, &mut content) } else { Ok(()) }
        })
    }

    fn read_zip(&mut self, reader: impl Read + Seek) -> zip::result::ZipResult<()> {
        let mut archive = zip::ZipArchive::new(reader)?;
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index)?;
            if entry.is_file() {
                let (name, size) = (entry.name_raw().to_vec(), entry.size());
                self.add(&name, size, &mut entry)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, name: &[u8], size: u64, reader: &mut impl Read) -> io::Result<()> {
        let refused = |reason: String| io::Error::other(reason);
        let name = self.name(name)?;
        // One byte beyond the limit tells a member that ends there from a longer one.
        let mut bytes = Vec::new();
        reader.take(self.left.saturating_add(1)).read_to_end(&mut bytes)?;
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| {
            refused("its members are far larger than itself: unpack it and name its folder".to_owned())
        })?;
        if (bytes.len() as u64) < size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let file = File::in_memory(self.path.join(&name), bytes);
        self.members.insert(name, file);
        Ok(())
    }

    /// The name of one member more.
    fn name(&self, name: &[u8]) -> io::Result<String> {
        let refused = |reason: String| io::Error::other(reason);
        let name = std::str::from_utf8(name)
            .map_err(|_| refused(format!("a name is not UTF-8: '{}'", String::from_utf8_lossy(name))))?;
        if self.members.len() == MEMBERS {
            return Err(refused(format!(
                "it has more than {MEMBERS} members: unpack it and name its folder"
            )));
        }
        Ok(name.trim_start_matches("./").replace('\\', "/"))
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Archives made in memory.

    use std::io::Write;

    pub(crate) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, bytes) in members {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, *bytes).expect("memory");
        }
        builder.into_inner().expect("memory")
    }

    pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in members {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("memory");
            writer.write_all(bytes).expect("memory");
        }
        writer.finish().expect("memory").into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::super::packed::testing::zstd;
    use super::super::testing::gzip;
    use super::testing::{tar, zip};
    use super::*;

    fn open(name: &str, bytes: &[u8]) -> Result<Arc<Archive>, String> {
        open_in(&tempfile::tempdir().expect("a temporary folder"), name, bytes)
    }

    fn open_in(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> Result<Arc<Archive>, String> {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        let place = format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR);
        Archives::default().open(&path).map_err(|error| error.to_string().replace(&place, ""))
    }

    const MEMBERS: [(&str, &[u8]); 2] = [("a/one.wav", b"1"), ("./two.wav", b"22")];

    #[test]
    fn every_format_gives_the_same_members() {
        for (name, bytes) in [
            ("x.tar", tar(&MEMBERS)),
            ("x.TGZ", gzip(&tar(&MEMBERS))),
            ("x.tar.gz", gzip(&tar(&MEMBERS))),
            ("x.tar.zst", zstd(&tar(&MEMBERS))),
            ("x.zip", zip(&MEMBERS)),
        ] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let archive = open_in(&folder, name, &bytes).expect("sound");
            assert_eq!(archive.members().keys().collect::<Vec<_>>(), ["a/one.wav", "two.wav"], "{name}");
            assert_eq!(*archive.member("./two.wav").expect("there").bytes().expect("readable"), *b"22");
            let error = archive.member("a/tow.wav").expect_err("not there").to_string();
            assert!(error.ends_with("'a/tow.wav'; it has 2 files, such as 'two.wav'"), "{error}");
        }
    }

    #[test]
    fn an_archive_is_read_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("x.tar");
        fs::write(&path, tar(&MEMBERS)).expect("written");
        let archives = Archives::default();
        let first = archives.open(&path).expect("sound");
        fs::remove_file(&path).expect("removed");
        let again = archives.open(&path).expect("still known");
        assert!(first.member("two.wav").expect("there").same_file(again.member("two.wav").expect("there")));
    }

    #[test]
    fn broken_archives_are_errors() {
        let cases: [(&str, &[u8], &str); 5] = [
            ("x.rar", b"Rar!", "x.rar: the name of an archive ends in .tar, .tar.gz, .tgz, .tar.zst or .zip"),
            ("x.zip", b"not a zip", "x.zip: is not a sound archive"),
            ("x.tar.gz", b"not gzip at all", "x.tar.gz: is not a sound archive"),
            ("x.tar", b"", "x.tar: the archive has no file"),
            ("x.tar", &[7; 1024], "x.tar: is not a sound archive"),
        ];
        for (name, bytes, expected) in cases {
            let error = open(name, bytes).expect_err("broken");
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn no_cut_or_flipped_byte_is_fatal() {
        for (name, whole) in [
            ("x.tar", tar(&MEMBERS)),
            ("x.tar.gz", gzip(&tar(&MEMBERS))),
            ("x.tar.zst", zstd(&tar(&MEMBERS))),
            ("x.zip", zip(&MEMBERS)),
        ] {
            for length in (0..whole.len()).step_by(7) {
                // A tar without its end mark is whole all the same: only that it returns is asked for.
                let _ = open(name, &whole[..length]);
                let mut flipped = whole.clone();
                flipped[length] ^= 0xff;
                let _ = open(name, &flipped);
            }
            let cut = if name == "x.tar" { 512 } else { whole.len() / 2 };
            assert!(open(name, &whole[..cut]).is_err(), "{name}");
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let huge = vec![0; 100 << 20];
        for (name, pack) in [("x.tar.gz", gzip as fn(&[u8]) -> Vec<u8>), ("x.tar.zst", zstd)] {
            let error = open(name, &pack(&tar(&[("zeros", &huge)]))).expect_err("a bomb");
            assert!(error.contains("far larger than itself"), "{error}");
        }
    }
}
