//! Apple Lossless in CAF: packets whose lengths stand in a table.

use symphonia::core::codecs::audio::well_known::CODEC_ID_ALAC;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};
use symphonia::default::codecs::AlacDecoder;

use super::CUT_OFF;
use super::bytes::{Header, Order};
use super::track::{Collector, Excerpt};
use crate::error::AudioError;

/// Packets of Apple Lossless, not yet decoded.
pub(crate) struct Alac<'b> {
    packets: Vec<&'b [u8]>,
    /// Number of valid samples of a channel, and of priming samples before the first.
    valid: usize,
    priming: usize,
    parameters: AudioCodecParameters,
}

impl<'b> Alac<'b> {
    /// The packets of a file: its cookie describes the samples, and its table the packets.
    pub(super) fn new(cookie: &[u8], table: &[u8], mut data: &'b [u8]) -> Option<Self> {
        let mut header = Header::new(table, Order::Big);
        let (count, valid) = (header.u64()?, header.u64()?);
        let (priming, _remainder) = (header.u32()?, header.u32()?);
        let mut packets = Vec::new();
        for _ in 0..count {
            let Some(len) = variable(&mut header) else { break };
            let len = len.min(data.len());
            // Packets that are cut off at the end are found out when they are decoded.
            let (packet, rest) = data.split_at(len);
            packets.push(packet);
            data = rest;
        }
        let mut parameters = AudioCodecParameters::new();
        parameters.for_codec(CODEC_ID_ALAC).with_extra_data(cookie.into());
        Some(Self { packets, valid: usize::try_from(valid).ok()?, priming: priming as usize, parameters })
    }

    /// Largest number of samples of a channel.
    pub(super) fn len(&self) -> usize {
        self.valid
    }

    fn decoder(&self) -> Result<AlacDecoder, Error> {
        AlacDecoder::try_new(&self.parameters, &AudioDecoderOptions::default())
    }

    pub(super) fn excerpt(
        &self,
        format: &str,
        channels: usize,
        start: usize,
        end: usize,
    ) -> Result<Excerpt, AudioError> {
        let broken =
            |error: Error| AudioError::Broken { format: format.to_owned(), reason: error.to_string() };
        let mut decoder = self.decoder().map_err(broken)?;
        let mut collected = Collector::new(format, channels, start, end.min(self.valid));
        let (mut values, mut priming): (Vec<f32>, _) = (Vec::new(), self.priming);
        for packet in &self.packets {
            if collected.full() {
                break;
            }
            values.clear();
            let packet = Packet::new(0, Timestamp::from(0_i64), Duration::from(0_u64), *packet);
            match decoder.decode(&packet) {
                Ok(decoded) if decoded.num_planes() == channels => {
                    decoded.copy_to_vec_interleaved(&mut values)
                }
                Err(error) if collected.is_empty() => return Err(broken(error)),
                _ => break,
            }
            let skipped = priming.min(values.len() / channels);
            priming -= skipped;
            let left = self.valid.saturating_sub(collected.seen()).saturating_mul(channels);
            let values = &values[skipped * channels..];
            collected.add(&values[..values.len().min(left)])?;
        }
        if !collected.full() && collected.seen() < self.valid {
            collected.warn(CUT_OFF);
        }
        Ok(collected.finish())
    }
}

/// A number of seven bits a byte, of which the highest says whether more follow.
fn variable(header: &mut Header) -> Option<usize> {
    let mut number = 0_usize;
    loop {
        let [byte] = header.array()?;
        number = number.checked_mul(128)? | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
}
