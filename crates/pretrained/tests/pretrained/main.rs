//! Tests of models from elsewhere: small ones of each family, which `golden/make.py` made.

mod ctranslate2;
mod damage;
mod exported_whisper;
pub(crate) mod exports;
pub(crate) mod families;
mod golden;
mod marian;
mod pickled;
mod refusals;
