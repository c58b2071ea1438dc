//! The command line of `any2any` as a library, for a program with media and plug-ins of its own: a [`Program`] has them
//! beside those of [`media`].

mod allocator;
mod arguments;
mod chain;
mod commands;
mod inputs;
mod lecture;
mod output;
mod output_folder;
mod preparation;
mod probe;
mod program;
mod progress;
mod ranks;
mod threads;
mod way_out;

pub use program::Program;

use std::process::ExitCode;

use any2any_adapter::Registry;
use any2any_experiment::Diagnostics;
use any2any_run::RunError;
use clap::{CommandFactory, Parser};

use arguments::{Arguments, Command};
use way_out::Wrapped;

/// The media that ship with any2any: text, image, audio, EEG, and prepared frames and tokens; and the importer of models
/// from elsewhere.
///
/// ```
/// let media = any2any_cli::media();
/// let names: Vec<&str> = media.media().map(|medium| medium.name()).collect();
/// assert_eq!(names, ["text", "image", "audio", "eeg", "frames", "tokens"]);
/// assert!(media.get("image")?.extensions().contains(&"png"));
/// # Ok::<(), any2any_adapter::RegistryError>(())
/// ```
pub fn media() -> Registry {
    Registry::new()
        .with(any2any_text::Text)
        .with(any2any_image::Image)
        .with(any2any_audio::Audio)
        .with(any2any_eeg::Eeg)
        .with(any2any_arrays::Frames)
        .with(any2any_arrays::Tokens)
        .importing(any2any_import::Imports::default())
}

/// The command line, for programs that write manual pages or completions, or check examples.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the command line of this process.
fn run_command(program: &Program) -> ExitCode {
    if let Err(mistakes) = program.registry.sound() {
        eprintln!("error: {mistakes}");
        return ExitCode::from(2);
    }
    let arguments = Arguments::parse();
    // A server gives back the memory that a large request took.
    if matches!(arguments.command, Command::Serve(_) | Command::Explore(_) | Command::Lecture(_)) {
        allocator::keep_pages_small();
    } else {
        allocator::keep_freed_pages();
    }
    match run(arguments, program) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ExitCode::from(tell(&error)),
    }
}

/// Prints an error, and gives the code to exit with.
fn tell(error: &anyhow::Error) -> u8 {
    if is_closed_pipe(error) {
        return 0;
    }
    if let Some(ranks::Told(code)) = error.downcast_ref() {
        return *code;
    }
    if let Some(diagnostics) = diagnostics(error) {
        eprintln!("{diagnostics}");
        return 2;
    }
    eprintln!("error: {}", way_out::with_options(message(error), error));
    let usage =
        error.is::<arguments::Usage>() || matches!(Wrapped::of(error).run, Some(RunError::Axis { .. }));
    if usage { 2 } else { 1 }
}

fn run(arguments: Arguments, program: &Program) -> anyhow::Result<()> {
    let registry = &program.registry;
    match arguments.command {
        Command::New(arguments) => commands::new::run(arguments, registry),
        Command::NewMedium(arguments) => commands::new_medium::run(arguments, registry),
        Command::Check(arguments) => commands::check::run(arguments, registry),
        Command::Plan(arguments) => commands::plan::run(&arguments, registry),
        Command::Schema => commands::schema::run(registry),
        Command::Data(arguments) => commands::data::run(arguments, registry),
        Command::Train(arguments) => commands::train::run(arguments, program),
        Command::Translate(arguments) => commands::translate::run(arguments, registry),
        Command::Evaluate(arguments) => commands::evaluate::run(*arguments, registry),
        Command::CrossValidate(arguments) => commands::cross_validate::run(arguments, registry),
        Command::Sweep(arguments) => commands::sweep::run(arguments, registry),
        Command::Metrics(arguments) => commands::metrics::run(arguments, registry),
        Command::Score(arguments) => commands::score::run(arguments, registry),
        Command::Complete(arguments) => commands::complete::run(arguments, registry),
        Command::Average(arguments) => commands::average::run(arguments),
        Command::Shortlist(arguments) => commands::shortlist::run(arguments, registry),
        Command::Describe(arguments) => commands::describe::run(arguments, registry),
        Command::Import(arguments) => commands::import::run(arguments, registry),
        Command::Export(arguments) => commands::export::run(arguments, registry),
        Command::Bench(arguments) => commands::bench::run(arguments, registry),
        Command::Explore(arguments) => commands::explore::run(arguments, registry),
        Command::Lecture(arguments) => commands::lecture::run(arguments, registry),
        Command::Serve(arguments) => commands::serve::run(arguments, registry),
        Command::Completions { shell } => commands::completions::run(shell),
    }
}

/// An error and its causes on one line. A cause whose words its error already contains is left out.
fn message(error: &anyhow::Error) -> String {
    let mut message = String::new();
    for cause in error.chain().map(|cause| cause.to_string()) {
        if message.is_empty() {
            message = cause;
        } else if !message.ends_with(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    message
}

fn diagnostics(error: &anyhow::Error) -> Option<&Diagnostics> {
    error.downcast_ref::<Diagnostics>().or_else(|| match Wrapped::of(error).run? {
        RunError::Experiment(diagnostics) => Some(diagnostics),
        _ => None,
    })
}

/// True if the reader of our output has closed the pipe, as `head` does.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
