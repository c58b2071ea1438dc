//! The audio medium: its options, checked, its values, opened, and its adapters.

use std::path::Path;

use any2any_adapter::{
    AdapterError, Contents, File, Kind, Medium, OpenedValue, OptionProblem, Package, Price, Sharing, Side,
    Signal, Value, Window,
};

use crate::adapter::AudioAdapter;
use crate::check::problems;
use crate::decoding;
use crate::error::AudioError;
use crate::formats;
use crate::open::open;
use crate::options::{AudioOptions, Output};
use crate::price::price;
use crate::windows::windows;

/// The audio medium.
#[derive(Clone, Copy, Debug, Default)]
pub struct Audio;

impl Medium for Audio {
    type Options = AudioOptions;
    type Adapter = AudioAdapter;

    fn name(&self) -> &str {
        "audio"
    }

    fn package(&self) -> Package {
        any2any_adapter::package!()
    }

    fn check(&self, options: &AudioOptions) -> Vec<OptionProblem> {
        problems(options)
    }

    fn complete(&self, options: &mut AudioOptions) {
        let stack = options.stacked();
        if let Output::Codes(codes) = &mut options.output {
            codes.stack = Some(stack);
        }
        options.mel.fft = Some(options.mel.fft_samples(options.rate));
        options.mel.high = Some(options.mel.high_hertz(options.rate));
    }

    fn fields(&self, options: &AudioOptions) -> Vec<String> {
        vec![options.field.clone()]
    }

    fn sharing(&self, _options: &AudioOptions) -> Sharing {
        Sharing::EqualOptions
    }

    fn inherited(&self) -> &'static [&'static str] {
        &["rate", "channel", "take", "trim", "gap", "longest", "mel"]
    }

    fn kind(&self) -> Kind {
        Kind::Signal
    }

    fn extensions(&self) -> Vec<&str> {
        formats::EXTENSIONS.to_vec()
    }

    fn recognises(&self, bytes: &[u8]) -> bool {
        formats::Kind::of(bytes).is_some()
    }

    /// Values are those of soundfile; those of integers are divided by full scale, and floats are as they are.
    fn contents(&self, file: &File) -> Result<Contents, AdapterError> {
        let bytes = file.bytes().map_err(|error| AudioError::Unreadable { reason: error.to_string() });
        bytes.and_then(|bytes| decoding::contents(&bytes)).map_err(|error| error.of(file))
    }

    /// Sounds that follow each other are joined with `gap` seconds of silence between them.
    fn open(&self, side: &Side<AudioOptions>, value: &Value) -> Result<OpenedValue, AdapterError> {
        open(side, value)
    }

    /// Stretches of `pad_to` seconds at most, cut where nobody speaks.
    fn windows(&self, side: &Side<AudioOptions>, opened: &Value) -> Result<Vec<Window>, AdapterError> {
        let Some(longest) = side.pad_to else { return Ok(Vec::new()) };
        let signal = opened.as_signal().ok_or_else(|| AdapterError::other_medium("a sound", opened))?;
        let samples = signal.channel(0);
        let window = |range: std::ops::Range<usize>| {
            let start = range.start as f64 / signal.rate();
            let sound = Signal::mono(signal.rate(), samples[range].to_vec()).ok_or(AudioError::Empty)?;
            Ok(Window { value: Value::Signal(sound), start })
        };
        windows(samples, side.rate, longest).into_iter().map(window).collect()
    }

    fn price(&self, side: &Side<AudioOptions>, value: &Value) -> Result<Price, AdapterError> {
        price(side, value)
    }

    fn fit(
        &self,
        side: &Side<AudioOptions>,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<AudioAdapter, AdapterError> {
        AudioAdapter::fit(side, values)
    }

    fn load(&self, side: &Side<AudioOptions>, folder: &Path) -> Result<AudioAdapter, AdapterError> {
        AudioAdapter::load(side, folder)
    }
}
