//! The adapter of recordings.

use std::borrow::Cow;
use std::path::Path;

use any2any_adapter::{
    Adapter, AdapterError, Decoded, Encoded, FrameCount, Head, Random, Region, Sequence, Signal, Stem, Value,
    WrittenFile,
};
use any2any_frames::{Normalization, behind_class_tokens, seen};

use crate::augment;
use crate::error::EegError;
use crate::features::{Extractor, Grid, regions};
use crate::files;
use crate::options::{self, EegOptions, Output, Standardize};
use crate::preprocessing::Cut;
use crate::state::State;
use crate::traces::TraceFrames;

/// The file of the state inside the folder of an adapter's state.
const FILE: &str = "eeg.json";

/// Adapter between recordings and frames of features, or frames of traces, which are written back.
pub struct EegAdapter {
    options: EegOptions,
    state: State,
    way: Way,
}

/// Contents of the frames.
enum Way {
    /// Features, for recordings that are read.
    Features(Extractor),
    /// Traces, for recordings that are written.
    Traces(TraceFrames),
}

impl EegAdapter {
    /// An adapter fitted to the opened recordings of the training split.
    pub(crate) fn fit(
        options: &EegOptions,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        let signals = values.map(signal).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = signals.first().copied() else {
            return Err(EegError::option("field", "the training split has no recording to learn from").into());
        };
        let channels = first.channels();
        let state = State {
            rate: first.rate(),
            channels: channels.to_vec(),
            samples: options.output.as_ref().map(|_| first.len()),
            normalization: Normalization::identity(channels.len()),
        };
        let fitted = |signal| {
            state.fitted(signal).map_err(|error| AdapterError::Fit {
                option: if options.output.is_some() { "epoch" } else { "channels" }.to_owned(),
                reason: error.to_string(),
            })
        };
        let signals = signals.into_iter().map(fitted).collect::<Result<Vec<_>, _>>()?;
        let mut adapter = Self::new(options, state)?;
        adapter.state.normalization = adapter.normalization(&signals)?;
        Ok(adapter)
    }

    /// The adapter that was saved in a folder.
    pub(crate) fn load(options: &EegOptions, folder: &Path) -> Result<Self, AdapterError> {
        let state: State = any2any_frames::load(folder, FILE)?;
        let broken = |reason: String| AdapterError::File { path: folder.join(FILE), reason };
        if !(state.rate.is_finite() && state.rate > 0.0) || state.channels.is_empty() {
            return Err(broken("has no channel, or a rate that is none".to_owned()));
        }
        let adapter = Self::new(options, state)?;
        let (found, wanted) = (adapter.state.normalization.width(), adapter.normalized_width());
        if found != wanted {
            return Err(broken(format!("is of {found} features, and the options make {wanted}")));
        }
        Ok(adapter)
    }

    fn new(options: &EegOptions, state: State) -> Result<Self, EegError> {
        let way = match &options.output {
            Some(Output::Traces(traces)) => Way::Traces(TraceFrames::new(&state, traces.window)),
            None => Way::Features(Extractor::new(&options.features, state.rate, state.channels.len())?),
        };
        Ok(Self { options: options.clone(), state, way })
    }

    /// Number of means and deviations that are learned.
    fn normalized_width(&self) -> usize {
        match &self.way {
            Way::Features(extractor) => extractor.channels() * extractor.block(),
            Way::Traces(_) => self.state.channels.len(),
        }
    }

    fn normalization(&self, signals: &[Cow<'_, Signal>]) -> Result<Normalization, EegError> {
        let width = self.normalized_width();
        match &self.way {
            Way::Traces(_) => {
                // A row a sample, a column a channel.
                let row = |signal: &Signal, sample| {
                    (0..width).map(|channel| signal.channel(channel)[sample]).collect::<Vec<f32>>()
                };
                let rows: Vec<Vec<f32>> = signals
                    .iter()
                    .flat_map(|signal| (0..signal.len()).map(move |sample| row(signal, sample)))
                    .collect();
                Ok(Normalization::fit(width, rows.iter().map(Vec::as_slice)))
            }
            Way::Features(_) if !self.options.normalize.fitted => Ok(Normalization::identity(width)),
            Way::Features(extractor) => {
                let grids = signals.iter().map(|signal| self.grid(extractor, &self.seen(signal, || 0)?));
                let grids = grids.collect::<Result<Vec<_>, _>>()?;
                Ok(Normalization::fit(width, grids.iter().map(|grid| grid.values.as_slice())))
            }
        }
    }

    /// The samples of a signal that are encoded.
    fn seen(&self, signal: &Signal, shift: impl FnMut() -> isize) -> Result<Vec<Vec<f32>>, EegError> {
        self.cut().view(signal, shift)
    }

    fn cut(&self) -> Cut {
        Cut::new(&self.options, self.state.rate)
    }

    /// Features, normalised within the sample.
    fn grid(&self, extractor: &Extractor, samples: &[Vec<f32>]) -> Result<Grid, EegError> {
        let mut grid = extractor.extract(samples)?;
        grid.normalize(self.options.normalize.sample);
        Ok(grid)
    }

    /// Samples as frames; augmented if there is a random generator.
    fn encoded(
        &self,
        extractor: &Extractor,
        mut samples: Vec<Vec<f32>>,
        random: Option<&mut Random>,
    ) -> Result<Encoded, EegError> {
        let len = samples.first().map_or(0, Vec::len);
        let mut changes = self.options.augment.as_ref().zip(random);
        if let Some((options, random)) = &mut changes {
            augment::samples(options, &mut samples, random);
        }
        let mut grid = self.grid(extractor, &samples)?;
        self.state.normalization.apply(&mut grid.values);
        if let Some((options, random)) = &mut changes {
            augment::grid(options, &mut grid, extractor, random);
        }
        let layout = self.options.layout;
        let frames = grid.frames(layout).ok_or_else(|| EegError::value("it has no features"))?;
        let (cut, rate) = (self.cut(), self.state.rate);
        let seconds = |window: std::ops::Range<usize>| {
            let end = cut.original(window.end - 1) + 1;
            (cut.original(window.start) as f64 / rate, end as f64 / rate)
        };
        let windows = extractor.windows(len).map(seconds);
        let regions = regions(windows, extractor.channels(), self.state.channels.len(), layout);
        let stem = &self.options.stem;
        let regions = behind_class_tokens(stem.class_tokens(), seen(regions, &stem.layers(), around), around);
        Ok(Encoded { sequence: Sequence::Frames(frames), regions })
    }
}

fn signal(value: &Value) -> Result<&Signal, AdapterError> {
    match value {
        Value::Signal(signal) => Ok(signal),
        other => Err(AdapterError::other_medium("a recording", other)),
    }
}

/// The smallest window around two.
fn around(one: &Region, other: &Region) -> Region {
    match (one, other) {
        (
            Region::Window { channels, start, end },
            Region::Window { channels: others, start: earlier, end: later },
        ) => Region::Window {
            channels: channels.start.min(others.start)..channels.end.max(others.end),
            start: start.min(*earlier),
            end: end.max(*later),
        },
        _ => Region::Nothing,
    }
}

impl Adapter for EegAdapter {
    fn stem(&self) -> Stem {
        let extractor = match &self.way {
            Way::Features(extractor) => extractor,
            Way::Traces(traces) => return Stem::Projection { width: traces.width() },
        };
        let width = Grid::frame_width(extractor.channels(), extractor.block(), self.options.layout);
        self.options.stem.of_width(width)
    }

    fn head(&self) -> Option<Head> {
        match &self.way {
            Way::Features(_) => None,
            Way::Traces(traces) => {
                Some(Head::Regression { width: traces.width(), length: FrameCount::Fixed(traces.count()) })
            }
        }
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let signal = self.state.fitted(signal(value)?)?;
        match &self.way {
            Way::Features(extractor) => Ok(self.encoded(extractor, self.seen(&signal, || 0)?, None)?),
            Way::Traces(traces) => {
                let frames = traces.encode(&signal, &self.state.normalization);
                let frames = frames.ok_or_else(|| EegError::value("traces without a sample"))?;
                Ok(Encoded { sequence: Sequence::Frames(frames), regions: traces.regions(self.state.rate) })
            }
        }
    }

    fn augments(&self) -> bool {
        let default = options::Augment::default();
        let changes = self.options.augment.as_ref().is_some_and(|own| *own != default);
        changes && matches!(self.way, Way::Features(_))
    }

    fn augment(&self, value: &Value, random: &mut Random) -> Result<Encoded, AdapterError> {
        let Way::Features(extractor) = &self.way else { return self.encode(value) };
        let signal = self.state.fitted(signal(value)?)?;
        let margin = self.cut().margin();
        let samples = self.seen(&signal, || augment::shift(margin, random))?;
        Ok(self.encoded(extractor, samples, Some(random))?)
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let Way::Traces(traces) = &self.way else {
            let reason = "recordings are only read with these options: give 'output' to write them";
            return Err(EegError::value(reason).into());
        };
        let frames =
            sequence.frames().ok_or_else(|| EegError::value("traces are written in frames, not tokens"))?;
        let signal = traces.decode(frames, &self.state)?;
        Ok(Decoded { value: Value::Signal(signal), regions: traces.regions(self.state.rate) })
    }

    /// An EDF file of 16 bits a sample.
    fn to_file(&self, value: &Value) -> Result<WrittenFile, AdapterError> {
        let unit = if self.options.standardize == Standardize::None { "uV" } else { "" };
        Ok(WrittenFile::new("edf", files::write(signal(value)?, unit)))
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        let files::Decoded { rate, channels, samples, .. } = files::edf(bytes).map_err(EegError::value)?;
        let signal = rate.and_then(|rate| Signal::new(rate, channels, samples.concat()));
        Ok(Value::Signal(signal.ok_or_else(|| EegError::value("the file has no samples"))?))
    }

    fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        any2any_frames::save(folder, FILE, &self.state)
    }
}
