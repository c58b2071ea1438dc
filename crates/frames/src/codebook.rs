//! A vocabulary of frames: k-means (Lloyd 1982) from k-means++ seeds (Arthur and Vassilvitskii 2007).

use any2any_adapter::{Frames, Seed};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Codebook of frames: each frame is written as the nearest of its centres.
///
/// # Shapes
///
/// - centres: `[codes, width]`, row-major
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Codebook {
    width: usize,
    centres: Vec<f32>,
}

/// Rounds of Lloyd's algorithm at most; it stops when no frame changes its code.
const ROUNDS: usize = 50;
/// Frames that a thread ranks at a time.
const PIECE: usize = 1024;

impl Codebook {
    /// A codebook of `codes` centres learned from frames. It has fewer when fewer frames are distinct.
    ///
    /// A codebook depends on its frames alone, whatever the number of threads. Learning takes time in
    /// proportion to frames times codes: give it a sample of 100,000 rather than everything.
    ///
    /// Returns `None` when there is no frame or no code is asked for.
    pub fn fit(frames: &Frames, codes: usize) -> Option<Self> {
        if frames.is_empty() || codes == 0 {
            return None;
        }
        let mut codebook = Self { width: frames.width(), centres: Vec::new() };
        codebook.seed(frames, codes);
        let mut nearest = Vec::new();
        for _ in 0..ROUNDS {
            let now = codebook.nearest(frames);
            if now == nearest {
                break;
            }
            nearest = now;
            codebook.recentre(frames, &nearest);
        }
        Some(codebook)
    }

    /// Number of codes.
    pub fn codes(&self) -> usize {
        self.centres.len() / self.width
    }

    /// The width of the frames.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The frame that a code stands for.
    pub fn centre(&self, code: usize) -> Option<&[f32]> {
        self.centres.chunks_exact(self.width).nth(code)
    }

    /// The code of each frame: the centre at the smallest distance, the first of several.
    ///
    /// # Panics
    ///
    /// When the frames are of another width.
    pub fn nearest(&self, frames: &Frames) -> Vec<usize> {
        assert_eq!(frames.width(), self.width, "frames of the codebook's width");
        let pieces = frames.values().par_chunks(PIECE * self.width);
        pieces.flat_map_iter(|piece| piece.chunks_exact(self.width).map(|frame| self.rank(frame).0)).collect()
    }

    /// The nearest centre and its squared distance.
    fn rank(&self, frame: &[f32]) -> (usize, f32) {
        let mut best = (0, f32::INFINITY);
        for (code, centre) in self.centres.chunks_exact(self.width).enumerate() {
            let distance = squared_distance(frame, centre);
            if distance < best.1 {
                best = (code, distance);
            }
        }
        best
    }

    /// Draws centres among the frames, each with a probability that grows with its squared distance from
    /// those already drawn.
    fn seed(&mut self, frames: &Frames, codes: usize) {
        let mut random = Seed(0).random("codebook", codes as u64);
        let first = random.below(frames.len());
        let rows = || frames.values().par_chunks_exact(self.width);
        let mut distances = vec![f32::INFINITY; frames.len()];
        let mut drawn = first;
        let mut centres = Vec::with_capacity(codes * self.width);
        loop {
            let centre = &frames.values()[drawn * self.width..][..self.width];
            centres.extend_from_slice(centre);
            if centres.len() == codes * self.width {
                break;
            }
            distances.par_iter_mut().zip(rows()).for_each(|(distance, frame)| {
                *distance = distance.min(squared_distance(frame, centre));
            });
            let total: f64 = distances.iter().map(|&distance| f64::from(distance)).sum();
            if total <= 0.0 {
                break;
            }
            let mut left = random.unit() * total;
            drawn = distances.len() - 1;
            for (number, &distance) in distances.iter().enumerate() {
                left -= f64::from(distance);
                if left < 0.0 {
                    drawn = number;
                    break;
                }
            }
        }
        self.centres = centres;
    }

    /// Moves every centre to the mean of its frames; one without frames stays.
    fn recentre(&mut self, frames: &Frames, nearest: &[usize]) {
        let mut sums = vec![0.0_f64; self.centres.len()];
        let mut counts = vec![0.0_f64; self.codes()];
        for (frame, &code) in frames.values().chunks_exact(self.width).zip(nearest) {
            counts[code] += 1.0;
            let sums = &mut sums[code * self.width..][..self.width];
            sums.iter_mut().zip(frame).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        for ((centre, sums), count) in
            self.centres.chunks_exact_mut(self.width).zip(sums.chunks_exact(self.width)).zip(counts)
        {
            if count > 0.0 {
                centre.iter_mut().zip(sums).for_each(|(value, sum)| *value = (sum / count) as f32);
            }
        }
    }
}

fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(seed: u64) -> Frames {
        let mut random = Seed(seed).random("clusters", 0);
        let means = [(0.0, 0.0), (10.0, 0.0), (0.0, 10.0)];
        let values = (0..3000).flat_map(|number| {
            let (x, y) = means[number % 3];
            [(x + 0.5 * random.normal()) as f32, (y + 0.5 * random.normal()) as f32]
        });
        Frames::new(2, values.collect()).expect("rows of two")
    }

    #[test]
    fn centres_find_the_clusters() {
        let frames = clusters(1);
        let codebook = Codebook::fit(&frames, 3).expect("three codes");
        let nearest = codebook.nearest(&frames);
        for number in 0..3000 {
            assert_eq!(nearest[number], nearest[number % 3], "frame {number}");
        }
        for first in 0..3 {
            let [x, y] = *codebook.centre(nearest[first]).expect("a code") else { panic!("two columns") };
            let (wanted_x, wanted_y) = [(0.0, 0.0), (10.0, 0.0), (0.0, 10.0)][first];
            assert!((x - wanted_x).abs() < 0.1 && (y - wanted_y).abs() < 0.1, "{x} {y}");
        }
    }

    #[test]
    fn more_codes_come_nearer_and_the_same_frames_give_the_same_codes() {
        let frames = clusters(2);
        let error = |codes: usize| -> f32 {
            let codebook = Codebook::fit(&frames, codes).expect("codes");
            frames.values().chunks_exact(2).map(|frame| codebook.rank(frame).1).sum()
        };
        assert!(error(1) > error(3) && error(3) > error(16));
        assert_eq!(Codebook::fit(&frames, 16), Codebook::fit(&frames, 16));
    }

    #[test]
    fn few_frames_give_few_codes() {
        let frames = Frames::new(1, vec![1.0, 1.0, 2.0]).expect("rows of one");
        let codebook = Codebook::fit(&frames, 8).expect("codes");
        assert_eq!(codebook.codes(), 2);
        assert_eq!(codebook.centre(2), None);
        assert!(Codebook::fit(&Frames::new(1, vec![]).expect("no rows"), 8).is_none());
    }
}
