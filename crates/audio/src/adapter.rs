//! The adapter of sounds.

use std::path::Path;

use any2any_adapter::{
    Adapter, AdapterError, Decoded, Encoded, FrameCount, Frames, Head, Random, Region, Sequence, Signal,
    Stem, Value, WrittenFile,
};
use any2any_frames::{CodeTokens, Codebook, Normalization};

use crate::channel::Channel;
use crate::decoding::{Mono, Wanted, decode};
use crate::dynamic_range;
use crate::error::AudioError;
use crate::features::Features;
use crate::griffin_lim;
use crate::inversion::magnitudes;
use crate::options::{AudioOptions, Normalize, Output};
use crate::regions::{convolved, merged, spans};
use crate::stack::stacked;
use crate::state::State;
use crate::wav;

/// Adapter between opened sounds and mel frames or codes; sounds are written back if `output` says so.
///
/// Regions are spans of the opened sound, in seconds.
pub struct AudioAdapter {
    options: AudioOptions,
    features: Features,
    state: State,
}

impl AudioAdapter {
    /// An adapter that learns from opened sounds.
    pub(crate) fn fit(
        options: &AudioOptions,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        let features = Features::new(options);
        let signals: Result<Vec<&Signal>, _> = values.map(|value| opened(value, options.rate)).collect();
        let state = State::fit(options, &features, &signals?)?;
        Ok(Self::new(options, features, state))
    }

    /// The adapter that was saved in a folder.
    pub(crate) fn load(options: &AudioOptions, folder: &Path) -> Result<Self, AdapterError> {
        Ok(Self::new(options, Features::new(options), State::load(options, folder)?))
    }

    fn new(options: &AudioOptions, features: Features, state: State) -> Self {
        Self { options: options.clone(), features, state }
    }

    /// Number of values of a position.
    fn width(&self) -> usize {
        self.features.width() * self.options.stacked()
    }

    /// The codebook and its tokens, if sounds are codes.
    fn codes(&self) -> Option<(&Codebook, CodeTokens)> {
        let codebook = self.state.codebook.as_ref()?;
        Some((codebook, CodeTokens::new(codebook.codes())))
    }

    /// The sequence of samples; with a random generator, SpecAugment masks parts of it.
    fn sequence(&self, samples: &[f32], random: Option<&mut Random>) -> Result<Encoded, AdapterError> {
        let mut values = self.features.frames(samples)?;
        let width = self.features.width();
        match self.options.normalize {
            Normalize::PerUtterance => Normalization::fit(width, [&values[..]]).apply(&mut values),
            Normalize::DynamicRange => dynamic_range::apply(&mut values),
            Normalize::Fitted | Normalize::None => self.state.normalization.apply(&mut values),
        }
        if let (Some(masks), Some(random)) = (&self.options.augment.spec_augment, random) {
            masks.apply(&mut values, width, self.options.mel.bands, random);
        }
        let regions = self.regions(values.len() / width, samples.len());
        let values = stacked(values, width, self.options.stacked());
        let frames = Frames::new(self.width(), values).ok_or(AudioError::Empty)?;
        Ok(match self.codes() {
            Some((codebook, tokens)) => Encoded {
                sequence: Sequence::Tokens(tokens.tokens(codebook.nearest(&frames))),
                regions: regions.into_iter().chain([Region::Nothing]).collect(),
            },
            None => Encoded {
                sequence: Sequence::Frames(frames),
                regions: convolved(regions, &self.options.stem),
            },
        })
    }

    /// The spans of the sound that stacked frames cover; frames of appended silence cover nothing of it.
    fn regions(&self, frames: usize, samples: usize) -> Vec<Region> {
        let samples = self.options.padded().map_or(samples, |padded| padded.min(samples));
        let spans = spans(frames, self.features.spectrum.hop(), samples, self.options.rate as f64);
        merged(spans, self.options.stacked())
    }

    /// The sound of positions, given one value after the other, and the span that each covers.
    fn sound(&self, mut values: Vec<f32>) -> Result<(Value, Vec<Region>), AudioError> {
        self.state.normalization.undo(&mut values);
        let frames = values.len() / self.features.width();
        let samples = griffin_lim::sound(&self.features.spectrum, &magnitudes(&self.features, &values));
        let regions = self.regions(frames, samples.len());
        let signal = Signal::mono(self.options.rate as f64, samples).ok_or(AudioError::Empty)?;
        Ok((Value::Signal(signal), regions))
    }

    /// The values of tokens, and for each token whether it has values.
    fn values(
        &self,
        codebook: &Codebook,
        vocabulary: CodeTokens,
        tokens: &[u32],
    ) -> Result<(Vec<f32>, Vec<bool>), AudioError> {
        let mut values = Vec::with_capacity(tokens.len() * self.width());
        let mut spoken = Vec::with_capacity(tokens.len());
        for &token in tokens {
            if token as usize >= vocabulary.vocabulary() {
                return Err(AudioError::OutsideVocabulary { token, vocabulary: vocabulary.vocabulary() });
            }
            let centre = vocabulary.code(token).and_then(|code| codebook.centre(code));
            spoken.push(centre.is_some());
            values.extend_from_slice(centre.unwrap_or_default());
        }
        Ok((values, spoken))
    }
}

/// An opened value: one channel at the rate of the options, and not empty.
fn opened(value: &Value, rate: usize) -> Result<&Signal, AdapterError> {
    let Value::Signal(signal) = value else {
        return Err(AdapterError::other_medium("an opened sound", value));
    };
    if signal.is_empty() {
        return Err(AudioError::Empty.into());
    }
    if signal.channels().len() != 1 || signal.rate() != rate as f64 {
        return Err(AudioError::Shape { found: signal.to_string(), expected: rate }.into());
    }
    Ok(signal)
}

impl Adapter for AudioAdapter {
    fn stem(&self) -> Stem {
        match self.codes() {
            Some((_, tokens)) => tokens.stem(),
            None => self.options.stem.of_width(self.width()),
        }
    }

    fn head(&self) -> Option<Head> {
        match (&self.options.output, self.codes()) {
            (_, Some((_, tokens))) => Some(tokens.head()),
            (Output::Mel(mel), None) => Some(Head::Regression {
                width: self.width(),
                length: FrameCount::UntilStop { at_most: mel.at_most },
            }),
            _ => None,
        }
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let signal = opened(value, self.options.rate)?;
        // What is changed at random may become a little longer, and is cut off.
        if let (Some(longest), Some(padded)) = (self.options.pad_to, self.options.padded())
            && signal.len() > padded
        {
            let seconds = signal.len() as f64 / signal.rate();
            return Err(AudioError::BeyondWindow { seconds, longest }.into());
        }
        self.sequence(signal.samples(), None)
    }

    fn augments(&self) -> bool {
        self.options.augment.changes()
    }

    fn augment(&self, value: &Value, random: &mut Random) -> Result<Encoded, AdapterError> {
        let signal = opened(value, self.options.rate)?;
        let samples = self.options.augment.apply(signal.samples(), self.options.rate, random);
        self.sequence(&samples, Some(random))
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let other = |expected: String| AdapterError::from(AudioError::OtherKind { expected });
        match (self.codes(), &self.options.output, sequence) {
            (Some((codebook, vocabulary)), _, Sequence::Tokens(tokens)) => {
                let (values, spoken) = self.values(codebook, vocabulary, tokens)?;
                let (value, regions) = self.sound(values)?;
                let mut regions = regions.into_iter();
                let region =
                    |spoken: bool| spoken.then(|| regions.next()).flatten().unwrap_or(Region::Nothing);
                Ok(Decoded { value, regions: spoken.into_iter().map(region).collect() })
            }
            (Some(_), _, Sequence::Frames(_)) => Err(other("tokens".to_owned())),
            (None, Output::Mel(_), Sequence::Frames(frames)) if frames.width() == self.width() => {
                let (value, regions) = self.sound(frames.values().to_vec())?;
                Ok(Decoded { value, regions })
            }
            (None, Output::Mel(_), _) => Err(other(format!("frames of {} values", self.width()))),
            (None, _, _) => Err(AudioError::ReadOnly.into()),
        }
    }

    fn to_file(&self, value: &Value) -> Result<WrittenFile, AdapterError> {
        match value {
            Value::Signal(signal) => Ok(WrittenFile::new("wav", wav::encode(signal)?)),
            other => Err(AdapterError::other_medium("a sound", other)),
        }
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        let Mono { rate, samples, .. } = match decode(bytes, Wanted::default(), Channel::Mean) {
            // Nothing was written.
            Err(AudioError::Empty) => Mono { rate: self.options.rate, ..Mono::default() },
            decoded => decoded?,
        };
        let signal = Signal::mono(rate as f64, samples).ok_or(AudioError::Empty)?;
        Ok(Value::Signal(signal))
    }

    /// As many positions as the longest sound of the training split, and the end.
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
