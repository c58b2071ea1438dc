//! What is wrong with data beyond what its types say.

/// A problem, where it is, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The JSON pointer of the place.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// The way out.
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

    /// Adds the problems of what stands below a pointer.
    pub(super) fn below(found: &mut Vec<Self>, pointer: &str, problems: impl IntoIterator<Item = Self>) {
        found.extend(
            problems
                .into_iter()
                .map(|problem| Self { pointer: format!("{pointer}{}", problem.pointer), ..problem }),
        );
    }
}

/// A problem when a text is not a sound pattern.
pub(super) fn pattern(pointer: &str, text: &str) -> Option<Problem> {
    let problem = crate::Pattern::parse(text).err()?;
    let (message, help) = problem.split_once([';', ':']).unwrap_or((&problem, "close every brace"));
    Some(Problem::new(pointer, message, help.trim()))
}
