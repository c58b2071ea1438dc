//! Schedule of the learning rate.

use std::sync::Arc;

use any2any_adapter::{Live, OptionProblem, Package, PlugIn, PlugInOptions, Point, Registry};
use any2any_experiment::spec::{Experiment, Schedule};
use any2any_experiment::{Diagnostics, Document};
use any2any_run::{Plateau, RunError};

use crate::error::TrainError;

/// Schedule of the learning rate of a program's own: its options, as an experiment writes them.
///
/// ```
/// use any2any_train::{RateSchedule, ScheduleStep};
///
/// /// A rate that is halved again and again.
/// struct Halving {
///     peak: f64,
///     every: u64,
/// }
///
/// impl RateSchedule for Halving {
///     fn rate(&self, ScheduleStep { step, .. }: ScheduleStep) -> f64 {
///         self.peak * 0.5_f64.powf((step / self.every) as f64)
///     }
/// }
///
/// let halving = Halving { peak: 0.004, every: 100 };
/// let rates = [1, 100, 250].map(|step| halving.rate(ScheduleStep::new(step, 1000, 256)));
/// assert_eq!(rates, [0.004, 0.002, 0.001]);
/// ```
pub trait RateSchedule: Send + Sync {
    /// Package that the schedule comes from: [`package!()`](any2any_adapter::package) names it with its version.
    fn package() -> Package
    where
        Self: Sized,
    {
        Package::of::<Self>()
    }

    /// Problems of options that fit their schema.
    fn check(&self) -> Vec<OptionProblem> {
        Vec::new()
    }

    /// The learning rate of a step: finite, and 0 at least. The same step always has the same rate, so that a resumed
    /// run goes on as if it had never stopped.
    fn rate(&self, step: ScheduleStep) -> f64;
}

/// Step of a training, as schedules see it.
///
/// ```
/// use any2any_train::{RateSchedule, ScheduleStep};
///
/// /// A rate that falls to 0 with the last step, the lower the wider the model is.
/// struct Falling;
///
/// impl RateSchedule for Falling {
///     fn rate(&self, ScheduleStep { step, steps, d_model, .. }: ScheduleStep) -> f64 {
///         let left = steps.saturating_sub(step) as f64 / steps as f64;
///         left / d_model as f64
///     }
/// }
///
/// // In a training of 1000 steps with a model 256 wide.
/// assert_eq!(Falling.rate(ScheduleStep::new(500, 1000, 256)), 0.5 / 256.0);
/// assert_eq!(Falling.rate(ScheduleStep::new(1000, 1000, 256)), 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScheduleStep {
    /// Number of the step, from 1.
    pub step: u64,
    /// Number of all steps.
    pub steps: u64,
    /// Width of the model.
    pub d_model: usize,
}

impl ScheduleStep {
    /// A step, from 1, of so many, of a model of a width.
    pub fn new(step: u64, steps: u64, d_model: usize) -> Self {
        Self { step, steps, d_model }
    }
}

/// A registry with a schedule of a program's own, under a name.
#[must_use]
pub fn with_schedule<T: RateSchedule + PlugInOptions>(registry: Registry, name: &str) -> Registry {
    let live = |schedule: T| Live::new(Arc::new(schedule) as Arc<dyn RateSchedule>);
    registry.plugging(PlugIn::new(Point::Schedule, name, T::package(), T::check, live))
}

/// A schedule with its state.
#[derive(Clone, Debug)]
pub struct LearningRate {
    schedule: Schedule,
    d_model: usize,
    steps: u64,
    plateau: Plateau,
}

impl LearningRate {
    /// A schedule over a number of steps.
    pub fn new(schedule: Schedule, d_model: usize, steps: u64, plateau: Plateau) -> Self {
        Self { schedule, d_model, steps, plateau }
    }

    /// The rate of a step, counted from 1.
    pub fn at(&self, step: u64) -> f64 {
        let warm = |peak: f64, warmup: u64| (step < warmup).then(|| peak * step as f64 / warmup as f64);
        // 0 at the end of the warm-up, 1 at the last step.
        let progress = |warmup: u64| {
            let rest = self.steps.saturating_sub(warmup).max(1);
            (step.saturating_sub(warmup) as f64 / rest as f64).min(1.0)
        };
        match self.schedule {
            Schedule::Constant { peak, warmup } => warm(peak, warmup).unwrap_or(peak),
            Schedule::Linear { peak, warmup, floor } => {
                warm(peak, warmup).unwrap_or_else(|| peak + (floor - peak) * progress(warmup))
            }
            Schedule::Cosine { peak, warmup, floor } => warm(peak, warmup).unwrap_or_else(|| {
                floor + (peak - floor) * 0.5 * (1.0 + (std::f64::consts::PI * progress(warmup)).cos())
            }),
            Schedule::Noam { factor, warmup } => {
                let (step, warmup) = (step.max(1) as f64, warmup as f64);
                factor * (self.d_model as f64).powf(-0.5) * step.powf(-0.5).min(step * warmup.powf(-1.5))
            }
            Schedule::InverseSqrt { peak, warmup } => {
                warm(peak, warmup).unwrap_or_else(|| peak * (warmup as f64 / step.max(1) as f64).sqrt())
            }
            Schedule::Plateau { peak, warmup, factor, .. } => {
                warm(peak, warmup).unwrap_or(peak) * factor.powi(self.plateau.reductions as i32)
            }
            Schedule::Plugged(ref plugged) => {
                let step = ScheduleStep { step, steps: self.steps, d_model: self.d_model };
                let schedule = plugged.get::<Arc<dyn RateSchedule>>();
                // An experiment that was loaded has its plug-ins at work; without it, this ends the training.
                schedule.map_or(f64::NAN, |schedule| schedule.rate(step))
            }
        }
    }

    /// True for a rate that a step can have: finite, and 0 at least.
    pub(crate) fn is_sound(rate: f64) -> bool {
        rate.is_finite() && rate >= 0.0
    }

    /// Updates the schedule after an evaluation; `improved` if it was the best so far.
    pub fn evaluated(&mut self, improved: bool) {
        let Schedule::Plateau { patience, .. } = self.schedule else { return };
        self.plateau.waited = if improved { 0 } else { self.plateau.waited + 1 };
        if self.plateau.waited >= patience {
            self.plateau = Plateau { reductions: self.plateau.reductions + 1, waited: 0 };
        }
    }

    /// The state that is saved in checkpoints.
    pub fn plateau(&self) -> Plateau {
        self.plateau
    }
}

/// Steps of a schedule of the program's own that are tried before the first.
const TRIED_STEPS: u64 = 1_000_000;

/// Asks a schedule of the program's own for the rates of its steps.
pub(crate) fn rehearse(document: &Document) -> Result<(), RunError> {
    let Experiment { training, model, .. } = &document.experiment;
    let Schedule::Plugged(_) = training.schedule else { return Ok(()) };
    let d_model = model.stacks().1.d_model;
    let schedule = LearningRate::new(training.schedule.clone(), d_model, training.steps, Plateau::default());
    let mut rates = (1..=training.steps.min(TRIED_STEPS)).map(|step| (step, schedule.at(step)));
    match rates.find(|(_, rate)| !LearningRate::is_sound(*rate)) {
        None => Ok(()),
        Some((step, rate)) => {
            let message = TrainError::Rate { step, rate }.to_string();
            let problem = document.diagnose("/training/schedule", message, None);
            Err(RunError::Experiment(Diagnostics::from_iter([problem])))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_follow_their_formulas() {
        let cases = [
            (Schedule::Constant { peak: 0.1, warmup: 10 }, vec![(5, 0.05), (10, 0.1), (90, 0.1)]),
            (Schedule::Linear { peak: 0.1, warmup: 10, floor: 0.0 }, vec![(10, 0.1), (55, 0.05), (100, 0.0)]),
            (Schedule::Cosine { peak: 0.1, warmup: 0, floor: 0.02 }, vec![(0, 0.1), (50, 0.06), (100, 0.02)]),
            (Schedule::InverseSqrt { peak: 0.1, warmup: 25 }, vec![(5, 0.02), (25, 0.1), (100, 0.05)]),
            (Schedule::Noam { factor: 2.0, warmup: 4 }, vec![(1, 0.0156_25), (4, 0.0625), (16, 0.031_25)]),
            (
                Schedule::Plateau { peak: 0.1, warmup: 2, factor: 0.5, patience: 1 },
                vec![(1, 0.05), (50, 0.1)],
            ),
        ];
        for (schedule, points) in cases {
            let rate = LearningRate::new(schedule.clone(), 256, 100, Plateau::default());
            for (step, expected) in points {
                assert!(
                    (rate.at(step) - expected).abs() < 1e-12,
                    "{schedule:?} at {step}: {}",
                    rate.at(step)
                );
            }
        }
    }

    #[test]
    fn a_plateau_lowers_the_rate_after_its_patience() {
        let schedule = Schedule::Plateau { peak: 0.1, warmup: 0, factor: 0.5, patience: 2 };
        let mut rate = LearningRate::new(schedule, 256, 100, Plateau::default());
        let seen: Vec<f64> = [true, false, false, true, false, false]
            .into_iter()
            .map(|improved| {
                rate.evaluated(improved);
                rate.at(50)
            })
            .collect();
        assert_eq!(seen, [0.1, 0.1, 0.05, 0.05, 0.05, 0.025]);
    }
}
