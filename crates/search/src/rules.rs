//! Rules for the next token: which may be written, and with what probability.

use crate::scores::{Choice, Row};
use crate::top::{Scored, log_sum_exp};
use crate::{
    BestOfRow, NotANumber, Phrase, SearchError, SearchOptions, SourceRow, Strategy, TimestampTokens, Wanted,
};

/// The rules that hold for all sources of a search.
pub(crate) struct Rules<'a> {
    vocabulary: usize,
    pub(crate) end: u32,
    forbidden: &'a [u32],
    no_repeat_ngram: usize,
    repetition_penalty: f32,
    prompt: usize,
    suppress_first: &'a [u32],
    timestamps: Option<TimestampTokens>,
    /// Number of the best tokens that the strategy needs; `None`: all of them.
    looked_at: Option<usize>,
}

/// The scores of the tokens that may be written next.
pub(crate) enum Next {
    /// A choice: where the row has all logits they are scores, minus infinity being forbidden.
    Choice(Choice),
    /// No choice: this token, with this log-probability.
    Forced(u32, f32),
    /// No choice but to end, with this log-probability; and whether the model would have ended too.
    Ended(f32, bool),
}

impl<'a> Rules<'a> {
    pub(crate) fn new(vocabulary: usize, end: u32, forbidden: &'a [u32], options: &'a SearchOptions) -> Self {
        Self {
            vocabulary,
            end,
            forbidden,
            no_repeat_ngram: options.no_repeat_ngram,
            repetition_penalty: options.repetition_penalty as f32,
            prompt: options.prompt,
            suppress_first: &options.suppress_first,
            timestamps: options.timestamps,
            looked_at: match &options.strategy {
                Strategy::Greedy => Some(1),
                // One more than the beam holds, because one of them may be the end.
                Strategy::Beam(beam) => Some(beam.size.saturating_add(1)),
                Strategy::Sampling(_) => None,
            },
        }
    }

    /// The rules of a search that needs all logits at every position.
    pub(crate) fn over_all_logits(self) -> Self {
        Self { looked_at: None, ..self }
    }

    /// Fails for a phrase with a token that the vocabulary does not have.
    pub(crate) fn check_phrase<E: std::error::Error + 'static>(
        &self,
        phrase: &Phrase,
    ) -> Result<(), SearchError<E>> {
        let vocabulary = self.vocabulary;
        let outside = |token: &&u32| **token as usize >= vocabulary;
        match phrase.at_start.iter().chain(&phrase.inside).find(outside) {
            Some(&token) => Err(SearchError::Token { role: "phrase", token, vocabulary }),
            None => Ok(()),
        }
    }

    /// The part of the logits that is needed at a position, if that is not all of them.
    pub(crate) fn wanted(&self, position: usize, longest_prefix: usize) -> Option<Wanted<'_>> {
        let plain = self.no_repeat_ngram == 0
            && self.repetition_penalty == 1.0
            && self.suppressed(position).is_empty()
            && self.timestamps.is_none();
        let count = self.looked_at.filter(|_| plain && position >= longest_prefix)?;
        Some(Wanted { count: count.min(self.vocabulary), end: self.end, forbidden: self.forbidden })
    }

    /// The tokens that are not written at a position, beside those that never are.
    fn suppressed(&self, position: usize) -> &[u32] {
        if position == self.prompt { self.suppress_first } else { &[] }
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

    /// The scores of the tokens that may follow `tokens`. Changes all logits of a row: the penalty for repetition is
    /// applied, and forbidden tokens become minus infinity.
    pub(crate) fn next(
        &self,
        row: &mut Row<'_>,
        tokens: &[u32],
        source: &SourceRow,
    ) -> Result<Next, NotANumber> {
        match row {
            Row::Logits(logits) => self.next_of_logits(logits, tokens, source),
            Row::Best(best) => self.next_of_best(best, tokens, source),
        }
    }

    fn next_of_best(&self, row: &BestOfRow, tokens: &[u32], source: &SourceRow) -> Result<Next, NotANumber> {
        let BestOfRow { log_sum, end, .. } = *row;
        if !log_sum.is_finite() {
            return Err(NotANumber);
        }
        let best = row.tokens.first().map_or(f32::NEG_INFINITY, |best| best.logit);
        if tokens.len() >= source.max_length || best == f32::NEG_INFINITY {
            return Ok(ended(end, best, log_sum));
        }
        let may_end = tokens.len() >= source.min_length && end > f32::NEG_INFINITY;
        let end = may_end.then_some(Scored { logit: end, token: self.end });
        Ok(Next::Choice(Choice { log_sum, end }))
    }

    fn next_of_logits(
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
        if let Some(&token) = source.prefix.get(tokens.len()) {
            let given = tokens.len() < self.prompt;
            let of_model = || log_probability(logits[token as usize], log_sum);
            return Ok(Next::Forced(token, if given { 0.0 } else { of_model() }));
        }

        let end = logits[self.end as usize];
        for &token in self.forbidden.iter().filter(|&&token| token != self.end) {
            if let Some(logit) = logits.get_mut(token as usize) {
                *logit = f32::NEG_INFINITY;
            }
        }
        let suppressed = self.suppressed(tokens.len());
        for &token in suppressed {
            if let Some(logit) = logits.get_mut(token as usize) {
                *logit = f32::NEG_INFINITY;
            }
        }
        self.forbid_repeated_ngrams(logits, tokens);
        let end = match self.timestamps {
            Some(timestamps) => {
                timestamps.apply(logits, &tokens[self.prompt.min(tokens.len())..], self.end);
                logits[self.end as usize]
            }
            None => end,
        };
        logits[self.end as usize] = f32::NEG_INFINITY;
        let best = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if tokens.len() >= source.max_length || best == f32::NEG_INFINITY {
            return Ok(ended(end, best, log_sum));
        }
        if tokens.len() >= source.min_length && !suppressed.contains(&self.end) {
            logits[self.end as usize] = end;
        }
        Ok(Next::Choice(Choice { log_sum, end: None }))
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

/// The log-probability of a token.
pub(crate) fn log_probability(logit: f32, log_sum: f64) -> f32 {
    (f64::from(logit) - log_sum).min(0.0) as f32
}

/// The forced end, with the best logit of the other tokens in `best`.
fn ended(end: f32, best: f32, log_sum: f64) -> Next {
    Next::Ended(log_probability(end, log_sum), end >= best && end > f32::NEG_INFINITY)
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
        let next = rules
            .next(&mut Row::Logits(&mut logits), tokens, &source)
            .unwrap_or_else(|NotANumber| panic!("finite logits"));
        (next, logits)
    }

    #[test]
    fn what_is_left_of_the_choice() {
        let none = f32::NEG_INFINITY;
        let plain = SearchOptions::default();
        let first = SearchOptions { prompt: 2, suppress_first: vec![0, 3], ..plain.clone() };
        let bigram = SearchOptions { no_repeat_ngram: 2, ..plain.clone() };
        let unigram = SearchOptions { no_repeat_ngram: 1, ..plain.clone() };
        let penalty = SearchOptions { repetition_penalty: 2.0, ..plain.clone() };
        let cases: [(&SearchOptions, &[u32], [f32; 5]); 8] = [
            (&first, &[3, 1], [none, 2.0, -2.0, none, none]),
            (&first, &[3, 1, 1], [1.0, 2.0, -2.0, 4.0, none]),
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
        assert!(matches!(next(&plain, &[], (0, 9), logits()).0, Next::Forced(3, of_model) if of_model < 0.0));
        let prompt = SearchOptions { prompt: 1, ..plain.clone() };
        assert!(matches!(next(&prompt, &[], (0, 9), logits()).0, Next::Forced(3, 0.0)));
        assert!(matches!(next(&plain, &[3, 1], (0, 2), logits()).0, Next::Ended(_, true)));
        assert!(matches!(
            next(&plain, &[3, 1], (0, 2), vec![0.0, 1.0, 0.0, 0.0, 0.0]).0,
            Next::Ended(_, false)
        ));
        assert!(matches!(next(&unigram, &[3, 2, 1], (9, 9), logits()).0, Next::Ended(_, true)));
    }
}
