//! Losses of whole splits, and of single batches, without dropout or smoothing.

use any2any_adapter::{Head, Stem};
use any2any_core::{Loss, LossConfig, Model, Pass, Targets};
use burn::tensor::Device;

use crate::adapters::AdapterSet;
use crate::batch::{Batch, Framing};
use crate::corpus::Example;

/// The losses of examples in batches of similar length, without dropout or smoothing.
pub(crate) fn losses(
    model: &Model,
    adapters: &AdapterSet,
    task: usize,
    examples: &[Example],
    tokens: usize,
    mut each: impl FnMut(&Batch, &Loss),
) {
    let device = model.device();
    let framing = framing(adapters, task);
    let longest = |example: &Example| example.lengths().source.max(example.lengths().target).max(1);
    let mut order: Vec<&Example> = examples.iter().collect();
    order.sort_by_key(|example| std::cmp::Reverse(longest(example)));
    let mut rest = order.as_slice();
    while let Some(first) = rest.first() {
        let (now, later) = rest.split_at((tokens / longest(first)).clamp(1, rest.len()));
        rest = later;
        let batch = Batch::new(task, now.iter().copied(), framing);
        let loss = loss_of(model, &batch, &device, &mut Pass::evaluation());
        each(&batch, &loss);
    }
}

/// The loss of a batch, row by row of its targets.
pub(crate) fn loss_of(model: &Model, batch: &Batch, device: &Device, pass: &mut Pass) -> Loss {
    let hidden = model.forward(batch.task, batch.source(device), batch.decoder_input(device), pass);
    let [rows, width, d_model] = hidden.dims();
    let targets = Targets { tokens: &batch.targets, padding: batch.padding() };
    LossConfig::default().evaluate(
        hidden.reshape([rows * width, d_model]),
        model.softmax_table(batch.task),
        targets,
    )
}

/// The tokens that frame a task's batches.
pub(crate) fn framing(adapters: &AdapterSet, task: usize) -> Framing {
    let task = &adapters.tasks()[task];
    let source_padding = match task.source.map(|source| adapters.adapter(source).stem()) {
        Some(Stem::Lookup { padding, .. }) => padding,
        _ => 0,
    };
    match adapters.adapter(task.target).head() {
        Some(Head::Softmax { padding, begin, .. }) => Framing { source_padding, padding, begin },
        _ => Framing { source_padding, padding: 0, begin: 0 },
    }
}
