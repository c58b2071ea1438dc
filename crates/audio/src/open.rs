//! Opening of a sound: decoded, averaged, trimmed, resampled, and joined.

use any2any_adapter::{AdapterError, OpenedValue, Part, Seed, Signal, Value};

use crate::decoding::{Mono, Wanted, decode, warn_of_overshoot, whole_rate};
use crate::error::AudioError;
use crate::options::AudioOptions;
use crate::resampling::resample;

/// A value as one channel at the rate of the options, with warnings about it.
pub(crate) fn open(options: &AudioOptions, value: &Value) -> Result<OpenedValue, AdapterError> {
    let mut warnings = Vec::new();
    let samples = samples(options, value, &mut warnings)?;
    let signal = Signal::mono(options.rate as f64, samples).ok_or(AudioError::Empty)?;
    Ok(OpenedValue { value: Value::Signal(signal), warnings })
}

fn samples(
    options: &AudioOptions,
    value: &Value,
    warnings: &mut Vec<String>,
) -> Result<Vec<f32>, AdapterError> {
    let mut finish = |mono: Mono| {
        let new = mono.warnings.iter().filter(|warning| !warnings.contains(warning));
        let new: Vec<String> = new.cloned().collect();
        warnings.extend(new);
        finish(options, mono)
    };
    match value {
        Value::File(file) => {
            let bytes = file.bytes().map_err(|error| AudioError::Unreadable { reason: error.to_string() });
            let mono = bytes.and_then(|bytes| decode(&bytes, wanted(options, file.part()), options.channel));
            mono.and_then(&mut finish).map_err(|error| error.of(file))
        }
        Value::Signal(signal) => Ok(mono(options, signal).and_then(&mut finish)?),
        Value::Series(values) => {
            let sounds: Result<Vec<_>, _> =
                values.iter().map(|value| samples(options, value, warnings)).collect();
            join(options, &sounds?).map_err(|error| match values.first() {
                Some(Value::File(file)) => AdapterError::Broken {
                    file: format!("{file} and {} more", values.len() - 1),
                    reason: error.to_string(),
                },
                _ => error.into(),
            })
        }
        other => Err(AdapterError::other_medium("a sound", other)),
    }
}

/// The excerpt of a file that is read; if silence is trimmed, its length is unknown before, and all of it is decoded.
pub(crate) fn wanted(options: &AudioOptions, part: Option<Part>) -> Wanted {
    let longest = options.trim.is_none().then_some(options.longest);
    Wanted { part, take: options.take, longest }
}

/// One channel of a signal.
fn mono(options: &AudioOptions, signal: &Signal) -> Result<Mono, AudioError> {
    let rate = whole_rate(signal.rate())?;
    if signal.is_empty() {
        return Err(AudioError::Empty);
    }
    let taken = options.take.map_or(usize::MAX, |seconds| crate::mel::samples(seconds, rate));
    let channels = signal.channels().len();
    let values: Vec<f32> = (0..taken.min(signal.len()))
        .flat_map(|number| (0..channels).map(move |channel| signal.channel(channel)[number]))
        .collect();
    let mut warnings = Vec::new();
    let samples = options.channel.of(&values, channels, &mut warnings)?;
    warn_of_overshoot(&values, channels, options.channel, (0, signal.rate()), &mut warnings);
    Ok(Mono { rate, samples, warnings })
}

/// A sound without silence at its ends, at the rate of the options. It is trimmed, and its length checked,
/// before anything is made larger.
fn finish(options: &AudioOptions, Mono { rate, mut samples, .. }: Mono) -> Result<Vec<f32>, AudioError> {
    if let Some(trim) = options.trim {
        samples = trim.apply(samples, rate);
    }
    check_length(options, samples.len() as f64 / rate as f64)?;
    resample(samples, rate, options.rate)
}

fn check_length(options: &AudioOptions, seconds: f64) -> Result<(), AudioError> {
    let longest = options.longest;
    if seconds > longest { Err(AudioError::TooLong { seconds, longest }) } else { Ok(()) }
}

/// Sounds one after the other, with silence between them.
fn join(options: &AudioOptions, sounds: &[Vec<f32>]) -> Result<Vec<f32>, AudioError> {
    let [low, high] = options.gap.ends();
    // The sounds are the seed, so that the same series is always joined in the same way.
    let seed = sounds.iter().fold(0_u64, |seed, sound| {
        let middle = sound.get(sound.len() / 2).map_or(0, |sample| sample.to_bits());
        seed.wrapping_mul(0x100_0000_01b3).wrapping_add(sound.len() as u64 ^ u64::from(middle) << 32)
    });
    let mut random = Seed(seed).random("gap", 0);
    let mut joined = sounds.first().ok_or(AudioError::NoSound)?.clone();
    for sound in &sounds[1..] {
        let gap = low + (high - low) * random.unit();
        let len = joined.len() + (gap * options.rate as f64).round() as usize;
        check_length(options, (len + sound.len()) as f64 / options.rate as f64)?;
        joined.resize(len, 0.0);
        joined.extend_from_slice(sound);
    }
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use any2any_adapter::File;
    use serde_json::json;

    use super::*;
    use crate::wav;

    fn opened(options: serde_json::Value, value: &Value) -> Result<Signal, String> {
        let mut all = json!({ "field": "sound", "rate": 8000 });
        for (key, option) in options.as_object().expect("a mapping") {
            all[key] = option.clone();
        }
        let options = serde_json::from_value(all).expect("options");
        let opened = open(&options, value).map_err(|error| error.to_string())?;
        Ok(opened.value.as_signal().expect("opened sounds are signals").clone())
    }

    fn constant(level: f32, samples: usize) -> Value {
        Value::Signal(Signal::mono(8000.0, vec![level; samples]).expect("a rate"))
    }

    #[test]
    fn sounds_are_joined_with_silence() {
        let series = Value::Series([constant(0.5, 800), constant(0.25, 400)].into());
        let joined = opened(json!({ "gap": 0.1 }), &series).expect("two sounds");
        let expected = [vec![0.5; 800], vec![0.0; 800], vec![0.25; 400]].concat();
        assert_eq!(joined.samples(), expected);

        let drawn =
            |value: &Value| opened(json!({ "gap": [0.1, 0.5] }), value).expect("two sounds").len() - 1200;
        let gap = drawn(&series);
        assert!((800..=4000).contains(&gap), "{gap}");
        assert_eq!(gap, drawn(&series));
        let other = Value::Series([constant(0.25, 800), constant(0.5, 400)].into());
        assert_ne!(gap, drawn(&other));
    }

    #[test]
    fn channels_are_averaged_and_rates_changed() {
        let names = ["left".to_owned(), "right".to_owned()];
        let samples = [vec![0.5; 1600], vec![-0.25; 1600]].concat();
        let stereo = Value::Signal(Signal::new(16_000.0, names, samples).expect("two channels"));
        let mono = opened(json!({}), &stereo).expect("a sound");
        assert_eq!((mono.rate(), mono.len(), mono.channels().len()), (8000.0, 800, 1));
        assert!((mono.samples()[400] - 0.125).abs() < 1e-3);
        assert_eq!(opened(json!({ "take": 0.05 }), &stereo).expect("a sound").len(), 400);
    }

    #[test]
    fn errors_name_the_file_and_the_way_out() {
        let bytes = wav::encode(&Signal::mono(8000.0, vec![0.5; 8000]).expect("a rate")).expect("a sound");
        let file = Value::File(File::in_memory("clips/a.wav", bytes));
        let missing = Value::File(File::on_disk("no/such.wav"));
        let infinite = Value::Signal(Signal::mono(8000.0, vec![f32::INFINITY]).expect("a rate"));
        let series = Value::Series([file.clone(), file.clone(), file.clone()].into());
        let slow = Value::Signal(Signal::mono(250.0, vec![0.0; 250]).expect("a rate"));
        let cases = [
            (json!({ "longest": 0.5 }), &file, "cannot read clips/a.wav: its 1.00 s are more than the 0.5"),
            (json!({ "longest": 2.0 }), &series, "clips/a.wav and 2 more: its 3.00 s"),
            (json!({}), &missing, "cannot read no/such.wav"),
            (json!({}), &infinite, "full scale"),
            (json!({}), &slow, "250 Hz"),
            (json!({}), &Value::Series([].into()), "the series is empty"),
            (json!({}), &Value::from("text"), "a sound was expected, but this is a text"),
            (json!({}), &constant(0.0, 0), "no sample"),
        ];
        for (options, value, expected) in cases {
            let error = opened(options, value).expect_err(expected);
            assert!(error.contains(expected), "{error}");
        }
    }
}
