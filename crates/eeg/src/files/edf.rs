//! The samples of EDF, EDF+, BDF and BDF+ files.

use std::sync::Arc;

use crate::files::edf_annotations::record_onsets;
use crate::files::header::{Header, SignalHeader};
use crate::files::{Recording, Wanted, matching};

/// An EDF or BDF file whose header and size fit together.
pub(crate) struct Edf {
    bytes: Arc<[u8]>,
    pub(crate) header: Header,
    /// How many records there are.
    pub(crate) records: usize,
}

/// How far the onset of a record may be from where its number puts it, in seconds: onsets are rounded.
const TOLERANCE: f64 = 1e-3;
/// The rates that are believed, in hertz: seconds of others could fill the memory.
const RATES: std::ops::RangeInclusive<f64> = 1e-6..=1e6;

impl Edf {
    /// A file from its bytes, or what is wrong with them.
    pub(crate) fn new(bytes: Arc<[u8]>) -> Result<Self, String> {
        let header = Header::read(&bytes)?;
        let record = header.record_samples() * header.sample_bytes;
        if record == 0 {
            return Err("none of its signals has a sample".to_owned());
        }
        let whole = (bytes.len() - header.len()) / record;
        match header.records {
            Some(records) if records > whole => {
                Err(format!("is cut off: of {records} records {whole} are there"))
            }
            records => Ok(Self { records: records.unwrap_or(whole), bytes, header }),
        }
    }

    /// The channels that are wanted, in their order.
    pub(crate) fn read(&self, wanted: Wanted<'_>) -> Result<Recording, String> {
        let all: Vec<&SignalHeader> =
            self.header.signals.iter().filter(|signal| !signal.is_annotations()).collect();
        let names: Vec<String> = all.iter().map(|signal| signal.label.clone()).collect();
        let chosen: Vec<&SignalHeader> = match wanted.channels {
            Some(wanted) => matching(&names, wanted)?.into_iter().map(|number| all[number]).collect(),
            None => all,
        };
        let first = chosen.first().ok_or("has annotations only, and no channel")?;
        if self.header.duration <= 0.0 || first.samples == 0 {
            return Err(format!("channel '{}' has no rate: its records last 0 s or are empty", first.label));
        }
        let rate = |signal: &SignalHeader| signal.samples as f64 / self.header.duration;
        if !RATES.contains(&rate(first)) {
            let label = &first.label;
            return Err(format!(
                "channel '{label}' has a rate of {} Hz, which no recording has",
                rate(first)
            ));
        }
        if let Some(other) = chosen.iter().find(|signal| signal.samples != first.samples) {
            return Err(format!(
                "channel '{}' has {} Hz and '{}' has {} Hz: choose 'channels' of one rate",
                first.label,
                rate(first),
                other.label,
                rate(other)
            ));
        }
        self.without_gaps()?;
        let samples = chosen.iter().map(|signal| self.samples(signal)).collect::<Result<_, _>>()?;
        let channels = chosen.iter().map(|signal| signal.label.clone()).collect();
        Ok(Recording { rate: rate(first), channels, samples })
    }

    /// The bytes of one signal in each record.
    pub(crate) fn blocks<'a>(&'a self, signal: &'a SignalHeader) -> impl Iterator<Item = &'a [u8]> {
        let width = self.header.sample_bytes;
        let records = self.bytes[self.header.len()..].chunks_exact(self.header.record_samples() * width);
        records
            .take(self.records)
            .map(move |record| &record[signal.offset * width..][..signal.samples * width])
    }

    /// The samples of one signal in microvolts.
    fn samples(&self, signal: &SignalHeader) -> Result<Vec<f32>, String> {
        let ((low, high), (least, greatest)) = (signal.physical, signal.digital);
        if least == greatest {
            return Err(format!("channel '{}' has no digital range: {least} to {greatest}", signal.label));
        }
        let scale = (high - low) / (greatest - least);
        let physical = |number: i32| (((f64::from(number) - least) * scale + low) * signal.microvolts) as f32;
        let mut samples = Vec::with_capacity(self.records * signal.samples);
        for block in self.blocks(signal) {
            if self.header.sample_bytes == 2 {
                samples.extend(
                    block.chunks_exact(2).map(|pair| physical(i16::from_le_bytes([pair[0], pair[1]]).into())),
                );
            } else {
                // Three bytes in the upper part of four keep their sign when they are shifted down.
                let number = |bytes: &[u8]| i32::from_le_bytes([0, bytes[0], bytes[1], bytes[2]]) >> 8;
                samples.extend(block.chunks_exact(3).map(|bytes| physical(number(bytes))));
            }
        }
        Ok(samples)
    }

    /// Says so when records are missing: filters and epochs across the gap would be wrong.
    fn without_gaps(&self) -> Result<(), String> {
        if !self.header.discontinuous {
            return Ok(());
        }
        let onsets = record_onsets(self)?;
        for (number, pair) in onsets.windows(2).enumerate() {
            let missing = pair[1] - pair[0] - self.header.duration;
            if missing.abs() > TOLERANCE {
                return Err(format!(
                    "is discontinuous (EDF+D): {missing:.3} s are missing after record {}; split it there into \
                     files without gaps",
                    number + 1
                ));
            }
        }
        Ok(())
    }
}
