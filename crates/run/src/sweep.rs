//! Record of a sweep: the file with the results of one training at every point of a grid over one or two options.

mod axis;
mod cell;
mod digits;
mod record;

pub use axis::{Axis, Scale};
pub use cell::{Cell, points};
pub use record::{Sweep, read};
