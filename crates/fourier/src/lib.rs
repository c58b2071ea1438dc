//! Fourier transforms of real values, by `realfft`, and the resampling of sounds, by `rubato`.
//!
//! Both libraries are generic, so every crate that makes a plan compiles some 600,000 lines of LLVM's for it. What is made
//! here is compiled here, for 32 and for 64 bits, and used behind traits.

pub use realfft::num_complex::Complex;
pub use realfft::{ComplexToReal, RealToComplex};

use std::sync::Arc;

use realfft::RealFftPlanner;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

/// Real numbers that transforms are there for: [`f32`] and [`f64`].
pub trait Real: Sized {
    /// The plan of a transform of so many real values into `length / 2 + 1` complex ones, not scaled.
    fn forward(length: usize) -> Arc<dyn RealToComplex<Self>>;

    /// The plan of the way back, from `length / 2 + 1` complex values to `length` times the real ones.
    fn inverse(length: usize) -> Arc<dyn ComplexToReal<Self>>;
}

macro_rules! real {
    ($($number:ty)*) => {$(
        impl Real for $number {
            #[inline(never)]
            fn forward(length: usize) -> Arc<dyn RealToComplex<Self>> {
                RealFftPlanner::new().plan_fft_forward(length)
            }

            #[inline(never)]
            fn inverse(length: usize) -> Arc<dyn ComplexToReal<Self>> {
                RealFftPlanner::new().plan_fft_inverse(length)
            }
        }
    )*};
}
real!(f32 f64);

/// The reason why a sound cannot be brought to another rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ResamplingError(String);

/// Least length of a piece, in samples of the lower rate: a longer one makes the filter steeper.
const PIECE: usize = 1024;

/// Samples of one channel at another rate, of the same duration: overlapping pieces are filtered and cut, or filled up, in the
/// spectrum, so that nothing above half of the lower rate is left to alias. The filter softens the uppermost few per cent of
/// frequencies.
///
/// # Errors
///
/// When a rate is 0, or so odd that no piece can be made for it.
#[inline(never)]
pub fn resample(samples: &[f32], from: usize, to: usize) -> Result<Vec<f32>, ResamplingError> {
    if from == 0 || to == 0 {
        return Err(ResamplingError(format!("no sound has {} Hz", from.min(to))));
    }
    // An even number of the shortest pieces that hold whole samples of both rates: rubato centres its filter on a
    // sample, which is the middle of an even length only.
    let shortest = from / gcd(from, to);
    let piece = shortest * (PIECE * from.div_ceil(to)).div_ceil(shortest).next_multiple_of(2);
    let failed = |error: &dyn std::fmt::Display| ResamplingError(error.to_string());
    let mut resampler = Fft::new(from, to, piece, 1, FixedSync::Both).map_err(|error| failed(&error))?;
    let input = InterleavedSlice::new(samples, 1, samples.len()).map_err(|error| failed(&error))?;
    let output = resampler.process_all(&input, samples.len(), None).map_err(|error| failed(&error))?;
    let mut output = output.take_data();
    // Rubato rounds up what it computes in floats, which may be one sample more.
    output.truncate((samples.len() as u128 * to as u128).div_ceil(from as u128) as usize);
    Ok(output)
}

/// The greatest common divisor (Euclid).
fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
