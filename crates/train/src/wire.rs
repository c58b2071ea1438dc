//! Values on their way from one rank to another.

use std::borrow::Cow;

use any2any_experiment::spec::Exchange;

/// The form of values on their way: as they are, or two numbers of 16 bits in the place of one of 32.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire(pub(crate) Exchange);

impl Wire {
    /// The length of so many values on their way.
    pub(crate) fn length(self, values: usize) -> usize {
        match self.0 {
            Exchange::Float32 => values,
            Exchange::Bfloat16 => values.div_ceil(2),
        }
    }

    pub(crate) fn packed(self, values: &[f32]) -> Cow<'_, [f32]> {
        let pair = |pair: &[f32]| {
            let high = pair.get(1).map_or(0, |&value| bfloat16(value));
            f32::from_bits(u32::from(bfloat16(pair[0])) | u32::from(high) << 16)
        };
        match self.0 {
            Exchange::Float32 => Cow::Borrowed(values),
            Exchange::Bfloat16 => Cow::Owned(values.chunks(2).map(pair).collect()),
        }
    }

    /// So many values that have arrived.
    pub(crate) fn unpacked(self, values: &[f32], length: usize) -> Cow<'_, [f32]> {
        match self.0 {
            Exchange::Float32 => Cow::Borrowed(values),
            Exchange::Bfloat16 => {
                let pairs = values.iter().map(|pair| pair.to_bits());
                let halves = pairs.flat_map(|pair| [pair << 16, pair & 0xffff_0000]);
                Cow::Owned(halves.map(f32::from_bits).take(length).collect())
            }
        }
    }
}

/// The upper 16 bits of the nearest number that needs no more; of two as near, of the even one. What is not finite stays so.
fn bfloat16(value: f32) -> u16 {
    let bits = value.to_bits();
    if value.is_nan() {
        return (bits >> 16) as u16 | 0x40;
    }
    ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_sixteen_bits_are_the_nearest() {
        let cases: [(f32, u32); 7] = [
            (1.0, 0x3f80_0000),
            (-0.0, 0x8000_0000),
            (f32::from_bits(0x3f80_8000), 0x3f80_0000), // as near to both: the even one
            (f32::from_bits(0x3f81_8000), 0x3f82_0000),
            (f32::from_bits(0x3f80_8001), 0x3f81_0000),
            (f32::MAX, f32::INFINITY.to_bits()),
            (f32::NEG_INFINITY, f32::NEG_INFINITY.to_bits()),
        ];
        let wire = Wire(Exchange::Bfloat16);
        let values: Vec<f32> = cases.iter().map(|(value, _)| *value).collect();
        let arrived = wire.packed(&values);
        let arrived = wire.unpacked(&arrived, cases.len());
        assert_eq!(
            arrived.iter().copied().map(f32::to_bits).collect::<Vec<_>>(),
            cases.map(|(_, bits)| bits)
        );
        let nan = wire.packed(&[f32::from_bits(0x7f80_0001)]).into_owned();
        assert!(wire.unpacked(&nan, 1)[0].is_nan());
    }
}
