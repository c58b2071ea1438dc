//! Optimizers over named parameters, whose state is saved beside the weights and read back to the last bit.

use std::collections::BTreeMap;

use any2any_experiment::spec;
use any2any_kernels::{Adam, AdamState, adam};
use any2any_run::parameters::{self, Named, Weights};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use crate::adaptation::Adaptation;
use crate::gradient_sum::GradientSum;
use crate::learning::Rates;

/// An optimizer with its state.
#[derive(Debug)]
pub struct Optimizer {
    kind: spec::Optimizer,
    /// The number of updates so far.
    step: u64,
    /// Running means by statistic and parameter: `mean/body...`.
    state: Named,
    /// Factors of the rate by parts of the model.
    rates: Rates,
}

impl Optimizer {
    /// An optimizer before its first update.
    pub fn new(kind: spec::Optimizer) -> Self {
        Self { kind, step: 0, state: Named::new(), rates: Rates::default() }
    }

    /// The optimizer with factors of the rate by parts of the model.
    #[must_use]
    pub(crate) fn with_rates(self, rates: Rates) -> Self {
        Self { rates, ..self }
    }

    /// The module after one update; every gradient is multiplied by `scale` first.
    pub fn update<M: Module>(&mut self, module: M, gradients: GradientSum, scale: f64, rate: f64) -> M {
        self.update_all(module, None, gradients, (scale, rate))
    }

    /// The module after one update, which changes an adaptation of it too.
    pub(crate) fn update_all<M: Module>(
        &mut self,
        module: M,
        adaptation: Option<&mut Adaptation>,
        gradients: GradientSum,
        (scale, rate): (f64, f64),
    ) -> M {
        self.step += 1;
        let mut gradients = gradients.into_total();
        if let Some(adaptation) = adaptation {
            adaptation.update(|name, shape, value| match gradients.remove(name) {
                None => value,
                Some(gradient) => self.update_one(name, &shape, value, gradient, (scale, rate)),
            });
        }
        parameters::map(module, |name, parameter| {
            let value = parameter.flat();
            match gradients.remove(name) {
                None => value,
                Some(gradient) => {
                    let shape = parameter.shape();
                    let shape: Vec<usize> = shape.iter().copied().collect();
                    self.update_one(name, &shape, value, gradient, (scale, rate))
                }
            }
        })
    }

    fn update_one(
        &mut self,
        name: &str,
        shape: &[usize],
        value: Tensor<1>,
        gradient: Tensor<1>,
        (scale, rate): (f64, f64),
    ) -> Tensor<1> {
        let rate = rate * self.rates.factor(name);
        let scaled = |gradient: Tensor<1>| if scale == 1.0 { gradient } else { gradient * scale };
        match self.kind.clone() {
            spec::Optimizer::Adam(spec::Adam { beta_1, beta_2, epsilon }) => {
                let settings = Adam { beta_1, beta_2, epsilon, decay: 0.0, rate, scale, step: self.step };
                self.adam_step(name, value, gradient, settings)
            }
            spec::Optimizer::AdamW(spec::AdamW { beta_1, beta_2, epsilon, weight_decay }) => {
                // Gains and biases, which have one dimension, are not decayed.
                let decay = if shape.len() > 1 { rate * weight_decay } else { 0.0 };
                let settings = Adam { beta_1, beta_2, epsilon, decay, rate, scale, step: self.step };
                self.adam_step(name, value, gradient, settings)
            }
            spec::Optimizer::Adafactor(adafactor) => {
                let step = self.adafactor_step(name, shape, scaled(gradient), &adafactor);
                value - step * rate
            }
            spec::Optimizer::Sgd(sgd) if sgd.momentum == 0.0 => value - scaled(gradient) * rate,
            spec::Optimizer::Sgd(sgd) => {
                let gradient = scaled(gradient);
                let momentum = match self.state.remove(&key("momentum", name)) {
                    Some(momentum) => momentum * sgd.momentum + gradient,
                    None => gradient,
                };
                self.state.insert(key("momentum", name), momentum.clone());
                value - momentum * rate
            }
        }
    }

    fn adam_step(&mut self, name: &str, value: Tensor<1>, gradient: Tensor<1>, settings: Adam) -> Tensor<1> {
        let mut remembered =
            |of: &str| self.state.remove(&key(of, name)).unwrap_or_else(|| gradient.zeros_like());
        let state = AdamState { value, mean: remembered("mean"), square: remembered("square") };
        let AdamState { value, mean, square } = adam(state, gradient, settings);
        self.state.insert(key("mean", name), mean);
        self.state.insert(key("square", name), square);
        value
    }

    /// One update of Adafactor (Shazeer and Stern 2018, algorithm 4) without the parameter-relative step size: the
    /// state of a matrix is the mean squares of its rows and of its columns.
    fn adafactor_step(
        &mut self,
        name: &str,
        shape: &[usize],
        gradient: Tensor<1>,
        config: &spec::Adafactor,
    ) -> Tensor<1> {
        const TINY: f64 = 1e-30;
        let beta = 1.0 - (self.step as f64).powf(-config.decay);
        let square = gradient.clone().square() + TINY;
        let step = match *shape {
            [rows, columns] => {
                let square: Tensor<2> = square.reshape([rows, columns]);
                let of_rows = square.clone().mean_dim(1).reshape([rows]);
                let of_columns = square.mean_dim(0).reshape([columns]);
                let of_rows = self.average("rows", name, of_rows, beta);
                let of_columns = self.average("columns", name, of_columns, beta);
                let mean = of_rows.clone().mean();
                let of_rows: Tensor<2> = (of_rows / mean).sqrt().reshape([rows, 1]);
                let of_columns: Tensor<2> = of_columns.sqrt().reshape([1, columns]);
                (gradient.reshape([rows, columns]) / (of_rows * of_columns)).reshape([rows * columns])
            }
            _ => gradient / self.average("square", name, square, beta).sqrt(),
        };
        let root_mean_square = step.clone().square().mean().sqrt();
        step / (root_mean_square / config.clip).clamp_min(1.0)
    }

    /// The running mean `beta * old + (1 - beta) * new`, which is kept as state; the old one is 0 at first.
    fn average(&mut self, of: &str, name: &str, new: Tensor<1>, beta: f64) -> Tensor<1> {
        let new = new * (1.0 - beta);
        let average = match self.state.remove(&key(of, name)) {
            Some(old) => old * beta + new,
            None => new,
        };
        self.state.insert(key(of, name), average.clone());
        average
    }

    /// The number of updates and the state, on the host.
    pub fn state(&self) -> (u64, BTreeMap<String, Weights>) {
        let host = |tensor: &Tensor<1>| -> Weights {
            let values: Vec<f32> =
                tensor.to_data().convert::<f32>().try_into_vec().expect("converted to 32-bit floats");
            Weights { shape: vec![values.len()], values }
        };
        (self.step, self.state.iter().map(|(name, tensor)| (name.clone(), host(tensor))).collect())
    }

    /// The optimizer whose [`state`](Self::state) was saved.
    pub fn with_state(
        kind: spec::Optimizer,
        step: u64,
        state: BTreeMap<String, Weights>,
        device: &Device,
    ) -> Self {
        let device = device.clone().inner();
        let tensor = |weights: Weights| {
            let length = weights.values.len();
            Tensor::from_data(TensorData::new(weights.values, [length]), &device)
        };
        let state = state.into_iter().map(|(name, weights)| (name, tensor(weights))).collect();
        Self { kind, step, state, rates: Rates::default() }
    }
}

fn key(of: &str, name: &str) -> String {
    format!("{of}/{name}")
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;
    use any2any_model::Initializer;
    use burn::nn::Linear;

    use super::*;

    /// Every optimizer brings a least-squares fit down, and a saved one goes on as if never stopped.
    #[test]
    fn optimizers_converge_and_resume_exactly() {
        let kinds = [
            (spec::Optimizer::Adam(spec::Adam::default()), 0.05),
            (spec::Optimizer::AdamW(spec::AdamW::default()), 0.05),
            (spec::Optimizer::Adafactor(spec::Adafactor::default()), 0.05),
            (spec::Optimizer::Sgd(spec::Sgd { momentum: 0.9 }), 0.02),
            (spec::Optimizer::Sgd(spec::Sgd::default()), 0.1),
        ];
        for (kind, rate) in kinds {
            let device = Device::default().autodiff();
            let fresh = || Initializer::new(Seed(1), &device).linear("layer", 3, 2, 1.0);
            let step = |layer: Linear, optimizer: &mut Optimizer| -> (Linear, f32) {
                let input = Tensor::<2>::from_floats([[1.0, 2.0, -1.0], [0.5, -1.0, 2.0]], &device);
                let target = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
                let loss = (layer.forward(input) - target).square().sum();
                let mut sum = GradientSum::default();
                sum.add(&layer, loss.backward());
                (optimizer.update(layer, sum, 1.0, rate), loss.into_scalar())
            };
            let (mut layer, mut optimizer) = (fresh(), Optimizer::new(kind.clone()));
            let mut losses = Vec::new();
            let mut copy = None;
            for number in 0..60 {
                if number == 20 {
                    let (made, state) = optimizer.state();
                    let weights = parameters::weights(&layer);
                    let shape = |name: &str| weights.get(name).map(|weights| weights.shape.as_slice());
                    any2any_run::check_state(&state, shape).expect("of this layer");
                    copy = Some((
                        parameters::with_weights(fresh(), &parameters::weights(&layer)).expect("same shapes"),
                        Optimizer::with_state(kind.clone(), made, state, &device),
                    ));
                }
                let (next, loss) = step(layer, &mut optimizer);
                layer = next;
                losses.push(loss);
            }
            assert!(losses[59] < losses[0] * 0.1, "{kind:?}: {} to {}", losses[0], losses[59]);
            let (mut resumed, mut optimizer) = copy.expect("copied at step 20");
            for _ in 20..60 {
                resumed = step(resumed, &mut optimizer).0;
            }
            assert_eq!(parameters::weights(&layer), parameters::weights(&resumed), "{kind:?}");
        }
    }

    /// One step of Adam by hand: the first update is the sign of the gradient times the rate.
    #[test]
    fn first_step_of_adam_is_the_rate() {
        let device = Device::default().autodiff();
        let layer = Initializer::new(Seed(1), &device).linear("layer", 2, 1, 1.0);
        let before = parameters::weights(&layer);
        let input = Tensor::<2>::from_floats([[1.0, -2.0]], &device);
        let mut sum = GradientSum::default();
        sum.add(&layer, layer.forward(input).sum().backward());
        let norm = sum.norm();
        assert!((norm - 6.0_f64.sqrt()).abs() < 1e-6, "gradients 1, -2 and 1, not norm {norm}");
        let mut adam = Optimizer::new(spec::Optimizer::Adam(spec::Adam::default()));
        let after = parameters::weights(&adam.update(layer, sum, 1.0, 0.01));
        for (name, signs) in [("weight", vec![1.0, -1.0]), ("bias", vec![1.0])] {
            for ((before, after), sign) in before[name].values.iter().zip(&after[name].values).zip(signs) {
                assert!((before - after - 0.01 * sign).abs() < 1e-6, "{name}: {before} to {after}");
            }
        }
    }
}
