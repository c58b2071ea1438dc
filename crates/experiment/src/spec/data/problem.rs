//! Problems of data beyond what its types say.

/// A problem of the data, its place, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The place, as a JSON pointer.
    pub pointer: String,
    /// The message: what is wrong.
    pub message: String,
    /// The help: the way out.
    pub help: String,
}

impl Problem {
    pub(super) fn new(
        pointer: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { pointer: pointer.into(), message: message.into(), help: help.into() }
    }

    /// Adds the problems of a part, whose pointers start at `pointer`.
    pub(super) fn below(found: &mut Vec<Self>, pointer: &str, problems: impl IntoIterator<Item = Self>) {
        found.extend(
            problems
                .into_iter()
                .map(|problem| Self { pointer: format!("{pointer}{}", problem.pointer), ..problem }),
        );
    }
}

/// The problem of a text that is not a sound pattern.
pub(super) fn pattern(pointer: &str, text: &str) -> Option<Problem> {
    let problem = crate::Pattern::parse(text).err()?;
    let (message, help) = problem.split_once([';', ':']).unwrap_or((&problem, "close every brace"));
    Some(Problem::new(pointer, message, help.trim()))
}
