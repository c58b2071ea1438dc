//! any2any-metrics
