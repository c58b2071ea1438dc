//! Butterworth filters and notches as second-order sections.
//!
//! The analogue prototype has its poles on a half circle; the pre-warped bilinear transform brings it to the
//! wanted frequencies (Oppenheim and Schafer, "Discrete-Time Signal Processing", chapter 7), as in SciPy.

use std::f64::consts::PI;

/// One section: `b0 + b1 z⁻¹ + b2 z⁻²` over `1 + a1 z⁻¹ + a2 z⁻²`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Section {
    pub b: [f64; 3],
    pub a: [f64; 2],
}

/// Frequencies that pass, in hertz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Band {
    Above(f64),
    Below(f64),
    Between(f64, f64),
}

/// A Butterworth filter of an order at a rate in hertz. All edges lie between 0 and half the rate.
pub(crate) fn butterworth(order: usize, band: Band, rate: f64) -> Vec<Section> {
    // The bilinear transform at a rate of 2: s = 4 (z - 1) / (z + 1).
    let warp = |frequency: f64| 4.0 * (PI * frequency / rate).tan();
    let prototype =
        (0..order).map(|number| Complex::turn(PI * (2 * number + order + 1) as f64 / (2 * order) as f64));
    let analogue: Vec<Complex> = match band {
        Band::Below(edge) => prototype.map(|pole| pole.scale(warp(edge))).collect(),
        Band::Above(edge) => prototype.map(|pole| pole.inverse().scale(warp(edge))).collect(),
        Band::Between(low, high) => {
            let (width, centre) = (warp(high) - warp(low), warp(high) * warp(low));
            let split = |pole: Complex| {
                let half = pole.scale(width / 2.0);
                let root = half.times(half).plus(Complex { re: -centre, im: 0.0 }).root();
                [half.plus(root), half.plus(root.scale(-1.0))]
            };
            prototype.flat_map(split).collect()
        }
    };
    let poles = analogue.into_iter().map(|s| {
        let top = Complex { re: 4.0 + s.re, im: s.im };
        top.times(Complex { re: 4.0 - s.re, im: -s.im }.inverse())
    });
    let (mut pairs, mut real) = (Vec::new(), Vec::new());
    for pole in poles {
        if pole.im.abs() < 1e-12 {
            real.push(pole.re);
        } else if pole.im > 0.0 {
            pairs.push([-2.0 * pole.re, pole.re * pole.re + pole.im * pole.im]);
        }
    }
    real.sort_by(f64::total_cmp);
    let real = real.chunks(2).map(|pair| match *pair {
        [a, b] => [-(a + b), a * b],
        [a] => [-a, 0.0],
        _ => [0.0, 0.0],
    });
    let passing = match band {
        Band::Below(_) => 0.0,
        Band::Above(_) => PI,
        Band::Between(low, high) => 2.0 * ((warp(low) * warp(high)).sqrt() / 4.0).atan(),
    };
    let section = |a: [f64; 2]| {
        let b = match (band, a[1] == 0.0) {
            (Band::Below(_), false) => [1.0, 2.0, 1.0],
            (Band::Below(_), true) => [1.0, 1.0, 0.0],
            (Band::Above(_), false) => [1.0, -2.0, 1.0],
            (Band::Above(_), true) => [1.0, -1.0, 0.0],
            (Band::Between(..), _) => [1.0, 0.0, -1.0],
        };
        let gain = Section { b, a }.gain(passing);
        Section { b: b.map(|value| value / gain), a }
    };
    pairs.into_iter().chain(real).map(section).collect()
}

/// A notch at a frequency in hertz; `quality` is the frequency divided by the width at -3 dB.
pub(crate) fn notch(frequency: f64, quality: f64, rate: f64) -> Section {
    let angle = 2.0 * PI * frequency / rate;
    let gain = 1.0 / (1.0 + (angle / quality / 2.0).tan());
    let middle = -2.0 * gain * angle.cos();
    Section { b: [gain, middle, gain], a: [middle, 2.0 * gain - 1.0] }
}

impl Section {
    /// Gain of a frequency; `angle` in radians a sample.
    pub(crate) fn gain(&self, angle: f64) -> f64 {
        let polynomial = |c: [f64; 3]| {
            let (once, twice) = (Complex::turn(-angle), Complex::turn(-2.0 * angle));
            Complex { re: c[0], im: 0.0 }.plus(once.scale(c[1])).plus(twice.scale(c[2])).size()
        };
        polynomial(self.b) / polynomial([1.0, self.a[0], self.a[1]])
    }
}

#[derive(Clone, Copy, Debug)]
struct Complex {
    re: f64,
    im: f64,
}

impl Complex {
    fn turn(angle: f64) -> Self {
        Self { re: angle.cos(), im: angle.sin() }
    }

    fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    fn times(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }

    fn scale(self, factor: f64) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }

    fn inverse(self) -> Self {
        let square = self.re * self.re + self.im * self.im;
        Self { re: self.re / square, im: -self.im / square }
    }

    fn size(self) -> f64 {
        self.re.hypot(self.im)
    }

    fn root(self) -> Self {
        let re = ((self.size() + self.re) / 2.0).max(0.0).sqrt();
        let im = ((self.size() - self.re) / 2.0).max(0.0).sqrt();
        Self { re, im: if self.im < 0.0 { -im } else { im } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_lie_at_half_the_power() {
        let cases = [
            (Band::Below(20.0), vec![(1e-6, 1.0), (20.0, 0.5_f64.sqrt()), (127.0, 0.0)]),
            (Band::Above(20.0), vec![(1e-3, 0.0), (20.0, 0.5_f64.sqrt()), (127.9, 1.0)]),
            (Band::Between(6.0, 45.0), vec![(0.1, 0.0), (6.0, 0.5_f64.sqrt()), (45.0, 0.5_f64.sqrt())]),
        ];
        for (band, expected) in cases {
            for order in 1..=8 {
                let sections = butterworth(order, band, 256.0);
                for &(frequency, gain) in &expected {
                    let angle = 2.0 * PI * frequency / 256.0;
                    let found: f64 = sections.iter().map(|section| section.gain(angle)).product();
                    let tolerance = if gain == 0.0 { 0.05 } else { 1e-6 };
                    assert!((found - gain).abs() < tolerance, "{band:?} {order} {frequency}: {found}");
                }
            }
        }
    }

    #[test]
    fn a_notch_takes_its_frequency_out() {
        let notch = notch(50.0, 30.0, 256.0);
        let gain = |frequency: f64| notch.gain(2.0 * PI * frequency / 256.0);
        assert!(gain(50.0) < 1e-12 && (gain(0.0) - 1.0).abs() < 1e-12 && gain(45.0) > 0.98);
    }
}
