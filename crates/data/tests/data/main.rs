//! Data as a program reads it from outside: filters of a person's own files, and the sets that ship with the program,
//! where they are.

mod filters;
mod real;
mod tables;

#[path = "../../../../tests/support/outside.rs"]
mod outside;
