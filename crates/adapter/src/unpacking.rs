//! Unpacking with a limit: a packed file of unknown origin may unpack to more than any memory holds.

use std::io::{self, Read};

/// Limit of the unpacked size of a packed file in memory. Unpacked files have none.
///
/// It is a hundred times the packed file, at least 64 MiB and at most 8 GiB, and never less than the file itself: texts
/// and pictures shrink to a tenth, sheets of zeros to a fiftieth, and bombs to a thousandth.
///
/// ```
/// use std::io::Read;
///
/// use any2any_adapter::UnpackedLimit;
///
/// let limit = UnpackedLimit::of_packed(Some(2 << 20));
/// assert_eq!(limit.bytes(), 200 << 20);
/// // These bytes stand for what a decoder of gzip reads.
/// let mut melody = String::new();
/// limit.reader(&b"c e g"[..]).read_to_string(&mut melody)?;
/// assert_eq!(melody, "c e g");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackedLimit(u64);

/// Limit of the unpacked size, as a multiple of the packed file.
const FACTOR: u64 = 100;
/// Least and greatest limit, in bytes.
const BOUNDS: (u64, u64) = (64 << 20, 8 << 30);

impl UnpackedLimit {
    /// The limit for a packed file of so many bytes; `None` if the size is unknown, as for standard input.
    pub fn of_packed(bytes: Option<u64>) -> Self {
        let (least, most) = BOUNDS;
        Self(bytes.map_or(most, |bytes| bytes.saturating_mul(FACTOR).clamp(least, most).max(bytes)))
    }

    /// A limit in bytes that was set by a user.
    pub fn of_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The limit in bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// A reader of unpacked bytes that refuses more than the limit.
    pub fn reader<R: Read>(self, reader: R) -> Unpacking<R> {
        Unpacking { reader, left: self.0, limit: self }
    }

    /// The message that refuses more than the limit, with the way out.
    pub fn reason(self) -> String {
        self.reason_for("gunzip")
    }

    /// The message that refuses more than the limit, with the command that unpacks such a file.
    pub fn reason_for(self, command: &str) -> String {
        format!(
            "it unpacks to more than the {} bytes that are allowed for a packed file of its size: if it is meant to, unpack it with `{command}` and name what comes out",
            self.0
        )
    }
}

/// Reader of unpacked bytes that fails beyond a limit.
///
/// ```
/// use std::io::{ErrorKind, Read};
///
/// use any2any_adapter::{UnpackedLimit, Unpacking};
///
/// let mut unpacking: Unpacking<&[u8]> = UnpackedLimit::of_bytes(4).reader(b"c e g c e g");
/// let error = unpacking.read_to_end(&mut Vec::new()).expect_err("more than four bytes");
/// assert_eq!(error.kind(), ErrorKind::FileTooLarge);
/// ```
#[derive(Debug)]
pub struct Unpacking<R> {
    reader: R,
    left: u64,
    limit: UnpackedLimit,
}

impl<R: Read> Read for Unpacking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !buffer.is_empty() {
            // One more byte tells what ends at the limit from what goes on.
            return match self.reader.read(&mut buffer[..1])? {
                0 => Ok(0),
                _ => Err(io::Error::new(io::ErrorKind::FileTooLarge, self.limit.reason())),
            };
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.reader.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_grow_with_the_file_between_their_bounds() {
        let limit = |bytes| UnpackedLimit::of_packed(bytes).bytes();
        assert_eq!(limit(Some(0)), 64 << 20);
        assert_eq!(limit(Some(1 << 20)), 100 << 20);
        assert_eq!(limit(Some(1 << 30)), 8 << 30);
        assert_eq!(limit(Some(9 << 30)), 9 << 30);
        assert_eq!(limit(None), 8 << 30);
    }

    #[test]
    fn what_ends_at_the_limit_is_read_and_more_is_not() {
        let read = |bytes: &[u8]| {
            let mut all = Vec::new();
            UnpackedLimit::of_bytes(3).reader(bytes).read_to_end(&mut all).map(|_| all)
        };
        assert_eq!(read(b"abc").expect("three bytes"), b"abc");
        assert_eq!(read(b"").expect("no byte"), b"");
        let error = read(b"abcd").expect_err("four bytes");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(error.to_string().contains("more than the 3 bytes") && error.to_string().contains("gunzip"));
    }
}
