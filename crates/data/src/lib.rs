//! any2any-data
