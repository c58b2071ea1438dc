//! The header of EDF and BDF (Kemp et al. 1992; Kemp and Olivan 2003; the BDF page of BioSemi).

/// Bytes of the header of the file, and of each signal's header.
pub(crate) const BLOCK: usize = 256;

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    /// Bytes a sample: 2 in EDF, 3 in BDF.
    pub sample_bytes: usize,
    /// Whether records may be missing between others: EDF+D, BDF+D.
    pub discontinuous: bool,
    /// How many records there are; `None`: whoever wrote the file did not finish it.
    pub records: Option<usize>,
    /// What one record covers, in seconds.
    pub duration: f64,
    /// The signals.
    pub signals: Vec<SignalHeader>,
}

/// What a file says of one of its signals.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SignalHeader {
    /// The name of the channel.
    pub label: String,
    /// From the unit of the file to microvolts; 1 for other units.
    pub microvolts: f64,
    /// What the least and the greatest number stand for.
    pub physical: (f64, f64),
    /// The least and the greatest number.
    pub digital: (f64, f64),
    /// Samples in each record.
    pub samples: usize,
    /// Where its samples begin in each record, in samples.
    pub offset: usize,
}

impl SignalHeader {
    /// Whether the signal holds annotations rather than samples.
    pub(crate) fn is_annotations(&self) -> bool {
        self.label == "EDF Annotations" || self.label == "BDF Annotations"
    }
}

impl Header {
    /// Reads the header at the start of a file.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut fields = Fields { bytes, position: 0 };
        let sample_bytes = match fields.take(8)? {
            [0xff, b'B', b'I', b'O', b'S', b'E', b'M', b'I'] => 3,
            [b'0', b' ', ..] => 2,
            _ => return Err("is neither EDF nor BDF: its first eight bytes are others".to_owned()),
        };
        fields.take(80 + 80 + 8 + 8)?;
        fields.take(8)?;
        let discontinuous = matches!(fields.text(44)?.get(..5), Some("EDF+D" | "BDF+D"));
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
            sample_bytes,
            discontinuous,
            records: (records >= 0.0).then_some(records as usize),
            duration,
            signals,
        })
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
            microvolts: microvolts(&units[number]),
            physical: (physical[0][number], physical[1][number]),
            digital: (digital[0][number], digital[1][number]),
            samples: samples as usize,
            offset,
        });
        offset += samples as usize;
    }
    Ok(signals)
}

fn microvolts(unit: &str) -> f64 {
    match unit {
        "V" => 1e6,
        "mV" => 1e3,
        "nV" => 1e-3,
        _ => 1.0,
    }
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
        // The standard allows ASCII only; some programs write Latin-1 (µV), whose bytes are code points.
        let text: String = self.take(width)?.iter().map(|&byte| char::from(byte)).collect();
        Ok(text.trim_matches([' ', '\0']).to_owned())
    }

    fn number(&mut self, width: usize, name: &str) -> Result<f64, String> {
        let text = self.text(width)?;
        let number = text.replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| format!("{name} is no number: '{text}'"))
    }
}
