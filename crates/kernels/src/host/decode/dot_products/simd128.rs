//! Inner products with the vectors of WebAssembly: bytes become 16 bits wide, whose products are added in pairs.

use std::arch::wasm32::{
    i16x8_load_extend_i8x8, i32x4_add, i32x4_dot_i16x8, i32x4_shuffle, i32x4_splat, u16x8_load_extend_u8x8,
    v128, v128_load, v128_load64_splat, v128_store,
};
use std::sync::OnceLock;

use super::{Line, PANEL};

/// Columns whose weights are widened together, two in a vector.
const COLUMNS: usize = 4;
/// Rows that go through the weights together. Processors that run WebAssembly may have sixteen registers: the sums of
/// four rows, their values, weights and a product take fourteen.
const TOGETHER: usize = 4;
/// Groups whose widened values are kept.
const GROUPS: usize = 64;

/// Values of some rows in 16 bits, a group in each number.
type Wide = [[u64; GROUPS]; TOGETHER];

/// Products of a panel by a function that is no part of the module: the addresses of lines, the number of groups, the
/// address of rows, their number, the addresses of starts and sums.
pub type LentProducts = unsafe extern "C" fn(*const i8, usize, *const u32, usize, *const i32, *mut i32);

static LENT: OnceLock<LentProducts> = OnceLock::new();

/// Multiplies with a function from now on, if it gives the sums of the own one; true if it does.
///
/// # Safety
///
/// The function reads and writes nothing but the slices that it is given, with as many groups in each row as lines.
pub unsafe fn lend_products(products: LentProducts) -> bool {
    let mut next = super::numbers();
    for (groups, count) in (1..=super::ROWS).flat_map(|count| [(1, count), (2, count), (65, count)]) {
        // Every third value at a border, where instructions differ; of rows none is 0, which rounded values are not.
        let mut byte = || match next() >> 20 {
            number if number % 3 == 0 => [0, 127, 128, 255][number as usize % 4],
            number => number as u8,
        };
        let mut lines = vec![Line([0; PANEL * 4]); groups];
        lines.iter_mut().for_each(|line| line.0.fill_with(|| byte().cast_signed()));
        let rows: Vec<u32> =
            (0..groups * count).map(|_| u32::from_le_bytes(std::array::from_fn(|_| byte().max(1)))).collect();
        let starts: [i32; PANEL] = std::array::from_fn(|_| i32::from(byte()) - 128);
        let (mut own, mut lent) = (vec![[0; PANEL]; count], vec![[0; PANEL]; count]);
        own_panel(&lines, &rows, &starts, &mut own);
        // SAFETY: the slices have the lengths that the function is told.
        unsafe { lent_panel(products, &lines, &rows, &starts, &mut lent) };
        if own != lent {
            return false;
        }
    }
    LENT.set(products).is_ok()
}

pub(super) fn panel(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    match LENT.get() {
        // SAFETY: whoever lent it has promised that it keeps to the slices; their lengths have been compared.
        Some(&products) => unsafe { lent_panel(products, lines, rows, starts, sums) },
        None => own_panel(lines, rows, starts, sums),
    }
}

unsafe fn lent_panel(
    products: LentProducts,
    lines: &[Line],
    rows: &[u32],
    starts: &[i32],
    sums: &mut [[i32; PANEL]],
) {
    let (groups, count) = (lines.len(), sums.len());
    // SAFETY: what the caller has promised.
    unsafe {
        let (lines, sums) = (lines.as_ptr().cast(), sums.as_mut_ptr().cast());
        products(lines, groups, rows.as_ptr(), count, starts.as_ptr(), sums);
    }
}

fn own_panel(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    for sums in &mut *sums {
        sums.copy_from_slice(starts);
    }
    // All columns read the same rows, so these are widened once.
    let mut wide = [[0; GROUPS]; TOGETHER];
    let groups = lines.len();
    for (rows, sums) in rows.chunks(TOGETHER * groups.max(1)).zip(sums.chunks_mut(TOGETHER)) {
        for (number, lines) in lines.chunks(GROUPS).enumerate() {
            for (row, wide) in rows.chunks_exact(groups).zip(&mut wide) {
                widen(&row[number * GROUPS..][..lines.len()], wide);
            }
            by_count!(sums.len(), COUNT of 1 2 3 4 => add::<COUNT>(lines, &wide, sums));
        }
    }
}

fn widen(row: &[u32], wide: &mut [u64; GROUPS]) {
    let (pairs, last) = row.as_chunks::<2>();
    for (wide, pair) in wide.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
        // SAFETY: 8 bytes are read, and 16 written, at any address.
        unsafe { v128_store(wide.as_mut_ptr().cast(), u16x8_load_extend_u8x8(pair.as_ptr().cast())) };
    }
    if let Some(&group) = last.first() {
        let [first, second, third, fourth] = group.to_le_bytes().map(u64::from);
        wide[row.len() - 1] = first | second << 16 | third << 32 | fourth << 48;
    }
}

/// Adds the products of as many groups as there are lines.
fn add<const COUNT: usize>(lines: &[Line], wide: &Wide, sums: &mut [[i32; PANEL]]) {
    for block in 0..PANEL / COLUMNS {
        // Of each column two sums beside one another: of the first two and of the last two of four inputs.
        let mut halves = [[i32x4_splat(0); COLUMNS / 2]; COUNT];
        for (at, line) in lines.iter().enumerate().take(GROUPS) {
            let (pairs, _) = line.0[block * COLUMNS * 4..][..COLUMNS * 4].as_chunks::<8>();
            let weights: [v128; COLUMNS / 2] = std::array::from_fn(|pair| {
                // SAFETY: an array of 8 bytes, which is what is read at any address.
                unsafe { i16x8_load_extend_i8x8(pairs[pair].as_ptr()) }
            });
            for (halves, wide) in halves.iter_mut().zip(wide) {
                // SAFETY: a number of 64 bits, which is what is read.
                let values = unsafe { v128_load64_splat(&raw const wide[at]) };
                for (half, weights) in halves.iter_mut().zip(weights) {
                    *half = i32x4_add(*half, i32x4_dot_i16x8(values, weights));
                }
            }
        }
        for (sums, [left, right]) in sums.iter_mut().zip(halves) {
            let even = i32x4_shuffle::<0, 2, 4, 6>(left, right);
            let odd = i32x4_shuffle::<1, 3, 5, 7>(left, right);
            let sums = sums[block * COLUMNS..][..COLUMNS].as_mut_ptr().cast::<v128>();
            // SAFETY: a slice of 4 numbers of 32 bits, which is what is read and written at any address.
            unsafe { v128_store(sums, i32x4_add(v128_load(sums), i32x4_add(even, odd))) };
        }
    }
}
