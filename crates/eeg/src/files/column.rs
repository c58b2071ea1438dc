//! Columns of a table: channels of EEG, and the other values that devices write beside them.

use crate::files::selection::Channel;
use crate::files::units::Unit;

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    /// Its name, without its unit.
    pub name: String,
    /// Kind of its contents.
    pub content: Content,
    /// Factor from its numbers to microvolts.
    pub factor: f64,
    /// True if its name says that it counts milliseconds.
    pub milliseconds: bool,
}

/// Kind of contents of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// The samples of a channel.
    Samples,
    /// The time of each sample.
    Time,
    /// Something else, by its name in a message.
    Other(&'static str),
}

/// Names of columns of times.
const TIMES: &[&str] = &[
    "time",
    "times",
    "timestamp",
    "timestamps",
    "time stamp",
    "time stamps",
    "t",
    "sec",
    "secs",
    "second",
    "seconds",
    "s",
    "ms",
    "msec",
    "msecs",
    "millisecond",
    "milliseconds",
    "date",
    "datetime",
    "date time",
    "clock",
    "zeit",
    "zeitstempel",
    "temps",
    "tiempo",
    "tempo",
    "unix",
    "unixtime",
    "utc",
];
/// Names of columns of counters.
const COUNTERS: &[&str] = &[
    "",
    "index",
    "idx",
    "sample",
    "samples",
    "sampleindex",
    "samplenumber",
    "samplenum",
    "nr",
    "no",
    "counter",
    "packetcounter",
    "packet",
    "frame",
    "row",
    "id",
    "seq",
    "sequence",
    "n",
];
/// Prefixes of the names of markers.
const MARKERS: &[&str] =
    &["marker", "trig", "stim", "event", "annot", "label", "class", "status", "target", "sti 0", "elements"];
/// Prefixes of the names of other sensors, and of the state of a device.
const SENSORS: &[&str] = &[
    "acc",
    "gyr",
    "magnet",
    "aux",
    "analog",
    "digital",
    "batt",
    "other",
    "headband",
    "hsi",
    "ppg",
    "optics",
    "heart",
    "temperature",
    "interpolated",
    "raw cq",
    "rawcq",
    "cq",
    "mot ",
    "quaternion",
    "package",
    "unnamed",
];
const BANDS: &[&str] = &["delta", "theta", "alpha", "beta", "gamma"];

impl Column {
    /// The columns of some names.
    pub(crate) fn all(names: &[String]) -> Vec<Self> {
        let mut columns: Vec<Self> = names.iter().map(|name| Self::of(name)).collect();
        // Muse and Emotiv say which columns are EEG; all others then are not.
        for mark in ["raw_", "eeg."] {
            // RAW_CQ is the contact quality of the electrodes, and no sign of others.
            let samples = columns.iter().map(|column| column.content == Content::Samples);
            let marked: Vec<bool> = names
                .iter()
                .zip(samples)
                .map(|(name, samples)| samples && name.to_lowercase().starts_with(mark))
                .collect();
            if !marked.contains(&true) {
                continue;
            }
            for (column, marked) in columns.iter_mut().zip(marked) {
                if !marked && column.content == Content::Samples {
                    column.content = Content::Other("not among those that are marked as EEG");
                }
            }
        }
        columns
    }

    fn of(name: &str) -> Self {
        let (stem, unit) = split_unit(name);
        let plain = plain(stem);
        let first = plain.split(' ').next().unwrap_or_default();
        let begins = |starts: &[&str]| starts.iter().any(|start| plain.starts_with(start));
        let content = if TIMES.contains(&plain.as_str())
            || ["time", "timestamp"].contains(&first)
            || plain.ends_with(" time")
            || plain.ends_with("timestamp")
        {
            Content::Time
        } else if COUNTERS.contains(&plain.as_str())
            || plain.starts_with("sample ")
            || plain.starts_with("packet ")
            || plain.ends_with(" counter")
        {
            Content::Other("a counter")
        } else if begins(MARKERS) {
            Content::Other("markers")
        } else if begins(SENSORS) || plain.ends_with(" aux") {
            Content::Other("another sensor")
        } else if BANDS.contains(&first) && first != plain {
            Content::Other("the power of a band")
        } else {
            Content::Samples
        };
        let milliseconds = unit.is_some_and(|unit| plain == "ms" || unit.trim().eq_ignore_ascii_case("ms"))
            || ["ms", "msec", "msecs", "millisecond", "milliseconds"]
                .iter()
                .any(|word| plain.ends_with(word));
        let unit = unit.map_or(Unit::Missing, Unit::of);
        // Brackets may hold a remark as well: then it belongs to the name.
        let kept = if unit == Unit::Other && content == Content::Samples { name } else { stem };
        Self { name: kept.trim().to_owned(), content, factor: unit.factor(), milliseconds }
    }

    /// The column as a channel that may be chosen.
    pub(crate) fn channel(&self) -> Channel {
        let other = match self.content {
            Content::Samples => None,
            Content::Time => Some("time"),
            Content::Other(what) => Some(what),
        };
        Channel { name: self.name.clone(), other: other.map(str::to_owned) }
            .unless(Channel::named(self.name.clone()).other)
    }
}

/// A name in lower case, its words separated by spaces, without Emotiv's prefix.
fn plain(name: &str) -> String {
    let lower = name.to_lowercase().replace(['_', '-', '.', ':'], " ");
    let words: Vec<&str> = lower.split_whitespace().collect();
    let words = match words.as_slice() {
        ["eeg", rest @ ..] if name.to_lowercase().starts_with("eeg.") => rest,
        words => words,
    };
    words.join(" ")
}

/// A name and the unit in brackets, or behind the last underscore, that follows it.
fn split_unit(name: &str) -> (&str, Option<&str>) {
    let name = name.trim();
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let Some((stem, unit)) = name.strip_suffix(close).and_then(|rest| rest.rsplit_once(open)) {
            return (stem.trim(), Some(unit));
        }
    }
    match name.rsplit_once('_') {
        // A single letter is a direction rather than volts: EOG_V.
        Some((stem, unit)) if unit.chars().count() > 1 && matches!(Unit::of(unit), Unit::Microvolts(_)) => {
            (stem, Some(unit))
        }
        _ => (name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_eeg_is_known_by_its_name() {
        let cases: [(&str, &[&str]); 5] = [
            (
                "Samples",
                &[
                    "Fp1",
                    "Oz",
                    "A1",
                    "M2",
                    "T7",
                    "TP9",
                    "EEG Fp1",
                    "EXG Channel 0",
                    "RAW_TP9",
                    "EEG.AF3",
                    "Cz (left)",
                    "S1",
                    "AF7",
                    "Channel 1",
                    "C3",
                    "EOG_V",
                    "Alpha",
                    "ch1",
                    "1",
                    "MEG",
                    "Cz-Ref",
                    "Nz",
                    "CMS",
                    "FT10",
                ],
            ),
            (
                "Time",
                &[
                    "time",
                    "Time (s)",
                    "TimeStamp",
                    "timestamps",
                    "Timestamp (Formatted)",
                    "LSL_time",
                    "t",
                    "time_ms",
                ],
            ),
            (
                "Other(\"a counter\")",
                &["", "Sample Index", "COUNTER", "index", "sample", "EEG.Counter", "PacketCounter "],
            ),
            (
                "Other(\"markers\")",
                &["Marker", "Markers", "Trigger", "STI 014", "Status", "event_id", "MarkerIndex"],
            ),
            (
                "Other(\"another sensor\")",
                &[
                    "Accel Channel 0",
                    "ACC_X",
                    "Gyro_Y",
                    "Right AUX",
                    "AUX_LEFT",
                    "Battery",
                    "EEG.RawCq",
                    "Other",
                    "HSI_TP9",
                ],
            ),
        ];
        for (expected, names) in cases {
            for name in names {
                let found = format!("{:?}", Column::of(name).content);
                assert_eq!(found, expected, "{name}");
            }
        }
        assert!(Column::of("time (ms)").milliseconds && Column::of("time_ms").milliseconds);
        assert!(!Column::of("time").milliseconds);
    }
}
