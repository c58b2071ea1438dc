//! Attempt at a call into a medium: a panic becomes a fault with its words.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The result of a call, or the words of its panic.
pub(crate) fn attempt<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| words(panic.as_ref()))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panics".to_owned())
}
