//! Huffman codes of JPEG (T.81, annexes C and F.2.2.3).

use super::bits::Bits;
use super::broken;
use crate::error::ImageError;

/// Codes of up to so many bits are looked up at once.
const SHORT: u32 = 9;

/// Table of Huffman codes.
#[derive(Clone)]
pub(super) struct Huffman {
    /// For every beginning of a short code: its symbol, and its length in the upper byte; 0: it is longer.
    short: Vec<u16>,
    /// For every length of a code, from 1: the exclusive upper bound of its codes, filled up to 16 bits.
    ends: [u32; 17],
    /// For every length of a code: the place of its first symbol, less its first code.
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

impl Huffman {
    /// Table from the number of codes of each length, from 1 bit to 16, and their symbols.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, ImageError> {
        let mut short = vec![0; 1 << SHORT];
        let (mut ends, mut offsets) = ([0; 17], [0; 17]);
        let (mut code, mut place) = (0_u32, 0);
        for (length, &count) in (1_u32..).zip(counts) {
            let count = usize::from(count);
            offsets[length as usize] = place as i32 - code as i32;
            if code + count as u32 > 1 << length || place + count > symbols.len() {
                return Err(broken("a table of Huffman codes holds too many of them"));
            }
            for &symbol in &symbols[place..place + count] {
                if length <= SHORT {
                    let spread = SHORT - length;
                    let first = (code << spread) as usize;
                    short[first..first + (1 << spread)].fill((length as u16) << 8 | u16::from(symbol));
                }
                code += 1;
            }
            place += count;
            ends[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(Self { short, ends, offsets, symbols: symbols.to_vec() })
    }

    /// The next symbol; `None` where no code stands.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits) -> Option<u8> {
        let entry = self.short[(bits.peek() >> (64 - SHORT)) as usize];
        if entry != 0 {
            bits.skip(u32::from(entry >> 8));
            return Some(entry as u8);
        }
        self.long_symbol(bits)
    }

    #[cold]
    fn long_symbol(&self, bits: &mut Bits) -> Option<u8> {
        let next = (bits.peek() >> 48) as u32;
        let length = (SHORT + 1..=16).find(|&length| next < self.ends[length as usize])?;
        let code = (next >> (16 - length)) as i32;
        bits.skip(length);
        self.symbols.get((code + self.offsets[length as usize]) as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_every_length_are_read() {
        // One code of each length: 0, 10, 110 and so on.
        let symbols: Vec<u8> = (1..=16).collect();
        let table = Huffman::new(&[1; 16], &symbols).expect("a sound table");
        for length in 1..=16_u32 {
            let code = ((1_u32 << length) - 2) << (16 - length);
            let bytes = [(code >> 8) as u8, 0, code as u8, 0, 0];
            let bytes = if bytes[0] == 0xff { &bytes[..] } else { &bytes[..1] };
            let mut bits = Bits::new(bytes, 0);
            bits.refill();
            assert_eq!(table.symbol(&mut bits), Some(length as u8));
        }
        let mut bits = Bits::new(&[0xff, 0, 0xff, 0], 0);
        bits.refill();
        assert_eq!(table.symbol(&mut bits), None);
    }

    #[test]
    fn impossible_tables_are_errors() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Huffman::new(&counts, &[1, 2, 3]).is_err());
        assert!(Huffman::new(&[1; 16], &[1, 2]).is_err());
    }
}
