//! The functions of the module.

#![allow(unsafe_code)] // names that a caller finds, and slices of what it has written

use std::cell::RefCell;

use any2any_kernels::host::decode::{LentProducts, lend_products};
use any2any_portable::{PortableError, PortableModel};
use serde_json::json;

/// What calls leave behind.
#[derive(Default)]
struct State {
    given: Vec<u8>,
    result: Vec<u8>,
    models: Vec<PortableModel>,
}

thread_local! {
    // A module has one thread, and its memory is the caller's only way to what it holds.
    static STATE: RefCell<State> = RefCell::default();
}

/// The address of so many bytes, which the caller fills before the next call.
#[unsafe(no_mangle)]
extern "C" fn reserve(length: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        state.given = vec![0; length];
        state.given.as_mut_ptr()
    })
}

/// Multiplies bytes with a function that the caller has put into the table of functions, if it is one of `any2any-relaxed`
/// that is right here: 1 if it is, else 0.
#[unsafe(no_mangle)]
extern "C" fn lend(place: usize) -> i32 {
    if place == 0 {
        return 0;
    }
    // SAFETY: in WebAssembly the address of a function is its place in the table; a call of one with another type stops the
    // module.
    let products = unsafe { std::mem::transmute::<usize, LentProducts>(place) };
    // SAFETY: functions of that type, which the page carries, keep to what they are given.
    i32::from(unsafe { lend_products(products) })
}

/// Reads a model from the bytes that were reserved and gives its number; -1 when it cannot be read.
#[unsafe(no_mangle)]
extern "C" fn load() -> i32 {
    STATE.with_borrow_mut(|state| {
        let bytes = std::mem::take(&mut state.given);
        match PortableModel::read(&bytes, &crate::media()) {
            Ok(model) => {
                state.models.push(model);
                state.models.len() as i32 - 1
            }
            Err(error) => state.fail(&error),
        }
    })
}

/// Answers a question to a model: of the bytes that were reserved, the first `endpoint` name what is asked, and the others
/// are the question. Gives 0, or -1 with a problem.
#[unsafe(no_mangle)]
extern "C" fn answer(model: usize, endpoint: usize) -> i32 {
    STATE.with_borrow_mut(|state| {
        let given = std::mem::take(&mut state.given);
        let (endpoint, body) = given.split_at(endpoint.min(given.len()));
        let endpoint = String::from_utf8_lossy(endpoint);
        let answer = match state.models.get(model) {
            None => Err(PortableError::Missing(format!("there is no model {model}"))),
            Some(model) => model.answer(&endpoint, body),
        };
        match answer {
            Ok(answer) => {
                state.result = answer;
                0
            }
            Err(error) => state.fail(&error),
        }
    })
}

/// The address of the last result.
#[unsafe(no_mangle)]
extern "C" fn result() -> *const u8 {
    STATE.with_borrow(|state| state.result.as_ptr())
}

/// The number of bytes of the last result.
#[unsafe(no_mangle)]
extern "C" fn result_length() -> usize {
    STATE.with_borrow(|state| state.result.len())
}

impl State {
    fn fail(&mut self, error: &PortableError) -> i32 {
        self.result = json!({ "code": error.code(), "message": error.to_string() }).to_string().into_bytes();
        -1
    }
}
