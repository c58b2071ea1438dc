//! The finished program, as people use it: one binary for all of it, a module a subject.
//!
//! ```text
//! cargo test --workspace --test program serve            # the modules and tests whose names contain a word
//! ```
//!
//! Two tests at a time, as many as there are cores, share a machine: none changes what belongs to the whole process (the
//! environment, the current folder), every server takes a port that is free, and limits of time leave room for the other.

mod agreement;
mod architecture;
mod bench;
mod chains;
mod checkpoints;
mod clients;
mod configs;
mod decoding;
mod documents;
mod examples;
mod explorer;
mod exports;
mod facade;
mod failures;
mod filters;
mod first_words;
mod formats;
mod former;
mod import;
mod import_marian;
mod kills;
mod lecture;
mod lines;
mod look;
mod media;
mod memory;
mod mistakes;
mod new_medium;
mod packages;
mod plan;
mod precision;
mod quotations;
mod recompute;
mod resume;
mod scoring;
mod serve;
mod serve_access;
mod serve_budget;
mod serve_mixed;
mod serve_research;
mod serve_soundness;
mod shortlist;
mod speech;
mod start;
mod stored;
mod support;
mod sweep;
mod trust;
mod web;
mod whole_runs;
mod workflow;
