//! Losses of whole splits, without dropout or smoothing.

use any2any_adapter::Cancelled;
use any2any_core::Loss;

use crate::batch::{Batch, Framing};
use crate::corpus::Example;
use crate::objective::loss_of;
use crate::translator::Translator;

impl Translator {
    /// The losses of examples in batches of so many tokens and of similar length, without dropout or smoothing.
    pub(crate) fn losses(
        &self,
        task: usize,
        examples: &[Example],
        tokens: usize,
        mut each: impl FnMut(&Batch, &Loss),
    ) -> Result<(), Cancelled> {
        let model = self.model();
        let device = model.device();
        let framing = Framing::of(&self.adapters, task);
        let longest = |example: &Example| example.lengths().source.max(example.lengths().target).max(1);
        let mut order: Vec<&Example> = examples.iter().collect();
        order.sort_by_key(|example| std::cmp::Reverse(longest(example)));
        let mut rest = order.as_slice();
        while let Some(first) = rest.first() {
            let (now, later) = rest.split_at((tokens / longest(first)).clamp(1, rest.len()));
            rest = later;
            let batch = Batch::new(task, now.iter().copied(), framing);
            let loss = loss_of(model, &batch, &device, &mut self.pass());
            self.cancellation().check()?;
            each(&batch, &loss);
        }
        Ok(())
    }
}
