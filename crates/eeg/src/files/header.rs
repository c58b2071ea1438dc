//! The header of EDF and BDF (Kemp et al. 1992; Kemp and Olivan 2003; the BDF page of BioSemi).

use crate::files::selection::Channel;
use crate::files::text::decode;
use crate::files::units::Unit;

/// Bytes of the header of the file, and of each signal's header.
pub(crate) const BLOCK: usize = 256;

/// The fields of the header.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    /// Bytes a sample: 2 in EDF, 3 in BDF.
    pub sample_bytes: usize,
    /// The format, with its variant: `EDF+C`.
    pub variant: String,
    /// Number of records; `None` if the program that wrote the file did not finish it.
    pub records: Option<usize>,
    /// Duration of a record, in seconds.
    pub duration: f64,
    /// The signals.
    pub signals: Vec<SignalHeader>,
}

/// The header of one signal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SignalHeader {
    /// The name of the channel.
    pub label: String,
    /// The unit, as the file writes it.
    pub unit: String,
    /// The physical values of the least and the greatest number.
    pub physical: (f64, f64),
    /// The least and the greatest number.
    pub digital: (f64, f64),
    /// Samples in each record.
    pub samples: usize,
    /// Offset of its samples in each record, in samples.
    pub offset: usize,
}

impl SignalHeader {
    /// True if the signal holds annotations rather than samples.
    pub(crate) fn is_annotations(&self) -> bool {
        let label = self.label.to_lowercase();
        ["edf annotations", "bdf annotations", "edf annotation", "bdf annotation"].contains(&label.as_str())
    }

    /// The signal as a channel that may be chosen.
    pub(crate) fn channel(&self) -> Channel {
        let unit = (Unit::of(&self.unit) == Unit::Other).then(|| format!("unit {}", self.unit));
        Channel::named(self.label.clone()).unless(unit)
    }
}

impl Header {
    /// Reads the header at the start of a file. The extension decides between EDF and BDF if the contents do not.
    pub(crate) fn read(bytes: &[u8], extension: &str) -> Result<Self, String> {
        let mut fields = Fields { bytes, position: 0 };
        let version = fields.take(8)?;
        let biosemi = version == b"\xffBIOSEMI";
        // Some programs fill the field up with zeros or with spaces that do not break, and some write nothing of
        // it: then the rest of the header must hold together.
        let usual = version[0] == b'0' && version[1..].iter().all(|&byte| is_filler(byte));
        if !(biosemi || usual || recognises(bytes)) {
            return Err("is neither EDF nor BDF: its first eight bytes are others".to_owned());
        }
        fields.take(80 + 80 + 8 + 8)?;
        fields.take(8)?;
        let reserved = fields.text(44)?;
        let wide = biosemi
            || ["24BIT", "BDF"].iter().any(|mark| reserved.starts_with(mark))
            || (extension == "bdf" && !reserved.starts_with("EDF"));
        let variant = match reserved.get(..5) {
            Some(variant @ ("EDF+C" | "EDF+D" | "BDF+C" | "BDF+D")) => variant,
            _ if wide => "BDF",
            _ => "EDF",
        };
        let records = fields.number(8, "the number of records")?;
        let duration = fields.number(8, "the duration of a record")?;
        let count = fields.number(4, "the number of signals")?;
        if duration < 0.0 {
            return Err(format!("its records last {duration} s"));
        }
        if !(1.0..=9999.0).contains(&count) || count.fract() != 0.0 {
            return Err(format!("it has {count} signals"));
        }
        let signals = signals(&mut fields, count as usize)?;
        Ok(Self {
            sample_bytes: if wide { 3 } else { 2 },
            variant: variant.to_owned(),
            records: (records >= 0.0).then_some(records as usize),
            duration,
            signals,
        })
    }

    /// True if records may be missing between others: EDF+D, BDF+D.
    pub(crate) fn is_discontinuous(&self) -> bool {
        self.variant.ends_with("+D")
    }

    /// Bytes of the whole header.
    pub(crate) fn len(&self) -> usize {
        BLOCK * (1 + self.signals.len())
    }

    /// Samples of all signals in one record.
    pub(crate) fn record_samples(&self) -> usize {
        self.signals.last().map_or(0, |last| last.offset + last.samples)
    }
}

/// True if bytes begin with a header of EDF: its length fits its number of signals, and its numbers can be parsed.
pub(crate) fn recognises(bytes: &[u8]) -> bool {
    let number = |from: usize, width: usize| {
        let text = bytes.get(from..from + width)?;
        number(&text_of(text)).filter(|number| number.is_finite())
    };
    let whole = bytes.len() >= BLOCK && bytes[0] != b'<' && bytes[0] != b'{';
    let numbers = (number(184, 8), number(236, 8), number(244, 8), number(252, 4));
    let (Some(length), Some(_), Some(_), Some(count)) = numbers else { return false };
    whole && count >= 1.0 && length == BLOCK as f64 * (1.0 + count)
}

/// True if a byte is padding: a space, a zero, or no printable ASCII.
fn is_filler(byte: u8) -> bool {
    byte <= b' ' || byte >= 0x7f
}

/// A number of a field, in which some programs write a decimal comma.
fn number(text: &str) -> Option<f64> {
    text.split('\0').next().unwrap_or_default().trim().replace(',', ".").parse().ok()
}

/// The text of a field. The standard allows ASCII only; some programs write Latin-1 or UTF-8.
fn text_of(field: &[u8]) -> String {
    decode(field).trim_matches([' ', '\0', '\t', '\u{a0}']).to_owned()
}

/// The headers of all signals: each field of all of them stands together.
fn signals(fields: &mut Fields<'_>, count: usize) -> Result<Vec<SignalHeader>, String> {
    if fields.bytes.len() < BLOCK * (1 + count) {
        return Err(format!("is cut off: the headers of {count} signals are not complete"));
    }
    let labels = (0..count).map(|_| fields.text(16)).collect::<Result<Vec<_>, _>>()?;
    fields.take(80 * count)?;
    let units = (0..count).map(|_| fields.text(8)).collect::<Result<Vec<_>, _>>()?;
    let mut numbers = |name| (0..count).map(|_| fields.number(8, name)).collect::<Result<Vec<_>, _>>();
    let physical = [numbers("a physical minimum")?, numbers("a physical maximum")?];
    let digital = [numbers("a digital minimum")?, numbers("a digital maximum")?];
    fields.take(80 * count)?;
    let mut offset = 0_usize;
    let mut signals = Vec::with_capacity(count);
    for number in 0..count {
        let samples = fields.number(8, "the samples of a record")?;
        // A record of EDF has at most 61,440 bytes by the standard; what is written goes beyond.
        if !(0.0..=1e8).contains(&samples) || samples.fract() != 0.0 {
            return Err(format!("channel '{}' has {samples} samples a record", labels[number]));
        }
        signals.push(SignalHeader {
            label: labels[number].clone(),
            unit: units[number].clone(),
            physical: (physical[0][number], physical[1][number]),
            digital: (digital[0][number], digital[1][number]),
            samples: samples as usize,
            offset,
        });
        offset += samples as usize;
    }
    Ok(signals)
}

/// Fields of fixed width, one after the other.
struct Fields<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Fields<'a> {
    fn take(&mut self, width: usize) -> Result<&'a [u8], String> {
        let field = self.bytes.get(self.position..).and_then(|rest| rest.get(..width));
        self.position += width;
        field.ok_or_else(|| {
            format!("is cut off: it has {} bytes and ends within its header", self.bytes.len())
        })
    }

    fn text(&mut self, width: usize) -> Result<String, String> {
        Ok(text_of(self.take(width)?))
    }

    fn number(&mut self, width: usize, name: &str) -> Result<f64, String> {
        let text = self.text(width)?;
        let number = number(&text).filter(|number| number.is_finite());
        number.ok_or_else(|| format!("{name} is no number: '{text}'"))
    }
}
