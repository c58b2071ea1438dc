//! Measurement of a sampling rate from the times of samples.

/// The times of samples, in seconds from the first.
#[derive(Debug, Default)]
pub(crate) struct Times {
    first: Option<f64>,
    last: f64,
    /// Samples behind the first.
    steps: usize,
    /// The steps in the unit of the times, as many as there were times.
    sizes: Vec<f64>,
    unreadable: usize,
}

/// Usual rates of devices, in hertz: a measured rate near one of them is taken for it.
const USUAL: [f64; 20] = [
    100.0, 125.0, 128.0, 160.0, 200.0, 220.0, 240.0, 250.0, 256.0, 300.0, 400.0, 500.0, 512.0, 600.0, 1000.0,
    1024.0, 2000.0, 2048.0, 4096.0, 5000.0,
];
/// Largest relative difference from a usual rate.
const NEAR: f64 = 5e-3;

impl Times {
    /// Adds the time of the next sample; `None` if it has none.
    pub(crate) fn push(&mut self, second: Option<f64>) {
        let Some(second) = second.filter(|second| second.is_finite()) else {
            self.unreadable += 1;
            return;
        };
        match self.first {
            None => self.first = Some(second),
            Some(_) => {
                self.sizes.push(second - self.last);
                self.steps += 1;
            }
        }
        self.last = second;
    }

    /// The rate in hertz, as far as it can be measured from the times.
    pub(crate) fn rate(&self, milliseconds: bool, warnings: &mut Vec<String>) -> Option<f64> {
        let sum: f64 = self.sizes.iter().sum();
        if self.unreadable > self.steps || self.steps == 0 || sum <= 0.0 {
            if self.steps > 0 {
                warnings.push("its times stand still or cannot be read: they tell no rate".to_owned());
            }
            return None;
        }
        // Since 1970 there have been fewer than 1e10 seconds: larger numbers count parts of them.
        let first = self.first.unwrap_or_default().abs();
        let mut unit = match first {
            1e17.. => 1e-9,
            1e14.. => 1e-6,
            1e11.. => 1e-3,
            _ if milliseconds => 1e-3,
            _ => 1.0,
        };
        let mean = sum / self.steps as f64;
        // Nobody takes less than two samples a second of an EEG, but many count thousandths without saying so.
        if unit == 1.0 && mean >= 0.5 && self.sizes.iter().all(|size| size.fract() == 0.0) && self.steps > 8 {
            unit = 1e-3;
            warnings.push("its times were taken for thousandths of seconds".to_owned());
        }
        // Devices send samples in blocks of one time each: only a step far longer than a block is a gap.
        let gap = |size: &&f64| **size * unit > (20.0 * mean * unit).max(1.0);
        let gaps: Vec<f64> = self.sizes.iter().filter(gap).copied().collect();
        // The last block counts from its first sample only: its duration is unknown.
        let counted = self.sizes.iter().rposition(|size| *size != 0.0).map_or(0, |last| last + 1);
        let (steps, sum) = (counted.saturating_sub(gaps.len()), sum - gaps.iter().sum::<f64>());
        if !gaps.is_empty() {
            warnings.push("samples are missing: its times leave gaps of more than a second".to_owned());
        }
        if self.sizes.iter().any(|&size| size < 0.0) {
            warnings.push("its times go backward in places".to_owned());
        }
        if steps == 0 || sum <= 0.0 {
            return None;
        }
        let measured = steps as f64 / (sum * unit);
        let whole = (measured.round() / measured - 1.0).abs() < 1e-3;
        let usual = USUAL.into_iter().find(|rate| (rate / measured - 1.0).abs() < NEAR);
        let rounded = (measured * 1000.0).round() / 1000.0;
        Some(usual.unwrap_or(if whole { measured.round() } else { rounded })).filter(|rate| *rate > 0.0)
    }
}

/// A time in seconds: a number, or a clock's `10:00:00.5` with or without a date before it.
pub(crate) fn seconds(cell: &str) -> Option<f64> {
    let cell = cell.trim();
    if let Ok(number) = cell.parse::<f64>() {
        return Some(number);
    }
    if !cell.contains(':') {
        return cell.replace(',', ".").parse().ok();
    }
    let (date, clock) = cell.rsplit_once([' ', 'T']).unwrap_or(("", cell));
    let clock = clock.trim_end_matches('Z').split(['+']).next()?;
    let mut parts = clock.split(':');
    let (hours, minutes) = (parts.next()?.parse::<u32>().ok()?, parts.next()?.parse::<u32>().ok()?);
    let mut rest = parts.next().unwrap_or("0").replace(',', ".");
    // Some write thousandths behind another colon.
    if let Some(thousandths) = parts.next() {
        rest = format!("{rest}.{thousandths}");
    }
    let within = f64::from(hours * 3600 + minutes * 60) + rest.parse::<f64>().ok()?;
    Some(days(date).unwrap_or(0.0) * 86400.0 + within)
}

/// Number of days of a calendar date, counted from an arbitrary one.
fn days(date: &str) -> Option<f64> {
    let numbers: Vec<i64> =
        date.split(['-', '/', '.']).map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let (year, month, day) = match numbers[..] {
        [year, month, day] if year >= 1000 => (year, month, day),
        [day, month, year] if year >= 1000 => (year, month, day),
        _ => return None,
    };
    let (month, day) = (month.clamp(1, 12), day.clamp(1, 31));
    // Years begin in March, so that the leap day is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some((days + (153 * month + 2) / 5 + day) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let day = 86400.0;
        let later = |one: &str, other: &str| seconds(other).expect(other) - seconds(one).expect(one);
        let cases = [
            ("10:00:00.5", "10:00:01,75", 1.25),
            ("2017-11-20 22:41:01.738", "2017-11-20 22:41:02.738", 1.0),
            ("2020-02-28T00:00:00Z", "2020-03-01T00:00:00Z", 2.0 * day),
            ("31.12.2019 23:59:59", "01.01.2020 00:00:01", 2.0),
            ("10:00:00:004", "10:00:00:008", 0.004),
            ("0,004", "1.004", 1.0),
        ];
        for (one, other, expected) in cases {
            assert!((later(one, other) - expected).abs() < 1e-6, "{one} {other}");
        }
        assert_eq!([seconds(""), seconds("a:b"), seconds("x")], [None; 3]);
    }

    #[test]
    fn rates_are_measured() {
        let rate = |times: &[f64], milliseconds: bool| {
            let mut found = Times::default();
            times.iter().for_each(|&time| found.push(Some(time)));
            let mut warnings = Vec::new();
            (found.rate(milliseconds, &mut warnings), warnings.join("; "))
        };
        let steps = |step: f64, start: f64| -> Vec<f64> {
            (0..400).map(|n| start + (f64::from(n) * step * 1e4).round() / 1e4).collect()
        };
        let cases = [
            (steps(1.0 / 128.0, 0.0), false, Some(128.0), ""),
            (steps(4.0, 0.0), true, Some(250.0), ""),
            (steps(4.0, 0.0), false, Some(250.0), "thousandths"),
            (steps(3.90625, 1.6e12), false, Some(256.0), ""),
            (steps(1.0 / 250.4, 1.6e9), false, Some(250.0), ""),
            (steps(1.0 / 37.5, 0.0), false, Some(37.5), ""),
            (vec![5.0; 40], false, None, "stand still"),
            (
                [steps(0.004, 0.0), steps(0.004, 60.0)].concat(),
                false,
                Some(250.0),
                "gaps of more than a second",
            ),
            ((0..400).map(|n| f64::from(n / 10) * 0.04).collect(), false, Some(250.0), ""),
        ];
        for (times, milliseconds, expected, said) in cases {
            let (found, warnings) = rate(&times, milliseconds);
            assert_eq!(found, expected, "{said}");
            assert!(warnings.contains(said) && (said.is_empty() == warnings.is_empty()), "{warnings}");
        }
        assert_eq!(Times::default().rate(false, &mut Vec::new()), None);
    }
}
