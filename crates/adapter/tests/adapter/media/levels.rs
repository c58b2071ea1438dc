//! Signals in frames of one value: read behind a convolution with strides, or written until the model stops.

use any2any_adapter::{
    Adapter, AdapterError, Convolution, Decoded, Encoded, FrameCount, Head, Kind, Medium, Price, Random,
    Region, Sequence, Side, Signal, Stem, Value, WrittenFile,
};

use super::{Options, frames};

const RATE: f64 = 10.0;

/// Medium of levels, which is also its adapter.
#[derive(Clone, Copy)]
pub(crate) enum Levels {
    /// Read two frames at a time.
    Strided,
    /// Read and written.
    UntilStop,
}

impl Medium for Levels {
    type Options = Options;
    type Adapter = Self;

    fn name(&self) -> &str {
        "levels"
    }

    fn kind(&self) -> Kind {
        Kind::Signal
    }

    fn fields(&self, options: &Options) -> Vec<String> {
        vec![options.field.clone()]
    }

    fn price(&self, _side: &Side<Options>, value: &Value) -> Result<Price, AdapterError> {
        let signal = value.as_signal().ok_or_else(|| AdapterError::other_medium("a signal", value))?;
        Ok(Price { positions: Some(signal.samples().len() as u64), ..Price::of_contents(value) })
    }

    fn fit(
        &self,
        _side: &Side<Options>,
        _values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        Ok(*self)
    }
}

impl Levels {
    fn sequence(self, samples: Vec<f32>) -> Encoded {
        let stride = if matches!(self, Levels::Strided) { 2 } else { 1 };
        let span = |at: usize| Region::Span { start: at as f64 / RATE, end: (at + stride) as f64 / RATE };
        let regions = (0..samples.len()).step_by(stride).map(span).collect();
        Encoded { sequence: frames(1, samples), regions }
    }
}

impl Adapter for Levels {
    fn stem(&self) -> Stem {
        match self {
            Levels::Strided => {
                let layers = vec![Convolution { kernel: 3, stride: 2 }];
                Stem::Convolution { width: 1, layers }
            }
            Levels::UntilStop => Stem::Projection { width: 1 },
        }
    }

    fn head(&self) -> Option<Head> {
        match self {
            Levels::Strided => None,
            Levels::UntilStop => {
                Some(Head::Regression { width: 1, length: FrameCount::UntilStop { at_most: 20 } })
            }
        }
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let signal = value.as_signal().ok_or_else(|| AdapterError::other_medium("a signal", value))?;
        Ok(self.sequence(signal.samples().to_vec()))
    }

    fn augments(&self) -> bool {
        matches!(self, Levels::Strided)
    }

    fn augment(&self, value: &Value, random: &mut Random) -> Result<Encoded, AdapterError> {
        let Some(signal) = value.as_signal().filter(|_| self.augments()) else { return self.encode(value) };
        let loudness = 0.5 + random.unit() as f32;
        Ok(self.sequence(signal.samples().iter().map(|sample| loudness * sample).collect()))
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let written = sequence.frames().filter(|frames| !self.augments() && frames.width() == 1);
        let frames = written.ok_or_else(|| AdapterError::value("levels are frames of width 1"))?;
        let signal = Signal::mono(RATE, frames.values().to_vec());
        let signal = signal.ok_or_else(|| AdapterError::value("no levels"))?;
        let Encoded { regions, .. } = self.sequence(frames.values().to_vec());
        Ok(Decoded { value: signal.into(), regions })
    }

    fn to_file(&self, value: &Value) -> Result<WrittenFile, AdapterError> {
        let signal = value.as_signal().ok_or_else(|| AdapterError::other_medium("a signal", value))?;
        let bytes = signal.samples().iter().flat_map(|sample| sample.to_le_bytes()).collect();
        Ok(WrittenFile::new("levels", bytes))
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        let (samples, rest) = bytes.as_chunks();
        let samples: Vec<f32> = samples.iter().map(|sample| f32::from_le_bytes(*sample)).collect();
        let signal = Signal::mono(RATE, samples).filter(|_| rest.is_empty());
        Ok(signal.ok_or_else(|| AdapterError::value("no levels"))?.into())
    }
}
