//! Sum of an update's gradients, taken in the order of a tree.
//!
//! Floating-point sums depend on their order. The one here is a balanced binary tree over the numbers of the batches, whose
//! nodes begin at multiples of powers of two: its shape depends on the number of batches alone, and not on which rank
//! computes which of them. In one process, at most about `log2(batches)` partial sums exist at a time.

use any2any_kernels::sum_of_squares;
use any2any_run::parameters::{self, Named};
use burn::module::Module;

/// The gradients of one update, summed over its batches.
#[derive(Debug, Default)]
pub struct GradientSum {
    /// The number of the next batch.
    next: usize,
    /// Sums over neighbouring batches, in their order.
    partial: Vec<Partial>,
}

/// A sum over the batches of one node of the tree.
#[derive(Debug)]
pub(crate) struct Partial {
    /// The number of the first batch.
    pub start: usize,
    /// The height of the node, above whose batches `2^level` places lie.
    pub level: u32,
    pub gradients: Named,
}

impl GradientSum {
    /// The sum of a rank whose first batch has this number.
    pub(crate) fn from_batch(first: usize) -> Self {
        Self { next: first, partial: Vec::new() }
    }

    /// Adds the gradients of the next batch.
    pub fn add(&mut self, module: &impl Module, mut gradients: burn::tensor::Gradients) {
        self.add_named(parameters::take_gradients(module, &mut gradients));
    }

    /// Adds the gradients of the next batch by the names of their parameters.
    pub(crate) fn add_named(&mut self, gradients: Named) {
        let mut node = Partial { start: self.next, level: 0, gradients };
        self.next += 1;
        while let Some(left) = self.partial.pop_if(|left| left.is_beside(&node)) {
            let gradients = sum(left.gradients, node.gradients);
            node = Partial { start: left.start, level: left.level + 1, gradients };
        }
        self.partial.push(node);
    }

    /// Takes the sums of some parameters out, to which the gradients of the next batch are added apart.
    pub(crate) fn split_off<'a>(&mut self, names: impl Iterator<Item = &'a String> + Clone) -> Self {
        let split = |node: &mut Partial| {
            let gradients = names.clone().filter_map(|name| node.gradients.remove_entry(name)).collect();
            Partial { gradients, ..*node }
        };
        Self { next: self.next, partial: self.partial.iter_mut().map(split).collect() }
    }

    /// The Euclidean norm of all gradients together, after the last batch.
    pub fn norm(&mut self) -> f64 {
        sum_of_squares(self.total().values()).sqrt()
    }

    /// The gradients, after the last batch.
    pub(crate) fn into_total(mut self) -> Named {
        std::mem::take(self.total())
    }

    /// The partial sums, in the order of their batches.
    pub(crate) fn partial(&self) -> &[Partial] {
        &self.partial
    }

    /// The partial sums, in the order of their batches.
    pub(crate) fn into_partial(self) -> Vec<Partial> {
        self.partial
    }

    /// The sum of an update of which nothing remains to be added.
    pub(crate) fn of_total(gradients: Named) -> Self {
        Self { next: 1, partial: vec![Partial { start: 0, level: 0, gradients }] }
    }

    fn total(&mut self) -> &mut Named {
        // The nodes on the right edge of the tree, which have fewer batches than places.
        while let [.., _, _] = &self.partial[..] {
            let (right, left) = (self.partial.pop(), self.partial.pop());
            self.partial.extend(left.zip(right).map(|(left, right)| Partial {
                start: left.start,
                level: left.level + 1,
                gradients: sum(left.gradients, right.gradients),
            }));
        }
        if self.partial.is_empty() {
            self.partial.push(Partial { start: 0, level: 0, gradients: Named::new() });
        }
        &mut self.partial[0].gradients
    }
}

impl Partial {
    /// True if this node and the one behind it are the two children of one.
    fn is_beside(&self, right: &Self) -> bool {
        self.level == right.level && self.start.is_multiple_of(2 << self.level)
    }
}

/// The sum of the gradients of two nodes. A parameter that only one has used has that one's gradient.
fn sum(mut left: Named, right: Named) -> Named {
    for (name, gradient) in right {
        let sum = match left.remove(&name) {
            Some(before) => before + gradient,
            None => gradient,
        };
        left.insert(name, sum);
    }
    left
}

#[cfg(test)]
pub(crate) mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    /// Gradients whose sum says in which order it was taken: no two orders of such values give the same bits.
    pub(crate) fn batch(number: usize) -> Named {
        let values: Vec<f32> = (0..40).map(|at| ((number * 40 + at) as f32 * 0.7).sin() * 1e3).collect();
        let device = Device::default();
        let named = |name: &str, values: &[f32]| (name.to_owned(), Tensor::from_floats(values, &device));
        let mut gradients = Named::from([named("every", &values)]);
        if number.is_multiple_of(3) {
            gradients.extend([named("some", &values[..5])]);
        }
        gradients
    }

    pub(crate) fn values(gradients: &Named) -> Vec<(String, Vec<u32>)> {
        let bits = |tensor: &Tensor<1>| {
            let values: Vec<f32> = tensor.to_data().try_into_vec().expect("floats");
            values.into_iter().map(f32::to_bits).collect()
        };
        gradients.iter().map(|(name, tensor)| (name.clone(), bits(tensor))).collect()
    }

    /// The sum over the batches in a range by the definition of the tree: the left half is the largest power of two.
    fn by_definition(start: usize, end: usize) -> Named {
        if end - start == 1 {
            return batch(start);
        }
        let half = (end - start).next_power_of_two() / 2;
        sum(by_definition(start, start + half), by_definition(start + half, end))
    }

    #[test]
    fn sums_are_those_of_the_tree_and_few_at_a_time() {
        for batches in 1..=33_usize {
            let mut gradients = GradientSum::default();
            for number in 0..batches {
                gradients.add_named(batch(number));
                assert!(gradients.partial.len() <= 6, "{} partial sums", gradients.partial.len());
            }
            assert_eq!(values(&gradients.into_total()), values(&by_definition(0, batches)), "{batches}");
        }
        let folded = (1..8).fold(batch(0), |left, number| sum(left, batch(number)));
        assert_ne!(values(&folded), values(&by_definition(0, 8)), "the order would not show");
    }

    #[test]
    fn an_update_without_gradients_has_none() {
        assert_eq!(GradientSum::default().norm(), 0.0);
    }
}
