//! `any2any explore`: a trained model in the browser.

use std::path::Path;
use std::process::{Command, Stdio};

use any2any_adapter::Registry;
use any2any_explorer::{Recording, Server};

use super::serve::{options, until_stopped};
use crate::arguments::ExploreArguments;
use crate::output;

pub(crate) fn run(arguments: ExploreArguments, registry: &Registry) -> anyhow::Result<()> {
    let server = Server::bind(options(&arguments.server, registry, true)?)?;
    if let Some(file) = &arguments.export {
        return export(server, file, &arguments);
    }
    let url = server.url();
    output::line(&url)?;
    if !arguments.no_open {
        open(&url);
    }
    until_stopped(server)
}

/// Writes the page with recorded examples.
fn export(server: Server, file: &Path, arguments: &ExploreArguments) -> anyhow::Result<()> {
    if file.exists() && !arguments.overwrite {
        anyhow::bail!("{} is there already; name another file, or add --overwrite", file.display());
    }
    let recording = Recording { samples: arguments.samples, texts: arguments.text.clone() };
    let page = server.export(&recording, |progress| eprintln!("{progress}"))?;
    any2any_train::write_file(file, page.as_bytes())?;
    output::line(format!(
        "{}: {} bytes; open it in any browser",
        file.display(),
        output::grouped(page.len() as u64)
    ))
}

/// Opens an address in the browser. The address is printed anyway, so it does no harm when there is none.
fn open(url: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let opened = Command::new(program)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if opened.is_err() {
        eprintln!("there is no {program} to open the page with: open the address above in a browser");
    }
}
