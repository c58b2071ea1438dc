//! The regions of positions that convolutions make of several frames.

use any2any_adapter::{Convolution, Region};

/// The regions of the positions that come out: each covers the frames of the stride that it stands for, the
/// first of which is the middle of its kernel. Together they cover everything once, which a map of attention
/// needs; a position sees more than that.
pub(crate) fn merged(mut regions: Vec<Region>, layers: &[Convolution]) -> Vec<Region> {
    for layer in layers {
        regions = regions.chunks(layer.stride.max(1)).map(around).collect();
    }
    regions
}

/// The smallest rectangle around some others.
fn around(regions: &[Region]) -> Region {
    let mut edges: Option<[f32; 4]> = None;
    for region in regions {
        if let Region::Rectangle { left, top, width, height } = *region {
            let [a, b, c, d] = edges.unwrap_or([left, top, left + width, top + height]);
            edges = Some([a.min(left), b.min(top), c.max(left + width), d.max(top + height)]);
        }
    }
    edges.map_or(Region::Nothing, |[left, top, right, bottom]| Region::Rectangle {
        left,
        top,
        width: right - left,
        height: bottom - top,
    })
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Stem;

    use super::*;

    fn columns(edges: &[(f32, f32)]) -> Vec<Region> {
        let column = |&(left, width)| Region::Rectangle { left, top: 0.0, width, height: 32.0 };
        edges.iter().map(column).collect()
    }

    #[test]
    fn regions_are_as_many_as_positions() {
        let layers = [Convolution { kernel: 5, stride: 2 }, Convolution { kernel: 3, stride: 3 }];
        let stem = Stem::Convolution { width: 32, layers: layers.to_vec() };
        for len in 0..40 {
            let frames: Vec<(f32, f32)> = (0..len).map(|left| (left as f32, 1.0)).collect();
            assert_eq!(merged(columns(&frames), &layers).len(), stem.positions(len), "{len} frames");
        }
        let five = columns(&[(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (4.0, 1.0)]);
        assert_eq!(merged(five, &layers[..1]), columns(&[(0.0, 2.0), (2.0, 2.0), (4.0, 1.0)]));
    }
}
