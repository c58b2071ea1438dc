//! WAV files to samples and back.

use std::io::{Cursor, Read};

use any2any_adapter::{Part, Signal};
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use crate::error::AudioError;
use crate::resampling::RATES;
use crate::riff::Chunks;

/// The samples of one channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mono {
    /// Samples a second, in hertz.
    pub(crate) rate: usize,
    pub(crate) samples: Vec<f32>,
}

/// Samples beyond this are none: floats that overshoot full scale, or hold 16 bit integers, lie well below.
const LOUDEST: f32 = 65_536.0;

/// Whether a sample can be one of a sound.
pub(crate) fn believable(sample: f32) -> bool {
    sample.abs() <= LOUDEST
}

fn broken(error: hound::Error) -> AudioError {
    match error {
        hound::Error::Unsupported => {
            AudioError::Encoding { reason: "its samples are stored in another way".to_owned() }
        }
        other => AudioError::Broken { reason: other.to_string() },
    }
}

/// The mean of all channels of a file, from where the part begins, and no more than so many seconds.
pub(crate) fn decode(bytes: &[u8], part: Option<Part>, take: Option<f64>) -> Result<Mono, AudioError> {
    let chunks = Chunks::find(bytes)?;
    let block = chunks.block()?;
    let blocks = chunks.data.len() / block;
    // A first look, at no samples: the header is sound.
    let WavSpec { sample_rate, .. } = reader(&chunks, &[])?.spec();
    let rate = usize::try_from(sample_rate).ok().filter(|rate| RATES.contains(rate));
    let (least, most) = (*RATES.start(), *RATES.end());
    let rate = rate.ok_or(AudioError::Rate { rate: f64::from(sample_rate), least, most })?;
    let start = match part {
        None => 0,
        Some(Part::Sample(sample)) => usize::try_from(sample).unwrap_or(usize::MAX),
        Some(Part::Second(second)) if second >= 0.0 => (second * rate as f64).round() as usize,
        Some(Part::Second(_)) => 0,
        Some(_) => return Err(AudioError::Part),
    };
    if blocks == 0 {
        return Err(AudioError::Empty);
    }
    if start >= blocks {
        return Err(AudioError::Outside { seconds: blocks as f64 / rate as f64 });
    }
    let taken = take.map_or(usize::MAX, |seconds| crate::mel::samples(seconds, rate));
    let end = start.saturating_add(taken).min(blocks);
    let reader = reader(&chunks, &chunks.data[start * block..end * block])?;
    Ok(Mono { rate, samples: average(reader)? })
}

/// hound's reader of some of the samples.
fn reader<'b>(chunks: &Chunks<'b>, data: &'b [u8]) -> Result<WavReader<impl Read + use<'b>>, AudioError> {
    let (head, data) = chunks.excerpt(data);
    WavReader::new(Cursor::new(head).chain(data)).map_err(broken)
}

/// The mean of the channels.
fn average(mut reader: WavReader<impl Read>) -> Result<Vec<f32>, AudioError> {
    let spec = reader.spec();
    let channels = usize::from(spec.channels);
    let mut samples = Vec::with_capacity(reader.duration() as usize);
    let mut sum = 0.0_f64;
    let mut add = |number: usize, sample: f64| {
        sum += sample;
        if (number + 1).is_multiple_of(channels) {
            samples.push((sum / channels as f64) as f32);
            sum = 0.0;
        }
    };
    match spec.sample_format {
        SampleFormat::Int => {
            let full = 2.0_f64.powi(i32::from(spec.bits_per_sample.clamp(1, 32)) - 1);
            for (number, sample) in reader.samples::<i32>().enumerate() {
                add(number, f64::from(sample.map_err(broken)?) / full);
            }
        }
        SampleFormat::Float => {
            for (number, sample) in reader.samples::<f32>().enumerate() {
                let sample = sample.map_err(broken)?;
                if !believable(sample) {
                    return Err(AudioError::Sample);
                }
                add(number, f64::from(sample));
            }
        }
    }
    Ok(samples)
}

/// A signal as a WAV file of 16 bit integers; what lies beyond -1 and 1 is cut off.
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

    fn file(bits: u16, format: SampleFormat, channels: u16, samples: &[f64]) -> Vec<u8> {
        let spec = WavSpec { channels, sample_rate: 8000, bits_per_sample: bits, sample_format: format };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, spec).expect("a known format");
        for sample in samples {
            match format {
                SampleFormat::Float => writer.write_sample(*sample as f32),
                SampleFormat::Int => writer.write_sample((sample * 2.0_f64.powi(i32::from(bits) - 1)) as i32),
            }
            .expect("memory takes everything");
        }
        writer.finalize().expect("memory takes everything");
        bytes.into_inner()
    }

    #[test]
    fn every_width_gives_the_same_samples() {
        let samples = [0.0, 0.5, -0.5, 0.25, -1.0, 0.75];
        let kinds = [
            (8, SampleFormat::Int),
            (16, SampleFormat::Int),
            (24, SampleFormat::Int),
            (32, SampleFormat::Int),
            (32, SampleFormat::Float),
        ];
        for (bits, format) in kinds {
            let mono = decode(&file(bits, format, 1, &samples), None, None).expect("a whole file");
            assert_eq!(mono, Mono { rate: 8000, samples: vec![0.0, 0.5, -0.5, 0.25, -1.0, 0.75] }, "{bits}");
            let stereo = decode(&file(bits, format, 2, &samples), None, None).expect("a whole file");
            assert_eq!(stereo.samples, [0.25, -0.125, -0.125], "{bits}");
        }
    }

    #[test]
    fn parts_begin_where_they_say() {
        let samples: Vec<f64> = (0..8000).map(|number| f64::from(number) / 8192.0).collect();
        let bytes = file(16, SampleFormat::Int, 2, &samples);
        let all = decode(&bytes, None, None).expect("a whole file").samples;
        assert_eq!(all.len(), 4000);
        let part = |part, take| decode(&bytes, Some(part), take).map(|mono| mono.samples);
        assert_eq!(part(Part::Sample(10), None).as_deref(), Ok(&all[10..]));
        assert_eq!(part(Part::Second(0.25), Some(0.125)).as_deref(), Ok(&all[2000..3000]));
        assert_eq!(part(Part::Second(0.25), Some(9.0)).as_deref(), Ok(&all[2000..]));
        assert_eq!(part(Part::Sample(4000), None), Err(AudioError::Outside { seconds: 0.5 }));
        assert_eq!(part(Part::Second(f64::INFINITY), None), Err(AudioError::Outside { seconds: 0.5 }));
        assert_eq!(part(Part::Item(0), None), Err(AudioError::Part));
        assert_eq!(decode(&file(16, SampleFormat::Int, 1, &[]), None, None), Err(AudioError::Empty));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let samples = [0.0, 0.5, -1.0, 0.25];
        let signal = Signal::mono(8000.0, samples.to_vec()).expect("a rate");
        let mono = decode(&encode(&signal).expect("one channel"), None, None).expect("a whole file");
        assert_eq!(mono, Mono { rate: 8000, samples: samples.to_vec() });
        let loud = Signal::mono(8000.0, vec![2.0, -2.0, f32::NAN]).expect("a rate");
        let mono = decode(&encode(&loud).expect("one channel"), None, None).expect("a whole file");
        assert_eq!(mono.samples, [32_767.0 / 32_768.0, -1.0, 0.0]);
    }

    #[test]
    fn other_files_are_errors() {
        let mut law = file(8, SampleFormat::Int, 1, &[0.5]);
        law[20] = 7; // Mu-law.
        assert!(matches!(decode(&law, None, None), Err(AudioError::Encoding { .. })));
        let nan = file(32, SampleFormat::Float, 1, &[f64::NAN]);
        assert_eq!(decode(&nan, None, None), Err(AudioError::Sample));
        let huge = file(32, SampleFormat::Float, 1, &[0.5, 1e30]);
        assert_eq!(decode(&huge, None, None), Err(AudioError::Sample));
    }
}
