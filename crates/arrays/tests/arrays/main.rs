//! Media of prepared data, from their options to sequences and back, on files of NumPy and hostile ones.

mod frames;
mod golden;
mod tokens;
