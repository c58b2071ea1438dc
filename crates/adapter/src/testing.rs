//! Trials of media, for their authors and before trainings.
//!
//! - [`conforms`] tries every promise of [`Medium`](crate::Medium) and [`Adapter`](crate::Adapter) on some values: the
//!   one test that a medium's crate should have. [`faults`] gives what it finds as a list.
//! - [`Tested`] takes options as JSON, for tests of single methods behind the checks of a registry.
//! - [`keeps_promises`] and [`saves_whole`] are what a training tries before its first step: promises that would cost
//!   the run, on a few values of its data.

mod conformance;
mod proof;
mod tested;
mod trial;

pub use conformance::{conforms, faults};
pub use proof::{keeps_promises, saves_whole};
pub use tested::Tested;
