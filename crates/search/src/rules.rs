//! What may be written next, and how probable it is.

use crate::top::log_sum_exp;
use crate::{NotANumber, SearchError, SearchOptions, SourceRow};

/// The rules that hold for all sources of a search.
pub(crate) struct Rules<'a> {
    vocabulary: usize,
    pub(crate) end: u32,
    forbidden: &'a [u32],
    no_repeat_ngram: usize,
    repetition_penalty: f32,
}

/// The scores of what may be written next.
pub(crate) enum Next {
    /// A choice: the logits of the row are scores, minus infinity being forbidden. A token's log-probability
    /// is its logit minus this.
    Choice(f64),
    /// No choice: this token, with this log-probability.
    Forced(u32, f32),
    /// No choice but to end, with this log-probability; and whether the model would have ended too.
    Ended(f32, bool),
}

impl<'a> Rules<'a> {
    pub(crate) fn new(vocabulary: usize, end: u32, forbidden: &'a [u32], options: &SearchOptions) -> Self {
        Self {
            vocabulary,
            end,
            forbidden,
            no_repeat_ngram: options.no_repeat_ngram,
            repetition_penalty: options.repetition_penalty as f32,
        }
    }

    pub(crate) fn check_tokens<E: std::error::Error + 'static>(
        &self,
        begin: u32,
        sources: &[SourceRow],
    ) -> Result<(), SearchError<E>> {
        let Self { vocabulary, end, .. } = *self;
        let check = |role, token: u32| match (token as usize) < vocabulary {
            true => Ok(()),
            false => Err(SearchError::Token { role, token, vocabulary }),
        };
        check("begin", begin)?;
        check("end", end)?;
        for (source_row, source) in sources.iter().enumerate() {
            source.prefix.iter().try_for_each(|&token| check("prefix", token))?;
            let (prefix, max_length) = (source.prefix.len(), source.max_length);
            if prefix > max_length {
                return Err(SearchError::Prefix { source_row, prefix, max_length });
            }
        }
        Ok(())
    }

    /// What may follow `tokens`. Changes the logits: the penalty for repetition is applied, and what is
    /// forbidden becomes minus infinity.
    pub(crate) fn next(
        &self,
        logits: &mut [f32],
        tokens: &[u32],
        source: &SourceRow,
    ) -> Result<Next, NotANumber> {
        self.penalize_repetition(logits, tokens);
        let log_sum = log_sum_exp(logits);
        if !log_sum.is_finite() {
            return Err(NotANumber);
        }
        let log_probability = |logit: f32| (f64::from(logit) - log_sum).min(0.0) as f32;
        if let Some(&token) = source.prefix.get(tokens.len()) {
            return Ok(Next::Forced(token, log_probability(logits[token as usize])));
        }

        let end = logits[self.end as usize];
        for &token in self.forbidden.iter().filter(|&&token| token != self.end) {
            if let Some(logit) = logits.get_mut(token as usize) {
                *logit = f32::NEG_INFINITY;
            }
        }
        self.forbid_repeated_ngrams(logits, tokens);
        logits[self.end as usize] = f32::NEG_INFINITY;
        let best = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if tokens.len() >= source.max_length || best == f32::NEG_INFINITY {
            return Ok(Next::Ended(log_probability(end), end >= best && end > f32::NEG_INFINITY));
        }
        if tokens.len() >= source.min_length {
            logits[self.end as usize] = end;
        }
        Ok(Next::Choice(log_sum))
    }

    fn penalize_repetition(&self, logits: &mut [f32], tokens: &[u32]) {
        if self.repetition_penalty == 1.0 {
            return;
        }
        let mut written = tokens.to_vec();
        written.sort_unstable();
        written.dedup();
        for token in written {
            let logit = &mut logits[token as usize];
            *logit = if *logit > 0.0 {
                *logit / self.repetition_penalty
            } else {
                *logit * self.repetition_penalty
            };
        }
    }

    fn forbid_repeated_ngrams(&self, logits: &mut [f32], tokens: &[u32]) {
        let Some(history) = self.no_repeat_ngram.checked_sub(1) else {
            return;
        };
        let Some(at) = tokens.len().checked_sub(history) else {
            return;
        };
        let recent = &tokens[at..];
        for ngram in tokens.windows(self.no_repeat_ngram) {
            if ngram[..history] == *recent {
                logits[ngram[history] as usize] = f32::NEG_INFINITY;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: u32 = 0;

    fn next(
        options: &SearchOptions,
        tokens: &[u32],
        limits: (usize, usize),
        mut logits: Vec<f32>,
    ) -> (Next, Vec<f32>) {
        let rules = Rules::new(logits.len(), END, &[4], options);
        let source = SourceRow { id: 0, prefix: vec![3], min_length: limits.0, max_length: limits.1 };
        let next =
            rules.next(&mut logits, tokens, &source).unwrap_or_else(|NotANumber| panic!("finite logits"));
        (next, logits)
    }

    #[test]
    fn what_is_left_of_the_choice() {
        let none = f32::NEG_INFINITY;
        let plain = SearchOptions::default();
        let bigram = SearchOptions { no_repeat_ngram: 2, ..plain.clone() };
        let unigram = SearchOptions { no_repeat_ngram: 1, ..plain.clone() };
        let penalty = SearchOptions { repetition_penalty: 2.0, ..plain.clone() };
        let cases: [(&SearchOptions, &[u32], [f32; 5]); 6] = [
            (&plain, &[3, 1], [1.0, 2.0, -2.0, 4.0, none]),
            (&plain, &[3], [none, 2.0, -2.0, 4.0, none]),
            (&bigram, &[3, 1, 3], [1.0, none, -2.0, 4.0, none]),
            (&bigram, &[3, 1, 2, 2], [1.0, 2.0, none, 4.0, none]),
            (&unigram, &[3, 1], [1.0, none, -2.0, none, none]),
            (&penalty, &[3, 2, 2], [1.0, 2.0, -4.0, 2.0, none]),
        ];
        for (options, tokens, expected) in cases {
            let (next, logits) = next(options, tokens, (2, 9), vec![1.0, 2.0, -2.0, 4.0, 5.0]);
            assert!(matches!(next, Next::Choice(_)), "{tokens:?}");
            assert_eq!(logits, expected, "{options:?} {tokens:?}");
        }
    }

    #[test]
    fn prefix_limit_and_dead_end_leave_no_choice() {
        let plain = SearchOptions::default();
        let unigram = SearchOptions { no_repeat_ngram: 1, ..plain.clone() };
        let logits = || vec![1.0, 0.0, 0.0, 0.0, 0.0];
        assert!(matches!(next(&plain, &[], (0, 9), logits()).0, Next::Forced(3, _)));
        assert!(matches!(next(&plain, &[3, 1], (0, 2), logits()).0, Next::Ended(_, true)));
        assert!(matches!(
            next(&plain, &[3, 1], (0, 2), vec![0.0, 1.0, 0.0, 0.0, 0.0]).0,
            Next::Ended(_, false)
        ));
        assert!(matches!(next(&unigram, &[3, 2, 1], (9, 9), logits()).0, Next::Ended(_, true)));
    }
}
