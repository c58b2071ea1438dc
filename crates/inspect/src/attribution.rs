//! Attribution: the weight of each position of source and prefix for one token of the output.
//!
//! Gradients come from the backward passes of the fused operations, through a copy of the model that shares its
//! weights. Occluded variants are rows of one batch, and so are the points of the path of integrated gradients.

mod integrated;

use any2any_adapter::{Cancellation, Cancelled};
use any2any_model::{Embedded, Model, Pass};
use any2any_run::Task;
use any2any_translate::TranslateError;
use burn::module::Module;
use burn::tensor::{Gradients, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::array::Array;
use super::explained::{Explained, Goal};
use super::input::{Fed, ModelInput};
use super::{Ablations, ReadSource};
use crate::inspector::Inspector;

/// The method of attribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// Occlusion: the explained number less that without the position.
    Occlusion,
    /// Gradient times input: the gradient of the explained number times the embedded position, summed over its width.
    Gradient,
    /// The Euclidean norm of the explained number's gradient at the embedded position.
    GradientNorm,
    /// Integrated gradients (Sundararajan, Taly and Yan 2017, "Axiomatic Attribution for Deep Networks"): the embedded
    /// position times the mean of the gradients on the straight way from embeddings of zeros, which is also what a
    /// masked position is embedded as. The weights sum to what the whole input changes.
    IntegratedGradients,
}

/// The attribution of a token: a weight for each position.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The weight of each position of the encoder; empty for a decoder-only model.
    pub source: Vec<f32>,
    /// The weight of each position of the decoder up to the explained one: the begin token and then the tokens before.
    /// Empty if the decoder takes the encoder's output instead (a per-position task).
    pub target: Vec<f32>,
    /// The explained number when nothing is taken away: the log-probability of the token, or by how much it is above that of
    /// the contrast.
    pub base: f32,
    /// The integral behind the weights; `None` for other methods than integrated gradients.
    pub integral: Option<Integral>,
}

/// The integral of integrated gradients, as it was summed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Integral {
    /// The explained number of embeddings of zeros, where the way begins.
    pub baseline: f32,
    /// The number of points on the way.
    pub steps: usize,
    /// What the weights' sum lacks of `base - baseline`: the error of the sum, which shrinks with the steps.
    pub missing: f32,
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
        self.check_ablations(task, source, ablations)?;
        let (given, goal) = self.goal(task, source, tokens, explained)?;
        Ok(match method {
            Method::Occlusion => occlusion(self.model(), &given, goal, ablations, self.cancellation())?,
            Method::Gradient => self.gradients(&given, goal, ablations, |gradient, input| {
                gradient.iter().zip(input).map(|(gradient, input)| gradient * input).sum()
            }),
            Method::GradientNorm => self.gradients(&given, goal, ablations, |gradient, _| {
                gradient.iter().map(|gradient| gradient * gradient).sum::<f32>().sqrt()
            }),
            Method::IntegratedGradients => self.integrated_gradients(&given, goal, ablations)?,
        })
    }

    /// Attribution by gradients: `share` of each position's gradient and its embedding, both `[d_model]`.
    fn gradients(
        &self,
        given: &ModelInput,
        goal: Goal,
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
        let base = goal.values(&model, given.task, source.clone(), &fed, pass);
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
            integral: None,
        }
    }
}

/// Attribution by occlusion: the log-probability less that of every variant without one position.
fn occlusion(
    model: &Model,
    given: &ModelInput,
    goal: Goal,
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
        let pass = ablations.on(Pass::evaluation());
        let pass = &mut pass.hiding(hide(&hidden_source, &ablations.masked), hide(&hidden_target, &[]));
        let (repeated, fed) = given.repeated(now.len());
        found.extend(numbers(goal.values(model, given.task, repeated, &fed, pass)));
    }
    let base = found[0];
    let mut losses = found[1..].iter().map(|without| base - without);
    let source = losses.by_ref().take(source).collect();
    Ok(Attribution { source, target: losses.collect(), base, integral: None })
}

fn numbers(tensor: Tensor<1>) -> Vec<f32> {
    Array::of_data(tensor.into_data()).values
}
