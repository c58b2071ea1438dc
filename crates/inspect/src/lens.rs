//! Logit lens (nostalgebraist 2020, "interpreting GPT: the logit lens"): the decoder's stream behind each of its layers,
//! read as if no further layer followed.

use any2any_architecture::StackKind;
use any2any_model::Stream;
use any2any_run::Task;
use any2any_search::log_sum_exp;
use any2any_translate::TranslateError;

use super::array::Array;
use super::input::wrong;
use super::{Ablations, ReadSource, log_probability};
use crate::inspector::Inspector;

/// The next token as every layer of a decoder would choose it. Depth 0 is the embedded input, and the last depth is what
/// the model says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Lens {
    /// The token that each row is about: the one that was written there, and behind the last, the model's likeliest.
    pub tokens: Vec<u32>,
    /// The log-probability of each row's token, `[depths, rows]`.
    pub log_probability: Array,
    /// The number of tokens that are likelier than it, `[depths, rows]`.
    pub rank: Array,
    /// The entropy of the distribution in bits, `[depths, rows]`.
    pub entropy: Array,
    /// The divergence of Kullback and Leibler in bits of the last layer's distribution from this one, `[depths, rows]`.
    pub divergence: Array,
    /// The likeliest tokens of each depth and row, the likeliest first.
    pub likeliest: Vec<Vec<Vec<LensToken>>>,
}

/// A likely token of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct LensToken {
    /// The token.
    pub token: u32,
    /// Its log-probability.
    pub log_probability: f32,
}

impl Inspector<'_> {
    /// The distributions behind every layer of the decoder over a source and the tokens so far: the norm that follows the
    /// last layer, the head and softmax, applied to each layer's stream. `count` likeliest tokens of each are listed.
    ///
    /// # Errors
    ///
    /// Those of [`look`](Self::look), and if the task writes frames, or the decoder is an LSTM.
    pub fn lens(
        &self,
        task: &Task,
        source: Option<&ReadSource>,
        tokens: &[u32],
        count: usize,
        ablations: &Ablations,
    ) -> Result<Lens, TranslateError> {
        self.check_ablations(task, source, ablations)?;
        let given = self.given(task, source, tokens)?;
        let mut pass = ablations.on(self.pass()).keeping_streams();
        given.hidden(self.model(), &mut pass);
        self.cancellation().check()?;
        let streams = pass.take_streams().into_iter();
        let logits: Option<Vec<Array>> = streams
            .filter(|stream| stream.stack == StackKind::Decoder)
            .map(|Stream { states, .. }| self.model().lens(task.number(), states).map(Array::of_row))
            .collect();
        let logits = logits.filter(|logits| !logits.is_empty()).ok_or_else(|| {
            wrong(
                "the logit lens reads a residual stream, which the layers of an LSTM do not share".to_owned(),
            )
        })?;
        Ok(Lens::of(&logits, tokens, count))
    }
}

impl Lens {
    /// The lens of each depth's logits, `[rows, vocabulary]`.
    fn of(logits: &[Array], written: &[u32], count: usize) -> Self {
        let last = logits.last().expect("a stream has a depth at least");
        let rows = last.rows();
        let token = |row: usize| written.get(row).copied().unwrap_or_else(|| ordered(last.row(row))[0]);
        let tokens: Vec<u32> = (0..rows).map(token).collect();
        let of_all = |number: &dyn Fn(&[f32], usize) -> f32| Array {
            shape: vec![logits.len(), rows],
            values: logits
                .iter()
                .flat_map(|depth| (0..rows).map(|row| number(depth.row(row), row)))
                .collect(),
        };
        let likeliest = |row: &[f32]| -> Vec<LensToken> {
            let best = ordered(row).into_iter().take(count);
            best.map(|token| LensToken { token, log_probability: log_probability(row, token as usize) })
                .collect()
        };
        Self {
            log_probability: of_all(&|logits, row| log_probability(logits, tokens[row] as usize)),
            rank: of_all(&|logits, row| {
                let own = logits[tokens[row] as usize];
                logits.iter().filter(|&&logit| logit > own).count() as f32
            }),
            entropy: of_all(&|logits, _| entropy(logits)),
            divergence: of_all(&|logits, row| divergence(last.row(row), logits)),
            likeliest: logits
                .iter()
                .map(|depth| (0..rows).map(|row| likeliest(depth.row(row))).collect())
                .collect(),
            tokens,
        }
    }
}

/// All tokens, the likeliest first.
fn ordered(logits: &[f32]) -> Vec<u32> {
    let mut tokens: Vec<u32> = (0..logits.len() as u32).collect();
    tokens.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]));
    tokens
}

/// The entropy of the softmax of logits, in bits.
pub(super) fn entropy(logits: &[f32]) -> f32 {
    let sum = log_sum_exp(logits);
    let bits = |&logit: &f32| {
        let log_probability = f64::from(logit) - sum;
        -log_probability.exp() * log_probability
    };
    (logits.iter().map(bits).sum::<f64>() / std::f64::consts::LN_2) as f32
}

/// The divergence of Kullback and Leibler of the softmax of some logits from that of others, in bits.
fn divergence(of: &[f32], from: &[f32]) -> f32 {
    let sums = [log_sum_exp(of), log_sum_exp(from)];
    let bits = |(&of, &from): (&f32, &f32)| {
        let [of, from] = [f64::from(of) - sums[0], f64::from(from) - sums[1]];
        if of.exp() == 0.0 { 0.0 } else { of.exp() * (of - from) }
    };
    (of.iter().zip(from).map(bits).sum::<f64>() / std::f64::consts::LN_2) as f32
}
