//! any2any-core
