//! Length limits of outputs: the one rule, which search, the server and its page follow.

use serde::{Deserialize, Serialize};

/// Length limits of an output in tokens, the end token excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLengths {
    /// The fewest tokens.
    pub least: usize,
    /// The most tokens.
    pub most: usize,
}

/// What limits the lengths of the outputs of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LengthRule {
    /// The fewest tokens behind the prompt.
    pub least: usize,
    /// The most tokens behind the prompt; left out, the longest output of the medium, or else the usual one.
    pub most: Option<usize>,
    /// The longest output of the medium, where it knows one.
    pub known: Option<usize>,
    /// The number of the first tokens of every output that are a prompt.
    pub prompt: usize,
}

impl LengthRule {
    /// The limits for a source of so many positions (`None` without a source), after a prefix of so many tokens, which
    /// count.
    ///
    /// ```
    /// use any2any_search::{LengthRule, OutputLengths};
    ///
    /// let rule = LengthRule::default();
    /// assert_eq!(rule.of(Some(10), 0), OutputLengths { least: 0, most: 40 });
    /// let rule = LengthRule { most: Some(5), prompt: 2, ..rule };
    /// assert_eq!(rule.of(Some(10), 2).most, 7);
    /// ```
    pub fn of(&self, source: Option<usize>, prefix: usize) -> OutputLengths {
        let Self { least, most, known, prompt } = *self;
        let usual = source.map_or(0, |source| 2 * source + 20).max(prefix + 20);
        let limited = most.is_some();
        let most = most.unwrap_or_else(|| known.unwrap_or(usual).max(least));
        // Limits are those of what is written behind the prompt.
        let most = if limited { most.saturating_add(prompt) } else { most };
        OutputLengths {
            least: least.saturating_add(if least > 0 { prompt } else { 0 }),
            most: most.max(least.saturating_add(prompt)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_output_is_what_is_asked_for_known_or_usual() {
        for (least, most, known, source, prefix, expected) in [
            (0, None, None, Some(10), 0, 40),
            (0, None, None, Some(0), 0, 20),
            (0, None, None, None, 0, 20),
            (0, None, None, None, 7, 27),
            (0, None, None, Some(3), 30, 50),
            (0, None, Some(49), Some(10), 0, 49),
            (0, Some(5), Some(49), Some(10), 0, 5),
            (0, Some(60), Some(49), Some(10), 0, 60),
            (100, None, None, Some(10), 0, 100),
            (60, None, Some(49), Some(10), 0, 60),
            (5, Some(5), None, Some(10), 0, 5),
        ] {
            let rule = LengthRule { least, most, known, prompt: 0 };
            let lengths = rule.of(source, prefix);
            assert_eq!(lengths, OutputLengths { least, most: expected }, "{rule:?} {source:?} {prefix}");
        }
        let prompted = LengthRule { least: 3, most: Some(5), known: None, prompt: 4 };
        assert_eq!(prompted.of(Some(10), 4), OutputLengths { least: 7, most: 9 });
    }
}
