//! Media: sounds, pictures and recordings, priced by their headers and decoded.

mod audio;
mod eeg;
mod image;

use any2any_adapter::{File, Medium, Value};
use serde_json::Value as Json;

use crate::{Target, memory};

pub(crate) use image::{gzip, idx};

/// A price is an upper bound: decoding may take this many times as much, and a little for what every decoder has.
const TIMES: u64 = 2;
const LITTLE: u64 = 32 << 20;
/// What asking for a price may take.
const PRICE: u64 = 80 << 20;

pub(crate) fn targets() -> Vec<Target> {
    [audio::targets(), image::targets(), eeg::targets()].concat()
}

/// Whether a file opens, within its price. What costs more than there is room for is not opened, as in a server.
///
/// # Panics
///
/// When there is no price for what opens.
fn opens(medium: &dyn Medium, options: &Json, file: File) -> bool {
    let value = Value::File(file.clone());
    let _ = file.bytes().map(|bytes| medium.recognises(&bytes));
    let price = memory::at_most(PRICE, || medium.price(options, &value));
    let room = match &price {
        Ok(price) if price.bytes > memory::MOST / 8 => return false,
        Ok(price) => price.bytes * TIMES + LITTLE,
        Err(_) => LITTLE,
    };
    let opened = memory::at_most(room, || medium.open(options, &value));
    assert!(opened.is_err() || price.is_ok(), "it opens, but its price is an error: {price:?}");
    let contents = medium.contents(&file);
    let events = medium.events(&file);
    std::hint::black_box((&contents, &events));
    opened.is_ok()
}
