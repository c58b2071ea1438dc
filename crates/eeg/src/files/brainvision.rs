//! BrainVision: a header of text (`.vhdr`), with the samples (`.eeg`) and the markers (`.vmrk`) beside it.
//!
//! Versions 1 and 2 of Brain Products' core data format.

use crate::files::annotation::Annotation;
use crate::files::companion::Beside;
use crate::files::recording::Decoded;
use crate::files::selection::{Channel, Selection};
use crate::files::text::decode_file;
use crate::files::units::Unit;

/// Extensions of samples.
const SAMPLES: &[&str] = &["eeg", "dat", "avg", "seg"];
/// Names that the amplifiers of Brain Products give to channels of the eyes.
const EYES: [&str; 3] = ["HEOGL", "HEOGR", "VEOGb"];
/// The marker with which every stretch of recording begins.
const SEGMENT: &str = "New Segment";

/// True if bytes begin with a BrainVision header.
pub(crate) fn recognises(bytes: &[u8]) -> bool {
    let first = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let text =
        decode_file(first.get(..200).unwrap_or(first)).to_lowercase().replace("brain vision", "brainvision");
    text.starts_with("brainvision") && text.contains("header file")
}

/// The channels that are wanted, in their order.
pub(crate) fn read(bytes: &[u8], beside: Beside<'_>, wanted: Option<&[String]>) -> Result<Decoded, String> {
    let header = Header::of(&decode_file(bytes))?;
    let mut selection = Selection::new(&header.candidates(), wanted)?;
    let channels = selection.chosen();
    let mut warnings = std::mem::take(&mut selection.warnings);
    let (data, said) = beside.read(&header.data_file, SAMPLES)?;
    warnings.extend(said);
    let numbers = match &header.storage {
        Storage::Binary(kind) => Numbers::of(&data, *kind, &header, &mut warnings)?,
        Storage::Text(layout) => Numbers::of_text(&data, layout, &header)?,
    };
    let samples = selection.numbers.iter().map(|&number| {
        let factor = header.channels[number].factor;
        (0..numbers.samples).map(|sample| (numbers.at(number, sample) * factor) as f32).collect()
    });
    let samples = samples.collect();
    if let Some(name) = &header.marker_file
        && let Ok((markers, said)) = beside.read(name, &["vmrk"])
    {
        warnings.extend(said);
        let rest = markers_of(&decode_file(&markers), header.rate).into_iter();
        if rest.filter(|marker| marker.label.starts_with(SEGMENT)).count() > 0 {
            warnings.push("was stopped and went on: what lies between is missing".to_owned());
        }
    }
    warnings.dedup();
    Ok(Decoded {
        format: header.format(),
        rate: Some(header.rate),
        channels,
        samples,
        warnings,
        ..Decoded::default()
    })
}

/// The length of the samples beside a header.
pub(crate) fn size(bytes: &[u8], beside: Beside<'_>) -> u64 {
    Header::of(&decode_file(bytes)).map_or(0, |header| beside.size(&header.data_file, SAMPLES))
}

/// The markers beside a header, without the one that marks the start of the recording.
pub(crate) fn events(bytes: &[u8], beside: Beside<'_>) -> Result<Vec<Annotation>, String> {
    let header = Header::of(&decode_file(bytes))?;
    let Some(name) = &header.marker_file else { return Ok(Vec::new()) };
    let (markers, _) = beside.read(name, &["vmrk"]).map_err(|reason| reason.replace("samples", "markers"))?;
    Ok(markers_of(&decode_file(&markers), header.rate))
}

/// Parses lines of `Mk2=Stimulus,S  1,487,1,0`: type, description, place from 1, samples, channel.
fn markers_of(text: &str, rate: f64) -> Vec<Annotation> {
    let mut markers = Vec::new();
    let infos = Ini { text }.section("Marker Infos");
    let marked =
        infos.iter().filter(|(key, _)| key.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("mk")));
    for (number, (_, value)) in marked.enumerate() {
        let fields: Vec<String> =
            value.split(',').map(|field| field.trim_end().replace("\\1", ",")).collect();
        let [kind, description, place, samples, ..] = fields.as_slice() else { continue };
        let Ok(place) = place.trim().parse::<f64>() else { continue };
        if number == 0 && kind == SEGMENT {
            continue;
        }
        let duration = samples.trim().parse::<f64>().unwrap_or(0.0).max(0.0) / rate;
        markers.push(Annotation {
            onset: (place - 1.0) / rate,
            duration,
            label: format!("{kind}/{description}"),
        });
    }
    markers
}

/// The fields of a header.
#[derive(Debug)]
struct Header {
    data_file: String,
    marker_file: Option<String>,
    rate: f64,
    /// True if all channels of a sample stand together, rather than all samples of a channel.
    multiplexed: bool,
    big_endian: bool,
    storage: Storage,
    channels: Vec<ChannelInfo>,
}

/// Storage of the samples: binary or text.
#[derive(Debug, PartialEq)]
enum Storage {
    Binary(Binary),
    Text(Layout),
}

/// A type of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binary {
    Int16,
    UInt16,
    Int32,
    Float32,
    Float64,
}

/// Number of lines and columns before the numbers of text.
#[derive(Debug, Default, PartialEq)]
struct Layout {
    lines: usize,
    columns: usize,
}

/// The fields of a channel in a header.
#[derive(Debug)]
struct ChannelInfo {
    name: String,
    unit: String,
    /// Factor from numbers to microvolts.
    factor: f64,
}

impl Header {
    fn of(text: &str) -> Result<Self, String> {
        let ini = Ini { text };
        let common = ini.section("Common Infos");
        let get = |key: &str| {
            let found = common.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        let need = |key: &str| get(key).ok_or_else(|| format!("its header lacks {key}"));
        let is =
            |key: &str, expected: &str| get(key).is_some_and(|value| value.eq_ignore_ascii_case(expected));
        if is("DataType", "FREQUENCYDOMAIN") {
            return Err("holds spectra (FREQUENCYDOMAIN): export the recording itself".to_owned());
        }
        let multiplexed = match need("DataOrientation")?.to_uppercase().as_str() {
            "MULTIPLEXED" => true,
            "VECTORIZED" => false,
            other => return Err(format!("its header has a DataOrientation of '{other}'")),
        };
        let interval = number(need("SamplingInterval")?).filter(|interval| *interval > 0.0);
        let interval = interval.ok_or("its header has a SamplingInterval that is no time")?;
        let count: usize = need("NumberOfChannels")?.parse().unwrap_or(0);
        let storage = match get("DataFormat").unwrap_or("BINARY").to_uppercase().as_str() {
            "BINARY" => Storage::Binary(Binary::of(ini.value("Binary Infos", "BinaryFormat").as_deref())?),
            "ASCII" => {
                let value = |key: &str| ini.value("ASCII Infos", key).and_then(|value| value.parse().ok());
                let (lines, columns) = (value("SkipLines"), value("SkipColumns"));
                Storage::Text(Layout { lines: lines.unwrap_or(0), columns: columns.unwrap_or(0) })
            }
            other => return Err(format!("its header has a DataFormat of '{other}'")),
        };
        let channels = channels(&ini.section("Channel Infos"), count)?;
        let big_endian = ini.value("Binary Infos", "UseBigEndianOrder");
        Ok(Self {
            data_file: need("DataFile")?.to_owned(),
            marker_file: get("MarkerFile").map(str::to_owned),
            rate: 1e6 / interval,
            multiplexed,
            big_endian: big_endian.is_some_and(|value| value.eq_ignore_ascii_case("YES")),
            storage,
            channels,
        })
    }

    fn candidates(&self) -> Vec<Channel> {
        let of = |channel: &ChannelInfo| {
            let unit = (Unit::of(&channel.unit) == Unit::Other).then(|| format!("unit {}", channel.unit));
            let eyes = EYES.contains(&channel.name.as_str()).then(|| "movements of the eyes".to_owned());
            Channel::named(channel.name.clone()).unless(unit).unless(eyes)
        };
        self.channels.iter().map(of).collect()
    }

    fn format(&self) -> String {
        let numbers = match self.storage {
            Storage::Binary(Binary::Int16) => "16 bit integers",
            Storage::Binary(Binary::UInt16) => "16 bit integers without a sign",
            Storage::Binary(Binary::Int32) => "32 bit integers",
            Storage::Binary(Binary::Float32) => "32 bit floats",
            Storage::Binary(Binary::Float64) => "64 bit floats",
            Storage::Text(_) => "text",
        };
        let order = if self.multiplexed { "multiplexed" } else { "vectorized" };
        format!("BrainVision, {numbers}, {order}")
    }
}

impl Binary {
    fn of(name: Option<&str>) -> Result<Self, String> {
        Ok(match name.unwrap_or("INT_16").to_uppercase().as_str() {
            "INT_16" => Self::Int16,
            "UINT_16" => Self::UInt16,
            "INT_32" => Self::Int32,
            "IEEE_FLOAT_32" => Self::Float32,
            "IEEE_FLOAT_64" => Self::Float64,
            other => return Err(format!("its header has a BinaryFormat of '{other}'")),
        })
    }

    fn width(self) -> usize {
        match self {
            Self::Int16 | Self::UInt16 => 2,
            Self::Int32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    fn number(self, bytes: &[u8], big: bool) -> f64 {
        let mut array = [0; 8];
        for (place, &byte) in array.iter_mut().zip(bytes.iter().take(self.width())) {
            *place = byte;
        }
        if big {
            array[..self.width()].reverse();
        }
        let [a, b, c, d, ..] = array;
        match self {
            Self::Int16 => i16::from_le_bytes([a, b]).into(),
            Self::UInt16 => u16::from_le_bytes([a, b]).into(),
            Self::Int32 => i32::from_le_bytes([a, b, c, d]).into(),
            Self::Float32 => f32::from_le_bytes([a, b, c, d]).into(),
            Self::Float64 => f64::from_le_bytes(array),
        }
    }
}

/// Parses `Ch1=Fp1,,0.1,µV`: name, reference, resolution, unit.
fn channels(infos: &[(String, String)], count: usize) -> Result<Vec<ChannelInfo>, String> {
    let mut channels = Vec::new();
    for number in 1..=count {
        let key = format!("Ch{number}");
        let found = infos.iter().find(|(name, _)| name.eq_ignore_ascii_case(&key));
        let (_, value) = found.ok_or_else(|| format!("its header lacks {key} of {count} channels"))?;
        let fields: Vec<&str> = value.split(',').map(str::trim).collect();
        let field = |place: usize| fields.get(place).copied().unwrap_or_default();
        let name = field(0).replace("\\1", ",");
        // A decimal comma splits a resolution into two fields.
        let (resolution, unit) = match (field(2).parse::<u32>(), field(3).parse::<u32>()) {
            (Ok(_), Ok(_)) => (format!("{}.{}", field(2), field(3)), field(4)),
            _ => (field(2).to_owned(), field(3)),
        };
        let resolution = if resolution.is_empty() {
            1.0
        } else {
            self::number(&resolution).ok_or_else(|| {
                format!("channel '{name}' has a resolution that is no number: '{resolution}'")
            })?
        };
        let factor = resolution * Unit::of(unit).factor();
        channels.push(ChannelInfo { name, unit: unit.to_owned(), factor });
    }
    if channels.is_empty() {
        return Err("its header has no channel".to_owned());
    }
    Ok(channels)
}

fn number(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").parse().ok().filter(|number: &f64| number.is_finite())
}

/// The samples of all channels, before they are converted to microvolts.
enum Source<'a> {
    Bytes { data: &'a [u8], kind: Binary, big: bool },
    Values(Vec<f64>),
}

struct Numbers<'a> {
    source: Source<'a>,
    channels: usize,
    samples: usize,
    multiplexed: bool,
}

impl<'a> Numbers<'a> {
    fn of(data: &'a [u8], kind: Binary, header: &Header, warnings: &mut Vec<String>) -> Result<Self, String> {
        let channels = header.channels.len();
        let sample = channels * kind.width();
        if !data.len().is_multiple_of(sample) {
            if !header.multiplexed {
                return Err(format!(
                    "has {} bytes of samples, which {channels} channels cannot share",
                    data.len()
                ));
            }
            warnings.push("its samples are cut off within the last one, which is left out".to_owned());
        }
        let source = Source::Bytes { data, kind, big: header.big_endian };
        Ok(Self { source, channels, samples: data.len() / sample, multiplexed: header.multiplexed })
    }

    fn of_text(data: &[u8], layout: &Layout, header: &Header) -> Result<Self, String> {
        let text = decode_file(data);
        let mut values = Vec::new();
        let (mut lines, channels) = (0, header.channels.len());
        for line in text.lines().skip(layout.lines).filter(|line| !line.trim().is_empty()) {
            // Commas separate numbers only where there are no spaces; else they stand before decimals.
            let spaced: Vec<&str> = line.split_whitespace().collect();
            let cells = if spaced.len() > 1 { spaced } else { line.split([',', ';']).collect() };
            lines += 1;
            for cell in cells.into_iter().skip(layout.columns) {
                values.push(
                    number(cell)
                        .ok_or_else(|| format!("line {lines} of its samples: '{cell}' is no number"))?,
                );
            }
        }
        let samples = values.len() / channels;
        if samples * channels != values.len() || lines != if header.multiplexed { samples } else { channels }
        {
            return Err(format!(
                "has {} numbers in {lines} lines, which are no {channels} channels",
                values.len()
            ));
        }
        Ok(Self { source: Source::Values(values), channels, samples, multiplexed: header.multiplexed })
    }

    fn at(&self, channel: usize, sample: usize) -> f64 {
        let place =
            if self.multiplexed { sample * self.channels + channel } else { channel * self.samples + sample };
        match &self.source {
            Source::Bytes { data, kind, big } => kind.number(&data[place * kind.width()..], *big),
            Source::Values(values) => values[place],
        }
    }
}

/// A text of sections with keys and values.
struct Ini<'a> {
    text: &'a str,
}

impl Ini<'_> {
    /// The keys and values of a section, in their order.
    fn section(&self, name: &str) -> Vec<(String, String)> {
        let (mut inside, mut found) = (false, Vec::new());
        for line in self.text.lines().map(str::trim) {
            if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                inside = section.trim().eq_ignore_ascii_case(name);
                // The rest is free text, in which brackets mean nothing.
                if section.trim().eq_ignore_ascii_case("Comment") {
                    break;
                }
            } else if inside
                && !line.starts_with(';')
                && let Some((key, value)) = line.split_once('=')
            {
                found.push((key.trim().to_owned(), value.trim().to_owned()));
            }
        }
        found
    }

    fn value(&self, section: &str, key: &str) -> Option<String> {
        let found = self.section(section).into_iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map(|(_, value)| value).filter(|value| !value.is_empty())
    }
}
