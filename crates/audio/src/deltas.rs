//! Deltas of frames: first and second differences over time, by regression over two frames on each side (Furui 1986),
//! as Kaldi and torchaudio compute them. Beyond the ends, the first and the last frame go on.

/// Frames with their first and second differences beside them.
///
/// # Shapes
///
/// - frames: `[frames, width]`, row-major
/// - the result: `[frames, 3 * width]`
pub(crate) fn with_deltas(frames: &[f32], width: usize) -> Vec<f32> {
    let first = deltas(frames, width);
    let second = deltas(&first, width);
    let mut values = Vec::with_capacity(3 * frames.len());
    for start in (0..frames.len()).step_by(width.max(1)) {
        for part in [frames, &first[..], &second[..]] {
            values.extend_from_slice(&part[start..start + width]);
        }
    }
    values
}

fn deltas(frames: &[f32], width: usize) -> Vec<f32> {
    let count = frames.len() / width.max(1);
    let mut values = vec![0.0; frames.len()];
    for (number, row) in values.chunks_exact_mut(width.max(1)).enumerate() {
        for reach in 1..=2 {
            let after = &frames[(number + reach).min(count - 1) * width..];
            let before = &frames[number.saturating_sub(reach) * width..];
            for ((value, after), before) in row.iter_mut().zip(after).zip(before) {
                *value += reach as f32 * (after - before) / 10.0;
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_its_difference() {
        let slope: Vec<f32> = (0..10).map(|number| 3.0 * number as f32).collect();
        let first = deltas(&slope, 1);
        assert!(first[2..8].iter().all(|delta| (delta - 3.0).abs() < 1e-6));
        // By hand: (1 * (3 - 0) + 2 * (6 - 0)) / 10.
        assert!((first[0] - 1.5).abs() < 1e-6);
        assert!(deltas(&first, 1)[4].abs() < 1e-6);
    }

    #[test]
    fn columns_stay_apart() {
        let frames = [1.0, 5.0, 2.0, 5.0];
        let all = with_deltas(&frames, 2);
        assert_eq!(all.len(), 12);
        assert_eq!((all[0], all[1], all[3], all[9]), (1.0, 5.0, 0.0, 0.0));
        assert!((all[2] - 0.3).abs() < 1e-6 && (all[8] - 0.3).abs() < 1e-6);
        assert_eq!(with_deltas(&[], 2), Vec::<f32>::new());
    }
}
