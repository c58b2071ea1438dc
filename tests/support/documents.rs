//! Blocks in README, `docs/` and the help of commands, and the commands in them.

use std::path::{Path, PathBuf};

/// A fenced block of a document, or the examples of a command's help.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The document, as a path from the root or as a command.
    pub(crate) document: String,
    /// The line of its first line in the document.
    pub(crate) line: usize,
    /// The language behind its fence.
    pub(crate) language: String,
    pub(crate) text: String,
}

/// A command as one types it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    pub(crate) words: Vec<String>,
    /// Input from a pipe of `echo`, or from the file behind `<`.
    pub(crate) input: Option<Input>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Text(String),
    File(String),
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All blocks of README, of `docs/` and of the help. `docs/reference` quotes the help alone.
pub(crate) fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for path in documents() {
        let name = path.strip_prefix(root()).expect("below the root").display().to_string();
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        blocks.extend(fenced(&name, &text));
    }
    help(&any2any_cli::command(), "any2any", &mut blocks);
    blocks
}

fn documents() -> Vec<PathBuf> {
    let (mut found, mut folders) = (vec![root().join("README.md")], vec![root().join("docs")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                if path.file_name().is_none_or(|name| name != "reference") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn fenced(document: &str, text: &str) -> Vec<Block> {
    let (mut blocks, mut open) = (Vec::new(), None::<Block>);
    for (number, line) in (1..).zip(text.lines()) {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => {
                let (document, language) = (document.to_owned(), language.trim().to_owned());
                open = Some(Block { document, line: number + 1, language, text: String::new() });
            }
            (None, Some(block)) => block.text.push_str(&format!("{line}\n")),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{document} ends within a block");
    blocks
}

fn help(command: &clap::Command, name: &str, blocks: &mut Vec<Block>) {
    if let Some(text) = command.get_after_help() {
        let text = text.to_string();
        let (title, examples) = text.split_once('\n').expect("a title, then examples");
        assert!(["Example:", "Examples:"].contains(&title), "{name}: {title}");
        let (document, text) = (format!("{name} --help"), format!("{examples}\n"));
        blocks.push(Block { document, line: 1, language: String::new(), text });
    }
    for command in command.get_subcommands() {
        help(command, &format!("{name} {}", command.get_name()), blocks);
    }
}

/// The commands of a block, in their order.
pub(crate) fn commands(text: &str) -> Vec<Typed> {
    let mut commands = Vec::new();
    for line in text.replace("\\\n", " ").lines() {
        let mut piped = None;
        for mut typed in parts(line) {
            if let Some(input) = piped.take() {
                typed.input = Some(input);
            }
            if typed.words[0] == "echo" {
                piped = Some(Input::Text(format!("{}\n", typed.words[1..].join(" "))));
            }
            commands.push(typed);
        }
    }
    commands
}

/// The commands between the pipes of a line.
fn parts(line: &str) -> Vec<Typed> {
    let (mut parts, mut words, mut word) = (Vec::new(), Vec::new(), None::<String>);
    let mut quote = None;
    let mut end = |words: &mut Vec<String>| {
        let words = std::mem::take(words);
        if !words.is_empty() {
            parts.push(redirected(words));
        }
    };
    for letter in line.chars() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            (_, Some(_)) => word.get_or_insert_default().push(letter),
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            ('#', None) if word.is_none() => break,
            (' ', None) => words.extend(word.take()),
            ('|' | '&' | ';', None) => {
                words.extend(word.take());
                end(&mut words);
            }
            (_, None) => word.get_or_insert_default().push(letter),
        }
    }
    assert!(quote.is_none(), "a quote is open in {line}");
    words.extend(word.take());
    end(&mut words);
    parts
}

/// Takes `< FILE` and `> FILE` out.
fn redirected(words: Vec<String>) -> Typed {
    let mut typed = Typed { words: Vec::new(), input: None };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "<" => typed.input = words.next().map(Input::File),
            ">" => drop(words.next()),
            _ => typed.words.push(word),
        }
    }
    typed
}

impl Typed {
    /// The words behind the name of the program, where that is ours.
    pub(crate) fn ours(&self) -> Option<&[String]> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["any2any", ..] => Some(&self.words[1..]),
            ["cargo", "run", ..] => {
                let at = words.iter().position(|&word| word == "--").expect("`--` before our words");
                Some(&self.words[at + 1..])
            }
            _ => None,
        }
    }

    /// This command, and those that it is told to run.
    pub(crate) fn nested(&self) -> Vec<Typed> {
        let mut all = vec![self.clone()];
        for (at, word) in self.words.iter().enumerate().skip(1) {
            if word.starts_with("any2any ") {
                all.extend(commands(word));
            }
            if word == "any2any" && self.words[at - 1] == "--" {
                all.push(Typed { words: self.words[at..].to_vec(), input: None });
            }
        }
        all
    }
}
