//! Normalisation of frames to mean 0 and standard deviation 1.

use serde::{Deserialize, Serialize};

/// The mean and the standard deviation of every column of some frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalization {
    mean: Vec<f32>,
    deviation: Vec<f32>,
}

/// Columns that hardly change are left as they are, rather than blown up.
const LEAST: f64 = 1e-6;

impl Normalization {
    /// The normalisation that leaves frames of a width as they are.
    pub fn identity(width: usize) -> Self {
        Self { mean: vec![0.0; width], deviation: vec![1.0; width] }
    }

    /// The normalisation by a mean and a deviation of each column, as many of both.
    pub fn of(mean: Vec<f32>, deviation: Vec<f32>) -> Self {
        assert_eq!(mean.len(), deviation.len(), "a mean and a deviation of each column");
        Self { mean, deviation }
    }

    /// Fits one mean and one deviation to all columns: for patches of pixels, whose differences between columns mean
    /// something.
    pub fn fit_together<'a>(width: usize, batches: impl IntoIterator<Item = &'a [f32]>) -> Self {
        let mut moments = Moments::default();
        for batch in batches {
            batch.iter().for_each(|&value| moments.add(value));
        }
        let (mean, deviation) = moments.finish();
        Self { mean: vec![mean; width], deviation: vec![deviation; width] }
    }

    /// Fits a mean and a deviation to each column: for features of different kinds.
    ///
    /// # Shapes
    ///
    /// - each batch: `[frames, width]`, row-major
    pub fn fit(width: usize, batches: impl IntoIterator<Item = impl AsRef<[f32]>>) -> Self {
        let mut moments = vec![Moments::default(); width];
        for batch in batches {
            for frame in batch.as_ref().chunks_exact(width) {
                moments.iter_mut().zip(frame).for_each(|(moments, &value)| moments.add(value));
            }
        }
        let (mean, deviation) = moments.iter().map(Moments::finish).unzip();
        Self { mean, deviation }
    }

    /// The width of the frames.
    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// Normalises frames in place.
    pub fn apply(&self, frames: &mut [f32]) {
        for frame in frames.chunks_exact_mut(self.width().max(1)) {
            for ((value, mean), deviation) in frame.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *value = (*value - mean) / deviation;
            }
        }
    }

    /// The reverse of [`apply`](Self::apply).
    pub fn undo(&self, frames: &mut [f32]) {
        for frame in frames.chunks_exact_mut(self.width().max(1)) {
            for ((value, mean), deviation) in frame.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *value = *value * deviation + mean;
            }
        }
    }
}

/// Mean and variance in one pass (Welford 1962).
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f32) {
        let value = f64::from(value);
        self.count += 1.0;
        let difference = value - self.mean;
        self.mean += difference / self.count;
        self.squares += difference * (value - self.mean);
    }

    fn finish(&self) -> (f32, f32) {
        let deviation = (self.squares / self.count.max(1.0)).sqrt();
        (self.mean as f32, if deviation < LEAST { 1.0 } else { deviation as f32 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_get_mean_0_and_deviation_1() {
        let frames = [1.0, 10.0, 5.0, 3.0, 30.0, 5.0];
        let normalization = Normalization::fit(3, [&frames[..]]);
        let mut normal = frames;
        normalization.apply(&mut normal);
        assert_eq!(normal, [-1.0, -1.0, 0.0, 1.0, 1.0, 0.0]);
        normalization.undo(&mut normal);
        assert_eq!(normal, frames);
    }

    #[test]
    fn together_all_columns_share_the_moments() {
        let mut frames = [0.0, 2.0, 4.0, 2.0];
        Normalization::fit_together(2, [&frames[..]]).apply(&mut frames);
        let unit = 2.0_f32.sqrt();
        for (found, expected) in frames.iter().zip([-unit, 0.0, unit, 0.0]) {
            assert!((found - expected).abs() < 1e-6);
        }
        let mut same = [3.0, 4.0];
        Normalization::identity(2).apply(&mut same);
        assert_eq!(same, [3.0, 4.0]);
    }
}
