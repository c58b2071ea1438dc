//! The image medium: its options, checked, its values, opened, and its adapters.

use std::path::Path;

use any2any_adapter::{
    AdapterError, Contents, File, Kind, Medium, OpenedValue, OptionProblem, Package, Price, Sharing, Side,
    Value,
};

use crate::adapter::{ImageAdapter, opened_background};
use crate::cache::{self, Cache};
use crate::check::problems;
use crate::decoded::{Area, Decoded, Pixels, whole};
use crate::error::ImageError;
use crate::flatten::{flatten, luma};
use crate::options::{Colour, ImageOptions};
use crate::price::price;
use crate::series::join;
use crate::trim::trimmed;

/// The extensions of the formats that are read.
const EXTENSIONS: &[&str] = &[
    "png", "jpg", "jpeg", "jpe", "jfif", "gif", "bmp", "dib", "webp", "tif", "tiff", "pbm", "pgm", "ppm",
    "pnm", "pam",
];

/// The image medium.
#[derive(Clone, Copy, Debug, Default)]
pub struct Image;

impl Medium for Image {
    type Options = ImageOptions;
    type Adapter = ImageAdapter;

    fn name(&self) -> &str {
        "image"
    }

    fn package(&self) -> Package {
        any2any_adapter::package!()
    }

    fn check(&self, options: &ImageOptions) -> Vec<OptionProblem> {
        problems(options)
    }

    fn kind(&self) -> Kind {
        Kind::Image
    }

    fn fields(&self, options: &ImageOptions) -> Vec<String> {
        vec![options.field.clone()]
    }

    fn sharing(&self, _options: &ImageOptions) -> Sharing {
        Sharing::EqualOptions
    }

    fn inherited(&self) -> &'static [&'static str] {
        &["colour", "background", "invert", "trim", "size", "resampling"]
    }

    /// Pictures that follow each other are joined from left to right before they are brought to a size.
    fn open(&self, side: &Side<ImageOptions>, value: &Value) -> Result<OpenedValue, AdapterError> {
        let mut warnings = Vec::new();
        let image = picture(side, &side.kept().get(), value, &mut warnings)?;
        let named = |error: ImageError| match value {
            Value::File(file) => error.of(file),
            _ => error.into(),
        };
        let value = finish(side, image).map(Value::Image).map_err(named)?;
        Ok(OpenedValue { value, warnings })
    }

    fn price(&self, side: &Side<ImageOptions>, value: &Value) -> Result<Price, AdapterError> {
        price(side, value)
    }

    fn extensions(&self) -> Vec<&str> {
        EXTENSIONS.to_vec()
    }

    fn recognises(&self, bytes: &[u8]) -> bool {
        Decoded::recognises(bytes)
    }

    /// Pixels as the file has them: `[height, width, channels]`, or `[items, height, width]` of an archive.
    fn contents(&self, file: &File) -> Result<Contents, AdapterError> {
        let decoded = cache::decode(file).map_err(|error| error.of(file))?;
        let floats = |values: &[u8]| values.iter().map(|&level| f32::from(level)).collect();
        let (axes, values) = match (&decoded, file.part()) {
            (Decoded::Archive(idx), None) => {
                let [items, height, width] = idx.shape();
                (vec![("items", items), ("height", height), ("width", width)], floats(idx.pixels()))
            }
            (decoded, part) => {
                let (pixels, area) = decoded.part(part).map_err(|error| error.of(file))?;
                let Area { width, height, .. } = area;
                let axes = vec![("height", height), ("width", width), ("channels", pixels.channels)];
                (axes, floats(&pixels.cut(area)))
            }
        };
        let (format, warnings) = (decoded.format(), decoded.warnings().to_vec());
        Ok(Contents { format, axes, values, warnings, ..Contents::default() })
    }

    fn fit(
        &self,
        side: &Side<ImageOptions>,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<ImageAdapter, AdapterError> {
        ImageAdapter::fit(side, values)
    }

    fn load(&self, side: &Side<ImageOptions>, folder: &Path) -> Result<ImageAdapter, AdapterError> {
        ImageAdapter::load(side, folder)
    }
}

/// A value as one picture of the wanted colours, in its own size; warnings about its files are appended.
fn picture(
    options: &ImageOptions,
    cache: &Cache,
    value: &Value,
    warnings: &mut Vec<String>,
) -> Result<any2any_adapter::Image, AdapterError> {
    let background = options.background.rgb();
    let flat = |pixels: &Pixels, area| {
        let area = if options.trim { trimmed(pixels, area, background) } else { area };
        flatten(pixels, area, options.colour, background).ok_or(ImageError::NoPicture)
    };
    match value {
        Value::Image(image) if !options.trim && image.channels() == options.colour.channels() => {
            Ok(image.clone())
        }
        Value::Image(image) => {
            let pixels = Pixels::from(image);
            Ok(flat(&pixels, whole(&pixels))?)
        }
        Value::File(file) => {
            let decoded = cache.decoded(file).map_err(|error| error.of(file))?;
            let new = decoded.warnings().iter().filter(|warning| !warnings.contains(warning));
            let new: Vec<String> = new.cloned().collect();
            warnings.extend(new);
            let part = decoded.part(file.part());
            part.and_then(|(pixels, area)| flat(&pixels, area)).map_err(|error| error.of(file))
        }
        Value::Series(values) => {
            let images: Result<Vec<_>, _> =
                values.iter().map(|value| picture(options, cache, value, warnings)).collect();
            let background = match options.colour {
                Colour::Grey => &[luma(background)][..],
                Colour::Rgb => &background[..],
            };
            Ok(join(&images?, background)?)
        }
        other => Err(AdapterError::other_medium("a picture", other)),
    }
}

/// Inverts, resizes and corrupts a picture: the steps that every opened picture takes once.
fn finish(
    options: &ImageOptions,
    mut image: any2any_adapter::Image,
) -> Result<any2any_adapter::Image, ImageError> {
    if options.invert {
        let pixels: Vec<u8> = image.pixels().iter().map(|pixel| 255 - pixel).collect();
        let inverted = any2any_adapter::Image::new(image.width(), image.height(), image.channels(), pixels);
        image = inverted.ok_or(ImageError::NoPicture)?;
    }
    if let Some(size) = options.size {
        image = size.apply(&image, options.resampling, &opened_background(options))?;
    }
    match options.corrupt {
        Some(corruption) => corruption.apply(&image).ok_or(ImageError::NoPicture),
        None => Ok(image),
    }
}
