//! A stopwatch for the phases of a training step. In a training it is off and does nothing.

use std::time::Instant;

use burn::tensor::Device;

/// What the time of a training step goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waiting for the next batch.
    Data,
    /// From the batch on the host to the loss.
    Forward,
    /// From the loss to the gradients.
    Backward,
    /// The norm of the gradients, clipping, and the update of the weights.
    Optimizer,
}

/// Adds up the time of each phase, or nothing at all.
#[derive(Debug, Default)]
pub struct Phases {
    running: Option<Stopwatch>,
}

#[derive(Debug)]
struct Stopwatch {
    device: Device,
    since: Instant,
    seconds: [f64; 4],
}

impl Phases {
    /// A stopwatch that runs from now on. Each of its readings waits until the device has done what it was
    /// told, so that work is counted in the phase that asked for it.
    pub fn measured(device: Device) -> Self {
        Self { running: Some(Stopwatch { device, since: Instant::now(), seconds: [0.0; 4] }) }
    }

    /// The time since the last reading belongs to no phase.
    pub fn skip(&mut self) {
        if let Some(stopwatch) = &mut self.running {
            stopwatch.since = Instant::now();
        }
    }

    /// The time since the last reading belongs to this phase.
    pub fn end(&mut self, phase: Phase) {
        if let Some(stopwatch) = &mut self.running {
            // A device that fails here fails again at the next reading of a value, with a message of its own.
            let _ = stopwatch.device.sync();
            let now = Instant::now();
            stopwatch.seconds[phase as usize] += now.duration_since(stopwatch.since).as_secs_f64();
            stopwatch.since = now;
        }
    }

    /// The seconds of one phase so far.
    pub fn seconds(&self, phase: Phase) -> f64 {
        self.running.as_ref().map_or(0.0, |stopwatch| stopwatch.seconds[phase as usize])
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn time_goes_to_the_phase_that_ends_and_skipped_time_to_none() {
        let mut phases = Phases::measured(Device::default());
        std::thread::sleep(Duration::from_millis(20));
        phases.end(Phase::Data);
        std::thread::sleep(Duration::from_millis(300));
        phases.skip();
        phases.end(Phase::Forward);
        assert!(phases.seconds(Phase::Data) >= 0.02);
        assert!(phases.seconds(Phase::Forward) < 0.3, "the wait before it was skipped");
        assert_eq!(phases.seconds(Phase::Backward), 0.0);
    }

    #[test]
    fn off_it_measures_nothing() {
        let mut phases = Phases::default();
        std::thread::sleep(Duration::from_millis(2));
        phases.end(Phase::Optimizer);
        assert_eq!(phases.seconds(Phase::Optimizer), 0.0);
    }
}
