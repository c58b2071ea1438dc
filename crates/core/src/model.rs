//! Stems, body and heads: everything that is learned.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use burn::tensor::{Int, TensorData};

use crate::body::{Body, BodyConfig, DecoderState};
use crate::initializer::Initializer;
use crate::memory::Memory;
use crate::pass::Pass;
use crate::stem::{Entrance, Input, Stem, StemConfig};
use crate::trace::Stack;

/// The sizes and choices of a [`Model`].
#[derive(Clone, Debug)]
pub struct ModelConfig {
    /// The body.
    pub body: BodyConfig,
    /// The entrances.
    pub stems: Vec<StemConfig>,
    /// The exits.
    pub heads: Vec<HeadConfig>,
    /// The vocabularies that encoders are taught to align with their sources.
    pub alignments: Vec<usize>,
    /// What each task goes through.
    pub tasks: Vec<TaskConfig>,
}

/// An exit: a softmax over a vocabulary, or a projection to frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadConfig {
    /// A softmax with weights shared with the embeddings of a stem.
    Tied {
        /// The number of the stem.
        stem: usize,
    },
    /// A softmax with weights of its own.
    Own {
        /// How many tokens there are.
        vocabulary: usize,
    },
    /// Frames by regression.
    Frames {
        /// The width of a frame.
        width: usize,
        /// Whether the model says when it has finished, in one more column.
        stops: bool,
    },
}

/// What one task goes through, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskConfig {
    /// The stem of the source; none for a decoder-only model.
    pub source: Option<usize>,
    /// The stem of the target.
    pub target: usize,
    /// The head.
    pub head: usize,
    /// The alignment head of the encoder, when the task has one.
    pub alignment: Option<usize>,
}

impl ModelConfig {
    /// The model with fresh weights.
    pub fn init(&self, initializer: &Initializer) -> Model {
        let d_model = self.body.d_model();
        let stems = self.stems.iter().enumerate();
        let stems =
            stems.map(|(number, stem)| stem.init(d_model, &initializer.child(format!("stem {number}"))));
        self.init_with_stems(stems.collect(), initializer)
    }

    /// The model with fresh weights between entrances of one's own.
    pub fn init_with_stems<S: Entrance>(&self, stems: Vec<S>, initializer: &Initializer) -> Model<S> {
        let d_model = self.body.d_model();
        let deviation = (d_model as f64).powf(-0.5);
        let head = |(number, head): (usize, &HeadConfig)| {
            let initializer = initializer.child(format!("head {number}"));
            match *head {
                HeadConfig::Tied { stem } => Head { table: None, frames: None, stem },
                HeadConfig::Own { vocabulary } => {
                    let table = initializer.normal([vocabulary, d_model], deviation);
                    Head { table: Some(table), frames: None, stem: 0 }
                }
                HeadConfig::Frames { width, stops } => {
                    let frames = initializer.linear("frames", d_model, width + usize::from(stops), 1.0);
                    Head { table: None, frames: Some(frames), stem: 0 }
                }
            }
        };
        let alignment = |(number, &vocabulary): (usize, &usize)| {
            initializer.child(format!("alignment {number}")).linear("softmax", d_model, vocabulary, 1.0)
        };
        let several = self.tasks.len() > 1;
        Model {
            stems,
            heads: self.heads.iter().enumerate().map(head).collect(),
            alignments: self.alignments.iter().enumerate().map(alignment).collect(),
            body: self.body.init(&initializer.child("body")),
            task_vectors: several
                .then(|| initializer.child("tasks").normal([self.tasks.len(), d_model], 1.0)),
            tasks: self.tasks.clone(),
        }
    }
}

/// Stems, body and heads.
#[derive(Module, Debug)]
pub struct Model<S: Entrance = Stem> {
    stems: Vec<S>,
    heads: Vec<Head>,
    alignments: Vec<Linear>,
    body: Body,
    /// Tells the decoder which task it works on: added to every target position, when tasks are several.
    task_vectors: Option<Param<Tensor<2>>>,
    #[module(skip)]
    tasks: Vec<TaskConfig>,
}

/// The weights of a softmax, `[vocabulary, d_model]`, or the number of the stem that lends them; or a
/// projection to frames.
#[derive(Module, Debug)]
pub struct Head {
    table: Option<Param<Tensor<2>>>,
    frames: Option<Linear>,
    stem: usize,
}

/// A batch of sources.
#[derive(Clone, Debug)]
pub struct Source {
    /// The sequences.
    pub input: Input,
    /// How many tokens or frames of each row are not padding.
    pub lengths: Vec<usize>,
}

/// A batch of sources behind their entrance.
#[derive(Clone, Debug)]
pub struct Embedded {
    /// `[batch, source, d_model]`.
    pub states: Tensor<3>,
    /// How many positions of each row are not padding.
    pub lengths: Vec<usize>,
}

impl<S: Entrance> Model<S> {
    /// The device that the weights are on.
    pub fn device(&self) -> Device {
        self.devices().into_iter().next().unwrap_or_default()
    }

    /// What the encoder makes of a batch; `None` for a decoder-only model.
    pub fn encode(&self, task: usize, source: Source, pass: &mut Pass) -> Option<Memory> {
        self.encode_embedded(self.embed(task, source)?, pass)
    }

    /// A batch of sources behind their entrance; `None` for a decoder-only model.
    pub fn embed(&self, task: usize, source: Source) -> Option<Embedded> {
        let stem = &self.stems[self.tasks[task].source?];
        let Source { input, lengths } = source;
        let states = stem.forward(input, &lengths);
        let lengths = lengths.iter().map(|&length| stem.positions(length)).collect();
        Some(Embedded { states, lengths })
    }

    /// What the encoder makes of embedded sources; `None` for a decoder-only model.
    pub fn encode_embedded(&self, source: Embedded, pass: &mut Pass) -> Option<Memory> {
        let Embedded { states, lengths } = source;
        self.body.encode(pass.embedded(Stack::Encoder, states), &lengths, pass)
    }

    /// Hidden states of known targets, each position seeing those before it.
    ///
    /// # Shapes
    ///
    /// - target: `[batch, target]`, the begin token first, or frames `[batch, target, width]`
    /// - output: `[batch, target, d_model]`
    ///
    /// # Panics
    ///
    /// When the body needs a source and there is none.
    pub fn forward(&self, task: usize, source: Option<Source>, target: Input, pass: &mut Pass) -> Tensor<3> {
        let memory = source.and_then(|source| self.encode(task, source, pass));
        self.decode(task, memory.as_ref(), target, pass)
    }

    /// The same from what the encoder left.
    ///
    /// # Panics
    ///
    /// When the body needs a memory and there is none.
    pub fn decode(&self, task: usize, memory: Option<&Memory>, target: Input, pass: &mut Pass) -> Tensor<3> {
        self.decode_embedded(task, memory, self.embed_target(task, target), pass)
    }

    /// The same of targets behind their entrance, `[batch, target, d_model]`.
    ///
    /// # Panics
    ///
    /// When the body needs a memory and there is none.
    pub fn decode_embedded(
        &self,
        task: usize,
        memory: Option<&Memory>,
        target: Tensor<3>,
        pass: &mut Pass,
    ) -> Tensor<3> {
        let input = self.of_task(task, pass.embedded(Stack::Decoder, target));
        self.body.decode(input, memory, pass).expect("a body with an encoder decodes from its memory")
    }

    /// Hidden states of a target that has one token for each of the first `width` positions of the source:
    /// instead of the token before, the decoder is fed what the encoder made of the position, so that all are
    /// written at once (Gu et al. 2018, "Non-Autoregressive Neural Machine Translation", without fertilities).
    ///
    /// # Shapes
    ///
    /// - output: `[batch, width, d_model]`
    ///
    /// # Panics
    ///
    /// When the memory has fewer positions.
    pub fn decode_aligned(&self, task: usize, memory: &Memory, width: usize, pass: &mut Pass) -> Tensor<3> {
        let input = self.of_task(task, memory.states.clone().narrow(1, 0, width));
        self.body.decode(input, Some(memory), pass).expect("whatever has a memory decodes from it")
    }

    /// The decoder before its first position.
    ///
    /// # Panics
    ///
    /// When the body needs a memory and there is none.
    pub fn start(&self, memory: Option<&Memory>) -> DecoderState {
        self.body.start(memory).expect("a body with an encoder decodes from its memory")
    }

    /// Hidden states of the next positions, `[batch, target]` tokens or `[batch, target, width]` frames to
    /// `[batch, target, d_model]`.
    pub fn extend(&self, task: usize, target: Input, state: &mut DecoderState, pass: &mut Pass) -> Tensor<3> {
        self.body.extend(self.of_task(task, self.embed_target(task, target)), state, pass)
    }

    /// Target tokens or frames behind their entrance, `[batch, target, d_model]`.
    pub fn embed_target(&self, task: usize, target: Input) -> Tensor<3> {
        self.stems[self.tasks[task].target].forward(target, &[])
    }

    /// Tells the decoder which task it works on.
    fn of_task(&self, task: usize, input: Tensor<3>) -> Tensor<3> {
        match &self.task_vectors {
            None => input,
            Some(vectors) => input + vectors.val().narrow(0, task, 1).unsqueeze(),
        }
    }

    /// Whether a task writes frames rather than tokens.
    pub fn writes_frames(&self, task: usize) -> bool {
        self.heads[self.tasks[task].head].frames.is_some()
    }

    /// Frames of hidden states, `[batch, target, d_model]` to `[batch, target, width]`, one wider when the
    /// model says when it has finished.
    ///
    /// # Panics
    ///
    /// When the task writes tokens.
    pub fn frames(&self, task: usize, hidden: Tensor<3>) -> Tensor<3> {
        let head = &self.heads[self.tasks[task].head];
        head.frames.as_ref().expect("asked of a task that writes frames").forward(hidden)
    }

    /// What each position of the encoder says it is, `[batch, source, vocabulary]`; `None` when the task does
    /// not align.
    pub fn alignment(&self, task: usize, memory: &Memory) -> Option<Tensor<3>> {
        let number = self.tasks[task].alignment?;
        Some(self.alignments[number].forward(memory.states.clone()))
    }

    /// The weights of a task's softmax, `[vocabulary, d_model]`.
    ///
    /// # Panics
    ///
    /// When a head is tied to a stem that has no table.
    pub fn softmax_table(&self, task: usize) -> Tensor<2> {
        let head = &self.heads[self.tasks[task].head];
        match &head.table {
            Some(table) => table.val(),
            None => self.stems[head.stem].table().expect("a tied head's stem has a table of embeddings"),
        }
    }

    /// Logits of hidden states, `[batch, target, d_model]` to `[batch, target, vocabulary]`.
    pub fn logits(&self, task: usize, hidden: Tensor<3>) -> Tensor<3> {
        hidden.matmul(self.softmax_table(task).transpose().unsqueeze())
    }

    /// Token numbers, `[batch, positions]`, from rows of one length.
    pub fn tokens(&self, tokens: Vec<i32>, batch: usize) -> Input {
        let positions = tokens.len().checked_div(batch).unwrap_or(0);
        let data = TensorData::new(tokens, [batch, positions]);
        Input::Tokens(Tensor::<2, Int>::from_data(data, &self.device()))
    }
}
