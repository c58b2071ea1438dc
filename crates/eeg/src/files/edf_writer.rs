//! Writer of EDF files, 16 bits a sample (Kemp et al. 1992).

use any2any_adapter::Signal;

/// The least and the greatest number of a sample.
const DIGITAL: (f64, f64) = (-32768.0, 32767.0);
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
    let ranges: Vec<(f64, f64)> = channels.iter().map(|channel| range(channel)).collect();

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
    ranges.iter().for_each(|range| field(&short(range.0), 8));
    ranges.iter().for_each(|range| field(&short(range.1), 8));
    (0..count).for_each(|_| field(&DIGITAL.0.to_string(), 8));
    (0..count).for_each(|_| field(&DIGITAL.1.to_string(), 8));
    (0..count).for_each(|_| field("", 80));
    (0..count).for_each(|_| field(&record.to_string(), 8));
    (0..count).for_each(|_| field("", 32));

    for number in 0..records {
        for (channel, (low, high)) in channels.iter().zip(&ranges) {
            for sample in number * record..(number + 1) * record {
                let value = channel.get(sample).or(channel.last()).copied().unwrap_or_default();
                let digital = (f64::from(value) - low) / (high - low) * (DIGITAL.1 - DIGITAL.0) + DIGITAL.0;
                bytes.extend((digital.round().clamp(DIGITAL.0, DIGITAL.1) as i16).to_le_bytes());
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

/// The range of a channel, exactly as its header's numbers of eight characters express it.
fn range(channel: &[f32]) -> (f64, f64) {
    let finite = || channel.iter().filter(|value| value.is_finite()).map(|&value| f64::from(value));
    let least = finite().fold(f64::INFINITY, f64::min).min(finite().fold(0.0, f64::max));
    let greatest = finite().fold(f64::NEG_INFINITY, f64::max).max(least);
    // Rounding to eight letters must not cut off the extremes.
    let slack = (1e-3 * (greatest - least)).max(1e-4 * least.abs().max(greatest.abs())).max(1e-3);
    let parse = |value: f64| short(value).parse().unwrap_or(value);
    (parse(least - slack), parse(greatest + slack))
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
