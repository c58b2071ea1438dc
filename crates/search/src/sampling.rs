//! Sampling of the next token, with temperature, top-k (Fan et al., "Hierarchical Neural Story Generation", 2018) and
//! top-p (Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020).

use any2any_adapter::Random;

use crate::Sampling;
use crate::top::{Scored, top};

/// Sampler of one source.
pub(crate) struct Sampler {
    options: Sampling,
    random: Random,
}

impl Sampler {
    pub(crate) fn new(options: &Sampling, random: Random) -> Self {
        Self { options: options.clone(), random }
    }

    /// A token, drawn from the softmax of the logits at the temperature: of the k best, of those the fewest
    /// that together reach p. One random number a draw.
    pub(crate) fn draw(&mut self, logits: &[f32]) -> Option<Scored> {
        let Sampling { temperature, top_k, top_p, .. } = self.options;
        let count = if top_k == 0 { logits.len() } else { top_k };
        let candidates = if count < logits.len() || top_p < 1.0 {
            top(logits, count)
        } else {
            let scored = (0..).zip(logits).map(|(token, &logit)| Scored { logit, token });
            scored.filter(|scored| scored.logit > f32::NEG_INFINITY).collect()
        };
        let best = candidates.iter().max()?.logit;
        let mut weights: Vec<f64> =
            candidates.iter().map(|c| (f64::from(c.logit - best) / temperature).exp()).collect();
        if top_p < 1.0 {
            let nucleus = top_p * weights.iter().sum::<f64>();
            let mut mass = 0.0;
            let before = weights.iter().take_while(|&&weight| {
                mass += weight;
                mass < nucleus
            });
            let kept = before.count() + 1;
            weights.truncate(kept);
        }
        let mut left = self.random.unit() * weights.iter().sum::<f64>();
        let drawn = weights.iter().position(|&weight| {
            left -= weight;
            left < 0.0
        });
        // Rounding can leave a remainder behind the last candidate.
        candidates.get(drawn.unwrap_or(weights.len() - 1)).copied()
    }
}
