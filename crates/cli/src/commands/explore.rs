//! `any2any explore`: the page that shows trained models at work, served or written to a file.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use any2any_adapter::Registry;
use any2any_server::{AccessToken, Options, Recording, Server};
use tempfile::TempPath;

use super::serve::{options, until_stopped};
use crate::arguments::ExploreArguments;
use crate::output;

pub(crate) fn run(arguments: ExploreArguments, registry: &Registry) -> anyhow::Result<()> {
    let options = options(&arguments.server, registry, true)?;
    if let Some(file) = &arguments.export {
        // Only the recorder asks this server.
        let server = Server::bind(Options { token: AccessToken::None, origins: Vec::new(), ..options })?;
        return export(server, file, &arguments);
    }
    let server = Server::bind(options)?;
    output::line(server.url())?;
    server.listens_everywhere().iter().for_each(|note| eprintln!("{note}"));
    let _way_in = if arguments.no_open { None } else { open(&server) };
    until_stopped(server)
}

/// Writes the page with recorded examples to a file.
fn export(server: Server, file: &Path, arguments: &ExploreArguments) -> anyhow::Result<()> {
    if file.exists() && !arguments.overwrite {
        anyhow::bail!("{} is there already; name another file, or add --overwrite", file.display());
    }
    let recording = Recording {
        samples: arguments.samples,
        texts: arguments.text.clone(),
        models: !arguments.recorded_only,
    };
    let page = server.export(&recording, |progress| eprintln!("{progress}"))?;
    any2any_run::atomic_file::write(file, page.as_bytes())?;
    output::line(format!(
        "{}: {} bytes; open it in any browser",
        file.display(),
        any2any_adapter::grouped(page.len() as u64)
    ))
}

/// Opens the page in the browser, through a file that leads there: others on this machine can read the arguments of a
/// program. The file is there until the result is dropped, and works once. The address is printed anyway, in case there
/// is no browser.
fn open(server: &Server) -> Option<TempPath> {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let opened = way_in(server).and_then(|file| {
        Command::new(program)
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(file)
    });
    if let Err(error) = &opened {
        eprintln!("{program} cannot open the page ({error}): open the address above in a browser");
    }
    opened.ok()
}

/// Writes a temporary page that leads to the server, which only this user can read.
fn way_in(server: &Server) -> std::io::Result<TempPath> {
    let url = server.url_once().map_err(std::io::Error::other)?;
    let mut file = tempfile::Builder::new().prefix("any2any-").suffix(".html").tempfile()?;
    writeln!(
        file,
        "<!doctype html>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"refresh\" content=\"0; url={url}\">\n\
         <title>any2any</title>\n<p><a href=\"{url}\">To the page</a></p>"
    )?;
    Ok(file.into_temp_path())
}
