//! Runs: the resolved experiment, checkpoints, logs and sweeps, each broken within an otherwise whole run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use any2any_adapter::{Cancellation, Value};
use any2any_data::DataRoot;
use any2any_experiment::load_str;
use any2any_run::{Checkpoint, Existing, RunFolder, count_weights, read_finite_weights};
use any2any_train::{Resuming, Trainer, prepare};
use any2any_translate::Translator;

use crate::experiments::{EXPERIMENT, data, media};
use crate::{Target, requests, scratch, tokens};

/// The files of a run that are broken, by the names of their targets.
const STEP: &str = "checkpoints/step-2";
/// Placeholder in seeds for the folder of the run, whose name is another in every process.
const PLACE: &str = "/PLACE";

pub(crate) fn targets() -> Vec<Target> {
    vec![
        Target::new("run_resolved", tokens::YAML, || seed("resolved.yaml"), resolved),
        Target::new("run_state", tokens::JSON, || seed("state.json"), |bytes| goes_on("state.json", bytes)),
        Target::new("run_model", tokens::WEIGHTS, || seed("model.safetensors"), model),
        Target::new(
            "run_optimizer",
            tokens::WEIGHTS,
            || seed("optimizer.safetensors"),
            |bytes| goes_on("optimizer.safetensors", bytes),
        ),
        Target::new(
            "run_checksums",
            &["  state.json\n"],
            || seed("checksums.sha256"),
            |bytes| goes_on("checksums.sha256", bytes),
        ),
        Target::new("run_pointer", &["step-", "../", "best", "/etc"], || vec![b"step-2\n".to_vec()], pointer),
        Target::new("run_shortlist", &["\u{8}", "\u{0}\u{0}\u{0}\u{0}"], || vec![shortlist_of()], shortlist),
        Target::new("run_log", tokens::JSON, || vec![LOG.into()], log),
        Target::new("run_sweep", tokens::JSON, || vec![SWEEP.into()], sweep),
        Target::new("run_scores", tokens::JSON, || vec![SCORES.into()], scores),
    ]
}

const SCORES: &str = "[{\"task\":\"translate\",\"decoded\":[{\"name\":\"chrf\",\"value\":41.5,\"signature\":\"case:mixed\"}]}]";
const LOG: &str = "{\"kind\":\"train\",\"step\":1,\"loss\":2.5,\"learning_rate\":0.001}\n\
    {\"kind\":\"validation\",\"step\":2,\"task\":\"translate\",\"decoded\":{\"bleu\":1.5}}\n";
const SWEEP: &str = "{\"name\":\"small\",\"config\":\"small.yaml\",\"overrides\":[],\"steps\":2,\"points\":[1,2],\"axes\":\
    [{\"option\":\"seed\",\"scale\":\"list\",\"values\":[1,2]}],\"cells\":[\n{\"at\":[0],\"first_loss\":2.5,\"loss\":2.0,\
    \"steps\":2,\"halved\":null,\"diverged\":null,\"converged\":true,\"measure\":-1.8,\"losses\":[2.5,2.0]}],\
    \"experiment\":\"name: small\\n\"}";

/// A run of this process, and its files as they were written.
pub(crate) struct Run {
    pub(crate) folder: RunFolder,
    files: BTreeMap<&'static str, Vec<u8>>,
}

/// The run of this process, trained when it is asked for first.
pub(crate) fn run() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| {
        let place = data();
        let document = load_str("small.yaml", EXPERIMENT, &place, &[], &media()).expect("an experiment");
        let prepared = prepare(&document, &media(), &DataRoot::at(&place)).expect("small data");
        let folder = RunFolder::new(scratch::path("run"));
        let trainer = Trainer::start(prepared, folder.clone(), Existing::SetAside).expect("a new run");
        trainer.train(&mut ()).expect("two steps");
        let step = folder.path().join(STEP);
        let mut files = BTreeMap::new();
        for name in ["state.json", "model.safetensors", "optimizer.safetensors", "checksums.sha256"] {
            files.insert(name, std::fs::read(step.join(name)).expect("a checkpoint"));
        }
        // Time is another whenever it is measured.
        let mut state: serde_json::Value = serde_json::from_slice(&files["state.json"]).expect("JSON");
        state["seconds"] = 1.5.into();
        files.insert("state.json", state.to_string().replace(&shown(scratch::path("")), PLACE).into());
        let resolved = std::fs::read_to_string(folder.path().join("resolved.yaml")).expect("a run");
        files.insert("resolved.yaml", resolved.replace(&shown(scratch::path("")), PLACE).into());
        // Broken files shall be read in spite of wrong checksums.
        std::fs::remove_file(step.join("checksums.sha256")).expect("it was there");
        Run { folder, files }
    })
}

fn shown(path: impl AsRef<Path>) -> String {
    path.as_ref().display().to_string().trim_end_matches('/').to_owned()
}

fn seed(name: &str) -> Vec<Vec<u8>> {
    vec![run().files[name].clone()]
}

/// Bytes in which the folder of this process stands in its place again.
fn placed(bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.replace(PLACE, &shown(scratch::path(""))).into_bytes(),
        Err(_) => bytes.to_vec(),
    }
}

/// True if a run with this resolved experiment can be described and translates.
fn resolved(bytes: &[u8]) -> bool {
    let run = &run().folder;
    std::fs::write(run.path().join("resolved.yaml"), placed(bytes)).expect("written");
    let Ok(document) = run.experiment(&media()) else { return false };
    if let Ok(adapters) = run.adapters(&document.experiment, &media()) {
        std::hint::black_box(run.architecture(&document.experiment, &adapters).is_ok());
    }
    translates()
}

/// True if the run loads; it then translates as its experiment says, or returns an error.
fn translates() -> bool {
    let Ok(translator) = Translator::load(&run().folder, "best", &media()) else { return false };
    // Long outputs may be asked for; work on them ends when nobody waits any more.
    let cancellation = Cancellation::new();
    let given_up = cancellation.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        given_up.cancel();
    });
    let translator = translator.until(cancellation).up_to_positions(64);
    let Ok(task) = translator.task(None) else { return false };
    let _ = translator.translate(task, &[Value::from("a dog")], task.decoding(), None);
    true
}

/// True if a training goes on from a checkpoint with this file.
fn goes_on(name: &str, bytes: &[u8]) -> bool {
    let run = &run().folder;
    let step = run.path().join(STEP);
    std::fs::write(step.join(name), placed(bytes)).expect("written");
    let loads = Checkpoint::load(&step).is_ok();
    let root = DataRoot::at(scratch::path("small"));
    let resumed =
        Trainer::resume(run.clone(), &media(), &root, Resuming { steps: Some(4), ..Resuming::default() });
    assert!(loads || resumed.is_err(), "a broken checkpoint is gone on from");
    loads
}

/// True if a file of weights is read, alone and as the model of the run.
fn model(bytes: &[u8]) -> bool {
    let path = run().folder.path().join(STEP).join("model.safetensors");
    std::fs::write(&path, bytes).expect("written");
    let read = read_finite_weights(&path);
    std::hint::black_box(count_weights(&path).is_ok());
    translates();
    read.is_ok()
}

/// A list of one token for each of three source tokens.
fn shortlist_of() -> Vec<u8> {
    let head: [u64; 6] = [0xF11A_48D5_0134_17F5, 0, 4, 1, 4, 3];
    let offsets = [0_u64, 1, 2, 3];
    let eights = head.iter().chain(&offsets).flat_map(|number| number.to_le_bytes());
    eights.chain([1_u32, 2, 3].iter().flat_map(|token| token.to_le_bytes())).collect()
}

/// True if the run loads with a shortlist of these bytes.
fn shortlist(bytes: &[u8]) -> bool {
    let path = run().folder.shortlist_file("translate");
    std::fs::create_dir_all(path.parent().expect("in the run")).expect("made");
    std::fs::write(path, bytes).expect("written");
    translates()
}

fn pointer(bytes: &[u8]) -> bool {
    let run = &run().folder;
    std::fs::write(run.path().join("checkpoints/best"), bytes).expect("written");
    let Ok(folder) = run.checkpoints().resolve("best") else { return false };
    assert_eq!(folder.parent(), Some(&*run.path().join("checkpoints")), "it leads out of the run");
    true
}

/// True if a server answers about a training with this log.
fn log(bytes: &[u8]) -> bool {
    std::fs::write(run().folder.metrics(), bytes).expect("written");
    requests::answers("/api/training") & requests::answers("/api/training?from=1")
}

fn scores(bytes: &[u8]) -> bool {
    scratch::write("scores/scores.json", bytes);
    RunFolder::new(scratch::path("scores")).scores().is_ok_and(|scores| scores.is_some())
}

fn sweep(bytes: &[u8]) -> bool {
    scratch::write("sweep/sweep.json", bytes);
    any2any_run::sweep::read(&scratch::path("sweep")).is_ok_and(|sweep| sweep.is_some())
}
