//! Pictures as an experiment says them, for a vision transformer: the size, the resampling and the moments of its own
//! program, patches and class tokens.

use any2any_architecture::{Architecture, Positions, Stem};
use serde_json::{Value as Json, json};

use super::tokenizers::Folders;
use crate::error::{ImportError, Result};

const FILE: &str = "preprocessor_config.json";

/// The source side: pictures in colour, brought to one size without regard to proportions.
pub(super) fn source(folders: &Folders<'_>, theirs: &Architecture) -> Result<Json> {
    let config = folders.read_json(FILE)?;
    let wrong = |problem: String| ImportError::of(folders.model.join(FILE), problem);
    if config.is_null() {
        return Err(wrong("it is missing, and says what pictures the model reads".to_owned()));
    }
    let encoder = theirs.encoder.as_ref().map(|encoder| encoder.positions);
    let (Stem::ClassTokens { width, tokens }, Some(Positions::Learned { limit, .. })) =
        (&theirs.stems[0].part, encoder)
    else {
        return Err(wrong("the model's sources are no pictures".to_owned()));
    };
    let patch = (width / 3).isqrt();
    let side = (limit - tokens).isqrt() * patch;
    let processor = Processor::of(&config).map_err(wrong)?;
    if processor.size != (side, side) {
        let (width, height) = processor.size;
        let problem =
            format!("`size` is {width} x {height}, and the model reads pictures of {side} x {side}");
        return Err(wrong(problem));
    }
    Ok(json!({ "image": {
        "field": "picture",
        "colour": "rgb",
        "size": { "resize": { "width": side, "height": side } },
        "resampling": processor.resampling,
        "patches": { "width": patch, "height": patch },
        "normalize": processor.normalize,
        "stem": { "class_tokens": { "tokens": tokens } },
    }}))
}

/// The options of what makes pixels of a picture.
#[derive(Debug, PartialEq)]
struct Processor {
    /// Width and height.
    size: (usize, usize),
    resampling: &'static str,
    normalize: Json,
}

impl Processor {
    /// The options in a file of theirs; a problem names the option.
    fn of(config: &Json) -> Result<Self, String> {
        let flag = |option: &str, default: bool| config[option].as_bool().unwrap_or(default);
        if !flag("do_resize", true) {
            return Err("`do_resize` is false: pictures of any size are brought to the model's".to_owned());
        }
        let factor = config["rescale_factor"].as_f64().unwrap_or(1.0 / 255.0);
        if !flag("do_rescale", true) || (factor * 255.0 - 1.0).abs() > 1e-6 {
            return Err("`do_rescale` and `rescale_factor` must bring levels to 0 to 1 (1/255)".to_owned());
        }
        let size = extent(config, "size")?;
        let name = ["image_processor_type", "feature_extractor_type"].map(|option| config[option].as_str());
        let kind = name.into_iter().flatten().next().unwrap_or_default();
        // DeiT's program cuts the middle out, and resamples by cubics, where nothing else is said.
        let is_deit = kind.starts_with("DeiT");
        if !is_deit && !kind.is_empty() && !kind.starts_with("ViT") {
            return Err(format!("the processor {kind} is not known here; known are those of ViT and DeiT"));
        }
        if flag("do_center_crop", is_deit) {
            let crop = match config["crop_size"].is_null() {
                true => (224, 224),
                false => extent(config, "crop_size")?,
            };
            if crop != size {
                return Err(
                    "`do_center_crop` cuts off what is around the middle, which is not known here".to_owned()
                );
            }
        }
        let resampling = match config["resample"].as_u64().unwrap_or(if is_deit { 3 } else { 2 }) {
            2 => "bilinear",
            3 => "bicubic",
            other => {
                return Err(format!("`resample` is {other}; known are 2 (bilinear) and 3 (bicubic)"));
            }
        };
        let normalize = match flag("do_normalize", true) {
            true => json!({ "given": {
                "mean": channels(config, "image_mean")?,
                "deviation": channels(config, "image_std")?,
            }}),
            false => json!("none"),
        };
        Ok(Self { size, resampling, normalize })
    }
}

/// A width and a height: one number for both, or both by name.
fn extent(config: &Json, option: &str) -> Result<(usize, usize), String> {
    let pixels = |value: &Json| value.as_u64().and_then(|pixels| usize::try_from(pixels).ok());
    let value = &config[option];
    let sides = match pixels(value) {
        Some(side) => Some((side, side)),
        None => pixels(&value["width"]).zip(pixels(&value["height"])),
    };
    sides.ok_or_else(|| format!("`{option}` is {value}; a `height` and a `width` are known here"))
}

/// A value of each channel; a half where nothing is said.
fn channels(config: &Json, option: &str) -> Result<Vec<f64>, String> {
    let value = &config[option];
    if value.is_null() {
        return Ok(vec![0.5; 3]);
    }
    let numbers: Option<Vec<f64>> = value.as_array().and_then(|of| of.iter().map(Json::as_f64).collect());
    let three = numbers.filter(|numbers| numbers.len() == 3);
    three.ok_or_else(|| format!("`{option}` is {value}, and not three numbers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_become_those_of_pictures() {
        let given = json!({ "given": { "mean": [0.5, 0.5, 0.5], "deviation": [0.5, 0.5, 0.5] } });
        for (config, resampling, normalize) in [
            (json!({ "size": 384, "resample": 2 }), "bilinear", given.clone()),
            (json!({ "size": { "height": 384, "width": 384 }, "resample": 3 }), "bicubic", given.clone()),
            (
                json!({ "feature_extractor_type": "DeiTFeatureExtractor", "size": 384, "do_center_crop": false }),
                "bicubic",
                given,
            ),
            (json!({ "size": 384, "do_normalize": false }), "bilinear", json!("none")),
        ] {
            let processor = Processor { size: (384, 384), resampling, normalize };
            assert_eq!(Processor::of(&config), Ok(processor), "{config}");
        }
    }

    #[test]
    fn what_would_give_other_pixels_is_refused_by_name() {
        for (config, wanted) in [
            (json!({ "size": { "shortest_edge": 224 } }), "`size`"),
            (json!({}), "`size`"),
            (json!({ "size": 384, "resample": 0 }), "`resample` is 0"),
            (json!({ "size": 384, "do_resize": false }), "`do_resize`"),
            (json!({ "size": 384, "rescale_factor": 1 }), "`rescale_factor`"),
            (json!({ "size": 384, "do_center_crop": true }), "`do_center_crop`"),
            (json!({ "size": 384, "image_mean": 0.5 }), "`image_mean`"),
            (json!({ "size": 384, "image_processor_type": "DonutImageProcessor" }), "DonutImageProcessor"),
        ] {
            let said = Processor::of(&config).expect_err("other pixels");
            assert!(said.contains(wanted), "{said}");
        }
    }
}
