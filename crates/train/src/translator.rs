//! A trained model at work: values of one medium in, values of another out.

use std::convert::Infallible;

use any2any_adapter::{Decoded, Encoded, Head, Registry, Sequence, Value};
use any2any_core::{Loss, Model, ModelStepper, Pass, Trace};
use any2any_data::DataRoot;
use any2any_experiment::spec::{Decoding, Experiment};
use any2any_inference::{EngineStepper, Precision};
use any2any_search::{Beam, Hypothesis, Sampling, SearchOptions, SourceRow, Stepper, Strategy};

use crate::adapters::AdapterSet;
use crate::batch::{self, Batch};
use crate::build::model_config;
use crate::checkpoint::read_any_weights;
use crate::corpus::Example;
use crate::error::TrainError;
use crate::loaded::Loaded;
use crate::losses::{framing, loss_of, losses};
use crate::prepare::{self, Split};
use crate::run::RunFolder;

/// A trained model with its adapters.
pub struct Translator {
    /// The experiment it was trained by.
    pub experiment: Experiment,
    /// Its adapters.
    pub adapters: AdapterSet,
    model: Loaded,
}

/// One result of a search.
#[derive(Clone, Debug)]
pub struct Output {
    /// What was written, with the region of each token.
    pub decoded: Decoded,
    /// Its tokens, without the end.
    pub tokens: Vec<u32>,
    /// What search ranked it by.
    pub score: f64,
    /// Its log-probability, the end included.
    pub log_probability: f64,
}

/// The log-probability of a given pair.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PairScore {
    /// The sum over the target's tokens, the end included.
    pub log_probability: f64,
    /// How many tokens that is.
    pub tokens: usize,
    /// Each token and its log-probability, the end last.
    pub by_token: Vec<(String, f32)>,
}

/// What follows a text with which probability.
#[derive(Clone, Debug, serde::Serialize)]
pub struct NextToken {
    /// The token, as it is shown.
    pub token: String,
    /// Its number.
    pub id: u32,
    /// Its probability.
    pub probability: f32,
}

/// What a traced pass over one pair saw.
pub struct Traced {
    /// The source and its regions; none for a decoder-only model.
    pub source: Option<Encoded>,
    /// The target and its regions.
    pub target: Encoded,
    /// The attention of every layer and head.
    pub trace: Trace,
    /// The log-probability of each target token.
    pub log_probabilities: Vec<f32>,
}

impl Translator {
    /// Loads a run.
    ///
    /// `checkpoint` is `best`, `last`, `step-N`, or the path of a safetensors file.
    ///
    /// # Errors
    ///
    /// When the folder holds no run, a file is broken, or the backend is missing.
    pub fn load(run: &RunFolder, checkpoint: &str, registry: &Registry) -> Result<Self, TrainError> {
        Self::load_in(run, checkpoint, registry, Precision::Float)
    }

    /// Loads a run and decodes in a precision; one whose weights stand in 8 bits decodes in 8 bits anyway.
    ///
    /// # Errors
    ///
    /// Those of [`load`](Self::load), and when 8 bits are asked of a model or a device that has no engine.
    pub fn load_in(
        run: &RunFolder,
        checkpoint: &str,
        registry: &Registry,
        precision: Precision,
    ) -> Result<Self, TrainError> {
        let experiment = run.experiment(registry)?.experiment;
        let device = crate::device::device(&experiment.device)?;
        let adapters = run.adapters(&experiment, registry)?;
        let file = run.weights_file(checkpoint)?;
        let config = model_config(&experiment.model, &adapters);
        let (weights, rounded) = read_any_weights(&file)?;
        let stored = if rounded { Precision::Byte } else { precision };
        let model = Loaded::of_weights(config, weights, device, stored).map_err(|reason| {
            TrainError::run(&file, format!("these weights are of another model: {reason}"))
        })?;
        Self { experiment, adapters, model }.that_decodes_in(precision)
    }

    /// A translator from its parts; the model without autodiff.
    pub fn new(experiment: Experiment, adapters: AdapterSet, model: Model) -> Self {
        let model = Loaded::of_model(model_config(&experiment.model, &adapters), model, Precision::Float);
        Self { experiment, adapters, model }
    }

    /// The same, to decode with weights of a precision.
    ///
    /// # Errors
    ///
    /// When 8 bits are asked of a model or a device that has no engine.
    pub fn in_precision(
        experiment: Experiment,
        adapters: AdapterSet,
        model: Model,
        precision: Precision,
    ) -> Result<Self, TrainError> {
        let model = Loaded::of_model(model_config(&experiment.model, &adapters), model, precision);
        Self { experiment, adapters, model }.that_decodes_in(precision)
    }

    fn that_decodes_in(self, precision: Precision) -> Result<Self, TrainError> {
        if precision == Precision::Byte && self.model.engine().is_none() {
            return Err(TrainError::Unsupported(
                "only transformers on the CPU backend decode with 8-bit weights; leave --int8 out".to_owned(),
            ));
        }
        Ok(self)
    }

    /// The model.
    pub fn model(&self) -> &Model {
        self.model.model()
    }

    /// A split of a task's data, encoded.
    ///
    /// # Errors
    ///
    /// When the data is not there, or a value cannot be encoded.
    pub fn load_split(&self, task: usize, split: &str, root: &DataRoot) -> Result<Split, TrainError> {
        prepare::load_split(&self.experiment, &self.adapters, task, split, root)
    }

    /// Translates values in the order given; the best results of each first.
    ///
    /// `prefix` is what every output must begin with.
    ///
    /// # Errors
    ///
    /// When a value cannot be read or a result cannot be written.
    pub fn translate(
        &self,
        task: usize,
        values: &[Value],
        decoding: &Decoding,
        prefix: Option<&Value>,
    ) -> Result<Vec<Vec<Output>>, TrainError> {
        let prefix = self.prefix(task, prefix)?;
        let number = self.adapters.tasks()[task].source.ok_or_else(|| self.no_source(task))?;
        let sources = values
            .iter()
            .map(|value| Ok(self.adapters.adapter(number).encode(value)?.sequence))
            .collect::<Result<Vec<_>, any2any_adapter::AdapterError>>()
            .map_err(|source| self.adapter_error(task, "source", source))?;
        let sources: Vec<&Sequence> = sources.iter().collect();
        self.search(task, &sources, decoding, &prefix)
    }

    /// Continues texts with a decoder-only model, or writes freely when `prefix` is empty.
    ///
    /// # Errors
    ///
    /// When the task has a source.
    pub fn complete(
        &self,
        task: usize,
        prefix: &Value,
        decoding: &Decoding,
        results: usize,
    ) -> Result<Vec<Vec<Output>>, TrainError> {
        if self.adapters.tasks()[task].source.is_some() {
            return Err(TrainError::Unsupported(
                "only a decoder-only model completes; use `translate` for a model with a source".to_owned(),
            ));
        }
        let prefix = self.prefix(task, Some(prefix))?;
        let rows: Vec<SourceRow> =
            (0..results).map(|number| self.row(number, prefix.len(), &prefix, decoding)).collect();
        self.run_search(task, &[], &rows, decoding)
    }

    /// The most probable tokens after a prefix, in falling order: the model's own distribution.
    ///
    /// # Errors
    ///
    /// When the source or the prefix cannot be read.
    pub fn next_tokens(
        &self,
        task: usize,
        source: Option<&Value>,
        prefix: &Value,
        count: usize,
    ) -> Result<Vec<NextToken>, TrainError> {
        let names = self.adapters.tasks()[task].clone();
        let source = match (source, names.source) {
            (Some(value), Some(adapter)) => {
                let encoded = self.adapters.adapter(adapter).encode(value);
                let encoded = encoded.map_err(|source| self.adapter_error(task, "source", source))?;
                Some(encoded.sequence)
            }
            _ => None,
        };
        let sources: Vec<&Sequence> = source.iter().collect();
        let mut tokens = vec![framing(&self.adapters, task).begin];
        tokens.extend(self.prefix(task, Some(prefix))?);
        let logits = match self.model.engine() {
            Some(engine) => last_logits(EngineStepper::new(engine, task, &sources), &tokens),
            None => last_logits(self.model_stepper(task, &sources), &tokens),
        };
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = logits.iter().map(|logit| f64::from(logit - highest).exp()).sum();
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]).then(a.cmp(&b)));
        let target = self.adapters.adapter(names.target);
        Ok(order
            .into_iter()
            .take(count)
            .map(|id| NextToken {
                token: target.show(id as u32),
                id: id as u32,
                probability: (f64::from(logits[id] - highest).exp() / sum) as f32,
            })
            .collect())
    }

    /// The log-probabilities of given pairs. A decoder-only model has no sources.
    ///
    /// # Errors
    ///
    /// When a value cannot be read, or sources and targets differ in number.
    pub fn score(
        &self,
        task: usize,
        sources: Option<&[Value]>,
        targets: &[Value],
    ) -> Result<Vec<PairScore>, TrainError> {
        let examples = self.examples(task, sources, targets)?;
        let adapter = self.adapters.adapter(self.adapters.tasks()[task].target);
        let mut scores: Vec<Option<PairScore>> = examples.iter().map(|_| None).collect();
        self.losses(task, &examples, |batch, loss| {
            let width = batch.targets.len() / batch.rows().max(1);
            for (row, &sample) in batch.samples.iter().enumerate() {
                let target = &examples[sample].target;
                let values = &loss.log_probabilities[row * width..][..target.len()];
                scores[sample] = Some(PairScore {
                    log_probability: values.iter().map(|&value| f64::from(value)).sum(),
                    tokens: target.len(),
                    by_token: target
                        .iter()
                        .map(|&token| adapter.show(token))
                        .zip(values.iter().copied())
                        .collect(),
                });
            }
        });
        Ok(scores.into_iter().flatten().collect())
    }

    /// One pair with the attention of every layer and head.
    ///
    /// # Errors
    ///
    /// When a value cannot be read.
    pub fn trace(&self, task: usize, source: Option<&Value>, target: &Value) -> Result<Traced, TrainError> {
        let names = &self.adapters.tasks()[task];
        let read = |adapter: usize, role, value: &Value| {
            self.adapters
                .adapter(adapter)
                .encode(value)
                .map_err(|error| self.adapter_error(task, role, error))
        };
        let source = match (source, names.source) {
            (Some(value), Some(adapter)) => Some(read(adapter, "source", value)?),
            _ => None,
        };
        let target = read(names.target, "target", target)?;
        let example = Example {
            sample: 0,
            source: source.as_ref().map(|source| source.sequence.clone()),
            target: target.sequence.tokens().unwrap_or_default().to_vec(),
        };
        let batch = Batch::new(task, [&example], framing(&self.adapters, task));
        let mut pass = Pass::traced();
        let loss = loss_of(self.model(), &batch, self.model.device(), &mut pass);
        Ok(Traced { source, target, trace: pass.into_trace(), log_probabilities: loss.log_probabilities })
    }

    /// Searches for encoded sources, in the order given.
    pub(crate) fn search(
        &self,
        task: usize,
        sources: &[&Sequence],
        decoding: &Decoding,
        prefix: &[u32],
    ) -> Result<Vec<Vec<Output>>, TrainError> {
        let beam = decoding.beam.as_ref().map_or(1, |beam| beam.size);
        let mut order: Vec<usize> = (0..sources.len()).collect();
        order.sort_by_key(|&number| std::cmp::Reverse(sources[number].len()));
        let mut results: Vec<Vec<Output>> = sources.iter().map(|_| Vec::new()).collect();
        let mut rest = order.as_slice();
        while let Some(&first) = rest.first() {
            let rows = (decoding.batch_tokens / (sources[first].len().max(1) * beam)).clamp(1, rest.len());
            let (now, later) = rest.split_at(rows);
            rest = later;
            let together: Vec<&Sequence> = now.iter().map(|&number| sources[number]).collect();
            let rows: Vec<SourceRow> = now
                .iter()
                .map(|&number| self.row(number, 2 * sources[number].len() + 20, prefix, decoding))
                .collect();
            for (&number, outputs) in now.iter().zip(self.run_search(task, &together, &rows, decoding)?) {
                results[number] = outputs;
            }
        }
        Ok(results)
    }

    /// The model as search drives it, where there is no engine.
    fn model_stepper(&self, task: usize, sources: &[&Sequence]) -> ModelStepper<'_> {
        let framing = framing(&self.adapters, task);
        let source = batch::sources(sources.iter().copied(), framing, self.model.device());
        ModelStepper::new(self.model(), task, source)
    }

    /// Searches for some sources together, or without a source for some rows.
    fn run_search(
        &self,
        task: usize,
        sources: &[&Sequence],
        rows: &[SourceRow],
        decoding: &Decoding,
    ) -> Result<Vec<Vec<Output>>, TrainError> {
        let adapter = self.adapters.adapter(self.adapters.tasks()[task].target);
        let Some(Head::Softmax { begin, end, forbidden, .. }) = adapter.head() else {
            return Err(TrainError::Unsupported("this target medium cannot be written".to_owned()));
        };
        let options = search_options(decoding, self.experiment.seed);
        let hypotheses = match self.model.engine() {
            Some(engine) => {
                let mut stepper = EngineStepper::new(engine, task, sources);
                any2any_search::search(&mut stepper, rows, begin, end, &forbidden, &options)
            }
            None => {
                let mut stepper = self.model_stepper(task, sources);
                any2any_search::search(&mut stepper, rows, begin, end, &forbidden, &options)
            }
        };
        let hypotheses = hypotheses.map_err(|error| TrainError::Search(error.to_string()))?;
        let output = |hypothesis: Hypothesis| -> Result<Output, TrainError> {
            let decoded = adapter
                .decode(&hypothesis.tokens)
                .map_err(|source| self.adapter_error(task, "target", source))?;
            Ok(Output {
                decoded,
                score: hypothesis.score,
                log_probability: hypothesis.log_probability,
                tokens: hypothesis.tokens,
            })
        };
        hypotheses.into_iter().map(|best| best.into_iter().map(output).collect()).collect()
    }

    fn row(&self, number: usize, default_length: usize, prefix: &[u32], decoding: &Decoding) -> SourceRow {
        let max_length = decoding.max_length.unwrap_or(default_length.max(prefix.len() + 20));
        SourceRow {
            max_length: max_length.max(decoding.min_length),
            min_length: decoding.min_length,
            prefix: prefix.to_vec(),
            id: number as u64,
        }
    }

    /// The losses of examples in batches, longest first.
    pub(crate) fn losses(&self, task: usize, examples: &[Example], each: impl FnMut(&Batch, &Loss)) {
        let tokens = self.experiment.training.batch.tokens;
        losses(self.model(), &self.adapters, task, examples, tokens, each);
    }

    fn examples(
        &self,
        task: usize,
        sources: Option<&[Value]>,
        targets: &[Value],
    ) -> Result<Vec<Example>, TrainError> {
        let names = &self.adapters.tasks()[task];
        if let (Some(sources), Some(_)) = (sources, names.source)
            && sources.len() != targets.len()
        {
            return Err(TrainError::Unsupported(format!(
                "there are {} sources but {} targets; give one target a source",
                sources.len(),
                targets.len()
            )));
        }
        if names.source.is_some() && sources.is_none() {
            return Err(TrainError::Unsupported(format!(
                "task '{}' needs sources beside its targets",
                names.name
            )));
        }
        targets
            .iter()
            .enumerate()
            .map(|(sample, target)| {
                let source = match (sources, names.source) {
                    (Some(sources), Some(adapter)) => {
                        let encoded = self.adapters.adapter(adapter).encode(&sources[sample]);
                        Some(encoded.map_err(|error| self.adapter_error(task, "source", error))?.sequence)
                    }
                    _ => None,
                };
                let target = self.adapters.adapter(names.target).encode(target);
                let target = target.map_err(|error| self.adapter_error(task, "target", error))?;
                Ok(Example { sample, source, target: target.sequence.tokens().unwrap_or_default().to_vec() })
            })
            .collect()
    }

    /// The tokens of a prefix, without the end.
    fn prefix(&self, task: usize, prefix: Option<&Value>) -> Result<Vec<u32>, TrainError> {
        let Some(prefix) = prefix else { return Ok(Vec::new()) };
        let encoded = self.adapters.adapter(self.adapters.tasks()[task].target).encode(prefix);
        let encoded = encoded.map_err(|source| self.adapter_error(task, "prefix", source))?;
        let tokens = encoded.sequence.tokens().unwrap_or_default();
        Ok(tokens[..tokens.len().saturating_sub(1)].to_vec())
    }

    fn adapter_error(&self, task: usize, role: &str, source: any2any_adapter::AdapterError) -> TrainError {
        TrainError::Adapter { side: format!("{} {role}", self.adapters.tasks()[task].name), source }
    }

    fn no_source(&self, task: usize) -> TrainError {
        TrainError::Unsupported(format!(
            "task '{}' has no source to translate; use `complete` for a decoder-only model",
            self.adapters.tasks()[task].name
        ))
    }
}

/// Feeds one row all tokens and gives the logits of what follows the last.
fn last_logits<S: Stepper<Error = Infallible>>(mut stepper: S, tokens: &[u32]) -> Vec<f32> {
    let mut logits = Vec::new();
    for &token in tokens {
        let Ok(next) = stepper.step(&[token]);
        logits = next;
    }
    logits
}

fn search_options(decoding: &Decoding, seed: u64) -> SearchOptions {
    let strategy = match (&decoding.beam, &decoding.sampling) {
        (Some(beam), _) => {
            Strategy::Beam(Beam { size: beam.size, length_penalty: beam.length_penalty, n_best: beam.n_best })
        }
        (None, Some(sampling)) => Strategy::Sampling(Sampling {
            temperature: sampling.temperature,
            top_k: sampling.top_k,
            top_p: sampling.top_p,
            seed: sampling.seed.unwrap_or(seed),
        }),
        (None, None) => Strategy::Greedy,
    };
    SearchOptions {
        strategy,
        no_repeat_ngram: decoding.no_repeat_ngram,
        repetition_penalty: decoding.repetition_penalty,
    }
}
