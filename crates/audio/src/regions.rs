//! Regions of positions: the span of the sound, in seconds, that each covers.

use any2any_adapter::Region;
use any2any_frames::{StemOptions, behind_class_tokens};

/// The spans of frames in seconds: from half a hop before the middle of a frame's window to half a hop after it,
/// so that together they cover the sound once. (The windows themselves overlap.) Frames behind its end cover nothing.
pub(crate) fn spans(frames: usize, hop: usize, samples: usize, rate: f64) -> Vec<Region> {
    let end = samples as f64 / rate;
    let edge = |number: usize| match number {
        0 => 0.0,
        _ if number == frames => end,
        _ => ((number as f64 - 0.5) * hop as f64).min(samples as f64) / rate,
    };
    let span = |number: usize| match edge(number) {
        start if number > 0 && start >= end => Region::Nothing,
        start => Region::Span { start, end: edge(number + 1) },
    };
    (0..frames).map(span).collect()
}

/// The spans of groups of `size` neighbouring positions.
pub(crate) fn merged(spans: Vec<Region>, size: usize) -> Vec<Region> {
    any2any_frames::merged(spans, [size], around)
}

/// The spans of the positions that an entrance makes of frames: behind convolutions each covers the frames of its stride,
/// where its kernel is centred, and class tokens cover the whole sound.
pub(crate) fn convolved(spans: Vec<Region>, stem: &StemOptions) -> Vec<Region> {
    let spans = any2any_frames::merged(spans, stem.layers().iter().map(|layer| layer.stride), around);
    behind_class_tokens(stem.class_tokens(), spans, around)
}

/// The smallest span around two.
fn around(one: &Region, other: &Region) -> Region {
    match (one, other) {
        (&Region::Span { start, end }, &Region::Span { start: earlier, end: later }) => {
            Region::Span { start: start.min(earlier), end: end.max(later) }
        }
        _ => Region::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use any2any_frames::{ClassTokens, Convolutions, Layer};

    use super::*;

    fn edges(spans: &[Region]) -> Vec<(f64, f64)> {
        let edges = |span: &Region| match *span {
            Region::Span { start, end } => (start, end),
            ref other => panic!("{other:?}"),
        };
        spans.iter().map(edges).collect()
    }

    #[test]
    fn spans_cover_the_sound_once() {
        assert_eq!(edges(&spans(3, 10, 29, 10.0)), [(0.0, 0.5), (0.5, 1.5), (1.5, 2.9)]);
        assert_eq!(edges(&spans(3, 10, 20, 10.0)), [(0.0, 0.5), (0.5, 1.5), (1.5, 2.0)]);
        assert_eq!(edges(&spans(1, 10, 1, 10.0)), [(0.0, 0.1)]);
        assert_eq!(spans(0, 10, 0, 10.0), []);
        let padded = spans(5, 10, 17, 10.0);
        assert_eq!(edges(&padded[..3]), [(0.0, 0.5), (0.5, 1.5), (1.5, 1.7)]);
        assert_eq!(padded[3..], [Region::Nothing, Region::Nothing]);
    }

    #[test]
    fn merged_spans_are_as_many_as_positions_and_leave_nothing_out() {
        let layers = vec![Layer { kernel: 3, stride: 2 }, Layer { kernel: 5, stride: 3 }];
        let stem = StemOptions::Convolution(Convolutions { layers });
        for frames in 1..50 {
            let merged = convolved(spans(frames, 10, frames * 10 - 3, 10.0), &stem);
            assert_eq!(merged.len(), stem.of_width(40).positions(frames));
            let edges = edges(&merged);
            assert_eq!((edges[0].0, edges[edges.len() - 1].1), (0.0, (frames * 10 - 3) as f64 / 10.0));
            assert!(edges.windows(2).all(|pair| pair[0].1 == pair[1].0));
            let stem = StemOptions::ClassTokens(ClassTokens { tokens: 1 });
            let behind = convolved(spans(frames, 10, frames * 10 - 3, 10.0), &stem);
            assert_eq!(behind.len(), stem.of_width(40).positions(frames));
            assert_eq!(self::edges(&behind)[0], (0.0, (frames * 10 - 3) as f64 / 10.0));
        }
    }
}
