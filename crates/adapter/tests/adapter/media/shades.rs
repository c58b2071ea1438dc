//! Pictures of two by two pixels, written as a fixed number of frames.

use any2any_adapter::{
    Adapter, AdapterError, Decoded, Encoded, FrameCount, Head, Image, Kind, Medium, Region, Sequence, Side,
    Stem, Value, WrittenFile,
};

use super::{Options, frames};

const SIDE: usize = 2;

/// Medium of shades, which is also its adapter.
#[derive(Clone, Copy)]
pub(crate) struct Shades;

impl Medium for Shades {
    type Options = Options;
    type Adapter = Self;

    fn name(&self) -> &str {
        "shades"
    }

    fn kind(&self) -> Kind {
        Kind::Image
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

fn rows() -> Vec<Region> {
    let row = |top| Region::Rectangle { left: 0.0, top: top as f32, width: SIDE as f32, height: 1.0 };
    (0..SIDE).map(row).collect()
}

fn image(pixels: Vec<u8>) -> Result<Value, AdapterError> {
    let image = Image::new(SIDE, SIDE, 1, pixels);
    Ok(image.ok_or_else(|| AdapterError::value("not two rows of two pixels"))?.into())
}

impl Adapter for Shades {
    fn stem(&self) -> Stem {
        Stem::Projection { width: SIDE }
    }

    fn head(&self) -> Option<Head> {
        Some(Head::Regression { width: SIDE, length: FrameCount::Fixed(SIDE) })
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let image = value.as_image().ok_or_else(|| AdapterError::other_medium("a picture", value))?;
        let shades = image.pixels().iter().map(|pixel| f32::from(*pixel) / 255.0).collect();
        Ok(Encoded { sequence: frames(SIDE, shades), regions: rows() })
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let written = sequence.frames().filter(|frames| frames.width() == SIDE);
        let frames = written.ok_or_else(|| AdapterError::value("shades are frames of a row"))?;
        let pixels = frames.values().iter().map(|shade| (shade * 255.0).round() as u8).collect();
        Ok(Decoded { value: image(pixels)?, regions: rows() })
    }

    fn to_file(&self, value: &Value) -> Result<WrittenFile, AdapterError> {
        let image = value.as_image().ok_or_else(|| AdapterError::other_medium("a picture", value))?;
        Ok(WrittenFile::new("shades", image.pixels().to_vec()))
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        image(bytes.to_vec())
    }
}
