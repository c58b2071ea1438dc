//! Experiments: one YAML file, its schema, defaults, validation and diagnostics.
//!
//! ```text
//! text ──parse──► tree of nodes with places ──extends, overrides──► one tree ──structure, check──► Document
//!                                                                                    │
//!                                                                                    └──► Diagnostics
//! ```
//!
//! The types of [`spec`] define the language: the JSON Schema that [`json_schema`] gives to editors comes from them,
//! and the structural checks validate the tree against that schema. A medium describes its options by a schema of its
//! own, which is inserted where a task names its source and target.
//!
//! Nothing is repaired and nothing is skipped: whatever can be known to be wrong before a run is reported at once, each
//! problem with its file, line and column, and the way out.
//!
//! ```
//! use std::path::Path;
//!
//! use any2any_adapter::Registry;
//! use any2any_experiment::load_str;
//!
//! let text = "name: demo\nmodel: { transfromer: {} }\ntasks: {}\n";
//! let problems = load_str("demo.yaml", text, Path::new("."), &[], &Registry::new()).unwrap_err();
//! assert!(problems.to_string().contains("did you mean `transformer`?"));
//! ```

mod check;
mod choice;
mod diagnostic;
mod document;
mod extends;
mod former_keys;
mod limits;
mod merge;
mod messages;
mod misplaced_key;
mod missing_file;
mod names;
mod new;
mod node;
mod overrides;
mod packages;
mod parse;
mod paths;
mod pattern;
mod resolve;
mod scalar;
mod schema;
mod schema_kind;
mod source;
pub mod spec;
mod stacks;
mod start;
mod suggest;
mod syntax;
mod validate;
mod variables;
mod write;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use document::{Document, load, load_run, load_str, read_metrics, read_text, read_yaml};
pub use new::{Template, template};
pub use paths::{absolute as absolute_path, real as real_path};
pub use pattern::{Pattern, Piece};
pub use schema::json_schema;
pub use suggest::suggest;
