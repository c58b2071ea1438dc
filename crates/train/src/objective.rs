//! Training objective of a batch: the decoder's loss, and the CTC loss beside it.

use std::sync::Arc;

use any2any_adapter::Sequence;
use any2any_experiment::spec::{Experiment, Plugged};
use any2any_kernels::Products;
use any2any_model::{
    Alignment, EncoderOutput, FrameTargets, Loss, LossConfig, Model, Pass, SoftmaxOperands, TokenTargets,
    can_align, ctc_loss, frame_loss,
};
use any2any_run::{AdapterSet, RunError, Task};
use any2any_translate::Example;
use any2any_translate::batch::{Batch, Targets};
use any2any_translate::losses::{hidden, rows};
use burn::tensor::{Device, Tensor};

use crate::auxiliary_loss::{self, AuxiliaryLoss};
use crate::precision;
use crate::training_examples::TrainingExamples;

/// The training losses of an experiment's tasks.
#[derive(Clone, Debug)]
pub(crate) struct Objective {
    label_smoothing: f32,
    products: Products,
    /// The weight of each task's CTC loss.
    alignment: Vec<f64>,
    /// The losses of the program's own of each task.
    auxiliary: Vec<Vec<Plugged>>,
}

/// The losses of a batch in training.
pub(crate) struct BatchLosses {
    pub loss: Loss,
    /// The CTC loss, a negative log-likelihood, for a task that has one.
    pub alignment: Option<f64>,
    /// The sum of the losses of the program's own, for a task that has some.
    pub auxiliary: Option<f64>,
    /// The sum of the losses, whose backward pass gives all gradients.
    pub total: Tensor<1>,
}

impl Objective {
    pub(crate) fn new(experiment: &Experiment, adapters: &AdapterSet) -> Self {
        Self {
            label_smoothing: experiment.training.label_smoothing as f32,
            products: precision::products(experiment.training.precision),
            alignment: adapters.tasks().iter().map(|task| task.spec().losses.ctc).collect(),
            auxiliary: adapters.tasks().iter().map(|task| task.spec().losses.plugged.clone()).collect(),
        }
    }

    /// The number of a task's samples with too few positions for the CTC loss, which leaves them out.
    pub(crate) fn unaligned(&self, task: &Task, examples: &TrainingExamples) -> Result<usize, RunError> {
        let (Some(adapter), true) = (task.source(), self.alignment[task.number()] > 0.0) else {
            return Ok(0);
        };
        let stem = adapter.stem();
        let is_short = |example: &Example| {
            let positions = stem.positions(example.source.as_ref().map_or(0, Sequence::len));
            let tokens = example.target_tokens();
            !can_align(positions, &tokens[..tokens.len().saturating_sub(1)])
        };
        let mut short = 0;
        for row in 0..examples.lengths().len() as u32 {
            short += examples.batch(&[row], None, 0)?.iter().filter(|example| is_short(example)).count();
        }
        Ok(short)
    }

    /// The losses of a batch, with a graph for the gradient of their sum times `weight`.
    pub(crate) fn forward(
        &self,
        model: &Model,
        batch: &Batch,
        device: &Device,
        pass: &mut Pass,
        weight: f64,
    ) -> BatchLosses {
        let memory = batch.source(device).and_then(|source| model.encode(batch.task, source, pass));
        let hidden = hidden(model, batch, memory.as_ref(), device, pass);
        let auxiliary = self.auxiliary(model, batch, &hidden);
        let (loss, mut total) = match &batch.targets {
            Targets::Tokens { tokens, padding, .. } => {
                let targets = TokenTargets { tokens, padding: *padding };
                let config = LossConfig { label_smoothing: self.label_smoothing, products: self.products };
                let SoftmaxOperands { rows, table } = model.softmax(batch.task, rows(hidden));
                config.forward(rows, table, targets, weight)
            }
            Targets::Frames { values, lengths } => {
                frame_loss(model.frames(batch.task, hidden), FrameTargets { values, lengths }, weight)
            }
        };
        let share = self.alignment.get(batch.task).copied().unwrap_or(0.0);
        let aligned = memory.as_ref().filter(|_| share > 0.0);
        let alignment = aligned.and_then(|memory| align(model, batch, memory, share * weight));
        let alignment = alignment.map(|(loss, more)| {
            total = total.clone() + more;
            loss
        });
        let auxiliary = auxiliary.map(|sum| {
            total = total.clone() + sum.clone().mul_scalar(weight);
            f64::from(sum.into_data().iter::<f32>().next().unwrap_or(f32::NAN))
        });
        BatchLosses { loss, alignment, auxiliary, total }
    }

    /// The sum of the losses of the program's own, `[1]`; `None` for a task that has none. They see all logits at once,
    /// which the decoder's loss never does.
    fn auxiliary(&self, model: &Model, batch: &Batch, hidden: &Tensor<3>) -> Option<Tensor<1>> {
        let losses = self.auxiliary.get(batch.task).filter(|losses| !losses.is_empty())?;
        let predicted = match &batch.targets {
            Targets::Tokens { .. } => model.logits(batch.task, hidden.clone()),
            Targets::Frames { .. } => model.frames(batch.task, hidden.clone()),
        };
        let seen = auxiliary_loss::batch(predicted, &batch.targets);
        let losses = losses.iter().filter_map(|loss| loss.get::<Arc<dyn AuxiliaryLoss>>());
        losses.map(|loss| loss.forward(seen.clone())).reduce(|sum, loss| sum + loss)
    }
}

/// The CTC loss of the encoder's positions for the target's tokens without the end token; the padding token is the
/// blank.
fn align(model: &Model, batch: &Batch, memory: &EncoderOutput, weight: f64) -> Option<(f64, Tensor<1>)> {
    let Targets::Tokens { tokens, lengths, padding } = &batch.targets else { return None };
    let logits = model.alignment(batch.task, memory)?;
    let [rows, positions, _] = logits.dims();
    let width = batch.target_width();
    let row = |(row, &length): (usize, &usize)| &tokens[row * width..][..length.saturating_sub(1)];
    let targets: Vec<&[u32]> = lengths.iter().enumerate().map(row).collect();
    let sources = memory.lengths.clone().unwrap_or_else(|| vec![positions; rows]);
    Some(ctc_loss(logits, Alignment { lengths: &sources, targets: &targets, blank: *padding }, weight))
}
