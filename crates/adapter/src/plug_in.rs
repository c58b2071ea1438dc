//! Plug-ins that are no media: metrics, schedules, losses and blocks that a program adds to the built-in ones.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use schemars::Schema;
use serde_json::Value as Json;

use crate::erased::parsed;
use crate::{OptionProblem, Package, PlugInOptions};

/// Point of an experiment at which a program can add a choice of its own.
///
/// ```
/// # #[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// # #[serde(deny_unknown_fields)]
/// # struct Halving {
/// #     /// Number of steps after which the rate is halved.
/// #     every: u64,
/// # }
/// use any2any_adapter::{Live, PlugIn, Point, Registry, package};
///
/// let halving = PlugIn::new(Point::Schedule, "halving", package!(), |_: &Halving| vec![], Live::new);
/// let registry = Registry::new().plugging(halving);
/// let names: Vec<&str> = registry.plug_ins(Point::Schedule).map(PlugIn::name).collect();
/// assert_eq!(names, ["halving"]);
/// assert_eq!(registry.plug_ins(Point::Metric).count(), 0);
/// assert_eq!(Point::Schedule.to_string(), "schedule");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Point {
    /// Metrics of outputs: `evaluation.metrics`, and `metrics` of a task.
    Metric,
    /// Schedules of the learning rate: `training.schedule`.
    Schedule,
    /// Losses in addition to the decoder's: `losses` of a task.
    Loss,
    /// Blocks between a source's stem and the layers of the encoder: `model.transformer.encoder_blocks`.
    Block,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Point::Metric => "metric",
            Point::Schedule => "schedule",
            Point::Loss => "loss",
            Point::Block => "block",
        })
    }
}

/// Plug-in that a [`Registry`](crate::Registry) keeps: a name, the schema of its options, and a way to build it.
///
/// ```
/// use any2any_adapter::{Live, OptionProblem, PlugIn, Point, package};
///
/// /// A rate that is halved again and again.
/// #[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Halving {
///     /// Number of steps after which the rate is halved.
///     every: u64,
/// }
///
/// fn check(options: &Halving) -> Vec<OptionProblem> {
///     let problem = || OptionProblem::new("/every", "it is halved in no step", "take 1 at least");
///     (options.every == 0).then(problem).into_iter().collect()
/// }
///
/// let halving = PlugIn::new(Point::Schedule, "halving", package!(), check, Live::new);
/// assert!(!halving.is_plain(), "`every` has to be given");
/// assert_eq!(halving.problems(&serde_json::json!({ "every": 1000 })), []);
/// assert_eq!(halving.problems(&serde_json::json!({ "every": 0 }))[0].pointer, "/every");
/// ```
#[derive(Clone)]
pub struct PlugIn {
    point: Point,
    name: String,
    package: Package,
    schema: Schema,
    build: Arc<Build>,
}

/// Builds a plug-in from its options.
type Build = dyn Fn(&Json) -> Result<Built, OptionProblem> + Send + Sync;

/// Plug-in with the options of an experiment.
///
/// ```
/// # #[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// # #[serde(deny_unknown_fields)]
/// # struct Halving {
/// #     /// Number of steps after which the rate is halved.
/// #     every: u64,
/// # }
/// use any2any_adapter::{Live, PlugIn, Point, package};
///
/// let halving = PlugIn::new(Point::Schedule, "halving", package!(), |_: &Halving| vec![], Live::new);
/// let built = halving.build(&serde_json::json!({ "every": 1000 })).expect("sound options");
/// assert!(built.problems.is_empty());
/// assert_eq!(built.live.get::<Halving>().map(|halving| halving.every), Some(1000));
/// assert_eq!(halving.build(&serde_json::json!({ "every": [] })).expect_err("a list").pointer, "/every");
/// ```
#[derive(Clone, Debug)]
pub struct Built {
    /// The options with every default written out.
    pub options: Json,
    /// Problems of the options that their schema cannot tell.
    pub problems: Vec<OptionProblem>,
    /// The plug-in at work.
    pub live: Live,
}

impl PlugIn {
    /// A plug-in whose options are the type `T`, from its options to the plug-in at work.
    pub fn new<T: PlugInOptions>(
        point: Point,
        name: impl Into<String>,
        package: Package,
        check: impl Fn(&T) -> Vec<OptionProblem> + Send + Sync + 'static,
        live: impl Fn(T) -> Live + Send + Sync + 'static,
    ) -> Self {
        let build = move |options: &Json| {
            let parsed: T = parsed(options)?;
            let problems = check(&parsed);
            // Plain data with a schema: it has no keys but texts.
            let options = serde_json::to_value(&parsed).unwrap_or_default();
            Ok(Built { options, problems, live: live(parsed) })
        };
        let schema = schemars::schema_for!(T);
        Self { point, name: name.into(), package, schema, build: Arc::new(build) }
    }

    /// The point of an experiment at which it can be chosen.
    pub fn point(&self) -> Point {
        self.point
    }

    /// Its name in the YAML.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The package that it comes from.
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// JSON Schema of its options.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// True if no option has to be given, so that the name alone is enough.
    pub fn is_plain(&self) -> bool {
        let required = self.schema.as_value().get("required").and_then(Json::as_array);
        required.is_none_or(Vec::is_empty)
    }

    /// The plug-in with some options.
    ///
    /// # Errors
    ///
    /// When the options do not parse, with the place.
    pub fn build(&self, options: &Json) -> Result<Built, OptionProblem> {
        (self.build)(options)
    }

    /// The problems of options, which keep it from being built or from making sense.
    pub fn problems(&self, options: &Json) -> Vec<OptionProblem> {
        match self.build(options) {
            Ok(built) => built.problems,
            Err(problem) => vec![problem],
        }
    }
}

impl fmt::Debug for PlugIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of {}", self.point, self.name, self.package)
    }
}

/// Object at work behind plain data: a plug-in behind its options in an experiment.
///
/// It is no part of the data: it is neither written nor compared.
///
/// ```
/// use any2any_adapter::Live;
///
/// /// Learning rates, one for each epoch.
/// struct Table(Vec<f64>);
///
/// let schedule = Live::new(Table(vec![1e-3, 5e-4]));
/// let table = schedule.get::<Table>().expect("a table stands behind it");
/// assert_eq!(table.0[1], 5e-4);
/// assert!(schedule.get::<String>().is_none());
/// ```
#[derive(Clone)]
pub struct Live(Arc<dyn Any + Send + Sync>);

impl Live {
    /// An object of any type.
    pub fn new<T: Any + Send + Sync>(object: T) -> Self {
        Self(Arc::new(object))
    }

    /// The object, if it is of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live")
    }
}

impl PartialEq for Live {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
