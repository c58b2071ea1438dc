//! Modules of one kind by name, so that their parameters are called by it and not by a number.

use std::fmt::Debug;
use std::ops::Index;

use burn::module::{Content, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor};
use burn::tensor::Device;

/// Modules by name, in an order.
#[derive(Clone, Debug)]
pub struct Keyed<M>(Vec<(String, M)>);

impl<M> FromIterator<(String, M)> for Keyed<M> {
    fn from_iter<I: IntoIterator<Item = (String, M)>>(parts: I) -> Self {
        Self(parts.into_iter().collect())
    }
}

impl<M> Keyed<M> {
    /// The module of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&M> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, part)| part)
    }

    /// The modules, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &M> {
        self.0.iter().map(|(_, part)| part)
    }

    fn each(self, change: impl Fn(M) -> M) -> Self {
        Self(self.0.into_iter().map(|(name, part)| (name, change(part))).collect())
    }
}

impl<M> Index<usize> for Keyed<M> {
    type Output = M;

    fn index(&self, number: usize) -> &M {
        &self.0[number].1
    }
}

impl<M: Module + Debug + Send + Clone> Module for Keyed<M> {
    fn num_params(&self) -> usize {
        self.0.iter().map(|(_, part)| part.num_params()).sum()
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        for (name, part) in &self.0 {
            visitor.enter_module(name, "Keyed");
            part.visit(visitor);
            visitor.exit_module(name, "Keyed");
        }
    }

    fn map<Mapper: ModuleMapper>(self, mapper: &mut Mapper) -> Self {
        let parts = self.0.into_iter().map(|(name, part)| {
            mapper.enter_module(&name, "Keyed");
            let part = part.map(mapper);
            mapper.exit_module(&name, "Keyed");
            (name, part)
        });
        Self(parts.collect())
    }

    fn to_device(self, device: &Device) -> Self {
        self.each(|part| part.to_device(device))
    }

    fn fork(self, device: &Device) -> Self {
        self.each(|part| part.fork(device))
    }

    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        self.0.iter().fold(devices, |devices, (_, part)| part.collect_devices(devices))
    }

    fn valid(&self) -> Self {
        Self(self.0.iter().map(|(name, part)| (name.clone(), part.valid())).collect())
    }

    fn train(self) -> Self {
        self.each(Module::train)
    }

    fn materialize(self) -> Self {
        self.each(Module::materialize)
    }
}

impl<M: ModuleDisplay> ModuleDisplayDefault for Keyed<M> {
    fn content(&self, content: Content) -> Option<Content> {
        self.0.iter().fold(content, |content, (name, part)| content.add(name, part)).optional()
    }
}

impl<M: ModuleDisplay> ModuleDisplay for Keyed<M> {}
