//! The sums that instructions for bfloat16 take, with those for 32-bit floats.

use pulp::{Simd, WithSimd};

use super::{Block, Order, SIDE, Strips, Tile};
use crate::host::simd::{ARCH, vectorized};

/// Adds the products of strips to the sums of a block.
pub(super) fn add_product(order: Order, strips: &[Strips<'_>], output: &mut Block) {
    output.0.as_flattened_mut().iter_mut().for_each(|sum| *sum = normal(*sum));
    if stay_normal(strips, output) {
        ARCH.dispatch(Normal { order, strips, output });
    } else {
        add_any_product(order, strips, output);
    }
}

/// Adds products whose sums may be too small for normal numbers.
fn add_any_product(order: Order, strips: &[Strips<'_>], output: &mut Block) {
    for (rows, columns) in strips.iter().flat_map(Strips::tiles) {
        for (half, rows) in rows.into_iter().enumerate() {
            let of_rows = &mut output.0[half * SIDE..][..SIDE];
            for (side, columns) in columns.into_iter().enumerate() {
                match order {
                    Order::Pairs => vectorized!(pairs(rows, columns, of_rows, side)),
                    Order::Tiles => vectorized!(tiles(rows, columns, of_rows, side)),
                }
            }
        }
    }
}

/// The magnitude from which on every 32-bit float, of 24 binary digits, is a multiple of 2^-126, the smallest normal number.
const SMALLEST_START: f32 = f32::from_bits(24 << 23);

/// True when no sum can become too small for a normal number: all products, and the sums that they are added to, are multiples
/// of the smallest one, and so is then every sum of them, however rounded.
fn stay_normal(strips: &[Strips<'_>], output: &Block) -> bool {
    /// The exponents of two numbers of eight digits whose product is a multiple of 2^-126, added up with their biases.
    const SMALLEST_EXPONENTS: u32 = 2 * (127 + 7) - 126;
    let mut smallest = [u32::MAX; 2];
    for strip in strips {
        for (smallest, tiles) in smallest.iter_mut().zip([strip.rows, strip.columns]) {
            for tiles in tiles {
                *smallest = ARCH.dispatch(Smallest { tiles }).min(*smallest);
            }
        }
    }
    // Of zeros alone there is no smallest, and any sum stays what it is.
    let [rows, columns] = smallest.map(|magnitude| magnitude.saturating_add(1) >> 7);
    rows.saturating_add(columns) >= SMALLEST_EXPONENTS
        && output.0.as_flattened().iter().all(|&sum| sum == 0.0 || sum.abs() >= SMALLEST_START)
}

/// The bits of the smallest value of tiles but zero, without sign, less one.
struct Smallest<'a> {
    tiles: &'a [Tile],
}

impl WithSimd for Smallest<'_> {
    type Output = u32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> u32 {
        let (magnitude, one, half) = (simd.splat_u32s(0x7fff), simd.splat_u32s(1), simd.splat_u32s(16));
        let mut smallest = [simd.splat_u32s(u32::MAX); 2];
        for tile in self.tiles {
            for &words in S::as_simd_u32s(&tile.0).0 {
                let upper = simd.wrapping_dyn_shr_u32s(words, half);
                for (smallest, bits) in smallest.iter_mut().zip([words, upper]) {
                    // Zeros wrap round to the largest number.
                    let less = simd.sub_u32s(simd.and_u32s(bits, magnitude), one);
                    *smallest = simd.min_u32s(*smallest, less);
                }
            }
        }
        let smallest = simd.min_u32s(smallest[0], smallest[1]);
        pulp::bytemuck::cast_slice(std::slice::from_ref(&smallest)).iter().copied().fold(u32::MAX, u32::min)
    }
}

/// Products under way whose sums stay normal.
struct Normal<'a, 'b> {
    order: Order,
    strips: &'a [Strips<'b>],
    output: &'a mut Block,
}

/// Values of two tiles as 32-bit floats: the even and the odd places of rows, `[row][pair]`, and of columns,
/// `[pair][column]`.
struct Unpacked {
    rows: [[[f32; SIDE]; 2 * SIDE]; 2],
    columns: [[[f32; 2 * SIDE]; SIDE]; 2],
}

impl WithSimd for Normal<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { order, strips, output } = self;
        let mut unpacked =
            Unpacked { rows: [[[0.0; SIDE]; 2 * SIDE]; 2], columns: [[[0.0; 2 * SIDE]; SIDE]; 2] };
        for (rows, columns) in strips.iter().flat_map(Strips::tiles) {
            unpacked.take(simd, rows, columns);
            // As many sums as registers hold, beside the values that are multiplied.
            match (order, S::F32_LANES >= 16) {
                (Order::Pairs, true) => unpacked.add_to::<S, 8, 1>(simd, output),
                (Order::Pairs, false) => unpacked.add_to::<S, 4, 1>(simd, output),
                (Order::Tiles, true) => unpacked.add_to::<S, 4, 2>(simd, output),
                (Order::Tiles, false) => unpacked.add_to::<S, 2, 2>(simd, output),
            }
        }
    }
}

impl Unpacked {
    /// Takes the values of other tiles.
    #[inline(always)]
    fn take<S: Simd>(&mut self, simd: S, rows: [&Tile; 2], columns: [&Tile; 2]) {
        let [even, odd] = &mut self.rows;
        for (half, tile) in rows.into_iter().enumerate() {
            let places = half * SIDE..(half + 1) * SIDE;
            let (even, odd) = (&mut even[places.clone()], &mut odd[places]);
            unpack(simd, &tile.0, even.as_flattened_mut(), odd.as_flattened_mut());
        }
        let [even, odd] = &mut self.columns;
        for (side, tile) in columns.into_iter().enumerate() {
            let places = side * SIDE..(side + 1) * SIDE;
            let pairs = tile.0.as_chunks::<SIDE>().0.iter().zip(even.iter_mut().zip(&mut *odd));
            for (words, (even, odd)) in pairs {
                unpack(simd, words, &mut even[places.clone()], &mut odd[places.clone()]);
            }
        }
    }

    /// Two registers of columns of a pair's even or odd place.
    #[inline(always)]
    fn columns<S: Simd>(&self, is_odd: usize, pair: usize, column: usize) -> [S::f32s; 2] {
        let (registers, _) = S::as_simd_f32s(&self.columns[is_odd][pair][column..][..2 * S::F32_LANES]);
        [registers[0], registers[1]]
    }

    /// Adds the products to the sums of a block: in one chain for each sum, of each pair the second first, or in two, of even
    /// and of odd places, that begin at zero and are added at the end.
    #[inline(always)]
    fn add_to<S: Simd, const ROWS: usize, const CHAINS: usize>(&self, simd: S, output: &mut Block) {
        for (group, output) in output.0.chunks_exact_mut(ROWS).enumerate() {
            for column in (0..2 * SIDE).step_by(2 * S::F32_LANES) {
                let mut sums = [[[simd.splat_f32s(0.0); 2]; CHAINS]; ROWS];
                if CHAINS == 1 {
                    for (sums, output) in sums.iter_mut().zip(&*output) {
                        let (registers, _) = S::as_simd_f32s(&output[column..][..2 * S::F32_LANES]);
                        sums[0] = [registers[0], registers[1]];
                    }
                }
                for pair in 0..SIDE {
                    for is_odd in [1, 0] {
                        let [left, right] = self.columns::<S>(is_odd, pair, column);
                        for (offset, sums) in sums.iter_mut().enumerate() {
                            let row = simd.splat_f32s(self.rows[is_odd][group * ROWS + offset][pair]);
                            let sums = &mut sums[is_odd % CHAINS];
                            sums[0] = simd.mul_add_f32s(row, left, sums[0]);
                            sums[1] = simd.mul_add_f32s(row, right, sums[1]);
                        }
                    }
                }
                for (sums, output) in sums.iter().zip(&mut *output) {
                    let (registers, _) = S::as_mut_simd_f32s(&mut output[column..][..2 * S::F32_LANES]);
                    for (side, register) in registers.iter_mut().enumerate() {
                        *register = match CHAINS {
                            1 => sums[0][side],
                            _ => {
                                simd.add_f32s(*register, simd.add_f32s(sums[0][side], sums[1 % CHAINS][side]))
                            }
                        };
                    }
                }
            }
        }
    }
}

/// The values of words at even and at odd inner places, by whole registers.
#[inline(always)]
fn unpack<S: Simd>(simd: S, words: &[u32], even: &mut [f32], odd: &mut [f32]) {
    let (half, upper) = (simd.splat_u32s(16), simd.splat_u32s(0xffff_0000));
    let (even, _) = S::as_mut_simd_f32s(even);
    let (odd, _) = S::as_mut_simd_f32s(odd);
    for ((&words, even), odd) in S::as_simd_u32s(words).0.iter().zip(even).zip(odd) {
        *even = simd.transmute_f32s_u32s(simd.wrapping_dyn_shl_u32s(words, half));
        *odd = simd.transmute_f32s_u32s(simd.and_u32s(words, upper));
    }
}

/// The value at an even inner place.
#[inline(always)]
fn even(word: u32) -> f32 {
    f32::from_bits(word << 16)
}

/// The value at an odd inner place.
#[inline(always)]
fn odd(word: u32) -> f32 {
    f32::from_bits(word & 0xffff_0000)
}

/// A sum, or 0 with its sign where it is too small for a normal number.
#[inline(always)]
fn normal(sum: f32) -> f32 {
    if sum.abs() < f32::MIN_POSITIVE { 0.0_f32.copysign(sum) } else { sum }
}

#[inline(always)]
fn pairs(rows: &Tile, columns: &Tile, output: &mut [[f32; 2 * SIDE]], side: usize) {
    for (row, output) in rows.0.as_chunks::<SIDE>().0.iter().zip(output) {
        let sums = &mut output.as_chunks_mut::<SIDE>().0[side];
        for (&of_row, columns) in row.iter().zip(columns.0.as_chunks::<SIDE>().0) {
            for (sum, &of_column) in sums.iter_mut().zip(columns) {
                *sum = normal(odd(of_row).mul_add(odd(of_column), *sum));
                *sum = normal(even(of_row).mul_add(even(of_column), *sum));
            }
        }
    }
}

#[inline(always)]
fn tiles(rows: &Tile, columns: &Tile, output: &mut [[f32; 2 * SIDE]], side: usize) {
    for (row, output) in rows.0.as_chunks::<SIDE>().0.iter().zip(output) {
        let (mut of_even, mut of_odd) = ([0.0_f32; SIDE], [0.0_f32; SIDE]);
        for (&of_row, columns) in row.iter().zip(columns.0.as_chunks::<SIDE>().0) {
            for (column, &of_column) in columns.iter().enumerate() {
                of_even[column] = normal(even(of_row).mul_add(even(of_column), of_even[column]));
                of_odd[column] = normal(odd(of_row).mul_add(odd(of_column), of_odd[column]));
            }
        }
        for (sum, (even, odd)) in
            output.as_chunks_mut::<SIDE>().0[side].iter_mut().zip(of_even.iter().zip(of_odd))
        {
            *sum = normal(*sum + normal(even + odd));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tiles of numbers with exponents of `exponents`, and some zeros.
    fn tiles(seed: u32, exponents: std::ops::Range<u32>) -> [[Tile; 3]; 2] {
        let mut state = seed;
        let mut half = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let exponent = exponents.start + (state >> 8) % exponents.len() as u32;
            if state >> 28 == 0 { 0 } else { state >> 31 << 15 | exponent << 7 | (state >> 21 & 0x7f) }
        };
        [(); 2].map(|()| [(); 3].map(|()| Tile([(); SIDE * SIDE].map(|()| half() | half() << 16))))
    }

    #[test]
    fn sums_that_stay_normal_are_those_of_any_numbers() {
        for (exponents, start, stay) in [
            (120..131, 1.0, true),
            (71..131, 0.0, true),
            (71..72, SMALLEST_START, true),
            (71..131, 1e-34, false),
            (70..131, 0.0, false),
            (1..254, 0.0, false),
            (40..80, 1.0, false),
        ] {
            let (rows, columns) = (tiles(1, exponents.clone()), tiles(2, exponents.clone()));
            let strip = Strips {
                rows: rows.each_ref().map(|tiles| &tiles[..]),
                columns: columns.each_ref().map(|tiles| &tiles[..]),
                ahead: [[&[]; 2]; 2],
            };
            for order in Order::ALL {
                let mut expected = Block([[start; 2 * SIDE]; 2 * SIDE]);
                let mut found = expected;
                assert_eq!(stay_normal(&[strip], &found), stay, "{exponents:?} onto {start}");
                add_any_product(order, &[strip], &mut expected);
                add_product(order, &[strip], &mut found);
                let bits = |block: &Block| block.0.map(|row| row.map(f32::to_bits));
                assert_eq!(bits(&found), bits(&expected), "{order:?}, {exponents:?} onto {start}");
                if stay {
                    let is_normal = |sum: &f32| *sum == 0.0 || sum.is_normal();
                    assert!(found.0.as_flattened().iter().all(is_normal), "{exponents:?} onto {start}");
                }
            }
        }
    }

    #[test]
    fn zeros_leave_every_sum_as_it_is() {
        let zeros = Tile([0x8000_0000; SIDE * SIDE]);
        let others = tiles(3, 1..3);
        let strip = Strips {
            rows: [std::slice::from_ref(&zeros); 2],
            columns: others.each_ref().map(|tiles| &tiles[..1]),
            ahead: [[&[]; 2]; 2],
        };
        for order in Order::ALL {
            let mut sums = Block([[1.5; 2 * SIDE]; 2 * SIDE]);
            assert!(stay_normal(&[strip], &sums));
            add_product(order, &[strip], &mut sums);
            assert_eq!(sums, Block([[1.5; 2 * SIDE]; 2 * SIDE]));
        }
    }
}
