//! CAF, Apple's Core Audio Format.

use super::adpcm::Blocks;
use super::alac::Alac;
use super::bytes::{Header, Order, length};
use super::coding::Coding;
use super::track::{Samples, Track};
use super::{CUT_OFF, UNCOMPRESSED_ONLY, UNKNOWN_LENGTH};
use crate::error::AudioError;

/// The sound of a file.
pub(super) fn find(bytes: &[u8]) -> Result<Track<'_>, AudioError> {
    let name = "CAF";
    let broken = |reason: &str| AudioError::Broken { format: name.to_owned(), reason: reason.to_owned() };
    let mut rest = bytes.get(8..).ok_or_else(|| broken("there is no whole header"))?;
    let (mut description, mut found, mut cookie, mut table) = (None, None, None, None);
    loop {
        let mut header = Header::new(rest, Order::Big);
        let (Some(mark), Some(len)) = (header.take(4), header.u64()) else { break };
        let after = header.rest;
        match mark {
            b"desc" => description = Description::parse(after),
            // A number that counts changes comes before the samples.
            b"data" if found.is_none() => found = after.get(4..).map(|there| samples(there, len)),
            b"kuki" => cookie = after.get(..length(len)),
            b"pakt" => table = Some(after.get(..length(len)).unwrap_or(after)),
            _ => {}
        }
        rest = after.get(length(len)..).unwrap_or_default();
    }
    let description = description.ok_or_else(|| broken("there is no description of samples"))?;
    let (data, warning) = found.ok_or_else(|| broken("there are no samples"))?;
    let unread = |what: String| AudioError::unread(format!("{name} with {what}"));
    let (words, samples) = match description.encoding {
        // symphonia 0.6 decodes other kinds wrongly.
        b"alac" if !matches!(description.flags, 1 | 3) || description.channels > 2 => {
            let what = "Apple Lossless of more than two channels, or of other than 16 or 24 bits";
            return Err(unread(what.to_owned()));
        }
        b"alac" if UNCOMPRESSED_ONLY => return Err(unread("Apple Lossless".to_owned())),
        b"alac" => {
            let alac = cookie.zip(table).and_then(|(cookie, table)| Alac::new(cookie, table, data));
            (
                "Apple Lossless".to_owned(),
                Samples::Alac(alac.ok_or_else(|| broken("its table of packets is missing"))?),
            )
        }
        b"ima4" => {
            ("IMA ADPCM".to_owned(), Samples::Blocks(Blocks::ima_apple(description.channels.max(1)), data))
        }
        _ => {
            let coding = description.coding().map_err(unread)?;
            (coding.name(), Samples::Plain(coding, data))
        }
    };
    Ok(Track {
        format: format!("{name}, {words}"),
        rate: description.rate.round(),
        channels: description.channels,
        names: Vec::new(),
        samples,
        warnings: warning.map(str::to_owned).into_iter().collect(),
    })
}

/// The samples of a chunk, whose length counts the four bytes before them.
fn samples(there: &[u8], len: u64) -> (&[u8], Option<&'static str>) {
    match there.get(..length(len.saturating_sub(4))) {
        // A length of -1 is allowed for the last chunk.
        _ if len == u64::MAX => (there, None),
        Some(_) if len == 0 && !there.is_empty() => (there, Some(UNKNOWN_LENGTH)),
        Some(data) => (data, None),
        None => (there, Some(CUT_OFF)),
    }
}

/// The description of samples.
struct Description<'b> {
    rate: f64,
    encoding: &'b [u8; 4],
    flags: u32,
    /// The bytes of a sample of all channels.
    packet: usize,
    channels: usize,
    bits: usize,
}

impl<'b> Description<'b> {
    fn parse(content: &'b [u8]) -> Option<Self> {
        let mut header = Header::new(content, Order::Big);
        let (rate, encoding) = (f64::from_bits(header.u64()?), header.take(4)?.first_chunk()?);
        let (flags, packet, _samples) = (header.u32()?, header.u32()? as usize, header.u32()?);
        Some(Self {
            rate,
            encoding,
            flags,
            packet,
            channels: header.u32()? as usize,
            bits: header.u32()? as usize,
        })
    }

    fn coding(&self) -> Result<Coding, String> {
        let order = if self.flags & 2 == 0 { Order::Big } else { Order::Little };
        let coding = match (self.encoding, self.flags & 1, self.bits) {
            (b"lpcm", 1, 32) => Coding::Float32(order),
            (b"lpcm", 1, 64) => Coding::Float64(order),
            (b"lpcm", 0, bits @ (8 | 16 | 24 | 32)) => Coding::Signed(bits / 8, order),
            (b"lpcm", _, bits) => return Err(format!("samples of {bits} bits")),
            (b"alaw", ..) => return Ok(Coding::ALaw),
            (b"ulaw", ..) => return Ok(Coding::MuLaw),
            (b"aac " | b"aach" | b"aacp", ..) => return Err("AAC".to_owned()),
            (b".mp1" | b".mp2" | b".mp3", ..) => return Err("MPEG audio".to_owned()),
            (b"opus", ..) => return Err("Opus".to_owned()),
            (b"flac", ..) => return Err("FLAC".to_owned()),
            (b"agsm", ..) => return Err("GSM 06.10".to_owned()),
            (b"MAC3" | b"MAC6", ..) => return Err("MACE".to_owned()),
            (b"QDMC" | b"QDM2", ..) => return Err("QDesign Music".to_owned()),
            (b"ilbc", ..) => return Err("iLBC".to_owned()),
            (b"samr" | b"sawb", ..) => return Err("AMR".to_owned()),
            (other, ..) => return Err(format!("the encoding '{}'", other.escape_ascii())),
        };
        if self.packet == coding.width().saturating_mul(self.channels) {
            return Ok(coding);
        }
        Err(format!("samples of {} bits in other than as many bytes", self.bits))
    }
}
