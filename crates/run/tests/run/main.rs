//! The decoding engine beside the model that it is made from, and both beside other people's code.

mod engine;
mod families;
mod parity;
