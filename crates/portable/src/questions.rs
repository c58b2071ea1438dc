//! Questions to a portable model: the bodies of requests to the JSON interface, as far as it answers them.

use any2any_architecture::StackKind;
use any2any_inference::{Ablations, Place};
use any2any_search::{Beam, SearchOptions, Strategy};
use serde::Deserialize;

use crate::error::PortableError;
use crate::numbers::Bytes;
use crate::value::View;

/// A question to a model. Fields that name the run and the checkpoint are for whoever chooses the model.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Question {
    pub(crate) task: usize,
    pub(crate) source: Option<Input>,
    pub(crate) window: Option<usize>,
    pub(crate) tokens: Option<Vec<u32>>,
    pub(crate) prefix: Prefix,
    pub(crate) decoding: Option<Decoding>,
    pub(crate) count: usize,
    pub(crate) position: usize,
    pub(crate) token: Option<u32>,
    pub(crate) method: String,
    pub(crate) size: Option<usize>,
    pub(crate) length_penalty: Option<f64>,
    masked: Vec<usize>,
    #[serde(alias = "muted")]
    ablated: Vec<Silenced>,
}

/// A source.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Input {
    /// A text.
    Text(String),
    /// A file with its bytes.
    File { name: String, content: Bytes },
    /// A value that is opened already, as an answer has shown it.
    View(View),
}

/// The beginning of an output.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Prefix {
    Tokens(Vec<u32>),
    Text(String),
}

impl Default for Prefix {
    fn default() -> Self {
        Self::Tokens(Vec::new())
    }
}

/// The way in which outputs are searched for; what is left out is as the task says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Decoding {
    greedy: Option<serde_json::Value>,
    beam: Option<AskedBeam>,
    sampling: Option<serde_json::Value>,
    guidance: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AskedBeam {
    size: Option<usize>,
    length_penalty: Option<f64>,
    n_best: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Silenced {
    stack: StackKind,
    kind: String,
    layer: usize,
    head: usize,
}

impl Decoding {
    /// The options of a search with what is asked for.
    pub(crate) fn options(&self, known: &SearchOptions) -> Result<SearchOptions, PortableError> {
        if self.sampling.is_some() || self.guidance.is_some_and(|guidance| guidance != 1.0) {
            let reason = "outputs are searched for greedily or with a beam here, without guidance";
            return Err(PortableError::Unsupported(reason.to_owned()));
        }
        let mut options = known.clone();
        if self.greedy.is_some() {
            options.strategy = Strategy::Greedy;
        }
        if let Some(AskedBeam { size, length_penalty, n_best }) = self.beam {
            let known = match &options.strategy {
                Strategy::Beam(beam) => beam.clone(),
                _ => Beam::default(),
            };
            let size = size.unwrap_or(known.size);
            options.strategy = Strategy::Beam(Beam {
                size,
                length_penalty: length_penalty.unwrap_or(known.length_penalty),
                n_best: n_best.unwrap_or(known.n_best.min(size)),
            });
        }
        Ok(options)
    }
}

impl Question {
    /// The options of a beam search that a tree is drawn of.
    pub(crate) fn beam(&self, known: &SearchOptions) -> Result<SearchOptions, PortableError> {
        let beam = AskedBeam { size: self.size, length_penalty: self.length_penalty, n_best: None };
        Decoding { beam: Some(beam), ..Decoding::default() }.options(known)
    }

    /// The question of a body in JSON.
    pub(crate) fn of(body: &[u8]) -> Result<Self, PortableError> {
        serde_json::from_slice(body).map_err(|error| PortableError::Question(error.to_string()))
    }

    /// What is taken away from the model.
    pub(crate) fn ablations(&self) -> Ablations {
        let place = |Silenced { stack, kind, layer, head }: &Silenced| {
            (Place { stack: *stack, layer: *layer, cross: kind == "cross" }, *head)
        };
        let silenced = self.ablated.iter().map(place).collect();
        Ablations { hidden: self.masked.clone(), hidden_target: Vec::new(), silenced }
    }
}
