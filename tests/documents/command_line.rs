//! The reference of the command line, from clap's own description of it.

use std::fmt::Write;

use clap::{Arg, Command};

use super::markdown::{anchor, heading, table};

const HEAD: &str = "# The command line
<!-- Written by tests/documents.rs from the program itself: UPDATE_DOCUMENTS=1 cargo test --workspace --test program documents:: -->

Every command with its arguments and options, as `any2any help COMMAND` prints them. A command ends with code 0 when its
work is done, 1 when it failed or left something out, and 2 when the command line or the experiment is wrong.
";

/// The page.
pub(crate) fn page(mut command: Command) -> String {
    command.build();
    let mut page = HEAD.to_owned();
    let mut all = Vec::new();
    commands(&command, &mut all);
    let rows: Vec<_> = all.iter().map(|command| vec![link(command), about(command)]).collect();
    page.push('\n');
    page.push_str(&table(&["command", "what it does"], &rows));
    for command in all {
        section(command, &mut page);
    }
    page
}

/// All commands that do something, in the order of the help.
fn commands<'a>(command: &'a Command, all: &mut Vec<&'a Command>) {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        match sub.get_subcommands().any(|each| each.get_name() != "help") {
            true => commands(sub, all),
            false => all.push(sub),
        }
    }
}

fn name(command: &Command) -> String {
    command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn link(command: &Command) -> String {
    let name = name(command);
    format!("[`{name}`](#{})", anchor(&name))
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn section(command: &Command, page: &mut String) {
    heading(page, 2, &name(command));
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let end = if about.ends_with('.') { "" } else { "." };
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    let _ = write!(page, "{about}{end}\n\n```text\n{usage}\n```\n");
    let rows: Vec<_> = command.get_arguments().filter(|argument| shown(argument)).map(row).collect();
    if !rows.is_empty() {
        page.push('\n');
        page.push_str(&table(&["argument", "choices", "default", "description"], &rows));
    }
    if let Some(examples) = command.get_after_help() {
        let examples = examples.to_string();
        let (_, lines) = examples.split_once('\n').unwrap_or(("", &examples));
        let lines: Vec<_> = lines.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
        let _ = write!(page, "\n```\n{}\n```\n", lines.join("\n").trim_end());
    }
}

fn shown(argument: &Arg) -> bool {
    !argument.is_hide_set() && !["help", "version"].contains(&argument.get_id().as_str())
}

fn row(argument: &Arg) -> Vec<String> {
    let takes = argument.get_action().takes_values();
    let value = || {
        let names = argument.get_value_names().unwrap_or_default();
        let names: Vec<_> = names.iter().map(|name| name.to_string()).collect();
        let names =
            if names.is_empty() { argument.get_id().to_string().to_uppercase() } else { names.join(" ") };
        let many = argument.get_num_args().is_some_and(|range| range.max_values() > 1);
        if many { format!("{names}...") } else { names }
    };
    let written = match (argument.get_long(), argument.get_short()) {
        (None, None) if argument.is_required_set() => format!("`{}`", value()),
        (None, None) => format!("`[{}]`", value()),
        (long, short) => {
            let long = long.map(|long| format!("--{long}"));
            let names: Vec<_> = short.map(|short| format!("-{short}")).into_iter().chain(long).collect();
            let required = if argument.is_required_set() { ", required" } else { "" };
            let value = if takes { format!(" {}", value()) } else { String::new() };
            format!("`{}{value}`{required}", names.join(", "))
        }
    };
    let choices = argument.get_possible_values();
    let choices = choices.iter().filter(|choice| takes && !choice.is_hide_set());
    let choices: Vec<_> = choices.map(|choice| format!("`{}`", choice.get_name())).collect();
    let defaults = argument.get_default_values().iter().filter(|value| takes && !value.is_empty());
    let mut default: Vec<_> = defaults.map(|value| format!("`{}`", value.to_string_lossy())).collect();
    default.extend(argument.get_env().map(|name| format!("from `${}`", name.to_string_lossy())));
    let help = argument.get_long_help().or_else(|| argument.get_help());
    vec![written, choices.join(", "), default.join(", "), help.map(ToString::to_string).unwrap_or_default()]
}
