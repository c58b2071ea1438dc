//! A model from elsewhere, in our words.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use any2any_architecture::Architecture;

use crate::config::Config;
use crate::ctranslate2;
use crate::error::PretrainedError;
use crate::families;
use crate::family::Family;
use crate::generation::{Generation, GenerationDefaults, TokenRoles};
use crate::marian::{self, Vocabularies};
use crate::safetensors::Checkpoint;

const CONFIG: &str = "config.json";
const GENERATION: &str = "generation_config.json";

/// Model from elsewhere, in our words.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pretrained {
    /// The family that it is of.
    pub family: Family,
    /// What it is, as data: one task, `translate`, or `complete` of a language model.
    pub architecture: Architecture,
    /// Its weights, by the architecture's names of parameters and in their orientation.
    pub weights: BTreeMap<String, Tensor>,
    /// Tokens with a role.
    pub tokens: TokenRoles,
    /// Defaults of decoding.
    pub decoding: GenerationDefaults,
    /// The most positions of a text that it was trained with, where that is known.
    pub positions: Option<usize>,
    /// What each tensor of the files became.
    pub parts: Vec<Part>,
    /// The scales of 8-bit products, by parameter, of a model whose weights are stored in 8 bits.
    pub scales: BTreeMap<String, Scales>,
    /// The files of its vocabularies, of a model whose folder has no fixed names for them.
    pub vocabularies: Option<Vocabularies>,
    /// The file with the tokens that may be written for a source, in Marian's binary format.
    pub shortlist: Option<PathBuf>,
}

/// Scales of the 8-bit products with a matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scales {
    /// The factor that turns its weights into whole numbers.
    pub weight: f32,
    /// The factor that turns what it is multiplied with into what is rounded to whole numbers; `None` where that was not
    /// measured.
    pub input: Option<f32>,
}

/// Tensor of 32-bit floats.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The sizes of its dimensions.
    pub shape: Vec<usize>,
    /// Its values, row-major.
    pub values: Vec<f32>,
}

/// What a tensor of the files became.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// Its name in the files.
    pub theirs: String,
    /// Its shape in the files.
    pub shape: Vec<usize>,
    /// The parameters of ours that it became; none where it was left out.
    pub ours: Vec<String>,
    /// The reason why it was left out.
    pub left_out: Option<LeftOut>,
}

/// Reason why a tensor was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOut {
    /// It is equal to another that was kept; the values were compared.
    Duplicate {
        /// The tensor that was kept.
        of: String,
    },
    /// Sines and cosines that are computed, and nothing trains; the values were compared.
    Sinusoidal,
    /// A mask or a constant of another program, which is no weight.
    Constant,
    /// Nothing in the model reads it.
    Unused,
    /// A bias of zeros, which adds nothing.
    Zeros,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { of } => write!(f, "equal to {of}"),
            Self::Sinusoidal => f.write_str("sines and cosines, which are computed"),
            Self::Constant => f.write_str("a mask or a constant, which is no weight"),
            Self::Unused => f.write_str("nothing reads it"),
            Self::Zeros => f.write_str("zeros, which add nothing"),
        }
    }
}

/// True if a folder or a file looks like a model that [`read`] reads. Whether it can be read, reading it tells.
pub fn recognises(source: &Path) -> bool {
    // Of several models of Marian, reading names each.
    source.join(CONFIG).exists() || !matches!(marian::Files::find(source), Ok(None))
}

/// Reads a model from a folder in Hugging Face's layout, a Whisper from one in CTranslate2's, or a model of Marian from its
/// file or its folder.
///
/// # Errors
///
/// When a file is missing, damaged or a program, an option is wrong or says what no architecture can, or a tensor is
/// missing, unexpected, of another shape or not finite.
pub fn read(folder: &Path) -> Result<Pretrained, PretrainedError> {
    let path = folder.join(CONFIG);
    if !path.exists()
        && let Some(files) = marian::Files::find(folder)?
    {
        return marian::read(files);
    }
    if !path.exists() {
        return Err(PretrainedError::NoFile { folder: folder.to_owned(), file: CONFIG });
    }
    let config = Config::read(&path)?;
    let generation = folder.join(GENERATION);
    let generation = generation.exists().then(|| Config::read(&generation)).transpose()?;
    if ctranslate2::recognises(folder) {
        return ctranslate2::read(folder, &config, generation.as_ref());
    }
    config.refuse_given(
        "quantization_config",
        "says that weights are quantized; take a version of the model that is not",
    )?;
    let family = Family::of(&config)?;
    let checkpoint = Checkpoint::open(folder)?;
    let families::Model { architecture, weights, parts, positions } =
        families::read(family, &config, &checkpoint)?;
    let sources: Vec<&Config> = generation.iter().chain([&config]).collect();
    let generation = Generation(&sources);
    let tokens = generation.roles(architecture.outputs(0))?;
    let decoding = generation.defaults()?;
    let (scales, vocabularies, shortlist) = (BTreeMap::new(), None, None);
    Ok(Pretrained {
        family,
        architecture,
        weights,
        tokens,
        decoding,
        positions,
        parts,
        scales,
        vocabularies,
        shortlist,
    })
}
