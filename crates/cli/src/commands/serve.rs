//! `any2any serve`: a trained model for other programs, over HTTP.

use any2any_adapter::Registry;
use any2any_run::RunFolder;
use any2any_server::{Options, Server};

use crate::arguments::{ServeArguments, ServerArguments};
use crate::{allocator, output, probe, threads};

pub(crate) fn run(arguments: ServeArguments, registry: &Registry) -> anyhow::Result<()> {
    let server = Server::bind(options(&arguments.server, registry, false)?)?;
    output::line(server.url())?;
    server.listens_everywhere().iter().for_each(|note| eprintln!("{note}"));
    until_stopped(server)
}

/// The options of a server from the arguments, with or without the page.
pub(super) fn options(
    arguments: &ServerArguments,
    registry: &Registry,
    page: bool,
) -> anyhow::Result<Options> {
    let (runs, chains) = arguments.runs_and_chains();
    for run in &runs {
        threads::start_for(&RunFolder::new(run), registry);
    }
    Ok(Options {
        runs,
        chains,
        languages: arguments.languages.clone(),
        registry: registry.clone(),
        // Without a folder of data there are no samples, but everything else.
        data: arguments.root.find().ok(),
        host: arguments.host,
        port: arguments.port,
        page,
        token: arguments.token(),
        origins: arguments.cors.clone(),
        limits: arguments.limits(),
        when_idle: allocator::give_back,
        probe: Some(probe::opened_elsewhere),
    })
}

/// Answers requests until Ctrl-C, or the signal that ends a program.
pub(super) fn until_stopped(server: Server) -> anyhow::Result<()> {
    let stopper = server.stopper();
    let mut asked = false;
    ctrlc::set_handler(move || {
        if std::mem::replace(&mut asked, true) {
            std::process::exit(130);
        }
        eprintln!("finishing what is at work; press Ctrl-C again to stop at once");
        stopper.stop();
    })?;
    server.run();
    Ok(())
}
