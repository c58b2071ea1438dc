//! Tests of models from elsewhere: small ones of each family, which `golden/make.py` made.

mod ctranslate2;
mod damage;
mod exports;
pub(crate) mod families;
mod golden;
mod marian;
mod pickled;
mod refusals;
