//! Price of recordings: their memory and their windows, from headers alone, before samples are decoded.

use any2any_adapter::{AdapterError, Price, Value};

use crate::features::Extractor;
use crate::features::options::Layout;
use crate::files::{Outline, outline};
use crate::options::{EegOptions, Output};

/// The price of opening a value: of one recording, or of all that are joined.
pub(crate) fn price(options: &EegOptions, value: &Value) -> Result<Price, AdapterError> {
    match value {
        Value::File(file) => Ok(of(options, outline(file))),
        Value::Signal(signal) => {
            let shape = (signal.channels().len(), signal.len());
            let values = signal.samples().len() as u64;
            Ok(of(options, Outline { bytes: 0, values, shape: Some(shape), rate: Some(signal.rate()) }))
        }
        Value::Series(values) => {
            let mut all = Price { bytes: 0, positions: Some(0) };
            for value in values.iter() {
                let own = price(options, value)?;
                // Signals stay until they are joined.
                all = all.and(Price { bytes: own.bytes.saturating_mul(2), ..own });
            }
            // Windows also lie across the gaps.
            let gaps = values.len().saturating_sub(1) as u64;
            let across = |positions: u64| positions.saturating_mul(2).saturating_add(gaps);
            Ok(Price { positions: all.positions.filter(|_| options.gap == 0.0).map(across), ..all })
        }
        other => Err(AdapterError::other_medium("a recording", other)),
    }
}

fn of(options: &EegOptions, outline: Outline) -> Price {
    let own = outline.rate.or(options.rate);
    let rate = options.resample.or(own);
    let scale = rate.zip(own).map_or(1.0, |(rate, own)| rate / own);
    let ratio = scale.max(1.0);
    // Samples as they are read and as they are filtered, in 64 bits for one channel at a time; then at the new rate,
    // standardised, and cut out.
    let values = outline.values as f64;
    let longest = outline.shape.map_or(values, |(_, len)| len as f64);
    let decoded = 4.0 * values * (1.0 + 3.0 * ratio) + 32.0 * longest * ratio;
    let positions = outline.shape.zip(rate).and_then(|((channels, len), rate)| {
        let chosen = options.channels.as_ref().map_or(channels, Vec::len);
        let epoch = options.epoch.map(|epoch| epoch.seconds() * rate);
        let len = epoch.unwrap_or((len as f64 * scale).ceil()).round().max(0.0) as usize;
        positions(options, chosen, len, rate)
    });
    Price { bytes: outline.bytes.saturating_add(decoded as u64), positions }
}

/// Positions of so many samples.
fn positions(options: &EegOptions, channels: usize, len: usize, rate: f64) -> Option<u64> {
    if let Some(Output::Traces(traces)) = &options.output {
        let window = ((traces.window * rate).round().max(1.0) as usize).min(len.max(1));
        return Some(len.div_ceil(window) as u64);
    }
    let extractor = Extractor::new(&options.features, rate, channels).ok()?;
    let windows = extractor.windows(len).count() as u64;
    Some(match options.layout {
        Layout::Windows => windows,
        Layout::Channels => windows.saturating_mul(extractor.channels() as u64),
    })
}

#[cfg(test)]
mod tests {
    use any2any_adapter::testing::Tested;
    use any2any_adapter::{File, Signal};
    use serde_json::json;

    use super::*;
    use crate::{Eeg, files};

    /// An EDF file of two channels at 100 Hz.
    fn edf(seconds: usize) -> Value {
        let names = ["Oz".to_owned(), "O1".to_owned()];
        let wave = |sample: usize| (sample as f32 / 7.0).sin() * 30.0;
        let samples: Vec<f32> = (0..2 * 100 * seconds).map(wave).collect();
        let signal = Signal::new(100.0, names, samples).expect("two channels");
        Value::File(File::in_memory("a.edf", files::write(&signal, "uV")))
    }

    #[test]
    fn positions_are_those_of_what_is_opened() {
        let raw = json!({ "raw": { "window": 0.5, "hop": 0.25 } });
        let cases = [
            json!({ "features": raw }),
            json!({ "features": raw, "resample": 50.0, "filter": { "high": 20.0 } }),
            json!({ "features": raw, "layout": "channels" }),
            json!({ "features": raw, "channels": ["O1"], "layout": "channels" }),
            json!({ "features": raw, "epoch": { "from": 1.0, "to": 4.0 } }),
        ];
        for mut options in cases {
            options["field"] = json!("recording");
            let value = edf(10);
            let price = Tested(Eeg).price(&options, &value).expect("a price");
            let opened = Tested(Eeg).open(&options, &value).expect("a recording").value;
            let adapter = Tested(Eeg).fit(&options, &mut [&opened].into_iter()).expect("an adapter");
            let encoded = adapter.encode(&opened).expect("frames");
            assert_eq!(price.positions, Some(encoded.sequence.len() as u64), "{options}");
            assert!((4_000..150_000).contains(&price.bytes), "{price:?}");
        }
    }

    #[test]
    fn a_higher_rate_is_paid_for() {
        let options = |resample: f64| json!({ "field": "recording", "resample": resample });
        let bytes = |rate| Tested(Eeg).price(&options(rate), &edf(60)).expect("a price").bytes;
        assert!(bytes(10_000.0) > 50 * bytes(100.0));
    }

    #[test]
    fn what_cannot_be_read_has_a_price() {
        let options = json!({ "field": "recording" });
        for (name, content) in
            [("a.edf", &b"no recording"[..]), ("a.npy", b"\x93NUMPY"), ("a.set", b"MATLAB 5.0")]
        {
            let value = Value::File(File::in_memory(name, content.to_vec()));
            let price = Tested(Eeg).price(&options, &value).expect("a price");
            assert!(price.bytes >= content.len() as u64 && price.positions.is_none(), "{name}: {price:?}");
        }
        let missing = Value::File(File::on_disk("no/such.edf"));
        assert_eq!(Tested(Eeg).price(&options, &missing).expect("a price").bytes, 0);
        let series = Value::Series([edf(1), edf(1)].into());
        let one = Tested(Eeg).price(&options, &edf(1)).expect("a price").bytes;
        assert_eq!(Tested(Eeg).price(&options, &series).expect("a price").bytes, 4 * one);
        assert!(Tested(Eeg).price(&options, &Value::from("text")).is_err());
    }
}
