//! Errors of models from elsewhere.

use std::io;
use std::path::{Path, PathBuf};

use any2any_architecture::ArchitectureError;

/// The line that turns pickled weights into safetensors; `weights_only` executes nothing of the file.
const CONVERT: &str = "python -c \"import glob, torch, safetensors.torch as s; s.save_file({name: tensor.clone().contiguous() \
     for file in glob.glob('pytorch_model*.bin') for name, tensor in torch.load(file, weights_only=True).items()}, \
     'model.safetensors')\"";

/// A model that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PretrainedError {
    /// A file that cannot be opened or read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A folder without a file that a model needs.
    #[error("{} holds no {file}: give the folder of a model in Hugging Face's layout", folder.display())]
    NoFile {
        /// The folder.
        folder: PathBuf,
        /// What is not there.
        file: &'static str,
    },
    /// A folder whose files do not say which of them belong to a model.
    #[error("{}: {problem}", folder.display())]
    Files {
        /// The folder.
        folder: PathBuf,
        /// What is unclear, and the way out.
        problem: String,
    },
    /// A pickle that asks for more than weights need.
    #[error("{} is a program, not weights alone: it would {deed}, and nothing of it was run; take the model in \
         safetensors, or from somebody you trust", path.display())]
    Program {
        /// The file.
        path: PathBuf,
        /// What it would do, by the name of what it would call.
        deed: String,
    },
    /// Pickled weights that only PyTorch reads.
    #[error("{} {reason}; convert it in its folder with: {CONVERT}", path.display())]
    Pickled {
        /// The file.
        path: PathBuf,
        /// What is not read.
        reason: String,
    },
    /// A file that is not what its name says.
    #[error("{} is damaged: {reason}; download it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An option that is wrong, or that no architecture can say.
    #[error("{}: `{option}` {problem}", path.display())]
    Option {
        /// The file.
        path: PathBuf,
        /// The option.
        option: String,
        /// What is wrong, and the way out.
        problem: String,
    },
    /// A tensor that the model needs and the files do not have.
    #[error("{} has no tensor {tensor}, which its {} asks for", path.display(), options_of(path))]
    Missing {
        /// The file, or the folder of several.
        path: PathBuf,
        /// The tensor, or those of which one would do.
        tensor: String,
    },
    /// Tensors that the model has no place for.
    #[error(
        "{} has tensors that a model of this family and this {} has no place for: {}{}; is it a model \
         of another task or of another kind?",
        path.display(), options_of(path), tensors[..tensors.len().min(5)].join(", "),
        if tensors.len() > 5 { format!(" and {} more", tensors.len() - 5) } else { String::new() }
    )]
    Unexpected {
        /// The file, or the folder of several.
        path: PathBuf,
        /// The tensors.
        tensors: Vec<String>,
    },
    /// A tensor of another shape.
    #[error("{}: the tensor {tensor} has shape {found:?}, and its {} asks for {expected:?}", path.display(),
        options_of(path))]
    Shape {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The shape that it has.
        found: Vec<usize>,
        /// The shape that the model has.
        expected: Vec<usize>,
    },
    /// A tensor whose values are no floats of 16 or 32 bits.
    #[error("{}: the tensor {tensor} holds {dtype}; take a version of the model in F32, F16 or BF16", path.display())]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The type of its values.
        dtype: String,
    },
    /// A tensor with a value that no model computes with.
    #[error("{}: the tensor {tensor} has a value that is not finite; download the file again", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
    },
    /// A tensor that is not what it must be equal to.
    #[error("{}: the tensor {tensor} differs from {other}, although {reason}", path.display())]
    Differs {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// What it must be equal to.
        other: String,
        /// Why it must be, and the way out.
        reason: String,
    },
    /// A model that no architecture can be.
    #[error("{}: {source}", path.display())]
    Architecture {
        /// The configuration.
        path: PathBuf,
        /// The part that does not fit.
        source: ArchitectureError,
    },
    /// A parameter that the family's reader knows no tensor for.
    #[error("{}: no tensor is known for the parameter {parameter}; please report this model", path.display())]
    Unfilled {
        /// The file, or the folder of several.
        path: PathBuf,
        /// The parameter.
        parameter: String,
    },
}

/// The place of a model's options: those of Marian and of CTranslate2 stand in the file of the weights.
fn options_of(path: &Path) -> &'static str {
    if path.file_name().is_some_and(|name| name == crate::ctranslate2::layout::MODEL) {
        return "specification";
    }
    let is_marian = path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with("pytorch_model"))
        && path.extension().is_some_and(|extension| extension == "npz" || extension == "bin");
    if is_marian { crate::marian::OPTIONS } else { "config.json" }
}

impl PretrainedError {
    pub(crate) fn read(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Read { path: path.to_owned(), source }
    }

    pub(crate) fn damaged(path: &Path, reason: impl ToString) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.to_string() }
    }
}
