//! Errors that keep a server from starting.

use std::net::SocketAddr;
use std::path::PathBuf;

/// An error that keeps a server from starting, or a page from being exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// A folder that is no run.
    #[error("{} holds no run (neither resolved.yaml nor metrics.jsonl)", .0.display())]
    NoRun(PathBuf),
    /// No run at all.
    #[error("there is nothing to show: name the folder of a run")]
    NoRuns,
    /// A run that cannot be read.
    #[error(transparent)]
    Run(#[from] any2any_run::RunError),
    /// An address that cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another port, or none for a free one")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The reason.
        source: std::io::Error,
    },
    /// A server that any page of any site could ask.
    #[error(
        "with every site allowed and no token, every page that somebody opens could ask: name the sites, or keep the token"
    )]
    OpenToAll,
    /// Nothing that an exported page could show.
    #[error("there is no example to record: make samples readable, or give texts")]
    NothingToRecord,
    /// A question that got no answer while a page was exported.
    #[error("{question} was not answered: {reason}")]
    Unanswered {
        /// The question's path.
        question: String,
        /// The reason.
        reason: String,
    },
    /// A file of the page that cannot be put into an exported one.
    #[error(transparent)]
    Page(#[from] any2any_page::PageError),
    /// A refusal of the operating system.
    #[error("cannot {what}: {source}")]
    System {
        /// The action, as in "cannot ...".
        what: &'static str,
        /// The reason.
        source: std::io::Error,
    },
}
