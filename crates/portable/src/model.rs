//! A model that is read from a file: its engine, and the adapters of its tasks.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use any2any_adapter::{Adapter, AnySide, Kept, Registry, state};
use any2any_architecture::Architecture;
use any2any_inference::{Engine, Parameter, Parameters, Precision, Shortlist};
use any2any_search::SearchPlan;

use crate::error::PortableError;
use crate::file::{Portable, PortableSide, PortableTask, WeightsByName};
use crate::numbers::Bytes;

/// A model that is read from a file.
pub struct PortableModel {
    pub(crate) engine: Engine,
    pub(crate) architecture: Architecture,
    pub(crate) tasks: Vec<Task>,
}

/// A task with its adapters.
pub(crate) struct Task {
    pub(crate) name: String,
    pub(crate) number: usize,
    pub(crate) source: Option<Side>,
    pub(crate) target: Side,
    pub(crate) plan: SearchPlan,
}

/// A side of a task with its adapter.
pub(crate) struct Side {
    /// Opens values.
    pub(crate) medium: Arc<dyn AnySide>,
    pub(crate) adapter: Arc<dyn Adapter>,
}

/// Tells the held states of several models apart.
static MODELS: AtomicUsize = AtomicUsize::new(0);

impl PortableModel {
    /// Reads a model from a file's bytes. Media that a task names are those of the registry; a task whose medium is not
    /// among them is left out.
    ///
    /// # Errors
    ///
    /// When the bytes are no portable model, the engine does not run it, or no task is left.
    pub fn read(bytes: &[u8], registry: &Registry) -> Result<Self, PortableError> {
        let portable = Portable::of_bytes(bytes)?;
        let weights = portable.weights()?;
        let rounded = portable.parameters.iter().any(|parameter| parameter.rounded.is_some());
        let precision = if rounded { Precision::Int8 } else { Precision::Float32 };
        let mut engine = Engine::new(&portable.architecture, &Named(weights), precision)?;
        let folder = PathBuf::from(format!("portable-{}", MODELS.fetch_add(1, Ordering::Relaxed)));
        for (name, files) in &portable.states {
            for (file, bytes) in files {
                state::hold(folder.join(name).join(file), bytes.0.clone());
            }
        }
        let side = |task: &str, word: &str, side: &PortableSide| {
            let medium = registry.get(&side.medium)?;
            let wrong = |source| PortableError::Adapter { side: format!("{task} {word}"), source };
            let medium = medium.sound_side(&side.options, &Kept::default()).map_err(wrong)?;
            let adapter = medium.load(&folder.join(&side.state)).map_err(wrong)?;
            Ok(Side { medium, adapter })
        };
        let mut tasks = Vec::new();
        for PortableTask { name, number, source, target, plan, shortlist } in portable.tasks {
            if let Some(Bytes(shortlist)) = shortlist {
                let shortlist =
                    Shortlist::read(&shortlist).map_err(|error| PortableError::File(error.to_string()))?;
                engine = engine.with_shortlist(number, shortlist)?;
            }
            let source = source.map(|source| side(&name, "source", &source)).transpose();
            let target = side(&name, "target", &target);
            match source.and_then(|source| Ok((source, target?))) {
                Ok((source, target)) => tasks.push(Task { name, number, source, target, plan }),
                Err(PortableError::Medium(_)) => {}
                Err(error) => return Err(error),
            }
        }
        if tasks.is_empty() {
            return Err(PortableError::Unsupported(
                "no task of this model has media that are built in".to_owned(),
            ));
        }
        Ok(Self { engine, architecture: portable.architecture, tasks })
    }

    /// The task of a number.
    pub(crate) fn task(&self, number: usize) -> Result<&Task, PortableError> {
        let missing =
            || PortableError::Unsupported(format!("task {number} of this model is not in this page"));
        self.tasks.iter().find(|task| task.number == number).ok_or_else(missing)
    }
}

/// Weights by name.
struct Named(WeightsByName);

impl Parameters for Named {
    fn get(&self, name: &str) -> Option<Parameter<'_>> {
        self.0.get(name).map(|(shape, values)| Parameter { shape, values })
    }
}
