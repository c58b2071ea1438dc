//! Parameters of a model by name, as optimizers, checkpoints and averages need them.

use std::collections::BTreeMap;

use any2any_architecture::Architecture;
use any2any_model::ParameterPath;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Gradients, Shape, Tensor};

/// Values by parameter name, flattened, outside of the autodiff graph.
pub type Named = BTreeMap<String, Tensor<1>>;

/// The value of a parameter on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The sizes of its dimensions.
    pub shape: Vec<usize>,
    /// The values, row-major.
    pub values: Vec<f32>,
}

/// The values of all parameters of a module, on the host.
pub fn weights(module: &impl Module) -> BTreeMap<String, Weights> {
    let mut visitor = Reader { path: ParameterPath::default(), wanted: None, weights: BTreeMap::new() };
    module.visit(&mut visitor);
    visitor.weights
}

/// The value of one parameter of a module, on the host; `None` if there is none of this name.
pub fn find(module: &impl Module, name: &str) -> Option<Weights> {
    let mut visitor = Reader { path: ParameterPath::default(), wanted: Some(name), weights: BTreeMap::new() };
    module.visit(&mut visitor);
    visitor.weights.remove(name)
}

/// The name of a parameter with an infinity or NaN; `None` if all are finite.
pub fn not_finite(weights: &BTreeMap<String, Weights>) -> Option<&str> {
    let finite = |weights: &Weights| weights.values.iter().all(|value| value.is_finite());
    weights.iter().find(|(_, weights)| !finite(weights)).map(|(name, _)| name.as_str())
}

/// The shapes of all parameters of a module, without initializing any that are lazy.
pub fn shapes(module: &impl Module) -> BTreeMap<String, Vec<usize>> {
    let mut visitor = ShapeReader { path: ParameterPath::default(), shapes: BTreeMap::new() };
    module.visit(&mut visitor);
    visitor.shapes
}

/// The names of all parameters of a module.
pub fn names(module: &impl Module) -> BTreeMap<ParamId, String> {
    let mut visitor = NameReader { path: ParameterPath::default(), names: BTreeMap::new() };
    module.visit(&mut visitor);
    visitor.names
}

/// The module with its weights replaced.
///
/// # Errors
///
/// If a parameter is missing or of another shape: its name, and the problem.
pub fn with_weights<M: Module>(module: M, weights: &BTreeMap<String, Weights>) -> Result<M, String> {
    let found = weights.iter().map(|(name, weights)| (name, &weights.shape));
    check_shapes(&shapes(&module), found)?;
    Ok(map(module, |name, value| {
        let device = value.device().inner();
        let values = weights[name].values.clone();
        let length = values.len();
        Tensor::from_data(burn::tensor::TensorData::new(values, [length]), &device)
    }))
}

/// Checks that names and shapes agree with the parameters of a module.
///
/// # Errors
///
/// If a parameter is missing, of another shape or too many: its name, and the problem.
pub fn check_shapes<'a>(
    expected: &BTreeMap<String, Vec<usize>>,
    found: impl IntoIterator<Item = (&'a String, &'a Vec<usize>)>,
) -> Result<(), String> {
    let found: BTreeMap<&String, &Vec<usize>> = found.into_iter().collect();
    for (name, shape) in expected {
        match found.get(name) {
            None => return Err(format!("the parameter {name} is missing")),
            Some(found) if *found != shape => {
                return Err(format!("the parameter {name} has shape {found:?}, expected {shape:?}"));
            }
            Some(_) => {}
        }
    }
    match found.keys().find(|name| !expected.contains_key(**name)) {
        Some(name) => Err(format!("the model has no parameter {name}")),
        None => Ok(()),
    }
}

/// Parameters under their current names; some were written under former ones.
pub fn under_current_names<T>(
    architecture: &Architecture,
    parameters: BTreeMap<String, T>,
) -> BTreeMap<String, T> {
    let former = architecture.former_names();
    let renamed = |name: String| former.get(&name).cloned().unwrap_or(name);
    parameters.into_iter().map(|(name, value)| (renamed(name), value)).collect()
}

/// Takes every parameter's gradient out of the result of a backward pass.
pub fn take_gradients(module: &impl Module, gradients: &mut Gradients) -> Named {
    let mut visitor = GradientReader { path: ParameterPath::default(), gradients, taken: Named::new() };
    module.visit(&mut visitor);
    visitor.taken
}

/// The module with every parameter mapped by `change`, from its name and value; the new value is flat and takes the old
/// one's shape.
pub fn map<M: Module>(module: M, change: impl FnMut(&str, &dyn Parameter) -> Tensor<1>) -> M {
    module.map(&mut Writer { path: ParameterPath::default(), change })
}

/// The module with some of its parameters frozen, which get no gradients; the others learn.
pub fn frozen<M: Module>(module: M, is_frozen: impl Fn(&str) -> bool) -> M {
    module.map(&mut Freezer { path: ParameterPath::default(), is_frozen })
}

/// Some matrices of a module by name, `[inputs, outputs]`, as they stand in its graph.
pub fn matrices(module: &impl Module, names: &[String]) -> BTreeMap<String, Tensor<2>> {
    let mut visitor = MatrixReader { path: ParameterPath::default(), names, found: BTreeMap::new() };
    module.visit(&mut visitor);
    visitor.found
}

/// The module with some matrices replaced, `[inputs, outputs]`, which may be results of other parameters.
pub fn with_matrices<M: Module>(module: M, matrices: BTreeMap<String, Tensor<2>>) -> M {
    module.map(&mut Replacer { path: ParameterPath::default(), matrices })
}

/// A parameter of any rank.
pub trait Parameter {
    /// The parameter's value, flattened, outside of the autodiff graph.
    fn flat(&self) -> Tensor<1>;
    /// The parameter's shape.
    fn shape(&self) -> Shape;
    /// The parameter's device.
    fn device(&self) -> burn::tensor::Device;
}

impl<const D: usize> Parameter for Tensor<D> {
    fn flat(&self) -> Tensor<1> {
        self.clone().inner().reshape([-1])
    }

    fn shape(&self) -> Shape {
        Tensor::shape(self)
    }

    fn device(&self) -> burn::tensor::Device {
        Tensor::device(self)
    }
}

/// Tracks the path of parameters while a module is visited.
macro_rules! follow_path {
    () => {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, container_type: &str) {
            self.path.leave(container_type);
        }
    };
}

struct Reader<'a> {
    path: ParameterPath,
    /// The only parameter to read; `None` for all.
    wanted: Option<&'a str>,
    weights: BTreeMap<String, Weights>,
}

impl ModuleVisitor for Reader<'_> {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.name();
        if self.wanted.is_some_and(|wanted| wanted != name) {
            return;
        }
        let value = param.val();
        let shape = value.dims().to_vec();
        let values = value.into_data().convert::<f32>().try_into_vec().expect("converted to 32-bit floats");
        self.weights.insert(name, Weights { shape, values });
    }
}

struct ShapeReader {
    path: ParameterPath,
    shapes: BTreeMap<String, Vec<usize>>,
}

impl ModuleVisitor for ShapeReader {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.shapes.insert(self.path.name(), param.lazy_shape().to_vec());
    }
}

struct NameReader {
    path: ParameterPath,
    names: BTreeMap<ParamId, String>,
}

impl ModuleVisitor for NameReader {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.names.insert(param.id, self.path.name());
    }
}

struct GradientReader<'a> {
    path: ParameterPath,
    gradients: &'a mut Gradients,
    taken: Named,
}

impl ModuleVisitor for GradientReader<'_> {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad_remove(self.gradients) {
            self.taken.insert(self.path.name(), gradient.reshape([-1]));
        }
    }
}

struct Writer<F> {
    path: ParameterPath,
    change: F,
}

impl<F: FnMut(&str, &dyn Parameter) -> Tensor<1>> ModuleMapper for Writer<F> {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name();
        param.map(|old| {
            let new = (self.change)(&name, &old).reshape(old.dims());
            match (old.is_autodiff(), old.is_require_grad()) {
                (true, true) => Tensor::from_inner(new).require_grad(),
                // A frozen parameter stays one.
                (true, false) => Tensor::from_inner(new),
                (false, _) => new,
            }
        })
    }
}

struct Freezer<F> {
    path: ParameterPath,
    is_frozen: F,
}

impl<F: Fn(&str) -> bool> ModuleMapper for Freezer<F> {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // What was frozen before may learn now.
        let learns = !(self.is_frozen)(&self.path.name());
        param.set_require_grad(learns)
    }
}

struct Replacer {
    path: ParameterPath,
    matrices: BTreeMap<String, Tensor<2>>,
}

impl ModuleMapper for Replacer {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.matrices.remove(&self.path.name()) {
            None => param,
            Some(matrix) => param.map(|old| matrix.reshape(old.dims())),
        }
    }
}

struct MatrixReader<'a> {
    path: ParameterPath,
    names: &'a [String],
    found: BTreeMap<String, Tensor<2>>,
}

impl ModuleVisitor for MatrixReader<'_> {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.name();
        if D == 2 && self.names.contains(&name) {
            let value = param.val();
            let dims = value.dims();
            self.found.insert(name, value.reshape([dims[0], dims[D - 1]]));
        }
    }
}
