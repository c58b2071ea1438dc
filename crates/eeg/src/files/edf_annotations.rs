//! The annotations of EDF+ and BDF+ files: time-stamped annotation lists (Kemp and Olivan 2003).

use any2any_adapter::File;

use crate::error::EegError;
use crate::files::edf::Edf;

/// Something that somebody noted about a moment of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// When it begins, in seconds from the first sample.
    pub onset: f64,
    /// How long it lasts, in seconds; 0 when the file does not say.
    pub duration: f64,
    /// What it says.
    pub label: String,
}

/// The annotations of an EDF+ or BDF+ file, in the order of the file; none in plain EDF and BDF.
///
/// # Errors
///
/// When the file cannot be read, or is broken.
pub fn annotations(file: &File) -> Result<Vec<Annotation>, EegError> {
    let broken = |reason: String| EegError::recording(file, reason);
    let bytes = file.bytes().map_err(|error| broken(error.to_string()))?;
    let edf = Edf::new(bytes).map_err(broken)?;
    let mut annotations = Vec::new();
    let mut first_record = 0.0;
    let signals = edf.header.signals.iter().filter(|signal| signal.is_annotations());
    for (signal_number, signal) in signals.enumerate() {
        for (record, block) in edf.blocks(signal).enumerate() {
            for (number, list) in lists(block).enumerate() {
                let list = list.map_err(|reason| broken(format!("record {}: {reason}", record + 1)))?;
                if signal_number == 0 && record == 0 && number == 0 {
                    first_record = list.onset;
                }
                annotations.extend(list.labels.into_iter().map(|label| Annotation {
                    onset: list.onset - first_record,
                    duration: list.duration,
                    label,
                }));
            }
        }
    }
    Ok(annotations)
}

/// When each record begins, in seconds: the first list of the first annotation signal says so.
pub(crate) fn record_onsets(edf: &Edf) -> Result<Vec<f64>, String> {
    let signal = edf.header.signals.iter().find(|signal| signal.is_annotations());
    let signal = signal.ok_or("is discontinuous (EDF+D) but does not say when its records begin")?;
    let onset = |(record, block)| match lists(block).next() {
        Some(Ok(list)) => Ok(list.onset),
        Some(Err(reason)) => Err(format!("record {}: {reason}", record + 1)),
        None => Err(format!("record {} does not say when it begins", record + 1)),
    };
    edf.blocks(signal).enumerate().map(onset).collect()
}

/// Labels that share a moment.
struct List {
    onset: f64,
    duration: f64,
    labels: Vec<String>,
}

/// The lists of one record: each ends with a zero, and zeros fill the rest.
fn lists(block: &[u8]) -> impl Iterator<Item = Result<List, String>> {
    block.split(|&byte| byte == 0).filter(|list| !list.is_empty()).map(list)
}

/// `+onset[\x15duration]\x14label\x14label\x14`.
fn list(bytes: &[u8]) -> Result<List, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut fields = text.split('\x14');
    let time = fields.next().unwrap_or_default();
    let (onset, duration) = time.split_once('\x15').unwrap_or((time, "0"));
    let seconds = |text: &str| {
        let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
        seconds.ok_or_else(|| format!("an annotation's time is no number: '{text}'"))
    };
    let labels = fields.filter(|label| !label.is_empty()).map(str::to_owned).collect();
    Ok(List { onset: seconds(onset)?, duration: seconds(duration)?, labels })
}
