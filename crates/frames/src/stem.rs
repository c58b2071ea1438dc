//! Options of the entrance of frames into the model.
//!
//! The options are the same for all media of frames; the layers themselves are the model's. Convolutions with
//! strides shorten long sequences before attention sees them; two with kernels of 5 and strides of 2, the
//! default, are those of fairseq S2T (Wang et al. 2020), where gated linear units follow them and not GELUs.

use any2any_adapter::{Convolution, OptionProblem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Entrance of frames into the model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StemOptions {
    /// Each frame by itself, through one matrix.
    #[default]
    Projection,
    /// Each frame together with its neighbours, through convolutions.
    Convolution(Convolutions),
    /// Each frame by itself, behind learned positions that stand for all of them.
    ClassTokens(ClassTokens),
}

/// Learned positions in front of the frames, from which the encoder can read what holds for all (Dosovitskiy et al. 2021).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClassTokens {
    /// Number of these positions.
    #[schemars(range(min = 1, max = 64))]
    pub tokens: usize,
}

impl Default for ClassTokens {
    fn default() -> Self {
        Self { tokens: 1 }
    }
}

/// Convolutions along the sequence, each followed by a GELU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Convolutions {
    /// Layers of convolution, the first next to the frames.
    #[schemars(length(min = 1, max = 8))]
    pub layers: Vec<Layer>,
}

impl Default for Convolutions {
    fn default() -> Self {
        Self { layers: vec![Layer::default(); 2] }
    }
}

/// One convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Layer {
    /// Width of the kernel, in frames; odd.
    #[schemars(range(min = 1, max = 63))]
    pub kernel: usize,
    /// Frames from one position to the next: 2 makes the sequence half as long.
    #[schemars(range(min = 1, max = 16))]
    pub stride: usize,
}

impl Default for Layer {
    fn default() -> Self {
        Self { kernel: 5, stride: 2 }
    }
}

impl StemOptions {
    /// The convolutions, the first next to the frames; none for a projection.
    pub fn layers(&self) -> Vec<Convolution> {
        match self {
            Self::Projection | Self::ClassTokens(_) => Vec::new(),
            Self::Convolution(Convolutions { layers }) => {
                layers.iter().map(|&Layer { kernel, stride }| Convolution { kernel, stride }).collect()
            }
        }
    }

    /// Number of positions in front of the frames.
    pub fn class_tokens(&self) -> usize {
        match self {
            Self::Projection | Self::Convolution(_) => 0,
            Self::ClassTokens(ClassTokens { tokens }) => *tokens,
        }
    }

    /// Name of what this entrance has beside a projection, for messages: what is written has a projection alone.
    pub fn noun(&self) -> Option<&'static str> {
        match self {
            Self::Projection => None,
            Self::Convolution(_) => Some("convolutions"),
            Self::ClassTokens(_) => Some("class tokens"),
        }
    }

    /// The entrance of frames of a width, as an adapter names it.
    pub fn of_width(&self, width: usize) -> any2any_adapter::Stem {
        match (self.layers(), self.class_tokens()) {
            (layers, 0) if layers.is_empty() => any2any_adapter::Stem::Projection { width },
            (layers, 0) => any2any_adapter::Stem::Convolution { width, layers },
            (_, tokens) => any2any_adapter::Stem::ClassTokens { width, tokens },
        }
    }

    /// Problems that the schema cannot express, and the ranges that other checks rely on. The pointer is that of the
    /// stem: `/stem`.
    pub fn problems(&self, pointer: &str) -> Vec<OptionProblem> {
        let layers = match self {
            Self::Projection => return Vec::new(),
            Self::ClassTokens(ClassTokens { tokens }) if (1..=64).contains(tokens) => return Vec::new(),
            Self::ClassTokens(ClassTokens { tokens }) => {
                let message = format!("{tokens} class tokens stand for nothing more than a few do");
                let (pointer, help) = (format!("{pointer}/class_tokens/tokens"), "from 1 to 64; 1 is usual");
                return vec![OptionProblem::new(pointer, message, help)];
            }
            Self::Convolution(Convolutions { layers }) => layers,
        };
        let here = format!("{pointer}/convolution/layers");
        let mut problems = Vec::new();
        let mut add = |pointer: String, message: String, help: String| {
            problems.push(OptionProblem::new(pointer, message, help));
        };
        if layers.is_empty() {
            let help = "give at least one layer, or write `stem: projection`";
            add(here.clone(), "there is no layer".to_owned(), help.to_owned());
        }
        for (number, &Layer { kernel, stride }) in layers.iter().enumerate() {
            if kernel.is_multiple_of(2) {
                let message = format!("a kernel of {kernel} frames has no middle");
                let help = format!("an odd number, such as {}", kernel + 1);
                add(format!("{here}/{number}/kernel"), message, help);
            }
            if stride == 0 {
                let message = "steps of 0 frames lead nowhere".to_owned();
                add(format!("{here}/{number}/stride"), message, "at least 1".to_owned());
            } else if stride > kernel && !kernel.is_multiple_of(2) {
                let message = format!("steps of {stride} frames leave gaps between kernels of {kernel}");
                add(format!("{here}/{number}/stride"), message, format!("at most {kernel}, the kernel"));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Stem as Entrance;
    use serde_json::json;

    use super::*;

    #[test]
    fn options_become_layers() {
        let layer = |kernel, stride| Convolution { kernel, stride };
        let cases = [
            (json!("projection"), vec![]),
            (json!({ "convolution": {} }), vec![layer(5, 2), layer(5, 2)]),
            (json!({ "convolution": { "layers": [{}] } }), vec![layer(5, 2)]),
            (
                json!({ "convolution": { "layers": [{ "kernel": 3 }, { "stride": 1 }] } }),
                vec![layer(3, 2), layer(5, 1)],
            ),
        ];
        for (options, layers) in cases {
            let stem: StemOptions = serde_json::from_value(options.clone()).expect("options of a stem");
            assert_eq!(stem.layers(), layers, "{options}");
            let expected = match layers.is_empty() {
                true => Entrance::Projection { width: 40 },
                false => Entrance::Convolution { width: 40, layers },
            };
            assert_eq!(stem.of_width(40), expected, "{options}");
            assert_eq!(stem.problems("/stem"), [], "{options}");
            let written = serde_json::to_value(&stem).expect("JSON");
            assert_eq!(serde_json::from_value::<StemOptions>(written).expect("what was written"), stem);
        }
        let tokens = json!({ "class_tokens": {} });
        let stem: StemOptions = serde_json::from_value(tokens).expect("options of a stem");
        assert_eq!(stem.of_width(40), Entrance::ClassTokens { width: 40, tokens: 1 });
        for (tokens, problems) in [(0, 1), (1, 0), (64, 0), (65, 1)] {
            let stem = StemOptions::ClassTokens(ClassTokens { tokens });
            let found = stem.problems("/stem");
            assert_eq!(found.len(), problems, "{tokens}");
            assert!(found.iter().all(|problem| problem.pointer == "/stem/class_tokens/tokens"), "{found:?}");
        }
        for options in [json!("lookup"), json!({ "convolution": { "layers": [{ "width": 3 }] } })] {
            assert!(serde_json::from_value::<StemOptions>(options.clone()).is_err(), "{options}");
        }
    }

    #[test]
    fn problems_point_at_their_option() {
        let cases = [
            (vec![(1, 1), (63, 16)], vec![]),
            (vec![], vec![""]),
            (vec![(4, 2)], vec!["/0/kernel"]),
            (vec![(3, 0)], vec!["/0/stride"]),
            (vec![(3, 3), (3, 4)], vec!["/1/stride"]),
            (vec![(3, 2), (0, 0)], vec!["/1/kernel", "/1/stride"]),
        ];
        for (layers, expected) in cases {
            let layers = layers.into_iter().map(|(kernel, stride)| Layer { kernel, stride }).collect();
            let problems = StemOptions::Convolution(Convolutions { layers }).problems("/stem");
            let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
            let expected: Vec<String> =
                expected.iter().map(|place| format!("/stem/convolution/layers{place}")).collect();
            assert_eq!(pointers, expected, "{problems:?}");
        }
    }
}
