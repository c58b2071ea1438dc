//! AIFF (Apple 1989) and AIFC (1991), whose samples may be compressed.

use super::adpcm::Blocks;
use super::bytes::{Header, Order};
use super::coding::Coding;
use super::track::{Samples, Track};
use super::{CUT_OFF, UNKNOWN_LENGTH};
use crate::error::AudioError;

/// The description of samples.
struct Common<'b> {
    channels: usize,
    bits: usize,
    rate: f64,
    /// Encoding of the samples, as a code of four letters.
    encoding: &'b [u8; 4],
}

/// The sound of a file.
pub(super) fn find(bytes: &[u8]) -> Result<Track<'_>, AudioError> {
    let name = if bytes.get(8..12) == Some(b"AIFC") { "AIFC" } else { "AIFF" };
    let broken = |reason: &str| AudioError::Broken { format: name.to_owned(), reason: reason.to_owned() };
    let mut rest = bytes.get(12..).ok_or_else(|| broken("there is no whole header"))?;
    let (mut common, mut found) = (None, None);
    // Chunks come in any order.
    loop {
        let mut header = Header::new(rest, Order::Big);
        let (Some(mark), Some(len)) = (header.take(4), header.u32()) else { break };
        let (after, len) = (header.rest, len as usize);
        match mark {
            b"COMM" => {
                common = common.or(Some(
                    Common::parse(after.get(..len).unwrap_or(after))
                        .ok_or_else(|| broken("its description is cut off"))?,
                ))
            }
            b"SSND" => {
                found = Some(samples(after, len).ok_or_else(|| broken("it is cut off before its samples"))?)
            }
            _ => {}
        }
        rest = len.checked_next_multiple_of(2).and_then(|len| after.get(len..)).unwrap_or_default();
    }
    let common = common.ok_or_else(|| broken("there is no description of samples"))?;
    let (data, warning) = found.ok_or_else(|| broken("there are no samples"))?;
    let unread = |what: String| AudioError::unread(format!("{name} with {what}"));
    let (words, samples) = match common.coding().map_err(unread)? {
        Some(coding) if common.bits < 8 * coding.width() && matches!(coding, Coding::Signed(..)) => {
            (format!("{} bit integers in {}", common.bits, 8 * coding.width()), Samples::Plain(coding, data))
        }
        Some(coding) => (coding.name(), Samples::Plain(coding, data)),
        None => ("IMA ADPCM".to_owned(), Samples::Blocks(Blocks::ima_apple(common.channels.max(1)), data)),
    };
    Ok(Track {
        format: format!("{name}, {words}"),
        rate: common.rate,
        channels: common.channels,
        names: Vec::new(),
        samples,
        warnings: warning.map(str::to_owned).into_iter().collect(),
    })
}

/// The samples of a chunk, which may begin with an offset.
fn samples(content: &[u8], len: usize) -> Option<(&[u8], Option<&'static str>)> {
    let mut header = Header::new(content, Order::Big);
    let (offset, _block) = (header.u32()? as usize, header.u32()?);
    let there = header.rest.get(offset..)?;
    Some(match len.checked_sub(8 + offset) {
        Some(len) if len <= there.len() => (&there[..len], None),
        // The program that wrote the header could not know the length.
        None if len == 0 => (there, Some(UNKNOWN_LENGTH)),
        Some(len) if len >= 0x7fff_0000 => (there, Some(UNKNOWN_LENGTH)),
        _ => (there, Some(CUT_OFF)),
    })
}

impl<'b> Common<'b> {
    fn parse(content: &'b [u8]) -> Option<Self> {
        let mut header = Header::new(content, Order::Big);
        let (channels, _samples, bits) = (header.u16()?, header.u32()?, header.u16()?);
        let rate = extended(header.array()?);
        let aifc = header.take(4).and_then(|encoding| encoding.first_chunk());
        Some(Self { channels: channels.into(), bits: bits.into(), rate, encoding: aifc.unwrap_or(b"NONE") })
    }

    /// Encoding of the samples; `None` for IMA ADPCM, and an error that names one that is not read.
    fn coding(&self) -> Result<Option<Coding>, String> {
        let integers = |order| match self.bits {
            1..=32 => Ok(Coding::Signed(self.bits.div_ceil(8), order)),
            bits => Err(format!("integers of {bits} bits")),
        };
        Ok(Some(match self.encoding {
            b"NONE" | b"none" | b"twos" | b"in24" | b"in32" => integers(Order::Big)?,
            b"sowt" | b"42n1" | b"42ni" | b"23ni" => integers(Order::Little)?,
            b"raw " => Coding::Unsigned8,
            b"fl32" | b"FL32" => Coding::Float32(Order::Big),
            b"fl64" | b"FL64" => Coding::Float64(Order::Big),
            b"alaw" | b"ALAW" => Coding::ALaw,
            b"ulaw" | b"ULAW" => Coding::MuLaw,
            b"ima4" => return Ok(None),
            b"GSM " | b"agsm" => return Err("GSM 06.10".to_owned()),
            b"DWVW" => return Err("delta words of variable width (DWVW)".to_owned()),
            b"MAC3" | b"MAC6" => return Err("MACE".to_owned()),
            b"ADP4" => return Err("G.722 ADPCM".to_owned()),
            b"QDMC" | b"QDM2" => return Err("QDesign Music".to_owned()),
            b"Qclp" => return Err("Qualcomm PureVoice".to_owned()),
            b".mp3" => return Err("MP3".to_owned()),
            other => return Err(format!("the encoding '{}'", other.escape_ascii())),
        }))
    }
}

/// A float of 80 bits, as Motorola's processors had them, rounded to whole hertz.
fn extended(bytes: [u8; 10]) -> f64 {
    let exponent = i32::from(u16::from_be_bytes([bytes[0], bytes[1]])) - 16_383 - 63;
    let mantissa = bytes[2..].iter().fold(0_u64, |mantissa, &byte| mantissa << 8 | u64::from(byte));
    // A set sign makes the exponent too large for any rate.
    (mantissa as f64 * 2.0_f64.powi(exponent)).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_floats_of_80_bits() {
        let cases: [(f64, [u8; 10]); 3] = [
            (8000.0, [0x40, 0x0b, 0xfa, 0, 0, 0, 0, 0, 0, 0]),
            (44_100.0, [0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0]),
            (0.0, [0; 10]),
        ];
        for (rate, bytes) in cases {
            assert_eq!(extended(bytes), rate);
        }
        assert!(!(extended([0xc0, 0x0b, 0xfa, 0, 0, 0, 0, 0, 0, 0]).is_finite()));
    }
}
