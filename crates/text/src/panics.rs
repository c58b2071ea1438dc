//! A guard around a library that may panic on input from elsewhere.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the work of a library and turns a panic into an error. The values that it works on are thrown away or only
/// read, so no state stays half changed.
///
/// # Errors
///
/// The message of the library or of its panic.
pub(crate) fn walled<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word");
        Err(format!("the library of tokenizers fails on it: {said}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        let index = std::hint::black_box(3);
        let error = walled(|| Ok([1, 2][index])).expect_err("there are two");
        assert!(error.contains("the len is 2 but the index is 3"), "{error}");
        assert_eq!(walled(|| Ok(7)), Ok(7));
        assert_eq!(walled::<()>(|| Err("a word".to_owned())), Err("a word".to_owned()));
    }
}
