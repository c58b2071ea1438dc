//! Exchange of the gradients of whole layers while the backward pass still runs (Li et al. 2020, "PyTorch Distributed:
//! Experiences on Accelerating Data Parallel Training").
//!
//! A rank's sums of a layer are whole once the last of its batches has gone back through the layer: from then on a thread
//! exchanges them, while the pass goes on through the layers below. The thread takes the layers in one order on all ranks,
//! from the last of the forward pass to the first. Parameters outside of layers, embeddings above all, whose gradients are
//! whole at the very end, are exchanged behind the pass.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use any2any_experiment::spec::Exchange;
use any2any_model::LayerListener;
use any2any_mpi::Communicator;
use any2any_run::parameters::Named;
use burn::module::ParamId;
use burn::tensor::Tensor;

use crate::gradient_exchange::{Layout, all_say, union};
use crate::gradient_sum::GradientSum;
use crate::ranks::{RankFailure, Ranks};

/// The layers of one pass, whose gradients are collected while it goes back through them.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// The names of all parameters.
    names: BTreeMap<ParamId, String>,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    /// The layers in the order of the forward pass.
    layers: Vec<Layer>,
    /// The layer of each parameter.
    of: BTreeMap<ParamId, usize>,
    /// Where whole layers go; nowhere before the backward pass, and after it.
    whole: Option<Sender<(usize, Named)>>,
}

#[derive(Debug)]
struct Layer {
    layout: Layout,
    /// True if the pass has come through a parameter of it before or afterwards: what is told of it then is not whole.
    is_shared: bool,
    /// What has been told so far; `None` once it is on its way.
    gradients: Option<Named>,
}

/// How an update is shared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares<'a> {
    pub ranks: &'a Ranks,
    /// The number of batches of all ranks.
    pub batches: usize,
    pub wire: Exchange,
}

impl Layers {
    /// Listens to a model whose parameters have these names.
    pub(crate) fn new(names: BTreeMap<ParamId, String>) -> Self {
        Self { names, heard: Mutex::default() }
    }

    /// The sum of the gradients of all ranks' batches, from the sum of this rank's batches but the last, whose backward
    /// pass is made here; it gives the gradients of all parameters.
    ///
    /// # Errors
    ///
    /// If another rank has failed.
    pub(crate) fn exchanged(
        &self,
        mut sum: GradientSum,
        shares: Shares<'_>,
        backward: impl FnOnce() -> Named,
    ) -> Result<GradientSum, RankFailure> {
        let Shares { ranks, batches, wire } = shares;
        if ranks.is_alone() {
            sum.add_named(backward());
            return Ok(sum);
        }
        let layers = self.common(ranks)?;
        let parts = layers.iter().map(|(number, layout)| {
            let sum = sum.split_off(layout.keys());
            Part { number: *number, layout: layout.clone(), sum }
        });
        let parts: Vec<Part> = parts.collect();
        let (sender, receiver) = channel();
        self.heard().whole = Some(sender);
        let (rest, Exchanged { mut total, present }) = std::thread::scope(|scope| {
            let exchanging =
                scope.spawn(move || exchange(parts, &receiver, ranks.communicator(), batches, wire));
            // Also when the pass panics: the thread would wait for what never comes.
            let end = End(self);
            let mut rest = backward();
            self.tell_rest(&layers, &mut rest);
            drop(end);
            let exchanged = exchanging.join();
            (rest, exchanged.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        sum.add_named(rest);
        let mut layout = sum.layout();
        layout.extend(present);
        let mut layout = union(ranks, layout)?;
        // What no rank has a gradient of has none.
        total.retain(|name, _| layout.contains_key(name));
        layout.retain(|name, _| !total.contains_key(name));
        total.extend(sum.all_reduce(ranks.communicator(), &layout, batches, wire));
        Ok(GradientSum::of_total(total))
    }

    /// The layers that the passes of all ranks have gone through, in the order in which they are exchanged; none if passes
    /// differ, as those of two tasks may.
    fn common(&self, ranks: &Ranks) -> Result<Vec<(usize, Layout)>, RankFailure> {
        let heard = self.heard();
        let layers = heard.layers.iter().enumerate().rev().filter(|(_, layer)| !layer.is_shared);
        let layers: Vec<(usize, Layout)> =
            layers.map(|(number, layer)| (number, layer.layout.clone())).collect();
        drop(heard);
        let line = |(name, length): (&String, &usize)| format!("{length} {name}\n");
        let lines: String = layers.iter().flat_map(|(_, layout)| layout.iter().map(line)).collect();
        Ok(if all_say(ranks, lines.as_bytes())? { layers } else { Vec::new() })
    }

    /// Takes layers out of the gradients that the pass has ended with, and sends those that are not whole on their way:
    /// from some parameters of theirs no way leads to the loss.
    fn tell_rest(&self, layers: &[(usize, Layout)], gradients: &mut Named) {
        let mut heard = self.heard();
        for (number, layout) in layers {
            let of_layer = layout.keys().filter_map(|name| gradients.remove_entry(name)).collect();
            heard.send(*number, |_| of_layer);
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LayerListener for Layers {
    fn layer(&self, parameters: Vec<(ParamId, usize)>) {
        let mut heard = self.heard();
        let number = heard.layers.len();
        let mut layer = Layer { layout: Layout::new(), is_shared: false, gradients: Some(Named::new()) };
        for (parameter, length) in parameters {
            match self.names.get(&parameter) {
                Some(name) => layer.layout.insert(name.clone(), length),
                None => continue,
            };
            if let Some(before) = heard.of.insert(parameter, number) {
                layer.is_shared = true;
                if let Some(before) = heard.layers.get_mut(before) {
                    before.is_shared = true;
                }
            }
        }
        heard.layers.push(layer);
    }

    fn gradient(&self, parameter: ParamId, gradient: Tensor<1>) {
        let mut heard = self.heard();
        let place = heard.of.get(&parameter).copied().zip(self.names.get(&parameter));
        let (Some((number, name)), true) = (place, heard.whole.is_some()) else { return };
        let layer = &mut heard.layers[number];
        if let Some(gradients) = layer.gradients.as_mut().filter(|_| !layer.is_shared) {
            gradients.insert(name.clone(), gradient);
            if gradients.len() == layer.layout.len() {
                heard.send(number, |gradients| gradients);
            }
        }
    }
}

impl Heard {
    /// Sends a layer on its way, unless it is: what `gradients` makes of what has been told of it.
    fn send(&mut self, number: usize, gradients: impl FnOnce(Named) -> Named) {
        if let Some(told) = self.layers[number].gradients.take() {
            // The thread ends early only if it panics, which its end tells.
            let _ = self.whole.as_ref().map(|whole| whole.send((number, gradients(told))));
        }
    }
}

/// The end of a backward pass, after which nothing is sent any more.
struct End<'a>(&'a Layers);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.heard().whole = None;
    }
}

/// The sum of a layer's gradients over this rank's batches but the last.
struct Part {
    number: usize,
    layout: Layout,
    sum: GradientSum,
}

/// What has been exchanged.
#[derive(Default)]
struct Exchanged {
    /// The sums of all ranks.
    total: Named,
    /// The parameters that this rank has gradients of.
    present: Layout,
}

/// Exchanges layers in their order, each as soon as it is whole; the first ones alone if a pass gives up.
fn exchange(
    parts: Vec<Part>,
    whole: &Receiver<(usize, Named)>,
    communicator: &dyn Communicator,
    batches: usize,
    wire: Exchange,
) -> Exchanged {
    let mut early = BTreeMap::new();
    let mut exchanged = Exchanged::default();
    for Part { number, layout, mut sum } in parts {
        let gradients = loop {
            if let Some(gradients) = early.remove(&number) {
                break gradients;
            }
            match whole.recv() {
                Ok((number, gradients)) => early.insert(number, gradients),
                Err(_) => return exchanged,
            };
        };
        sum.add_named(gradients);
        exchanged.present.extend(sum.layout());
        exchanged.total.extend(sum.all_reduce(communicator, &layout, batches, wire));
    }
    exchanged
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc;
    use std::time::Duration;

    use any2any_mpi::{Receive, Send};
    use burn::tensor::Device;

    use super::*;
    use crate::gradient_sum::tests::values;
    use crate::ranks::tests::Threads;

    const NAMES: [&str; 5] = ["table", "low.a", "low.b", "high.a", "high.unused"];

    /// Ranks whose exchanges are counted where the test waits for them.
    #[derive(Debug)]
    struct Counted {
        threads: Threads,
        exchanges: mpsc::Sender<()>,
    }

    impl Communicator for Counted {
        fn rank(&self) -> usize {
            self.threads.rank()
        }

        fn size(&self) -> usize {
            self.threads.size()
        }

        fn machine(&self) -> String {
            self.threads.machine()
        }

        fn all_gather(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
            self.threads.all_gather(bytes)
        }

        fn exchange(&self, sends: Vec<Send<'_>>, receives: Vec<Receive<'_>>) {
            self.threads.exchange(sends, receives);
            // Nobody waits any more after the backward pass.
            let _ = self.exchanges.send(());
        }

        fn abort(&self) -> ! {
            self.threads.abort()
        }
    }

    fn gradient(name: usize, batch: usize) -> Tensor<1> {
        let value = |at: usize| ((name * 1000 + batch * 40 + at) as f32 * 0.7).sin() * 1e3;
        let values: Vec<f32> = (0..6).map(value).collect();
        Tensor::from_floats(values.as_slice(), &Device::default())
    }

    /// The gradients of a batch: of all parameters but the one that no way leads to.
    fn gradients(batch: usize) -> Named {
        (0..4).map(|name| (NAMES[name].to_owned(), gradient(name, batch))).collect()
    }

    /// Layers as two passes of a model would announce them, and their parameters.
    fn layers(of: &[&[usize]]) -> (Layers, Vec<ParamId>) {
        let ids: Vec<ParamId> = NAMES.iter().map(|_| ParamId::new()).collect();
        let layers = Layers::new(ids.iter().copied().zip(NAMES.map(str::to_owned)).collect());
        of.iter().for_each(|layer| layers.layer(layer.iter().map(|&name| (ids[name], 6)).collect()));
        (layers, ids)
    }

    /// The sum over batches in one process.
    fn alone(batches: usize) -> Named {
        let mut sum = GradientSum::default();
        (0..batches).for_each(|batch| sum.add_named(gradients(batch)));
        sum.into_total()
    }

    #[test]
    fn layers_are_exchanged_while_the_backward_pass_runs() {
        let [size, each] = [2, 3];
        let totals = Threads::run(size, |threads| {
            let (exchanges, exchanged) = mpsc::channel();
            let ranks = Ranks::new(Arc::new(Counted { threads, exchanges }));
            let (layers, ids) = layers(&[&[1, 2], &[3]]);
            let first = ranks.rank() * each;
            let mut sum = GradientSum::from_batch(first);
            (first..first + each - 1).for_each(|batch| sum.add_named(gradients(batch)));
            let last = first + each - 1;
            let shares = Shares { ranks: &ranks, batches: size * each, wire: Exchange::Float32 };
            let total = layers.exchanged(sum, shares, || {
                layers.gradient(ids[3], gradient(3, last));
                // The pass cannot have ended: it goes on when the other rank has got this layer.
                exchanged.recv_timeout(Duration::from_secs(60)).expect("the upper layer is exchanged now");
                layers.gradient(ids[2], gradient(2, last));
                layers.gradient(ids[1], gradient(1, last));
                exchanged.recv_timeout(Duration::from_secs(60)).expect("the lower layer is exchanged now");
                gradients(last)
            });
            values(&total.expect("no rank fails").into_total())
        });
        assert!(totals.iter().all(|total| *total == values(&alone(size * each))));
    }

    /// The totals of two ranks with one batch each, whose passes announce these layers and tell some gradients.
    fn totals(of: [&[&[usize]]; 2], told: &[usize]) -> Vec<Vec<(String, Vec<u32>)>> {
        Threads::run(2, |threads| {
            let ranks = Ranks::new(Arc::new(threads));
            let rank = ranks.rank();
            let (layers, ids) = layers(of[rank]);
            let shares = Shares { ranks: &ranks, batches: 2, wire: Exchange::Float32 };
            let total = layers.exchanged(GradientSum::from_batch(rank), shares, || {
                told.iter().for_each(|&name| layers.gradient(ids[name], gradient(name, rank)));
                gradients(rank)
            });
            values(&total.expect("no rank fails").into_total())
        })
    }

    #[test]
    fn whatever_is_told_the_sum_is_that_of_one_process() {
        let expected = values(&alone(2));
        for (of, told, what) in [
            ([&[&[1, 2][..], &[3, 4]][..]; 2], &[3, 2, 1][..], "a parameter without a gradient"),
            ([&[&[1, 2][..], &[3]][..]; 2], &[], "a backend that tells nothing"),
            ([&[&[1, 2][..], &[3], &[1]][..]; 2], &[1, 3, 2, 1], "a parameter of two layers"),
            ([&[&[1, 2][..]][..], &[&[3][..]][..]], &[3, 2, 1], "passes through different layers"),
            ([&[][..]; 2], &[], "no layer"),
        ] {
            assert!(totals(of, told).iter().all(|total| *total == expected), "{what}");
        }
    }

    #[test]
    fn a_pass_that_panics_leaves_no_thread_that_waits() {
        let ended = Threads::run(2, |threads| {
            let ranks = Ranks::new(Arc::new(threads));
            let (layers, _) = layers(&[&[1, 2], &[3]]);
            let shares = Shares { ranks: &ranks, batches: 2, wire: Exchange::Float32 };
            let panics = || -> Named { panic!("out of memory") };
            let pass = || layers.exchanged(GradientSum::from_batch(ranks.rank()), shares, panics);
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(pass)).is_err()
        });
        assert_eq!(ended, [true, true]);
    }
}
