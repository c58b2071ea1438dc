//! Formats that are recognised but not read, and the programs that convert them.

/// A format that is not read.
#[derive(Debug)]
pub(crate) struct Foreign {
    /// Its name.
    name: &'static str,
    /// Magic bytes of the format, each with its offset.
    marks: &'static [(usize, &'static [u8])],
    /// The extensions of its files.
    extensions: &'static [&'static str],
    /// The function of MNE-Python that reads it, or a sentence with another way to convert it.
    reader: &'static str,
}

impl Foreign {
    /// The format of a file that begins with these bytes.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<&'static Self> {
        let has =
            |(place, mark): &(usize, &[u8])| bytes.get(*place..).is_some_and(|rest| rest.starts_with(mark));
        FORMATS.iter().find(|format| !format.marks.is_empty() && format.marks.iter().all(has))
    }

    /// The format of files with an extension in lower case.
    pub(crate) fn of_extension(extension: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.extensions.contains(&extension))
    }

    /// The reason why the file is not read, and the way out.
    pub(crate) fn reason(&self) -> String {
        format!("is {}, which is not read: {}", self.name, converted(self.reader))
    }
}

/// Advice to convert a file to EDF, with a reader of MNE-Python or else with the program of the device.
pub(crate) fn converted(reader: &str) -> String {
    if reader.starts_with(|letter: char| letter.is_lowercase()) && !reader.contains(' ') {
        format!(
            "convert it to EDF with `python -c \"import mne; mne.export.export_raw('OUT.edf', \
             mne.io.{reader}('FILE', preload=True))\"` (pip install mne edfio)"
        )
    } else {
        reader.to_owned()
    }
}

const fn mark(
    name: &'static str,
    marks: &'static [(usize, &'static [u8])],
    extensions: &'static [&'static str],
    reader: &'static str,
) -> Foreign {
    Foreign { name, marks, extensions, reader }
}

/// Advice for files that no reader of MNE-Python knows.
const PROGRAM: &str = "export it as EDF with the program that recorded it";
/// The formats that are recognised; the first that fits counts.
const FORMATS: &[Foreign] = &[
    mark(
        "XDF (Lab Streaming Layer)",
        &[(0, b"XDF:")],
        &["xdf", "xdfz"],
        "read its streams with pyxdf (pip install pyxdf) and save that of the EEG with \
         `numpy.save('OUT.npy', stream['time_series'].T)`; its rate is the option 'rate'",
    ),
    mark(
        "MATLAB 7.3 (HDF5)",
        &[(0, b"MATLAB 7.3 MAT-file")],
        &[],
        "in EEGLAB save it as version 6 (`pop_saveset(EEG, 'filename', 'OUT.set', 'version', '6')`), or convert \
         it to EDF with `python -c \"import mne; mne.export.export_raw('OUT.edf', \
         mne.io.read_raw_eeglab('FILE', preload=True))\"` (pip install mne edfio pymatreader)",
    ),
    mark("EEProbe CNT (ANT Neuro)", &[(0, b"RIFF"), (8, b"CNT ")], &[], "read_raw_ant"),
    mark("EEProbe CNT (ANT Neuro)", &[(0, b"RF64"), (8, b"CNT ")], &[], "read_raw_ant"),
    mark("Neuroscan CNT", &[(0, b"Version 3.0")], &["cnt"], "read_raw_cnt"),
    mark("Neuralynx", &[(0, b"######## Neuralynx")], &["ncs", "nev", "nse"], "read_raw_neuralynx"),
    mark("Persyst", &[(0, b"[FileInfo]")], &["lay"], "read_raw_persyst"),
    mark("Nihon Kohden", &[(0, b"EEG-1100")], &[], "read_raw_nihon"),
    mark("Nihon Kohden", &[(0, b"EEG-2100")], &[], "read_raw_nihon"),
    mark("Blackrock NSx", &[(0, b"NEURALSG")], &["ns1", "ns2", "ns3", "ns4", "ns5", "ns6"], "read_raw_nsx"),
    mark("Blackrock NSx", &[(0, b"NEURALCD")], &[], "read_raw_nsx"),
    mark("Blackrock NSx", &[(0, b"BRSMPGRP")], &[], "read_raw_nsx"),
    mark("BCI2000", &[(0, b"HeaderLen=")], &[], "read_raw_bci2k"),
    mark("BCI2000", &[(0, b"BCI2000V=")], &[], "read_raw_bci2k"),
    mark("Micromed TRC", &[(0, b"* MICROMED")], &["trc"], PROGRAM),
    mark("ISHNE", &[(0, b"ISHNE1.0")], &[], PROGRAM),
    mark("Intan RHD", &[(0, &[0x02, 0x69, 0x12, 0xc6])], &["rhd"], PROGRAM),
    mark("Intan RHS", &[(0, &[0xac, 0x27, 0x91, 0xd6])], &["rhs"], PROGRAM),
    mark("Axon ABF", &[(0, b"ABF2")], &["abf"], PROGRAM),
    mark(
        "the markers of BrainVision",
        &[(0, b"Brain Vision Data Exchange Marker File")],
        &["vmrk"],
        "give the header instead, the .vhdr beside it",
    ),
    mark("BrainVision of the kind .ahdr", &[], &["ahdr"], "read_raw_brainvision"),
    mark("Curry", &[], &["cdt", "cdt.dpa", "dap", "rs3"], "read_raw_curry"),
    mark("Nicolet", &[], &["e"], PROGRAM),
    mark("Nicolet", &[], &["data", "head"], "read_raw_nicolet"),
    mark("EGI MFF", &[], &["mff"], "read_raw_egi"),
    mark("EGI simple binary", &[], &["raw"], "read_raw_egi"),
    mark("Eximia", &[], &["nxe"], "read_raw_eximia"),
    mark("NEDF (Neuroelectrics)", &[], &["nedf"], "read_raw_nedf"),
    mark("MEF3", &[], &["mefd"], "read_raw_mef"),
    mark(
        "FieldTrip",
        &[],
        &["mat"],
        "save its data as `[channels, samples]` with scipy.io.loadmat and numpy.save",
    ),
    mark("SNIRF, which holds no EEG", &[], &["snirf"], "give a recording of EEG"),
    mark(
        "WFDB",
        &[],
        &["hea"],
        "convert it with `python -c \"import wfdb; wfdb.io.convert.wfdb_to_edf('FILE')\"`",
    ),
    mark(
        "the data of a recording whose header lies beside it",
        &[],
        &["eeg", "fdt", "dat", "avg", "seg"],
        "give the header instead: the .vhdr of BrainVision, the .set of EEGLAB",
    ),
    mark(
        "an archive of arrays",
        &[],
        &["npz"],
        "save one array of it as NPY: `numpy.save('OUT.npy', array)`",
    ),
    mark("a workbook of Excel", &[], &["xls", "xlsx", "ods"], "save it as CSV"),
    mark(
        "HDF5",
        &[(0, b"\x89HDF\r\n\x1a\n")],
        &["h5", "hdf5", "nwb"],
        "save its data as `[channels, samples]` with h5py and numpy.save",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_named_with_what_converts_them() {
        let cases: [(&[u8], &str, &str); 6] = [
            (b"XDF:....", "", "pyxdf"),
            (b"RIFF\0\0\0\0CNT ", "", "read_raw_ant"),
            (b"Version 3.0\0", "", "read_raw_cnt"),
            (b"", "lay", "read_raw_persyst"),
            (b"MATLAB 7.3 MAT-file, Platform: GLNXA64", "", "'version', '6'"),
            (b"", "eeg", ".vhdr"),
        ];
        for (bytes, extension, expected) in cases {
            let format = Foreign::of_bytes(bytes).or_else(|| Foreign::of_extension(extension));
            let reason = format.expect(expected).reason();
            assert!(reason.contains(expected), "{reason}");
        }
        assert!(Foreign::of_bytes(b"RIFF\0\0\0\0WAVE").is_none());
    }
}
