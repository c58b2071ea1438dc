//! Window: a stretch of a long value that a model reads at once.

use crate::Value;

/// Window: a stretch of a long value that a model reads at once.
///
/// ```
/// use any2any_adapter::{Signal, Value, Window};
///
/// /// A sound at 2 samples a second, in windows of two seconds.
/// fn windows(samples: &[f32]) -> Vec<Window> {
///     let window = |(number, samples): (usize, &[f32])| {
///         let sound = Signal::mono(2.0, samples.to_vec()).expect("a rate above 0");
///         Window { value: Value::from(sound), start: 2.0 * number as f64 }
///     };
///     samples.chunks(4).enumerate().map(window).collect()
/// }
///
/// let windows = windows(&[0.1, 0.2, 0.3, 0.4, 0.5]);
/// assert_eq!(windows.iter().map(|window| window.start).collect::<Vec<_>>(), [0.0, 2.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The opened value of the window alone.
    pub value: Value,
    /// Its start in the whole value, in seconds.
    pub start: f64,
}
