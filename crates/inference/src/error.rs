//! Errors of an engine that is built.

/// An engine that cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A kind of model that only its own modules can run.
    #[error("a recurrent model has no engine; decode with the model itself")]
    Recurrent,
    /// Blocks of a program's own, which only burn can run.
    #[error("a model with blocks of a program's own has no engine; decode with the model itself")]
    Blocks,
    /// A parameter that the model has and the weights do not.
    #[error("the parameter {name} is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A parameter that the weights have and the model does not.
    #[error("the model has no parameter {name}")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// A parameter of another shape.
    #[error("the parameter {name} has shape {found:?}, expected {expected:?}")]
    Shape {
        /// Its name.
        name: String,
        /// The shape that the model has.
        expected: Vec<usize>,
        /// The shape that the weights have.
        found: Vec<usize>,
    },
    /// A softmax without a table.
    #[error("head {head} shares the table of stem {stem}, which takes frames and has none")]
    NoTable {
        /// The number of the head.
        head: usize,
        /// The number of the stem.
        stem: usize,
    },
    /// A shortlist of another vocabulary.
    #[error("the shortlist names tokens beyond the {vocabulary} that task {task} writes")]
    Shortlist {
        /// The number of the task.
        task: usize,
        /// The size of its vocabulary.
        vocabulary: usize,
    },
}
