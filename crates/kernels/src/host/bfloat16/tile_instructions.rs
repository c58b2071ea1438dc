//! Products by `TDPBF16PS`, of AMX with AMX-BF16, on Linux, which lends a process the registers when it asks.

#![allow(unsafe_code)] // instructions that Rust has no functions for yet

use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::LazyLock;

use super::{Block, Onto, Order, SIDE, Strips, Tile};

/// This thread's registers for tiles, all of 16 rows and 64 bytes; given back when it is dropped.
pub(super) struct Tiles {
    /// Where strips lie, kept for the next ones.
    places: RefCell<Vec<Places>>,
    /// The registers are those of one thread.
    thread: PhantomData<*const ()>,
}

/// The addresses of the first tiles of strips, and the number of tiles along their inner side.
#[derive(Clone, Copy)]
#[repr(C)]
struct Places {
    top: *const Tile,
    bottom: *const Tile,
    left: *const Tile,
    right: *const Tile,
    inner: usize,
}

static THERE: LazyLock<bool> = LazyLock::new(|| {
    has_instructions() && is_permitted() && {
        // SAFETY: the processor has the instructions, and the system lets this process use the registers.
        let tiles = unsafe { Tiles::configured() };
        super::keeps(Order::Tiles, |strips, output| tiles.add_product(strips, output))
    }
});

/// True when the processor has the instructions, the system lets this process use them, and they keep the order.
pub(super) fn are_there() -> bool {
    *THERE
}

/// Asks the processor for AMX-TILE and AMX-BF16 (leaf 7, bits 24 and 22 of EDX).
fn has_instructions() -> bool {
    let features = (1 << 24) | (1 << 22);
    __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx & features == features
}

/// Asks the system for the registers, for this process and all of its threads.
fn is_permitted() -> bool {
    const REQUEST_PERMISSION: libc::c_int = 0x1023;
    const TILE_DATA: libc::c_ulong = 18;
    // SAFETY: a request of `arch_prctl` that takes a number, and reads and writes no memory of the process.
    unsafe { libc::syscall(libc::SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0 }
}

/// The shapes of the registers, as `LDTILECFG` reads them.
#[repr(C, align(64))]
struct Shapes {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

static SHAPES: Shapes = {
    let (mut row_bytes, mut rows) = ([0; 16], [0; 16]);
    let mut register = 0;
    while register < 8 {
        row_bytes[register] = 64;
        rows[register] = 16;
        register += 1;
    }
    Shapes { palette: 1, start_row: 0, reserved: [0; 14], row_bytes, rows }
};

impl Tiles {
    pub(super) fn new() -> Option<Self> {
        // SAFETY: the processor has the instructions, and the system lets this process use the registers.
        are_there().then(|| unsafe { Self::configured() })
    }

    /// Shapes this thread's registers.
    ///
    /// # Safety
    ///
    /// The processor must have the instructions, and the system must have permitted them.
    unsafe fn configured() -> Self {
        // SAFETY: the instruction reads the 64 bytes of the shapes.
        unsafe {
            asm!("ldtilecfg [{}]", in(reg) &raw const SHAPES, options(nostack, preserves_flags, readonly))
        };
        Self { places: RefCell::default(), thread: PhantomData }
    }

    /// Adds the products of strips to the sums of a block.
    pub(super) fn add_product(&self, strips: &[Strips<'_>], block: &mut Block) {
        self.multiply(strips, Onto::Output, block.0.as_flattened_mut(), 2 * SIDE);
    }

    /// The products of strips, summed over all of them, onto what the output holds, a row, or nothing: 32 rows and columns,
    /// `[32, row_stride]`.
    #[inline]
    pub(super) fn multiply(
        &self,
        strips: &[Strips<'_>],
        onto: Onto<'_>,
        output: &mut [f32],
        row_stride: usize,
    ) {
        assert!(output.len() >= (2 * SIDE - 1) * row_stride + 2 * SIDE, "an output of 32 rows and columns");
        let stride = 4 * row_stride;
        // A stride of 0 loads one row again and again.
        let (start, start_stride, loads) = match onto {
            Onto::Nothing => (output.as_ptr(), 0, 0_u32),
            Onto::Output => (output.as_ptr(), stride, 1),
            Onto::EveryRow(row) => (row[..2 * SIDE].as_ptr(), 0, 1),
        };
        let mut places = self.places.borrow_mut();
        places.clear();
        places.extend(strips.iter().filter(|strips| strips.inner() > 0).map(|strips| {
            let ([top, bottom], [left, right]) = (strips.rows, strips.columns);
            let [top, bottom, left, right] = [top, bottom, left, right].map(<[Tile]>::as_ptr);
            Places { top, bottom, left, right, inner: strips.inner() }
        }));
        // SAFETY: `configured` has shaped the registers of this thread, which the type cannot leave, as 16 rows of 64 bytes.
        // The loads at the start read 32 rows of 128 bytes, `start_stride` apart: the output, whose length has been checked,
        // or one row of that length, again and again. The outer loop goes through the places, of which it reads five words
        // each. Each round of the inner one reads a tile of 1,024 bytes in rows of 64 at each of four addresses, which then go
        // on by as much: as often as the strips have tiles, once at least. The stores write 32 rows of 128 bytes, `stride`
        // apart, of the output. The compiler itself never uses these registers.
        unsafe {
            asm!(
                "test {loads:e}, {loads:e}",
                "jnz 5f",
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "jmp 6f",
                "5:",
                "tileloadd tmm0, [{top} + {inner}*1]",
                "tileloadd tmm1, [{top} + {inner}*1 + 64]",
                "mov {bottom}, {inner}",
                "shl {bottom}, 4",
                "add {top}, {bottom}",
                "tileloadd tmm2, [{top} + {inner}*1]",
                "tileloadd tmm3, [{top} + {inner}*1 + 64]",
                "6:",
                "mov {tile}, 64",
                "test {count}, {count}",
                "jz 4f",
                "3:",
                "mov {top}, [{places}]",
                "mov {bottom}, [{places} + 8]",
                "mov {left}, [{places} + 16]",
                "mov {right}, [{places} + 24]",
                "mov {inner}, [{places} + 32]",
                "add {places}, 40",
                "2:",
                "tileloadd tmm4, [{top} + {tile}*1]",
                "tileloadd tmm6, [{left} + {tile}*1]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm7, [{right} + {tile}*1]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tileloadd tmm5, [{bottom} + {tile}*1]",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "add {top}, 1024",
                "add {bottom}, 1024",
                "add {left}, 1024",
                "add {right}, 1024",
                "dec {inner}",
                "jnz 2b",
                "dec {count}",
                "jnz 3b",
                "4:",
                "tilestored [{output} + {stride}*1], tmm0",
                "tilestored [{output} + {stride}*1 + 64], tmm1",
                "mov {tile}, {stride}",
                "shl {tile}, 4",
                "add {output}, {tile}",
                "tilestored [{output} + {stride}*1], tmm2",
                "tilestored [{output} + {stride}*1 + 64], tmm3",
                loads = in(reg) loads,
                places = inout(reg) places.as_ptr() => _,
                count = inout(reg) places.len() => _,
                top = inout(reg) start => _,
                bottom = out(reg) _,
                left = out(reg) _,
                right = out(reg) _,
                inner = inout(reg) start_stride => _,
                tile = out(reg) _,
                stride = in(reg) stride,
                output = inout(reg) output.as_mut_ptr() => _,
                options(nostack),
            );
        }
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: registers that nothing reads any more become what they were before.
        unsafe { asm!("tilerelease", options(nomem, nostack, preserves_flags)) };
    }
}
