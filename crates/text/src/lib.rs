//! any2any-text
