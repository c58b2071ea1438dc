//! Price of sounds: their memory and their frames, from headers and packets, before anything is decoded.

use any2any_adapter::{AdapterError, File, Price, Value};

use crate::decoding::whole_rate;
use crate::formats;
use crate::open::wanted;
use crate::options::{AudioOptions, Output};

/// Largest file whose header is read, in bytes; the sound of a larger one is bounded by the most samples that a byte
/// can hold.
const MOST_LOOKED_INTO: u64 = 1 << 28;

/// Sound before it is decoded.
#[derive(Clone, Copy, Debug, Default)]
struct Sound {
    /// Memory that opening it takes.
    bytes: u64,
    /// Samples at the rate of the options, if its header tells.
    samples: Option<u64>,
}

/// The price of opening a value: of one sound, or of all that are joined.
pub(crate) fn price(options: &AudioOptions, value: &Value) -> Result<Price, AdapterError> {
    let Sound { bytes, samples } = sound(options, value)?;
    // Longer sounds are an error.
    let longest = (options.longest * options.rate as f64).ceil() as u64;
    let positions = samples.map(|samples| {
        let samples = usize::try_from(samples.min(longest)).unwrap_or(usize::MAX);
        options.frames(samples).div_ceil(options.stacked()) as u64
    });
    let end = u64::from(matches!(options.output, Output::Codes(_)));
    Ok(Price { bytes, positions: positions.map(|positions| positions + end) })
}

fn sound(options: &AudioOptions, value: &Value) -> Result<Sound, AdapterError> {
    match value {
        Value::File(file) => Ok(of_file(options, file)),
        Value::Signal(signal) => {
            let channels = signal.channels().len() as u64;
            Ok(decoded(options, signal.len() as u64, signal.rate(), channels))
        }
        Value::Series(values) => {
            let gap = (options.gap.ends()[1] * options.rate as f64).ceil().max(0.0) as u64;
            let mut all = Sound { bytes: 0, samples: Some(0) };
            for value in values.iter() {
                let own = sound(options, value)?;
                all.bytes = all.bytes.saturating_add(own.bytes).saturating_add(4 * gap);
                all.samples = all
                    .samples
                    .zip(own.samples)
                    .map(|(all, own)| all.saturating_add(own).saturating_add(gap));
            }
            if values.len() > 1 {
                // Joined beside the parts.
                all.bytes = all.bytes.saturating_add(all.samples.unwrap_or(0).saturating_mul(8));
            }
            Ok(all)
        }
        other => Err(AdapterError::other_medium("a sound", other)),
    }
}

fn of_file(options: &AudioOptions, file: &File) -> Sound {
    let len = file.size().unwrap_or(0);
    let only = |bytes: u64| Sound { bytes: len.saturating_add(bytes), samples: None };
    if len > MOST_LOOKED_INTO {
        return only(len.saturating_mul(16).max(8 * formats::MOST_VALUES as u64));
    }
    // A file that cannot be read is an error when it is opened, before anything is decoded.
    let Ok(bytes) = file.bytes() else { return only(0) };
    let Ok(track) = formats::find(&bytes) else { return only(0) };
    let wanted = wanted(options, file.part());
    let (Ok(rate), channels) = (whole_rate(track.rate), track.channels as u64) else { return only(0) };
    let Ok(start) = wanted.start(rate) else { return only(0) };
    let samples = track.len().saturating_sub(start).min(wanted.most(rate));
    let sound = decoded(options, samples as u64, rate as f64, channels);
    Sound { bytes: sound.bytes.saturating_add(len), ..sound }
}

/// Price of a sound of so many samples. They are collected in a growing list, averaged, trimmed with the help of
/// prefix sums, and resampled.
fn decoded(options: &AudioOptions, samples: u64, rate: f64, channels: u64) -> Sound {
    let there = (samples as f64 * options.rate as f64 / rate).ceil() as u64;
    let sums = if options.trim.is_some() { 8 } else { 0 };
    let bytes = samples.saturating_mul(12 * channels + 4 + sums).saturating_add(there.saturating_mul(8));
    Sound { bytes, samples: Some(there) }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::testing::Tested;
    use any2any_adapter::{Encoded, Part, Signal};
    use serde_json::json;

    use super::*;
    use crate::{Audio, wav};

    fn options(own: serde_json::Value) -> serde_json::Value {
        let mut all = json!({ "field": "sound", "rate": 8000 });
        for (key, option) in own.as_object().expect("a mapping") {
            all[key] = option.clone();
        }
        all
    }

    fn price_of(own: serde_json::Value, value: &Value) -> Price {
        Tested(Audio).price(&options(own), value).expect("a price")
    }

    fn wav(samples: usize) -> File {
        let signal = Signal::mono(16_000.0, vec![0.25; samples]).expect("a rate");
        File::in_memory("a.wav", wav::encode(&signal).expect("a sound"))
    }

    #[test]
    fn positions_are_those_of_what_is_opened() {
        let file = Value::File(wav(16_000));
        let part = Value::File(wav(16_000).part_of(Part::Second(0.5)));
        let series = Value::Series([file.clone(), part.clone()].into());
        let cases = [
            (json!({}), &file),
            (json!({ "take": 0.25 }), &file),
            (json!({ "stack": 4 }), &file),
            (json!({ "pad_to": 2.5, "mel": { "drop_last": true } }), &file),
            (json!({ "pad_to": 3.0 }), &series),
            (json!({ "mel": { "hop": 0.02 } }), &part),
            (json!({ "gap": 0.1, "trim": {} }), &series),
        ];
        for (own, value) in cases {
            let price = price_of(own.clone(), value);
            let options = options(own);
            let opened = Tested(Audio).open(&options, value).expect("a sound").value;
            let adapter = Tested(Audio).fit(&options, &mut [&opened].into_iter()).expect("an adapter");
            let Encoded { sequence, .. } = adapter.encode(&opened).expect("frames");
            let positions = sequence.len() as u64;
            let told = price.positions.expect("the header tells");
            assert!((positions..=positions + 11).contains(&told), "{options}: {price:?}, {positions}");
            assert!((8_000..900_000).contains(&price.bytes), "{price:?}");
        }
    }

    #[test]
    fn options_bound_what_is_decoded() {
        let hour = Value::File(wav(16_000 * 600));
        // A minute is allowed, and no more is decoded.
        let minute = price_of(json!({}), &hour);
        assert_eq!(minute.positions, Some(6_001));
        assert!(minute.bytes < 60_000_000, "{minute:?}");
        let error = Tested(Audio).open(&options(json!({})), &hour).expect_err("too long");
        assert!(error.to_string().contains("its 600.00 s are more than the 60"), "{error}");
        // Silence may be cut off, so that all of it is decoded.
        assert!(price_of(json!({ "trim": {} }), &hour).bytes > 200_000_000);
        assert!(price_of(json!({ "take": 1.0 }), &hour).bytes < 21_000_000);
    }

    #[test]
    fn what_cannot_be_read_has_a_price() {
        let broken = Value::File(File::in_memory("a.wav", b"no sound".to_vec()));
        assert_eq!(price_of(json!({}), &broken), Price { bytes: 8, positions: None });
        let missing = Value::File(File::on_disk("no/such.wav"));
        assert_eq!(price_of(json!({}), &missing), Price { bytes: 0, positions: None });
        assert!(Tested(Audio).price(&options(json!({})), &Value::from("text")).is_err());
    }
}
