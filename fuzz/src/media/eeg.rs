//! Recordings of EEG.

use std::sync::Once;

use any2any_adapter::{File, Part};
use any2any_eeg::Eeg;
use serde_json::json;

use crate::{Target, scratch, tokens};

#[path = "../../../crates/eeg/tests/eeg/bytes.rs"]
mod bytes;

pub(super) fn targets() -> Vec<Target> {
    vec![
        Target::new("eeg_edf", tokens::EDF, edf, |bytes| memory("a.edf", bytes)),
        Target::new("eeg_bdf", tokens::EDF, bdf, |bytes| memory("a.bdf", bytes)),
        Target::new("eeg_gdf", tokens::EDF, gdf, |bytes| memory("a.gdf", bytes)),
        Target::new("eeg_fif", &[], fif, |bytes| memory("a.fif", bytes)),
        Target::new("eeg_set", tokens::MATLAB, || vec![set(false)], |bytes| memory("a.set", bytes)),
        Target::new("eeg_set_packed", tokens::MATLAB, || vec![set(false)], packed),
        Target::new("eeg_brainvision", tokens::BRAINVISION, brainvision, header),
        Target::new("eeg_markers", tokens::BRAINVISION, || vec![MARKERS.into()], markers),
        Target::new("eeg_table", tokens::TABLE, table, |bytes| memory("a.csv", bytes)),
        Target::new("eeg_npy", tokens::NPY, npy, |bytes| memory("a.npy", bytes)),
    ]
}

fn opens(file: File) -> bool {
    let part = file.part_of(Part::Sample(1));
    super::opens(
        Eeg,
        &json!({ "field": "eeg", "rate": 4, "epoch": { "from": 0.0, "to": 0.5 }, "features": { "raw": { "window": 0.25, "hop": 0.25 } } }),
        part,
    ) | super::opens(Eeg, &json!({ "field": "eeg", "rate": 4 }), file)
}

fn memory(name: &str, bytes: &[u8]) -> bool {
    opens(File::in_memory(name, bytes))
}

fn edf() -> Vec<Vec<u8>> {
    let channels: Vec<(&'static [u8], &'static [u8], Vec<i32>)> =
        vec![(b"EEG Oz", b"uV", vec![10, -20, 30, 40]), (b"EEG O1", b"uV", vec![50, 60, 70, 80])];
    let plain = bytes::EdfFile::new(channels);
    let noted = bytes::EdfFile {
        reserved: "EDF+C",
        annotations: vec![b"+0\x14\x14\0+0.5\x14flash\x14\0", b"+1\x14\x14\0"],
        ..plain.clone()
    };
    vec![plain.bytes(), noted.bytes()]
}

fn bdf() -> Vec<Vec<u8>> {
    let channels: Vec<(&'static [u8], &'static [u8], Vec<i32>)> =
        vec![(b"Oz", b"uV", vec![10, -20, 30, 40]), (b"Status", b"", vec![0, 1, 0, 3])];
    vec![bytes::EdfFile { version: b"\xffBIOSEMI", width: 3, ..bytes::EdfFile::new(channels) }.bytes()]
}

fn gdf() -> Vec<Vec<u8>> {
    let numbers = [[10, -20, 30, 40], [50, 60, 70, 80]];
    vec![bytes::gdf("1.25", numbers), bytes::gdf("2.20", numbers)]
}

fn fif() -> Vec<Vec<u8>> {
    let channels = [("Oz", 2, 1e-6), ("STI 014", 3, 1.0), ("O1", 2, 0.5e-6)];
    vec![bytes::fif(&channels, &[vec![1, 9, 3, -1, 9, 4], vec![2, 9, 5]])]
}

fn set(packed: bool) -> Vec<u8> {
    use bytes::{numbers, structs, text};
    let number = |value: f64| numbers([1, 1], &[value]);
    let channel = |label: &str| vec![text(label), text("EEG")];
    let events = [vec![text("square"), number(2.0)], vec![number(7.0), number(3.0)]];
    let fields = [
        ("data", numbers([2, 4], &[1.0, 5.0, -2.0, 6.0, 3.0, 7.0, 4.0, 8.0])),
        ("srate", number(2.0)),
        ("nbchan", number(2.0)),
        ("pnts", number(4.0)),
        ("trials", number(1.0)),
        ("chanlocs", structs("", &["labels", "type"], &[channel("Oz"), channel("O1")])),
        ("event", structs("", &["type", "latency"], &events)),
    ];
    bytes::set(&fields, packed)
}

/// Puts the mutated bytes behind the header into a compressed element, and reads the file.
fn packed(bytes: &[u8]) -> bool {
    use std::io::Write;
    let (head, rest) = bytes.split_at(bytes.len().min(128));
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(rest).expect("memory");
    let rest = encoder.finish().expect("memory");
    let element = [15, rest.len() as u32].map(u32::to_le_bytes).concat();
    memory("a.set", &[head, &element, &rest].concat())
}

const HEADER: &str = "Brain Vision Data Exchange Header File Version 1.0\r\n[Common Infos]\r\nDataFile=a.eeg\r\n\
    MarkerFile=a.vmrk\r\nDataOrientation=MULTIPLEXED\r\nNumberOfChannels=2\r\nSamplingInterval=500000\r\n\
    [Binary Infos]\r\nBinaryFormat=INT_16\r\n[Channel Infos]\r\nCh1=Oz,,0.1,uV\r\nCh2=O1,,0.1,uV\r\n";
const MARKERS: &str = "Brain Vision Data Exchange Marker File, Version 1.0\r\n[Marker Infos]\r\n\
    Mk1=New Segment,,1,1,0,20200101\r\nMk2=Stimulus,S  1,2,1,0\r\nMk3=Comment,a\\1b,3,2,0\r\n";

fn brainvision() -> Vec<Vec<u8>> {
    let ascii = HEADER.replace("a.eeg", "text.eeg").replace("MULTIPLEXED", "MULTIPLEXED\r\nDataFormat=ASCII");
    let vectors = HEADER.replace("MULTIPLEXED", "VECTORIZED");
    vec![HEADER.into(), ascii.into(), vectors.into()]
}

fn recording(header: &[u8], markers: &[u8]) -> bool {
    static BESIDE: Once = Once::new();
    BESIDE.call_once(|| {
        scratch::write(
            "recording/a.eeg",
            &[10_i16, 50, -20, 60, 30, 70, 40, 80].map(i16::to_le_bytes).concat(),
        );
        scratch::write("recording/text.eeg", b"1.0 5\n-2 6\n3 7\n4 8\n");
    });
    scratch::write("recording/a.vmrk", markers);
    opens(File::on_disk(scratch::write("recording/a.vhdr", header)))
}

fn header(bytes: &[u8]) -> bool {
    recording(bytes, MARKERS.as_bytes())
}

fn markers(bytes: &[u8]) -> bool {
    recording(HEADER.as_bytes(), bytes)
}

fn table() -> Vec<Vec<u8>> {
    vec![
        b"time,Oz,O1\n0,1,5\n0.5,-2,6\n1,3,7\n1.5,4,8\n".to_vec(),
        b"time;Oz;O1\n0;1,0;5\n0,25;-2,0;6\n0,5;3,5;7\n".to_vec(),
        b"timestamps,TP9,AF7,Right AUX\n1.0,1,5,0\n1.5,-2,6,0\n2.0,3,7,0\n".to_vec(),
    ]
}

fn npy() -> Vec<Vec<u8>> {
    let file = |descr: &str, fortran: &str, data: Vec<u8>| {
        let mut head = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': (2, 4), }}");
        head.extend(std::iter::repeat_n(' ', 117 - head.len()));
        head.push('\n');
        [b"\x93NUMPY\x01\0", &(head.len() as u16).to_le_bytes()[..], head.as_bytes(), &data].concat()
    };
    let numbers = [1, 5, -2, 6, 3, 7, 4, 8_i16];
    vec![
        file("<i2", "False", numbers.map(i16::to_le_bytes).concat()),
        file(">f4", "True", numbers.map(|number| f32::from(number).to_be_bytes()).concat()),
        file("<f8", "False", numbers.map(|number| f64::from(number).to_le_bytes()).concat()),
    ]
}
