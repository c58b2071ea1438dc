//! Tokens: sequences of ids that somebody else's tokenizer made.

mod adapter;
mod ids;
mod medium;
mod options;
mod state;

pub use adapter::TokensAdapter;
pub use ids::Ids;
pub use medium::Tokens;
pub use options::{Form, TokensOptions};
