//! The recurrent baseline that transformers replaced: an LSTM encoder and decoder (Sutskever et al. 2014),
//! without attention or with that of Bahdanau et al. (2015) or Luong et al. (2015).

mod cell;
mod decoder;
mod encoder;

pub use decoder::{LstmDecoder, LstmState};
pub use encoder::LstmEncoder;
