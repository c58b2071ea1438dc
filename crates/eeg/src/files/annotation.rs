//! Notes about moments of a recording.

/// Something that somebody noted about a moment of a recording, or that a device recorded as an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// When it begins, in seconds from the first sample.
    pub onset: f64,
    /// How long it lasts, in seconds; 0 when the file does not say.
    pub duration: f64,
    /// What it says.
    pub label: String,
}
