//! Reader of the samples of EDF, EDF+, BDF and BDF+ files (Kemp et al. 1992; Kemp and Olivan 2003).

use std::sync::Arc;

use crate::files::edf_annotations::{self, record_onsets};
use crate::files::header::{Header, SignalHeader};
use crate::files::rates;
use crate::files::recording::{Decoded, Rates};
use crate::files::selection::{Channel, Selection};
use crate::files::units::Unit;

/// An EDF or BDF file whose header and size fit together.
pub(crate) struct Edf {
    bytes: Arc<[u8]>,
    pub(crate) header: Header,
    /// Number of records.
    pub(crate) records: usize,
}

/// Largest difference between the onset of a record and its number times the duration, in seconds: onsets are
/// rounded.
const TOLERANCE: f64 = 1e-3;

impl Edf {
    /// Parses the header of a file, and checks its size.
    pub(crate) fn new(bytes: Arc<[u8]>, extension: &str) -> Result<Self, String> {
        let header = Header::read(&bytes, extension)?;
        let record = header.record_samples() * header.sample_bytes;
        if record == 0 {
            return Err("none of its signals has a sample".to_owned());
        }
        // The size decides, as in MNE: programs that break off leave 0, -1 or the number of their last save.
        let whole = (bytes.len() - header.len()) / record;
        match header.records {
            Some(records) if records > whole => Err(format!(
                "is cut off: of {records} records {whole} are there; copy it anew, or write {whole} into bytes 237 to \
                 244 of its header to have what is there"
            )),
            _ => Ok(Self { records: whole, bytes, header }),
        }
    }

    /// Number of channels without annotations and of the longest one's samples, and its rate.
    pub(crate) fn shape(&self) -> Option<((usize, usize), f64)> {
        let channels = self.header.signals.iter().filter(|signal| !signal.is_annotations());
        let most = channels.clone().map(|signal| signal.samples).max()?;
        let rate = most as f64 / self.header.duration;
        let shape = (channels.count(), most.saturating_mul(self.records));
        (rate.is_finite() && rate > 0.0).then_some((shape, rate))
    }

    /// Reads the channels that are wanted, in their order.
    pub(crate) fn read(&self, wanted: Option<&[String]>, rates: Rates) -> Result<Decoded, String> {
        let all: Vec<&SignalHeader> =
            self.header.signals.iter().filter(|signal| !signal.is_annotations()).collect();
        if all.is_empty() {
            return Err("has annotations only, and no channel".to_owned());
        }
        let mut candidates: Vec<Channel> = all.iter().map(|signal| signal.channel()).collect();
        // A file in which nothing is a voltage has forgotten its units.
        if all.iter().all(|signal| Unit::of(&signal.unit) == Unit::Other) {
            candidates = all.iter().map(|signal| Channel::named(signal.label.clone())).collect();
        }
        let mut selection = Selection::new(&candidates, wanted)?;
        let chosen: Vec<&SignalHeader> = selection.numbers.iter().map(|&number| all[number]).collect();
        let names = selection.chosen();
        let mut warnings = std::mem::take(&mut selection.warnings);
        warnings.extend(self.warnings(&chosen, &names));
        if self.header.duration <= 0.0 || chosen[0].samples == 0 {
            return Err(format!("channel '{}' has no rate: its records last 0 s or are empty", names[0]));
        }
        let own: Vec<f64> =
            chosen.iter().map(|signal| signal.samples as f64 / self.header.duration).collect();
        rates::believed(&names, &own)?;
        if rates == Rates::One {
            rates::same(&names, &own)?;
        }
        self.without_gaps()?;
        let samples = chosen.iter().map(|signal| self.samples(signal)).collect::<Result<_, _>>()?;
        let (samples, rate) = rates::highest(&names, &own, samples, &mut warnings)?;
        let bits = 8 * self.header.sample_bytes;
        Ok(Decoded {
            format: format!("{}, {bits} bit integers", self.header.variant),
            rate: Some(rate),
            channels: names,
            samples,
            warnings,
            ..Decoded::default()
        })
    }

    /// Warnings about the file and the channels that are read.
    fn warnings(&self, chosen: &[&SignalHeader], names: &[String]) -> Vec<String> {
        let mut warnings = Vec::new();
        match self.header.records {
            Some(records) if records < self.records => warnings.push(
                "it announces fewer records than it has, as a recording that broke off: all of them were read"
                    .to_owned(),
            ),
            _ => {}
        }
        let listed = |wanted: Unit| {
            let of = |(signal, name): (&&SignalHeader, &String)| {
                (Unit::of(&signal.unit) == wanted).then(|| format!("'{name}'"))
            };
            chosen.iter().zip(names).filter_map(of).collect::<Vec<_>>().join(", ")
        };
        let (missing, other) = (listed(Unit::Missing), listed(Unit::Other));
        if !missing.is_empty() {
            warnings.push(format!("no unit is given, and microvolts were taken: {missing}"));
        }
        if !other.is_empty() {
            warnings.push(format!("the unit is no voltage, and numbers were taken as they stand: {other}"));
        }
        warnings.extend(edf_annotations::read(self).1);
        warnings
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
            return Err(format!(
                "channel '{}' has no digital range: {least} to {greatest}; choose 'channels' without it",
                signal.label
            ));
        }
        if low == high {
            return Err(format!(
                "channel '{}' has no physical range: {low} to {high}; choose 'channels' without it",
                signal.label
            ));
        }
        let scale = (high - low) / (greatest - least);
        let microvolts = Unit::of(&signal.unit).factor();
        let physical = |number: i32| (((f64::from(number) - least) * scale + low) * microvolts) as f32;
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

    /// Refuses a file with missing records: filters and epochs across the gap would be wrong.
    fn without_gaps(&self) -> Result<(), String> {
        if !self.header.is_discontinuous() {
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
