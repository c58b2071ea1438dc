//! Contents of a file, before any option of an experiment is applied.

/// Contents of one file as its medium reads them, before any option of an experiment is applied: they are displayed
/// so that a person can check whether a file was understood.
///
/// ```
/// use any2any_adapter::Contents;
///
/// // Two samples of a stereo sound.
/// let contents = Contents {
///     format: "WAV, 16 bit integers".to_owned(),
///     axes: vec![("samples", 2), ("channels", 2)],
///     values: vec![0.0, 0.5, -0.5, 0.25],
///     rate: Some(44_100.0),
///     ..Contents::default()
/// };
/// assert_eq!(contents.shape(), [2, 2]);
/// ```
///
/// # Shapes
///
/// - values: row-major over `axes`; sounds `[samples, channels]` in -1 to 1 at their own rate, pictures
///   `[height, width, channels]` in 0 to 255 after the orientation of EXIF, EEG `[channels, samples]` in microvolts
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// The format that was found, with its variant: `WAV, 24 bit integers`.
    pub format: String,
    /// Name and length of each axis.
    pub axes: Vec<(&'static str, usize)>,
    /// The values.
    pub values: Vec<f32>,
    /// Samples a second, in hertz, where the axis `samples` is time.
    pub rate: Option<f64>,
    /// The names of the channels, where the file names them.
    pub channels: Vec<String>,
    /// The unit of the values: `uV`; empty if they have none.
    pub unit: &'static str,
    /// Warnings about the file, and about decisions in reading it.
    pub warnings: Vec<String>,
}

impl Contents {
    /// The length of each axis.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|(_, len)| *len).collect()
    }
}
