//! EEGLAB: a `.set` file of MATLAB 5 with the structure `EEG`, or its fields; samples inside, or in a `.fdt` beside.

use crate::files::annotation::Annotation;
use crate::files::companion::Beside;
use crate::files::matlab::{Array, Numbers, variables};
use crate::files::recording::Decoded;
use crate::files::selection::{Channel, Selection};

/// EEGLAB's types of channels that are recorded beside EEG.
const OTHERS: &[&str] = &[
    "eog",
    "ecg",
    "emg",
    "misc",
    "stim",
    "resp",
    "bio",
    "exci",
    "ias",
    "syst",
    "gof",
    "chpi",
    "temperature",
    "gsr",
    "eyetrack",
    "ref_meg",
    "mag",
    "grad",
    "fnirs",
    "hbo",
    "hbr",
    "dipole",
];
/// Fields that are read when they stand by themselves.
const FIELDS: &[&str] = &["EEG", "data", "srate", "nbchan", "pnts", "trials", "chanlocs", "event"];

/// True if bytes begin with the header of a MATLAB 5 file.
pub(crate) fn recognises(bytes: &[u8]) -> bool {
    bytes.starts_with(b"MATLAB 5.0 MAT-file") || (bytes.starts_with(b"MATLAB 5") && bytes.len() >= 128)
}

/// Reads the channels that are wanted, in their order.
pub(crate) fn read(bytes: &[u8], beside: Beside<'_>, wanted: Option<&[String]>) -> Result<Decoded, String> {
    let set = Set::of(bytes)?;
    let mut warnings = Vec::new();
    if let Some(trials) = set.number("trials").filter(|trials| *trials > 1.0) {
        return Err(epochs(trials));
    }
    let rate = set.number("srate").filter(|rate| rate.is_finite() && *rate > 0.0);
    let rate = rate.ok_or("its structure lacks srate, the rate")?;
    let external;
    let (numbers, inside) = match set.get("data") {
        Some(Array::Numbers(numbers)) => (numbers, true),
        Some(Array::Text(name)) => {
            if name.trim().to_lowercase().ends_with(".dat") {
                return Err("keeps its samples in a .dat of an old EEGLAB: save it anew there".to_owned());
            }
            let (data, said) = beside.read(name.trim(), &["fdt"])?;
            warnings.extend(said);
            external = floats(&data, &set)?;
            (&external, false)
        }
        Some(_) => return Err("its data are no numbers".to_owned()),
        None => return Err("has no data of EEGLAB: neither a structure EEG nor its fields".to_owned()),
    };
    let (count, len) = match numbers.shape[..] {
        // One channel may be a column.
        [len, 1] if len > 1 && set.number("nbchan") == Some(1.0) => (1, len),
        [count, len] => (count, len),
        [_, _, trials] => return Err(epochs(trials as f64)),
        _ => return Err(format!("its data have the shape {:?}", numbers.shape)),
    };
    if count == 0 || len == 0 {
        return Err("has no samples".to_owned());
    }
    let candidates = set.channels(count, &mut warnings);
    let mut selection = Selection::new(&candidates, wanted)?;
    warnings.append(&mut selection.warnings);
    let sample = |channel: usize, sample: usize| numbers.values[channel + count * sample] as f32;
    let samples =
        selection.numbers.iter().map(|&channel| (0..len).map(|number| sample(channel, number)).collect());
    let place = if inside { "" } else { ", samples in .fdt" };
    Ok(Decoded {
        format: format!("EEGLAB, MATLAB 5{place}"),
        rate: Some(rate),
        samples: samples.collect(),
        channels: selection.chosen(),
        warnings,
        ..Decoded::default()
    })
}

/// Reads the events of a file.
pub(crate) fn events(bytes: &[u8]) -> Result<Vec<Annotation>, String> {
    let set = Set::of(bytes)?;
    let rate = set.number("srate").filter(|rate| rate.is_finite() && *rate > 0.0);
    let rate = rate.ok_or("its structure lacks srate, the rate")?;
    let Some(events) = set.get("event") else { return Ok(Vec::new()) };
    let mut annotations = Vec::new();
    let durations: Vec<f64> =
        events.fields("duration").map(|duration| duration.number().unwrap_or(0.0)).collect();
    let labels: Vec<String> = events.fields("type").map(|kind| kind.text().unwrap_or_default()).collect();
    for (number, latency) in events.fields("latency").enumerate() {
        // EEGLAB ignores events of unknown place.
        let Some(place) = latency.number().filter(|place| place.is_finite()) else { continue };
        let duration =
            durations.get(number).copied().filter(|duration| duration.is_finite() && *duration > 0.0);
        annotations.push(Annotation {
            onset: (place - 1.0) / rate,
            duration: duration.unwrap_or(0.0) / rate,
            label: labels.get(number).cloned().unwrap_or_default(),
        });
    }
    Ok(annotations)
}

/// The message that refuses epochs.
fn epochs(trials: f64) -> String {
    format!(
        "holds {trials} epochs that were cut before: give the recording that they were cut from, or save them as \
         `[trials, channels, samples]` with `numpy.save('OUT.npy', \
         mne.io.read_epochs_eeglab('FILE').get_data(units='uV'))`"
    )
}

/// The samples of a `.fdt` file: floats, all channels of a sample together.
fn floats(data: &[u8], set: &Set) -> Result<Numbers, String> {
    let count = set.number("nbchan").unwrap_or_default().max(0.0) as usize;
    let values: Vec<f64> = data
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]).into())
        .collect();
    if count == 0 || !values.len().is_multiple_of(count) || !data.len().is_multiple_of(4) {
        return Err(format!("has {} bytes of samples, which {count} channels cannot share", data.len()));
    }
    let len = values.len() / count;
    match set.number("pnts") {
        Some(points) if points != len as f64 => {
            Err(format!("says {points} samples, and the file beside it has {len}"))
        }
        _ => Ok(Numbers { shape: vec![count, len], values }),
    }
}

/// The fields of an EEGLAB recording.
struct Set {
    variables: Vec<(String, Array)>,
}

impl Set {
    fn of(bytes: &[u8]) -> Result<Self, String> {
        let variables = variables(bytes, |name| FIELDS.contains(&name) || name == "ALLEEG")?;
        if variables.iter().any(|(name, _)| name == "ALLEEG") {
            return Err("holds several data sets (ALLEEG): save each by itself in EEGLAB".to_owned());
        }
        Ok(Self { variables })
    }

    /// A field, of the structure or by itself.
    fn get(&self, name: &str) -> Option<&Array> {
        let variable =
            |name: &str| self.variables.iter().find(|(own, _)| own == name).map(|(_, array)| array);
        match variable("EEG") {
            Some(eeg) => eeg.field("EEG").unwrap_or(eeg).field(name),
            None => variable(name),
        }
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(Array::number)
    }

    /// The channels: from `chanlocs`, or called by their numbers, from 1.
    fn channels(&self, count: usize, warnings: &mut Vec<String>) -> Vec<Channel> {
        let locations = self.get("chanlocs");
        let labels: Vec<String> = locations
            .map(|locations| {
                locations.fields("labels").map(|label| label.text().unwrap_or_default()).collect()
            })
            .unwrap_or_default();
        if labels.len() != count {
            warnings.push("does not name its channels, which are called by their numbers".to_owned());
            return (1..=count).map(|number| Channel::named(number.to_string())).collect();
        }
        let kinds: Vec<String> = locations
            .map(|locations| locations.fields("type").map(|kind| kind.text().unwrap_or_default()).collect())
            .unwrap_or_default();
        let channel = |(number, label): (usize, String)| {
            let kind = kinds.get(number).map(|kind| kind.trim().to_lowercase()).unwrap_or_default();
            let other = OTHERS.contains(&kind.as_str()).then_some(kind);
            Channel::named(label).unless(other)
        };
        labels.into_iter().enumerate().map(channel).collect()
    }
}
