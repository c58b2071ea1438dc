//! Files that are not decoded yet, and parts of them.

use std::fmt;
use std::io;
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
    bytes: Option<Arc<[u8]>>,
    part: Option<Part>,
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
        Self { path: path.into(), bytes: None, part: None }
    }

    /// A file in memory. `path` names it in messages, and its extension tells its format.
    pub fn in_memory(path: impl Into<PathBuf>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { path: path.into(), bytes: Some(bytes.into()), part: None }
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
        match &self.bytes {
            Some(bytes) => Ok(bytes.clone()),
            None => Ok(std::fs::read(&self.path)?.into()),
        }
    }

    /// The length of the whole file in bytes, without reading it.
    ///
    /// # Errors
    ///
    /// When the file cannot be reached.
    pub fn size(&self) -> io::Result<u64> {
        match &self.bytes {
            Some(bytes) => Ok(bytes.len() as u64),
            None => Ok(std::fs::metadata(&self.path)?.len()),
        }
    }

    /// True if both are the same file, whatever their parts: for media that decode a file once for many parts.
    pub fn same_file(&self, other: &Self) -> bool {
        let same_bytes = match (&self.bytes, &other.bytes) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (None, None) => true,
            _ => false,
        };
        same_bytes && self.path == other.path
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
}
