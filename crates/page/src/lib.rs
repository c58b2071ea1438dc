//! The page that shows a model at work, as files embedded in the program.
//!
//! A server hands out [`asset`]s one by one, beginning with [`live`]; [`recorded`] is the whole page in one file, with
//! the answers to everything that it would ask a server. Both name the modules of JavaScript by an import map
//! (HTML Living Standard, "Import maps"). Nothing here knows HTTP, runs or models; `assets/README.md` is the map of the
//! page itself.

mod assets;
mod live;
mod recorded;

pub use assets::{asset, login, media_type};
pub use live::{Live, live};
pub use recorded::recorded;

/// Error of a page whose files do not fit together, which only a folder in `ANY2ANY_ASSETS` can cause.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page's {file} is not as an exported page needs it")]
pub struct PageError {
    /// Path of the file below the assets.
    pub file: String,
}
