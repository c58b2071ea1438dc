//! Writer of EDF files, 16 bits a sample (Kemp et al. 1992).

use any2any_adapter::Signal;

/// The least number of a sample.
const LEAST: f64 = -32768.0;
/// Steps from the least number of a sample to the greatest.
const STEPS: f64 = 65535.0;
/// The values that are told apart; others are written as the nearest of them.
const VALUES: (f64, f64) = (-8_388_608.0, 67_108_864.0);
/// Powers of two between which the ends of ranges lie, the finest and one that is coarse enough for all values.
const UNITS: (i32, i32) = (-5, 11);
/// Durations of a record that are tried, in seconds, until it holds whole samples.
const DURATIONS: usize = 100;

/// Encodes a signal as an EDF file. `unit` is the unit of its numbers, `uV` or nothing.
///
/// The last record is filled up with the last sample of each channel.
pub(crate) fn write(signal: &Signal, unit: &str) -> Vec<u8> {
    let (record, duration) = record(signal.rate());
    let records = signal.len().div_ceil(record).max(1);
    let count = signal.channels().len();
    let channels: Vec<&[f32]> = (0..count).map(|channel| signal.channel(channel)).collect();
    let ranges: Vec<Range> = channels.iter().map(|channel| Range::of(channel)).collect();

    let mut bytes = Vec::with_capacity(256 * (count + 1) + 2 * count * record * records);
    let mut field = |text: &str, width: usize| {
        let ascii =
            text.chars().map(|letter| if (' '..='~').contains(&letter) { letter as u8 } else { b'_' });
        bytes.extend(ascii.chain(std::iter::repeat(b' ')).take(width));
    };
    field("0", 8);
    field("X X X X", 80);
    field("Startdate X X X X", 80);
    field("01.01.85", 8);
    field("00.00.00", 8);
    field(&(256 * (count + 1)).to_string(), 8);
    field("", 44);
    field(&records.to_string(), 8);
    field(&duration, 8);
    field(&count.to_string(), 4);
    signal.channels().iter().for_each(|name| field(name, 16));
    (0..count).for_each(|_| field("", 80));
    (0..count).for_each(|_| field(unit, 8));
    ranges.iter().for_each(|range| field(&range.text(range.low), 8));
    ranges.iter().for_each(|range| field(&range.text(range.high), 8));
    ranges.iter().for_each(|_| field(&LEAST.to_string(), 8));
    ranges.iter().for_each(|range| field(&range.number(range.high).to_string(), 8));
    (0..count).for_each(|_| field("", 80));
    (0..count).for_each(|_| field(&record.to_string(), 8));
    (0..count).for_each(|_| field("", 32));

    for number in 0..records {
        for (channel, range) in channels.iter().zip(&ranges) {
            for sample in number * record..(number + 1) * record {
                let value = channel.get(sample).or(channel.last()).copied().unwrap_or_default();
                bytes.extend(range.number(f64::from(value)).to_le_bytes());
            }
        }
    }
    bytes
}

/// Number of samples of a record, and its duration: whole seconds if the rate allows it.
fn record(rate: f64) -> (usize, String) {
    let whole = (1..=DURATIONS).find(|&seconds| {
        let samples = rate * seconds as f64;
        samples >= 1.0 && (samples - samples.round()).abs() < 1e-6 * samples
    });
    match whole {
        Some(seconds) => ((rate * seconds as f64).round() as usize, seconds.to_string()),
        None => {
            let samples = rate.round().max(1.0);
            (samples as usize, short(samples / rate))
        }
    }
}

/// Range of the values of a channel, and the step from one to the next.
///
/// The step is a power of two, and both ends are multiples of a larger one that eight letters hold exactly. So all
/// values are multiples of the step, however far they lie from zero, and a recording that was read from such a file is
/// written without a change: its range lies within that of the file, and its step divides that of the file.
#[derive(Debug, PartialEq)]
struct Range {
    low: f64,
    high: f64,
    step: f64,
    /// Number of decimals of both ends.
    decimals: usize,
}

impl Range {
    fn of(channel: &[f32]) -> Self {
        let values = || {
            let finite = channel.iter().copied().filter(|value| value.is_finite());
            finite.map(|value| f64::from(value).clamp(VALUES.0, VALUES.1))
        };
        let least = values().reduce(f64::min).unwrap_or_default();
        let greatest = values().fold(least, f64::max);
        let (finest, coarsest) = UNITS;
        let mut ranges = (finest..coarsest).map(|unit| Self::in_units(unit, least, greatest));
        ranges.find(Self::fits).unwrap_or_else(|| Self::in_units(coarsest, least, greatest))
    }

    /// The range whose ends are multiples of a power of two.
    fn in_units(power: i32, least: f64, greatest: f64) -> Self {
        let unit = f64::from(power).exp2();
        let low = (least / unit).floor() * unit;
        let high = ((greatest / unit).ceil() * unit).max(low + unit);
        let mut step = unit;
        while 2.0 * (high - low) / step <= STEPS {
            step /= 2.0;
        }
        Self { low, high, step, decimals: power.min(0).unsigned_abs() as usize }
    }

    /// True if a sample has enough steps, and the header enough letters.
    fn fits(&self) -> bool {
        let short = |end: f64| self.text(end).len() <= 8;
        (self.high - self.low) / self.step <= STEPS && short(self.low) && short(self.high)
    }

    /// The number of a value, the nearest within the range; what is no number is as the lowest.
    fn number(&self, value: f64) -> i16 {
        // A conversion of NaN is 0, and the steps of the range are fewer than those of a sample.
        let steps = ((value.clamp(self.low, self.high) - self.low) / self.step).round() as u16;
        (LEAST + f64::from(steps)) as i16
    }

    fn text(&self, end: f64) -> String {
        format!("{end:.0$}", self.decimals)
    }
}

/// A number in at most eight letters.
fn short(value: f64) -> String {
    for decimals in (0..=6).rev() {
        let text = format!("{value:.decimals$}");
        if text.len() <= 8 {
            return text;
        }
    }
    let clamped = value.clamp(-9_999_999.0, 99_999_999.0);
    format!("{clamped:.0}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: f64, high: f64, step: f64, decimals: usize) -> Range {
        Range { low, high, step, decimals }
    }

    #[test]
    fn ends_of_ranges_are_written_in_eight_letters() {
        let step = |power: f64| power.exp2();
        for (values, expected, ends) in [
            (&[-1.5, 3.01][..], range(-1.5, 3.03125, step(-13.0), 5), ["-1.50000", "3.03125"]),
            (&[70.0, 110.0], range(70.0, 110.0, step(-10.0), 4), ["70.0000", "110.0000"]),
            (&[-10_000.2, -9_990.0], range(-10_000.5, -9990.0, step(-12.0), 1), ["-10000.5", "-9990.0"]),
            (&[f32::NAN, f32::INFINITY], range(0.0, 0.03125, step(-20.0), 5), ["0.00000", "0.03125"]),
            (&[], range(0.0, 0.03125, step(-20.0), 5), ["0.00000", "0.03125"]),
            (&[-3e38, 3e38], range(-8_388_608.0, 67_108_864.0, 2048.0, 0), ["-8388608", "67108864"]),
            (&[3e38], range(67_108_864.0, 67_108_865.0, step(-15.0), 0), ["67108864", "67108865"]),
        ] {
            let found = Range::of(values);
            assert_eq!(found, expected, "{values:?}");
            assert_eq!([found.text(found.low), found.text(found.high)], ends);
        }
    }

    #[test]
    fn what_was_read_is_written_without_a_change() {
        for offset in [0.0, 0.3, -7.77, 99.99, -1000.1, 12_345.67, -4e5, 8e6] {
            for scale in [0.0, 1e-4, 0.02, 1.0, 33.3, 999.9, 5e4, 2e6] {
                let values: Vec<f32> = (0..50).map(|n| offset + scale * (n as f32 * 0.7).sin()).collect();
                let read = |values: &[f32]| -> Vec<f32> {
                    let range = Range::of(values);
                    let number = |value: &f32| f64::from(range.number(f64::from(*value)));
                    let value = |number: f64| ((number - LEAST) * range.step + range.low) as f32;
                    values.iter().map(number).map(value).collect()
                };
                let once = read(&values);
                assert_eq!(read(&once), once, "{offset} {scale}");
                let bound = (2.0 * f64::from(scale) / STEPS).max(1e-6) as f32 * 1.3;
                for (found, expected) in once.iter().zip(&values) {
                    assert!((found - expected).abs() <= bound, "{offset} {scale}: {found} {expected}");
                }
            }
        }
    }
}
