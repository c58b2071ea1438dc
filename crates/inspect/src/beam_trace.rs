//! Trace of a beam search as a tree.

use any2any_adapter::Sequence;
use any2any_experiment::spec::{self, Decoding};
use any2any_portable::{BeamTrace, BeamTracer};
use any2any_run::Task;
use any2any_translate::TranslateError;

use crate::inspector::Inspector;

impl Inspector<'_> {
    /// The beam search of a source as a tree.
    ///
    /// # Errors
    ///
    /// If the task writes frames, or a source is missing.
    pub fn beam_trace(
        &self,
        task: &Task,
        source: Option<&Sequence>,
        beam: &spec::Beam,
        prefix: &[u32],
    ) -> Result<BeamTrace, TranslateError> {
        task.require_tokens()?;
        let decoding = Decoding { beam: Some(beam.clone()), sampling: None, ..task.decoding().clone() };
        let mut tracer = BeamTracer::default();
        self.search_one_observed(task, source, prefix, &decoding, &mut tracer)?;
        Ok(tracer.into_trace(|token| task.target().show(token)))
    }
}
