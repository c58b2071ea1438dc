//! Ogg (RFC 3533): pages of packets of one or more streams.

use super::bytes::{Header, Order};
use super::opus;
use super::stream::{self, Container};
use super::track::Track;
use crate::error::AudioError;

/// One page: packets, or parts of them, of one stream.
struct Page<'b> {
    continued: bool,
    first: bool,
    last: bool,
    /// The time at its end, in samples; none where no packet ends.
    granule: u64,
    stream: u32,
    /// The lengths of the pieces: a piece shorter than 255 bytes ends a packet.
    lengths: &'b [u8],
    pieces: &'b [u8],
    rest: &'b [u8],
}

impl<'b> Page<'b> {
    fn parse(bytes: &'b [u8]) -> Option<Self> {
        let mut header = Header::new(bytes, Order::Little);
        let [b'O', b'g', b'g', b'S', _version, flags] = header.array()? else { return None };
        let (granule, stream, _number, _checksum) =
            (header.u64()?, header.u32()?, header.u32()?, header.u32()?);
        let [count] = header.array()?;
        let lengths = header.take(count.into())?;
        let len = lengths.iter().map(|&len| usize::from(len)).sum();
        let pieces = header.take(len)?;
        let (continued, first, last) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0);
        Some(Self { continued, first, last, granule, stream, lengths, pieces, rest: header.rest })
    }
}

/// Whole packets that end on one page.
pub(super) struct Packets {
    pub(super) packets: Vec<Vec<u8>>,
    /// The time at the end of the last of them, in samples.
    pub(super) granule: u64,
    /// True if the stream ends here.
    pub(super) last: bool,
}

/// The packets of a stream, page by page.
pub(super) struct Stream<'b> {
    rest: &'b [u8],
    stream: u32,
    open: Vec<u8>,
}

/// The most bytes of one packet.
const LONGEST_PACKET: usize = 1 << 24;

impl<'b> Stream<'b> {
    pub(super) fn new(bytes: &'b [u8], stream: u32) -> Self {
        Self { rest: bytes, stream, open: Vec::new() }
    }
}

impl Iterator for Stream<'_> {
    type Item = Packets;

    /// The next page on which a packet ends. Bytes between pages are passed over.
    fn next(&mut self) -> Option<Packets> {
        loop {
            let skipped = self.rest.windows(4).position(|mark| mark == b"OggS")?;
            let Some(page) = Page::parse(&self.rest[skipped..]) else {
                self.rest = &self.rest[skipped + 4..];
                continue;
            };
            self.rest = page.rest;
            if page.stream != self.stream {
                continue;
            }
            if !page.continued {
                self.open.clear();
            }
            let (mut packets, mut pieces) = (Vec::new(), page.pieces);
            for &len in page.lengths {
                let (piece, rest) = pieces.split_at(len.into());
                pieces = rest;
                if self.open.len() < LONGEST_PACKET {
                    self.open.extend_from_slice(piece);
                }
                if len < 255 {
                    packets.push(std::mem::take(&mut self.open));
                }
            }
            if !packets.is_empty() {
                return Some(Packets { packets, granule: page.granule, last: page.last });
            }
        }
    }
}

/// The sound of a file: its first stream of a known codec.
pub(super) fn find(bytes: &[u8]) -> Result<Track<'_>, AudioError> {
    let mut rest = bytes;
    let mut unread = None;
    while let Some(page) = Page::parse(rest).filter(|page| page.first) {
        match page.pieces {
            [1, b'v', b'o', b'r', b'b', b'i', b's', ..] | [0x7f, b'F', b'L', b'A', b'C', ..] => {
                return stream::find(Container::Ogg, bytes);
            }
            pieces if pieces.starts_with(b"OpusHead") => return opus::find(bytes, page.stream, pieces),
            pieces if pieces.starts_with(b"Speex   ") => unread = unread.or(Some("Ogg Speex")),
            pieces if pieces.starts_with(b"PCM     ") => unread = unread.or(Some("Ogg PCM")),
            _ => {}
        }
        rest = page.rest;
    }
    Err(match unread {
        Some(name) => AudioError::unread(name),
        None if rest.len() == bytes.len() => {
            AudioError::Broken { format: "Ogg".to_owned(), reason: "its first page is not whole".to_owned() }
        }
        None => AudioError::unread("Ogg of an encoding that nobody knows here"),
    })
}
