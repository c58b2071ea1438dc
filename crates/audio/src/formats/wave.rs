//! WAV (IBM and Microsoft 1991) and its successors: RIFX with big-endian numbers, RF64 and BW64 (EBU 3306, ITU-R
//! BS.2088) and Wave64 for files beyond 4 GB. The chunks that describe and hold the samples are found here.
//!
//! Lengths are believed only as far as the file reaches, and not at all where a program wrote them before it could
//! know them: into a pipe, or killed while it recorded.

use super::bytes::{Header, Order, length};
use super::track::Track;
use super::wave_format::WaveFormat;
use super::{CUT_OFF, UNKNOWN_LENGTH};
use crate::error::AudioError;

/// The chunks of a file of the WAV family.
#[derive(Debug)]
pub(super) struct Chunks<'b> {
    /// `WAV`, with its variant.
    pub(super) name: &'static str,
    pub(super) order: Order,
    /// The chunk that describes the samples.
    pub(super) format: &'b [u8],
    /// The samples.
    pub(super) data: &'b [u8],
    /// Offset of the samples in the file.
    pub(super) start: usize,
    pub(super) warnings: Vec<String>,
}

/// Lengths from here on are unknown: ffmpeg, sox and arecord write them when they cannot know.
const UNKNOWN: u64 = 0x7fff_0000;

/// WAV, RIFX, RF64 and BW64.
pub(super) fn riff(bytes: &[u8]) -> Result<Track<'_>, AudioError> {
    WaveFormat::track(riff_chunks(bytes)?)
}

/// Wave64.
pub(super) fn wave64(bytes: &[u8]) -> Result<Track<'_>, AudioError> {
    WaveFormat::track(wave64_chunks(bytes)?)
}

/// The content of a chunk that holds samples: as long as its header says or the file reaches, with a warning if these
/// differ.
fn samples(after: &[u8], len: u64, empty: bool) -> (&[u8], Option<&'static str>) {
    match after.get(..length(len)) {
        Some(_) if len == 0 && !empty => (after, Some(UNKNOWN_LENGTH)),
        Some(data) => (data, None),
        None if len >= UNKNOWN => (after, Some(UNKNOWN_LENGTH)),
        None => (after, Some(CUT_OFF)),
    }
}

fn riff_chunks(bytes: &[u8]) -> Result<Chunks<'_>, AudioError> {
    let (name, order) = match bytes.get(..4) {
        Some(b"RIFX") => ("RIFX", Order::Big),
        Some(b"RF64") => ("RF64", Order::Little),
        Some(b"BW64") => ("BW64", Order::Little),
        _ => ("WAV", Order::Little),
    };
    let broken = |reason: &str| AudioError::Broken { format: name.to_owned(), reason: reason.to_owned() };
    let mut rest = bytes.get(12..).ok_or_else(|| broken("there is no whole header"))?;
    let (mut format, mut found, mut long) = (None, None, None);
    while let Some((mark, len, after)) = chunk(rest, order) {
        let content = after.get(..len as usize);
        match (mark, content) {
            (b"ds64", Some(content)) => long = long.or_else(|| Header::new(content.get(8..)?, order).u64()),
            (b"fmt ", _) if format.is_none() => format = content,
            (b"data", _) if found.is_some() => {
                return Err(broken("it has two chunks of samples, of which only one can be right"));
            }
            (b"data", _) => {
                let format = format.ok_or_else(|| broken("the samples come before their description"))?;
                let len = match long {
                    Some(long) if long > 0 || len == u32::MAX => long,
                    _ => u64::from(len),
                };
                let (data, warning) = samples(after, len, len == 0 && is_chunks(after, order));
                found = Some((format, data, bytes.len() - after.len(), warning));
                if warning.is_some() {
                    break;
                }
                let next = length(len).saturating_add(length(len) % 2);
                rest = after.get(next..).unwrap_or_default();
                continue;
            }
            _ => {}
        }
        let len = len as usize;
        // Chunks begin at even bytes, but some programs forget it.
        let forgotten = len % 2 == 1 && after.get(len..).is_some_and(begins_known);
        rest = after.get(len + usize::from(len % 2 == 1 && !forgotten)..).unwrap_or_default();
    }
    match (found, format) {
        (Some((format, data, start, warning)), _) => Ok(Chunks {
            name,
            order,
            format,
            data,
            start,
            warnings: warning.map(str::to_owned).into_iter().collect(),
        }),
        (None, Some(_)) => Err(broken("there are no samples, only their description")),
        (None, None) => Err(broken("there is no description of samples")),
    }
}

/// A chunk's mark, its length and the bytes behind these.
fn chunk(rest: &[u8], order: Order) -> Option<(&[u8; 4], u32, &[u8])> {
    let mut header = Header::new(rest, order);
    let mark = header.take(4)?.first_chunk()?;
    Some((mark, header.u32()?, header.rest))
}

fn begins_known(rest: &[u8]) -> bool {
    [b"data", b"fmt ", b"fact", b"LIST", b"bext", b"PEAK"].iter().any(|mark| rest.starts_with(*mark))
}

/// True if the bytes are a list of chunks up to their end, and nothing else: then the sound before them is empty.
fn is_chunks(mut rest: &[u8], order: Order) -> bool {
    while !rest.is_empty() {
        let Some((mark, len, after)) = chunk(rest, order) else { return false };
        let len = len as usize;
        if !mark.iter().all(|byte| (b' '..=b'~').contains(byte)) || len > after.len() {
            return false;
        }
        rest = after.get(len + len % 2..).unwrap_or_default();
    }
    true
}

/// The second half of most marks of Wave64, which are GUIDs.
const WAVE64_TAIL: [u8; 12] = [0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1, 0x00, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a];

fn wave64_chunks(bytes: &[u8]) -> Result<Chunks<'_>, AudioError> {
    let name = "Wave64";
    let broken = |reason: &str| AudioError::Broken { format: name.to_owned(), reason: reason.to_owned() };
    let mut rest = bytes.get(40..).ok_or_else(|| broken("there is no whole header"))?;
    let mut format = None;
    loop {
        let mut header = Header::new(rest, Order::Little);
        let (Some(mark), Some(len)) = (header.array::<16>(), header.u64()) else { break };
        let after = header.rest;
        // Lengths count the mark and themselves.
        let len = len.saturating_sub(24);
        let known = mark[4..] == WAVE64_TAIL;
        match &mark[..4] {
            b"fmt " if known => format = format.or_else(|| after.get(..length(len))),
            b"data" if known => {
                let format = format.ok_or_else(|| broken("the samples come before their description"))?;
                let (data, warning) = samples(after, len, after.is_empty());
                let warnings = warning.map(str::to_owned).into_iter().collect();
                let start = bytes.len() - after.len();
                return Ok(Chunks { name, order: Order::Little, format, data, start, warnings });
            }
            _ => {}
        }
        // Chunks begin at every eighth byte.
        rest = length(len).checked_next_multiple_of(8).and_then(|len| after.get(len..)).unwrap_or_default();
    }
    Err(broken(if format.is_some() {
        "there are no samples, only their description"
    } else {
        "there is no description of samples"
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8; 4], len: u32, content: &[u8]) -> Vec<u8> {
        [name, &len.to_le_bytes()[..], content].concat()
    }

    fn file(mark: &[u8; 4], chunks: &[Vec<u8>]) -> Vec<u8> {
        [chunk(mark, 0, b"WAVE"), chunks.concat()].concat()
    }

    #[test]
    fn chunks_are_found_or_missed() {
        let format = chunk(b"fmt ", 16, &[1; 16]);
        let odd = chunk(b"LIST", 3, &[9, 9, 9, 0]);
        let unpadded = chunk(b"LIST", 3, &[9, 9, 9]);
        let data = chunk(b"data", 2, &[7, 8]);
        let long = |len: u64| chunk(b"ds64", 28, &[&[0; 8][..], &len.to_le_bytes(), &[0; 12]].concat());
        let (cut, open) = (Some(CUT_OFF), Some(UNKNOWN_LENGTH));
        // The chunks, and the samples with the warning, or a word of the error.
        type Expected = Result<(&'static [u8], Option<&'static str>), &'static str>;
        type Case = (&'static [u8; 4], Vec<Vec<u8>>, Expected);
        let cases: Vec<Case> = vec![
            (b"RIFF", vec![format.clone(), data.clone()], Ok((&[7, 8], None))),
            (
                b"RIFF",
                vec![odd.clone(), format.clone(), odd.clone(), data.clone(), odd.clone()],
                Ok((&[7, 8], None)),
            ),
            (b"RIFF", vec![unpadded.clone(), format.clone(), data.clone()], Ok((&[7, 8], None))),
            (b"RIFF", vec![format.clone(), chunk(b"data", u32::MAX, &[7, 8])], Ok((&[7, 8], open))),
            (b"RIFF", vec![format.clone(), chunk(b"data", 0x7fff_ffff, &[7, 8])], Ok((&[7, 8], open))),
            (b"RIFF", vec![format.clone(), chunk(b"data", 0x8000_0000, &[7, 8])], Ok((&[7, 8], open))),
            (b"RIFF", vec![format.clone(), chunk(b"data", 3, &[7, 8])], Ok((&[7, 8], cut))),
            (b"RIFF", vec![format.clone(), chunk(b"data", 0, &[7, 8])], Ok((&[7, 8], open))),
            (b"RIFF", vec![format.clone(), chunk(b"data", 0, &[])], Ok((&[], None))),
            (b"RIFF", vec![format.clone(), chunk(b"data", 0, &[]), odd.clone()], Ok((&[], None))),
            (b"RIFF", vec![format.clone(), chunk(b"data", 2, &[5, 6]), data.clone()], Err("two chunks")),
            (
                b"RF64",
                vec![long(2), format.clone(), chunk(b"data", u32::MAX, &[7, 8, 9])],
                Ok((&[7, 8], None)),
            ),
            (b"RF64", vec![long(9), format.clone(), chunk(b"data", u32::MAX, &[7, 8])], Ok((&[7, 8], cut))),
            (b"RF64", vec![long(0), format.clone(), data.clone()], Ok((&[7, 8], None))),
            (b"BW64", vec![long(0), format.clone(), chunk(b"data", u32::MAX, &[7, 8])], Ok((&[7, 8], open))),
            (b"BW64", vec![format.clone(), chunk(b"data", u32::MAX, &[7, 8])], Ok((&[7, 8], open))),
            (b"RIFF", vec![data.clone(), format.clone()], Err("before")),
            (b"RIFF", vec![format.clone()], Err("no samples")),
            (b"RIFF", vec![odd.clone()], Err("no description")),
            (
                b"RIFF",
                vec![chunk(b"LIST", u32::MAX, &[]), format.clone(), data.clone()],
                Err("no description"),
            ),
        ];
        for (mark, chunks, expected) in cases {
            let bytes = file(mark, &chunks);
            match (riff_chunks(&bytes), expected) {
                (Ok(found), Ok((data, warning))) => {
                    assert_eq!(found.data, data, "{chunks:?}");
                    assert_eq!(found.warnings, warning.map(str::to_owned).into_iter().collect::<Vec<_>>());
                }
                (Err(found), Err(word)) => assert!(found.to_string().contains(word), "{found}"),
                (found, expected) => panic!("{found:?} {expected:?}"),
            }
        }
    }
}
