//! Sounds as WAV files.

use std::io::Cursor;

use any2any_adapter::Signal;
use hound::{SampleFormat, WavSpec, WavWriter};

use crate::error::AudioError;

/// Encodes a signal as a WAV file of 16 bit integers; values beyond -1 and 1 are clipped.
pub(crate) fn encode(signal: &Signal) -> Result<Vec<u8>, AudioError> {
    let unwritable = |reason: String| AudioError::Unwritable { reason };
    let channels = signal.channels().len();
    let spec = WavSpec {
        channels: u16::try_from(channels).map_err(|_| unwritable(format!("{channels} channels")))?,
        sample_rate: signal.rate().round() as u32,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut write = || -> hound::Result<()> {
        let mut writer = WavWriter::new(&mut bytes, spec)?;
        for number in 0..signal.len() {
            for channel in 0..channels {
                let sample = f64::from(signal.channel(channel)[number]);
                writer.write_sample((sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16)?;
            }
        }
        writer.finalize()
    };
    write().map_err(|error| unwritable(error.to_string()))?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Channel;
    use crate::decoding::{Wanted, decode};

    #[test]
    fn what_is_written_is_read_again() {
        let cases: [(&[f32], &[f32]); 2] = [
            (&[0.0, 0.5, -1.0, 0.25], &[0.0, 0.5, -1.0, 0.25]),
            (&[2.0, -2.0, f32::NAN], &[32_767.0 / 32_768.0, -1.0, 0.0]),
        ];
        for (written, expected) in cases {
            let signal = Signal::mono(8000.0, written.to_vec()).expect("a rate");
            let bytes = encode(&signal).expect("one channel");
            let mono = decode(&bytes, Wanted::default(), Channel::Mean).expect("a whole file");
            assert_eq!((mono.rate, &mono.samples[..]), (8000, expected));
            assert_eq!(mono.warnings, [""; 0]);
        }
    }
}
