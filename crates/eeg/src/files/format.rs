//! Formats of recordings, recognised by their contents, or else by their extension.

use any2any_adapter::{File, Part};

use crate::error::EegError;
use crate::files::companion::Beside;
use crate::files::edf::Edf;
use crate::files::foreign::Foreign;
use crate::files::recording::{Decoded, Rates};
use crate::files::{
    Annotation, EXTENSIONS, brainvision, edf_annotations, eeglab, fif, gdf, header, npy, table,
};

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// EDF, EDF+, BDF and BDF+.
    Edf,
    /// GDF 1 and 2.
    Gdf,
    /// The header of BrainVision.
    BrainVision,
    /// EEGLAB, in MATLAB 5.
    Eeglab,
    /// FIF, of Neuromag and MNE.
    Fif,
    /// An array of NumPy.
    Npy,
    /// A table of text.
    Table,
}

impl Format {
    /// The format of a file that begins with these bytes; tables have no mark, unless OpenBCI wrote them.
    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, b'B', b'I', b'O', b'S', b'E', b'M', b'I', ..] => Some(Self::Edf),
            [b'G', b'D', b'F', b' ', b'0'..=b'9', ..] => Some(Self::Gdf),
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Some(Self::Npy),
            _ if bytes.starts_with(b"%OpenBCI") => Some(Self::Table),
            _ if brainvision::recognises(bytes) => Some(Self::BrainVision),
            _ if eeglab::recognises(bytes) => Some(Self::Eeglab),
            _ if fif::recognises(bytes) => Some(Self::Fif),
            _ if header::recognises(bytes) => Some(Self::Edf),
            _ => None,
        }
    }

    /// The format of files with an extension in lower case.
    fn of_extension(extension: &str) -> Option<Self> {
        Some(match extension {
            "edf" | "bdf" | "rec" => Self::Edf,
            "gdf" => Self::Gdf,
            "vhdr" => Self::BrainVision,
            "set" => Self::Eeglab,
            "fif" => Self::Fif,
            "npy" => Self::Npy,
            "csv" => Self::Table,
            _ => return None,
        })
    }

    /// The format of a file, or the reason why it is not read.
    pub(crate) fn of(file: &File, bytes: &[u8]) -> Result<Self, String> {
        let extension = file.extension();
        // Its samples have a column more than its header says.
        if extension == "ahdr"
            && let Some(foreign) = Foreign::of_extension(&extension)
        {
            return Err(foreign.reason());
        }
        if let Some(format) = Self::of_bytes(bytes) {
            return Ok(format);
        }
        if let Some(foreign) = Foreign::of_bytes(bytes) {
            return Err(foreign.reason());
        }
        if bytes.starts_with(&[0x1f, 0x8b]) {
            return Err("is compressed by gzip: unpack it with `gunzip FILE`".to_owned());
        }
        if bytes.starts_with(b"PK\x03\x04") && extension != "npz" {
            return Err("is a ZIP archive: unpack it, and give the recording inside".to_owned());
        }
        if let Some(format) = Self::of_extension(&extension) {
            return Ok(format);
        }
        Err(Foreign::of_extension(&extension).map_or_else(
            || format!("'.{extension}' is no recording that is known: use {}", EXTENSIONS.join(", ")),
            Foreign::reason,
        ))
    }
}

/// True if the bytes are a recording, or of a format that is named when it is refused.
pub(crate) fn recognises(bytes: &[u8]) -> bool {
    Format::of_bytes(bytes).is_some() || Foreign::of_bytes(bytes).is_some()
}

/// The channels of a file that are wanted, in their order; all that are EEG where none are named.
pub(crate) fn read(file: &File, channels: Option<&[String]>, rates: Rates) -> Result<Decoded, String> {
    let bytes = bytes(file)?;
    let format = Format::of(file, &bytes)?;
    let decoded = match format {
        Format::Edf => Edf::new(bytes, &file.extension())?.read(channels, rates)?,
        Format::Gdf => gdf::read(&bytes, channels, rates)?,
        Format::BrainVision => brainvision::read(&bytes, Beside(file), channels)?,
        Format::Eeglab => eeglab::read(&bytes, Beside(file), channels)?,
        Format::Fif => fif::read(&bytes, channels)?,
        Format::Npy => {
            let trial = match file.part() {
                Some(Part::Item(number)) => Some(number),
                _ => None,
            };
            npy::read(&bytes, trial, channels)?
        }
        Format::Table => table::read(&bytes, channels)?,
    };
    if decoded.len() == 0 {
        return Err("has no samples".to_owned());
    }
    match decoded.rate {
        Some(rate) if !RATES.contains(&rate) => {
            Err(format!("has a rate of {rate} Hz, which no recording has"))
        }
        _ => Ok(decoded),
    }
}

/// The annotations and events of a recording, in the order of the file; none if its format has no such thing.
///
/// # Errors
///
/// When the file cannot be read, or is broken.
pub fn annotations(file: &File) -> Result<Vec<Annotation>, EegError> {
    let annotations = bytes(file).and_then(|bytes| match Format::of(file, &bytes)? {
        Format::Edf => Ok(edf_annotations::read(&Edf::new(bytes, &file.extension())?).0),
        Format::Gdf => gdf::events(&bytes),
        Format::BrainVision => brainvision::events(&bytes, Beside(file)),
        Format::Eeglab => eeglab::events(&bytes),
        Format::Fif => fif::events(&bytes),
        Format::Npy | Format::Table => Ok(Vec::new()),
    });
    annotations.map_err(|reason| EegError::recording(file, reason))
}

/// Rates that are accepted, in hertz: seconds of others could fill the memory.
const RATES: std::ops::RangeInclusive<f64> = 1e-6..=1e6;

/// Reads the bytes of a file, which may be a folder by mistake.
fn bytes(file: &File) -> Result<std::sync::Arc<[u8]>, String> {
    file.bytes().map_err(|error| {
        if file.path().is_dir() {
            let foreign = Foreign::of_extension(&file.extension());
            return foreign.map_or_else(|| "is a folder: give a file".to_owned(), Foreign::reason);
        }
        error.to_string()
    })
}
