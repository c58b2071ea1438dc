//! The chunks of a WAV file (IBM and Microsoft 1991): which bytes say what the samples are, and which are they.
//!
//! hound decodes samples; finding them here lets a part of a long file be decoded without the rest, and reads
//! files that hound does not: with chunks of odd length, or written into a pipe by a program that could not
//! yet know how long they would be.

use crate::error::AudioError;

/// What a WAV file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunks<'b> {
    /// The chunk that describes the samples.
    pub(crate) format: &'b [u8],
    /// The samples.
    pub(crate) data: &'b [u8],
}

/// Lengths from here on mean that the length was not known.
const UNKNOWN: usize = 0xffff_ff00;

fn broken(reason: &str) -> AudioError {
    AudioError::Broken { reason: reason.to_owned() }
}

impl<'b> Chunks<'b> {
    /// The chunks of a file.
    pub(crate) fn find(bytes: &'b [u8]) -> Result<Self, AudioError> {
        let mut rest = match bytes.split_at_checked(12) {
            Some((head, rest)) if head.starts_with(b"RIFF") && head.ends_with(b"WAVE") => rest,
            None if b"RIFF".starts_with(&bytes[..bytes.len().min(4)]) => {
                return Err(broken("there is no whole header"));
            }
            _ => return Err(AudioError::Format),
        };
        let mut format = None;
        while let Some((name, after)) = rest.split_at_checked(4) {
            let Some((len, after)) = after.split_at_checked(4) else { break };
            let len = u32::from_le_bytes([len[0], len[1], len[2], len[3]]) as usize;
            let content = after.get(..len);
            match (name, content, format) {
                (b"data", _, None) => return Err(broken("the samples come before their description")),
                (b"data", Some(data), Some(format)) => return Ok(Self { format, data }),
                (b"data", None, Some(format)) if len >= UNKNOWN => return Ok(Self { format, data: after }),
                (b"data", None, _) => {
                    let reason = format!("{len} bytes of samples are announced, {} are there", after.len());
                    return Err(AudioError::Broken { reason });
                }
                (b"fmt ", Some(chunk), _) => format = Some(chunk),
                _ => {}
            }
            // Chunks begin at even bytes.
            rest = after.get(len + len % 2..).unwrap_or_default();
        }
        Err(broken("there are no samples"))
    }

    /// How many bytes one sample of all channels takes.
    pub(crate) fn block(&self) -> Result<usize, AudioError> {
        match self.format.get(12..14) {
            Some(&[low, high]) if (low, high) != (0, 0) => Ok(usize::from(u16::from_le_bytes([low, high]))),
            _ => Err(broken("the description of the samples is too short, or says that they take no bytes")),
        }
    }

    /// A file of some samples of this one: those of a range of blocks.
    pub(crate) fn excerpt(&self, data: &'b [u8]) -> (Vec<u8>, &'b [u8]) {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut head = Vec::with_capacity(28 + self.format.len());
        head.extend_from_slice(b"RIFF");
        head.extend_from_slice(&length(data));
        head.extend_from_slice(b"WAVEfmt ");
        head.extend_from_slice(&length(self.format));
        head.extend_from_slice(self.format);
        head.extend_from_slice(b"data");
        head.extend_from_slice(&length(data));
        (head, data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8; 4], len: u32, content: &[u8]) -> Vec<u8> {
        [name, &len.to_le_bytes()[..], content].concat()
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        [chunk(b"RIFF", 0, b"WAVE"), chunks.concat()].concat()
    }

    #[test]
    fn chunks_are_found_or_missed() {
        let format = chunk(b"fmt ", 14, &[1; 14]);
        let odd = chunk(b"LIST", 3, &[9, 9, 9, 0]);
        let data = chunk(b"data", 2, &[7, 8]);
        let piped = chunk(b"data", u32::MAX, &[7, 8]);
        // The chunks, and the first byte of the samples or a word of the error.
        let cases = [
            (vec![format.clone(), data.clone()], Ok(7)),
            (vec![odd.clone(), format.clone(), odd.clone(), data.clone(), odd.clone()], Ok(7)),
            (vec![format.clone(), piped], Ok(7)),
            (vec![data.clone(), format.clone()], Err("before")),
            (vec![format.clone()], Err("no samples")),
            (vec![format.clone(), chunk(b"data", 3, &[7, 8])], Err("3 bytes")),
            (vec![chunk(b"LIST", u32::MAX, &[]), format, data], Err("no samples")),
        ];
        for (chunks, expected) in cases {
            let bytes = file(&chunks);
            match (Chunks::find(&bytes), expected) {
                (Ok(found), Ok(first)) => assert_eq!(found.data[0], first),
                (Err(found), Err(word)) => assert!(found.to_string().contains(word), "{found}"),
                (found, expected) => panic!("{found:?} {expected:?}"),
            }
        }
        assert_eq!(Chunks::find(b"ID3\x04 and much music"), Err(AudioError::Format));
        assert!(matches!(Chunks::find(b"RIFF"), Err(AudioError::Broken { .. })));
    }
}
