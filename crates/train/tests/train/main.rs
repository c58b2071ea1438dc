//! Trainings in one process, without the command line.

mod start;
