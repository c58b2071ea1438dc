//! The examples of README, `docs/` and `--help`: every command can be typed, every experiment is sound, and what is done
//! with the quickstart's run works on one. What a trained one answers is in `first_words.rs`.

#[path = "../examples/load_run.rs"]
#[allow(dead_code)] // its `main`
mod load_run;

use crate::support::Workshop;
use crate::support::documents::{Block, Input, Typed, blocks, commands, root};
use crate::support::served::Answer;
use crate::support::started::Started;

/// Untagged blocks that hold no commands, by the beginning of their text.
const NO_COMMANDS: [(&str, &str); 2] = [
    ("README.md", "error: "), // what a mistake is answered with: tested below
    ("docs/guide/media.md", "file ──open"), // a drawing
];

/// Pages whose blocks another test compares with the sources that they quote.
const QUOTING: [&str; 2] = ["docs/guide/extend.md", "docs/guide/new-medium.md"]; // quotations.rs

/// Programs of others that examples may call.
const OTHERS: [&str; 18] = [
    "cargo",
    "cat",
    "cd",
    "compare",
    "curl",
    "echo",
    "export",
    "ffmpeg",
    "git",
    "mpirun",
    "node",
    "npm",
    "pip",
    "python",
    "sacrebleu",
    "sox",
    "sudo",
    "unzip",
];

fn command_blocks() -> Vec<Block> {
    let holds = |block: &Block| {
        let other =
            |(document, text): &(&str, &str)| *document == block.document && block.text.starts_with(text);
        block.language.is_empty() && !NO_COMMANDS.iter().any(other)
    };
    blocks().into_iter().filter(holds).collect()
}

#[test]
fn every_command_can_be_typed() {
    let mut seen = 0;
    for block in command_blocks() {
        let place = format!("{}:{}", block.document, block.line);
        for typed in commands(&block.text).iter().flat_map(Typed::nested) {
            let line = typed.words.join(" ");
            if let Some(words) = typed.ours() {
                let words = std::iter::once("any2any").chain(words.iter().map(String::as_str));
                if let Err(error) = any2any_cli::command().try_get_matches_from(words) {
                    panic!("{place}: {line}\n{error}");
                }
                seen += 1;
            } else {
                assert!(
                    OTHERS.contains(&typed.words[0].as_str()),
                    "{place}: `{line}` calls a program that OTHERS does not name; is it no command, tag its block `text`"
                );
            }
            for word in &typed.words {
                let ours = ["configs/", "crates/", "examples/", "peers/", "tests/", "docs/"];
                if ours.iter().any(|folder| word.starts_with(folder)) {
                    assert!(root().join(word).exists(), "{place}: there is no {word}");
                }
            }
            if let [cargo, test, rest @ ..] = typed.words.as_slice()
                && (cargo.as_str(), test.as_str()) == ("cargo", "test")
                && let Some(at) = rest.iter().position(|word| word == "--test")
            {
                assert!(root().join(format!("tests/{}.rs", rest[at + 1])).is_file(), "{place}: {line}");
            }
        }
    }
    assert!(seen > 80, "{seen} commands");
}

#[test]
fn every_experiment_is_sound() {
    let workshop = Workshop::new();
    // The files and folders of the examples must be there.
    std::fs::create_dir(workshop.path("recordings")).expect("a folder");
    workshop.write("events.tsv", "file\tsecond\tlabel\n");
    workshop.write("names.txt", "<pad>\nword\n");
    for name in ["train.zh", "val.zh", "test.zh", "test-b.zh"] {
        workshop.write(name, "\u{72d7}\n");
    }
    let theirs = root().join("tests/pretrained/marian");
    workshop.succeed(&["import", &theirs.display().to_string(), "--run", "runs/opus-mt-en-de"]);
    let mut seen = 0;
    for block in blocks() {
        if block.language != "yaml" || QUOTING.contains(&block.document.as_str()) {
            continue;
        }
        let place = format!("{}:{}", block.document, block.line);
        workshop.write("example.yaml", &experiment(&block.text));
        let finished = workshop.run(&["check", "example.yaml", "--no-data"]);
        assert_eq!(finished.code, Some(0), "{place}: {}", finished.stderr);
        seen += 1;
    }
    assert!(seen >= 7, "{seen} experiments");
}

/// A whole experiment around a part of one.
fn experiment(part: &str) -> String {
    const REST: &str = "
model: { transformer: { d_model: 32 } }
training: { steps: 10, schedule: { constant: { peak: 1.0e-3 } }, batch: { tokens: 1000 } }
";
    let indented =
        |spaces: usize| -> String { part.lines().map(|line| format!("{:spaces$}{line}\n", "")).collect() };
    let between =
        |start: &str, end: &[char]| part.split_once(start).and_then(|(_, rest)| rest.split(end).next());
    // A side reads a field that the data has: what the part itself reads, or what it finds in names of files.
    let read = between("field: ", &[',', '\n', ' ', '}']).unwrap_or("en");
    let placeholders = part.split('{').filter_map(|rest| Some(rest.split_once('}')?.0));
    let is_name = |text: &&str| !text.is_empty() && text.chars().all(char::is_alphabetic);
    let named = placeholders.into_iter().find(is_name).unwrap_or("en");
    let data = |fields: &str| format!("    data: {{ files: {{ train: {{ parallel: {{ {fields} }} }} }} }}\n");
    let files = data(&format!("{read}: train.en, reference: train.de"));
    let side = |side: &str, field: &str| {
        format!("    {side}: {{ text: {{ field: {field}, tokenizer: {{ words: {{}} }} }} }}\n")
    };
    let task = |parts: &[&str]| format!("name: example\ntasks:\n  example:\n{}{REST}", parts.concat());
    let target = side("target", "reference");
    match part.split_once(':').expect("a key").0 {
        "name" => part.to_owned(),
        "tasks" => format!("name: example\n{part}{REST}"),
        "source" => task(&[&files, &indented(4), &target]),
        "text" | "image" | "audio" | "eeg" | "frames" | "tokens" => {
            task(&[&files, "    source:\n", &indented(6), &target])
        }
        "target" => task(&[&files, &side("source", "reference"), &indented(4)]),
        "data" => task(&[&indented(4), &side("source", named), &side("target", named)]),
        "rows" => {
            let rows = ["    data:\n      files:\n        train:\n", &indented(10)].concat();
            task(&[&rows, &side("source", "label"), &side("target", "label")])
        }
        "model" | "training" => {
            let sides = [side("source", "en"), side("target", "de")].concat();
            let whole = task(&[&data("en: train.en, de: train.de"), &sides]);
            let given = if part.starts_with("model") { "model:" } else { "training:" };
            // The part stands in place of the usual one.
            let rest: String = whole
                .lines()
                .filter(|line| !line.starts_with(given))
                .map(|line| format!("{line}\n"))
                .collect();
            format!("{rest}{part}")
        }
        "decoding" | "evaluation" | "device" => {
            format!(
                "{}{part}",
                task(&[&data("en: train.en, de: train.de"), &side("source", "en"), &side("target", "de")])
            )
        }
        other => panic!("which part of an experiment is `{other}`?"),
    }
}

#[test]
fn mistakes_are_answered_as_the_readme_says() {
    let readme: Vec<Block> = blocks().into_iter().filter(|block| block.document == "README.md").collect();
    let sound = readme.iter().find(|block| block.text.starts_with("name: ")).expect("an experiment");
    let answer = readme.iter().find(|block| block.text.starts_with("error: ")).expect("an answer");
    // Quoted lines begin with their number.
    let quoted: Vec<(usize, &str)> = answer
        .text
        .lines()
        .filter_map(|line| line.split_once(" | ").and_then(|(at, line)| Some((at.parse().ok()?, line))))
        .collect();
    let mut lines: Vec<&str> = sound.text.lines().take(quoted[0].0 - 1).collect();
    for (at, line) in quoted {
        assert_eq!(lines.len() + 1, at);
        lines.push(line);
    }
    let workshop = Workshop::new();
    workshop.write("my.yaml", &lines.join("\n"));
    let said = workshop.run(&["check", "my.yaml", "--no-data"]).stderr;
    for line in answer.text.lines() {
        let line = line.trim_end_matches("...");
        assert!(said.contains(line), "not said: {line}\n{said}");
    }
}

/// Experiments whose runs examples use, and what makes their training short.
const SHORT: [(&str, &str, &str); 2] = [
    ("quickstart", "translate", "training.schedule.linear.warmup=1"),
    ("quickstart-language-model", "write", "training.schedule.cosine.warmup=1"),
];

fn shortened(config: &str) -> Vec<String> {
    let name = config.trim_start_matches("configs/").trim_end_matches(".yaml");
    let (_, task, warmup) = SHORT.into_iter().find(|(known, ..)| *known == name).expect("a known experiment");
    let data = |split: &str, samples: usize| format!("tasks.{task}.data.limit.{split}={samples}");
    let options = [
        data("train", 2000),
        data("validation", 8),
        data("test", 8),
        warmup.to_owned(),
        "training.steps=4".to_owned(),
        "training.batch.tokens=400".to_owned(),
        "evaluation.every=2".to_owned(),
        "decoding.max_length=20".to_owned(),
    ];
    options.into_iter().flat_map(|option| ["--set".to_owned(), option]).collect()
}

#[test]
fn what_is_done_with_the_quickstart_works() {
    let workshop = Workshop::new();
    std::fs::create_dir(workshop.path("configs")).expect("a folder");
    for entry in std::fs::read_dir(root().join("configs")).expect("experiments") {
        let entry = entry.expect("an entry");
        let copy = workshop.path("configs").join(entry.file_name());
        std::fs::copy(entry.path(), copy).expect("copied");
    }
    for file in ["source.txt", "a.en"] {
        workshop.write(file, "the old man sees a small dog .\nThe cat sleeps.\n");
    }
    workshop.write("a.de", "Der alte Mann sieht einen kleinen Hund.\nDie Katze schläft.\n");
    for (name, ..) in SHORT {
        train(&workshop, &["train".to_owned(), format!("configs/{name}.yaml")]);
    }
    let mut seen = 0;
    for block in command_blocks() {
        let place = format!("{}:{}", block.document, block.line);
        let mut serving = None;
        for typed in commands(&block.text) {
            if typed.words[0] == "curl" {
                let serving: &Started = serving.as_ref().unwrap_or_else(|| panic!("{place}: who answers?"));
                ask(serving, &typed.words, &place);
                seen += 1;
            }
            let Some(words) = typed.ours() else { continue };
            let quick = |word: &String| {
                let path = word.trim_start_matches("runs/").trim_start_matches("configs/");
                path != word && SHORT.iter().any(|(name, ..)| path.split(['/', '.']).next() == Some(name))
            };
            // Another backend is another build.
            if !words.iter().any(quick) || words.iter().any(|word| word.starts_with("device.backend=")) {
                continue;
            }
            seen += 1;
            match words[0].as_str() {
                "train" if words[1] != "--resume" => train(&workshop, words),
                "serve" => serving = Some(serve(&workshop, words)),
                "explore" if !words.iter().any(|word| word == "--export") => {
                    serving = Some(serve(&workshop, words));
                }
                _ => run(&workshop, words, typed.input.as_ref(), &place),
            }
        }
    }
    assert!(seen > 20, "{seen} commands");
    load_run::show(&workshop.path("runs/quickstart")).expect("a run that works from Rust");
}

fn train(workshop: &Workshop, words: &[String]) {
    let config = words.iter().find(|word| word.starts_with("configs/")).expect("an experiment");
    let all = [words, &["--overwrite".to_owned()], &shortened(config)].concat();
    workshop.succeed(&all.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Runs a command to its end; what takes long takes less.
fn run(workshop: &Workshop, words: &[String], input: Option<&Input>, place: &str) {
    let _ = std::fs::remove_file(workshop.path("page.html"));
    let _ = std::fs::remove_dir_all(workshop.path("model"));
    let mut words = words.to_vec();
    for (option, value) in [("--clients", "2"), ("--seconds", "1"), ("--steps", "2")] {
        if let Some(at) = words.iter().position(|word| word == option) {
            words[at + 1] = value.to_owned();
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let text = match input {
        Some(Input::Text(text)) => text.clone(),
        Some(Input::File(file)) => workshop.read(file),
        None => String::new(),
    };
    println!("{place}: any2any {}", words.join(" "));
    let said = workshop.pipe(&words, &text);
    if words[0] == "translate" {
        assert_eq!(said.lines().count(), text.lines().count(), "{place}: {said}");
    }
}

/// Starts a server at a free port.
fn serve(workshop: &Workshop, words: &[String]) -> Started {
    let mut words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "--no-open").collect();
    if words[0] == "explore" {
        words.push("--no-open");
    }
    if let Some(at) = words.iter().position(|word| *word == "--port") {
        words.drain(at..at + 2);
    }
    Started::new(&mut workshop.command(&words))
}

/// Sends what `curl` would send.
fn ask(serving: &Started, words: &[String], place: &str) {
    let at = words.iter().position(|word| word == "-d").expect("a body");
    let url = words.iter().find(|word| word.starts_with("http://")).expect("an address");
    let path = url.trim_start_matches("http://").split_once('/').expect("a path").1;
    let token = words.iter().position(|word| word == "-H").expect("the token");
    // As curl does: a body without a type of its own is said to be a form.
    let headers = format!("content-type: application/x-www-form-urlencoded\r\n{}\r\n", words[token + 1]);
    let answer = Answer::read(serving.ask("POST", &format!("/{path}"), &headers, &words[at + 1]));
    assert!(answer.status == 200 && answer.body.contains("\"text\""), "{place}: {answer:?}");
}
