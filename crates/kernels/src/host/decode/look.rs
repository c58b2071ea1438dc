//! A look at attention: the weights of every head, with keys that are hidden and heads that are silenced.

/// A look at one attention.
#[derive(Debug)]
pub struct AttentionLook<'a> {
    /// The keys that no query sees.
    pub hidden: &'a [usize],
    /// The heads whose context is zero.
    pub silenced: &'a [usize],
    /// The weights, `[heads, queries, keys]`, which the attention writes; a row is zero when all of its keys are hidden.
    pub weights: &'a mut [f32],
}

impl AttentionLook<'_> {
    /// Hides keys, `[keys]`, before scores become weights.
    pub(super) fn hide(&self, scores: &mut [f32]) {
        self.hidden.iter().for_each(|&key| {
            if let Some(score) = scores.get_mut(key) {
                *score = f32::NEG_INFINITY;
            }
        });
    }

    /// Keeps the weights of one query, `[keys]`, of `queries`. Where all keys were hidden there are none.
    pub(super) fn keep(&mut self, head: usize, (query, queries): (usize, usize), weights: &mut [f32]) {
        let keys = weights.len();
        // Hidden keys have a tiny weight left, since the exponential is never zero.
        self.hidden.iter().for_each(|&key| {
            if let Some(weight) = weights.get_mut(key) {
                *weight = 0.0;
            }
        });
        if weights.iter().any(|weight| weight.is_nan()) {
            weights.fill(0.0);
        }
        self.weights[(head * queries + query) * keys..][..keys].copy_from_slice(weights);
    }
}
