//! Batches of padded samples, on the host and on the device.

use any2any_adapter::{FrameCount, Sequence};
use any2any_model::{Input, Source};
use any2any_run::{Framing, TargetFraming};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::example::Example;

/// A batch of samples, padded, on the host.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Batch {
    /// The number of the task.
    pub task: usize,
    /// The numbers of the samples in their split.
    pub samples: Vec<usize>,
    source: Option<PaddedRows>,
    /// The decoder's input; `None` if the decoder takes the encoder's output (a per-position task).
    input: Option<PaddedRows>,
    /// The targets.
    pub targets: Targets,
    /// The number of target tokens or frames, padding excluded.
    pub tokens: usize,
}

/// The targets of a batch.
#[derive(Clone, Debug)]
pub enum Targets {
    /// Tokens, `[batch, target]`, row-major.
    Tokens {
        /// The tokens to predict; padding behind the end of a row.
        tokens: Vec<u32>,
        /// The number of tokens of each row, the end token included if it is written.
        lengths: Vec<usize>,
        /// The padding token.
        padding: u32,
    },
    /// Frames, `[batch, target, width]`, row-major.
    Frames {
        /// The frames to predict; zeros behind the end of a row.
        values: Vec<f32>,
        /// The number of frames of each row.
        lengths: Vec<usize>,
    },
}

/// Rows padded to one length.
#[derive(Clone, Debug)]
struct PaddedRows {
    values: Values,
    lengths: Vec<usize>,
}

#[derive(Clone, Debug)]
enum Values {
    Tokens(Vec<i32>),
    Frames { values: Vec<f32>, width: usize },
}

impl Batch {
    /// Pads examples of one task.
    pub fn new<'a>(task: usize, examples: impl IntoIterator<Item = &'a Example>, framing: Framing) -> Self {
        let examples: Vec<&Example> = examples.into_iter().collect();
        let sources: Vec<&Sequence> = examples.iter().filter_map(|example| example.source.as_ref()).collect();
        let mut lengths: Vec<usize> = examples.iter().map(|example| example.target.len()).collect();
        let (input, targets) = match framing.target {
            TargetFraming::Tokens { padding, begin } => {
                let input = shifted_tokens(&examples, &lengths, padding, begin);
                (Some(input), padded_tokens(&examples, &lengths, padding))
            }
            TargetFraming::PerPosition { padding } => {
                lengths.iter_mut().for_each(|length| *length = length.saturating_sub(1));
                (None, padded_tokens(&examples, &lengths, padding))
            }
            TargetFraming::Frames(count) => {
                let (input, targets) = frame_targets(&examples, &lengths, count);
                (Some(input), targets)
            }
        };
        Self {
            task,
            samples: examples.iter().map(|example| example.sample).collect(),
            tokens: lengths.iter().sum(),
            source: PaddedRows::new(&sources, framing.source_padding),
            input: input.map(|values| PaddedRows { values, lengths }),
            targets,
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.samples.len()
    }

    /// The number of target positions of each row, padding included.
    pub fn target_width(&self) -> usize {
        self.targets.lengths().iter().copied().max().unwrap_or(0)
    }

    /// The source on a device.
    pub fn source(&self, device: &Device) -> Option<Source> {
        self.source.as_ref().map(|source| source.to_source(device))
    }

    /// The decoder's input on a device, `[batch, target]` tokens or `[batch, target, width]` frames; `None` if the
    /// decoder takes the encoder's output.
    pub fn decoder_input(&self, device: &Device) -> Option<Input> {
        self.input.as_ref().map(|input| input.to_device(device))
    }
}

impl Targets {
    /// The number of tokens or frames of each row.
    pub fn lengths(&self) -> &[usize] {
        match self {
            Targets::Tokens { lengths, .. } | Targets::Frames { lengths, .. } => lengths,
        }
    }
}

/// The decoder's input for tokens: the begin token and then every token but the last.
fn shifted_tokens(examples: &[&Example], lengths: &[usize], padding: u32, begin: u32) -> Values {
    let width = lengths.iter().copied().max().unwrap_or(0);
    let mut input = Vec::with_capacity(examples.len() * width);
    for example in examples {
        let tokens = example.target_tokens();
        input.push(begin as i32);
        input.extend(tokens[..tokens.len().saturating_sub(1)].iter().map(|&token| token as i32));
        input.extend(std::iter::repeat_n(padding as i32, width - tokens.len()));
    }
    Values::Tokens(input)
}

/// The first `lengths` tokens of each target, padded.
fn padded_tokens(examples: &[&Example], lengths: &[usize], padding: u32) -> Targets {
    let width = lengths.iter().copied().max().unwrap_or(0);
    let mut tokens = Vec::with_capacity(examples.len() * width);
    for (example, &length) in examples.iter().zip(lengths) {
        tokens.extend_from_slice(&example.target_tokens()[..length]);
        tokens.extend(std::iter::repeat_n(padding, width - length));
    }
    Targets::Tokens { tokens, lengths: lengths.to_vec(), padding }
}

/// The decoder's input for frames, a frame of zeros and then every frame but the last, with the targets. If the number
/// of frames is fixed, the input is zeros throughout.
fn frame_targets(examples: &[&Example], lengths: &[usize], count: FrameCount) -> (Values, Targets) {
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let frames = || examples.iter().filter_map(|example| example.target.frames());
    let width = frames().next().map_or(1, |frames| frames.width());
    let mut input = Vec::with_capacity(examples.len() * longest * width);
    let mut values = Vec::with_capacity(examples.len() * longest * width);
    for (row, frames) in frames().enumerate() {
        values.extend_from_slice(frames.values());
        values.resize((row + 1) * longest * width, 0.0);
        if let FrameCount::UntilStop { .. } = count {
            input.extend(std::iter::repeat_n(0.0, width));
            input.extend_from_slice(&frames.values()[..frames.values().len().saturating_sub(width)]);
        }
        input.resize((row + 1) * longest * width, 0.0);
    }
    (Values::Frames { values: input, width }, Targets::Frames { values, lengths: lengths.to_vec() })
}

/// A batch of sources without targets, for search.
pub fn sources(sequences: &[&Sequence], framing: Framing, device: &Device) -> Option<Source> {
    PaddedRows::new(sequences, framing.source_padding).map(|source| source.to_source(device))
}

impl PaddedRows {
    fn new(sequences: &[&Sequence], padding: u32) -> Option<Self> {
        let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.len()).collect();
        let longest = lengths.iter().copied().max()?;
        let values = match sequences.first()? {
            Sequence::Tokens(_) => {
                let mut values = Vec::with_capacity(sequences.len() * longest);
                for tokens in sequences.iter().filter_map(|sequence| sequence.tokens()) {
                    values.extend(tokens.iter().map(|&token| token as i32));
                    values.extend(std::iter::repeat_n(padding as i32, longest - tokens.len()));
                }
                Values::Tokens(values)
            }
            Sequence::Frames(first) => {
                let width = first.width();
                let mut values = Vec::with_capacity(sequences.len() * longest * width);
                for frames in sequences.iter().filter_map(|sequence| sequence.frames()) {
                    values.extend_from_slice(frames.values());
                    values.extend(std::iter::repeat_n(0.0, (longest - frames.len()) * width));
                }
                Values::Frames { values, width }
            }
        };
        Some(Self { values, lengths })
    }

    fn longest(&self) -> usize {
        self.lengths.iter().copied().max().unwrap_or(0)
    }

    fn to_device(&self, device: &Device) -> Input {
        let (rows, longest) = (self.lengths.len(), self.longest());
        match &self.values {
            Values::Tokens(values) => {
                let data = TensorData::new(values.clone(), [rows, longest]);
                Input::Tokens(Tensor::<2, Int>::from_data(data, device))
            }
            Values::Frames { values, width } => {
                let data = TensorData::new(values.clone(), [rows, longest, *width]);
                Input::Frames(Tensor::from_data(data, device))
            }
        }
    }

    fn to_source(&self, device: &Device) -> Source {
        Source { input: self.to_device(device), lengths: self.lengths.clone() }
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Frames;

    use super::*;

    fn numbers(input: Input) -> Vec<f32> {
        let data = match input {
            Input::Tokens(tokens) => tokens.into_data(),
            Input::Frames(frames) => frames.into_data(),
        };
        data.convert::<f32>().try_to_vec::<f32>().expect("numbers")
    }

    #[test]
    fn rows_are_shifted_and_padded() {
        let example = |sample, source: &[u32], target: &[u32]| Example {
            sample,
            source: Some(Sequence::Tokens(source.to_vec())),
            target: Sequence::Tokens(target.to_vec()),
        };
        let target = TargetFraming::Tokens { padding: 0, begin: 2 };
        let framing = Framing { source_padding: 0, target };
        let examples = [example(7, &[5, 6, 3], &[8, 3]), example(9, &[5, 3], &[8, 9, 10, 3])];
        let batch = Batch::new(0, &examples, framing);
        let device = Device::default();
        assert_eq!(
            numbers(batch.decoder_input(&device).expect("tokens")),
            [2.0, 8.0, 0.0, 0.0, 2.0, 8.0, 9.0, 10.0]
        );
        let Targets::Tokens { tokens, lengths, .. } = &batch.targets else { panic!("tokens went in") };
        assert_eq!((&tokens[..], &lengths[..]), (&[8, 3, 0, 0, 8, 9, 10, 3][..], &[2, 4][..]));
        assert_eq!((batch.tokens, batch.rows()), (6, 2));
        let source = batch.source(&device).expect("there is a source");
        assert_eq!(source.lengths, [3, 2]);
        assert_eq!(numbers(source.input), [5.0, 6.0, 3.0, 5.0, 3.0, 0.0]);

        let per_position = Framing { source_padding: 0, target: TargetFraming::PerPosition { padding: 0 } };
        let batch = Batch::new(0, &examples, per_position);
        assert!(batch.decoder_input(&device).is_none(), "the encoder feeds the decoder");
        let Targets::Tokens { tokens, lengths, .. } = &batch.targets else { panic!("tokens went in") };
        assert_eq!((&tokens[..], &lengths[..]), (&[8, 0, 0, 8, 9, 10][..], &[1, 3][..]));
        assert_eq!((batch.tokens, batch.target_width()), (4, 3));
    }

    #[test]
    fn frames_are_fed_back_unless_their_number_is_fixed() {
        let example = |values: &[f32]| Example {
            sample: 0,
            source: None,
            target: Sequence::Frames(Frames::new(1, values.to_vec()).expect("frames of one")),
        };
        let examples = [example(&[1.0, 2.0]), example(&[3.0, 4.0, 5.0])];
        let framed = |count| {
            let framing = Framing { source_padding: 0, target: TargetFraming::Frames(count) };
            let batch = Batch::new(0, &examples, framing);
            let Targets::Frames { values, .. } = &batch.targets else { panic!("frames went in") };
            assert_eq!(*values, [1.0, 2.0, 0.0, 3.0, 4.0, 5.0]);
            numbers(batch.decoder_input(&Device::default()).expect("frames"))
        };
        assert_eq!(framed(FrameCount::UntilStop { at_most: 9 }), [0.0, 1.0, 0.0, 0.0, 3.0, 4.0]);
        assert_eq!(framed(FrameCount::Fixed(3)), [0.0; 6]);
    }
}
