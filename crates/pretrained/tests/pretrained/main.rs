//! Tests of models from elsewhere.
