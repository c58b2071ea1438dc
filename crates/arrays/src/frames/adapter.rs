//! The adapter of frames.

use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{
    Adapter, AdapterError, Decoded, Encoded, FrameCount, Frames, Head, Region, Sequence, Signal, Stem, Value,
    WrittenFile,
};
use any2any_frames::{CodeTokens, Codebook, npy_of_floats};

use super::open::{names, rows, rows_of, signal};
use super::options::{FramesOptions, Output};
use super::state::State;
use crate::error::ArrayError;
use crate::source::Source;

/// Adapter between opened frames and their sequence; frames are written back if `output` says so.
///
/// Regions are spans of the signal: those of frame `n` go from `n / rate` to `(n + 1) / rate` seconds.
pub struct FramesAdapter {
    options: FramesOptions,
    state: State,
    names: Arc<[String]>,
}

impl FramesAdapter {
    pub(super) fn fit(
        options: &FramesOptions,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        let signals = values.map(opened).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::new(options, State::fit(options, &signals)?))
    }

    pub(super) fn load(options: &FramesOptions, folder: &Path) -> Result<Self, AdapterError> {
        Ok(Self::new(options, State::load(options, folder)?))
    }

    fn new(options: &FramesOptions, state: State) -> Self {
        Self { options: options.clone(), names: names(state.width()), state }
    }

    /// The codebook and its tokens, if frames are codes.
    fn codes(&self) -> Option<(&Codebook, CodeTokens)> {
        let codebook = self.state.codebook.as_ref()?;
        Some((codebook, CodeTokens::new(codebook.codes())))
    }

    /// The spans of frames, in seconds.
    fn spans(&self, frames: usize) -> Vec<Region> {
        let rate = self.options.frames_a_second();
        let edge = |number: usize| number as f64 / rate;
        (0..frames).map(|number| Region::Span { start: edge(number), end: edge(number + 1) }).collect()
    }

    /// The signal of normalised rows.
    fn written(&self, mut rows: Vec<f32>) -> Result<Value, ArrayError> {
        self.state.normalization.undo(&mut rows);
        let signal = signal(self.options.frames_a_second(), self.names.clone(), &rows);
        signal.map(Value::Signal).ok_or(ArrayError::Empty { unit: "frame" })
    }

    /// The value of tokens, and the region of each; special tokens have none.
    fn of_tokens(
        &self,
        codebook: &Codebook,
        vocabulary: CodeTokens,
        tokens: &[u32],
    ) -> Result<Decoded, ArrayError> {
        let mut rows = Vec::with_capacity(tokens.len() * self.state.width());
        let mut spans = self.spans(tokens.len()).into_iter();
        let mut regions = Vec::with_capacity(tokens.len());
        for &token in tokens {
            if token as usize >= vocabulary.vocabulary() {
                return Err(ArrayError::OtherKind {
                    expected: format!("{} tokens", vocabulary.vocabulary()),
                });
            }
            let centre = vocabulary.code(token).and_then(|code| codebook.centre(code));
            rows.extend_from_slice(centre.unwrap_or_default());
            regions.push(centre.and_then(|_| spans.next()).unwrap_or(Region::Nothing));
        }
        Ok(Decoded { value: self.written(rows)?, regions })
    }
}

/// An opened value.
fn opened(value: &Value) -> Result<&Signal, AdapterError> {
    match value {
        Value::Signal(signal) if signal.is_empty() => Err(ArrayError::Empty { unit: "frame" }.into()),
        Value::Signal(signal) => Ok(signal),
        other => Err(AdapterError::other_medium("opened frames", other)),
    }
}

/// The smallest span around two.
fn around(one: &Region, other: &Region) -> Region {
    match (one, other) {
        (&Region::Span { start, end }, &Region::Span { start: earlier, end: later }) => {
            Region::Span { start: start.min(earlier), end: end.max(later) }
        }
        _ => Region::Nothing,
    }
}

impl Adapter for FramesAdapter {
    fn stem(&self) -> Stem {
        match self.codes() {
            Some((_, tokens)) => tokens.stem(),
            None => self.options.stem.of_width(self.state.width()),
        }
    }

    fn head(&self) -> Option<Head> {
        match (self.options.output?, self.codes()) {
            (_, Some((_, tokens))) => Some(tokens.head()),
            (Output::Frames(written), None) => Some(Head::Regression {
                width: self.state.width(),
                length: match written.count {
                    Some(count) => FrameCount::Fixed(count),
                    None => FrameCount::UntilStop { at_most: written.at_most },
                },
            }),
            (Output::Codes(_), None) => None,
        }
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let signal = opened(value)?;
        let (found, width) = (signal.channels().len(), self.state.width());
        if found != width {
            return Err(ArrayError::Width { found, width }.into());
        }
        let mut rows = rows_of(signal);
        self.state.normalization.apply(&mut rows);
        let frames = Frames::new(width, rows).ok_or(ArrayError::Empty { unit: "frame" })?;
        let regions = self.spans(frames.len());
        Ok(match self.codes() {
            Some((codebook, tokens)) => Encoded {
                sequence: Sequence::Tokens(tokens.tokens(codebook.nearest(&frames))),
                regions: regions.into_iter().chain([Region::Nothing]).collect(),
            },
            None => {
                let strides = self.options.stem.layers().into_iter().map(|layer| layer.stride);
                let regions = any2any_frames::merged(regions, strides, around);
                let tokens = self.options.stem.class_tokens();
                let regions = any2any_frames::behind_class_tokens(tokens, regions, around);
                Encoded { sequence: Sequence::Frames(frames), regions }
            }
        })
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let other = |expected: String| AdapterError::from(ArrayError::OtherKind { expected });
        let width = self.state.width();
        match (self.codes(), self.options.output, sequence) {
            (Some((codebook, vocabulary)), _, Sequence::Tokens(tokens)) => {
                Ok(self.of_tokens(codebook, vocabulary, tokens)?)
            }
            (Some(_), _, Sequence::Frames(_)) => Err(other("tokens".to_owned())),
            (None, None, _) => Err(ArrayError::ReadOnly.into()),
            (None, Some(_), Sequence::Frames(frames)) if frames.width() == width => {
                let regions = self.spans(frames.len());
                Ok(Decoded { value: self.written(frames.values().to_vec())?, regions })
            }
            (None, Some(_), _) => Err(other(format!("frames of {width} values"))),
        }
    }

    /// An array `[frames, width]` of 32-bit floats.
    fn to_file(&self, value: &Value) -> Result<WrittenFile, AdapterError> {
        let Value::Signal(signal) = value else {
            return Err(AdapterError::other_medium("frames", value));
        };
        let shape = [signal.len(), signal.channels().len()];
        Ok(WrittenFile::new("npy", npy_of_floats(&shape, &rows_of(signal))))
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        let (width, rows) = Source::of(bytes).and_then(|source| rows(source, None, None))?;
        let names = if width == self.names.len() { self.names.clone() } else { names(width) };
        let signal = signal(self.options.frames_a_second(), names, &rows);
        Ok(Value::Signal(signal.ok_or(ArrayError::Empty { unit: "frame" })?))
    }

    /// As many codes as the longest value of the training split has, and the end.
    fn longest(&self) -> Option<usize> {
        self.codes().map(|_| self.state.longest + 1)
    }

    fn show(&self, token: u32) -> String {
        self.codes().map_or_else(|| format!("<token {token}>"), |(_, tokens)| tokens.show(token))
    }

    fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        self.state.save(folder)
    }
}
