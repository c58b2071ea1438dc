//! Best alignment of an encoder that was taught to spell its targets (connectionist temporal classification, Graves et
//! al. 2006): the most probable path of tokens and blanks through the positions of a source, by Viterbi's algorithm.

use any2any_search::log_sum_exp;

/// The position of the source that each token of a target stands at most probably; `None` if the positions are too few to
/// spell it.
///
/// # Shapes
///
/// - logits: `[positions, vocabulary]`; target: `[target]`, without an end
pub(super) fn positions_of(
    logits: &[f32],
    vocabulary: usize,
    target: &[u32],
    blank: u32,
) -> Option<Vec<usize>> {
    let rows: Vec<&[f32]> = logits.chunks_exact(vocabulary.max(1)).collect();
    // Blanks around and between the tokens.
    let states = 2 * target.len() + 1;
    let symbol = |state: usize| if state.is_multiple_of(2) { blank } else { target[state / 2] };
    let skips = |state: usize| state >= 2 && symbol(state) != blank && symbol(state) != symbol(state - 2);
    let mut scores = vec![f64::NEG_INFINITY; states];
    let mut came_from: Vec<Vec<usize>> = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let log_sum = log_sum_exp(row);
        let mut next = vec![f64::NEG_INFINITY; states];
        let mut from = vec![0; states];
        for state in 0..states {
            let (before, best) = match at {
                0 if state < 2 => (state, 0.0),
                0 => (state, f64::NEG_INFINITY),
                _ => {
                    let steps =
                        [Some(state), state.checked_sub(1), state.checked_sub(2).filter(|_| skips(state))];
                    let best = steps.into_iter().flatten().map(|before| (before, scores[before]));
                    best.reduce(|best, other| if other.1 > best.1 { other } else { best })?
                }
            };
            next[state] = best + f64::from(row[symbol(state) as usize]) - log_sum;
            from[state] = before;
        }
        scores = next;
        came_from.push(from);
    }
    let ends = [states.checked_sub(1), states.checked_sub(2)].into_iter().flatten();
    let mut state = ends.reduce(|best, other| if scores[other] > scores[best] { other } else { best })?;
    if scores[state] == f64::NEG_INFINITY || rows.is_empty() {
        return None;
    }
    let mut positions: Vec<Option<usize>> = vec![None; target.len()];
    for at in (0..rows.len()).rev() {
        if !state.is_multiple_of(2) {
            let token = state / 2;
            // Of several positions of one token, the one that is surest of it.
            let logit = |at: usize| f64::from(rows[at][target[token] as usize]) - log_sum_exp(rows[at]);
            let place = positions[token].filter(|&known| logit(known) > logit(at)).unwrap_or(at);
            positions[token] = Some(place);
        }
        state = came_from[at][state];
    }
    positions.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLANK: u32 = 0;

    /// Logits that all but spell some symbols, one a position.
    fn spelled(symbols: &[u32]) -> Vec<f32> {
        let row = |&symbol: &u32| (0..4).map(move |token| if token == symbol { 5.0 } else { 0.0 });
        symbols.iter().flat_map(row).collect()
    }

    #[test]
    fn tokens_stand_where_they_are_spelled() {
        for (symbols, target, expected) in [
            (&[BLANK, 1, BLANK, 2, 3][..], &[1, 2, 3][..], Some(vec![1, 3, 4])),
            (&[1, 2, 3], &[1, 2, 3], Some(vec![0, 1, 2])),
            (&[1, BLANK, 1], &[1, 1], Some(vec![0, 2])),
            // Two that are equal need a blank between them.
            (&[1, 1], &[1, 1], None),
            (&[1], &[1, 2], None),
            (&[BLANK, 2], &[], Some(vec![])),
        ] {
            assert_eq!(positions_of(&spelled(symbols), 4, target, BLANK), expected, "{symbols:?} {target:?}");
        }
    }

    #[test]
    fn of_several_positions_the_surest_counts() {
        let mut logits = spelled(&[1, 1, 1, 2]);
        logits[4 + 1] = 9.0;
        assert_eq!(positions_of(&logits, 4, &[1, 2], BLANK), Some(vec![1, 3]));
    }
}
