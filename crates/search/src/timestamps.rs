//! Timestamps among the tokens of a transcript: the rules by which Whisper writes them (Radford et al. 2022).

use serde::{Deserialize, Serialize};

/// Tokens of timestamps, which follow each other in the vocabulary, and stand around every piece of a transcript: one where
/// it starts, one where it ends.
///
/// The rules are those of Whisper's own program. Timestamps never decrease; they stand in pairs, but for the first, and for
/// one before the end; where all timestamps together are more probable than any other token, a timestamp is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimestampTokens {
    /// The token of the timestamp 0; those behind it are later.
    pub first: u32,
    /// Number of timestamps.
    pub count: u32,
    /// The latest timestamp that an output may begin with, as a number from 0.
    pub latest_start: u32,
}

impl TimestampTokens {
    fn is_timestamp(self, token: u32) -> bool {
        token >= self.first && token - self.first < self.count
    }

    /// Forbids the tokens that may not follow those that are written behind the prompt. `end` ends an output.
    pub(crate) fn apply(self, logits: &mut [f32], written: &[u32], end: u32) {
        const NEVER: f32 = f32::NEG_INFINITY;
        let timestamps = self.first as usize..(self.first + self.count) as usize;
        let Some(last) = written.last() else {
            // An output begins with a timestamp, and not with a late one.
            let latest = self.first + self.latest_start.min(self.count.saturating_sub(1));
            for (token, logit) in (0..).zip(logits.iter_mut()) {
                if !self.is_timestamp(token) || token > latest {
                    *logit = NEVER;
                }
            }
            return;
        };
        let is_last = self.is_timestamp(*last);
        let was_before = written.len() < 2 || self.is_timestamp(written[written.len() - 2]);
        if is_last && was_before {
            // A pair is complete: text follows.
            logits[timestamps.clone()].fill(NEVER);
        } else if is_last {
            // The end of a piece: the next one starts, or nothing does.
            for (token, logit) in (0..).zip(logits.iter_mut()) {
                if !self.is_timestamp(token) && token != end {
                    *logit = NEVER;
                }
            }
        }
        if let Some(&latest) = written.iter().rev().find(|&&token| self.is_timestamp(token)) {
            // A piece that has text ends later than it starts.
            let first_allowed = if is_last && !was_before { latest } else { latest + 1 };
            logits[timestamps.start..(first_allowed as usize).min(timestamps.end)].fill(NEVER);
        }
        // All timestamps together against the best other token.
        let best = |range: &[f32]| range.iter().copied().fold(NEVER, f32::max);
        let others = best(&logits[..timestamps.start]).max(best(&logits[timestamps.end..]));
        let peak = best(&logits[timestamps.clone()]);
        if peak == NEVER {
            return;
        }
        let sum: f32 = logits[timestamps.clone()].iter().map(|logit| (logit - peak).exp()).sum();
        if peak + sum.ln() > others {
            logits[..timestamps.start].fill(NEVER);
            logits[timestamps.end..].fill(NEVER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMESTAMPS: TimestampTokens = TimestampTokens { first: 4, count: 4, latest_start: 1 };
    const END: u32 = 0;

    /// The tokens that may follow, of a vocabulary of an end, three words and four timestamps.
    fn allowed(written: &[u32], logits: [f32; 8]) -> Vec<u32> {
        let mut logits = logits;
        TIMESTAMPS.apply(&mut logits, written, END);
        (0..).zip(logits).filter(|(_, logit)| logit.is_finite()).map(|(token, _)| token).collect()
    }

    #[test]
    fn moments_stand_in_pairs_and_never_decrease() {
        let words = [9.0, 9.0, 9.0, 9.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(allowed(&[], words), [4, 5]);
        assert_eq!(allowed(&[5], words), [0, 1, 2, 3]);
        assert_eq!(allowed(&[5, 1], words), [0, 1, 2, 3, 6, 7]);
        assert_eq!(allowed(&[5, 1, 6], words), [0, 6, 7]);
        assert_eq!(allowed(&[5, 1, 6, 6], words), [0, 1, 2, 3]);
        assert_eq!(allowed(&[5, 1, 7], words), [0, 7]);
    }

    #[test]
    fn moments_together_win_over_the_best_word() {
        let near = [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5];
        assert_eq!(allowed(&[4, 1], near), [5, 6, 7], "three of 0.5 are 1.6 together");
        let far = [2.0, 2.0, 2.0, 2.0, 0.5, 0.5, 0.5, 0.5];
        assert_eq!(allowed(&[4, 1], far), [0, 1, 2, 3, 5, 6, 7]);
    }
}
