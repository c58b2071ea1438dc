//! Compressed sounds that symphonia decodes: FLAC, MP3, Ogg Vorbis, and FLAC in Ogg.

use std::io::{Cursor, ErrorKind};

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::default::formats::{FlacReader, MpaReader, OggReader};

use super::kind::after_tags;
use super::track::{Collector, Excerpt, Samples, Track};
use super::{CUT_OFF, DAMAGED, guarded};
use crate::error::AudioError;

/// Container format of the packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Flac,
    Mpeg,
    Ogg,
}

/// Packets of a file, not yet decoded.
pub(crate) struct Stream<'b> {
    container: Container,
    bytes: &'b [u8],
    /// The stream's number among those of the file.
    id: u32,
    parameters: AudioCodecParameters,
    channels: usize,
    /// Number of samples of a channel, if the header is sure of it.
    announced: Option<u64>,
}

/// The sound of a file.
pub(super) fn find(container: Container, bytes: &[u8]) -> Result<Track<'_>, AudioError> {
    let stream = guarded("a compressed sound", || Stream::open(container, bytes))?;
    let name = stream.name().to_owned();
    // symphonia 0.6 decodes these wrongly: couples of channels get mixed up.
    if name == "Ogg Vorbis" && stream.channels > 2 {
        return Err(AudioError::unread("Ogg Vorbis of more than two channels"));
    }
    Ok(stream.into_track(name))
}

/// MP3 inside another format.
pub(super) fn mp3(bytes: &[u8]) -> Result<Stream<'_>, AudioError> {
    guarded("MP3", || Stream::open(Container::Mpeg, bytes))
}

impl<'b> Stream<'b> {
    fn open(container: Container, bytes: &'b [u8]) -> Result<Self, AudioError> {
        let name = match container {
            Container::Flac => "FLAC",
            Container::Mpeg => "MP3",
            Container::Ogg => "Ogg",
        };
        let broken = |reason: String| AudioError::Broken { format: name.to_owned(), reason };
        let bytes = after_tags(bytes);
        let reader = reader(container, bytes).map_err(|error| broken(error.to_string()))?;
        let track = reader.default_track(TrackType::Audio);
        let parameters =
            track.and_then(|track| Some((track.id, track.codec_params.as_ref()?.audio()?.clone())));
        let (id, parameters) =
            parameters.ok_or_else(|| broken("it does not say what its sound is".to_owned()))?;
        let channels = parameters.channels.as_ref().map_or(0, Channels::count);
        if channels == 0 || parameters.sample_rate.is_none() {
            return Err(broken("it does not say how many channels it has, or at which rate".to_owned()));
        }
        let announced = track.and_then(|track| track.num_frames).filter(|_| container == Container::Flac);
        Ok(Self { container, bytes, id, parameters, channels, announced })
    }

    /// The format in words.
    pub(super) fn name(&self) -> &'static str {
        use symphonia::core::codecs::audio::well_known::*;
        match (self.container, self.parameters.codec) {
            (Container::Ogg, CODEC_ID_VORBIS) => "Ogg Vorbis",
            (Container::Ogg, CODEC_ID_FLAC) => "FLAC in Ogg",
            (_, CODEC_ID_FLAC) => "FLAC",
            (_, CODEC_ID_MP3) => "MP3",
            _ => "an unknown encoding",
        }
    }

    /// The track of a file that holds this sound.
    pub(super) fn into_track(self, mut format: String) -> Track<'b> {
        if let Some(bits) = self.parameters.bits_per_sample {
            format = format!("{format}, {bits} bit integers");
        }
        Track {
            format,
            rate: f64::from(self.parameters.sample_rate.unwrap_or(0)),
            channels: self.channels,
            names: Vec::new(),
            samples: Samples::Stream(self),
            warnings: Vec::new(),
        }
    }

    /// Number of samples of a channel by the lengths of its packets, up to where they are damaged.
    pub(super) fn len(&self) -> Result<usize, AudioError> {
        let broken =
            |error: Error| AudioError::Broken { format: self.name().to_owned(), reason: error.to_string() };
        let mut reader = reader(self.container, self.bytes).map_err(broken)?;
        let mut len = 0_usize;
        while let Ok(Some(packet)) = reader.next_packet() {
            if packet.track_id == self.id {
                len = len.saturating_add(packet.dur.get() as usize);
            }
        }
        Ok(len)
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
        let mut reader = reader(self.container, self.bytes).map_err(broken)?;
        let options = AudioDecoderOptions::default();
        let mut decoder = symphonia::default::get_codecs()
            .make_audio_decoder(&self.parameters, &options)
            .map_err(broken)?;
        let mut collected = Collector::new(format, channels, start, end);
        let mut values: Vec<f32> = Vec::new();
        while !collected.full() {
            let packet = match reader.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => break,
                Err(Error::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                    collected.warn(CUT_OFF);
                    break;
                }
                // Another sound begins, with a description of its own.
                Err(Error::ResetRequired) => {
                    collected.warn("another sound follows in the same file: only the first was read");
                    break;
                }
                Err(error) if collected.is_empty() => return Err(broken(error)),
                Err(_) => {
                    collected.warn(DAMAGED);
                    break;
                }
            };
            if packet.track_id != self.id {
                continue;
            }
            values.clear();
            match decoder.decode(&packet) {
                Ok(decoded) if decoded.num_planes() == channels => {
                    decoded.copy_to_vec_interleaved(&mut values)
                }
                _ => {
                    let count = packet.dur.get() as usize;
                    if count > 1 << 16 {
                        break;
                    }
                    values.resize(count * channels, 0.0);
                    collected.warn(DAMAGED);
                }
            }
            collected.add(&values)?;
        }
        if !collected.full() && self.announced.is_some_and(|announced| (collected.seen() as u64) < announced)
        {
            collected.warn(CUT_OFF);
        }
        Ok(collected.finish())
    }
}

/// symphonia's reader of a file.
fn reader<'b>(container: Container, bytes: &'b [u8]) -> Result<Box<dyn FormatReader + 'b>, Error> {
    let source = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let options = FormatOptions::default();
    Ok(match container {
        Container::Flac => Box::new(FlacReader::try_new(source, options)?),
        Container::Mpeg => Box::new(MpaReader::try_new(source, options)?),
        Container::Ogg => Box::new(OggReader::try_new(source, options)?),
    })
}
