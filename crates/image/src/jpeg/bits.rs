//! Bits of a scan of JPEG: most significant first, with a zero byte stuffed behind every 0xff (T.81, F.2.2.5).

/// Bits of a scan, up to the next marker.
///
/// Behind the last bit come zeros without end, so that decoding needs no check at every bit:
/// [`is_overdrawn`](Bits::is_overdrawn) says afterwards that some of them were taken.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    place: usize,
    /// The next bits, from the top.
    buffer: u64,
    /// Number of valid bits in the buffer.
    filled: u32,
    /// Number of those that are zeros behind the end.
    zeros: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8], place: usize) -> Self {
        Self { bytes, place, buffer: 0, filled: 0, zeros: 0 }
    }

    /// Offset of the bytes that are not yet in the buffer: at a marker, unless there is padding before it.
    pub(super) fn place(&self) -> usize {
        self.place
    }

    /// True if more bits were taken than the scan has.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.zeros > self.filled
    }

    /// Makes sure that at least 48 bits are in the buffer.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if self.filled < 48 {
            self.fill();
        }
    }

    #[inline]
    fn fill(&mut self) {
        if let Some(next) = self.bytes.get(self.place..).and_then(|rest| rest.first_chunk::<8>()) {
            let next = u64::from_be_bytes(*next);
            let holes = !next;
            // True if no byte is 0xff.
            if holes.wrapping_sub(0x0101_0101_0101_0101) & next & 0x8080_8080_8080_8080 == 0 {
                self.buffer |= next >> self.filled;
                let taken = (64 - self.filled) / 8;
                self.filled += 8 * taken;
                self.place += taken as usize;
                return;
            }
        }
        self.fill_by_byte();
    }

    fn fill_by_byte(&mut self) {
        while self.filled <= 56 {
            let byte = match (self.bytes.get(self.place), self.bytes.get(self.place + 1)) {
                (Some(0xff), Some(0)) => {
                    self.place += 2;
                    0xff
                }
                // A marker, or the end.
                (Some(0xff) | None, _) => {
                    self.zeros += 8;
                    0
                }
                (Some(&byte), _) => {
                    self.place += 1;
                    byte
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.filled);
            self.filled += 8;
        }
    }

    /// The next bits, at least 48 of them after [`refill`](Bits::refill), from the top.
    #[inline(always)]
    pub(super) fn peek(&self) -> u64 {
        self.buffer
    }

    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) {
        self.buffer <<= count;
        self.filled = self.filled.saturating_sub(count);
    }

    /// A number of up to 16 bits.
    #[inline(always)]
    pub(super) fn take(&mut self, count: u32) -> i32 {
        // Two shifts, because one by 64 is none.
        let value = ((self.buffer >> 1) >> (63 - count)) as i32;
        self.skip(count);
        value
    }

    /// A number of up to 16 bits whose first bit says its sign (T.81, F.2.2.1).
    #[inline(always)]
    pub(super) fn take_signed(&mut self, count: u32) -> i32 {
        let value = self.take(count);
        let negative = count > 0 && value >> (count - 1) == 0;
        if negative { value - (1 << count) + 1 } else { value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffed_bytes_are_left_out_and_markers_end_the_bits() {
        let bytes = [0xff, 0, 0b1010_0000, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xff, 0xd9, 77];
        let mut bits = Bits::new(&bytes, 0);
        let expected =
            [(8, 0xff), (3, 0b101), (5, 0), (16, 0x0102), (16, 0x0304), (16, 0x0506), (16, 0x0708)];
        for (count, value) in expected {
            bits.refill();
            assert_eq!(bits.take(count), value);
        }
        bits.refill();
        assert_eq!((bits.take(8), bits.is_overdrawn(), bits.place()), (9, false, 12));
        assert_eq!((bits.take(1), bits.is_overdrawn()), (0, true));
    }

    #[test]
    fn signs_are_read() {
        for (bits, count, value) in [(0b0, 1, -1), (0b1, 1, 1), (0b00, 2, -3), (0b01, 2, -2), (0b11, 2, 3)] {
            let bytes = [(bits << (8 - count)) as u8];
            let mut reader = Bits::new(&bytes, 0);
            reader.refill();
            assert_eq!(reader.take_signed(count), value);
        }
    }
}
