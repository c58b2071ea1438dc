//! One axis of a grid: an option and its values.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::digits::rounded;
use crate::error::RunError;

/// The most values of an axis.
const MOST: usize = 1024;

/// An axis of a grid: an option of the experiment and its values.
///
/// Written `training.schedule.constant.peak=0.01..10:64:log`: first value, last value and number of values; `:log` for
/// even steps of the logarithm. Or `model.transformer.d_model=8,16,32`, a list of values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Axis {
    /// The option, with dots between keys.
    pub option: String,
    /// The spacing of the values.
    pub scale: Scale,
    /// The values, rising.
    pub values: Vec<f64>,
}

/// The spacing of an axis's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scale {
    /// Equal distances.
    Linear,
    /// Equal ratios.
    Log,
    /// The distances of a list.
    List,
}

impl Axis {
    /// The argument of `--set` for the value at a place.
    pub fn setting(&self, place: usize) -> String {
        format!("{}={}", self.option, self.values[place])
    }
}

impl FromStr for Axis {
    type Err = RunError;

    fn from_str(given: &str) -> Result<Self, RunError> {
        let wrong = |reason: String| RunError::Axis { given: given.to_owned(), reason };
        let Some((option, values)) = given.split_once('=') else {
            return Err(wrong(format!("there is no `=`; {USAGE}")));
        };
        let option = option.trim();
        check_option(option).map_err(wrong)?;
        let (scale, values) = match values.split_once("..") {
            Some((from, rest)) => range(from, rest).map_err(wrong)?,
            None => {
                let values = values.split(',').map(number).collect::<Result<Vec<f64>, _>>();
                (Scale::List, values.map_err(wrong)?)
            }
        };
        if values.windows(2).any(|pair| pair[0] >= pair[1]) {
            let reason =
                "the values must rise, each above the one before; put them in order, or narrow the axis less";
            return Err(wrong(reason.to_owned()));
        }
        Ok(Self { option: option.to_owned(), scale, values: values.into_iter().map(rounded).collect() })
    }
}

const USAGE: &str =
    "write OPTION=FROM..TO:COUNT, with `:log` at the end for even steps of the logarithm, or OPTION=1,2,3";

/// Checks that an option can change from cell to cell: those of the model and its training, since data is prepared
/// once.
fn check_option(option: &str) -> Result<(), String> {
    let keys: Vec<&str> = option.split('.').collect();
    let reason = match keys[..] {
        ["training", "steps"] => "every cell makes the same number of steps; say how many with --steps",
        ["training", "batch", "max_source_length" | "max_target_length"] => {
            "it decides which samples are trained on, and data is prepared once for all cells; use --set"
        }
        ["model" | "training", _, ..] => return Ok(()),
        _ => {
            "data is prepared once for all cells, so a sweep goes over options of `model` and `training` alone, such as training.schedule.constant.peak"
        }
    };
    Err(format!("`{option}` cannot be swept over: {reason}"))
}

/// Parses `TO:COUNT` or `TO:COUNT:log`, behind `FROM..`.
fn range(from: &str, rest: &str) -> Result<(Scale, Vec<f64>), String> {
    let mut parts = rest.split(':');
    let (from, to) = (number(from)?, number(parts.next().unwrap_or_default())?);
    let Some(count) = parts.next() else { return Err(format!("how many values are wanted? {USAGE}")) };
    let counted = count.trim().parse().ok().filter(|count| (2..=MOST).contains(count));
    let count: usize = counted
        .ok_or_else(|| format!("`{count}` values are no axis; ask for a whole number from 2 to {MOST}"))?;
    let scale = match parts.next().map(str::trim) {
        None => Scale::Linear,
        Some("log") => Scale::Log,
        Some(other) => {
            return Err(format!("`{other}` is no scale; write `:log`, or nothing for equal distances"));
        }
    };
    if scale == Scale::Log && from <= 0.0 {
        return Err(format!("{from} has no logarithm; begin above 0, or leave `:log` out"));
    }
    let (low, high) = if scale == Scale::Log { (from.ln(), to.ln()) } else { (from, to) };
    let last = count - 1;
    let value = |place: usize| match place {
        0 => from,
        _ if place == last => to,
        _ => {
            let at = low + (high - low) * place as f64 / last as f64;
            if scale == Scale::Log { at.exp() } else { at }
        }
    };
    Ok((scale, (0..count).map(value).collect()))
}

fn number(text: &str) -> Result<f64, String> {
    let parsed = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
    parsed.ok_or_else(|| format!("`{}` is no number; {USAGE}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_spread_as_asked() {
        let cases: [(&str, Scale, &[f64]); 6] = [
            ("training.label_smoothing=0..0.4:5", Scale::Linear, &[0.0, 0.1, 0.2, 0.3, 0.4]),
            ("training.schedule.constant.peak=0.01..10:4:log", Scale::Log, &[0.01, 0.1, 1.0, 10.0]),
            ("training.schedule.constant.peak=1e-3..1e1:3:log", Scale::Log, &[1e-3, 0.1, 10.0]),
            ("model.transformer.d_model=8,16, 32", Scale::List, &[8.0, 16.0, 32.0]),
            ("training.optimizer.sgd.momentum=-.5...5:3", Scale::Linear, &[-0.5, 0.0, 0.5]),
            ("training.accumulate=2", Scale::List, &[2.0]),
        ];
        for (given, scale, values) in cases {
            let axis: Axis = given.parse().unwrap_or_else(|error| panic!("{given}: {error}"));
            assert_eq!((axis.scale, &axis.values[..]), (scale, values), "{given}");
            assert!(given.starts_with(&axis.option), "{given}");
        }
        let axis: Axis = "model.transformer.dropout=0.1,0.25".parse().expect("two values");
        assert_eq!(
            [axis.setting(0), axis.setting(1)],
            ["model.transformer.dropout=0.1", "model.transformer.dropout=0.25"]
        );
    }

    #[test]
    fn a_bad_axis_says_the_way_out() {
        let cases = [
            ("training.clip_norm", "there is no `=`; write OPTION=FROM..TO:COUNT"),
            ("training.clip_norm=1..2", "how many values are wanted?"),
            ("training.clip_norm=1..2:1", "ask for a whole number from 2 to 1024"),
            ("training.clip_norm=1..2:many", "`many` values are no axis"),
            ("training.clip_norm=1..2:8:ln", "`ln` is no scale; write `:log`"),
            ("training.clip_norm=0..2:8:log", "begin above 0, or leave `:log` out"),
            ("training.clip_norm=2..1:8", "the values must rise"),
            ("training.clip_norm=1,1", "the values must rise"),
            ("training.clip_norm=1,x", "`x` is no number"),
            ("training.clip_norm=1..inf:3", "`inf` is no number"),
            ("training.clip_norm=", "`` is no number"),
            ("training.steps=10,20", "say how many with --steps"),
            ("training.batch.max_source_length=10,20", "use --set"),
            ("seed=1,2", "options of `model` and `training` alone"),
            ("model=1,2", "options of `model` and `training` alone"),
        ];
        for (given, expected) in cases {
            let error = given.parse::<Axis>().expect_err(given).to_string();
            assert!(error.contains(expected), "{given}: {error}");
        }
    }
}
