//! Files of recordings, written byte by byte: what the tests read.
#![allow(dead_code)]

/// A field of text of EDF and GDF, filled up with spaces.
fn field(text: &[u8], width: usize) -> Vec<u8> {
    let mut field = text.to_vec();
    field.resize(width, b' ');
    field
}

/// An EDF file whose numbers are tenths of its unit.
#[derive(Clone)]
pub(crate) struct EdfFile {
    pub version: &'static [u8],
    pub reserved: &'static str,
    pub records: &'static str,
    /// Label, unit, and the numbers of all records.
    pub signals: Vec<(&'static [u8], &'static [u8], Vec<i32>)>,
    /// The annotations of each record, where there are any.
    pub annotations: Vec<&'static [u8]>,
    /// Number of records, of a second each, that share the samples.
    pub count: usize,
    /// Bytes of a number: 2, and 3 in BDF.
    pub width: usize,
}

impl EdfFile {
    /// A file of two records.
    pub(crate) fn new(signals: Vec<(&'static [u8], &'static [u8], Vec<i32>)>) -> Self {
        let annotations = Vec::new();
        Self { version: b"0", reserved: "", records: "2", signals, annotations, count: 2, width: 2 }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        const NOTES: usize = 30;
        let noted = !self.annotations.is_empty();
        let all = self.signals.len() + usize::from(noted);
        let mut bytes = field(self.version, 8);
        for (text, width) in [("", 80), ("", 80), ("01.01.20", 8), ("12.00.00", 8)] {
            bytes.extend(field(text.as_bytes(), width));
        }
        bytes.extend(field((256 * (all + 1)).to_string().as_bytes(), 8));
        for (text, width) in [(self.reserved, 44), (self.records, 8), ("1", 8), (&all.to_string(), 4)] {
            bytes.extend(field(text.as_bytes(), width));
        }
        let notes: &[u8] = if self.width == 3 { b"BDF Annotations" } else { b"EDF Annotations" };
        let mut each = |width: usize, text: &dyn Fn(usize) -> Vec<u8>| {
            (0..all).for_each(|number| bytes.extend(field(&text(number), width)));
        };
        let signal = |number: usize| self.signals.get(number);
        each(16, &|number| signal(number).map_or(notes, |signal| signal.0).to_vec());
        each(80, &|_| Vec::new());
        each(8, &|number| signal(number).map_or(b"".as_slice(), |signal| signal.1).to_vec());
        for range in ["-1000", "1000", "-10000", "10000"] {
            each(8, &|_| range.as_bytes().to_vec());
        }
        each(80, &|_| Vec::new());
        each(8, &|number| {
            signal(number).map_or(NOTES, |signal| signal.2.len() / self.count).to_string().into_bytes()
        });
        each(32, &|_| Vec::new());
        for record in 0..self.count {
            for (_, _, numbers) in &self.signals {
                let len = numbers.len() / self.count;
                for number in &numbers[record * len..][..len] {
                    bytes.extend(&number.to_le_bytes()[..self.width]);
                }
            }
            if noted {
                let mut list = format!("+{record}\x14\x14\0").into_bytes();
                list.extend(self.annotations.get(record).copied().unwrap_or_default());
                list.resize(NOTES * self.width, 0);
                bytes.extend(list);
            }
        }
        bytes
    }
}

/// A GDF file of two channels and two records of a second, its numbers tenths of a microvolt.
///
/// # Shapes
///
/// - numbers: `[2][4]`
pub(crate) fn gdf(version: &str, numbers: [[i16; 4]; 2]) -> Vec<u8> {
    let second = version >= "1.90";
    let mut bytes = field(format!("GDF {version}").as_bytes(), 8);
    bytes.resize(184, 0);
    if second {
        bytes.extend(3_u16.to_le_bytes());
    } else {
        bytes.extend(768_i64.to_le_bytes());
    }
    bytes.resize(236, 0);
    bytes.extend(2_i64.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(2_u32.to_le_bytes());
    bytes.extend([field(b"Oz", 16), field(b"O1", 16), field(b"", 160)].concat());
    if second {
        bytes.extend([0; 12]);
        bytes.extend(4275_u16.to_le_bytes().repeat(2));
    } else {
        bytes.extend([field(b"uV", 8), field(b"uV", 8)].concat());
    }
    for end in [-1000.0_f64, 1000.0] {
        bytes.extend(end.to_le_bytes().repeat(2));
    }
    for end in [-10000_i64, 10000] {
        let end = if second { (end as f64).to_le_bytes() } else { end.to_le_bytes() };
        bytes.extend(end.repeat(2));
    }
    bytes.extend([0; 160]);
    bytes.extend(2_u32.to_le_bytes().repeat(2));
    bytes.extend(3_u32.to_le_bytes().repeat(2));
    bytes.extend([0; 64]);
    for record in 0..2 {
        for channel in numbers {
            bytes.extend(channel[2 * record..][..2].iter().flat_map(|number| number.to_le_bytes()));
        }
    }
    // One event of type 769 at sample 3, which lasts 2 samples.
    bytes.push(3);
    if version < "1.94" {
        bytes.extend([2, 0, 0, 1, 0, 0, 0]);
    } else {
        bytes.extend([1, 0, 0]);
        bytes.extend(2.0_f32.to_le_bytes());
    }
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(769_u16.to_le_bytes());
    bytes.extend(0_u16.to_le_bytes());
    bytes.extend(2_u32.to_le_bytes());
    bytes
}

/// A tag of FIF.
fn tag(kind: u32, data_kind: u32, data: &[u8]) -> Vec<u8> {
    let head = [kind, data_kind, data.len() as u32, 0];
    [head.map(u32::to_be_bytes).concat(), data.to_vec()].concat()
}

/// A FIF of 4 Hz: channels with a name, a kind and a calibration, and the numbers of each sample.
pub(crate) fn fif(channels: &[(&str, u32, f32)], rows: &[Vec<i16>]) -> Vec<u8> {
    let block = |kind: u32, inner: Vec<Vec<u8>>| {
        let (start, end) = (tag(104, 3, &kind.to_be_bytes()), tag(105, 3, &kind.to_be_bytes()));
        [start, inner.concat(), end].concat()
    };
    let channel = |(number, &(name, kind, calibration)): (usize, &(&str, u32, f32))| {
        let mut data = [number as u32 + 1, number as u32 + 1, kind].map(u32::to_be_bytes).concat();
        // The range is 2: what is stored is half of what it stands for.
        data.extend([2.0_f32.to_be_bytes(), calibration.to_be_bytes()].concat());
        data.resize(72, 0);
        data.extend([107_u32.to_be_bytes(), [0; 4]].concat());
        data.extend(name.bytes());
        data.resize(96, 0);
        tag(203, 30, &data)
    };
    let mut info =
        vec![tag(200, 3, &(channels.len() as u32).to_be_bytes()), tag(201, 4, &4.0_f32.to_be_bytes())];
    info.extend(channels.iter().enumerate().map(channel));
    let mut raw = vec![tag(208, 3, &8_u32.to_be_bytes())];
    for row in rows {
        raw.push(tag(300, 16, &row.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>()));
    }
    let floats = |values: [f32; 2]| values.map(f32::to_be_bytes).concat();
    let notes = vec![
        tag(3568, 4, &floats([2.5, 2.75])),
        tag(3569, 4, &floats([2.5, 3.0])),
        tag(206, 10, b"flash:12{COLON}00"),
    ];
    let inner = vec![block(101, info), block(3810, notes), block(102, raw)];
    [tag(100, 31, &[0; 20]), block(100, inner)].concat()
}

/// An element of MATLAB 5.
fn element(kind: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = [kind.to_le_bytes(), (data.len() as u32).to_le_bytes()].concat();
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

/// A matrix of MATLAB 5: its class, its sides, its name, and what else it holds.
fn matrix(class: u32, sides: [u32; 2], name: &str, rest: Vec<u8>) -> Vec<u8> {
    let flags = element(6, &[class.to_le_bytes(), [0; 4]].concat());
    let sides = element(5, &sides.map(u32::to_le_bytes).concat());
    element(14, &[flags, sides, element(1, name.as_bytes()), rest].concat())
}

/// Numbers as MATLAB 5 has them.
pub(crate) fn numbers(sides: [u32; 2], values: &[f64]) -> Vec<u8> {
    matrix(6, sides, "", element(9, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>()))
}

/// A text as MATLAB 5 has it.
pub(crate) fn text(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    matrix(4, [1, text.len() as u32], "", element(4, &units))
}

/// Structures as MATLAB 5 has them: the names of their fields, and the fields of each.
pub(crate) fn structs(name: &str, names: &[&str], structs: &[Vec<Vec<u8>>]) -> Vec<u8> {
    let mut letters = Vec::new();
    for name in names {
        letters.extend(name.bytes());
        letters.resize(letters.len().next_multiple_of(32), 0);
    }
    // The length of a name is a small element, which lies in its own tag.
    let length = [5_u16.to_le_bytes(), 4_u16.to_le_bytes()].concat();
    let length = [length, 32_u32.to_le_bytes().to_vec()].concat();
    let rest = [length, element(1, &letters), structs.concat().concat()].concat();
    matrix(2, [1, structs.len() as u32], name, rest)
}

/// A `.set` of EEGLAB with the fields of the structure `EEG`, packed or not.
pub(crate) fn set(fields: &[(&str, Vec<u8>)], packed: bool) -> Vec<u8> {
    use std::io::Write;
    let mut bytes = b"MATLAB 5.0 MAT-file".to_vec();
    bytes.resize(124, b' ');
    bytes.extend([0, 1, b'I', b'M']);
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let eeg = structs("EEG", &names, &[fields.iter().map(|(_, field)| field.clone()).collect()]);
    if packed {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&eeg).expect("in memory");
        let packed = encoder.finish().expect("in memory");
        bytes.extend([15_u32.to_le_bytes(), (packed.len() as u32).to_le_bytes()].concat());
        bytes.extend(packed);
    } else {
        bytes.extend(eeg);
    }
    bytes
}
