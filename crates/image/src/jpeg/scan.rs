//! Scans of a JPEG: blocks of one or several components, with Huffman codes, at once or bit by bit
//! (T.81, annexes F and G).

use super::bits::Bits;
use super::frame::{Component, Frame};
use super::huffman::Huffman;
use super::{broken, idct};
use crate::error::ImageError;

/// Zigzag order: the place in a block of each coefficient, in the order of the bits.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Tables that later scans use.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) quantization: [Option<[u16; 64]>; 4],
    pub(super) means: [Option<Huffman>; 4],
    pub(super) waves: [Option<Huffman>; 4],
    /// Units between two restarts; 0: there are none.
    pub(super) restart: usize,
}

/// Scan of a JPEG.
pub(super) struct Scan {
    /// The components, by their place in the frame, each with its tables for means and waves, the DC and AC
    /// coefficients.
    components: Vec<(usize, usize, usize)>,
    /// The coefficients that come, from and to.
    first: usize,
    last: usize,
    /// The bits above this one have come already; 0: none has.
    high: u8,
    /// The lowest bit that comes.
    low: u8,
}

fn cut_off() -> ImageError {
    broken("its pixels end too early")
}

fn no_code() -> ImageError {
    broken("its pixels are damaged")
}

impl Scan {
    /// Scan from the content of its segment.
    pub(super) fn new(segment: &[u8], frame: &Frame) -> Result<Self, ImageError> {
        let wrong = || broken("the header of a scan is wrong");
        let (&count, rest) = segment.split_first().ok_or_else(wrong)?;
        let (named, rest) = rest.split_at_checked(2 * usize::from(count)).ok_or_else(wrong)?;
        let &[first, last, bits] = rest else { return Err(wrong()) };
        let mut components: Vec<(usize, usize, usize)> = Vec::new();
        for &[id, tables] in named.as_chunks::<2>().0 {
            let place = frame.components.iter().position(|component| component.id == id).ok_or_else(wrong)?;
            let (means, waves) = (usize::from(tables >> 4), usize::from(tables & 15));
            if means > 3 || waves > 3 || components.iter().any(|known| known.0 == place) {
                return Err(wrong());
            }
            components.push((place, means, waves));
        }
        let units: usize = components
            .iter()
            .map(|&(place, ..)| frame.components[place].across * frame.components[place].down)
            .sum();
        if components.is_empty() || (components.len() > 1 && units > 10) {
            return Err(wrong());
        }
        // The last bytes have a meaning in progressive pictures only.
        let (first, last, bits) = if frame.progressive { (first, last, bits) } else { (0, 63, 0) };
        let (first, last, high, low) = (usize::from(first), usize::from(last), bits >> 4, bits & 15);
        if frame.progressive {
            let of_means = first == 0 && last == 0;
            let of_waves = 0 < first && first <= last && last < 64 && components.len() == 1;
            if !(of_means || of_waves) || low > 13 || (high > 0 && high != low + 1) {
                return Err(wrong());
            }
        }
        Ok(Self { components, first, last, high, low })
    }

    /// Reads the scan that begins at a place; returns where its bits end.
    pub(super) fn read(
        &self,
        bytes: &[u8],
        place: usize,
        frame: &mut Frame,
        tables: &Tables,
    ) -> Result<usize, ImageError> {
        for &(place, ..) in &self.components {
            self.prepare(&mut frame.components[place], tables)?;
        }
        let mut state = State { bits: Bits::new(bytes, place), means: [0; 4], run: 0 };
        let (across, down) = match self.components[..] {
            [(only, ..)] => frame.components[only].blocks(),
            _ => (frame.units_across, frame.units_down),
        };
        let mut restarts = 0;
        for unit in 0..across * down {
            if tables.restart > 0 && unit > 0 && unit % tables.restart == 0 {
                let place = restart(bytes, state.bits.place(), restarts)?;
                restarts += 1;
                state = State { bits: Bits::new(bytes, place), means: [0; 4], run: 0 };
            }
            let (x, y) = (unit % across, unit / across);
            for &(number, means, waves) in &self.components {
                let component = &mut frame.components[number];
                let tables = (tables.means[means].as_ref(), tables.waves[waves].as_ref());
                if self.components.len() == 1 {
                    self.block(component, (x, y), tables, &mut state, number)?;
                    continue;
                }
                for inner in 0..component.across * component.down {
                    let x = x * component.across + inner % component.across;
                    let y = y * component.down + inner / component.across;
                    self.block(component, (x, y), tables, &mut state, number)?;
                }
            }
            if state.bits.is_overdrawn() {
                return Err(cut_off());
            }
        }
        Ok(state.bits.place())
    }

    /// Stores the quantization table, checks the order of the scans, and notes the bits of each coefficient that are
    /// still missing.
    fn prepare(&self, component: &mut Component, tables: &Tables) -> Result<(), ImageError> {
        if component.quantization.is_none() {
            let table = tables.quantization[component.table];
            component.quantization = Some(table.ok_or_else(|| broken("a table of quantization is missing"))?);
        }
        if self.first > 0 && component.missing[0].is_none() {
            return Err(broken("its scans come in a wrong order"));
        }
        for missing in &mut component.missing[self.first..=self.last] {
            let expected = if self.high == 0 { None } else { Some(self.high) };
            if self.high > 0 && *missing != expected {
                return Err(broken("its scans come in a wrong order"));
            }
            *missing = Some(self.low);
        }
        Ok(())
    }

    #[inline]
    fn block(
        &self,
        component: &mut Component,
        (x, y): (usize, usize),
        (means, waves): (Option<&Huffman>, Option<&Huffman>),
        state: &mut State,
        number: usize,
    ) -> Result<(), ImageError> {
        let missing = || broken("a table of Huffman codes is missing");
        let of_means = || means.ok_or_else(missing);
        let of_waves = || waves.ok_or_else(missing);
        if component.coefficients.is_empty() {
            let place = component.place(x, y);
            let stride = 8 * component.stride;
            let Some(quantization) = &component.quantization else { return Err(missing()) };
            let levels = &mut component.levels[place..];
            let mut block = [0; 64];
            block[0] = state.mean(of_means()?, number)? as i16;
            if state.waves(of_waves()?, &mut block)? {
                idct::inverse(&block, quantization, levels, stride);
            } else {
                let level = idct::flat(block[0], quantization[0]);
                levels.chunks_mut(stride).take(8).for_each(|row| row[..8].fill(level));
            }
            return Ok(());
        }
        let block = &mut component.coefficients[y * component.stride + x];
        match (self.first, self.high) {
            (0, 0) => block[0] = (state.mean(of_means()?, number)? << self.low) as i16,
            (0, _) => {
                state.bits.refill();
                block[0] |= (state.bits.take(1) << self.low) as i16;
            }
            (_, 0) => state.first_waves(of_waves()?, block, self)?,
            _ => state.more_of_waves(of_waves()?, block, self)?,
        }
        Ok(())
    }
}

/// Offset of the bits behind a restart marker, which must have the next number.
fn restart(bytes: &[u8], place: usize, number: usize) -> Result<usize, ImageError> {
    let (marker, place) = super::next_marker(bytes, place).ok_or_else(cut_off)?;
    match marker {
        0xd0..=0xd7 if usize::from(marker - 0xd0) == number % 8 => Ok(place),
        0xd0..=0xd7 => Err(broken("a part of its pixels is missing")),
        _ => Err(cut_off()),
    }
}

/// State of a scan between blocks.
struct State<'a> {
    bits: Bits<'a>,
    /// The last mean, the DC coefficient, of each component.
    means: [i32; 4],
    /// Number of blocks to come without further waves.
    run: u32,
}

impl State<'_> {
    /// The mean, the DC coefficient, of the next block.
    #[inline(always)]
    fn mean(&mut self, table: &Huffman, number: usize) -> Result<i32, ImageError> {
        self.bits.refill();
        let size = table.symbol(&mut self.bits).filter(|size| *size < 16).ok_or_else(no_code)?;
        let difference = self.bits.take_signed(u32::from(size));
        self.means[number] = self.means[number].wrapping_add(difference);
        Ok(self.means[number])
    }

    /// Reads all waves, the AC coefficients, of a block; true if there are any.
    #[inline(always)]
    fn waves(&mut self, table: &Huffman, block: &mut [i16; 64]) -> Result<bool, ImageError> {
        let mut place = 1;
        let mut any = false;
        while place < 64 {
            self.bits.refill();
            let symbol = table.symbol(&mut self.bits).ok_or_else(no_code)?;
            let (zeros, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if zeros < 15 {
                    break;
                }
                place += 16;
                continue;
            }
            place += zeros;
            let value = self.bits.take_signed(size);
            let natural = ZIGZAG.get(place).ok_or_else(no_code)?;
            block[usize::from(natural & 63)] = value as i16;
            any = true;
            place += 1;
        }
        Ok(any)
    }

    /// The high bits of waves.
    fn first_waves(&mut self, table: &Huffman, block: &mut [i16; 64], scan: &Scan) -> Result<(), ImageError> {
        if self.run > 0 {
            self.run -= 1;
            return Ok(());
        }
        let mut place = scan.first;
        while place <= scan.last {
            self.bits.refill();
            let symbol = table.symbol(&mut self.bits).ok_or_else(no_code)?;
            let (zeros, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            match (zeros, size) {
                (15, 0) => place += 16,
                (_, 0) => {
                    self.run = (1 << zeros) - 1 + self.bits.take(zeros as u32) as u32;
                    break;
                }
                _ => {
                    place += zeros;
                    let value = self.bits.take_signed(size) << scan.low;
                    if place > scan.last {
                        return Err(no_code());
                    }
                    block[usize::from(ZIGZAG[place])] = value as i16;
                    place += 1;
                }
            }
        }
        Ok(())
    }

    /// Reads one more bit of each wave that is known, and waves that begin with this bit.
    fn more_of_waves(
        &mut self,
        table: &Huffman,
        block: &mut [i16; 64],
        scan: &Scan,
    ) -> Result<(), ImageError> {
        let bit = 1_i16 << scan.low;
        let mut place = scan.first;
        while self.run == 0 && place <= scan.last {
            self.bits.refill();
            let symbol = table.symbol(&mut self.bits).ok_or_else(no_code)?;
            let (mut zeros, size) = (symbol >> 4, symbol & 15);
            let new = match size {
                0 if zeros < 15 => {
                    self.run = (1 << zeros) + self.bits.take(u32::from(zeros)) as u32;
                    break;
                }
                0 => 0,
                1 if self.bits.take(1) == 1 => bit,
                1 => -bit,
                _ => return Err(no_code()),
            };
            // Over so many coefficients that are still zero.
            loop {
                let Some(coefficient) =
                    ZIGZAG[..=scan.last].get(place).map(|place| &mut block[usize::from(*place)])
                else {
                    if new != 0 {
                        return Err(no_code());
                    }
                    break;
                };
                place += 1;
                if *coefficient != 0 {
                    self.refine(coefficient, bit);
                } else if zeros == 0 {
                    *coefficient = new;
                    break;
                } else {
                    zeros -= 1;
                }
            }
        }
        if self.run > 0 {
            self.run -= 1;
            for &place in ZIGZAG[..=scan.last].iter().skip(place) {
                let coefficient = &mut block[usize::from(place)];
                if *coefficient != 0 {
                    self.refine(coefficient, bit);
                }
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn refine(&mut self, coefficient: &mut i16, bit: i16) {
        self.bits.refill();
        if self.bits.take(1) == 1 && *coefficient & bit == 0 {
            *coefficient = coefficient.wrapping_add(if *coefficient > 0 { bit } else { -bit });
        }
    }
}
