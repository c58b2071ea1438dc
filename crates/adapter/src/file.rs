//! Files that are not decoded yet, and parts of them.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of a dataset, a member of an archive, or a part of either. Cloning shares the bytes.
///
/// Data passes it on as it is; the medium of the field decodes it.
///
/// ```
/// use any2any_adapter::File;
///
/// let melody = File::in_memory("melodies/lullaby.Notes", b"c e g".to_vec());
/// assert_eq!(melody.extension(), "notes");
/// assert_eq!(*melody.bytes()?, *b"c e g");
/// // A file on the disk is read when its bytes are asked for.
/// let missing = File::on_disk("melodies/missing.notes");
/// assert!(missing.bytes().is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    path: PathBuf,
    place: Place,
    part: Option<Part>,
}

/// Where the bytes of a file are.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// On the disk, under the file's own path.
    Disk,
    /// On the disk, in another file, which is not compressed.
    Within(Arc<Extent>),
    Memory(Arc<[u8]>),
}

/// Place of a file within another on the disk: that of a member within its archive.
///
/// ```
/// use any2any_adapter::{Extent, File};
///
/// let folder = tempfile::tempdir()?;
/// let archive = folder.path().join("songs");
/// std::fs::write(&archive, b"c e g|d f a")?;
/// let song = File::within("songs/second.notes", Extent { container: archive, start: 6, length: 5 });
/// assert_eq!((&song.bytes()?[..], song.size()?), (&b"d f a"[..], 5));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The path of the file on the disk.
    pub container: PathBuf,
    /// The place of the first byte, from 0.
    pub start: u64,
    /// The number of bytes.
    pub length: u64,
}

/// A part of a file that is a value of its own.
///
/// ```
/// use any2any_adapter::{File, Part};
///
/// let sheet = File::on_disk("faces.png");
/// let face = sheet.part_of(Part::Rectangle { left: 32, top: 0, width: 32, height: 32 });
/// assert!(face.same_file(&sheet));
/// assert_eq!(face.to_string(), "faces.png, 32 x 32 pixels at 32, 0");
/// // A medium of recordings asks where its part begins.
/// let chorus = File::on_disk("song.wav").part_of(Part::Second(62.5));
/// assert_eq!(chorus.part(), Some(Part::Second(62.5)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// One of the arrays of an archive of arrays, counted from 0.
    Item(usize),
    /// A rectangle of a picture, in pixels: a cell of a sheet.
    Rectangle {
        /// Left edge.
        left: usize,
        /// Upper edge.
        top: usize,
        /// Width, to the right of `left`.
        width: usize,
        /// Height, down from `top`.
        height: usize,
    },
    /// The part that begins at this sample of a recording: an event of an EEG.
    Sample(u64),
    /// The part that begins at this second of a recording.
    Second(f64),
}

impl File {
    /// A file on the disk, read when it is asked for.
    pub fn on_disk(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), place: Place::Disk, part: None }
    }

    /// A file within another one on the disk, read when it is asked for. `path` names it in messages, and its extension
    /// tells its format.
    pub fn within(path: impl Into<PathBuf>, extent: Extent) -> Self {
        Self { path: path.into(), place: Place::Within(extent.into()), part: None }
    }

    /// A file in memory. `path` names it in messages, and its extension tells its format.
    pub fn in_memory(path: impl Into<PathBuf>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { path: path.into(), place: Place::Memory(bytes.into()), part: None }
    }

    /// A part of the same file.
    #[must_use]
    pub fn part_of(&self, part: Part) -> Self {
        Self { part: Some(part), ..self.clone() }
    }

    /// The path on the disk, or inside its archive.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The extension in lower case, without the dot.
    pub fn extension(&self) -> String {
        let extension = self.path.extension().and_then(|extension| extension.to_str());
        extension.unwrap_or_default().to_lowercase()
    }

    /// The part of the file that this is; `None`: all of it.
    pub fn part(&self) -> Option<Part> {
        self.part
    }

    /// The whole file's bytes.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn bytes(&self) -> io::Result<Arc<[u8]>> {
        match &self.place {
            Place::Memory(bytes) => Ok(bytes.clone()),
            Place::Disk => Ok(std::fs::read(&self.path)?.into()),
            Place::Within(extent) => extent.read(),
        }
    }

    /// The length of the whole file in bytes, without reading it.
    ///
    /// # Errors
    ///
    /// When the file cannot be reached.
    pub fn size(&self) -> io::Result<u64> {
        match &self.place {
            Place::Memory(bytes) => Ok(bytes.len() as u64),
            Place::Disk => Ok(std::fs::metadata(&self.path)?.len()),
            Place::Within(extent) => Ok(extent.length),
        }
    }

    /// The file on the disk that has the bytes: this one, or the one that it is within. `None` of a file in memory.
    pub fn on_the_disk(&self) -> Option<&Path> {
        match &self.place {
            Place::Disk => Some(&self.path),
            Place::Within(extent) => Some(&extent.container),
            Place::Memory(_) => None,
        }
    }

    /// The place within another file; `None` of a file of its own.
    pub fn extent(&self) -> Option<&Extent> {
        match &self.place {
            Place::Within(extent) => Some(extent),
            Place::Disk | Place::Memory(_) => None,
        }
    }

    /// True if both are the same file, whatever their parts: for media that decode a file once for many parts.
    pub fn same_file(&self, other: &Self) -> bool {
        let same_bytes = match (&self.place, &other.place) {
            (Place::Memory(own), Place::Memory(other)) => Arc::ptr_eq(own, other),
            (Place::Disk, Place::Disk) => true,
            (Place::Within(own), Place::Within(other)) => own == other,
            _ => false,
        };
        same_bytes && self.path == other.path
    }
}

impl Extent {
    fn read(&self) -> io::Result<Arc<[u8]>> {
        let mut file = std::fs::File::open(&self.container)?;
        file.seek(SeekFrom::Start(self.start))?;
        let mut bytes = Vec::new();
        file.take(self.length).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < self.length {
            let reason = format!("{} has become shorter since it was looked at", self.container.display());
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
        }
        Ok(bytes.into())
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        match self.part {
            None => Ok(()),
            Some(Part::Item(number)) => write!(f, ", item {}", number + 1),
            Some(Part::Rectangle { left, top, width, height }) => {
                write!(f, ", {width} x {height} pixels at {left}, {top}")
            }
            Some(Part::Sample(sample)) => write!(f, ", from sample {sample}"),
            Some(Part::Second(second)) => write!(f, ", from second {second}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_the_file() {
        let sheet = File::in_memory("sheets/a.PNG", vec![1, 2, 3]);
        let cell = sheet.part_of(Part::Rectangle { left: 32, top: 0, width: 32, height: 32 });
        assert!(cell.same_file(&sheet) && cell != sheet);
        assert_eq!(cell.extension(), "png");
        assert_eq!(cell.to_string(), "sheets/a.PNG, 32 x 32 pixels at 32, 0");
        assert_eq!(*cell.bytes().expect("in memory"), [1, 2, 3]);
        assert!(!sheet.same_file(&File::in_memory("sheets/a.PNG", vec![1, 2, 3])));
        assert!(File::on_disk("no/such/file").bytes().is_err());
    }

    #[test]
    fn a_file_within_another_that_was_cut_is_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let container = folder.path().join("x.tar");
        std::fs::write(&container, b"0123456789").expect("written");
        let extent = |start, length| Extent { container: container.clone(), start, length };
        let file = |start, length| File::within("x.tar/a", extent(start, length));
        assert_eq!(*file(2, 3).bytes().expect("there"), *b"234");
        assert_eq!(*file(10, 0).bytes().expect("nothing"), *b"");
        let error = file(8, 3).bytes().expect_err("one byte is missing").to_string();
        assert!(error.ends_with("x.tar has become shorter since it was looked at"), "{error}");
        assert!(file(2, 3).same_file(&file(2, 3)) && !file(2, 3).same_file(&file(2, 4)));
        assert_eq!(file(2, 3).on_the_disk(), Some(container.as_path()));
    }
}
