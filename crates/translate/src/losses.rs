//! Teacher-forced losses of whole splits, without dropout or smoothing.

use std::borrow::Cow;

use any2any_data::batching::Lengths;
use any2any_model::{
    EncoderOutput, FrameTargets, Loss, LossConfig, Model, Pass, SoftmaxOperands, TokenTargets, frame_loss,
};
use any2any_run::{RunError, Task};
use burn::tensor::{Device, Tensor};

use crate::batch::{Batch, Targets};
use crate::error::TranslateError;
use crate::evaluate::Part;
use crate::example::Example;
use crate::translator::Translator;

impl Translator {
    /// The losses of examples in batches of so many tokens and of similar lengths, without dropout or smoothing.
    pub(crate) fn losses(
        &self,
        task: &Task,
        examples: &[Example],
        tokens: usize,
        mut each: impl FnMut(&Batch, &Loss),
    ) -> Result<(), TranslateError> {
        let lengths = |place: usize| examples[place].lengths();
        let read =
            |places: &[usize]| Ok(places.iter().map(|&place| Cow::Borrowed(&examples[place])).collect());
        let all = (0..examples.len()).collect();
        self.losses_of_part(task, (all, lengths, read), tokens, Part::ALL, |_, batch, loss| each(batch, loss))
    }

    /// The losses of those batches that a part has, each with its number. Examples are given by their places, with the lengths
    /// of each, and are read batch by batch.
    pub(crate) fn losses_of_part<'e>(
        &self,
        task: &Task,
        (mut places, lengths, read): (
            Vec<usize>,
            impl Fn(usize) -> Lengths,
            impl Fn(&[usize]) -> Result<Vec<Cow<'e, Example>>, RunError>,
        ),
        tokens: usize,
        part: Part,
        mut each: impl FnMut(usize, &Batch, &Loss),
    ) -> Result<(), TranslateError> {
        let model = self.model();
        let device = model.device();
        let framing = task.framing();
        let longest = |place: usize| lengths(place).longest();
        places.sort_by_key(|&place| std::cmp::Reverse(longest(place)));
        let mut rest = places.as_slice();
        for number in 0.. {
            let Some(&first) = rest.first() else { break };
            let (now, later) = rest.split_at((tokens / longest(first)).clamp(1, rest.len()));
            rest = later;
            if !part.has(number) {
                continue;
            }
            let examples = read(now)?;
            self.require_examples(task, examples.iter().map(AsRef::as_ref))?;
            let batch = Batch::new(task.number(), examples.iter().map(AsRef::as_ref), framing);
            let loss = loss_of(model, &batch, &device, &mut self.pass());
            self.cancellation().check()?;
            each(number, &batch, &loss);
        }
        Ok(())
    }
}

/// The decoder's loss of a batch, without dropout, smoothing or a gradient.
fn loss_of(model: &Model, batch: &Batch, device: &Device, pass: &mut Pass) -> Loss {
    let memory = batch.source(device).and_then(|source| model.encode(batch.task, source, pass));
    let hidden = hidden(model, batch, memory.as_ref(), device, pass);
    match &batch.targets {
        Targets::Tokens { tokens, padding, .. } => {
            let targets = TokenTargets { tokens, padding: *padding };
            let SoftmaxOperands { rows, table } = model.softmax(batch.task, rows(hidden));
            LossConfig::default().evaluate(rows, table, targets)
        }
        Targets::Frames { values, lengths } => {
            frame_loss(model.frames(batch.task, hidden), FrameTargets { values, lengths }, 1.0).0
        }
    }
}

/// Hidden states of a batch's targets, `[batch, target, d_model]`.
pub fn hidden(
    model: &Model,
    batch: &Batch,
    memory: Option<&EncoderOutput>,
    device: &Device,
    pass: &mut Pass,
) -> Tensor<3> {
    match batch.decoder_input(device) {
        Some(input) => model.decode(batch.task, memory, input, pass),
        None => {
            let memory = memory.expect("a per-position target has a source");
            model.decode_per_position(batch.task, memory, batch.target_width(), pass)
        }
    }
}

/// Flattens `[batch, target, d_model]` to `[batch * target, d_model]`.
pub fn rows(hidden: Tensor<3>) -> Tensor<2> {
    let [rows, width, d_model] = hidden.dims();
    hidden.reshape([rows * width, d_model])
}
