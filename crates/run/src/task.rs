//! Task of a run: from values of one medium to values of another, by fitted adapters.

mod prompting;

use std::sync::Arc;

use any2any_adapter::{Adapter, AdapterError, AnyMedium, Encoded, Head, Region, Stem, Value, Window};
use any2any_experiment::spec::{self, Decoding, Experiment, Metric, PromptError};
use any2any_search::{LengthRule, OutputLengths};

use crate::error::RunError;
use crate::framing::Framing;
use crate::lengths::labels;
use crate::prompt::{LanguageChoice, PromptTokens, TaskPrompt, TokenNumbers, unprompted};
use crate::task_sides::{Role, TaskSides};

/// Task of a run: its sides, their adapters, and the rules that depend on both.
///
/// A run hands tasks out as `Arc<Task>`; the model knows a task by its [`number`](Self::number).
#[derive(Clone)]
pub struct Task {
    number: usize,
    sides: TaskSides,
    /// Adapters with the task's prompt.
    source: Option<Arc<dyn Adapter>>,
    target: Arc<dyn Adapter>,
    /// Adapters without any prompt, which tasks share.
    plain: (Option<Arc<dyn Adapter>>, Arc<dyn Adapter>),
    prompt: Option<Arc<TaskPrompt>>,
    prompt_tokens: PromptTokens,
    /// The language that the prompt lacks.
    lacking: Option<PromptError>,
    /// The language that the model is to tell.
    choice: Option<Arc<LanguageChoice>>,
    /// The numbers of tokens that the decoding options name.
    named: Arc<TokenNumbers>,
    spec: spec::Task,
    decoding: Decoding,
    metrics: Vec<Metric>,
}

impl Task {
    pub(crate) fn new(
        number: usize,
        sides: TaskSides,
        source: Option<Arc<dyn Adapter>>,
        target: Arc<dyn Adapter>,
        experiment: &Experiment,
    ) -> Result<Self, RunError> {
        let spec = experiment.tasks[&sides.name].clone();
        let prompt = spec
            .prompt
            .as_ref()
            .map(|prompt| Arc::new(TaskPrompt::new(prompt, source.as_deref(), target.as_ref())));
        let decoding = experiment.decoding(&sides.name).clone();
        let suppressed = decoding.suppress.iter().chain(&decoding.suppress_first);
        let named = TokenNumbers::of(target.as_ref(), suppressed.map(String::as_str));
        for (option, names) in
            [("decoding.suppress", &decoding.suppress), ("decoding.suppress_first", &decoding.suppress_first)]
        {
            named.all(&sides.name, option, names)?;
        }
        let task = Self {
            number,
            source: source.clone(),
            target: target.clone(),
            plain: (source, target),
            prompt,
            prompt_tokens: PromptTokens::default(),
            lacking: None,
            choice: None,
            named: Arc::new(named),
            decoding,
            metrics: experiment.metrics(&sides.name).to_vec(),
            spec,
            sides,
        };
        // Languages that nobody named yet are asked for when a value is read.
        match task.in_languages(None, None) {
            Err(RunError::Prompt { source: lacking @ PromptError::NoLanguage { .. }, .. }) => Ok(Self {
                source: task.source.as_ref().map(|source| unprompted(source, lacking.clone())),
                target: unprompted(&task.target, lacking.clone()),
                lacking: Some(lacking),
                ..task
            }),
            made => made,
        }
    }

    /// Place among the tasks of the experiment, from 0, by which the model finds its stems and heads.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Name in the experiment.
    pub fn name(&self) -> &str {
        &self.sides.name
    }

    /// Sides, which open values.
    pub fn sides(&self) -> &TaskSides {
        &self.sides
    }

    /// Task as the experiment describes it.
    pub fn spec(&self) -> &spec::Task {
        &self.spec
    }

    /// Decoding options of its outputs, unless a caller gives others.
    pub fn decoding(&self) -> &Decoding {
        &self.decoding
    }

    /// Metrics of its outputs.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// Adapter of the source; `None` for a task without one.
    pub fn source(&self) -> Option<&Arc<dyn Adapter>> {
        self.source.as_ref()
    }

    /// Adapter of the target.
    pub fn target(&self) -> &Arc<dyn Adapter> {
        &self.target
    }

    /// Medium of the source; `None` for a task without one.
    pub fn source_medium(&self) -> Option<&dyn AnyMedium> {
        self.sides.source.as_ref().map(|side| side.medium.as_ref())
    }

    /// Medium of the target.
    pub fn target_medium(&self) -> &dyn AnyMedium {
        self.sides.target.medium.as_ref()
    }

    /// True if the task writes one token for every position of the source, all at once (non-autoregressive).
    pub fn is_per_position(&self) -> bool {
        self.source.is_some() && self.spec.per_position
    }

    /// Padding and begin tokens of its batches.
    pub fn framing(&self) -> Framing {
        Framing::new(self.source.as_deref(), self.target.as_ref(), self.spec.per_position)
    }

    /// End token of its outputs; 0 for frames.
    pub fn end(&self) -> u32 {
        match self.target.head() {
            Some(Head::Softmax { end, .. }) => end,
            _ => 0,
        }
    }

    /// Size of the target's vocabulary; `None` for frames.
    pub fn vocabulary(&self) -> Option<usize> {
        match self.target.head() {
            Some(Head::Softmax { vocabulary, .. }) => Some(vocabulary),
            _ => None,
        }
    }

    /// Number of tokens that a per-position task writes for a source of `length` positions; `None` for other tasks.
    pub fn labels(&self, length: usize) -> Option<usize> {
        let stem: Stem = self.source.as_ref().filter(|_| self.spec.per_position)?.stem();
        Some(labels(&stem, length))
    }

    /// Length limits of its outputs in tokens, for a source of so many positions (`None` without a source) and a prefix
    /// of so many tokens, which count.
    pub fn output_lengths(&self, source: Option<usize>, prefix: usize, decoding: &Decoding) -> OutputLengths {
        match source.and_then(|source| self.labels(source)) {
            Some(length) => OutputLengths { least: length, most: length },
            None => self.length_rule(decoding).of(source, prefix),
        }
    }

    /// What limits the lengths of its outputs, unless it writes one token for every position of the source.
    pub fn length_rule(&self, decoding: &Decoding) -> LengthRule {
        LengthRule {
            least: decoding.min_length,
            most: decoding.max_length,
            known: self.target.longest(),
            prompt: self.prompt_tokens().len(),
        }
    }

    /// Number of sources that are decoded together, at least one: as many of this length as have `batch_tokens` positions in
    /// the encoder, where a stem may make fewer of them, in so many hypotheses each.
    pub fn sources_together(&self, length: usize, hypotheses: usize, decoding: &Decoding) -> usize {
        let positions = self.source.as_ref().map_or(length, |source| source.stem().positions(length));
        (decoding.batch_tokens / (positions.max(1) * hypotheses.max(1))).max(1)
    }

    /// Encodes an opened source as the sequence that the model reads.
    ///
    /// # Errors
    ///
    /// If the task has no source, or its adapter cannot read the value.
    pub fn encode_source(&self, opened: &Value) -> Result<Encoded, RunError> {
        self.require_languages_of_sources()?;
        let source = self.source.as_ref().ok_or_else(|| self.sides.no_source())?;
        source.encode(opened).map_err(|error| self.error(Role::Source, error))
    }

    /// Windows of an opened source; none of one that is read at once.
    ///
    /// # Errors
    ///
    /// If the source cannot be cut.
    pub fn windows(&self, opened: &Value) -> Result<Vec<Window>, RunError> {
        let Some(side) = &self.sides.source else { return Ok(Vec::new()) };
        side.with_options.windows(opened).map_err(|error| self.error(Role::Source, error))
    }

    /// Windows of an opened source that is read in windows, each as the sequence that the model reads, with its start in
    /// seconds; no window, but all of it, of a source that is read at once.
    ///
    /// # Errors
    ///
    /// As [`encode_source`](Self::encode_source), and if the source cannot be cut.
    pub fn encode_windows(&self, opened: &Value) -> Result<Vec<(Option<Window>, Encoded)>, RunError> {
        let windows = self.windows(opened)?;
        if windows.is_empty() {
            return Ok(vec![(None, self.encode_source(opened)?)]);
        }
        let encode = |window: Window| {
            let encoded = self.encode_source(&window.value)?;
            Ok((Some(window), encoded))
        };
        windows.into_iter().map(encode).collect()
    }

    /// Encodes an opened target as the sequence that the model writes.
    ///
    /// # Errors
    ///
    /// If its adapter cannot read the value.
    pub fn encode_target(&self, opened: &Value) -> Result<Encoded, RunError> {
        self.require_languages()?;
        self.target.encode(opened).map_err(|error| self.error(Role::Target, error))
    }

    /// Opens and encodes a value of one side.
    ///
    /// # Errors
    ///
    /// If the side is missing, or its medium or adapter cannot read the value.
    pub fn read(&self, role: Role, value: &Value) -> Result<Encoded, RunError> {
        match role {
            Role::Source => self.encode_source(&self.sides.open_source(value)?),
            Role::Target => self.encode_target(&self.sides.open_target(value)?),
        }
    }

    /// Encodes an opened target as the tokens that an output begins with, without the end token.
    ///
    /// # Errors
    ///
    /// If the task writes frames, its adapter cannot read the value, or the vocabulary lacks a piece of it, which would
    /// then come out as another.
    pub fn encode_prefix(&self, opened: &Value) -> Result<Vec<u32>, RunError> {
        let Some(Head::Softmax { end, forbidden, .. }) = self.target.head() else {
            let name = self.name();
            let message =
                format!("task '{name}' writes frames, which begin with no given ones: give no prefix");
            return Err(RunError::Unsupported(message));
        };
        // The prompt of a language that the model has yet to tell goes in front later.
        let encoded = match self.choice {
            Some(_) => self.plain.1.encode(opened).map_err(|error| self.error(Role::Target, error))?,
            None => self.encode_target(opened)?,
        };
        let tokens = encoded.sequence.tokens().unwrap_or_default();
        let tokens = tokens.strip_suffix(&[end]).unwrap_or(tokens);
        let own = tokens.iter().zip(&encoded.regions).skip(self.prompt_tokens().len());
        let lacking = own.filter(|(token, _)| forbidden.contains(token));
        let mut pieces: Vec<String> = Vec::new();
        for (token, region) in lacking {
            let piece = match covered(opened, region) {
                Some(piece) if piece.trim().is_empty() => piece.to_owned(),
                Some(piece) => piece.trim().to_owned(),
                None => self.target.show(*token),
            };
            if !pieces.contains(&piece) {
                pieces.push(piece);
            }
        }
        match &pieces[..] {
            [] => Ok(tokens.to_vec()),
            pieces => Err(RunError::Prefix { task: self.name().to_owned(), pieces: pieces.to_vec() }),
        }
    }

    /// The tokens that a prefix begins an output with; none without a prefix.
    ///
    /// # Errors
    ///
    /// Those of [`encode_prefix`](Self::encode_prefix), and if the target's medium cannot read the value.
    pub fn read_prefix(&self, prefix: Option<&Value>) -> Result<Vec<u32>, RunError> {
        prefix.map_or(Ok(self.prompt_tokens().to_vec()), |prefix| {
            self.encode_prefix(&self.sides.open_target(prefix)?)
        })
    }

    /// Fails if the task writes frames, which have no probabilities.
    ///
    /// # Errors
    ///
    /// If it does.
    pub fn require_tokens(&self) -> Result<(), RunError> {
        match self.vocabulary() {
            Some(_) => Ok(()),
            None => Err(RunError::Unsupported(format!(
                "task '{}' writes frames, which have no probabilities; only tokens have",
                self.name()
            ))),
        }
    }

    /// Fails if the task writes without a source.
    ///
    /// # Errors
    ///
    /// If it does.
    pub fn require_source(&self) -> Result<(), RunError> {
        match self.source {
            Some(_) => Ok(()),
            None => Err(RunError::Unsupported(format!(
                "task '{}' has no source to translate; use `complete` for a decoder-only model",
                self.name()
            ))),
        }
    }

    /// The error of a source that is needed and not given.
    pub fn source_missing(&self) -> RunError {
        RunError::Unsupported(format!("task '{}' writes from a source, and none is given", self.name()))
    }

    /// The error of the adapter or medium of one side.
    pub fn error(&self, role: Role, source: AdapterError) -> RunError {
        self.sides.error(role, source)
    }
}

/// The part of a text that a position's region covers; `None` for other values.
fn covered<'v>(value: &'v Value, region: &Region) -> Option<&'v str> {
    match (value, region) {
        (Value::Text(text), Region::Bytes(range)) => text.get(range.clone()),
        _ => None,
    }
}
