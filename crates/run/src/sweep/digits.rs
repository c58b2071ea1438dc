//! Rounding of numbers in a sweep's record: the last bit of a logarithm differs from machine to machine, which fewer
//! digits do not show, and thousands of cells take less room.

/// Rounds to twelve digits: values of axes, and the first and last losses of cells.
pub(super) fn rounded(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

/// Rounds to six digits, which are enough for a curve.
pub(super) fn short(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}
