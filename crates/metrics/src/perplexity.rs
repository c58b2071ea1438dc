//! Perplexity: the average number of tokens between which a model is undecided.

use crate::{MetricsError, Score};

/// The perplexity of `tokens` tokens whose negative log-likelihoods (natural logarithm) sum to `total`.
///
/// This is a teacher-forced figure: it says nothing about decoded sequences, and is comparable only between
/// models with the same tokens.
///
/// # Errors
///
/// When there is no token.
pub fn perplexity(total: f64, tokens: usize) -> Result<Score, MetricsError> {
    if tokens == 0 {
        return Err(MetricsError::Empty);
    }
    let mean = total / tokens as f64;
    Ok(Score::new("perplexity", mean.exp()).with_detail(format!("({mean:.4} nats a token, {tokens} tokens)")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uniform_model_is_as_perplexed_as_there_are_choices() {
        let score = perplexity(5.0 * 8.0_f64.ln(), 5).expect("five tokens");
        assert!((score.value - 8.0).abs() < 1e-12, "{score}");
        assert_eq!(score.to_string(), "perplexity = 8.00 (2.0794 nats a token, 5 tokens)");
        assert_eq!(perplexity(0.0, 0), Err(MetricsError::Empty));
    }
}
