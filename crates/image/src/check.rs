//! Checks of the image options that the schema cannot express.

use any2any_adapter::OptionProblem;
use any2any_frames::StemOptions;

use crate::features::{Features, Gradients, LARGEST_CELL, MOST_LEVELS};
use crate::options::{Colour, ImageOptions, Moments, Normalize, Output, Patches};
use crate::size::Size;

fn problem(pointer: impl Into<String>, message: impl Into<String>, help: &str) -> OptionProblem {
    OptionProblem::new(pointer, message, help)
}

/// Problems that the schema cannot express, and the ranges that other checks rely on.
pub(crate) fn problems(options: &ImageOptions) -> Vec<OptionProblem> {
    let mut problems = Vec::new();
    if options.field.is_empty() {
        let help = "name the field of the dataset that holds the picture";
        problems.push(problem("/field", "the name of the field is empty", help));
    }
    sizes(options, &mut problems);
    patches(options, &mut problems);
    features(options, &mut problems);
    stem(options, &mut problems);
    output(options, &mut problems);
    normalize(options, &mut problems);
    colour(options, &mut problems);
    problems
}

fn sizes(options: &ImageOptions, problems: &mut Vec<OptionProblem>) {
    let mut side = |name: &str, key: &str, pixels: usize| {
        if !(1..=4096).contains(&pixels) {
            let pointer = format!("/size/{name}{key}");
            problems.push(problem(pointer, format!("{pixels} pixels are no size"), "from 1 to 4096 pixels"));
        }
    };
    let (name, extent) = match options.size {
        None => return,
        Some(Size::Height(height)) => return side("height", "", height),
        Some(Size::Resize(extent)) => ("resize", extent),
        Some(Size::Pad(extent)) => ("pad", extent),
        Some(Size::Fit(extent)) => ("fit", extent),
    };
    side(name, "/width", extent.width);
    side(name, "/height", extent.height);
}

/// The sides and strides of patches that are given, in pixels.
fn sides(patches: &Patches) -> [(&'static str, Option<usize>); 4] {
    [
        ("width", Some(patches.width)),
        ("height", patches.height),
        ("stride_x", patches.stride_x),
        ("stride_y", patches.stride_y),
    ]
}

fn patches(options: &ImageOptions, problems: &mut Vec<OptionProblem>) {
    for (name, pixels) in sides(&options.patches) {
        if let Some(pixels) = pixels.filter(|pixels| !(1..=1024).contains(pixels)) {
            let help = "from 1 to 1024 pixels; leave the height null for patches as high as the picture";
            let message = format!("a patch cannot have a {name} of {pixels} pixels");
            problems.push(problem(format!("/patches/{name}"), message, help));
        }
    }
    let mut gap = |name: &str, stride: Option<usize>, side: Option<usize>| {
        if let (Some(stride), Some(side)) = (stride, side)
            && stride > side
        {
            let message = format!("steps of {stride} pixels leave gaps between patches of {side}");
            problems.push(problem(format!("/patches/{name}"), message, "at most the size of the patch"));
        }
    };
    gap("stride_x", options.patches.stride_x, Some(options.patches.width));
    let height = options.patches.height.or(options.size.map(|size| size.height()));
    gap("stride_y", options.patches.stride_y, height);
}

fn features(options: &ImageOptions, problems: &mut Vec<OptionProblem>) {
    let Features::Gradients(Gradients { cell, bins, levels }) = options.features else { return };
    if !(2..=LARGEST_CELL).contains(&cell) {
        let message = format!("a cell cannot have a side of {cell} pixels");
        problems.push(problem("/features/gradients/cell", message, "from 2 to 64 pixels"));
    }
    if !(2..=36).contains(&bins) {
        let message = format!("half a turn cannot be divided into {bins} directions");
        problems.push(problem("/features/gradients/bins", message, "from 2 to 36; 9 is usual"));
    }
    if !(1..=MOST_LEVELS).contains(&levels) {
        let message = format!("{levels} sizes of cells cannot be read");
        problems.push(problem("/features/gradients/levels", message, "from 1 to 5"));
    }
    let coarsest = options.features.coarsest();
    for (name, pixels) in sides(&options.patches) {
        if let Some(pixels) = pixels.filter(|pixels| pixels % coarsest != 0) {
            let message = format!("{pixels} pixels are not a whole number of cells of {coarsest}");
            let help = match levels {
                1 => "take a multiple of `features.gradients.cell`",
                _ => {
                    "take a multiple of the largest cell: `features.gradients.cell`, doubled with each level"
                }
            };
            problems.push(problem(format!("/patches/{name}"), message, help));
        }
    }
    if options.output != Output::Frames {
        let message = "a picture cannot be written from its gradients";
        problems.push(problem("/features", message, "leave it out, or leave `output` out"));
    }
    if options.normalize == Normalize::PerImage {
        let message = "gradients are scaled by what is around them, not by the whole picture";
        problems.push(problem("/normalize", message, "use `fitted` or `none`"));
    }
}

fn stem(options: &ImageOptions, problems: &mut Vec<OptionProblem>) {
    problems.extend(options.stem.problems("/stem"));
    let Some(noun) = options.stem.noun() else { return };
    if options.output != Output::Frames {
        let message = format!("{noun} are for pictures that are only read");
        problems.push(problem("/stem", message, "write `stem: projection`, or leave `output` out"));
    } else if matches!(options.stem, StemOptions::Convolution(_))
        && let Some(height) = options.patches.height
        && options.size.is_none_or(|size| size.height() > height)
    {
        let message = "convolutions run along one row of patches, and there may be several";
        let help = "leave the height of the patches null, so that they are as high as the picture";
        problems.push(problem("/patches/height", message, help));
    }
}

fn normalize(options: &ImageOptions, problems: &mut Vec<OptionProblem>) {
    let Normalize::Given(Moments { mean, deviation }) = &options.normalize else { return };
    let channels = options.colour.channels();
    for (name, values) in [("mean", mean), ("deviation", deviation)] {
        if values.len() != channels {
            let message = format!("{} values for {channels} channels", values.len());
            let help = "one value of grey pictures, three of `colour: rgb`";
            problems.push(problem(format!("/normalize/given/{name}"), message, help));
        }
    }
    if !mean.iter().all(|mean| mean.is_finite()) {
        problems.push(problem("/normalize/given/mean", "a mean that is no number", "usually from 0 to 1"));
    }
    if !deviation.iter().all(|deviation| deviation.is_finite() && *deviation > 1e-6) {
        let message = "a deviation that nothing can be divided by";
        problems.push(problem("/normalize/given/deviation", message, "above 0; usually up to 1"));
    }
    if options.features != Features::Pixels {
        let message = "means and deviations of channels are those of pixels";
        problems.push(problem("/normalize", message, "use `fitted` or `none`, or leave `features` out"));
    }
}

fn colour(options: &ImageOptions, problems: &mut Vec<OptionProblem>) {
    for (name, most) in [("hue", options.augment.hue), ("saturation", options.augment.saturation)] {
        if options.colour == Colour::Grey && most > 0.0 {
            let help = "leave it out, or read the picture with `colour: rgb`";
            problems.push(problem(
                format!("/augment/{name}"),
                "grey pictures have no colours to change",
                help,
            ));
        }
    }
}

fn output(options: &ImageOptions, problems: &mut Vec<OptionProblem>) {
    let (name, what) = match &options.output {
        Output::Frames => return,
        Output::Patches(_) => ("patches", "patches that are written"),
        Output::Codes(codes) => {
            if codes.codes < 2 {
                let message = format!("{} codes say nothing", codes.codes);
                problems.push(problem("/output/codes/codes", message, "at least 2; 256 is usual"));
            }
            ("codes", "codes")
        }
    };
    if !options.patches.apart() {
        let message = format!("{what} cannot overlap");
        problems.push(problem("/patches", message, "leave the strides out"));
    }
    if let Some(Size::Height(_)) = options.size {
        let message = format!("{what} need pictures of one width, too");
        problems.push(problem("/size", message, "use `resize`, `pad` or `fit`"));
    }
    if options.coordinates {
        let message = format!("{what} have no room for coordinates");
        problems.push(problem("/coordinates", message, "set it to false: positions are counted"));
    }
    if options.normalize == Normalize::PerImage && name == "patches" {
        let message = "what was scaled by each picture's own values cannot be scaled back";
        problems.push(problem("/normalize", message, "use `fitted` or `none`"));
    }
}
