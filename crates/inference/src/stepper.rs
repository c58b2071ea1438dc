//! An engine as search drives it: a row a hypothesis, a step a token.

use std::convert::Infallible;
use std::ops::Range;

use any2any_adapter::{Cancellation, Sequence};
use any2any_kernels::host::decode::ranking::{Candidate, Ranked, Ranking};
use any2any_search::{Answer, BestOfRow, Scored, Stepper, Wanted};
use rayon::prelude::*;

use crate::buffers::Buffers;
use crate::decoder::{SourceKeyValues, Step};
use crate::engine::Engine;
use crate::listed::Listed;
use crate::look::Looking;

/// Rows that are worth a thread of their own.
const ROWS: usize = 24;

/// The state of a batch of hypotheses.
#[derive(Debug)]
pub struct EngineStepper<'a> {
    engine: &'a Engine,
    task: usize,
    sources: Vec<SourceKeyValues>,
    /// The part of the softmax that each source is written with; empty without a shortlist.
    listed: Vec<Listed>,
    /// The source of each row, `[rows]`; rows of one source stand together.
    rows: Vec<usize>,
    /// For each row its row at every earlier position, `[rows, positions]`.
    ancestors: Vec<u32>,
    /// For each earlier position the keys and values of the rows of that time, `[rows, row_width]` each.
    positions: Vec<Vec<f32>>,
    /// Buffers of each share of the rows.
    buffers: Vec<Buffers>,
}

impl<'a> EngineStepper<'a> {
    /// A row a source before the first token; without an encoder, as many rows as the first step feeds.
    /// Sources are encoded unless that is given up.
    ///
    /// # Panics
    ///
    /// When a source is of the other kind of sequence than the model reads.
    pub fn new(engine: &'a Engine, task: usize, sources: &[&Sequence], cancellation: &Cancellation) -> Self {
        let sources_listed = engine.listed(task, sources);
        let encoded = engine.encode(task, sources, cancellation);
        Self::of(engine, task, sources_listed, encoded)
    }

    /// A stepper whose only row is looked at: encoded with the look of `looking`, and each step with the same.
    pub(crate) fn looking(
        engine: &'a Engine,
        task: usize,
        sources: &[&Sequence],
        cancellation: &Cancellation,
        looking: Looking,
    ) -> Self {
        let listed = engine.listed(task, sources);
        let mut buffers = Buffers::default();
        buffers.inner.look = Some(looking);
        let encoded = engine.encode_with(task, sources, cancellation, &mut buffers);
        Self { buffers: vec![buffers], ..Self::of(engine, task, listed, encoded) }
    }

    /// The look of all passes so far.
    pub(crate) fn looked(self) -> Looking {
        self.buffers.into_iter().find_map(|buffers| buffers.inner.look).unwrap_or_default()
    }

    fn of(engine: &'a Engine, task: usize, listed: Vec<Listed>, sources: Vec<SourceKeyValues>) -> Self {
        Self {
            listed,
            engine,
            task,
            rows: (0..sources.len()).collect(),
            sources,
            ancestors: Vec::new(),
            positions: Vec::new(),
            buffers: Vec::new(),
        }
    }

    /// Feeds each row a token, `[rows]`, and gives the results of `finish` on the hidden states of each share of the
    /// rows, `[rows, d_model]`, and the numbers of these.
    fn advance<R: Send>(
        &mut self,
        tokens: &[u32],
        finish: impl Fn(&[f32], Range<usize>, &mut Buffers) -> R + Sync,
    ) -> Vec<R> {
        if self.positions.is_empty() && self.rows.is_empty() {
            self.rows = (0..tokens.len()).collect();
        }
        assert_eq!(tokens.len(), self.rows.len(), "a token for each row");
        let shares = self.shares();
        self.buffers.resize_with(shares.len().max(self.buffers.len()), Buffers::default);
        let decoder = &self.engine.decoder;
        let (d_model, width, written) = (decoder.ends.d_model, decoder.row_width(), self.positions.len());
        let encoded = decoder.ends.positions.encode(written..written + 1);
        let mut newest = vec![0.0; tokens.len() * width];
        let mut stream = vec![0.0; tokens.len() * d_model];
        let mut left = (&mut newest[..], &mut stream[..]);
        let mut jobs = Vec::with_capacity(shares.len());
        for (share, buffers) in shares.into_iter().zip(&mut self.buffers) {
            let (newest, others) = left.0.split_at_mut(share.len() * width);
            let (stream, other_rows) = left.1.split_at_mut(share.len() * d_model);
            left = (others, other_rows);
            jobs.push((share, newest, stream, buffers));
        }
        let work =
            |(share, newest, stream, buffers): (Range<usize>, &mut [f32], &mut [f32], &mut Buffers)| {
                let look = buffers.inner.look.as_ref();
                let hidden = look.is_some_and(|look| look.ablations.hidden_target.contains(&written));
                self.engine.embed(self.task, &tokens[share.clone()], hidden, stream);
                let mut sources: Vec<(&SourceKeyValues, usize)> = Vec::new();
                if !self.sources.is_empty() {
                    for rows in self.rows[share.clone()].chunk_by(|a, b| a == b) {
                        sources.push((&self.sources[rows[0]], rows.len()));
                    }
                }
                let step = Step {
                    encoded: &encoded,
                    positions: &self.positions,
                    ancestors: &self.ancestors[share.start * written..share.end * written],
                    newest,
                    stream,
                    sources: &sources,
                };
                decoder.step(step, buffers);
                self.engine.scale(self.task, stream);
                finish(stream, share, buffers)
            };
        let results = match jobs.len() {
            0 | 1 => jobs.into_iter().map(work).collect(),
            _ => jobs.into_par_iter().map(work).collect(),
        };
        self.remember(newest, tokens.len());
        results
    }

    /// The newest position, `[rows, row_width]`, becomes an earlier one.
    fn remember(&mut self, newest: Vec<f32>, rows: usize) {
        let written = self.positions.len();
        let mut ancestors = Vec::with_capacity(rows * (written + 1));
        for row in 0..rows {
            ancestors.extend_from_slice(&self.ancestors[row * written..][..written]);
            ancestors.push(row as u32);
        }
        self.ancestors = ancestors;
        self.positions.push(newest);
    }

    /// Feeds each row a token and gives the best of what may be written for its source.
    fn rank_listed(&mut self, tokens: &[u32], wanted: &Wanted<'_>) -> Vec<BestOfRow> {
        let (listed, rows) = (std::mem::take(&mut self.listed), self.rows.clone());
        let d_model = self.engine.decoder.ends.d_model;
        let ranked = self.advance(tokens, |hidden, share, buffers| {
            let mut hidden = hidden;
            let mut ranked = Vec::with_capacity(share.len());
            for rows in rows[share].chunk_by(|a, b| a == b) {
                let (own, others) = hidden.split_at(rows.len() * d_model);
                hidden = others;
                ranked.extend(listed[rows[0]].rank(own, wanted, &mut buffers.inner.rows));
            }
            ranked
        });
        self.listed = listed;
        ranked.into_iter().flatten().collect()
    }

    /// Shares of the rows, about as many as threads want, that part no source's rows.
    fn shares(&self) -> Vec<Range<usize>> {
        let wanted = self.rows.len().div_ceil(rayon::current_num_threads()).max(ROWS);
        let mut shares = Vec::new();
        let (mut start, mut end) = (0, 0);
        for rows in self.rows.chunk_by(|a, b| a == b) {
            end += rows.len();
            if end - start >= wanted {
                shares.push(start..end);
                start = end;
            }
        }
        if start < end {
            shares.push(start..end);
        }
        shares
    }
}

impl Stepper for EngineStepper<'_> {
    type Error = Infallible;

    fn vocabulary(&self) -> usize {
        self.engine.table(self.task).outputs()
    }

    /// The logits of what follows, `[rows, vocabulary]`.
    fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Infallible> {
        let table = self.engine.table(self.task);
        let logits = self.advance(tokens, |hidden, _, buffers| {
            let mut logits = vec![0.0; hidden.len() / table.inputs() * table.outputs()];
            table.apply(hidden, &mut logits, &mut buffers.inner.rows);
            logits
        });
        let mut logits = logits.concat();
        if !self.listed.is_empty() {
            for (logits, &source) in logits.chunks_mut(table.outputs()).zip(&self.rows) {
                self.listed[source].withhold(logits);
            }
        }
        Ok(logits)
    }

    fn rank(&mut self, tokens: &[u32], wanted: &Wanted<'_>) -> Result<Answer, Infallible> {
        let Wanted { count, end, forbidden } = *wanted;
        let ranking = Ranking { table: self.engine.table(self.task), count, end, forbidden };
        let few = tokens.len() < ROWS;
        if !self.listed.is_empty() {
            return Ok(Answer::Best(self.rank_listed(tokens, wanted)));
        }
        let rows = self.advance(tokens, |hidden, _, buffers| match few {
            true => ranking.rows_in_parallel(hidden),
            false => ranking.rows(hidden, &mut buffers.inner.rows),
        });
        Ok(Answer::Best(rows.into_iter().flatten().map(best_of_row).collect()))
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), Infallible> {
        let written = self.positions.len();
        self.ancestors =
            rows.iter().flat_map(|&row| &self.ancestors[row * written..][..written]).copied().collect();
        self.rows = rows.iter().map(|&row| self.rows[row]).collect();
        Ok(())
    }
}

fn best_of_row(ranked: Ranked) -> BestOfRow {
    let log_sum = ranked.log_sum();
    let scored = |Candidate { logit, token }| Scored { logit, token };
    BestOfRow { tokens: ranked.best.into_iter().map(scored).collect(), end: ranked.end, log_sum }
}
