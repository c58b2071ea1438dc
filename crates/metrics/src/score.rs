//! A score: a number with its name, signature, detail and interval.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A score, with the name and options that reproduce it.
///
/// Displays as sacreBLEU prints it, with two digits unless a precision is given; the alternate form
/// (`{:#}`) has the signature too: `BLEU|nrefs:1|case:mixed|... = 27.80 59.1/34.0/... (BP = ...)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Score {
    /// The metric: `BLEU`, `chrF2++`, `WER`.
    pub name: String,
    /// The number.
    pub value: f64,
    /// The options it was computed with, in sacreBLEU's notation. The version is this crate's:
    /// `version:any2any.0.1.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The parts of the number, as they are printed behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The confidence interval, when one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
}

/// A bootstrap confidence interval around a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The mean over all resamples.
    pub mean: f64,
    /// The lower end of the 95 % interval.
    pub low: f64,
    /// The upper end of the 95 % interval.
    pub high: f64,
}

impl Interval {
    /// Half the width of the interval: the number behind `±`.
    pub fn half_width(&self) -> f64 {
        0.5 * (self.high - self.low)
    }
}

impl Score {
    /// A score that is its name and number alone.
    pub(crate) fn new(name: &str, value: f64) -> Self {
        Self { name: name.to_owned(), value, signature: None, detail: None, interval: None }
    }

    pub(crate) fn with_detail(mut self, detail: String) -> Self {
        self.detail = Some(detail);
        self
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        f.write_str(&self.name)?;
        if let (true, Some(signature)) = (f.alternate(), &self.signature) {
            write!(f, "|{signature}")?;
        }
        write!(f, " = {:.digits$}", self.value)?;
        if let Some(interval) = &self.interval {
            write!(f, " (μ = {:.digits$} ± {:.digits$})", interval.mean, interval.half_width())?;
        }
        match &self.detail {
            Some(detail) => write!(f, " {detail}"),
            None => Ok(()),
        }
    }
}

/// The version field that ends every signature.
pub(crate) const VERSION: &str = concat!("version:any2any.", env!("CARGO_PKG_VERSION"));

/// `yes` or `no`, as signatures have it.
pub(crate) fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_as_sacrebleu_prints() {
        let mut score = Score::new("chrF2", 59.735);
        score.signature = Some("nrefs:1|version:x".to_owned());
        let cases = [
            (format!("{score}"), "chrF2 = 59.73"),
            (format!("{score:.1}"), "chrF2 = 59.7"),
            (format!("{score:#}"), "chrF2|nrefs:1|version:x = 59.73"),
        ];
        for (printed, expected) in cases {
            assert_eq!(printed, expected);
        }
        score.interval = Some(Interval { mean: 59.7, low: 58.0, high: 61.0 });
        let score = score.with_detail("(lines = 3)".to_owned());
        assert_eq!(score.to_string(), "chrF2 = 59.73 (μ = 59.70 ± 1.50) (lines = 3)");
    }
}
