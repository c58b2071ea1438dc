//! The adapter of pictures.

use std::path::Path;

use any2any_adapter::{
    Adapter, AdapterError, Decoded, Encoded, FrameCount, Frames, Head, Image, Random, Region, Sequence, Stem,
    Value, WrittenFile,
};
use any2any_frames::{CodeTokens, Codebook};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::coordinates;
use crate::decoded;
use crate::error::ImageError;
use crate::flatten::{flatten, luma};
use crate::grid::Grid;
use crate::merge::merged;
use crate::options::{Colour, ImageOptions, Normalize, Output};
use crate::raster::{Raster, level, unit};
use crate::state::State;

/// Adapter between opened pictures and patches or codes; pictures are written back if `output` says so.
///
/// Regions are rectangles of the opened picture.
pub struct ImageAdapter {
    options: ImageOptions,
    background: Vec<f32>,
    state: State,
}

/// The background of opened pictures: with their channels, and inverted if they are.
pub(crate) fn opened_background(options: &ImageOptions) -> Vec<u8> {
    let rgb = options.background.rgb();
    let mut levels = match options.colour {
        Colour::Grey => vec![luma(rgb)],
        Colour::Rgb => rgb.to_vec(),
    };
    if options.invert {
        levels.iter_mut().for_each(|level| *level = 255 - *level);
    }
    levels
}

impl ImageAdapter {
    /// An adapter that learns from opened pictures.
    pub(crate) fn fit(
        options: &ImageOptions,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        let background = units(options);
        let state = State::fit(options, &background, values)?;
        Ok(Self::new(options, background, state))
    }

    /// The adapter that was saved in a folder.
    pub(crate) fn load(options: &ImageOptions, folder: &Path) -> Result<Self, AdapterError> {
        Ok(Self::new(options, units(options), State::load(options, folder)?))
    }

    fn new(options: &ImageOptions, background: Vec<f32>, state: State) -> Self {
        Self { options: options.clone(), background, state }
    }

    /// Number of values of a frame.
    fn width(&self) -> usize {
        let coordinates = if self.options.coordinates { coordinates::WIDTH } else { 0 };
        self.state.normalization.width() + coordinates
    }

    /// The codebook and its tokens, if pictures are codes.
    fn codes(&self) -> Option<(&Codebook, CodeTokens)> {
        let codebook = self.state.codebook.as_ref()?;
        Some((codebook, CodeTokens::new(codebook.codes())))
    }

    /// The grid of patches of every picture that is written.
    fn written(&self) -> Result<Grid, ImageError> {
        let size = match self.options.output {
            Output::Frames => None,
            Output::Patches(_) | Output::Codes(_) => self.state.size,
        };
        let size = size.ok_or(ImageError::ReadOnly)?;
        Grid::new(&self.options.patches, size, self.options.colour.channels())
    }

    /// The grid of patches of one opened picture, if it is like those of the training split.
    fn grid(&self, image: &Image) -> Result<Grid, ImageError> {
        let channels = self.options.colour.channels();
        let (width, height) = (image.width(), image.height());
        let shape = |found: String, expected: String| Err(ImageError::Shape { found, expected });
        if image.channels() != channels {
            return shape(format!("{} channels", image.channels()), channels.to_string());
        }
        if let Some(expected) = self.state.height.filter(|expected| *expected != height) {
            return shape(format!("a height of {height} pixels"), expected.to_string());
        }
        match (&self.options.output, self.state.size) {
            (Output::Patches(_), Some(size)) if size != (width, height) => {
                shape(format!("{width} x {height} pixels"), format!("{} x {}", size.0, size.1))
            }
            _ => Grid::new(&self.options.patches, (width, height), channels),
        }
    }

    fn sequence(&self, grid: &Grid, raster: &Raster) -> Result<Encoded, AdapterError> {
        let regions: Vec<Region> = (0..grid.len()).map(|number| grid.region(number)).collect();
        let sequence = match self.codes() {
            Some((codebook, tokens)) => {
                let patches = self.frames(grid, raster, false)?;
                Sequence::Tokens(tokens.tokens(codebook.nearest(&patches)))
            }
            None => Sequence::Frames(self.frames(grid, raster, self.options.coordinates)?),
        };
        let end = matches!(sequence, Sequence::Tokens(_)).then_some(Region::Nothing);
        let regions = merged(regions, &self.options.stem).into_iter().chain(end).collect();
        Ok(Encoded { sequence, regions })
    }

    /// The patches as frames, scaled, with their coordinates if asked for.
    fn frames(&self, grid: &Grid, raster: &Raster, coordinates: bool) -> Result<Frames, AdapterError> {
        let extra = if coordinates { coordinates::WIDTH } else { 0 };
        let reading = self.options.features.read(raster, &self.options.patches, &self.background)?;
        let width = reading.width() + extra;
        let (mean, deviation) = match (&self.options.normalize, &self.options.output) {
            (Normalize::PerImage, Output::Frames) => moments(&raster.values),
            _ => (0.0, 1.0),
        };
        let mut values = Vec::with_capacity(grid.len() * width);
        for number in 0..grid.len() {
            let start = values.len();
            reading.cut(number, &mut values);
            let patch = &mut values[start..];
            self.state.normalization.apply(patch);
            patch.iter_mut().for_each(|value| *value = (*value - mean) / deviation);
            if coordinates {
                coordinates::add(grid.middle(number), &mut values);
            }
        }
        Frames::new(width, values).ok_or_else(|| ImageError::NoPicture.into())
    }

    /// The picture of its patches; `None` leaves one out, and surplus ones are ignored.
    fn picture<'a>(
        &self,
        grid: &Grid,
        patches: impl Iterator<Item = Option<&'a [f32]>>,
    ) -> Result<Decoded, AdapterError> {
        let channels = self.options.colour.channels();
        let mut values = self.background.repeat(grid.width() * grid.height());
        let mut regions = Vec::new();
        for (number, patch) in patches.enumerate() {
            let patch = patch.filter(|_| number < grid.len());
            regions.push(patch.map_or(Region::Nothing, |_| grid.region(number)));
            if let Some(patch) = patch {
                grid.put(patch, number, &mut values);
            }
        }
        let pixels: Vec<u8> = values.into_iter().map(level).collect();
        let image = Image::new(grid.width(), grid.height(), channels, pixels);
        Ok(Decoded { value: Value::Image(image.ok_or(ImageError::NoPicture)?), regions })
    }
}

fn units(options: &ImageOptions) -> Vec<f32> {
    opened_background(options).into_iter().map(unit).collect()
}

/// Mean and standard deviation of a picture; a picture of one level is only shifted.
fn moments(values: &[f32]) -> (f32, f32) {
    let count = values.len() as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let squares: f64 = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum();
    let deviation = (squares / count).sqrt();
    (mean as f32, if deviation < 1e-3 { 1.0 } else { deviation as f32 })
}

fn opened(value: &Value) -> Result<&Image, AdapterError> {
    match value {
        Value::Image(image) => Ok(image),
        other => Err(AdapterError::other_medium("an opened picture", other)),
    }
}

impl Adapter for ImageAdapter {
    fn stem(&self) -> Stem {
        match self.codes() {
            Some((_, tokens)) => tokens.stem(),
            None => self.options.stem.of_width(self.width()),
        }
    }

    fn head(&self) -> Option<Head> {
        let grid = self.written().ok()?;
        Some(match self.codes() {
            Some((_, tokens)) => tokens.head(),
            None => Head::Regression { width: grid.patch(), length: FrameCount::Fixed(grid.len()) },
        })
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let image = opened(value)?;
        self.sequence(&self.grid(image)?, &Raster::from(image))
    }

    fn augments(&self) -> bool {
        self.options.augment.changes()
    }

    fn augment(&self, value: &Value, random: &mut Random) -> Result<Encoded, AdapterError> {
        let image = opened(value)?;
        let grid = self.grid(image)?;
        let raster = self.options.augment.apply(Raster::from(image), &self.background, random);
        self.sequence(&grid, &raster)
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let grid = self.written()?;
        let other = |expected: String| ImageError::OtherKind { expected };
        match (self.codes(), sequence) {
            (Some((codebook, vocabulary)), Sequence::Tokens(tokens)) => {
                let size = vocabulary.vocabulary();
                if let Some(&token) = tokens.iter().find(|token| **token as usize >= size) {
                    return Err(ImageError::OutsideVocabulary { token, vocabulary: size }.into());
                }
                let centre = |token| vocabulary.code(token).and_then(|code| codebook.centre(code));
                self.picture(&grid, tokens.iter().map(|&token| centre(token)))
            }
            (Some(_), Sequence::Frames(_)) => Err(other("tokens".to_owned()).into()),
            (None, Sequence::Frames(frames)) if frames.width() == grid.patch() => {
                let mut values = frames.values().to_vec();
                self.state.normalization.undo(&mut values);
                self.picture(&grid, values.chunks_exact(grid.patch()).map(Some))
            }
            (None, _) => Err(other(format!("frames of {} values", grid.patch())).into()),
        }
    }

    fn to_file(&self, value: &Value) -> Result<WrittenFile, AdapterError> {
        let image = opened(value)?;
        let colour = if image.channels() == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
        let mut bytes = Vec::new();
        PngEncoder::new(&mut bytes)
            .write_image(image.pixels(), image.width() as u32, image.height() as u32, colour)
            .map_err(|error| ImageError::Unwritable { reason: error.to_string() })?;
        Ok(WrittenFile::new("png", bytes))
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        let (pixels, area) = decoded::Decoded::new(bytes)?.part(None)?;
        let image = flatten(&pixels, area, self.options.colour, self.options.background.rgb());
        Ok(Value::Image(image.ok_or(ImageError::NoPicture)?))
    }

    fn longest(&self) -> Option<usize> {
        self.codes().and_then(|_| self.written().ok()).map(|grid| grid.len())
    }

    fn show(&self, token: u32) -> String {
        self.codes().map_or_else(|| format!("<token {token}>"), |(_, tokens)| tokens.show(token))
    }

    fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        self.state.save(folder)
    }
}
