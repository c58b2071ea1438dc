//! Magnitude of plausible values, and a warning beyond it: a sound of 65,535 times full scale, an EEG of a thousand
//! volts.

/// Largest plausible value of a medium, and the usual cause of larger ones.
///
/// ```
/// use any2any_adapter::Magnitude;
///
/// let microvolts = Magnitude {
///     most: 1e5,
///     unit: " uV",
///     bound: "that any amplifier records",
///     cause: "its unit is probably nanovolts",
/// };
/// let samples = [12.0, -2e5].into_iter().enumerate().map(|(sample, value)| (0, sample, value));
/// let warning = microvolts.warning(samples, &["Oz".to_owned()], Some(256.0)).expect("too large");
/// assert!(warning.starts_with("its largest value, -200000 uV in channel 'Oz' at 0.004 s"), "{warning}");
/// assert_eq!(microvolts.warning([(0, 0, 80.0)].into_iter(), &[], None), None);
/// assert!(microvolts.holds(&[80.0, -1e5]));
/// assert!(!microvolts.holds(&[2e5]) && !microvolts.holds(&[f32::NAN]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Magnitude {
    /// The largest value, of either sign, that real recordings have.
    pub most: f32,
    /// The unit behind a value, with the space before it.
    pub unit: &'static str,
    /// The origin of the bound, as the end of a sentence: `that any amplifier records`.
    pub bound: &'static str,
    /// The usual cause of larger ones, and the way out.
    pub cause: &'static str,
}

/// Values that are looked at together.
const TOGETHER: usize = 64;

impl Magnitude {
    /// True if no value is beyond the bound, and each is a number: then there is no [`warning`](Self::warning), and nobody need
    /// know where each stands.
    pub fn holds(&self, values: &[f32]) -> bool {
        // Without an end in the middle of a part, processors compare several at once.
        let hold = |part: &[f32]| part.iter().fold(true, |all, value| all & (value.abs() <= self.most));
        values.chunks(TOGETHER).all(hold)
    }

    /// A warning if values, each with the numbers of its channel and its sample from 0, are beyond the bound. It
    /// names the largest, or the first that is no number. `rate` is in hertz; without it samples are counted.
    pub fn warning(
        &self,
        values: impl Iterator<Item = (usize, usize, f32)>,
        names: &[String],
        rate: Option<f64>,
    ) -> Option<String> {
        let mut largest = (0, 0, 0.0_f32);
        let place = |channel: usize, sample: usize| {
            let channel = match names.get(channel).filter(|name| !name.is_empty()) {
                Some(name) => format!("'{name}'"),
                None => (channel + 1).to_string(),
            };
            let time = match rate {
                Some(rate) => format!("{:.3} s", sample as f64 / rate),
                None => format!("sample {sample}"),
            };
            format!("channel {channel} at {time}")
        };
        for (channel, sample, value) in values {
            if !value.is_finite() {
                let place = place(channel, sample);
                return Some(format!("it holds {value}, which is no number, first in {place}"));
            }
            if value.abs() > largest.2.abs() {
                largest = (channel, sample, value);
            }
        }
        let (channel, sample, value) = largest;
        let Self { most, unit, bound, cause } = self;
        (value.abs() > *most).then(|| {
            let (value, place) = (written(value), place(channel, sample));
            format!(
                "its largest value, {value}{unit} in {place}, is beyond the {most}{unit} {bound}: {cause}"
            )
        })
    }
}

/// A number, with an exponent if it would have many digits.
fn written(value: f32) -> String {
    if value.abs() < 1e9 { value.to_string() } else { format!("{value:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_value_is_named_with_its_place() {
        let magnitude = Magnitude { most: 16.0, unit: " m", bound: "of a tower", cause: "feet were written" };
        let names = ["left".to_owned(), String::new()];
        let of = |values: [f32; 4], rate| {
            let places = [(0, 0), (1, 0), (0, 1), (1, 1)].into_iter().zip(values);
            magnitude.warning(places.map(|((channel, sample), value)| (channel, sample, value)), &names, rate)
        };
        let beyond = "is beyond the 16 m of a tower: feet were written";
        for (values, rate, expected) in [
            ([1.0, -16.0, 16.0, 0.0], None, None),
            (
                [1.0, 17.0, -65535.0, 65534.5],
                Some(2.0),
                Some(format!("its largest value, -65535 m in channel 'left' at 0.500 s, {beyond}")),
            ),
            (
                [1.0, 3e38, 0.0, 0.0],
                None,
                Some(format!("its largest value, 3e38 m in channel 2 at sample 0, {beyond}")),
            ),
            (
                [1e9, 0.0, f32::NAN, f32::INFINITY],
                Some(2.0),
                Some("it holds NaN, which is no number, first in channel 'left' at 0.500 s".to_owned()),
            ),
        ] {
            assert_eq!(of(values, rate), expected);
        }
    }
}
