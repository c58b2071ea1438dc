//! Data as a program reads it from outside: the sets that ship with the program, where they are.

mod real;

#[path = "../../../../tests/support/outside.rs"]
mod outside;
