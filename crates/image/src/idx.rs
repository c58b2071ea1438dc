//! IDX archives, the format of MNIST (LeCun, Cortes and Burges): many grey pictures of one size, plain or
//! compressed by gzip.
//!
//! A header of big-endian numbers, 0x00000803 (bytes, three dimensions), the number of pictures, their height
//! and their width, and then the pixels.

use std::io::Read;
use std::sync::Arc;

use any2any_adapter::UnpackedLimit;
use flate2::read::MultiGzDecoder;

use crate::decoded::{Pixels, check_size};
use crate::error::ImageError;

const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Bytes, three dimensions.
const MAGIC: [u8; 4] = [0, 0, 8, 3];
const HEADER: usize = 16;
/// The longest archive that is read, in bytes.
const MOST: u64 = 1 << 30;

/// An archive of grey pictures. Cloning shares the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Idx {
    items: usize,
    height: usize,
    width: usize,
    bytes: Arc<[u8]>,
}

impl Idx {
    /// True if bytes may be an archive: by the magic number, or because they are compressed by gzip, which no picture
    /// is.
    pub(crate) fn is_begun_by(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC) || bytes.starts_with(&GZIP)
    }

    /// True if bytes are an archive, plain or compressed.
    pub(crate) fn is_inside(bytes: &[u8]) -> bool {
        if !bytes.starts_with(&GZIP) {
            return bytes.starts_with(&MAGIC);
        }
        let mut magic = [0; MAGIC.len()];
        MultiGzDecoder::new(bytes).read_exact(&mut magic).is_ok() && magic == MAGIC
    }

    /// Items, height and width, from the header alone.
    pub(crate) fn promised(bytes: &[u8]) -> Option<[usize; 3]> {
        let mut header = [0; HEADER];
        match bytes.starts_with(&GZIP) {
            true => MultiGzDecoder::new(bytes).read_exact(&mut header).ok()?,
            false => header = *bytes.first_chunk()?,
        }
        let [magic, items, height, width] = *header.as_chunks::<4>().0 else { return None };
        (magic == MAGIC).then(|| [items, height, width].map(|number| u32::from_be_bytes(number) as usize))
    }

    pub(crate) fn new(bytes: &[u8]) -> Result<Self, ImageError> {
        let compressed = bytes.starts_with(&GZIP);
        if !Self::is_inside(bytes) {
            return Err(if compressed { ImageError::Gzip } else { ImageError::Format });
        }
        let mut reader: Box<dyn Read + '_> =
            if compressed { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) };
        let mut header = [0; HEADER];
        reader.read_exact(&mut header).map_err(|_| broken("the header is not complete"))?;
        let [_, items, height, width] = *header.as_chunks::<4>().0 else {
            return Err(broken("the header is not complete"));
        };
        let [items, height, width] = [items, height, width].map(|number| u32::from_be_bytes(number) as usize);
        check_size(width, height)?;
        if width == 0 || height == 0 {
            return Err(broken("its pictures have no pixels"));
        }
        let promised = items.checked_mul(width * height).and_then(|pixels| pixels.checked_add(HEADER));
        // No more is unpacked than the header promises, and nothing where so few bytes cannot hold it.
        let limit = UnpackedLimit::of_packed(Some(bytes.len() as u64));
        let most = if compressed { limit.bytes().min(MOST) } else { bytes.len() as u64 };
        let promised = promised.filter(|promised| *promised as u64 <= most);
        let wrong =
            || broken(&format!("{} bytes are not {items} pictures of {width} x {height}", bytes.len()));
        let promised = promised.ok_or_else(wrong)?;
        let mut all = header.to_vec();
        let read = reader.take((promised - HEADER) as u64 + 1).read_to_end(&mut all);
        read.map_err(|error| broken(&error.to_string()))?;
        if all.len() != promised {
            return Err(wrong());
        }
        Ok(Self { items, height, width, bytes: all.into() })
    }

    /// Items, height and width.
    pub(crate) fn shape(&self) -> [usize; 3] {
        [self.items, self.height, self.width]
    }

    /// The pixels of all items.
    pub(crate) fn pixels(&self) -> &[u8] {
        &self.bytes[HEADER..]
    }

    pub(crate) fn items(&self) -> usize {
        self.items
    }

    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn item(&self, number: usize) -> Result<Pixels, ImageError> {
        if number >= self.items {
            return Err(ImageError::NoItem { items: self.items });
        }
        let size = self.width * self.height;
        let values = self.bytes[HEADER + number * size..][..size].into();
        Ok(Pixels { width: self.width, height: self.height, channels: 1, values })
    }
}

fn broken(reason: &str) -> ImageError {
    ImageError::Broken { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn archive() -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3];
        bytes.extend([1, 2, 3, 4, 5, 6]);
        bytes
    }

    #[test]
    fn items_are_pictures() {
        let plain = archive();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&plain).expect("memory takes everything");
        let compressed = encoder.finish().expect("memory takes everything");
        for bytes in [plain, compressed] {
            let idx = Idx::new(&bytes).expect("two pictures");
            let second = idx.item(1).expect("the second of two");
            assert_eq!((second.width, second.height, second.channels), (3, 1, 1));
            assert_eq!(*second.values, [4, 5, 6]);
            assert!(matches!(idx.item(2), Err(ImageError::NoItem { items: 2 })));
        }
    }

    #[test]
    fn broken_archives_are_errors() {
        let whole = archive();
        for len in 0..whole.len() {
            assert!(Idx::new(&whole[..len]).is_err(), "cut off at {len}");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(Idx::new(&longer).is_err());
        let mut huge = whole;
        huge[4..16].fill(0xff);
        assert!(Idx::new(&huge).is_err());
        assert!(Idx::new(&[0x1f, 0x8b, 8, 0, 0]).is_err());
    }
}
