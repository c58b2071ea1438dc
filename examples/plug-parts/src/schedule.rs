//! A schedule: the triangles of cyclical learning rates (Smith 2017).

use any2any::schemars::JsonSchema;
use any2any::serde::{Deserialize, Serialize};
use any2any::{OptionProblem, Package, RateSchedule, ScheduleStep};

/// A rate that rises from `floor` to `peak` and falls again, over and over.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "any2any::serde", deny_unknown_fields)]
#[schemars(crate = "any2any::schemars")]
pub(crate) struct Triangle {
    /// The highest rate.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    peak: f64,
    /// The lowest rate.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    floor: f64,
    /// Number of steps from one peak to the next.
    #[schemars(range(min = 2))]
    period: u64,
}

impl RateSchedule for Triangle {
    fn package() -> Package {
        any2any::package!()
    }

    fn check(&self) -> Vec<OptionProblem> {
        let problem = || OptionProblem::new("/floor", "the floor is above the peak", "swap the two");
        (self.floor > self.peak).then(problem).into_iter().collect()
    }

    fn rate(&self, ScheduleStep { step, .. }: ScheduleStep) -> f64 {
        let phase = (step % self.period) as f64 / self.period as f64;
        self.floor + (self.peak - self.floor) * (1.0 - (2.0 * phase - 1.0).abs())
    }
}
