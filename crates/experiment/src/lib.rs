//! The experiment: one YAML file, its schema, defaults, validation and diagnostics.

pub mod spec;
