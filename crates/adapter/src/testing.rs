//! Trials of media: [`conforms`] tries every promise of the seam on some values, [`saves_whole`] proves that a run can be
//! loaded, and [`Tested`] takes options as JSON.

mod attempt;
mod conformance;
mod proof;
mod tested;

pub use conformance::{conforms, faults};
pub use proof::saves_whole;
pub use tested::Tested;
