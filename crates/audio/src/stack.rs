//! Neighbouring frames side by side, as one position (Sak et al. 2015).

/// Frames, `stack` of them side by side; the last one is repeated to fill up.
///
/// # Shapes
///
/// - frames: `[frames, width]`, row-major
/// - the result: `[ceil(frames / stack), stack * width]`
pub(crate) fn stacked(mut frames: Vec<f32>, width: usize, stack: usize) -> Vec<f32> {
    let row = width * stack;
    if let Some(last) = frames.len().checked_sub(width) {
        while !frames.len().is_multiple_of(row) {
            frames.extend_from_within(last..last + width);
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_frame_fills_up() {
        let frames = || vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(stacked(frames(), 2, 2), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 5.0, 6.0]);
        assert_eq!(stacked(frames(), 2, 3), frames());
        assert_eq!(stacked(frames(), 2, 1), frames());
        assert_eq!(stacked(vec![], 2, 3), Vec::<f32>::new());
    }
}
