//! Softmax cross entropy with label smoothing (Szegedy et al. 2016), from hidden states to a number.
//!
//! The loss is the last step of a forward pass, so its gradient is known as soon as it is computed: logits
//! are made a slice of rows at a time, turned into their own gradient in place, and multiplied back into the
//! gradients of hidden states and of the table. The vocabulary's probabilities of a whole batch never exist
//! at once. What is returned for the backward pass is the surrogate `sum(x * constant gradient of x)`.

use burn::tensor::{Device, Tensor, TensorData, activation};
use rayon::prelude::*;

/// What the loss is computed with.
#[derive(Clone, Copy, Debug, Default)]
pub struct LossConfig {
    /// How much of each target's probability is spread over the whole vocabulary.
    pub label_smoothing: f32,
}

/// A batch's targets, in the order of the rows of its hidden states.
#[derive(Clone, Copy, Debug)]
pub struct Targets<'a> {
    /// The right token of each row.
    pub tokens: &'a [u32],
    /// The token whose rows do not count.
    pub padding: u32,
}

/// The loss of a batch.
#[derive(Clone, Debug)]
pub struct Loss {
    /// The log-probability of each row's target; 0 at padding.
    pub log_probabilities: Vec<f32>,
    /// The cross entropy against smoothed targets, summed over rows.
    pub smoothed: f64,
    /// The cross entropy against the targets themselves, summed over rows.
    pub negative_log_likelihood: f64,
    /// Rows whose most probable token is the target.
    pub correct: usize,
    /// Rows that are not padding.
    pub tokens: usize,
}

/// Logits of about this many elements are held at once.
const SLICE: usize = 1 << 21;

impl LossConfig {
    /// The loss of hidden states, without a gradient.
    ///
    /// # Shapes
    ///
    /// - hidden: `[rows, d_model]`; table: `[vocabulary, d_model]`; targets: `[rows]`
    pub fn evaluate(&self, hidden: Tensor<2>, table: Tensor<2>, targets: Targets<'_>) -> Loss {
        self.slices(hidden, table, targets, |_, _| {})
    }

    /// The loss of hidden states, and a tensor of one element whose backward pass gives the gradient of the
    /// smoothed loss times `weight`.
    ///
    /// # Shapes
    ///
    /// - hidden: `[rows, d_model]`; table: `[vocabulary, d_model]`; targets: `[rows]`
    pub fn forward(
        &self,
        hidden: Tensor<2>,
        table: Tensor<2>,
        targets: Targets<'_>,
        weight: f64,
    ) -> (Loss, Tensor<1>) {
        let (plain_hidden, plain_table) = (hidden.clone().inner(), table.clone().inner());
        let mut hidden_gradients = Vec::new();
        let mut table_gradient: Option<Tensor<2>> = None;
        let loss = self.slices(plain_hidden.clone(), plain_table.clone(), targets, |rows, gradient| {
            let of_table =
                gradient.clone().transpose().matmul(plain_hidden.clone().narrow(0, rows.start, rows.len()));
            table_gradient = Some(match table_gradient.take() {
                Some(sum) => sum + of_table,
                None => of_table,
            });
            hidden_gradients.push(gradient.matmul(plain_table.clone()));
        });
        let surrogate = |value: Tensor<2>, gradient: Tensor<2>| {
            (value * Tensor::from_inner(gradient.mul_scalar(weight))).sum()
        };
        let of_hidden = surrogate(hidden, Tensor::cat(hidden_gradients, 0));
        let total = match table_gradient {
            Some(gradient) => of_hidden + surrogate(table, gradient),
            None => of_hidden,
        };
        (loss, total)
    }

    /// Goes through the rows slice by slice, handing each slice's gradient with respect to its logits,
    /// `[slice, vocabulary]`, to `use_gradient`.
    fn slices(
        &self,
        hidden: Tensor<2>,
        table: Tensor<2>,
        targets: Targets<'_>,
        mut use_gradient: impl FnMut(std::ops::Range<usize>, Tensor<2>),
    ) -> Loss {
        let [rows, _] = hidden.dims();
        let [vocabulary, _] = table.dims();
        let device = hidden.device();
        let on_host = computes_on_host(&device);
        let table = table.transpose();
        let slice = (SLICE / vocabulary).max(1);
        let mut loss = Loss {
            log_probabilities: Vec::with_capacity(rows),
            smoothed: 0.0,
            negative_log_likelihood: 0.0,
            correct: 0,
            tokens: 0,
        };
        for start in (0..rows).step_by(slice) {
            let range = start..(start + slice).min(rows);
            let logits = hidden.clone().narrow(0, range.start, range.len()).matmul(table.clone());
            let targets = Targets { tokens: &targets.tokens[range.clone()], ..targets };
            let (outcomes, gradient) = if on_host {
                self.rows_on_host(logits, targets, &device)
            } else {
                self.rows_on_device(logits, targets, &device)
            };
            loss.add(&outcomes);
            use_gradient(range, gradient);
        }
        loss
    }

    /// Each row's outcome, and the gradient in the place where its logits were.
    fn rows_on_host(
        &self,
        logits: Tensor<2>,
        targets: Targets<'_>,
        device: &Device,
    ) -> (Vec<Outcome>, Tensor<2>) {
        let [rows, vocabulary] = logits.dims();
        let mut values: Vec<f32> = logits.into_data().try_into_vec().expect("logits are 32-bit floats");
        let outcomes = values
            .par_chunks_mut(vocabulary)
            .zip(targets.tokens)
            .map(|(row, &target)| {
                if target == targets.padding {
                    row.fill(0.0);
                    Outcome::PADDING
                } else {
                    self.row(row, target as usize)
                }
            })
            .collect();
        (outcomes, Tensor::from_data(TensorData::new(values, [rows, vocabulary]), device))
    }

    /// Turns a row of logits into `softmax - smoothed target`.
    fn row(&self, row: &mut [f32], target: usize) -> Outcome {
        let highest = maximum(row);
        let mean = row.iter().map(|&logit| f64::from(logit)).sum::<f64>() / row.len() as f64;
        let logit = row[target];
        let sum = exponentials(row, highest);
        let log_sum = highest + sum.ln();
        let spread = self.label_smoothing / row.len() as f32;
        let scale = 1.0 / sum;
        for value in row.iter_mut() {
            *value = *value * scale - spread;
        }
        row[target] -= 1.0 - self.label_smoothing;
        let smoothed = f64::from(log_sum)
            - f64::from(1.0 - self.label_smoothing) * f64::from(logit)
            - f64::from(self.label_smoothing) * mean;
        Outcome { log_probability: logit - log_sum, smoothed, correct: logit >= highest, counts: true }
    }

    /// The same in tensor operations, for devices whose memory is not the host's.
    fn rows_on_device(
        &self,
        logits: Tensor<2>,
        targets: Targets<'_>,
        device: &Device,
    ) -> (Vec<Outcome>, Tensor<2>) {
        let [rows, vocabulary] = logits.dims();
        let column = |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, [rows, 1]), device);
        let counts = targets.tokens.iter().map(|&token| f32::from(u8::from(token != targets.padding)));
        let counts = column(counts.collect());
        let index: Vec<i32> = targets.tokens.iter().map(|&token| token as i32).collect();
        let index = Tensor::<2, burn::tensor::Int>::from_data(TensorData::new(index, [rows, 1]), device);

        let log_softmax = activation::log_softmax(logits, 1);
        let of_target = log_softmax.clone().gather(1, index.clone());
        let mean = log_softmax.clone().mean_dim(1);
        let best = log_softmax.clone().max_dim(1);
        let smoothing = f64::from(self.label_smoothing);
        let smoothed = of_target.clone() * (smoothing - 1.0) - mean * smoothing;
        let gradient = log_softmax.exp() - smoothing / vocabulary as f64;
        let gradient = gradient.scatter(
            1,
            index,
            Tensor::full([rows, 1], smoothing - 1.0, device),
            burn::tensor::IndexingUpdateOp::Add,
        );
        let host = |tensor: Tensor<2>| -> Vec<f32> {
            tensor.into_data().convert::<f32>().try_into_vec().expect("converted to 32-bit floats")
        };
        let right = best.lower_equal(of_target.clone()).float();
        let columns = host(Tensor::cat(vec![of_target, smoothed, right], 1));
        let outcomes = columns
            .chunks_exact(3)
            .zip(targets.tokens)
            .map(|(row, &token)| match token == targets.padding {
                true => Outcome::PADDING,
                false => Outcome {
                    log_probability: row[0],
                    smoothed: f64::from(row[1]),
                    correct: row[2] > 0.5,
                    counts: true,
                },
            })
            .collect();
        (outcomes, gradient * counts)
    }
}

/// What one row comes to.
struct Outcome {
    log_probability: f32,
    smoothed: f64,
    correct: bool,
    counts: bool,
}

impl Outcome {
    const PADDING: Self = Self { log_probability: 0.0, smoothed: 0.0, correct: false, counts: false };
}

impl Loss {
    fn add(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            self.log_probabilities.push(outcome.log_probability);
            self.negative_log_likelihood -= f64::from(outcome.log_probability);
            self.smoothed += outcome.smoothed;
            self.correct += usize::from(outcome.correct && outcome.counts);
            self.tokens += usize::from(outcome.counts);
        }
    }
}

/// Whether tensors of this device are host memory that can be taken without a transfer.
fn computes_on_host(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    return *device == Device::flex();
    #[cfg(not(feature = "flex"))]
    return {
        let _ = device;
        false
    };
}

/// Values that several lanes of a vector register hold at once; sums over them are the same on every machine.
const LANES: usize = 16;

fn maximum(row: &[f32]) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = if value > *lane { value } else { *lane };
        }
    }
    lanes.into_iter().chain(rest.iter().copied()).fold(f32::NEG_INFINITY, f32::max)
}

/// Replaces every value by `exp(value - highest)` and gives their sum.
fn exponentials(row: &mut [f32], highest: f32) -> f32 {
    let (chunks, rest) = row.as_chunks_mut::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *value = exp(*value - highest);
            *lane += *value;
        }
    }
    let mut sum = 0.0;
    for value in rest {
        *value = exp(*value - highest);
        sum += *value;
    }
    sum + lanes.iter().sum::<f32>()
}

/// `e^x` for x up to 0, within 2 units in the last place down to the smallest normal number, 0 below:
/// `2^n * p(r)` with `r = x - n ln 2`, a polynomial that compilers turn into vector instructions.
fn exp(x: f32) -> f32 {
    let x = x.max(-87.0);
    // Adding and taking away 1.5 * 2^23 rounds to the nearest whole number.
    let n = (x * std::f32::consts::LOG2_E + 12_582_912.0) - 12_582_912.0;
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let p = p * r * r + r + 1.0;
    p * f32::from_bits(((n as i32 + 127) << 23) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use any2any_adapter::Seed;

    #[test]
    fn exponential_is_close_to_the_librarys() {
        for step in 0..=87_000 {
            let x = -(step as f32) / 1000.0;
            let (ours, theirs) = (exp(x), f64::from(x).exp());
            assert!((f64::from(ours) / theirs - 1.0).abs() < 3e-7, "exp({x}) = {ours}, not {theirs}");
        }
    }

    fn random(shape: [usize; 2], purpose: &str, device: &Device) -> Tensor<2> {
        let mut random = Seed(3).random(purpose, 0);
        let values: Vec<f32> = (0..shape[0] * shape[1]).map(|_| random.normal() as f32).collect();
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// Host rows, device rows, and a plain autodiff graph agree in value and gradient.
    #[test]
    fn gradient_equals_that_of_a_plain_graph() {
        let device = Device::default().autodiff();
        let (rows, d_model, vocabulary, padding) = (7, 5, 37, 0);
        let targets = [3_u32, 0, 36, 11, 1, 0, 20];
        let config = LossConfig { label_smoothing: 0.1 };
        let hidden = random([rows, d_model], "hidden", &device).require_grad();
        let table = random([vocabulary, d_model], "table", &device).require_grad();

        let (loss, surrogate) =
            config.forward(hidden.clone(), table.clone(), Targets { tokens: &targets, padding }, 0.5);
        let gradients = surrogate.backward();

        let log_softmax = activation::log_softmax(hidden.clone().matmul(table.clone().transpose()), 1);
        let mut weights = vec![0.0_f32; rows * vocabulary];
        for (row, &target) in targets.iter().enumerate().filter(|(_, target)| **target != padding) {
            weights[row * vocabulary..][..vocabulary].fill(-0.1 / vocabulary as f32);
            weights[row * vocabulary + target as usize] -= 0.9;
        }
        let weights = Tensor::from_data(TensorData::new(weights, [rows, vocabulary]), &device);
        let plain = (log_softmax * weights).sum();
        let value: f32 = plain.clone().into_scalar();
        let plain_gradients = (plain * 0.5).backward();

        assert!((loss.smoothed - f64::from(value)).abs() < 1e-4);
        assert_eq!(loss.tokens, 5);
        for leaf in [hidden.clone(), table.clone()] {
            let ours = leaf.grad(&gradients).expect("a leaf");
            let theirs = leaf.grad(&plain_gradients).expect("a leaf");
            let difference: f32 = (ours - theirs).abs().max().into_scalar();
            assert!(difference < 1e-5, "gradients differ by {difference}");
        }

        let logits = hidden.clone().inner().matmul(table.clone().inner().transpose());
        let plain_device = logits.device();
        let targets = Targets { tokens: &targets, padding };
        let (host, host_gradient) = config.rows_on_host(logits.clone(), targets, &plain_device);
        let (other, other_gradient) = config.rows_on_device(logits, targets, &plain_device);
        let difference: f32 = (host_gradient - other_gradient).abs().max().into_scalar();
        assert!(difference < 1e-5, "host and device differ by {difference}");
        for (host, other) in host.iter().zip(&other) {
            assert!((host.log_probability - other.log_probability).abs() < 1e-4);
            assert!((host.smoothed - other.smoothed).abs() < 1e-4);
            assert_eq!((host.correct, host.counts), (other.correct, other.counts));
        }
    }
}
