//! Opus in Ogg (RFC 7845), decoded by ropus, a port of the reference decoder to Rust.
//!
//! Opus has no rate of its own. Like libsndfile, it is decoded at the lowest of its five rates that is no lower than
//! that of the sound before it was encoded, which the header tells.

use ropus::OpusMSDecoder;

use super::bytes::{Header, Order};
use super::ogg;
use super::track::{Collector, Excerpt, Samples, Track};
use super::{CUT_OFF, DAMAGED};
use crate::error::AudioError;

/// The packets of Opus in a file.
pub(crate) struct OpusStream<'b> {
    bytes: &'b [u8],
    stream: u32,
    head: Head,
}

/// The identification header, in the first packet (RFC 7845, 5.1).
#[derive(Debug)]
struct Head {
    channels: usize,
    /// Pre-skip: samples left out at the beginning, at 48 kHz.
    skipped: u64,
    /// Samples at 48 kHz for each decoded sample.
    factor: u64,
    /// Output gain, as a factor of the samples.
    gain: f32,
    streams: u8,
    coupled: u8,
    /// For each channel, the number of its decoded channel.
    mapping: Vec<u8>,
}

impl Head {
    fn parse(packet: &[u8]) -> Option<Self> {
        let mut header = Header::new(packet.get(8..)?, Order::Little);
        let [_version, channels] = header.array()?;
        let (skipped, rate, gain) = (header.u16()?, header.u32()?, header.u16()? as i16);
        let [family] = header.array()?;
        let channels = usize::from(channels);
        let (streams, coupled, mapping) = match family {
            0 if matches!(channels, 1 | 2) => (1, channels as u8 - 1, vec![0, 1][..channels].to_vec()),
            0 => return None,
            _ => {
                let [streams, coupled] = header.array()?;
                (streams, coupled, header.take(channels)?.to_vec())
            }
        };
        let factor = match rate {
            0..=8000 => 6,
            8001..=12_000 => 4,
            12_001..=16_000 => 3,
            16_001..=24_000 => 2,
            _ => 1,
        };
        // The gain is in 256ths of a decibel.
        let gain = 10.0_f32.powf(f32::from(gain) / (20.0 * 256.0));
        Some(Self { channels, skipped: skipped.into(), factor, gain, streams, coupled, mapping })
    }

    fn rate(&self) -> i32 {
        48_000 / self.factor as i32
    }

    fn decoder(&self) -> Result<OpusMSDecoder, AudioError> {
        let (streams, coupled) = (self.streams.into(), self.coupled.into());
        OpusMSDecoder::new(self.rate(), self.channels as i32, streams, coupled, &self.mapping).map_err(broken)
    }
}

const FORMAT: &str = "Ogg Opus";

/// The error of a code of libopus.
fn broken(code: i32) -> AudioError {
    let reason = match code {
        -1 => "its header is wrong".to_owned(),
        -4 => "a packet is damaged".to_owned(),
        code => format!("the decoder gave up with error {code}"),
    };
    AudioError::Broken { format: FORMAT.to_owned(), reason }
}

/// The sound of one stream of a file.
pub(super) fn find<'b>(bytes: &'b [u8], stream: u32, head: &[u8]) -> Result<Track<'b>, AudioError> {
    let head = Head::parse(head).ok_or_else(|| broken(-1))?;
    head.decoder()?;
    Ok(Track {
        format: FORMAT.to_owned(),
        rate: f64::from(head.rate()),
        channels: head.channels,
        names: Vec::new(),
        samples: Samples::Opus(OpusStream { bytes, stream, head }),
        warnings: Vec::new(),
    })
}

/// The most samples of a channel in one packet: 120 ms at 48 kHz.
const LONGEST: usize = 5760;

/// Number of samples at 48 kHz in a packet, by its first two bytes (RFC 6716, 3.1 and 3.2).
fn samples(packet: &[u8]) -> usize {
    let Some(&first) = packet.first() else { return 0 };
    let one = match first >> 3 {
        mode @ 0..=11 => [480, 960, 1920, 2880][usize::from(mode & 3)],
        mode @ 12..=15 => [480, 960][usize::from(mode & 1)],
        mode => 120 << (mode & 3),
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => packet.get(1).map_or(0, |count| usize::from(count & 63)),
    };
    (one * frames).min(LONGEST)
}

impl OpusStream<'_> {
    /// Largest number of samples of a channel.
    pub(super) fn len(&self) -> usize {
        let (mut headers, mut all) = (2, 0);
        for page in ogg::Stream::new(self.bytes, self.stream) {
            let passed = headers.min(page.packets.len());
            headers -= passed;
            // A damaged packet becomes silence as long as the one before it on its page.
            let mut longest = 0;
            for packet in &page.packets[passed..] {
                longest = samples(packet).max(longest);
                all += longest;
            }
        }
        all / self.head.factor as usize
    }

    pub(super) fn excerpt(
        &self,
        format: &str,
        channels: usize,
        start: usize,
        end: usize,
    ) -> Result<Excerpt, AudioError> {
        let Head { skipped, factor, gain, .. } = self.head;
        let mut decoder = self.head.decoder()?;
        let mut collected = Collector::new(format, channels, start, end);
        let mut buffer = vec![0; LONGEST * channels];
        // The start of the next packet, in samples at 48 kHz, and whether it is known.
        let (mut place, mut placed, mut ended) = (0_u64, false, false);
        // The first two packets are headers.
        let mut headers = 2;
        for page in ogg::Stream::new(self.bytes, self.stream) {
            let passed = headers.min(page.packets.len());
            headers -= passed;
            let mut decoded: Vec<Vec<f32>> = Vec::new();
            for packet in &page.packets[passed..] {
                let len = packet.len() as i32;
                match decoder.decode24(Some(packet), len, &mut buffer, LONGEST as i32, false) {
                    Ok(count) => {
                        let values = &buffer[..count as usize * channels];
                        decoded.push(values.iter().map(|&value| value as f32 / 8_388_608.0).collect());
                    }
                    Err(code) if collected.is_empty() && decoded.is_empty() => return Err(broken(code)),
                    // As long as the one before it.
                    Err(_) => {
                        let len = decoded.last().map_or(0, Vec::len);
                        decoded.push(vec![0.0; len]);
                        collected.warn(DAMAGED);
                    }
                }
            }
            let total: u64 = decoded.iter().map(|values| (values.len() / channels) as u64 * factor).sum();
            if !placed && total > 0 && !page.last {
                (place, placed) = (page.granule.saturating_sub(total), true);
            }
            for values in &mut decoded {
                let count = values.len() / channels;
                let after = place + count as u64 * factor;
                // The last page says where the sound ends within its last packet.
                let kept = match page.last && after > page.granule {
                    true => (page.granule.saturating_sub(place) / factor) as usize,
                    false => count,
                };
                let from = ((skipped.saturating_sub(place) / factor) as usize).min(kept);
                let values = &mut values[from * channels..kept * channels];
                values.iter_mut().for_each(|value| *value *= gain);
                collected.add(values)?;
                place = after;
            }
            ended |= page.last;
            if collected.full() {
                break;
            }
        }
        if !ended && !collected.full() {
            collected.warn(CUT_OFF);
        }
        Ok(collected.finish())
    }
}
