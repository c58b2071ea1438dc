//! Attribution: the weight of each position of source and prefix for one token of the output.
//!
//! Gradients come from the backward passes of the fused operations, through a copy of the model that shares its
//! weights. Occluded variants are rows of one batch.

use any2any_adapter::{Cancellation, Cancelled};
use any2any_model::{Embedded, Model, Pass};
use any2any_run::Task;
use any2any_translate::TranslateError;
use burn::module::Module;
use burn::tensor::{Gradients, Tensor, activation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::array::Array;
use super::input::{Fed, ModelInput, hidden, wrong};
use super::{Ablations, ReadSource};
use crate::inspector::Inspector;

/// The token to explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The number of tokens before it, which is the row of the logits.
    pub position: usize,
    /// The token; `None` for the one that was written there.
    pub token: Option<u32>,
}

/// The method of attribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// Occlusion: the log-probability less that without the position.
    Occlusion,
    /// Gradient times input: the gradient of the log-probability times the embedded position, summed over its width.
    Gradient,
    /// The Euclidean norm of the log-probability's gradient at the embedded position.
    GradientNorm,
}

/// The attribution of a token: a weight for each position.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The weight of each position of the encoder; empty for a decoder-only model.
    pub source: Vec<f32>,
    /// The weight of each position of the decoder up to the explained one: the begin token and then the tokens before.
    /// Empty if the decoder takes the encoder's output instead (a per-position task).
    pub target: Vec<f32>,
    /// The log-probability of the token when nothing is taken away.
    pub base: f32,
}

/// The approximate number of one head's attention weights in a batch of occluded variants.
const BATCH_WEIGHTS: usize = 1 << 22;

impl Inspector<'_> {
    /// The attribution of a token that follows others, by the model with these ablations: what is taken away or changed for it is
    /// so beside them.
    ///
    /// # Errors
    ///
    /// If the task writes frames, needs a source that is missing, or there is no such token, position or head.
    pub fn attribution(
        &self,
        task: &Task,
        source: Option<&ReadSource>,
        tokens: &[u32],
        (explained, method): (Explained, Method),
        ablations: &Ablations,
    ) -> Result<Attribution, TranslateError> {
        self.check_ablations(source, ablations)?;
        let Explained { position, token } = explained;
        let known =
            || wrong(format!("there is no token at {position} to explain: {} are given", tokens.len()));
        let before = tokens.get(..position).ok_or_else(known)?;
        let token = token.or_else(|| tokens.get(position).copied()).ok_or_else(known)?;
        let given = self.given(task, source, before)?;
        if given.width() <= position {
            return Err(wrong(format!("nothing but the end follows {position} tokens of this source")));
        }
        let vocabulary = self.model().architecture().outputs(task.number());
        if token as usize >= vocabulary {
            return Err(wrong(format!("there is no token {token}: the vocabulary has {vocabulary}")));
        }
        Ok(match method {
            Method::Occlusion => occlusion(self.model(), &given, token, ablations, self.cancellation())?,
            Method::Gradient => self.gradients(&given, token, ablations, |gradient, input| {
                gradient.iter().zip(input).map(|(gradient, input)| gradient * input).sum()
            }),
            Method::GradientNorm => self.gradients(&given, token, ablations, |gradient, _| {
                gradient.iter().map(|gradient| gradient * gradient).sum::<f32>().sqrt()
            }),
        })
    }

    /// Attribution by gradients: `share` of each position's gradient and its embedding, both `[d_model]`.
    fn gradients(
        &self,
        given: &ModelInput,
        token: u32,
        ablations: &Ablations,
        share: impl Fn(&[f32], &[f32]) -> f32,
    ) -> Attribution {
        // Tensors share their memory; only the copy's are in the autodiff graph.
        let model = self.model().clone().no_grad().train();
        let leaf = |states: &Tensor<3>| states.clone().autodiff().require_grad();
        let source = given
            .source
            .as_ref()
            .map(|source| Embedded { states: leaf(&source.states), lengths: source.lengths.clone() });
        let fed = match &given.fed {
            Fed::Target(target) => Fed::Target(leaf(target)),
            Fed::Source(width) => Fed::Source(*width),
        };
        let pass = &mut ablations.on(self.pass());
        let base = log_probabilities(&model, given.task, source.clone(), &fed, token, pass);
        let mut gradients = base.backward();
        let shares = |states: &Tensor<3>, gradients: &mut Gradients| -> Vec<f32> {
            let [_, positions, d_model] = states.dims();
            let Some(gradient) = states.grad_remove(gradients) else { return vec![0.0; positions] };
            let (gradient, input) = (Array::of_row(gradient), Array::of_row(states.clone().inner()));
            let rows = gradient.values.chunks_exact(d_model).zip(input.values.chunks_exact(d_model));
            rows.map(|(gradient, input)| share(gradient, input)).collect()
        };
        Attribution {
            source: source.map_or_else(Vec::new, |source| shares(&source.states, &mut gradients)),
            target: match &fed {
                Fed::Target(target) => shares(target, &mut gradients),
                Fed::Source(_) => Vec::new(),
            },
            base: numbers(base.inner())[0],
        }
    }
}

/// Attribution by occlusion: the log-probability less that of every variant without one position.
fn occlusion(
    model: &Model,
    given: &ModelInput,
    token: u32,
    ablations: &Ablations,
    cancellation: &Cancellation,
) -> Result<Attribution, Cancelled> {
    let source = given.source.as_ref().map_or(0, |source| source.states.dims()[1]);
    let target = if matches!(given.fed, Fed::Target(_)) { given.width() } else { 0 };
    // The first row is the sequence without occlusion.
    let hidden_source = |row: usize| (1..=source).contains(&row).then(|| row - 1);
    let hidden_target = |row: usize| (row > source).then(|| row - source - 1);
    let longest = source.max(given.width());
    let rows = (BATCH_WEIGHTS / (longest * longest).max(1)).max(1);
    let all: Vec<usize> = (0..=source + target).collect();
    let mut found = Vec::with_capacity(all.len());
    for now in all.chunks(rows) {
        cancellation.check()?;
        let hide = |hidden: &dyn Fn(usize) -> Option<usize>, masked: &[usize]| -> Vec<Vec<usize>> {
            now.iter().map(|&row| masked.iter().copied().chain(hidden(row)).collect()).collect()
        };
        let pass = Pass::evaluation().ablating(ablations.ablated.clone());
        let pass = &mut pass.hiding(hide(&hidden_source, &ablations.masked), hide(&hidden_target, &[]));
        let repeated = given.source.as_ref().map(|source| Embedded {
            states: source.states.clone().repeat_dim(0, now.len()),
            lengths: source.lengths.repeat(now.len()),
        });
        let fed = match &given.fed {
            Fed::Target(target) => Fed::Target(target.clone().repeat_dim(0, now.len())),
            Fed::Source(width) => Fed::Source(*width),
        };
        found.extend(numbers(log_probabilities(model, given.task, repeated, &fed, token, pass)));
    }
    let base = found[0];
    let mut losses = found[1..].iter().map(|without| base - without);
    Ok(Attribution { source: losses.by_ref().take(source).collect(), target: losses.collect(), base })
}

/// The log-probability of a token after the decoder's last position, `[batch]`.
fn log_probabilities(
    model: &Model,
    task: usize,
    source: Option<Embedded>,
    fed: &Fed,
    token: u32,
    pass: &mut Pass,
) -> Tensor<1> {
    let hidden = hidden(model, task, source, fed, pass);
    let [batch, width, _] = hidden.dims();
    let logits = model.logits(task, hidden.narrow(1, width - 1, 1));
    activation::log_softmax(logits, 2).narrow(2, token as usize, 1).reshape([batch])
}

fn numbers(tensor: Tensor<1>) -> Vec<f32> {
    Array::of_data(tensor.into_data()).values
}
