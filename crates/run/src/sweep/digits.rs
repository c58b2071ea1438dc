//! How many digits of a number are kept: the last bit of a logarithm differs from machine to machine, which fewer
//! digits do not show, and thousands of cells take less room.

/// To twelve digits: values of axes, and the losses that cells begin and end with.
pub(super) fn rounded(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

/// To six digits, which are enough for a curve.
pub(super) fn short(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}
