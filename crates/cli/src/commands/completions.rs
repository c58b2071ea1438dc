//! `any2any completions`: the completion script of a shell.

use clap::CommandFactory;

use crate::arguments::Arguments;

pub(crate) fn run(shell: clap_complete::Shell) -> anyhow::Result<()> {
    clap_complete::generate(shell, &mut Arguments::command(), "any2any", &mut std::io::stdout().lock());
    Ok(())
}
