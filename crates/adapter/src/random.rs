//! Random numbers that need no saved state: every generator is made from the run's seed, its purpose and the
//! step, so that a resumed run draws what an uninterrupted one would have drawn.
//!
//! The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
//! 2014) over a counter: the n-th number depends on the key and n alone.

/// The seed of a run, from which every generator is derived.
///
/// ```
/// use any2any_adapter::Seed;
///
/// // A training and its continuation shuffle their hundredth epoch alike.
/// let shuffled = || {
///     let mut melodies = ["lullaby", "march", "waltz"];
///     Seed(7).random("shuffle", 100).shuffle(&mut melodies);
///     melodies
/// };
/// assert_eq!(shuffled(), shuffled());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The generator of one purpose ("shuffle", "dropout", ...) at one step.
    pub fn random(self, purpose: &str, step: u64) -> Random {
        let mut key = mix(self.0 ^ 0x6a09_e667_f3bc_c908);
        for byte in purpose.bytes() {
            key = mix(key ^ u64::from(byte));
        }
        Random { key: mix(key ^ step), counter: 0 }
    }
}

/// A stream of random numbers.
///
/// ```
/// use any2any_adapter::{Random, Seed};
///
/// /// Keys, raised together by up to an octave: another melody of the same shape.
/// fn transposed(keys: &[u8], random: &mut Random) -> Vec<u8> {
///     let semitones = random.below(13) as u8;
///     keys.iter().map(|key| key + semitones).collect()
/// }
///
/// let melody = transposed(&[60, 64, 67], &mut Seed(1).random("augment", 0));
/// assert_eq!(melody[1] - melody[0], 4);
/// assert_eq!(melody, transposed(&[60, 64, 67], &mut Seed(1).random("augment", 0)));
/// ```
#[derive(Clone, Debug)]
pub struct Random {
    key: u64,
    counter: u64,
}

impl Random {
    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.counter += 1;
        mix(self.key.wrapping_add(self.counter.wrapping_mul(GOLDEN)))
    }

    /// A key for another generator.
    pub fn fork(&mut self) -> Seed {
        Seed(self.next_u64())
    }

    /// A number in `[0, 1)` with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number in `[0, bound)`, each equally likely; 0 when `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // Lemire's multiplication without rejection: the bias is below bound / 2^64.
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// A number of the standard normal distribution (Box and Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Puts items into random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(GOLDEN);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purpose_and_step_separate_streams() {
        let first = |purpose, step| Seed(1).random(purpose, step).next_u64();
        assert_eq!(first("shuffle", 3), first("shuffle", 3));
        assert_ne!(first("shuffle", 3), first("shuffle", 4));
        assert_ne!(first("shuffle", 3), first("dropout", 3));
        assert_ne!(first("shuffle", 3), Seed(2).random("shuffle", 3).next_u64());
    }

    #[test]
    fn unit_is_uniform_and_normal_is_normal() {
        let mut random = Seed(7).random("test", 0);
        let n = 100_000;
        let mean = (0..n).map(|_| random.unit()).sum::<f64>() / f64::from(n);
        assert!((mean - 0.5).abs() < 0.005, "mean {mean}");
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..n {
            let x = random.normal();
            sum += x;
            squares += x * x;
        }
        assert!((sum / f64::from(n)).abs() < 0.02);
        assert!((squares / f64::from(n) - 1.0).abs() < 0.03);
    }

    #[test]
    fn shuffle_keeps_every_item_and_below_keeps_its_bound() {
        let mut items: Vec<usize> = (0..100).collect();
        let mut random = Seed(1).random("shuffle", 0);
        random.shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
        assert!((0..1000).all(|_| random.below(7) < 7));
        assert_eq!(random.below(0), 0);
    }
}
