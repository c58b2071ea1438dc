//! Annotations of a recording.

/// An annotation of a moment of a recording, by a person or by a device as an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// Start in seconds from the first sample.
    pub onset: f64,
    /// Duration in seconds; 0 when the file does not say.
    pub duration: f64,
    /// Text of the annotation.
    pub label: String,
}
