//! Program: the command `any2any` with the media and plug-ins of its own.

use std::process::ExitCode;

use any2any_adapter::{Medium, PlugInOptions, Registry};
use any2any_metrics::ValueMetric;
use any2any_model::EncoderBlock;
use any2any_train::{AuxiliaryLoss, Observer, RateSchedule};

/// Makes an observer for a training that begins.
type NewObserver = Box<dyn Fn() -> Box<dyn Observer>>;

/// Program: every command of `any2any`, with media, metrics, schedules, losses and blocks of its own beside the built-in
/// ones.
///
/// What is added has a name, by which experiments choose it, and options that they are checked against; editors know it
/// by `any2any schema`, and runs keep it. Mistakes, such as two media of one name, are told when the program starts.
///
/// ```no_run
/// use any2any_cli::{Program, media};
/// use any2any_train::{RateSchedule, ScheduleStep};
///
/// /// A rate that goes up and down between 0 and `peak`.
/// #[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Triangle {
///     /// The highest rate.
///     peak: f64,
///     /// Number of steps from one peak to the next.
///     period: u64,
/// }
///
/// impl RateSchedule for Triangle {
///     fn rate(&self, ScheduleStep { step, .. }: ScheduleStep) -> f64 {
///         let phase = (step % self.period) as f64 / self.period as f64;
///         self.peak * (1.0 - (2.0 * phase - 1.0).abs())
///     }
/// }
///
/// fn main() -> std::process::ExitCode {
///     Program::new(media()).schedule::<Triangle>("triangle").main()
/// }
/// ```
pub struct Program {
    pub(crate) registry: Registry,
    pub(crate) observers: Vec<NewObserver>,
}

impl Program {
    /// A program with these media, such as [`media()`](crate::media).
    pub fn new(registry: Registry) -> Self {
        Self { registry, observers: Vec::new() }
    }

    /// Adds a medium.
    #[must_use]
    pub fn medium(mut self, medium: impl Medium) -> Self {
        self.registry = self.registry.with(medium);
        self
    }

    /// Adds a metric, which experiments name in `metrics`.
    #[must_use]
    pub fn metric<T: ValueMetric + PlugInOptions>(mut self, name: &str) -> Self {
        self.registry = any2any_metrics::with_metric::<T>(self.registry, name);
        self
    }

    /// Adds a schedule of the learning rate, which experiments name in `training.schedule`.
    #[must_use]
    pub fn schedule<T: RateSchedule + PlugInOptions>(mut self, name: &str) -> Self {
        self.registry = any2any_train::with_schedule::<T>(self.registry, name);
        self
    }

    /// Adds an auxiliary loss, which experiments name in `losses` of a task.
    #[must_use]
    pub fn loss<T: AuxiliaryLoss + PlugInOptions>(mut self, name: &str) -> Self {
        self.registry = any2any_train::with_loss::<T>(self.registry, name);
        self
    }

    /// Adds a block before the layers of the encoder, which experiments name in `model.transformer.encoder_blocks`.
    #[must_use]
    pub fn block<T: EncoderBlock + PlugInOptions>(mut self, name: &str) -> Self {
        self.registry = any2any_model::with_block::<T>(self.registry, name);
        self
    }

    /// Adds an observer, which sees every event of every training of the `train` command: steps with their losses and
    /// the model, evaluations, checkpoints.
    #[must_use]
    pub fn observer<O: Observer + 'static>(mut self, new: impl Fn() -> O + 'static) -> Self {
        self.observers.push(Box::new(move || Box::new(new())));
        self
    }

    /// The media and plug-ins, for programs that use the libraries without a command line.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Runs the command line of this process.
    ///
    /// The exit code is 0 for success, 1 for failed work, and 2 for a wrong command, experiment or program.
    pub fn main(self) -> ExitCode {
        crate::run_command(&self)
    }
}
