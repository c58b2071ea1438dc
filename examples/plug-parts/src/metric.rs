//! A metric: whether outputs end as their references do.

use any2any::schemars::JsonSchema;
use any2any::serde::{Deserialize, Serialize};
use any2any::{Kind, Package, Value, ValueMetric};

/// The share of outputs whose last words are those of a reference, in per cent.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "any2any::serde", default, deny_unknown_fields)]
#[schemars(crate = "any2any::schemars")]
pub(crate) struct LastWord {
    /// Number of words that are compared.
    #[schemars(range(min = 1))]
    words: usize,
}

impl Default for LastWord {
    fn default() -> Self {
        Self { words: 1 }
    }
}

impl ValueMetric for LastWord {
    fn package() -> Package {
        any2any::package!()
    }

    fn scores(&self, kind: Kind) -> bool {
        kind == Kind::Text
    }

    /// 1 for an output that is right, and 1 for every output.
    fn statistics(&self, output: &Value, references: &[&Value]) -> Vec<f64> {
        let last = |value: &Value| -> Vec<String> {
            value.to_string().split_whitespace().rev().take(self.words).map(str::to_owned).collect()
        };
        let right = references.iter().any(|reference| last(reference) == last(output));
        vec![f64::from(u8::from(right)), 1.0]
    }

    fn score(&self, sums: &[f64]) -> f64 {
        100.0 * sums[0] / sums[1]
    }
}
