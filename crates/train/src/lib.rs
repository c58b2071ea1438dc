//! any2any-train
