//! Memory budget: the price of a request in memory and multiplications, and its share of what the server has.
//!
//! A request is priced before its work begins: the model's sizes, the source's positions and the tokens that may be
//! written tell how much memory it can take at most. Cheap requests have their own part of the memory, and their own
//! thread of every model, so that they never wait for expensive ones.

use std::sync::Arc;

use any2any_architecture::Architecture;
use any2any_experiment::spec::Decoding;
use any2any_run::Task;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::api_error::ApiError;
use crate::loaded_run::LoadedRun;

/// The bytes of memory of one semaphore permit.
const UNIT: u64 = 1 << 16;
/// The most multiplications of a quick request, which keeps others waiting for less than about a second.
const QUICK: u64 = 40_000_000_000;
/// The divisor of the memory that gives the largest share of a cheap request.
const CHEAP_SHARE: u64 = 32;
/// Bytes of memory for each byte of a body while it is read and parsed: a token of four bytes may stand in two (`4,`),
/// and lists double when they grow.
const BODY: u64 = 8;

/// Upper bounds of the memory and the multiplications of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    /// Memory in bytes.
    pub(crate) memory: u64,
    /// Number of multiplications.
    pub(crate) products: u64,
}

/// The thread of a model on which a request is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// The thread of cheap requests.
    Quick,
    /// The thread of expensive requests, which may keep others waiting.
    Long,
}

/// A share of the memory, given back when it is dropped, with the lane of its request.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) lane: Lane,
    _permit: OwnedSemaphorePermit,
}

/// The memory of all requests at work, in three pools.
#[derive(Debug)]
pub(crate) struct Budget {
    memory: u64,
    /// A quarter, for cheap requests.
    quick: Arc<Semaphore>,
    /// Half of it, for expensive requests.
    long: Arc<Semaphore>,
    /// A quarter, for large bodies.
    bodies: Arc<Semaphore>,
}

impl Budget {
    /// A budget of so many bytes.
    pub(crate) fn new(memory: u64) -> Self {
        let pool = |share: u64| {
            let units = (memory / share / UNIT).clamp(1, Semaphore::MAX_PERMITS as u64);
            Arc::new(Semaphore::new(usize::try_from(units).unwrap_or(Semaphore::MAX_PERMITS)))
        };
        Self { memory, quick: pool(4), long: pool(2), bodies: pool(4) }
    }

    /// Waits for the share of a request. `what` names the request in the error of one that is too expensive.
    pub(crate) async fn take(&self, price: Price, what: &str) -> Result<Share, ApiError> {
        let cheap = price.memory <= self.memory / CHEAP_SHARE && price.products <= QUICK;
        let (lane, pool) = if cheap { (Lane::Quick, &self.quick) } else { (Lane::Long, &self.long) };
        if price.memory > self.memory / 2 {
            let message = format!(
                "{what} may take {} MiB of memory; one request is given at most {}, half of what all have together",
                price.memory.div_ceil(1 << 20),
                self.memory / (2 << 20)
            );
            let help = "ask for fewer or shorter sources, a smaller beam or a lower max_length, or start the \
                        server with more --memory";
            return Err(ApiError::too_large(message, help));
        }
        let permit = acquire(pool, price.memory).await?;
        Ok(Share { lane, _permit: permit })
    }

    /// The largest body, in bytes, for which there is memory at all.
    pub(crate) fn largest_body(&self) -> usize {
        usize::try_from(self.memory / 4 / BODY).unwrap_or(usize::MAX)
    }

    /// Waits for the share of some more bytes of a body.
    pub(crate) async fn take_body(&self, bytes: usize) -> Result<OwnedSemaphorePermit, ApiError> {
        acquire(&self.bodies, bytes as u64 * BODY).await
    }
}

async fn acquire(pool: &Arc<Semaphore>, bytes: u64) -> Result<OwnedSemaphorePermit, ApiError> {
    let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
    pool.clone().acquire_many_owned(units).await.map_err(|_| ApiError::stopping())
}

/// The sizes of a model on which prices depend.
struct Sizes {
    d_model: u64,
    d_ff: u64,
    heads: u64,
    encoder_layers: u64,
    decoder_layers: u64,
}

impl LoadedRun {
    fn sizes(&self) -> Sizes {
        let Architecture { encoder, decoder, .. } = &self.architecture;
        let wide = |value: usize| value as u64;
        let layers = decoder.transformer();
        Sizes {
            d_model: wide(decoder.d_model),
            // The four gates of an LSTM cell take as much.
            d_ff: layers.map_or(4 * wide(decoder.d_model), |layers| wide(layers.feed_forward.d_ff)),
            heads: decoder.self_attention().map_or(1, |attention| wide(attention.heads)),
            encoder_layers: encoder.as_ref().map_or(0, |encoder| wide(encoder.layers())),
            decoder_layers: wide(decoder.layers()),
        }
    }

    /// The price of decoding from sources of so many positions each; of none for a decoder-only model.
    pub(crate) fn price_of_writing(
        &self,
        task: &Task,
        sources: &[usize],
        decoding: &Decoding,
        prefix: usize,
    ) -> Price {
        let Sizes { d_model, d_ff, encoder_layers, decoder_layers, .. } = self.sizes();
        // The greedy output may be computed beside a beam.
        let beam = decoding.hypotheses() as u64 + u64::from(decoding.beam.is_some());
        let guided = if decoding.guidance == 1.0 { 1 } else { 2 };
        let positions: u64 = sources.iter().map(|&source| source as u64).sum();
        let longest = sources.iter().max().copied();
        let most = task.output_lengths(longest, prefix, decoding).most.max(prefix) as u64;
        let most = most.saturating_add(1);
        let rows = sources.len().max(1) as u64 * beam;
        let vocabulary = task.vocabulary().unwrap_or(0) as u64;
        let products = guided * self.parameters.saturating_mul(rows.saturating_mul(most) + positions);
        // Sources are decoded in batches, a few at a time.
        let shortest = sources.iter().min().copied().unwrap_or(1);
        let together = task.sources_together(shortest, 1, decoding) as u64;
        let rows = rows.min(together.max(beam) * any2any_translate::batches_at_once() as u64);
        let keys = rows.saturating_mul(most).saturating_mul(2 * decoder_layers * d_model + 1);
        let read = positions * d_model * (2 * decoder_layers + encoder_layers.min(1) * 8);
        let scores = rows * (vocabulary + 8 * d_model + d_ff);
        Price { memory: guided * 4 * keys.saturating_add(read + scores), products }
    }

    /// Number of attention weights of all heads and layers, for a source and a target of so many positions.
    pub(crate) fn attention_weights(&self, source: u64, target: u64) -> u64 {
        let Sizes { heads, encoder_layers, decoder_layers, .. } = self.sizes();
        heads * (encoder_layers * source * source + decoder_layers * target * (source + target))
    }

    /// The price of inspection passes over a source and a target, which keep all attention weights.
    pub(crate) fn price_of_passes(
        &self,
        task: &Task,
        (source, target): (usize, usize),
        passes: usize,
    ) -> Price {
        let Sizes { d_model, d_ff, encoder_layers, decoder_layers, .. } = self.sizes();
        let (source, target) = (source as u64, target as u64 + 1);
        let layers = encoder_layers + decoder_layers;
        let weights = self.attention_weights(source, target);
        let states = (source + target) * layers * (8 * d_model + 2 * d_ff);
        let logits = 3 * target * task.vocabulary().unwrap_or(0) as u64;
        let products = self.parameters.saturating_mul(source + target).saturating_mul(passes as u64);
        Price { memory: 4 * (2 * weights + states + logits), products }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const CHEAP: Price = Price { memory: 1 << 20, products: 1 };

    #[tokio::test]
    async fn what_is_cheap_waits_for_nothing_that_is_dear() {
        let budget = Budget::new(64 << 20);
        let dear = Price { memory: 32 << 20, products: 1 };
        let held = budget.take(dear, "this").await.expect("half of it");
        assert_eq!(held.lane, Lane::Long);
        // Another expensive request waits, and does not hold up cheap ones.
        let mut waiting = Box::pin(budget.take(dear, "this"));
        assert!((&mut waiting).now_or_never().is_none());
        assert_eq!(budget.take(CHEAP, "this").await.expect("a share of its own").lane, Lane::Quick);
        let slow = Price { products: QUICK + 1, ..CHEAP };
        let mut slow = Box::pin(budget.take(slow, "this"));
        assert!((&mut slow).now_or_never().is_none(), "it waits in the other lane");
        drop(held);
        assert_eq!(waiting.await.expect("given back").lane, Lane::Long);
        assert_eq!(slow.await.expect("given back").lane, Lane::Long);
    }

    #[tokio::test]
    async fn what_is_too_dear_is_refused_with_the_way_out() {
        let budget = Budget::new(64 << 20);
        let price = Price { memory: (32 << 20) + 1, products: 1 };
        let problem = budget.take(price, "this request").await.expect_err("too dear").problem().error;
        assert_eq!(problem.code, "too_large");
        assert!(problem.message.contains("may take 33 MiB"), "{}", problem.message);
        assert!(problem.message.contains("at most 32"), "{}", problem.message);
        assert!(problem.help.contains("--memory"), "{}", problem.help);
        let take = || budget.take_body(1 << 20).now_or_never().and_then(Result::ok);
        let held: Vec<_> = std::iter::from_fn(take).collect();
        assert_eq!(held.len(), 2);
    }
}
