//! Products by `TDPBF16PS`, of AMX with AMX-BF16, on Linux, which lends a process the registers when it asks.

#![allow(unsafe_code)] // instructions that Rust has no functions for yet

use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count};
use std::marker::PhantomData;
use std::sync::LazyLock;

use super::{Block, Order, SIDE, Tile};

/// This thread's registers for tiles, all of 16 rows and 64 bytes; given back when it is dropped.
pub(super) struct Tiles(PhantomData<*const ()>);

static THERE: LazyLock<bool> = LazyLock::new(|| {
    has_instructions() && is_permitted() && {
        // SAFETY: the processor has the instructions, and the system lets this process use the registers.
        let tiles = unsafe { Tiles::configured() };
        super::keeps(Order::Tiles, |rows, columns, output| tiles.multiply(rows, columns, output))
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
        Self(PhantomData)
    }

    /// The products of two tiles of rows and two of columns, each with all its inner tiles.
    #[inline]
    pub(super) fn multiply(&self, rows: [&[Tile]; 2], columns: [&[Tile]; 2], output: &mut Block) {
        let inner = rows[0].len();
        assert!(
            rows[1].len() == inner && columns.iter().all(|tiles| tiles.len() == inner),
            "tiles of one inner side"
        );
        if inner == 0 {
            *output = Block([[0.0; 2 * SIDE]; 2 * SIDE]);
            return;
        }
        let [top, bottom] = rows.map(<[Tile]>::as_ptr);
        let [left, right] = columns.map(<[Tile]>::as_ptr);
        let output = output.0.as_mut_ptr().cast::<f32>();
        // SAFETY: `configured` has shaped the registers of this thread, which the type cannot leave, as 16 rows of 64 bytes.
        // Each round reads one tile of 1,024 bytes in rows of 64 at each of the four addresses, which then go on by as much;
        // each slice has `inner` tiles, one at least. The stores write 16 rows of 64 bytes, 128 bytes apart: the four
        // quarters of the block. The compiler itself never uses these registers.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "2:",
                "tileloadd tmm4, [{top} + {stride}*1]",
                "tileloadd tmm6, [{left} + {stride}*1]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm7, [{right} + {stride}*1]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tileloadd tmm5, [{bottom} + {stride}*1]",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "add {top}, 1024",
                "add {bottom}, 1024",
                "add {left}, 1024",
                "add {right}, 1024",
                "dec {inner}",
                "jnz 2b",
                "add {stride}, {stride}",
                "tilestored [{output} + {stride}*1], tmm0",
                "tilestored [{output} + {stride}*1 + 64], tmm1",
                "add {output}, 2048",
                "tilestored [{output} + {stride}*1], tmm2",
                "tilestored [{output} + {stride}*1 + 64], tmm3",
                top = inout(reg) top => _,
                bottom = inout(reg) bottom => _,
                left = inout(reg) left => _,
                right = inout(reg) right => _,
                inner = inout(reg) inner => _,
                stride = inout(reg) 64_usize => _,
                output = inout(reg) output => _,
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
