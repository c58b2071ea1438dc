//! Targets of media: sounds, pictures and recordings, priced by their headers and decoded.

mod arrays;
mod audio;
mod eeg;
mod image;

use any2any_adapter::testing::Tested;
use any2any_adapter::{File, Medium, Value};
use serde_json::Value as Json;

use crate::{Target, memory};

pub(crate) use image::{gzip, idx};

/// Largest memory of decoding, as a multiple of the price, and in bytes beyond it for the fixed costs of a decoder.
const TIMES: u64 = 2;
const LITTLE: u64 = 32 << 20;
/// Memory limit for computing a price, in bytes.
const PRICE: u64 = 80 << 20;

pub(crate) fn targets() -> Vec<Target> {
    [audio::targets(), image::targets(), eeg::targets(), arrays::targets()].concat()
}

/// True if a file opens within its price. A file whose price exceeds the limit is not opened, as in a server.
///
/// # Panics
///
/// When there is no price for what opens.
fn opens(medium: impl Medium + Copy, options: &Json, file: File) -> bool {
    let side = Tested(medium).side(options).expect("sound options");
    let value = Value::File(file.clone());
    let _ = file.bytes().map(|bytes| medium.recognises(&bytes));
    let price = memory::at_most(PRICE, || side.price(&value));
    let room = match &price {
        Ok(price) if price.bytes > memory::MOST / 8 => return false,
        Ok(price) => price.bytes * TIMES + LITTLE,
        Err(_) => LITTLE,
    };
    let opened = memory::at_most(room, || side.open(&value));
    assert!(opened.is_err() || price.is_ok(), "it opens, but its price is an error: {price:?}");
    let contents = medium.contents(&file);
    let events = medium.events(&file);
    std::hint::black_box((&contents, &events));
    opened.is_ok()
}
