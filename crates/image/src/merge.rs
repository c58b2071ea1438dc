//! The regions of positions that an entrance makes of frames.

use any2any_adapter::Region;
use any2any_frames::{StemOptions, behind_class_tokens};

/// The regions of the positions that come out of an entrance. Behind convolutions each covers the frames of its stride,
/// the first of which is the middle of its kernel: together they cover everything once, as a map of attention needs; the
/// kernel of a position sees more than that. Class tokens cover the whole picture.
pub(crate) fn merged(regions: Vec<Region>, stem: &StemOptions) -> Vec<Region> {
    let regions = any2any_frames::merged(regions, stem.layers().iter().map(|layer| layer.stride), around);
    behind_class_tokens(stem.class_tokens(), regions, around)
}

/// The smallest rectangle around two.
fn around(one: &Region, other: &Region) -> Region {
    let (Some(one), Some(other)) = (edges(one), edges(other)) else { return Region::Nothing };
    let (left, top) = (one[0].min(other[0]), one[1].min(other[1]));
    let (right, bottom) = (one[2].max(other[2]), one[3].max(other[3]));
    Region::Rectangle { left, top, width: right - left, height: bottom - top }
}

/// Left, top, right and bottom of a rectangle.
fn edges(region: &Region) -> Option<[f32; 4]> {
    match *region {
        Region::Rectangle { left, top, width, height } => Some([left, top, left + width, top + height]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use any2any_frames::{ClassTokens, Convolutions, Layer};

    use super::*;

    fn columns(edges: &[(f32, f32)]) -> Vec<Region> {
        let column = |&(left, width)| Region::Rectangle { left, top: 0.0, width, height: 32.0 };
        edges.iter().map(column).collect()
    }

    #[test]
    fn regions_are_as_many_as_positions() {
        let layers = [Layer { kernel: 5, stride: 2 }, Layer { kernel: 3, stride: 3 }];
        let convolutions =
            |layers: &[Layer]| StemOptions::Convolution(Convolutions { layers: layers.to_vec() });
        let tokens = StemOptions::ClassTokens(ClassTokens { tokens: 2 });
        for stem in [convolutions(&layers), tokens.clone(), StemOptions::Projection] {
            for len in 0..40 {
                let frames: Vec<(f32, f32)> = (0..len).map(|left| (left as f32, 1.0)).collect();
                let positions = stem.of_width(32).positions(len);
                assert_eq!(merged(columns(&frames), &stem).len(), positions, "{len} frames");
            }
        }
        let five = columns(&[(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (4.0, 1.0)]);
        let halved = merged(five.clone(), &convolutions(&layers[..1]));
        assert_eq!(halved, columns(&[(0.0, 2.0), (2.0, 2.0), (4.0, 1.0)]));
        assert_eq!(merged(five.clone(), &tokens), [columns(&[(0.0, 5.0); 2]), five].concat());
    }
}
