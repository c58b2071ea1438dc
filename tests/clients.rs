//! The interfaces of other programs, asked by those programs' own clients over loopback (`clients/*.py`), and without them
//! where no Python has the clients.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use any2any_server::{AccessToken, Limits, Options, RunLanguages};
use serde_json::{Value, json};

use crate::support::documents::root;
use crate::support::media::fill;
use crate::support::served::{SENTENCE, Served, options, workshop};
use crate::support::{Workshop, outside};

const TOKEN: &str = "a-token-of-tests";

/// Tones that are words.
const HEARING: &str = "name: hearing
tasks:
  hear:
    data:
      files: { train: { members: { folder: sounds, names: '{person}_{word}_{number}.wav', field: sound } } }
      split: { shares: { validation: 0.1, test: 0.2 } }
    source:
      audio:
        field: sound
        rate: 8000
        mel: { bands: 16 }
        stem: { convolution: { layers: [{ kernel: 3, stride: 2 }] } }
    target: { text: { field: word, tokenizer: { words: { vocab: 7, shared: true } } } }
model:
  transformer: { d_model: 32, d_ff: 64, heads: 4, encoder_layers: 1, decoder_layers: 1, dropout: 0.0 }
training:
  steps: 120
  batch: { tokens: 400 }
  schedule: { constant: { peak: 5.0e-3, warmup: 10 } }
  label_smoothing: 0.0
evaluation: { metrics: [exact_match], every: 120, keep_best: 1, show: 0 }
";

/// A folder with the run `hear`, which hears words.
pub(crate) fn hearing() -> &'static Workshop {
    static HEARING_RUN: OnceLock<Workshop> = OnceLock::new();
    HEARING_RUN.get_or_init(|| {
        let workshop = Workshop::new();
        fill(&workshop);
        workshop.write("hearing.yaml", HEARING);
        workshop.succeed(&["train", "hearing.yaml", "--run", "hear"]);
        workshop
    })
}

pub(crate) fn recording() -> PathBuf {
    hearing().path("sounds/anna_cross_3.wav")
}

/// A server over the run of texts and the one that hears, alone and in a chain.
fn served(token: AccessToken) -> Served {
    let runs = vec![workshop().path("run"), hearing().path("hear")];
    let spoken = RunLanguages { run: Some("hear".into()), source: "en".into(), target: "en".into() };
    Served::with(Options {
        runs,
        chains: vec![vec![1, 0]],
        languages: vec![spoken],
        token,
        limits: Limits::default(),
        ..options()
    })
}

fn chosen() -> AccessToken {
    AccessToken::Given(TOKEN.parse().expect("a token"))
}

/// The answers that a client prints; none without a Python that has it.
fn asked_by(client: &str, arguments: &[&str]) -> Option<Value> {
    let python = outside::named("ANY2ANY_REFERENCE_PYTHON")?;
    let script = root().join("tests/clients").join(client);
    let output = Command::new(python).arg("-B").arg(script).args(arguments).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// What `any2any translate` prints for the sentence.
fn translation(line: &str) -> String {
    workshop().pipe(&["translate", "run"], &format!("{line}\n")).trim_end().to_owned()
}

#[test]
fn libretranslates_client_is_answered() {
    let served = served(chosen());
    let address = format!("http://{}/", served.address);
    let Some(answers) = asked_by("libretranslate.py", &[&address, TOKEN]) else { return };
    let (one, other) = (translation(SENTENCE), translation("the cat hears a man ."));
    for (name, expected) in [
        ("languages", json!([{ "code": "en", "name": "English", "targets": ["de"] }])),
        ("one", json!(one)),
        ("lines", json!(format!("{one}\n\n{other}\n"))),
        ("empty", json!("")),
        ("auto", json!(one)),
    ] {
        assert_eq!(answers[name], expected, "{name}");
    }
    for (name, status, words) in [
        ("unknown", 400, "nothing here translates from 'en' to 'fr'"),
        ("detect", 404, "no language is detected here"),
        ("no_key", 403, "asks for a token"),
        ("wrong_key", 403, "asks for a token"),
    ] {
        assert_eq!(answers[name]["status"], status, "{name}: {answers}");
        assert!(
            answers[name]["error"].as_str().is_some_and(|said| said.contains(words)),
            "{name}: {answers}"
        );
    }
}

#[test]
fn libretranslates_requests_come_in_every_shape() {
    let served = served(AccessToken::None);
    let (one, other) = (translation(SENTENCE), translation("the cat hears a man ."));
    let two =
        json!({ "q": [SENTENCE, "the cat hears a man ."], "source": "en", "target": "de", "format": "text" });
    assert_eq!(served.ask("/translate", &two), json!({ "translatedText": [one, other] }));
    let more = json!({ "q": SENTENCE, "source": "en", "target": "de", "alternatives": 2 });
    let answer = served.ask("/translate", &more);
    assert_eq!(answer["translatedText"], json!(one));
    let alternatives = answer["alternatives"].as_array().expect("a list");
    assert!(alternatives.len() == 2 && alternatives[0] != json!(one), "{answer}");
    let boundary = "x-y";
    let part = |name: &str, value: &str| {
        format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let form = part("q", SENTENCE) + &part("source", "en") + &part("target", "de") + "--x-y--\r\n";
    let kind = format!("content-type: multipart/form-data; boundary={boundary}\r\n");
    assert_eq!(
        served.send("POST", "/translate", &kind, form.as_bytes()).json()["translatedText"],
        json!(one)
    );
    for (body, words) in [
        (json!({ "q": "<b>a</b>", "source": "en", "target": "de", "format": "html" }), "only `text`"),
        (json!({ "q": "a", "source": "en" }), "target"),
        (json!({ "q": "a", "source": "en", "target": "de", "alternatives": 99 }), "between 1 and 64"),
    ] {
        let answer = served.post("/translate", &body);
        let problem = answer.json();
        let said = problem["error"].as_str().unwrap_or_default();
        assert!(answer.status == 400 && said.contains(words), "{body}: {}", answer.body);
    }
    served.assert_sound();
}

/// The operations that are asked for what is not there.
const NOT_THERE: [(&str, u16); 3] = [("parameter", 404), ("sweep", 404), ("chain", 400)];

#[test]
fn a_generated_client_makes_every_call() {
    let served = served(chosen());
    let address = format!("http://{}/", served.address);
    let folder = tempfile::tempdir().expect("a folder");
    let sound = recording().display().to_string();
    let arguments = [&address, TOKEN, &sound, &folder.path().display().to_string()];
    let Some(answers) = asked_by("generated.py", &arguments) else { return };
    let said = answers["said"].as_str().expect("a text");
    assert!(!said.to_lowercase().contains("warning"), "{said}");
    let statuses = answers["statuses"].as_object().expect("statuses");
    let described = std::fs::read_to_string(folder.path().join("openapi.json")).expect("what it was made of");
    let described: Value = serde_json::from_str(&described).expect("JSON");
    assert_eq!(statuses.len(), described["paths"].as_object().expect("paths").len(), "{answers}");
    for (operation, answer) in statuses {
        let other = NOT_THERE.iter().find(|(name, _)| name == operation).map(|(_, status)| *status);
        assert_eq!(answer[0], json!(other.unwrap_or(200)), "{operation}: {answer}");
        let kind = answer[1].as_str().expect("a type");
        assert_eq!(
            kind.contains("Problem"),
            other.is_some_and(|status| status != 200),
            "{operation}: {kind}"
        );
    }
}

/// A tester that makes requests from the description alone, and holds every answer against it. It does not see what no
/// schema says: a language that a task is not told, a token that a vocabulary lacks.
#[test]
fn thousands_of_requests_are_answered_as_described() {
    let Some(python) = outside::named("ANY2ANY_REFERENCE_PYTHON") else { return };
    let served = served(AccessToken::None);
    let output = Command::new(python)
        .args(["-m", "schemathesis.cli", "run", &format!("http://{}/openapi.json", served.address)])
        .args(["--seed", "1", "--no-color"])
        .args(["--phases", "coverage,fuzzing", "--max-examples", "40", "--request-timeout", "120"])
        .args(["--exclude-checks", "positive_data_acceptance"])
        .current_dir(tempfile::tempdir().expect("a folder").path())
        .output()
        .expect("Python runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let cases = said.split_once(" generated, ").and_then(|(before, _)| before.rsplit([' ', '\n']).next());
    let cases: usize = cases.and_then(|cases| cases.parse().ok()).unwrap_or_else(|| panic!("{said}"));
    assert!(cases >= 2000, "{cases} cases");
    served.assert_sound();
}

#[test]
fn openais_client_is_answered() {
    let served = served(chosen());
    let address = format!("http://{}/", served.address);
    let sound = recording().display().to_string();
    let Some(answers) = asked_by("transcriptions.py", &[&address, TOKEN, &sound]) else { return };
    let heard = hearing().succeed(&["translate", "hear", &sound]);
    let heard = heard.trim_end().rsplit('\t').next().expect("a word").to_owned();
    let seconds = answers["verbose"]["duration"].as_f64().expect("a duration");
    assert!((0.1..0.3).contains(&seconds), "{seconds}");
    let srt = hearing().succeed(&["translate", "hear", &sound, "--subtitles", "srt"]);
    assert!(srt.starts_with("1\n00:00:00,000 --> 00:00:00,"), "{srt}");
    let vtt = hearing().succeed(&["translate", "hear", &sound, "--subtitles", "vtt"]);
    for (name, expected) in [
        ("models", json!(["hear", "hear+run"])),
        ("json", json!(heard)),
        ("any", json!(heard)),
        ("sampled", json!(heard)),
        ("text", json!(format!("{heard}\n"))),
        ("srt", json!(srt)),
        ("vtt", json!(vtt)),
        ("chain", json!(translation(&heard))),
        ("translation", json!(heard)),
    ] {
        assert_eq!(answers[name], expected, "{name}");
    }
    let verbose = &answers["verbose"];
    assert_eq!((&verbose["text"], &verbose["language"]), (&json!(heard), &json!("english")));
    let segment = &verbose["segments"][0];
    assert_eq!(
        (&segment["start"], &segment["end"], &segment["text"]),
        (&json!(0.0), &verbose["duration"], &json!(heard))
    );
    for (name, class, status, words) in [
        ("no_model", "NotFoundError", 404, "the model 'nobody' does not exist; there are: hear, hear+run"),
        ("words", "BadRequestError", 400, "the times of words are not known"),
        ("no_sound", "BadRequestError", 400, "given.wav"),
        ("no_token", "AuthenticationError", 401, "asks for a token"),
        ("nowhere", "NotFoundError", 404, "there is nothing at this path"),
    ] {
        let answer = &answers[name];
        assert_eq!(
            (&answer["class"], &answer["status"]),
            (&json!(class), &json!(status)),
            "{name}: {answer}"
        );
        let said = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(said.contains(words), "{name}: {answer}");
        assert!(answer["error"]["type"].is_string(), "{name}: {answer}");
    }
}
