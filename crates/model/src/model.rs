//! The whole model: everything that is learned.

use any2any_architecture::{Architecture, Head, StackKind};
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::block::Block;
use crate::decoder::{Decoder, DecoderState};
use crate::encoder::Encoder;
use crate::encoder_output::EncoderOutput;
use crate::keyed::Keyed;
use crate::pass::Pass;
use crate::stem::{Entrance, Input, InputStem};

/// A model that all tasks of an experiment share: stacks between entrances and exits.
#[derive(Module, Debug)]
pub struct Model<S: Entrance = InputStem> {
    pub(crate) stems: Keyed<S>,
    pub(crate) encoder_blocks: Keyed<Block>,
    pub(crate) heads: Keyed<OutputHead>,
    pub(crate) alignments: Keyed<Linear>,
    pub(crate) encoder: Option<Encoder>,
    pub(crate) decoder: Decoder,
    /// Tells the decoder which task it works on, `[tasks, d_model]`: added to every target position, when tasks are
    /// several.
    pub(crate) task_vectors: Option<Param<Tensor<2>>>,
    #[module(skip)]
    pub(crate) architecture: Architecture,
}

/// An exit: the table of a softmax, `[vocabulary, d_model]`, unless a stem lends it, with biases, `[vocabulary]`, or a
/// projection to frames.
#[derive(Module, Debug)]
pub struct OutputHead {
    pub(crate) table: Option<Param<Tensor<2>>>,
    pub(crate) bias: Option<Param<Tensor<1>>>,
    pub(crate) frames: Option<Linear>,
}

/// Two matrices whose product are the logits of rows, as the loss takes them.
#[derive(Clone, Debug)]
pub struct SoftmaxOperands {
    /// Hidden states, `[rows, d_model]`, or `d_model + 1` wide with a bias.
    pub rows: Tensor<2>,
    /// The weights of each token, `[vocabulary, d_model]`, as wide as the rows.
    pub table: Tensor<2>,
}

/// A batch of sources.
#[derive(Clone, Debug)]
pub struct Source {
    /// The sequences.
    pub input: Input,
    /// The number of tokens or frames of each row that are no padding, `[batch]`.
    pub lengths: Vec<usize>,
}

/// A batch of sources behind their entrance.
#[derive(Clone, Debug)]
pub struct Embedded {
    /// The embedded positions, `[batch, source, d_encoder]`.
    pub states: Tensor<3>,
    /// The number of positions of each row that are no padding, `[batch]`.
    pub lengths: Vec<usize>,
}

impl<S: Entrance> Model<S> {
    /// The model's architecture.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The device that the weights are on.
    pub fn device(&self) -> Device {
        self.devices().into_iter().next().unwrap_or_default()
    }

    /// Encodes a batch of sources; `None` for a decoder-only model.
    pub fn encode(&self, task: usize, source: Source, pass: &mut Pass) -> Option<EncoderOutput> {
        self.encode_embedded(self.embed(task, source)?, pass)
    }

    /// A batch of sources behind their entrance; `None` for a decoder-only model.
    pub fn embed(&self, task: usize, source: Source) -> Option<Embedded> {
        let stem = &self.stems[self.architecture.tasks[task].source?];
        let Source { input, lengths } = source;
        let mut states = stem.forward(input, &lengths);
        let lengths: Vec<usize> = lengths.iter().map(|&length| stem.positions(length)).collect();
        for block in self.encoder_blocks.iter() {
            states = block.forward(states, &lengths);
        }
        Some(Embedded { states, lengths })
    }

    /// Encodes embedded sources; `None` for a decoder-only model.
    pub fn encode_embedded(&self, source: Embedded, pass: &mut Pass) -> Option<EncoderOutput> {
        let Embedded { states, lengths } = source;
        Some(self.encoder.as_ref()?.forward(pass.embedded(StackKind::Encoder, states), &lengths, pass))
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
    /// When the model has an encoder and there is no source.
    pub fn forward(&self, task: usize, source: Option<Source>, target: Input, pass: &mut Pass) -> Tensor<3> {
        let encoded = source.and_then(|source| self.encode(task, source, pass));
        self.decode(task, encoded.as_ref(), target, pass)
    }

    /// Hidden states of known targets, from the encoder's output.
    ///
    /// # Shapes
    ///
    /// - target: tokens `[batch, target]` or frames `[batch, target, width]`; output: `[batch, target, d_model]`
    ///
    /// # Panics
    ///
    /// When the model has an encoder and there is no output of it.
    pub fn decode(
        &self,
        task: usize,
        encoded: Option<&EncoderOutput>,
        target: Input,
        pass: &mut Pass,
    ) -> Tensor<3> {
        self.decode_embedded(task, encoded, self.embed_target(task, target), pass)
    }

    /// Hidden states of known targets that are behind their entrance.
    ///
    /// # Shapes
    ///
    /// - target and output: `[batch, target, d_model]`
    ///
    /// # Panics
    ///
    /// When the model has an encoder and there is no output of it.
    pub fn decode_embedded(
        &self,
        task: usize,
        encoded: Option<&EncoderOutput>,
        target: Tensor<3>,
        pass: &mut Pass,
    ) -> Tensor<3> {
        let input = self.of_task(task, pass.embedded(StackKind::Decoder, target));
        self.decoder_output(input, encoded, pass)
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
    /// When the source has fewer positions, or the stacks differ in width.
    pub fn decode_per_position(
        &self,
        task: usize,
        encoded: &EncoderOutput,
        width: usize,
        pass: &mut Pass,
    ) -> Tensor<3> {
        let input = self.of_task(task, encoded.states.clone().narrow(1, 0, width));
        self.decoder_output(input, Some(encoded), pass)
    }

    /// The decoder before its first position.
    ///
    /// # Panics
    ///
    /// When the model has an encoder and there is no output of it.
    pub fn start(&self, encoded: Option<&EncoderOutput>) -> DecoderState {
        self.check(encoded);
        self.decoder.start(encoded).expect("an encoder's output where there is an encoder")
    }

    /// Hidden states of the next positions, `[batch, target]` tokens or `[batch, target, width]` frames to
    /// `[batch, target, d_model]`.
    pub fn extend(&self, task: usize, target: Input, state: &mut DecoderState, pass: &mut Pass) -> Tensor<3> {
        self.decoder.extend(self.of_task(task, self.embed_target(task, target)), state, pass)
    }

    /// Target tokens or frames behind their entrance, `[batch, target, d_model]`.
    pub fn embed_target(&self, task: usize, target: Input) -> Tensor<3> {
        self.stems[self.architecture.tasks[task].target].forward(target, &[])
    }

    /// Tells the decoder which task it works on: `[batch, target, d_model]` with the task's vector added.
    fn of_task(&self, task: usize, input: Tensor<3>) -> Tensor<3> {
        match &self.task_vectors {
            None => input,
            Some(vectors) => input + vectors.val().narrow(0, task, 1).unsqueeze(),
        }
    }

    /// True for a task that writes frames, false for one that writes tokens.
    pub fn writes_frames(&self, task: usize) -> bool {
        self.head(task).frames.is_some()
    }

    /// Frames of hidden states, `[batch, target, d_model]` to `[batch, target, width]`, one wider when the
    /// model says when it has finished.
    ///
    /// # Panics
    ///
    /// When the task writes tokens.
    pub fn frames(&self, task: usize, hidden: Tensor<3>) -> Tensor<3> {
        self.head(task).frames.as_ref().expect("asked of a task that writes frames").forward(hidden)
    }

    /// Logits of the token that each position of the encoder stands for, `[batch, source, vocabulary]`; `None` when the
    /// task does not align.
    pub fn alignment(&self, task: usize, encoded: &EncoderOutput) -> Option<Tensor<3>> {
        let number = self.architecture.tasks[task].alignment?;
        Some(self.alignments[number].forward(encoded.states.clone()))
    }

    /// Hidden states and weights whose products are a task's logits; a bias stands in a column of its own.
    ///
    /// # Shapes
    ///
    /// - hidden: `[rows, d_model]`; output: `[rows, d_model]` and `[vocabulary, d_model]`, both one wider with a bias
    ///
    /// # Panics
    ///
    /// When the task writes frames, or its head is tied to a stem that has no table.
    pub fn softmax(&self, task: usize, hidden: Tensor<2>) -> SoftmaxOperands {
        let [rows, _] = hidden.dims();
        let number = self.architecture.tasks[task].head;
        let Head::Softmax { tied, scale, .. } = self.architecture.heads[number].part else {
            panic!("a task that writes frames has no softmax");
        };
        let head = self.head(task);
        let table = match (&head.table, tied) {
            (Some(table), _) => table.val(),
            (None, Some(stem)) => {
                self.stems[stem].table().expect("a tied head's stem has a table of embeddings")
            }
            (None, None) => unreachable!("a softmax has a table or a stem that lends one"),
        };
        let hidden = if scale == 1.0 { hidden } else { hidden * scale };
        match &head.bias {
            None => SoftmaxOperands { rows: hidden, table },
            Some(bias) => {
                let ones = Tensor::ones([rows, 1], &hidden.device());
                let bias: Tensor<2> = bias.val().unsqueeze_dim(1);
                SoftmaxOperands {
                    rows: Tensor::cat(vec![hidden, ones], 1),
                    table: Tensor::cat(vec![table, bias], 1),
                }
            }
        }
    }

    /// Logits of hidden states, `[batch, target, d_model]` to `[batch, target, vocabulary]`.
    pub fn logits(&self, task: usize, hidden: Tensor<3>) -> Tensor<3> {
        let [batch, target, d_model] = hidden.dims();
        let SoftmaxOperands { rows, table } = self.softmax(task, hidden.reshape([batch * target, d_model]));
        let [vocabulary, _] = table.dims();
        rows.matmul(table.transpose()).reshape([batch, target, vocabulary])
    }

    /// Logits of states of the decoder's stream, as if its last layer had written them: the logit lens. `[batch, target,
    /// d_model]` to `[batch, target, vocabulary]`; `None` of an LSTM, whose layers share no stream.
    pub fn lens(&self, task: usize, states: Tensor<3>) -> Option<Tensor<3>> {
        self.decoder.normalized(states).map(|hidden| self.logits(task, hidden))
    }

    fn head(&self, task: usize) -> &OutputHead {
        &self.heads[self.architecture.tasks[task].head]
    }

    /// The decoder's output, `[batch, target, d_model]` in and out.
    fn decoder_output(
        &self,
        input: Tensor<3>,
        encoded: Option<&EncoderOutput>,
        pass: &mut Pass,
    ) -> Tensor<3> {
        self.check(encoded);
        self.decoder.forward(input, encoded, pass).expect("an encoder's output where there is an encoder")
    }

    /// An encoder's output is there exactly where there is an encoder.
    fn check(&self, encoded: Option<&EncoderOutput>) {
        assert_eq!(encoded.is_some(), self.encoder.is_some(), "a decoder reads what its encoder gives");
    }

    /// Tokens as an input, `[batch, positions]`, from rows of one length, `[batch * positions]`.
    pub fn tokens(&self, tokens: Vec<i32>, batch: usize) -> Input {
        let positions = tokens.len().checked_div(batch).unwrap_or(0);
        let data = TensorData::new(tokens, [batch, positions]);
        Input::Tokens(Tensor::<2, Int>::from_data(data, &self.device()))
    }
}
