//! `any2any lecture`: the story over the runs that ship with the program, as a file, and the archive of runs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use serde_json::Value;

use crate::support::{TRANSFORMER, Workshop};

/// The most bytes of an exported story.
const MOST_BYTES: usize = 8_000_000;

#[test]
fn the_story_of_the_runs_that_ship_is_one_small_file_and_leaves_nothing_behind() {
    let workshop = Workshop::new();
    let temporary = workshop.path("temporary");
    std::fs::create_dir(&temporary).expect("a folder");
    let mut command = workshop.command(&["lecture", "--export", "story.html"]);
    let output =
        command.env("TMPDIR", &temporary).env_remove("ANY2ANY_DATA").output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = workshop.read("story.html");
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    assert!(page.contains("<html data-opens=\"story\""), "it opens with the story");
    let (_, rest) = page.split_once("id=\"answers\">").expect("what was recorded");
    let (packed, _) = rest.split_once("</script>").expect("a script ends");
    let bytes = STANDARD.decode(packed).expect("base64");
    let answers: Value = serde_json::from_reader(ZlibDecoder::new(&bytes[..])).expect("packed JSON");
    let questions: Vec<&String> = answers.as_object().expect("answers by question").keys().collect();
    for recorded in ["POST /api/machine", "POST /api/attribution", "GET /api/sweep"] {
        assert!(questions.iter().any(|question| question.starts_with(recorded)), "{recorded}: {questions:?}");
    }
    let left = std::fs::read_dir(&temporary).expect("the folder").count();
    assert_eq!(left, 0, "the unpacked runs are gone");
}

#[test]
fn runs_are_packed_to_be_opened_again() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 3\nevaluation: { metrics: [], every: 3, show: 0 }");
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
    let said = workshop.succeed(&["lecture", "run", "--pack", "lecture.tar.zst"]);
    assert!(said.contains("lecture.tar.zst: 1 runs in "), "{said}");
    let refused = workshop.run(&["lecture", "run", "--pack", "lecture.tar.zst"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("--overwrite"), "{}", refused.stderr);
    workshop.succeed(&["lecture", "run", "--pack", "again.tar.zst"]);
    let bytes = |name: &str| std::fs::read(workshop.path(name)).expect("written");
    assert_eq!(bytes("lecture.tar.zst"), bytes("again.tar.zst"), "the same runs give the same archive");
}

#[test]
fn what_cannot_be_packed_is_refused_with_a_way_out() {
    let workshop = Workshop::new();
    let nothing = workshop.run(&["lecture", "--pack", "lecture.tar.zst"]);
    assert_eq!(nothing.code, Some(2));
    assert!(nothing.stderr.contains("--pack: name the runs"), "{}", nothing.stderr);
    let both = workshop.run(&["lecture", "run", "--pack", "lecture.tar.zst", "--export", "story.html"]);
    assert_eq!(both.code, Some(2), "{}", both.stderr);
    let missing = workshop.run(&["lecture", "nowhere", "--pack", "lecture.tar.zst"]);
    assert_ne!(missing.code, Some(0));
    assert!(missing.stderr.contains("nowhere"), "{}", missing.stderr);
    let explored = workshop.run(&["explore"]);
    assert_eq!(explored.code, Some(2), "only the story needs no run");
}
