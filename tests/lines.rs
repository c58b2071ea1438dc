//! One line in is one line out, and one bad sample costs no other: what people's text files are like, through the
//! finished binary.

use std::io::Write;
use std::process::Stdio;

use crate::support::{TRANSFORMER, Workshop};

/// A run that has learned nothing, with several hypotheses in its experiment.
fn untrained(workshop: &Workshop) {
    workshop.experiment(
        TRANSFORMER,
        "  steps: 1
evaluation: { metrics: [bleu], every: 1 }
decoding: { beam: { size: 3, n_best: 3 }, max_length: 8 }",
    );
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn write(workshop: &Workshop, name: &str, bytes: &[u8]) {
    std::fs::write(workshop.path(name), bytes).expect("writable");
}

/// Runs a command on standard input: its output, its messages and its exit code.
fn pipe(workshop: &Workshop, arguments: &[&str], input: &[u8]) -> (String, String, Option<i32>) {
    let mut command = workshop.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    // A command that refuses its input at once closes the pipe.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("it writes");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn one_line_in_is_one_line_out() {
    let workshop = Workshop::new();
    untrained(&workshop);
    let sentence = "the dog sees bread .";
    let plain = workshop.pipe(&["translate", "run"], &format!("{sentence}\n"));
    assert_eq!(
        plain.lines().count(),
        1,
        "`n_best` of the experiment does not change the plain output: {plain}"
    );
    let all = workshop.pipe(&["translate", "run", "--n-best", "2"], &format!("{sentence}\n"));
    assert_eq!(all.lines().count(), 2, "{all}");

    // The way in which the same text is written changes nothing: input, exit code.
    let texts: [(&str, Vec<u8>); 6] = [
        ("mark", [b"\xef\xbb\xbf", sentence.as_bytes(), b"\n"].concat()),
        ("crlf", format!("{sentence}\r\n").into_bytes()),
        ("cr", format!("{sentence}\r").into_bytes()),
        ("no end", sentence.into()),
        ("gzip", gzip(format!("{sentence}\n").as_bytes())),
        ("gzip with a mark", gzip(&[b"\xef\xbb\xbf", sentence.as_bytes()].concat())),
    ];
    for (name, bytes) in &texts {
        let (stdout, stderr, code) = pipe(&workshop, &["translate", "run"], bytes);
        assert_eq!((stdout.as_str(), code), (plain.as_str(), Some(0)), "{name}: {stderr}");
        write(&workshop, "input.txt.gz", bytes);
        assert_eq!(workshop.succeed(&["translate", "run", "input.txt.gz"]), plain, "{name} from a file");
    }

    // Bad lines are named and keep their places; empty ones stay empty.
    let bad = [sentence.as_bytes(), b"\nna\xefve\n\n \t\n\0\n", sentence.as_bytes(), b"\n"].concat();
    write(&workshop, "bad.en", &bad);
    let finished = workshop.run(&["translate", "run", "bad.en"]);
    let expected = format!("{plain}\n\n\n\n{plain}");
    assert_eq!((finished.stdout.as_str(), finished.code), (expected.as_str(), Some(1)));
    for words in ["bad.en:2: byte 3 (0xef)", "bad.en:5: byte 1", "2 of the sources"] {
        assert!(finished.stderr.contains(words), "{words}: {}", finished.stderr);
    }
    let (stdout, stderr, _) = pipe(&workshop, &["translate", "run"], &bad);
    assert!(stdout == expected && stderr.contains("standard input:2: byte 3"), "{stderr}");
    let finished = workshop.run(&["translate", "run", "bad.en", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&finished.stdout).expect("one JSON object");
    let list = json["translations"].as_array().expect("a list");
    assert_eq!(list.len(), 6);
    assert_eq!(list[0]["outputs"].as_array().map(Vec::len), Some(3));
    assert!(list[1]["error"].as_str().expect("an error").contains("bad.en:2"), "{}", list[1]);
    assert_eq!((&list[2]["outputs"][0]["text"], &list[2]["warnings"]), (&"".into(), &serde_json::json!([])));
    let n_best = workshop.run(&["translate", "run", "bad.en", "--n-best", "2"]).stdout;
    let expected: Vec<&str> = n_best.lines().filter(|line| line.starts_with("3 ")).collect();
    assert_eq!(expected, ["3 |||  ||| 0.0000"]);
}

#[test]
fn what_is_no_text_is_named_with_the_way_out() {
    let workshop = Workshop::new();
    untrained(&workshop);
    let utf16: Vec<u8> = "the dog\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    write(&workshop, "wide.en", &utf16);
    write(&workshop, "cut.en.gz", &gzip(b"the dog\n")[..20]);
    for (arguments, code, words) in [
        (&["translate", "run", "wide.en"][..], 1, "`iconv -f UTF-16LE -t UTF-8`"),
        (&["score", "run", "--source", "wide.en", "--target", "wide.en"], 1, "wide.en: is UTF-16LE"),
        (&["metrics", "wide.en", "wide.en"], 1, "wide.en: is UTF-16LE"),
        (&["new", "n.yaml", "--source", "wide.en", "--target", "wide.en"], 1, "wide.en: is UTF-16LE"),
        (&["translate", "run", "cut.en.gz"], 1, "cut.en.gz: the gzip file is cut off"),
        (&["translate", "run", "run/checkpoints"], 2, "is a folder"),
        (&["translate", "run", "gone.en"], 1, "gone.en"),
    ] {
        let finished = workshop.run(arguments);
        assert_eq!(finished.code, Some(code), "{arguments:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(words), "{arguments:?} does not say '{words}': {}", finished.stderr);
    }
    let long = format!("{}\n", "the dog sees bread ".repeat(300));
    let (stdout, stderr, code) =
        pipe(&workshop, &["translate", "run"], format!("the dog\n{long}").as_bytes());
    assert_eq!((stdout.lines().count(), code), (2, Some(0)));
    assert!(
        stderr.contains("warning: standard input:2: ") && stderr.contains("max_source_length"),
        "{stderr}"
    );
}

#[test]
fn scores_leave_out_what_cannot_be_read_and_say_so() {
    let workshop = Workshop::new();
    untrained(&workshop);
    let (source, target) = ("the dog sees bread .\n", "der Hund sieht Brot .\n");
    write(&workshop, "a.en", &[source.as_bytes(), b"\xff\n", source.as_bytes()].concat());
    write(&workshop, "a.de.gz", &gzip(target.repeat(3).as_bytes()));
    let finished = workshop.run(&["score", "run", "--source", "a.en", "--target", "a.de.gz"]);
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert!(finished.code == Some(1) && lines.len() == 3, "{}", finished.stderr);
    assert!(lines[0] == lines[2] && lines[1].is_empty() && finished.stderr.contains("a.en:2: byte 1"));
    let finished = workshop.run(&["metrics", "a.en", "a.de.gz", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&finished.stdout).expect("one JSON object");
    assert_eq!(
        (json["lines"].as_u64(), json["unreadable"].as_u64(), finished.code),
        (Some(2), Some(1), Some(1))
    );
}

#[test]
fn a_bad_line_costs_its_own_sample_in_training() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 1\nevaluation: { metrics: [], every: 1 }");
    let (mut english, mut german) =
        (workshop.read("train.en").into_bytes(), workshop.read("train.de").into_bytes());
    english.extend_from_slice(b"na\xefve\n\nsame\nthe end\nthe end\n");
    german.extend_from_slice("gut\nleer\nsame\ndas Ende\ndas Ende\n".as_bytes());
    write(&workshop, "train.en", &english);
    write(&workshop, "train.de", &german);
    let checked = workshop.succeed(&["check", "experiment.yaml"]);
    let lines = english.iter().filter(|&&byte| byte == b'\n').count();
    let words = [
        format!("train: 1 of {lines} samples cannot be read and are left out: "),
        format!("train.en:{}: byte 3 (0xef)", lines - 4),
        "1 sample has an empty source".to_owned(),
        "1 sample has the same text as source and target".to_owned(),
        "1 sample has the same texts as an earlier one".to_owned(),
    ];
    let trained = workshop.run(&["train", "experiment.yaml", "--run", "run"]);
    assert_eq!(trained.code, Some(0), "{}", trained.stderr);
    for words in &words {
        assert!(checked.contains(words), "{words}: {checked}");
        assert!(trained.stderr.contains(words), "{words}: {}", trained.stderr);
    }
    assert!(!checked.contains("no problem found"), "{checked}");
    let json = workshop.json(&["check", "experiment.yaml", "--json"]);
    assert_eq!((&json["valid"], &json["tasks"][0]["splits"][0]["unreadable"]), (&true.into(), &1.into()));
    workshop.succeed(&["train", "--resume", "run", "--steps", "2"]);
}

#[test]
fn tables_of_other_programs_are_read() {
    let workshop = Workshop::new();
    let pairs = |row: &dyn Fn(&str, &str) -> String| -> String {
        let (english, german) = (workshop.read("train.en"), workshop.read("train.de"));
        english.lines().zip(german.lines()).map(|(english, german)| row(english, german)).collect()
    };
    workshop.write("semicolons.csv", &format!("en;de\n{}", pairs(&|en, de| format!("{en};{de}\n"))));
    let nested = |en: &str, de: &str| {
        format!("{{\"id\": 7, \"translation\": {{\"en\": \"{en}\", \"de\": \"{de}\"}}}}\n")
    };
    workshop.write("nested.jsonl", &format!("{}{{\"id\": 8}}\noops\n", pairs(&nested)));
    let experiment = |train: &str, prefix: &str| {
        workshop.write(
            "table.yaml",
            &format!(
                "name: table
tasks:
  translate:
    data: {{ files: {{ train: {{ {train} }} }} }}
    source: {{ text: {{ field: {prefix}en, tokenizer: {{ bpe: {{ vocab: 70, shared: true }} }} }} }}
    target: {{ text: {{ field: {prefix}de }} }}
model:
{TRANSFORMER}
training: {{ steps: 1 }}
"
            ),
        );
    };
    let check = |code: i32, words: &[&str]| {
        let mut command = workshop.command(&["check", "table.yaml"]);
        let output = command.env("FOLDER_OF_TABLES", workshop.path("")).output().expect("the binary runs");
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{text}");
        for words in words {
            assert!(text.contains(words), "'{words}' is not in: {text}");
        }
    };
    experiment("csv: { file: semicolons.csv }", "");
    check(2, &["table.yaml:4", "delimiter: \";\""]);
    experiment("csv: { file: semicolons.csv, delimiter: ';' }", "");
    check(0, &["no problem found"]);
    experiment("json_lines: { file: '${FOLDER_OF_TABLES}/nested.jsonl' }", "translation.");
    let (all, id) = (workshop.read("train.en").lines().count() + 2, "no field 'translation.en'");
    check(0, &[&format!("2 of {all} samples cannot be read"), "column 1", id]);
    experiment("json_lines: { file: '$NO_SUCH_FOLDER/nested.jsonl' }", "translation.");
    check(2, &["table.yaml:4", "the environment variable `NO_SUCH_FOLDER` is not set"]);
}
