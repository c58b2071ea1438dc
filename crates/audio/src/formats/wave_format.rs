//! The description of samples in WAV and its relatives (Microsoft's `WAVEFORMATEX` and `WAVEFORMATEXTENSIBLE`).
//!
//! Like libsndfile, the bits of a sample are believed, and neither the bytes a second nor the bytes of a block, which
//! many programs write wrongly. Samples of fewer bits than their bytes hold lie in the upper bits, so that full
//! scale is that of the bytes.

use super::adpcm::Blocks;
use super::bytes::{Header, Order};
use super::coding::Coding;
use super::kind::Kind;
use super::track::{Samples, Track};
use super::wave::Chunks;
use super::{UNCOMPRESSED_ONLY, stream};
use crate::error::AudioError;

/// The description of samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct WaveFormat<'b> {
    /// Format tag: 1 for integers, 3 for floats.
    tag: u16,
    channels: usize,
    rate: u32,
    /// Size of a sample of all channels in bytes, according to the header.
    align: usize,
    bits: usize,
    /// Number of bits that are used, if an extension has it.
    valid: Option<usize>,
    /// Channel mask: the loudspeakers of the channels.
    speakers: u32,
    /// The bytes behind the length of the extension.
    extension: &'b [u8],
}

/// The rest of the GUIDs behind the tag, for extensions that stand for ordinary tags and for those of ambisonic
/// sounds.
const GUIDS: [(u16, u16, [u8; 8]); 2] = [
    (0, 0x10, [0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]),
    (0x0721, 0x11d3, [0x86, 0x44, 0xc8, 0xc1, 0xca, 0, 0, 0]),
];

/// Warning of a header whose numbers do not fit each other.
const CONTRADICTION: &str =
    "the header contradicts itself on how many bytes a sample takes: its number of bits was believed";
const LOW_BYTES: &str = "its samples of 24 bits lie in the lower bytes of 32: they are read as 32 bits, and are 256 times quieter than they were meant to be";

impl<'b> WaveFormat<'b> {
    /// The track of a file.
    pub(super) fn track(chunks: Chunks<'b>) -> Result<Track<'b>, AudioError> {
        let broken = |reason: String| AudioError::Broken { format: chunks.name.to_owned(), reason };
        let format = Self::parse(&chunks).map_err(|reason| broken(reason.to_owned()))?;
        if format.channels == 0 || format.rate == 0 {
            let (channels, rate) = (format.channels, format.rate);
            return Err(broken(format!("it says that it has {channels} channels at {rate} Hz")));
        }
        let mut warnings = chunks.warnings;
        let (name, samples) =
            format.samples(chunks.name, chunks.order, (chunks.start, chunks.data), &mut warnings)?;
        if let Samples::Stream(stream) = samples {
            let mut track = stream.into_track(name);
            track.warnings.splice(0..0, warnings);
            return Ok(track);
        }
        Ok(Track {
            format: format!("{}, {name}", chunks.name),
            rate: f64::from(format.rate),
            channels: format.channels,
            names: speakers(format.speakers, format.channels),
            samples,
            warnings,
        })
    }

    fn parse(chunks: &Chunks<'b>) -> Result<Self, &'static str> {
        let short = "the description of its samples is too short";
        let mut header = Header::new(chunks.format, chunks.order);
        let mut read = || {
            let (tag, channels, rate) = (header.u16()?, header.u16()?, header.u32()?);
            let (_bytes_a_second, align) = (header.u32()?, header.u16()?);
            Some((tag, usize::from(channels), rate, usize::from(align), header.u16()))
        };
        let (mut tag, channels, rate, align, bits) = read().ok_or(short)?;
        // The first WAV files did not say how many bits a sample has.
        let bits = match bits {
            Some(bits) => usize::from(bits),
            None if tag == 1 && channels > 0 && align.is_multiple_of(channels) => 8 * (align / channels),
            None => return Err(short),
        };
        let _extension_bytes = header.u16();
        let extension = header.rest;
        let (mut valid, mut mask) = (None, 0);
        if tag == EXTENSIBLE {
            let mut extended = || {
                let (bits, speakers, inner) = (header.u16()?, header.u32()?, header.u32()?);
                Some((bits, speakers, inner, (header.u16()?, header.u16()?, header.array()?)))
            };
            let (bits, speakers, inner, guid) = extended().ok_or("its extension is missing or too short")?;
            (valid, mask) = (Some(usize::from(bits)), speakers);
            tag = u16::try_from(inner).ok().filter(|_| GUIDS.contains(&guid)).unwrap_or(EXTENSIBLE);
        }
        Ok(Self { tag, channels, rate, align, bits, valid, speakers: mask, extension })
    }

    /// The encoding of the samples in words, and the samples.
    fn samples(
        &self,
        file: &str,
        order: Order,
        (start, data): (usize, &'b [u8]),
        warnings: &mut Vec<String>,
    ) -> Result<(String, Samples<'b>), AudioError> {
        if data.starts_with(b"OggS") {
            // It is a whole file of Ogg behind a header.
            let command = format!("ffmpeg -skip_initial_bytes {start} -f ogg -i FILE -c:a pcm_s16le NEW.wav");
            return Err(AudioError::Unread { format: "Ogg inside WAV".to_owned(), command });
        }
        if data.starts_with(b"wvpk") {
            return Err(AudioError::unread("WavPack inside WAV"));
        }
        let unread = |what: String| AudioError::unread(format!("{file} with {what}"));
        let width = self.bits.div_ceil(8);
        let plain = |coding: Coding| (coding.name(), Samples::Plain(coding, data));
        Ok(match (self.tag, self.bits) {
            (1, 1..=32) => {
                let width = self.believed(width, data, warnings).ok_or_else(|| {
                    let (bits, bytes) = (self.bits, self.align / self.channels);
                    unread(format!(
                        "samples of {bits} bits in {bytes} bytes, of which it does not say where they lie"
                    ))
                })?;
                let coding = if width == 1 { Coding::Unsigned8 } else { Coding::Signed(width, order) };
                let bits = self.valid.filter(|valid| (1..8 * width).contains(valid)).unwrap_or(self.bits);
                let name = match bits == 8 * width {
                    true => coding.name(),
                    false => format!("{bits} bit integers in {}", 8 * width),
                };
                (name, Samples::Plain(coding, data))
            }
            (1, bits) => return Err(unread(format!("integers of {bits} bits"))),
            (3, 32) => plain(Coding::Float32(order)),
            (3, 64) => plain(Coding::Float64(order)),
            (3, bits) => return Err(unread(format!("floats of {bits} bits"))),
            (6 | 0x102, _) => plain(Coding::ALaw),
            (7 | 0x101, _) => plain(Coding::MuLaw),
            (2 | 0x11, 4) if matches!(self.channels, 1 | 2) => {
                let extension = Header::new(self.extension, order);
                let (name, blocks) = match self.tag {
                    2 => ("Microsoft ADPCM", Blocks::microsoft(self.align, self.channels, extension)),
                    _ => ("IMA ADPCM", Blocks::ima_wave(self.align, self.channels, extension)),
                };
                let blocks = blocks.ok_or_else(|| {
                    let reason = "its blocks and the samples in them do not fit each other".to_owned();
                    AudioError::Broken { format: format!("{file}, {name}"), reason }
                })?;
                if !data.len().is_multiple_of(self.align) {
                    warnings.push("its last block is not whole and was left out".to_owned());
                }
                (name.to_owned(), Samples::Blocks(blocks, data))
            }
            (0x55, _) if !UNCOMPRESSED_ONLY => {
                let stream = Some(data).filter(|data| Kind::of(data) == Some(Kind::Mpeg)).map(stream::mp3);
                let stream = stream.ok_or_else(|| unread(tag_name(self.tag)))??;
                (format!("{file}, {}", stream.name()), Samples::Stream(stream))
            }
            (tag, _) => return Err(unread(tag_name(tag))),
        })
    }

    /// Size of an integer, in bytes. It is the size that its bits need; if the header claims a larger one, the
    /// samples tell whether that is true, and `None` means that they do not tell.
    fn believed(&self, width: usize, data: &[u8], warnings: &mut Vec<String>) -> Option<usize> {
        if self.align == width * self.channels {
            return Some(width);
        }
        let room = self.align / self.channels;
        if room > width && room <= 4 && self.align == room * self.channels {
            let (low, high) = filled(data, room, width);
            // arecord and others write 24 bits in 32 so.
            let known = self.bits == 24 && room == 4 && self.valid.is_none();
            match (low, high) {
                (true, _) if known => return Some(4),
                (_, true) if known => {
                    warnings.push(LOW_BYTES.to_owned());
                    return Some(4);
                }
                (true, _) | (_, true) => return None,
                _ if self.valid.is_some() => return None,
                _ => {}
            }
        }
        if self.align != 0 {
            warnings.push(CONTRADICTION.to_owned());
        }
        Some(width)
    }
}

const EXTENSIBLE: u16 = 0xfffe;

/// Checks if integers of `room` bytes use only the upper `width` bytes, and if only the lower ones. Silence uses
/// none.
fn filled(data: &[u8], room: usize, width: usize) -> (bool, bool) {
    let spare = room - width;
    let (mut upper, mut lower) = (true, true);
    for sample in data.chunks_exact(room) {
        let sign = if sample[width - 1] & 0x80 == 0 { 0 } else { 0xff };
        upper &= sample[..spare].iter().all(|&byte| byte == 0);
        lower &= sample[width..].iter().all(|&byte| byte == sign);
        if !upper && !lower {
            break;
        }
    }
    (upper, lower)
}

/// The names of the loudspeakers that channels are for, when each has one.
fn speakers(mask: u32, channels: usize) -> Vec<String> {
    const NAMES: [&str; 18] = [
        "front left",
        "front right",
        "front centre",
        "low frequency",
        "back left",
        "back right",
        "front left of centre",
        "front right of centre",
        "back centre",
        "side left",
        "side right",
        "top centre",
        "top front left",
        "top front centre",
        "top front right",
        "top back left",
        "top back centre",
        "top back right",
    ];
    let named = NAMES.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
    let names: Vec<String> = named.map(|(_, name)| (*name).to_owned()).take(channels).collect();
    if names.len() == channels { names } else { Vec::new() }
}

/// Name of the encoding of a tag, of those that are met and not read.
fn tag_name(tag: u16) -> String {
    let name = match tag {
        0x0002 => "Microsoft ADPCM of an unusual kind",
        0x0011 => "IMA ADPCM of an unusual kind",
        0x0010 | 0x0017 => "OKI or Dialogic ADPCM",
        0x0014 | 0x0040 | 0x0045 | 0x0064 | 0x0065 | 0x028f | 0xa10c => "G.721, G.722, G.723 or G.726 ADPCM",
        0x0020 => "Yamaha ADPCM",
        0x0022 => "DSP Group TrueSpeech",
        0x0031 => "GSM 06.10",
        0x0038 => "NMS VBX ADPCM",
        0x0042 => "G.723.1",
        0x0050 => "MPEG audio",
        0x0055 => "MP3",
        0x0061 | 0x0062 => "Duck ADPCM",
        0x0083 | 0x0133 => "G.729",
        0x0092 | 0x2000 => "Dolby AC-3",
        0x00ff | 0x1600 | 0x1602 | 0x1610 | 0x706d | 0xa106 => "AAC",
        0x0160..=0x0164 => "Windows Media Audio",
        0x0270 => "ATRAC3",
        0x2001 => "DTS",
        0x566f | 0x674f..=0x6751 | 0x676f..=0x6771 => "Ogg Vorbis",
        0x704f => "Opus",
        0x5756 => "WavPack",
        0xa109 => "Speex",
        0xf1ac => "FLAC",
        EXTENSIBLE => return "an encoding that its extension names and nobody knows".to_owned(),
        other => return format!("the encoding 0x{other:04x}"),
    };
    name.to_owned()
}
