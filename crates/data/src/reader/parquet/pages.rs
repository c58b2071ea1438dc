//! Headers of pages: each says the size that its page unpacks to, for which the decoder makes room at once. Sizes that no
//! page of its length unpacks to are refused before.
//!
//! A header is a structure of Thrift's compact protocol, of which the second field is the unpacked size and the third the
//! packed one (<https://github.com/apache/parquet-format>).

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use any2any_adapter::{UnpackedLimit, grouped};

/// The most bytes of a header: its statistics may hold two values of the column.
const LONGEST: u64 = 16 << 20;

/// Deepest level of structures in a header.
const DEPTH: usize = 16;

/// Refuses pages of a column chunk that say to unpack to far more than they can, and returns the end of the last one. What
/// is no header is for the decoder to say.
pub(super) fn check(file: &mut (impl Read + Seek), chunk: Range<u64>) -> Result<u64, String> {
    let mut at = chunk.start;
    while at < chunk.end {
        let Ok((length, unpacked, packed)) = header(file, at) else { return Ok(at) };
        let limit = UnpackedLimit::of_packed(Some(packed));
        if unpacked > limit.bytes() {
            return Err(format!(
                "a page of {} bytes says that it unpacks to {}, far more than its size allows",
                grouped(usize::try_from(packed).unwrap_or(usize::MAX)),
                grouped(usize::try_from(unpacked).unwrap_or(usize::MAX))
            ));
        }
        at = at.saturating_add(length).saturating_add(packed);
    }
    Ok(at)
}

/// The length of a header, and the unpacked and the packed size of its page.
fn header(file: &mut (impl Read + Seek), at: u64) -> io::Result<(u64, u64, u64)> {
    file.seek(SeekFrom::Start(at))?;
    let mut thrift = Thrift { reader: file.take(LONGEST), sizes: [0; 2] };
    thrift.structure(0)?;
    let [unpacked, packed] = thrift.sizes;
    Ok((LONGEST - thrift.reader.limit(), unpacked, packed))
}

/// Reader of a header, most of which it passes over.
struct Thrift<R> {
    reader: io::Take<R>,
    /// The values of the second and third field of the outermost structure.
    sizes: [u64; 2],
}

impl<R: Read> Thrift<R> {
    fn structure(&mut self, depth: usize) -> io::Result<()> {
        let mut field = 0_i64;
        loop {
            let byte = self.byte()?;
            if byte == 0 {
                return Ok(());
            }
            field = match byte >> 4 {
                0 => zigzag(self.varint()?),
                step => field + i64::from(step),
            };
            let kind = byte & 15;
            match field {
                2 | 3 if depth == 0 && kind == 5 => {
                    let size = zigzag(self.varint()?);
                    self.sizes[usize::from(field == 3)] = u64::try_from(size).map_err(|_| unsound())?;
                }
                _ => self.pass_over(kind, depth)?,
            }
        }
    }

    /// Passes over a value of a kind.
    fn pass_over(&mut self, kind: u8, depth: usize) -> io::Result<()> {
        if depth == DEPTH {
            return Err(unsound());
        }
        match kind {
            // Booleans are their kind.
            1 | 2 => Ok(()),
            3 => self.byte().map(drop),
            4..=6 => self.varint().map(drop),
            7 => self.bytes(8),
            8 => {
                let length = self.varint()?;
                self.bytes(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let length = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                // Booleans in a list are a byte each.
                let kind = if head & 15 <= 2 { 3 } else { head & 15 };
                (0..length).try_for_each(|_| self.pass_over(kind, depth + 1))
            }
            12 => self.structure(depth + 1),
            _ => Err(unsound()),
        }
    }

    fn bytes(&mut self, count: u64) -> io::Result<()> {
        match io::copy(&mut self.reader.by_ref().take(count), &mut io::sink())? == count {
            true => Ok(()),
            false => Err(unsound()),
        }
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.reader.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Ok(value);
            }
        }
        Err(unsound())
    }
}

fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

fn unsound() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A header of a data page (kind 0) with these sizes, and its inner structure.
    fn page(unpacked: u64, packed: u64) -> Vec<u8> {
        let mut bytes = vec![0x15, 0];
        for size in [unpacked, packed] {
            bytes.push(0x15);
            let mut left = size * 2;
            while left >= 128 {
                bytes.push((left & 127) as u8 | 128);
                left >>= 7;
            }
            bytes.push(left as u8);
        }
        // Field 5: values, encodings, and statistics of one binary value.
        bytes.extend(*b"\x2c\x15\x06\x15\0\x15\x06\x15\x06\x1c\x18\x02ab\0\0\0");
        bytes.resize(bytes.len() + usize::try_from(packed).expect("small"), 7);
        bytes
    }

    #[test]
    fn sizes_of_every_page_are_looked_at() {
        let sound = [page(300, 100), page(64 << 20, 90)].concat();
        let range = |bytes: &[u8]| 0..bytes.len() as u64;
        assert_eq!(check(&mut Cursor::new(&sound), range(&sound)), Ok(sound.len() as u64));
        let bomb = [page(300, 100), page(1 << 30, 90)].concat();
        let reason =
            "a page of 90 bytes says that it unpacks to 1,073,741,824, far more than its size allows";
        assert_eq!(check(&mut Cursor::new(&bomb), range(&bomb)), Err(reason.to_owned()));
        for at in 0..sound.len() {
            // What is no header ends the look.
            let mut flipped = sound.clone();
            flipped[at] ^= 0xff;
            let _ = check(&mut Cursor::new(&flipped), range(&sound));
            assert!(check(&mut Cursor::new(&sound[..at]), range(&sound)).is_ok(), "{at}");
        }
    }

    #[test]
    fn pages_of_the_reference_writer_are_followed_to_their_end() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/formats/tables");
        let files = std::fs::read_dir(folder).expect("files").map(|entry| entry.expect("a file").path());
        let mut chunks = 0;
        for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "parquet")) {
            let builder = super::super::open(&path).expect("Parquet");
            let mut file = std::fs::File::open(&path).expect("a file");
            for column in builder.metadata().row_groups().iter().flat_map(|group| group.columns()) {
                let (start, length) = column.byte_range();
                assert_eq!(check(&mut file, start..start + length), Ok(start + length), "{}", path.display());
                chunks += 1;
            }
        }
        assert!(chunks > 100, "{chunks}");
    }
}
