//! Data as a program reads it from outside: the sets that ship with the program, where they are.

mod real;
mod tables;

#[path = "../../../../tests/support/outside.rs"]
mod outside;
