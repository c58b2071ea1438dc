//! The way through a module to a parameter, which names it.

/// The names of the modules on the way to a parameter, as visitors and mappers of burn enter and leave them. The
/// variant of an enum stands in the architecture and in no name.
#[derive(Clone, Debug, Default)]
pub struct ParameterPath(Vec<String>);

impl ParameterPath {
    /// Enters a module of a kind of container, both as burn says them.
    pub fn enter(&mut self, name: &str, container: &str) {
        if !is_variant(container) {
            self.0.push(name.to_owned());
        }
    }

    /// Leaves the module that was entered last.
    pub fn leave(&mut self, container: &str) {
        if !is_variant(container) {
            self.0.pop();
        }
    }

    /// The name of the parameter that has been reached.
    pub fn name(&self) -> String {
        self.0.join(".")
    }
}

fn is_variant(container: &str) -> bool {
    container.starts_with("Enum:")
}
