//! Threads of this process, of which an experiment may want fewer than there are cores.

use any2any_adapter::Registry;
use any2any_experiment::spec::Device;
use any2any_run::RunFolder;
use any2any_train::{RankFailure, Ranks};

/// Starts as many threads for parallel work as an experiment asks for. To be called before anything runs in parallel:
/// threads that have started stay as many as they are.
pub(crate) fn start(choice: &Device) {
    if choice.threads > 0 {
        // In a second call the pool exists already, and the first choice stays.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(choice.threads).build_global();
    }
}

/// Starts as many threads as an experiment asks for on one of several ranks, which share the cores of a machine if it does not
/// say.
pub(crate) fn start_among(choice: &Device, ranks: &Ranks) -> Result<(), RankFailure> {
    let shared = ranks.threads()?;
    let threads = if choice.threads == 0 { shared.unwrap_or(0) } else { choice.threads };
    start(&Device { threads, ..choice.clone() });
    Ok(())
}

/// Starts as many threads as a run's experiment asks for. A run that cannot be read is reported by what loads it.
pub(crate) fn start_for(run: &RunFolder, registry: &Registry) {
    if let Ok(document) = run.experiment(registry) {
        start(&document.experiment.device);
    }
}
