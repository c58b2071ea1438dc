//! Arguments of `any2any explore` and `any2any serve`: the runs, the address, access and limits.

use std::net::{IpAddr, Ipv4Addr};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use any2any_server::{AccessToken, Limits, Origin, RunLanguages, Secret};
use clap::{Arg, ArgAction, Args, value_parser};

use super::RunDataArguments;

#[derive(Args, Debug)]
#[command(mut_arg("runs", |runs| runs.required_unless_present("story")))]
pub(crate) struct ExploreArguments {
    #[command(flatten)]
    pub server: ServerArguments,
    /// Do not open the page in the browser.
    #[arg(long)]
    pub no_open: bool,
    /// Write the page with recorded examples to a file that needs no server, and end.
    #[arg(long, value_name = "FILE", group = "file")]
    pub export: Option<PathBuf>,
    /// The number of samples of each task that are recorded: 4 if left out, and 12 for a story.
    #[arg(long, value_name = "COUNT", requires = "export")]
    pub samples: Option<usize>,
    /// A text that is recorded beside the samples; may be given several times.
    #[arg(long, value_name = "TEXT", requires = "export")]
    pub text: Vec<String>,
    /// Leave the model out of the file, which then shows the recorded examples alone and decodes nothing new.
    #[arg(long, requires = "export")]
    pub recorded_only: bool,
    /// Write the file even if there is one of this name.
    #[arg(long, requires = "file")]
    pub overwrite: bool,
    /// Open the story in ten chapters, for a lecture; without runs, over those that ship with the program.
    #[arg(long)]
    pub story: bool,
}

#[derive(Args, Debug)]
#[command(mut_arg("runs", optional), mut_arg("story", |story| story.hide(true)))]
pub(crate) struct LectureArguments {
    #[command(flatten)]
    pub explore: ExploreArguments,
    /// Pack the named runs into the archive that ships with the program, and end.
    #[arg(long, value_name = "FILE", group = "file")]
    pub pack: Option<PathBuf>,
}

/// The folders of runs where none need be named.
fn optional(runs: Arg) -> Arg {
    // A condition under which an argument is required cannot be taken back.
    Arg::new(runs.get_id().clone())
        .value_name("RUN")
        .help("The folders of the runs; left out, those that ship with the program")
        .num_args(0..)
        .action(ArgAction::Append)
        .value_parser(value_parser!(PathBuf))
}

#[derive(Args, Debug)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub server: ServerArguments,
}

#[derive(Args, Debug)]
pub(crate) struct ServerArguments {
    /// The folders of the runs.
    #[arg(required_unless_present = "chains", value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// A chain of runs, with commas between them: each reads what the one before it writes. It is served beside its runs
    /// (may be repeated).
    #[arg(long = "chain", value_name = "RUN,RUN")]
    pub chains: Vec<Chain>,
    /// The languages of a run's texts, such as `en:de`, or `RUN=en:de` for one of several runs, by its folder's name (may
    /// be repeated): for clients of LibreTranslate, where neither the model is told them nor its fields are named so.
    #[arg(long, value_name = "[RUN=]SOURCE:TARGET")]
    pub languages: Vec<RunLanguages>,
    /// The port; 0: a free one.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub host: IpAddr,
    /// The token that requests carry, as `Authorization: Bearer TOKEN`; without it, one is drawn and printed. Others on
    /// this machine see a command's options, and not its environment.
    #[arg(long, value_name = "TOKEN", env = "ANY2ANY_TOKEN", hide_env_values = true)]
    pub token: Option<Secret>,
    /// Ask for no token: everybody who reaches the address may ask, such as everybody on this machine.
    #[arg(long)]
    pub no_token: bool,
    /// A site whose pages may ask, as `https://example.org`, or `*`, any (may be repeated).
    #[arg(long, value_name = "ORIGIN")]
    pub cors: Vec<Origin>,
    #[command(flatten)]
    pub root: RunDataArguments,
    /// The time limit of a request, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    pub time_limit: NonZeroU64,
    /// The most MiB of a request's body.
    #[arg(long, value_name = "MIB", default_value = "16")]
    pub max_body: NonZeroUsize,
    /// The most positions of a source.
    #[arg(long, value_name = "POSITIONS", default_value = "4096")]
    pub max_source: NonZeroUsize,
    /// The most tokens of an output.
    #[arg(long, value_name = "TOKENS", default_value = "1024")]
    pub max_output: NonZeroUsize,
    /// The most requests at work at a time; more are told to come again.
    #[arg(long, value_name = "REQUESTS", default_value = "512")]
    pub max_requests: NonZeroUsize,
    /// The MiB of memory that all requests at work may take together, models aside; one request is given at most half.
    #[arg(long, value_name = "MIB", default_value = "4096")]
    pub memory: NonZeroU64,
    /// The most models in memory.
    #[arg(long, value_name = "MODELS", default_value = "3")]
    pub max_models: NonZeroUsize,
}

/// The folders of a chain's runs.
#[derive(Clone, Debug)]
pub(crate) struct Chain(Vec<PathBuf>);

impl FromStr for Chain {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let runs: Vec<PathBuf> = text.split(',').filter(|run| !run.is_empty()).map(PathBuf::from).collect();
        if runs.len() < 2 {
            Err("a chain has two runs or more, with commas between them")
        } else {
            Ok(Self(runs))
        }
    }
}

impl ServerArguments {
    /// The folders of all runs, and the chains by their runs' places among them: runs of chains follow the others.
    pub(crate) fn runs_and_chains(&self) -> (Vec<PathBuf>, Vec<Vec<usize>>) {
        let mut runs = self.runs.clone();
        let mut place = |run: &PathBuf| {
            runs.iter().position(|known| known == run).unwrap_or_else(|| {
                runs.push(run.clone());
                runs.len() - 1
            })
        };
        let chains = self.chains.iter().map(|Chain(chain)| chain.iter().map(&mut place).collect()).collect();
        (runs, chains)
    }

    /// The token that requests must carry.
    pub(crate) fn token(&self) -> AccessToken {
        match &self.token {
            _ if self.no_token => AccessToken::None,
            Some(secret) => AccessToken::Given(secret.clone()),
            None => AccessToken::Drawn,
        }
    }

    /// The limits of the server.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            body: self.max_body.get().saturating_mul(1 << 20),
            source: self.max_source.get(),
            output: self.max_output.get(),
            time: Duration::from_secs(self.time_limit.get()),
            requests: self.max_requests.get(),
            memory: self.memory.get().saturating_mul(1 << 20),
            models: self.max_models.get(),
            ..Limits::default()
        }
    }
}
