//! Stopwatch for the phases of a training step, which is off in an ordinary training.

use std::time::Instant;

use burn::tensor::Device;

/// A phase of a training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// The wait for the next batch.
    Data,
    /// The forward pass, from the batch on the host to the loss.
    Forward,
    /// The backward pass, from the loss to the gradients.
    Backward,
    /// The norm of the gradients, clipping, and the update of the weights.
    Optimizer,
}

/// The times of all phases, or none if the stopwatch is off.
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
    /// A stopwatch that runs from now on. Each reading waits until the device has finished its work, so that the work
    /// counts in the phase that started it.
    pub fn measured(device: Device) -> Self {
        Self { running: Some(Stopwatch { device, since: Instant::now(), seconds: [0.0; 4] }) }
    }

    /// Counts the time since the last reading in no phase.
    pub fn skip(&mut self) {
        if let Some(stopwatch) = &mut self.running {
            stopwatch.since = Instant::now();
        }
    }

    /// Counts the time since the last reading in this phase.
    pub fn end(&mut self, phase: Phase) {
        if let Some(stopwatch) = &mut self.running {
            // A device that fails here fails again when a value is next read, with a message of its own.
            let _ = stopwatch.device.sync();
            let now = Instant::now();
            stopwatch.seconds[phase as usize] += now.duration_since(stopwatch.since).as_secs_f64();
            stopwatch.since = now;
        }
    }

    /// The time of a phase so far, in seconds.
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
