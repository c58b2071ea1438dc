//! A batch on the host, and on the device.

use any2any_adapter::Sequence;
use any2any_core::{Input, Source};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::corpus::Example;

/// A batch of samples, padded, on the host.
///
/// # Shapes
///
/// - decoder input and targets: `[batch, target]`, row-major
#[derive(Clone, Debug)]
pub struct Batch {
    /// The number of the task.
    pub task: usize,
    /// The numbers of the samples in their split.
    pub samples: Vec<usize>,
    source: Option<HostSource>,
    decoder_input: Vec<i32>,
    /// The tokens to predict; padding where a row has ended.
    pub targets: Vec<u32>,
    padding: u32,
    /// Targets that are not padding.
    pub tokens: usize,
}

#[derive(Clone, Debug)]
struct HostSource {
    values: HostValues,
    lengths: Vec<usize>,
}

#[derive(Clone, Debug)]
enum HostValues {
    Tokens(Vec<i32>),
    Frames { values: Vec<f32>, width: usize },
}

/// Tokens that a batch is framed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// Fills the source up.
    pub source_padding: u32,
    /// Fills the target up.
    pub padding: u32,
    /// Starts the decoder.
    pub begin: u32,
}

impl Batch {
    /// Pads examples of one task.
    pub fn new<'a>(task: usize, examples: impl IntoIterator<Item = &'a Example>, framing: Framing) -> Self {
        let examples: Vec<&Example> = examples.into_iter().collect();
        let width = examples.iter().map(|example| example.target.len()).max().unwrap_or(0);
        let mut decoder_input = Vec::with_capacity(examples.len() * width);
        let mut targets = Vec::with_capacity(examples.len() * width);
        for example in &examples {
            let fill = width - example.target.len();
            decoder_input.push(framing.begin as i32);
            let shifted = &example.target[..example.target.len().saturating_sub(1)];
            decoder_input.extend(shifted.iter().map(|&token| token as i32));
            decoder_input.extend(std::iter::repeat_n(framing.padding as i32, fill));
            targets.extend_from_slice(&example.target);
            targets.extend(std::iter::repeat_n(framing.padding, fill));
        }
        let source = HostSource::new(examples.iter().filter_map(|example| example.source.as_ref()), framing);
        Self {
            task,
            samples: examples.iter().map(|example| example.sample).collect(),
            tokens: examples.iter().map(|example| example.target.len()).sum(),
            source,
            padding: framing.padding,
            decoder_input,
            targets,
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.samples.len()
    }

    /// The token that fills targets up.
    pub fn padding(&self) -> u32 {
        self.padding
    }

    /// The source on a device.
    pub fn source(&self, device: &Device) -> Option<Source> {
        self.source.as_ref().map(|source| source.to_device(device))
    }

    /// What the decoder is fed, `[batch, target]`, on a device.
    pub fn decoder_input(&self, device: &Device) -> Tensor<2, Int> {
        let (rows, width) = (self.rows(), self.decoder_input.len() / self.rows().max(1));
        Tensor::from_data(TensorData::new(self.decoder_input.clone(), [rows, width]), device)
    }
}

/// A batch of sources alone, for search.
pub(crate) fn sources<'a>(
    sequences: impl IntoIterator<Item = &'a Sequence>,
    framing: Framing,
    device: &Device,
) -> Option<Source> {
    HostSource::new(sequences.into_iter(), framing).map(|source| source.to_device(device))
}

impl HostSource {
    fn new<'a>(sequences: impl Iterator<Item = &'a Sequence>, framing: Framing) -> Option<Self> {
        let sequences: Vec<&Sequence> = sequences.collect();
        let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.len()).collect();
        let longest = lengths.iter().copied().max()?;
        let values = match sequences.first()? {
            Sequence::Tokens(_) => {
                let mut values = Vec::with_capacity(sequences.len() * longest);
                for tokens in sequences.iter().filter_map(|sequence| sequence.tokens()) {
                    values.extend(tokens.iter().map(|&token| token as i32));
                    values.extend(std::iter::repeat_n(framing.source_padding as i32, longest - tokens.len()));
                }
                HostValues::Tokens(values)
            }
            Sequence::Frames(first) => {
                let width = first.width();
                let mut values = Vec::with_capacity(sequences.len() * longest * width);
                for sequence in &sequences {
                    if let Sequence::Frames(frames) = sequence {
                        values.extend_from_slice(frames.values());
                        values.extend(std::iter::repeat_n(0.0, (longest - frames.len()) * width));
                    }
                }
                HostValues::Frames { values, width }
            }
        };
        Some(Self { values, lengths })
    }

    fn to_device(&self, device: &Device) -> Source {
        let rows = self.lengths.len();
        let longest = self.lengths.iter().copied().max().unwrap_or(0);
        let input = match &self.values {
            HostValues::Tokens(values) => {
                Input::Tokens(Tensor::from_data(TensorData::new(values.clone(), [rows, longest]), device))
            }
            HostValues::Frames { values, width } => Input::Frames(Tensor::from_data(
                TensorData::new(values.clone(), [rows, longest, *width]),
                device,
            )),
        };
        Source { input, lengths: self.lengths.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_shifted_and_padded() {
        let example = |sample, source: &[u32], target: &[u32]| Example {
            sample,
            source: Some(Sequence::Tokens(source.to_vec())),
            target: target.to_vec(),
        };
        let framing = Framing { source_padding: 0, padding: 0, begin: 2 };
        let examples = [example(7, &[5, 6, 3], &[8, 3]), example(9, &[5, 3], &[8, 9, 10, 3])];
        let batch = Batch::new(0, &examples, framing);
        assert_eq!(batch.decoder_input, [2, 8, 0, 0, 2, 8, 9, 10]);
        assert_eq!(batch.targets, [8, 3, 0, 0, 8, 9, 10, 3]);
        assert_eq!((batch.tokens, batch.rows()), (6, 2));
        let source = batch.source(&Device::default()).expect("there is a source");
        assert_eq!(source.lengths, [3, 2]);
        match source.input {
            Input::Tokens(tokens) => assert_eq!(
                tokens.into_data().convert::<i32>().try_to_vec::<i32>().expect("whole numbers"),
                [5, 6, 3, 5, 3, 0]
            ),
            Input::Frames(_) => panic!("tokens went in"),
        }
    }
}
