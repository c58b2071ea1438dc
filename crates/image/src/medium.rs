//! The image medium: its options, checked, its values, opened, and its adapters.

use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{
    Adapter, AdapterError, Contents, File, Kind, Medium, OpenedValue, OptionProblem, Price, Value,
};

use crate::adapter::{ImageAdapter, opened_background};
use crate::cache;
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
    fn name(&self) -> &'static str {
        "image"
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(ImageOptions)
    }

    fn check(&self, options: &serde_json::Value) -> Vec<OptionProblem> {
        match ImageOptions::deserialize_from(options) {
            Ok(options) => problems(&options),
            Err(message) => vec![OptionProblem { pointer: String::new(), message, help: None }],
        }
    }

    fn resolve(&self, options: &serde_json::Value) -> serde_json::Value {
        let parsed = ImageOptions::deserialize_from(options);
        parsed.ok().and_then(|parsed| serde_json::to_value(parsed).ok()).unwrap_or_else(|| options.clone())
    }

    fn kind(&self) -> Kind {
        Kind::Image
    }

    fn fields(&self, options: &serde_json::Value) -> Vec<String> {
        options["field"].as_str().map(str::to_owned).into_iter().collect()
    }

    fn sharing(&self, options: &serde_json::Value) -> Option<String> {
        Some(any2any_frames::sharing(options))
    }

    fn inherited(&self) -> &'static [&'static str] {
        &["colour", "background", "invert", "trim", "size"]
    }

    /// Pictures that follow each other are joined from left to right before they are brought to a size.
    fn open(&self, options: &serde_json::Value, value: &Value) -> Result<OpenedValue, AdapterError> {
        let options = parse(options)?;
        let mut warnings = Vec::new();
        let image = picture(&options, value, &mut warnings)?;
        let named = |error: ImageError| match value {
            Value::File(file) => error.of(file),
            _ => error.into(),
        };
        let value = finish(&options, image).map(Value::Image).map_err(named)?;
        Ok(OpenedValue { value, warnings })
    }

    fn price(&self, options: &serde_json::Value, value: &Value) -> Result<Price, AdapterError> {
        price(&parse(options)?, value)
    }

    fn extensions(&self) -> &'static [&'static str] {
        EXTENSIONS
    }

    fn recognises(&self, bytes: &[u8]) -> bool {
        Decoded::recognises(bytes)
    }

    /// Pixels as the file has them: `[height, width, channels]`, or `[items, height, width]` of an archive.
    fn contents(&self, file: &File) -> Result<Contents, AdapterError> {
        let decoded = cache::decoded(file).map_err(|error| error.of(file))?;
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
        options: &serde_json::Value,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Arc<dyn Adapter>, AdapterError> {
        Ok(Arc::new(ImageAdapter::fit(&parse(options)?, values)?))
    }

    fn load(&self, options: &serde_json::Value, folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError> {
        Ok(Arc::new(ImageAdapter::load(&parse(options)?, folder)?))
    }
}

impl ImageOptions {
    fn deserialize_from(options: &serde_json::Value) -> Result<Self, String> {
        serde_json::from_value(options.clone()).map_err(|error| error.to_string())
    }
}

/// Parses options and checks their values.
fn parse(options: &serde_json::Value) -> Result<ImageOptions, AdapterError> {
    let wrong = |place: &str, reason| AdapterError::Fit { option: format!("image{place}"), reason };
    let parsed = ImageOptions::deserialize_from(options).map_err(|reason| wrong("", reason))?;
    match problems(&parsed).into_iter().next() {
        Some(problem) => Err(wrong(&problem.pointer.replace('/', "."), problem.message)),
        None => Ok(parsed),
    }
}

/// A value as one picture of the wanted colours, in its own size; warnings about its files are appended.
fn picture(
    options: &ImageOptions,
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
            let decoded = cache::decoded(file).map_err(|error| error.of(file))?;
            let new = decoded.warnings().iter().filter(|warning| !warnings.contains(warning));
            let new: Vec<String> = new.cloned().collect();
            warnings.extend(new);
            let part = decoded.part(file.part());
            part.and_then(|(pixels, area)| flat(&pixels, area)).map_err(|error| error.of(file))
        }
        Value::Series(values) => {
            let images: Result<Vec<_>, _> =
                values.iter().map(|value| picture(options, value, warnings)).collect();
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
        image = size.apply(&image, &opened_background(options))?;
    }
    match options.corrupt {
        Some(corruption) => corruption.apply(&image).ok_or(ImageError::NoPicture),
        None => Ok(image),
    }
}
