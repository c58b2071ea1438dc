//! FIF, the format of Neuromag and of MNE: a tree of tags, of which the raw recording is read.
//!
//! Functional Image File Format (Elekta Neuromag), as MNE-Python writes it.

use crate::files::annotation::Annotation;
use crate::files::recording::Decoded;
use crate::files::selection::{Channel, Selection};
use crate::files::text::decode;

/// Kinds of tags.
const FILE_ID: u32 = 100;
const BLOCK_START: u32 = 104;
const BLOCK_END: u32 = 105;
const CHANNELS: u32 = 200;
const RATE: u32 = 201;
const CHANNEL: u32 = 203;
const COMMENT: u32 = 206;
const FIRST_SAMPLE: u32 = 208;
const LONG_NAME: u32 = 258;
const ROLE: u32 = 115;
const BUFFER: u32 = 300;
const SKIP: u32 = 301;
const BEGINNINGS: u32 = 3568;
const ENDS: u32 = 3569;

/// Kinds of blocks.
const INFO: u32 = 101;
const RAW: [u32; 3] = [102, 112, 119];
const CHANNEL_INFO: u32 = 113;
const OTHER_FILE: u32 = 118;
const EPOCHS: u32 = 373;
const EVOKED: u32 = 104;
const ANNOTATIONS: u32 = 3810;
/// The role of a file in which the recording continues.
const NEXT: u32 = 2;

/// Volts, as the unit of a channel.
const VOLT: i32 = 107;
/// Bytes in front of the data of a tag.
const HEAD: usize = 16;
/// Bytes of the description of a channel.
const CHANNEL_BYTES: usize = 96;

/// True if bytes begin with the tag that identifies a FIF file.
pub(crate) fn recognises(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0, 0, 0, FILE_ID as u8, 0, 0, 0, 31, 0, 0, 0, 20])
}

/// Reads the channels that are wanted, in their order.
pub(crate) fn read(bytes: &[u8], wanted: Option<&[String]>) -> Result<Decoded, String> {
    let file = Fif::of(bytes)?;
    if file.goes_on {
        return Err("goes on in another file: join them with `python -c \"import mne; \
            mne.io.read_raw_fif('FILE').save('OUT_raw.fif', split_size='2GB')\"`, or cut it into parts below 2 GB"
            .to_owned());
    }
    if file.skips {
        return Err("has gaps, where nothing was recorded: cut it there into files without gaps".to_owned());
    }
    let (Some(first), false) = (file.buffers.first(), file.channels.is_empty()) else {
        let what = match file.other {
            Some(EPOCHS) => "epochs that were cut before",
            Some(EVOKED) => "averages",
            _ => "no raw recording",
        };
        return Err(format!("holds {what}: give the raw recording (`..._raw.fif`)"));
    };
    let rate = file.rate.filter(|rate| rate.is_finite() && *rate > 0.0).ok_or("does not say its rate")?;
    let storage = Storage::of(first.kind)?;
    let candidates: Vec<Channel> = file.channels.iter().map(ChannelInfo::channel).collect();
    let selection = Selection::new(&candidates, wanted)?;
    let mut warnings = selection.warnings.clone();
    let count = file.channels.len();
    let mut samples = vec![Vec::new(); selection.numbers.len()];
    for buffer in &file.buffers {
        if Storage::of(buffer.kind)? != storage || !buffer.data.len().is_multiple_of(count * storage.width())
        {
            return Err(
                "is broken: one of its buffers does not hold whole samples of all channels".to_owned()
            );
        }
        for row in buffer.data.chunks_exact(count * storage.width()) {
            for (&number, samples) in selection.numbers.iter().zip(&mut samples) {
                let value = storage.number(&row[number * storage.width()..]);
                samples.push((value * file.channels[number].microvolts()) as f32);
            }
        }
    }
    if let Some(other) = selection.numbers.iter().find(|&&number| file.channels[number].unit != VOLT) {
        let name = &selection.names[*other];
        warnings.push(format!("the unit is no voltage, and numbers were taken as they stand: '{name}'"));
    }
    Ok(Decoded {
        format: format!("FIF, {}", storage.name()),
        rate: Some(rate),
        channels: selection.chosen(),
        samples,
        warnings,
        ..Decoded::default()
    })
}

/// Reads the annotations of a file.
pub(crate) fn events(bytes: &[u8]) -> Result<Vec<Annotation>, String> {
    let file = Fif::of(bytes)?;
    let rate = file.rate.filter(|rate| rate.is_finite() && *rate > 0.0).unwrap_or(1.0);
    // Onsets are counted from the start of the device, which may be before the first sample that was kept.
    let start = f64::from(file.first_sample) / rate;
    let annotation = |(number, &onset): (usize, &f64)| Annotation {
        onset: onset - start,
        duration: file.ends.get(number).map_or(0.0, |end| (end - onset).max(0.0)),
        label: file.labels.get(number).cloned().unwrap_or_default(),
    };
    Ok(file.beginnings.iter().enumerate().map(annotation).collect())
}

/// The contents of a file.
#[derive(Default)]
struct Fif<'a> {
    rate: Option<f64>,
    channels: Vec<ChannelInfo>,
    first_sample: i32,
    buffers: Vec<Buffer<'a>>,
    skips: bool,
    goes_on: bool,
    /// A block that is no raw recording.
    other: Option<u32>,
    beginnings: Vec<f64>,
    ends: Vec<f64>,
    labels: Vec<String>,
}

/// A buffer of samples, all channels of a sample after each other.
struct Buffer<'a> {
    kind: u32,
    data: &'a [u8],
}

/// The description of a channel.
struct ChannelInfo {
    name: String,
    kind: i32,
    unit: i32,
    /// Factors of the numbers, which are multiplied by both.
    range: f32,
    calibration: f32,
}

impl ChannelInfo {
    fn of(data: &[u8]) -> Option<Self> {
        let field =
            |number: usize| data.get(4 * number..).and_then(|bytes| bytes.first_chunk::<4>()).copied();
        let name = data.get(CHANNEL_BYTES - 16..CHANNEL_BYTES)?;
        Some(Self {
            name: decode(name.split(|&byte| byte == 0).next().unwrap_or_default()),
            kind: i32::from_be_bytes(field(2)?),
            range: f32::from_be_bytes(field(3)?),
            calibration: f32::from_be_bytes(field(4)?),
            unit: i32::from_be_bytes(field(18)?),
        })
    }

    fn channel(&self) -> Channel {
        let other = match self.kind {
            // EEG, and what lies below the skull: stereotactic EEG, deep brain stimulation, electrocorticography.
            2 | 802 | 803 | 902 => None,
            1 | 301 => Some("MEG"),
            3 => Some("triggers"),
            202 => Some("EOG"),
            302 => Some("EMG"),
            402 => Some("ECG"),
            _ => Some("not marked as EEG"),
        };
        Channel { name: self.name.clone(), other: other.map(str::to_owned) }
    }

    fn microvolts(&self) -> f64 {
        let unit = if self.unit == VOLT { 1e6 } else { 1.0 };
        f64::from(self.range) * f64::from(self.calibration) * unit
    }
}

/// A type of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storage {
    Int16,
    Int32,
    Float32,
    Float64,
}

impl Storage {
    fn of(kind: u32) -> Result<Self, String> {
        Ok(match kind {
            2 | 16 => Self::Int16,
            3 => Self::Int32,
            4 => Self::Float32,
            5 => Self::Float64,
            20 | 21 => return Err("holds complex numbers, which are no recording".to_owned()),
            other => return Err(format!("holds numbers of type {other}, which is not known")),
        })
    }

    fn width(self) -> usize {
        match self {
            Self::Int16 => 2,
            Self::Int32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    fn number(self, bytes: &[u8]) -> f64 {
        fn array<const WIDTH: usize>(bytes: &[u8]) -> [u8; WIDTH] {
            bytes.first_chunk().copied().unwrap_or([0; WIDTH])
        }
        match self {
            Self::Int16 => i16::from_be_bytes(array(bytes)).into(),
            Self::Int32 => i32::from_be_bytes(array(bytes)).into(),
            Self::Float32 => f32::from_be_bytes(array(bytes)).into(),
            Self::Float64 => f64::from_be_bytes(array(bytes)),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Int16 => "16 bit integers",
            Self::Int32 => "32 bit integers",
            Self::Float32 => "32 bit floats",
            Self::Float64 => "64 bit floats",
        }
    }
}

/// A tag: its kind, the type of its data, and the data.
struct Tag<'a> {
    kind: u32,
    data_kind: u32,
    data: &'a [u8],
}

impl Tag<'_> {
    fn word(&self) -> u32 {
        self.data.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
    }

    /// The numbers of its data, whatever their type.
    fn numbers(&self) -> Vec<f64> {
        let Ok(storage) = Storage::of(self.data_kind) else { return Vec::new() };
        self.data.chunks_exact(storage.width()).map(|bytes| storage.number(bytes)).collect()
    }
}

impl<'a> Fif<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, String> {
        if !recognises(bytes) {
            return Err("is no FIF: its first tag does not say what file it is".to_owned());
        }
        let mut file = Self::default();
        let mut blocks: Vec<u32> = Vec::new();
        let (mut place, mut announced, mut names) = (0_usize, 0, Vec::new());
        while let Some((tag, next)) = tag(bytes, place)? {
            let block = blocks.last().copied().unwrap_or_default();
            match tag.kind {
                BLOCK_START => {
                    let block = tag.word();
                    if [EPOCHS, EVOKED].contains(&block) {
                        file.other = Some(block);
                    }
                    blocks.push(block);
                }
                BLOCK_END => {
                    blocks.pop();
                }
                CHANNELS if block == INFO => announced = tag.word(),
                RATE if block == INFO => file.rate = tag.numbers().first().copied(),
                CHANNEL if block == INFO => {
                    let channel = ChannelInfo::of(tag.data).ok_or("is broken: a channel is cut off")?;
                    file.channels.push(channel);
                }
                LONG_NAME if block == CHANNEL_INFO => names.push(decode(tag.data)),
                FIRST_SAMPLE if RAW.contains(&block) => file.first_sample = tag.word() as i32,
                SKIP if RAW.contains(&block) => match file.buffers.is_empty() {
                    // A skip before the first sample is no gap.
                    true => {}
                    false => file.skips |= tag.word() > 0,
                },
                BUFFER if RAW.contains(&block) => {
                    file.buffers.push(Buffer { kind: tag.data_kind, data: tag.data });
                }
                ROLE if block == OTHER_FILE => file.goes_on |= tag.word() == NEXT,
                BEGINNINGS if block == ANNOTATIONS => file.beginnings = tag.numbers(),
                ENDS if block == ANNOTATIONS => file.ends = tag.numbers(),
                COMMENT if block == ANNOTATIONS => {
                    // Colons separate the labels, and those within are written as braces.
                    file.labels =
                        decode(tag.data).split(':').map(|label| label.replace("{COLON}", ":")).collect();
                }
                _ => {}
            }
            match next {
                Some(next) => place = next,
                None => break,
            }
        }
        if file.channels.len() != announced as usize {
            let found = file.channels.len();
            return Err(format!("is broken: it describes {found} channels of {announced}"));
        }
        // Names of more than 15 letters have a tag of their own.
        if names.len() == file.channels.len() {
            file.channels.iter_mut().zip(names).for_each(|(channel, name)| channel.name = name);
        }
        Ok(file)
    }
}

/// The tag at a place, and the place of the next one; `None` at the end of the file.
fn tag(bytes: &[u8], place: usize) -> Result<Option<(Tag<'_>, Option<usize>)>, String> {
    let Some(rest) = bytes.get(place..).filter(|rest| !rest.is_empty()) else { return Ok(None) };
    let cut = || "is cut off within one of its tags: copy it anew".to_owned();
    let head = rest.get(..HEAD).ok_or_else(cut)?;
    let word = |number: usize| head[4 * number..].first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    let (size, next) = (word(2) as usize, word(3) as i32);
    let data = rest[HEAD..].get(..size).ok_or_else(cut)?;
    let next = match next {
        0 => Some(place + HEAD + size),
        ..0 => None,
        // A tag that goes back would be read for ever.
        next if next as usize > place => Some(next as usize),
        _ => return Err("is broken: one of its tags leads backward".to_owned()),
    };
    Ok(Some((Tag { kind: word(0), data_kind: word(1), data }, next)))
}
