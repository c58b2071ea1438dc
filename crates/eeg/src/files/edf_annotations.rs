//! The annotations of EDF+ and BDF+ files: time-stamped annotation lists (Kemp and Olivan 2003).

use crate::files::annotation::Annotation;
use crate::files::edf::Edf;
use crate::files::text::decode;

/// Reads the annotations of an EDF+ or BDF+ file, in the order of the file, none in plain EDF and BDF. Broken ones
/// give a warning, and cost no others.
pub(crate) fn read(edf: &Edf) -> (Vec<Annotation>, Option<String>) {
    let mut annotations = Vec::new();
    let mut broken = false;
    let mut first_record = 0.0;
    let signals = edf.header.signals.iter().filter(|signal| signal.is_annotations());
    for (signal_number, signal) in signals.enumerate() {
        for (record, block) in edf.blocks(signal).enumerate() {
            for (number, list) in lists(block).enumerate() {
                let Ok(list) = list else {
                    broken = true;
                    continue;
                };
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
    let warning = broken.then(|| "annotations that cannot be read are left out".to_owned());
    (annotations, warning)
}

/// The onset of each record, in seconds, from the first list of the first annotation signal.
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

/// Labels of one moment.
struct List {
    onset: f64,
    duration: f64,
    labels: Vec<String>,
}

/// The lists of one record: each ends with a zero, and zeros fill the rest.
fn lists(block: &[u8]) -> impl Iterator<Item = Result<List, String>> {
    block.split(|&byte| byte == 0).filter(|list| !list.is_empty()).map(list)
}

/// Parses `+onset[\x15duration]\x14label\x14label\x14`.
fn list(bytes: &[u8]) -> Result<List, String> {
    let mut fields = bytes.split(|&byte| byte == 0x14);
    let time = decode(fields.next().unwrap_or_default());
    let (onset, duration) = time.split_once('\x15').unwrap_or((&time, ""));
    let seconds = |text: &str| {
        let seconds = text.trim().replace(',', ".").parse::<f64>().ok().filter(|seconds| seconds.is_finite());
        seconds.ok_or_else(|| format!("an annotation's time is no number: '{text}'"))
    };
    // Each label by itself: one in Latin-1 may follow another in UTF-8.
    let labels = fields.filter(|label| !label.is_empty()).map(decode).collect();
    let duration = if duration.is_empty() { 0.0 } else { seconds(duration)? };
    Ok(List { onset: seconds(onset)?, duration, labels })
}
