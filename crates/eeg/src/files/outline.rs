//! Outline of a recording: sizes from its header, before its samples are decoded.

use any2any_adapter::{File, Part};

use crate::files::companion::Beside;
use crate::files::edf::Edf;
use crate::files::format::Format;
use crate::files::{brainvision, matlab, npy};

/// Largest file whose header is read, in bytes.
const MOST_LOOKED_INTO: u64 = 1 << 28;

/// Memory and sizes of a recording, from its header.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Outline {
    /// Memory of the files, and of their unpacked parts, in bytes.
    pub bytes: u64,
    /// Number of samples of all channels, at most.
    pub values: u64,
    /// Largest number of channels, and number of samples of each, if the header has them.
    pub shape: Option<(usize, usize)>,
    /// Samples a second, if the header has them.
    pub rate: Option<f64>,
}

/// The outline of a file; of one that cannot be read, the file alone.
pub(crate) fn outline(file: &File) -> Outline {
    let len = file.size().unwrap_or(0);
    // A sample takes a byte at least.
    let bound = |bytes: u64| Outline { bytes, values: bytes, ..Outline::default() };
    if len > MOST_LOOKED_INTO {
        return bound(len);
    }
    let only = Outline { bytes: len, ..Outline::default() };
    let Ok(bytes) = file.bytes() else { return only };
    let Ok(format) = Format::of(file, &bytes) else { return only };
    let shaped = |(channels, samples): (usize, usize), rate| Outline {
        bytes: len,
        values: (channels as u64).saturating_mul(samples as u64),
        shape: Some((channels, samples)),
        rate,
    };
    match format {
        Format::Edf => Edf::new(bytes, &file.extension())
            .ok()
            .and_then(|edf| edf.shape())
            .map_or(only, |(shape, rate)| shaped(shape, Some(rate))),
        Format::Npy => {
            let item = matches!(file.part(), Some(Part::Item(_)));
            npy::shape(&bytes, item).map_or(only, |shape| shaped(shape, None))
        }
        Format::BrainVision => bound(len.saturating_add(brainvision::size(&bytes, Beside(file)))),
        Format::Eeglab => {
            let unpacked = matlab::unpacked(&bytes).saturating_add(Beside(file).size("", &["fdt"]));
            // Numbers are kept as those of 64 bits.
            Outline { bytes: len.saturating_add(unpacked.saturating_mul(9)), ..bound(unpacked) }
        }
        Format::Gdf | Format::Fif => bound(len),
        // Numbers of a digit and a comma.
        Format::Table => Outline { bytes: len.saturating_mul(9), ..bound(len) },
    }
}
