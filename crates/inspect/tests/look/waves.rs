//! A medium for tests: a text of numbers as frames of two, read through a convolution and written by regression.

use any2any_adapter::{
    Adapter, AdapterError, Convolution, Decoded, Encoded, FrameCount, Frames, Head, Medium, Region, Sequence,
    Side, Stem, Value,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Numbers as frames, by the name of the medium. How many are written; none for what is read.
#[derive(Clone, Copy)]
pub(crate) struct Waves(pub(crate) &'static str, pub(crate) Option<FrameCount>);

const WIDTH: usize = 2;
const LAYERS: [Convolution; 2] = [Convolution { kernel: 3, stride: 2 }, Convolution { kernel: 1, stride: 1 }];

/// Options: the field alone.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Options {
    field: String,
}

impl Medium for Waves {
    type Options = Options;
    type Adapter = Self;

    fn name(&self) -> &str {
        self.0
    }

    fn fields(&self, options: &Options) -> Vec<String> {
        vec![options.field.clone()]
    }

    fn fit(
        &self,
        _side: &Side<Options>,
        _values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        Ok(*self)
    }
}

impl Adapter for Waves {
    fn stem(&self) -> Stem {
        match self.1 {
            None => Stem::Convolution { width: WIDTH, layers: LAYERS.to_vec() },
            Some(_) => Stem::Projection { width: WIDTH },
        }
    }

    fn head(&self) -> Option<Head> {
        self.1.map(|length| Head::Regression { width: WIDTH, length })
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let numbers = value.as_text().ok_or_else(|| AdapterError::other_medium("a text", value))?;
        let number =
            |word: &str| word.parse::<f32>().map_err(|_| AdapterError::other_medium("numbers", value));
        let numbers = numbers.split_whitespace().map(number).collect::<Result<Vec<_>, _>>()?;
        let frames = Frames::new(WIDTH, numbers).ok_or_else(|| AdapterError::other_medium("pairs", value))?;
        let positions = self.stem().positions(frames.len());
        // A position covers two frames, and frames share the text evenly.
        let length = value.as_text().map_or(0, str::len);
        let region = |at: usize| Region::Bytes(at * length / positions..(at + 1) * length / positions);
        Ok(Encoded { regions: (0..positions).map(region).collect(), sequence: Sequence::Frames(frames) })
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let frames = sequence.frames().map_or(&[][..], Frames::values);
        let words: Vec<String> = frames.iter().map(f32::to_string).collect();
        let (text, positions) = (words.join(" "), sequence.len());
        let region =
            |at: usize| Region::Bytes(at * text.len() / positions..(at + 1) * text.len() / positions);
        Ok(Decoded { regions: (0..positions).map(region).collect(), value: text.into() })
    }
}
