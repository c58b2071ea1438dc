//! Attempt at a call into a medium: a panic becomes words, or an error that names the medium and its method.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::AdapterError;

/// The result of a call, or the words of its panic.
pub(crate) fn attempt<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| words(panic.as_ref()))
}

/// The result of a method of a medium; a panic is an error that names both, so that it costs one value and not the
/// program.
pub(crate) fn guarded<T>(
    medium: &str,
    method: &str,
    call: impl FnOnce() -> Result<T, AdapterError>,
) -> Result<T, AdapterError> {
    attempt(call).unwrap_or_else(|words| {
        Err(AdapterError::Contract { medium: medium.to_owned(), reason: panicked(method, &words) })
    })
}

/// The fault of a method that panics.
pub(crate) fn panicked(method: &str, words: &str) -> String {
    format!("its `{method}` panics ({words}): give an error that says what is wrong")
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a word".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_names_the_medium_and_the_method() {
        let index = std::hint::black_box(3);
        let error = guarded("notes", "encode", || Ok([1, 2][index])).expect_err("there are two");
        assert_eq!(
            error.to_string(),
            "the medium 'notes' is at fault: its `encode` panics (index out of bounds: the len is 2 but the index is \
             3): give an error that says what is wrong"
        );
        assert_eq!(guarded("notes", "encode", || Ok(7)).expect("no panic"), 7);
        assert_eq!(attempt(|| std::panic::panic_any(7_u8)), Err::<(), _>("without a word".to_owned()));
    }
}
