//! A whole model: stacks between entrances and exits.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::attention::Attention;
use crate::block::Block;
use crate::head::Head;
use crate::positions::{Positions, WaveLayout};
use crate::stack::{Layers, Stack, StackKind};
use crate::stem::Stem;
use crate::transformer::Mixer;

/// A model, as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// The encoder; none of a language model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<Stack>,
    /// The decoder.
    pub decoder: Stack,
    /// The entrances.
    pub stems: Vec<Entry<Stem>>,
    /// Blocks of a program's own between the stem of a source and the layers of the encoder, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub encoder_blocks: Vec<Block>,
    /// The exits.
    pub heads: Vec<Entry<Head>>,
    /// The vocabularies that encoders are taught to align with their sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alignments: Vec<Entry<usize>>,
    /// The tasks, each with its way through the model.
    pub tasks: Vec<TaskParts>,
}

/// A part of a model with the name that its parameters have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry<T> {
    /// The task and side that use it first, such as `en-de.source`.
    pub name: String,
    /// The part.
    pub part: T,
}

impl<T> Entry<T> {
    /// A part with its name.
    pub fn new(name: impl Into<String>, part: T) -> Self {
        Self { name: name.into(), part }
    }
}

/// Stems and head of one task, by their places in the architecture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskParts {
    /// The task's name.
    pub name: String,
    /// The stem of the source; none of a language model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<usize>,
    /// The stem of the target.
    pub target: usize,
    /// The head.
    pub head: usize,
    /// The alignment of the encoder, where the task has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alignment: Option<usize>,
}

impl TaskParts {
    /// True if sources and targets have one stem, and so one vocabulary.
    pub fn shares_stem(&self) -> bool {
        self.source == Some(self.target)
    }
}

/// An architecture that no model can have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{part}: {reason}")]
pub struct ArchitectureError {
    /// The part of the architecture.
    pub part: String,
    /// The reason why no model can have it.
    pub reason: String,
}

impl Architecture {
    /// An encoder or decoder; none where there is none.
    pub fn stack(&self, kind: StackKind) -> Option<&Stack> {
        match kind {
            StackKind::Encoder => self.encoder.as_ref(),
            StackKind::Decoder => Some(&self.decoder),
        }
    }

    /// Both stacks that there are, the encoder first.
    pub fn stacks(&self) -> impl Iterator<Item = (StackKind, &Stack)> {
        let stack = |kind| Some((kind, self.stack(kind)?));
        [StackKind::Encoder, StackKind::Decoder].into_iter().filter_map(stack)
    }

    /// The width of a stem's output: that of the decoder for a stem of targets, of the encoder otherwise.
    pub fn stem_width(&self, stem: usize) -> usize {
        let writes = self.tasks.iter().any(|task| task.target == stem);
        match &self.encoder {
            Some(encoder) if !writes => encoder.d_model,
            _ => self.decoder.d_model,
        }
    }

    /// The width of the output of a task's head at each position: its vocabulary, or that of its frames.
    pub fn outputs(&self, task: usize) -> usize {
        self.heads[self.tasks[task].head].part.outputs()
    }

    /// True for layers of LSTM cells.
    pub fn is_recurrent(&self) -> bool {
        self.decoder.lstm().is_some()
    }

    /// The first part in which another architecture differs, with its value in each; none when they are equal.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let (here, there) = (serde_json::to_value(self).ok()?, serde_json::to_value(other).ok()?);
        difference("", &here, &there)
    }

    /// Checks that a model can have these stacks, whatever it reads and writes.
    ///
    /// # Errors
    ///
    /// The first part that does not fit, and why.
    pub fn check_stacks(encoder: Option<&Stack>, decoder: &Stack) -> Result<(), ArchitectureError> {
        Self::of_text(encoder.cloned(), decoder.clone(), 1).check()
    }

    /// Checks that a model can have this architecture: places that exist, widths that fit, sizes above zero.
    ///
    /// # Errors
    ///
    /// The first part that does not fit, and why.
    pub fn check(&self) -> Result<(), ArchitectureError> {
        let ensure = |holds: bool, part: &str, reason: &str| match holds {
            true => Ok(()),
            false => Err(ArchitectureError { part: part.to_owned(), reason: reason.to_owned() }),
        };
        for (kind, stack) in self.stacks() {
            check_stack(kind, stack)?;
        }
        let attends = match &self.decoder.layers {
            Layers::Transformer(layers) => layers.cross_attention.is_some(),
            Layers::Lstm(_) => true,
        };
        ensure(
            attends == self.encoder.is_some(),
            "decoder",
            "it attends to an encoder exactly where there is one",
        )?;
        if let Some(encoder) = &self.encoder {
            let same = encoder.lstm().is_some() == self.is_recurrent();
            ensure(same, "encoder", "LSTM cells stand on both sides or on none")?;
            let width = !self.is_recurrent() || encoder.d_model == self.decoder.d_model;
            ensure(width, "encoder", "an LSTM's stacks have one width")?;
        }
        for (number, task) in self.tasks.iter().enumerate() {
            let part = format!("task '{}'", task.name);
            let stems = task.source.iter().chain([&task.target]).all(|&stem| stem < self.stems.len());
            ensure(stems, &part, "a stem that there is not")?;
            ensure(task.head < self.heads.len(), &part, "a head that there is not")?;
            let alignment = task.alignment.is_none_or(|alignment| alignment < self.alignments.len());
            ensure(alignment, &part, "an alignment that there is not")?;
            ensure(
                task.source.is_some() == self.encoder.is_some(),
                &part,
                "a source needs an encoder to read it",
            )?;
            if let (Some(stem), Some(encoder)) = (task.source, &self.encoder) {
                let fits = self.stem_width(stem) == encoder.d_model;
                ensure(fits, &part, "source and target share a stem, but the stacks differ in width")?;
            }
            ensure(self.outputs(number) > 0, &part, "a head without outputs")?;
        }
        for head in &self.heads {
            let part = format!("head '{}'", head.name);
            if let Head::Softmax { vocabulary, tied: Some(stem), .. } = head.part {
                let tokens = self.stems.get(stem).and_then(|stem| stem.part.vocabulary());
                ensure(
                    tokens == Some(vocabulary),
                    &part,
                    "tied to a stem that has no table of its vocabulary",
                )?;
            }
        }
        Ok(())
    }
}

fn difference(path: &str, here: &Value, there: &Value) -> Option<String> {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (here, there) {
        (Value::Object(here), Value::Object(there)) => {
            let keys = here.keys().chain(there.keys().filter(|key| !here.contains_key(*key)));
            keys.into_iter().find_map(|key| {
                let of = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                difference(&below(key), &of(here), &of(there))
            })
        }
        (Value::Array(here), Value::Array(there)) if here.len() == there.len() => {
            let pairs = here.iter().zip(there).enumerate();
            pairs
                .into_iter()
                .find_map(|(number, (here, there))| difference(&below(&number.to_string()), here, there))
        }
        (here, there) if here == there => None,
        (here, there) => Some(format!("its `{path}` is {here}, and here it is {there}")),
    }
}

/// The widest vector of a position or a head. With the other limits, it keeps the arithmetic of sizes far from overflow.
const WIDEST: usize = 65_536;

/// The most layers of a stack, and heads of a layer.
const DEEPEST: usize = 1024;

/// The most learned positions.
const MOST_POSITIONS: usize = 1 << 20;

fn check_stack(kind: StackKind, stack: &Stack) -> Result<(), ArchitectureError> {
    let part = match kind {
        StackKind::Encoder => "encoder",
        StackKind::Decoder => "decoder",
    };
    let ensure = |holds: bool, reason: &str| match holds {
        true => Ok(()),
        false => Err(ArchitectureError { part: part.to_owned(), reason: reason.to_owned() }),
    };
    ensure(stack.d_model > 0, "`d_model` is 0")?;
    ensure(
        stack.d_model <= WIDEST && stack.layers() <= DEEPEST,
        "more than 65,536 wide or 1,024 layers deep",
    )?;
    let heads = |attention: &Attention| {
        attention.heads > 0
            && attention.d_head > 0
            && attention.heads <= DEEPEST
            && attention.d_head <= WIDEST
    };
    match &stack.layers {
        Layers::Transformer(layers) => {
            ensure(layers.feed_forward.d_ff > 0, "`d_ff` is 0")?;
            ensure(layers.feed_forward.d_ff <= 4 * WIDEST, "`d_ff` is above 262,144")?;
            ensure(
                stack.self_attention().is_none_or(heads),
                "attention without heads, or with more than 1,024",
            )?;
            ensure(
                layers.cross_attention.as_ref().is_none_or(heads),
                "attention without heads, or with more than 1,024",
            )?;
            let reads = layers.mixer != Mixer::Ssru || kind == StackKind::Decoder;
            ensure(reads, "an SSRU reads in one direction alone: it belongs to a decoder")?;
            let crossed = layers.cross_attention.is_none() || kind == StackKind::Decoder;
            ensure(crossed, "an encoder attends to itself alone")?;
        }
        Layers::Lstm(layers) => {
            let halves = !layers.bidirectional || stack.d_model.is_multiple_of(2);
            ensure(halves, "both directions of an LSTM need an even `d_model`")?;
            ensure(!layers.bidirectional || kind == StackKind::Encoder, "a decoder reads in one direction")?;
            ensure(stack.positions == Positions::None, "an LSTM's steps tell its positions apart")?;
        }
    }
    match stack.positions {
        Positions::Sinusoidal { layout, .. } => {
            let pairs = layout == WaveLayout::Interleaved || stack.d_model.is_multiple_of(2);
            ensure(pairs, "sines and cosines in halves need an even `d_model`")
        }
        Positions::Learned { limit, offset } => {
            ensure(offset < limit, "learned positions without a vector")?;
            ensure(limit <= MOST_POSITIONS, "more than 1,048,576 learned positions")
        }
        Positions::Rotary => {
            let pairs = stack.self_attention().is_some_and(|attention| attention.d_head.is_multiple_of(2));
            ensure(pairs, "rotary positions need self-attention with an even `d_head`")
        }
        Positions::Alibi => ensure(stack.self_attention().is_some(), "ALiBi needs self-attention"),
        Positions::Relative { buckets, max_distance } => {
            // Half of a direction's buckets stand for one distance each.
            let exact = if kind == StackKind::Encoder { buckets / 4 } else { buckets / 2 };
            ensure(stack.self_attention().is_some(), "a relative bias needs self-attention")?;
            ensure(
                exact > 0 && max_distance > exact,
                "too few buckets for relative positions, or too near a limit",
            )
        }
        Positions::None => Ok(()),
    }
}
