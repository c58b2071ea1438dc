//! Learned state of an image adapter: sizes, normalisation and codebook from the training split, and its file.

use std::path::Path;

use any2any_adapter::{AdapterError, Frames, Image, Value};
use any2any_frames::{Codebook, Normalization};
use serde::{Deserialize, Serialize};

use crate::features::{Features, Reading};
use crate::grid::Grid;
use crate::options::{ImageOptions, Moments, Normalize, Output, Patches};
use crate::raster::{Raster, unit};

/// The file inside the folder of an adapter's state.
const FILE: &str = "image.json";
/// Largest number of patches that a codebook is learned from.
const MOST_PATCHES: usize = 100_000;

/// Sizes, normalisation and codebook of the training split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Width and height, where all pictures share them.
    pub(crate) size: Option<(usize, usize)>,
    /// The height of all pictures, where it is the height of the patches.
    pub(crate) height: Option<usize>,
    /// The scale of a patch's values.
    pub(crate) normalization: Normalization,
    /// The codebook, if pictures are codes.
    pub(crate) codebook: Option<Codebook>,
}

fn fit_error(option: &str, reason: impl Into<String>) -> AdapterError {
    AdapterError::Fit { option: option.to_owned(), reason: reason.into() }
}

impl State {
    /// Learns the state from opened pictures.
    pub(crate) fn fit(
        options: &ImageOptions,
        background: &[f32],
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        let mut images = Vec::new();
        for value in values {
            match value {
                Value::Image(image) if image.channels() == options.colour.channels() => images.push(image),
                other => return Err(AdapterError::other_medium("an opened picture", other)),
            }
        }
        let size = options.size.and_then(|size| size.fixed()).or_else(|| common(&images, size_of));
        let height = match options.patches.height {
            Some(_) => None,
            None => Some(height(options, &images)?),
        };
        // Codes of pictures of many sizes can be read at least.
        if matches!(options.output, Output::Patches(_)) && size.is_none() {
            let reason = "pictures of many sizes cannot be written: set 'size' to resize, pad or fit";
            return Err(fit_error("size", reason));
        }
        // What is given needs no picture.
        let given = match options.output {
            Output::Frames | Output::Patches(_) if options.normalize != Normalize::Fitted => {
                let patches =
                    Patches { height: options.patches.height.or(height), ..options.patches.clone() };
                options.features.width(&patches, options.colour.channels())
            }
            _ => None,
        };
        let patch = match (given, images.first()) {
            (Some(width), _) => width,
            (None, Some(first)) => reading(options, &Raster::from(*first), background)?.width(),
            (None, None) => return Err(fit_error("field", "there is no picture to learn from")),
        };
        let normalization = match (&options.normalize, &options.output, options.features) {
            (Normalize::Given(Moments { mean, deviation }), Output::Frames | Output::Patches(_), _) => {
                let repeated = |values: &[f32]| values.iter().copied().cycle().take(patch).collect();
                Normalization::of(repeated(mean), repeated(deviation))
            }
            (Normalize::Fitted, Output::Frames, Features::Gradients(_)) => {
                gradients(patch, options, background, &images)?
            }
            (Normalize::Fitted, Output::Frames | Output::Patches(_), _) => normalization(patch, &images),
            _ => Normalization::identity(patch),
        };
        let codebook = match options.output {
            Output::Codes(codes) => Some(codebook(options, background, &images, codes.codes)?),
            _ => None,
        };
        Ok(Self { size, height, normalization, codebook })
    }

    pub(crate) fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        any2any_frames::save(folder, FILE, self)
    }

    /// Loads a saved state, if it belongs to the options.
    pub(crate) fn load(options: &ImageOptions, folder: &Path) -> Result<Self, AdapterError> {
        let state: Self = any2any_frames::load(folder, FILE)?;
        let broken = |reason: &str| AdapterError::File { path: folder.join(FILE), reason: reason.to_owned() };
        let height = options.patches.height.or(state.height);
        let height = height.ok_or_else(|| broken("the height of the patches is missing"))?;
        let patches = Patches { height: Some(height), ..options.patches.clone() };
        let patch = options.features.width(&patches, options.colour.channels());
        let sound = |width: usize| width > 0 && Some(width) == patch;
        if !sound(state.normalization.width()) {
            return Err(broken("its patches are not those of the options"));
        }
        if state.size.is_some_and(|(width, height)| width == 0 || height == 0) {
            return Err(broken("pictures without pixels"));
        }
        match (&state.codebook, &options.output) {
            (None, Output::Codes(_)) => Err(broken("the codebook is missing")),
            (Some(codebook), _) if !sound(codebook.width()) || codebook.codes() == 0 => {
                Err(broken("its codebook is not that of the options"))
            }
            (None, Output::Patches(_)) if state.size.is_none() => Err(broken("the size is missing")),
            _ => Ok(state),
        }
    }
}

fn size_of(image: &Image) -> (usize, usize) {
    (image.width(), image.height())
}

/// A property that all pictures share, if they do.
fn common<T: PartialEq>(images: &[&Image], of: impl Fn(&Image) -> T) -> Option<T> {
    let first = of(images.first()?);
    images.iter().all(|image| of(image) == first).then_some(first)
}

/// The height of patches that are as high as the pictures.
fn height(options: &ImageOptions, images: &[&Image]) -> Result<usize, AdapterError> {
    let fixed = options.size.map(|size| size.height());
    fixed.or_else(|| common(images, Image::height)).ok_or_else(|| {
        let reason = "patches as high as the picture need pictures of one height: \
                      set 'size: { height: 32 }', or a height of patches";
        fit_error("patches.height", reason)
    })
}

/// Mean and deviation of all pixels.
fn normalization(width: usize, images: &[&Image]) -> Normalization {
    let levels: Vec<f32> = (0..=255).map(unit).collect();
    // One value at a time out of a table: all pictures as numbers would take four times their memory.
    let pixels = images.iter().flat_map(|image| image.pixels());
    Normalization::fit_together(width, pixels.map(|&pixel| &levels[usize::from(pixel)..][..1]))
}

/// Computes the features of an opened picture.
fn reading<'a>(
    options: &ImageOptions,
    raster: &'a Raster,
    background: &'a [f32],
) -> Result<Reading<'a>, AdapterError> {
    let reading = options.features.read(raster, &options.patches, background);
    reading.map_err(|error| fit_error("patches", error.to_string()))
}

/// Mean and deviation of each feature of a patch.
fn gradients(
    width: usize,
    options: &ImageOptions,
    background: &[f32],
    images: &[&Image],
) -> Result<Normalization, AdapterError> {
    let read = |image: &Image| {
        let raster = Raster::from(image);
        let reading = reading(options, &raster, background)?;
        let mut patches = Vec::with_capacity(reading.len() * width);
        (0..reading.len()).for_each(|number| reading.cut(number, &mut patches));
        Ok(patches)
    };
    // One picture at a time: the features of all would take many times the memory of their pixels.
    let mut failed = None;
    let frames = images.iter().map_while(|image| read(image).map_err(|error| failed = Some(error)).ok());
    let normalization = Normalization::fit(width, frames);
    failed.map_or(Ok(normalization), Err)
}

/// A codebook learned from patches that are drawn evenly over all pictures.
fn codebook(
    options: &ImageOptions,
    background: &[f32],
    images: &[&Image],
    codes: usize,
) -> Result<Codebook, AdapterError> {
    let grid_of = |image: &Image| {
        let grid = Grid::new(&options.patches, size_of(image), image.channels());
        grid.map_err(|error| fit_error("patches", error.to_string()))
    };
    let mut all = 0_usize;
    for image in images {
        all += grid_of(image)?.len();
    }
    let drawn = all.min(MOST_PATCHES);
    let place = |number: usize| (number as u128 * all as u128 / drawn as u128) as usize;
    let mut patches = Vec::new();
    let (mut width, mut start, mut next) = (1, 0, 0);
    for image in images {
        let grid = grid_of(image)?;
        width = grid.patch();
        if next < drawn && place(next) < start + grid.len() {
            let raster = Raster::from(*image);
            while next < drawn && place(next) < start + grid.len() {
                grid.cut(&raster, background, place(next) - start, &mut patches);
                next += 1;
            }
        }
        start += grid.len();
    }
    let codebook = Frames::new(width, patches).and_then(|patches| Codebook::fit(&patches, codes));
    codebook.ok_or_else(|| fit_error("output.codes", "there is no patch to learn from"))
}
