//! Integrated gradients: the gradients on the way from embeddings of zeros to those of the input, summed.

use any2any_adapter::Cancelled;
use any2any_model::Embedded;
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};

use super::{Attribution, BATCH_WEIGHTS, Integral, numbers};
use crate::Ablations;
use crate::array::Array;
use crate::explained::Goal;
use crate::input::{Fed, ModelInput};
use crate::inspector::Inspector;

/// The numbers of points that are tried, until the sum is near enough.
const STEPS: [usize; 5] = [16, 32, 64, 128, 256];

/// The share of all weights' sizes that their sum may lack.
const NEAR: f32 = 0.01;

/// A point of the way.
#[derive(Clone, Copy)]
struct Point {
    /// The factor of the embeddings, from 0 to 1.
    factor: f32,
    /// The length of the way that it stands for.
    length: f32,
}

impl Inspector<'_> {
    /// Attribution by integrated gradients, with more points as long as the sum is not near enough.
    pub(super) fn integrated_gradients(
        &self,
        given: &ModelInput,
        goal: Goal,
        ablations: &Ablations,
    ) -> Result<Attribution, Cancelled> {
        let ends = [0.0, 1.0].map(|factor| Point { factor, length: 1.0 });
        let (source, fed) = stretched(given, &ends);
        let found = goal.values(self.model(), given.task, source, &fed, &mut ablations.on(self.pass()));
        let [baseline, base] = numbers(found)[..] else { unreachable!("two rows, two numbers") };
        let mut last = None;
        for steps in STEPS {
            let (source, target) = self.integral(given, goal, &path(steps), ablations)?;
            let sum: f32 = source.iter().chain(&target).sum();
            let sizes: f32 = source.iter().chain(&target).map(|weight| weight.abs()).sum();
            let missing = base - baseline - sum;
            let integral = Some(Integral { baseline, steps, missing });
            last = Some(Attribution { source, target, base, integral });
            if missing.abs() <= NEAR * sizes {
                break;
            }
        }
        Ok(last.expect("one number of points is tried at least"))
    }

    /// The weight of each position of source and target.
    fn integral(
        &self,
        given: &ModelInput,
        goal: Goal,
        path: &[Point],
        ablations: &Ablations,
    ) -> Result<(Vec<f32>, Vec<f32>), Cancelled> {
        let model = self.model().clone().no_grad().train();
        let leaf = |states: Tensor<3>| states.autodiff().require_grad();
        let source_width = given.source.as_ref().map_or(0, |source| source.states.dims()[1]);
        let longest = source_width.max(given.width());
        // A backward pass keeps the activations of all layers.
        let rows = (BATCH_WEIGHTS / 8 / (longest * longest).max(1)).clamp(1, path.len());
        let mut sums: [Option<Tensor<3>>; 2] = [None, None];
        for points in path.chunks(rows) {
            self.cancellation().check()?;
            let (source, fed) = stretched(given, points);
            let source =
                source.map(|Embedded { states, lengths }| Embedded { states: leaf(states), lengths });
            let fed = match fed {
                Fed::Target(target) => Fed::Target(leaf(target)),
                fed @ Fed::Source(_) => fed,
            };
            let pass = &mut ablations.on(self.pass());
            let found = goal.values(&model, given.task, source.clone(), &fed, pass);
            let lengths: Vec<f32> = points.iter().map(|point| point.length).collect();
            let lengths = Tensor::<1>::from_data(TensorData::new(lengths, [points.len()]), &found.device());
            let mut gradients = (found * lengths).sum().backward();
            let leaves = [
                source.map(|source| source.states),
                match fed {
                    Fed::Target(target) => Some(target),
                    Fed::Source(_) => None,
                },
            ];
            for (sum, leaf) in sums.iter_mut().zip(leaves) {
                let Some(gradient) = leaf.and_then(|leaf| leaf.grad_remove(&mut gradients)) else { continue };
                let gradient = gradient.sum_dim(0);
                *sum = Some(sum.take().map_or_else(|| gradient.clone(), |sum| sum + gradient.clone()));
            }
        }
        let [source, target] = sums;
        let weights = |input: &Tensor<3>, gradient: Option<Tensor<3>>| match gradient {
            Some(gradient) => Array::of_row((input.clone() * gradient).sum_dim(2)).values,
            None => vec![0.0; input.dims()[1]],
        };
        Ok((
            given.source.as_ref().map_or_else(Vec::new, |embedded| weights(&embedded.states, source)),
            match &given.fed {
                Fed::Target(fed) => weights(fed, target),
                Fed::Source(_) => Vec::new(),
            },
        ))
    }
}

/// Points from 0 to 1, which stand closer together near 0: a norm hardly sees by what its input is multiplied, so that
/// much of the change lies where positions, biases and embeddings are about as large as each other.
fn path(steps: usize) -> Vec<Point> {
    let point = |step: usize| {
        let time = (step as f32 + 0.5) / steps as f32;
        Point { factor: time.powi(3), length: 3.0 * time * time / steps as f32 }
    };
    (0..steps).map(point).collect()
}

/// The input with its embeddings multiplied by a factor, a row for each point.
fn stretched(given: &ModelInput, points: &[Point]) -> (Option<Embedded>, Fed) {
    let factors: Vec<f32> = points.iter().map(|point| point.factor).collect();
    let stretch = |states: Tensor<3>| {
        let data = TensorData::new(factors.clone(), [points.len(), 1, 1]);
        let factors = Tensor::<3>::from_data(data, &states.device());
        states * factors
    };
    let (source, fed) = given.repeated(points.len());
    let source = source.map(|Embedded { states, lengths }| Embedded { states: stretch(states), lengths });
    let fed = match fed {
        Fed::Target(target) => Fed::Target(stretch(target)),
        fed @ Fed::Source(_) => fed,
    };
    (source, fed)
}
