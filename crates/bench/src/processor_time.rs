//! Processor time of this process.

/// Processor time of this process and all its threads so far, in seconds; `None` if the system does not say.
///
/// On a machine that does other work beside, it says more than the clock does.
pub fn processor_seconds() -> Option<f64> {
    #[cfg(unix)]
    {
        use nix::sys::resource::{UsageWho, getrusage};
        use nix::sys::time::{TimeVal, TimeValLike};
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
        let seconds = |time: TimeVal| time.num_microseconds() as f64 / 1e6;
        Some(seconds(usage.user_time()) + seconds(usage.system_time()))
    }
    #[cfg(not(unix))]
    None
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted() {
        let before = processor_seconds().expect("Unix says");
        let mut sum = 0_u64;
        while processor_seconds().expect("Unix says") <= before {
            sum = std::hint::black_box((0..10_000).fold(sum, |sum, value| sum ^ value));
        }
    }
}
