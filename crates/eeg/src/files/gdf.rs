//! GDF, versions 1 and 2 (Schlögl 2006): records like those of EDF, of numbers of any type, and a table of events.

use crate::files::annotation::Annotation;
use crate::files::rates;
use crate::files::recording::{Decoded, Rates};
use crate::files::selection::{Channel, Selection};
use crate::files::text::decode;
use crate::files::units::Unit;

/// Bytes of the header of the file, and of each channel's header.
const BLOCK: usize = 256;
/// The first version whose header is of the second kind.
const SECOND: f64 = 1.9;
/// The first version whose table of events has its count before its rate.
const COUNT_FIRST: f64 = 1.94;

/// Reads the channels that are wanted, in their order.
pub(crate) fn read(bytes: &[u8], wanted: Option<&[String]>, rates: Rates) -> Result<Decoded, String> {
    let file = Gdf::of(bytes)?;
    let mut candidates: Vec<Channel> = file.channels.iter().map(ChannelHeader::channel).collect();
    // A file in which nothing is a voltage has forgotten its units.
    if file.channels.iter().all(|channel| channel.unit == Unit::Other) {
        candidates = file.channels.iter().map(|channel| Channel::named(channel.label.clone())).collect();
    }
    let mut selection = Selection::new(&candidates, wanted)?;
    let mut warnings = std::mem::take(&mut selection.warnings);
    let names = selection.chosen();
    let chosen: Vec<&ChannelHeader> =
        selection.numbers.iter().map(|&number| &file.channels[number]).collect();
    let unknown =
        chosen.iter().zip(&names).filter(|(channel, _)| !matches!(channel.unit, Unit::Microvolts(_)));
    let unknown: Vec<String> = unknown.map(|(_, name)| format!("'{name}'")).collect();
    if !unknown.is_empty() {
        warnings.push(format!("no unit is given, and microvolts were taken: {}", unknown.join(", ")));
    }
    if file.duration <= 0.0 || chosen[0].samples == 0 {
        return Err(format!("channel '{}' has no rate: its records last 0 s or are empty", names[0]));
    }
    if let Some(number) = chosen.iter().position(|channel| channel.is_flat()) {
        return Err(format!(
            "channel '{}' has a range that is empty: choose 'channels' without it",
            names[number]
        ));
    }
    let own: Vec<f64> = chosen.iter().map(|channel| channel.samples as f64 / file.duration).collect();
    rates::believed(&names, &own)?;
    if rates == Rates::One {
        rates::same(&names, &own)?;
    }
    let samples = chosen.iter().map(|channel| file.samples(channel)).collect();
    let (samples, rate) = rates::highest(&names, &own, samples, &mut warnings)?;
    Ok(Decoded {
        format: format!("GDF {:.2}, {}", file.version, chosen[0].kind.name()),
        rate: Some(rate),
        channels: names,
        samples,
        warnings,
        ..Decoded::default()
    })
}

/// Reads the events of a file, labelled by their numbers.
pub(crate) fn events(bytes: &[u8]) -> Result<Vec<Annotation>, String> {
    let file = Gdf::of(bytes)?;
    let table = &bytes[file.start + file.records * file.record..];
    let cut = || "is cut off within its events".to_owned();
    let Some((&mode, rest)) = table.split_first() else { return Ok(Vec::new()) };
    if !matches!(mode, 1 | 3) {
        return Ok(Vec::new());
    }
    let [a, b, c, d, e, f, g, ..] = *rest else { return Ok(Vec::new()) };
    let (count, rate) = if file.version < COUNT_FIRST {
        (u32::from_le_bytes([d, e, f, g]), f64::from(u32::from_le_bytes([a, b, c, 0])))
    } else {
        (u32::from_le_bytes([a, b, c, 0]), f64::from(f32::from_le_bytes([d, e, f, g])))
    };
    let own = || {
        let most = file.channels.iter().map(|channel| channel.samples).max().unwrap_or_default();
        most as f64 / file.duration.max(f64::MIN_POSITIVE)
    };
    let rate = if rate.is_finite() && rate > 0.0 { rate } else { own() };
    let count = count as usize;
    let rest = &rest[7..];
    let column = |start: usize, width: usize| {
        let from = start.checked_mul(count);
        from.and_then(|from| rest.get(from..)?.get(..count * width)).ok_or_else(cut)
    };
    let (places, kinds) = (column(0, 4)?, column(4, 2)?);
    let durations = if mode == 3 { column(8, 4)? } else { &[] };
    let word = |bytes: &[u8], number: usize| {
        let found = bytes.get(4 * number..).and_then(|bytes| bytes.first_chunk());
        found.map_or(0.0, |bytes| f64::from(u32::from_le_bytes(*bytes)))
    };
    let event = |number: usize| Annotation {
        onset: (word(places, number) - 1.0) / rate,
        duration: word(durations, number) / rate,
        label: u16::from_le_bytes([kinds[2 * number], kinds[2 * number + 1]]).to_string(),
    };
    Ok((0..count).map(event).collect())
}

/// A file whose header and size fit together.
struct Gdf<'a> {
    bytes: &'a [u8],
    version: f64,
    /// Offset of the first record.
    start: usize,
    /// Bytes of a record.
    record: usize,
    records: usize,
    /// Duration of a record, in seconds.
    duration: f64,
    channels: Vec<ChannelHeader>,
}

/// The header of one channel.
struct ChannelHeader {
    label: String,
    unit: Unit,
    physical: (f64, f64),
    digital: (f64, f64),
    /// Samples in each record.
    samples: usize,
    kind: Kind,
    /// Offset of its samples in each record, in bytes.
    offset: usize,
}

/// A type of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Integers of so many bytes, with a sign or without.
    Integer {
        bytes: usize,
        signed: bool,
    },
    Float32,
    Float64,
}

impl ChannelHeader {
    fn channel(&self) -> Channel {
        let unit = (self.unit == Unit::Other).then(|| "its unit is no voltage".to_owned());
        Channel::named(self.label.clone()).unless(unit)
    }

    /// True if one of its ranges is empty, so that numbers have no scale.
    fn is_flat(&self) -> bool {
        self.digital.0 == self.digital.1 || self.physical.0 == self.physical.1
    }
}

impl Kind {
    fn of(code: u32) -> Result<Self, String> {
        Ok(match code {
            1 => Self::Integer { bytes: 1, signed: true },
            2 => Self::Integer { bytes: 1, signed: false },
            3 => Self::Integer { bytes: 2, signed: true },
            4 => Self::Integer { bytes: 2, signed: false },
            5 => Self::Integer { bytes: 4, signed: true },
            6 => Self::Integer { bytes: 4, signed: false },
            7 => Self::Integer { bytes: 8, signed: true },
            8 => Self::Integer { bytes: 8, signed: false },
            16 => Self::Float32,
            17 => Self::Float64,
            279 => Self::Integer { bytes: 3, signed: true },
            535 => Self::Integer { bytes: 3, signed: false },
            other => return Err(format!("has numbers of type {other}, which is not known")),
        })
    }

    fn width(self) -> usize {
        match self {
            Self::Integer { bytes, .. } => bytes,
            Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    fn name(self) -> String {
        match self {
            Self::Integer { bytes, signed } => {
                format!("{} bit integers{}", 8 * bytes, if signed { "" } else { " without a sign" })
            }
            Self::Float32 => "32 bit floats".to_owned(),
            Self::Float64 => "64 bit floats".to_owned(),
        }
    }

    fn number(self, bytes: &[u8]) -> f64 {
        let mut array = [0; 8];
        for (place, &byte) in array.iter_mut().zip(bytes) {
            *place = byte;
        }
        match self {
            Self::Integer { signed: false, .. } => u64::from_le_bytes(array) as f64,
            Self::Integer { bytes, signed: true } => {
                // The sign comes down from the upper end.
                let shift = 64 - 8 * bytes as u32;
                ((i64::from_le_bytes(array) << shift) >> shift) as f64
            }
            Self::Float32 => f32::from_le_bytes([array[0], array[1], array[2], array[3]]).into(),
            Self::Float64 => f64::from_le_bytes(array),
        }
    }
}

impl<'a> Gdf<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, String> {
        let cut = || format!("is cut off: it has {} bytes and ends within its header", bytes.len());
        let fixed = bytes.get(..BLOCK).ok_or_else(cut)?;
        let version = decode(&fixed[4..8]).trim_matches([' ', '\0']).parse::<f64>();
        let version = version.map_err(|_| "is GDF of a version that is no number")?;
        let second = version >= SECOND;
        let field = Fields { bytes: fixed };
        let (start, count) = if second {
            (usize::from(field.short(184)) * BLOCK, usize::from(field.short(252)))
        } else {
            (field.long(184).max(0) as usize, field.word(252) as usize)
        };
        if count == 0 {
            return Err("is a header of GDF without any channel".to_owned());
        }
        let heads =
            bytes.get(BLOCK..).and_then(|rest| rest.get(..count.checked_mul(BLOCK)?)).ok_or_else(cut)?;
        if start < BLOCK * (1 + count) || start > bytes.len() {
            return Err(format!("is broken: its header says that it has {start} bytes"));
        }
        let (numerator, denominator) = (field.word(244), field.word(248));
        // A record of no length lasts a second, as in MNE.
        let numerator = if numerator == 0 { 1 } else { numerator };
        let duration = if denominator == 0 { 0.0 } else { f64::from(numerator) / f64::from(denominator) };
        let mut channels = channels(heads, count, second)?;
        let mut record = 0_usize;
        for channel in &mut channels {
            channel.offset = record;
            record = record.saturating_add(channel.samples.saturating_mul(channel.kind.width()));
        }
        if record == 0 {
            return Err("none of its channels has a sample".to_owned());
        }
        let whole = (bytes.len() - start) / record;
        let announced = usize::try_from(field.long(236)).ok();
        match announced {
            Some(records) if records > whole => {
                Err(format!("is cut off: of {records} records {whole} are there; copy it anew"))
            }
            // The events lie behind the announced records; a file that was not finished has none.
            _ => {
                let records = announced.filter(|records| *records > 0).unwrap_or(whole);
                Ok(Self { bytes, version, start, record, records, duration, channels })
            }
        }
    }

    /// The samples of one channel in microvolts.
    fn samples(&self, channel: &ChannelHeader) -> Vec<f32> {
        let ((low, high), (least, greatest)) = (channel.physical, channel.digital);
        let scale = (high - low) / (greatest - least);
        let (width, microvolts) = (channel.kind.width(), channel.unit.factor());
        let records = self.bytes[self.start..].chunks_exact(self.record).take(self.records);
        let blocks = records.map(|record| &record[channel.offset..][..channel.samples * width]);
        let physical = |bytes| ((channel.kind.number(bytes) - least) * scale + low) * microvolts;
        blocks.flat_map(|block| block.chunks_exact(width)).map(|bytes| physical(bytes) as f32).collect()
    }
}

/// The headers of all channels: each field of all of them stands together.
fn channels(heads: &[u8], count: usize, second: bool) -> Result<Vec<ChannelHeader>, String> {
    let all = Fields { bytes: heads };
    // Offset of each field, times the number of channels.
    let [unit, physical, digital, samples, kind] =
        if second { [102, 104, 120, 216, 220] } else { [96, 104, 120, 216, 220] };
    let channel = |number: usize| {
        let place = |start: usize, width: usize| start * count + width * number;
        let label = decode(&heads[place(0, 16)..][..16]);
        let label = label.split('\0').next().unwrap_or_default().trim().to_owned();
        let double = |start: usize| f64::from_bits(all.long(place(start, 8)) as u64);
        let digits = |start: usize| {
            if second { double(start) } else { all.long(place(start, 8)) as f64 }
        };
        let unit = if second {
            unit_of(all.short(place(unit, 2)))
        } else {
            Unit::of(&decode(
                heads[place(unit, 8)..][..8].split(|&byte| byte == 0).next().unwrap_or_default(),
            ))
        };
        let header = ChannelHeader {
            label,
            unit,
            physical: (double(physical), double(physical + 8)),
            digital: (digits(digital), digits(digital + 8)),
            samples: all.word(place(samples, 4)) as usize,
            kind: Kind::of(all.word(place(kind, 4)))?,
            offset: 0,
        };
        let range = [header.physical.0, header.physical.1, header.digital.0, header.digital.1];
        if range.iter().any(|end| !end.is_finite()) {
            return Err(format!("channel '{}' has a range that is no number", header.label));
        }
        Ok(header)
    };
    (0..count).map(channel).collect()
}

/// The unit of a code of ISO/IEEE 11073: volts, in steps of 32, with the power of ten in the lower five bits.
fn unit_of(code: u16) -> Unit {
    const VOLT: u16 = 4256;
    match (code & !31, code & 31) {
        (0, 0) | (512, 0) => Unit::Missing,
        (VOLT, 0) => Unit::Microvolts(1e6),
        (VOLT, 16) => Unit::Microvolts(1e5),
        (VOLT, 17) => Unit::Microvolts(1e4),
        (VOLT, 18) => Unit::Microvolts(1e3),
        (VOLT, 19) => Unit::Microvolts(1.0),
        (VOLT, 20) => Unit::Microvolts(1e-3),
        (VOLT, 21) => Unit::Microvolts(1e-6),
        _ => Unit::Other,
    }
}

/// Numbers at offsets of some bytes, which are known to be there.
struct Fields<'a> {
    bytes: &'a [u8],
}

impl Fields<'_> {
    fn array<const WIDTH: usize>(&self, place: usize) -> [u8; WIDTH] {
        self.bytes.get(place..).and_then(|bytes| bytes.first_chunk()).copied().unwrap_or([0; WIDTH])
    }

    fn short(&self, place: usize) -> u16 {
        u16::from_le_bytes(self.array(place))
    }

    fn word(&self, place: usize) -> u32 {
        u32::from_le_bytes(self.array(place))
    }

    fn long(&self, place: usize) -> i64 {
        i64::from_le_bytes(self.array(place))
    }
}
