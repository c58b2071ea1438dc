//! `any2any explore`: the page that shows trained models at work, served or written to a file.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use any2any_adapter::Registry;
use any2any_data::DataRoot;
use any2any_server::{AccessToken, Options, Recording, Server};
use tempfile::TempPath;

use super::serve::{options, until_stopped};
use crate::arguments::ExploreArguments;
use crate::{lecture, output};

/// The part of the page's address that opens the story.
const STORY: &str = "#panel=%22story%22";

pub(crate) fn run(mut arguments: ExploreArguments, registry: &Registry) -> anyhow::Result<()> {
    // Runs that ship with the program lie in a temporary folder, as long as this lives.
    let shipped = match arguments.story && arguments.server.runs.is_empty() {
        true => Some(lecture::unpack()?),
        false => None,
    };
    if let Some(shipped) = &shipped {
        arguments.server.runs.clone_from(&shipped.runs);
    }
    let mut options = options(&arguments.server, registry, true)?;
    if let Some(shipped) = &shipped {
        // Their data is generated, so that any folder will do; and a lecture goes back and forth between them.
        options.data.get_or_insert_with(|| DataRoot::at(shipped.folder()));
        options.limits.models = options.limits.models.max(shipped.runs.len());
    }
    if let Some(file) = &arguments.export {
        // Only the recorder asks this server.
        let server = Server::bind(Options { token: AccessToken::None, origins: Vec::new(), ..options })?;
        return export(server, file, &arguments);
    }
    let server = Server::bind(options)?;
    let opens = if arguments.story { STORY } else { "" };
    output::line(server.url() + opens)?;
    server.listens_everywhere().iter().for_each(|note| eprintln!("{note}"));
    let _way_in = if arguments.no_open { None } else { open(&server, opens) };
    until_stopped(server)
}

/// Writes the page with recorded examples to a file.
fn export(server: Server, file: &Path, arguments: &ExploreArguments) -> anyhow::Result<()> {
    if file.exists() && !arguments.overwrite {
        anyhow::bail!("{} is there already; name another file, or add --overwrite", file.display());
    }
    // The story chooses among them; other panels ask much about each.
    let samples = if arguments.story { 12 } else { 4 };
    let recording = Recording {
        samples: arguments.samples.unwrap_or(samples),
        texts: arguments.text.clone(),
        story: arguments.story,
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
fn open(server: &Server, opens: &str) -> Option<TempPath> {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let opened = way_in(server, opens).and_then(|file| {
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
fn way_in(server: &Server, opens: &str) -> std::io::Result<TempPath> {
    let url = server.url_once().map_err(std::io::Error::other)? + opens;
    let mut file = tempfile::Builder::new().prefix("any2any-").suffix(".html").tempfile()?;
    writeln!(
        file,
        "<!doctype html>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"refresh\" content=\"0; url={url}\">\n\
         <title>any2any</title>\n<p><a href=\"{url}\">To the page</a></p>"
    )?;
    Ok(file.into_temp_path())
}
