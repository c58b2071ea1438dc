//! The experiments that ship with the program: each is sound, and each trains a few steps on a slice of its data,
//! or on data of its shape.

mod made;

use std::path::{Path, PathBuf};

use crate::support::{Workshop, outside};

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs")
}

#[test]
fn every_experiment_is_sound() {
    let workshop = Workshop::new();
    let mut seen = 0;
    for entry in std::fs::read_dir(configs()).expect("the folder of experiments") {
        let path = entry.expect("an entry").path();
        let name = path.display().to_string();
        let said = workshop.succeed(&["check", &name, "--no-data"]);
        assert!(said.contains("no problem found"), "{name}: {said}");
        seen += 1;
    }
    assert!(seen > 15, "{seen} experiments");
}

/// An experiment that ships, the name of its schedule, its tasks, and further options that make it small. `MADE` stands for
/// the folder of data that the test makes.
type Small = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

/// Experiments whose data the program makes, or this test in the shape that the experiment names. Every medium is a source
/// and a target.
#[rustfmt::skip]
const MADE: [Small; 19] = [
    ("tokens", "linear", &["reverse"], &[]),
    ("frames", "cosine", &["turn"], &[]),
    ("quickstart", "linear", &["translate"], &[
        "tasks.translate.source.text.tokenizer.bpe.vocab=200", "tasks.translate.target.text.tokenizer.bpe.vocab=200",
    ]),
    ("quickstart-lstm", "linear", &["translate"], &[
        "tasks.translate.source.text.tokenizer.bpe.vocab=200", "tasks.translate.target.text.tokenizer.bpe.vocab=200",
    ]),
    ("quickstart-language-model", "cosine", &["write"], &["tasks.write.target.text.tokenizer.bpe.vocab=200"]),
    ("agreement", "linear", &["ask"], &["tasks.ask.source.text.tokenizer.words.vocab=60"]),
    ("agreement-lstm", "linear", &["ask"], &["tasks.ask.source.text.tokenizer.words.vocab=60"]),
    ("sweep", "constant", &["translate"], &[]),
    ("signs", "cosine",
        &["see", "hear", "feel", "draw", "sing", "pulse", "see-and-sing", "see-and-pulse", "hear-and-draw", "hear-and-pulse",
            "feel-and-draw", "feel-and-sing", "clean"],
        &[]),
    ("mnist", "cosine", &["read"], &["tasks.read.data.dataset=MADE/mnist.yaml"]),
    ("mnist-strings", "cosine", &["read"], &[
        "tasks.read.data.dataset=MADE/mnist.yaml", "tasks.read.data.join.samples=60", "tasks.read.data.join.test_samples=10",
    ]),
    ("mnist-denoise", "cosine", &["clean"], &["tasks.clean.data.dataset=MADE/mnist.yaml"]),
    ("words-to-mnist", "cosine", &["draw"], &["tasks.draw.data.dataset=MADE/mnist.yaml"]),
    ("fsdd", "cosine", &["hear"], &["tasks.hear.data.dataset=MADE/fsdd.yaml"]),
    ("fsdd-joined", "cosine", &["hear"], &[
        "tasks.hear.data.dataset=MADE/fsdd.yaml", "tasks.hear.data.join.samples=60", "tasks.hear.data.join.test_samples=10",
    ]),
    ("fsdd-to-mnist", "cosine", &["draw", "hear"], &[
        "tasks.draw.data.dataset=MADE/fsdd.yaml", "tasks.draw.data.pair.dataset=MADE/mnist.yaml",
        "tasks.hear.data.dataset=MADE/fsdd.yaml", "tasks.draw.data.pair.samples=60",
    ]),
    ("words-to-fsdd", "cosine", &["speak"], &["tasks.speak.data.dataset=MADE/fsdd.yaml"]),
    ("ssvep", "cosine", &["read"], &["tasks.read.data.dataset=MADE/ssvep-exo.yaml", "tasks.read.data.split.shares.validation=0.1"]),
    ("ssvep-strings", "cosine", &["read"], &[
        "tasks.read.data.dataset=MADE/ssvep-exo.yaml", "tasks.read.data.join.samples=60", "tasks.read.data.join.test_samples=10",
        "tasks.read.data.split.shares.validation=0.1",
    ]),
];

/// Those whose data comes from outside. The last trains each task of those above on real data.
#[rustfmt::skip]
const OUTSIDE: [Small; 11] = [
    ("multi30k-en-de", "linear", &["translate"], &["tasks.translate.source.text.tokenizer.bpe.vocab=200"]),
    ("multi30k-en-de-25-minutes", "linear", &["translate"], &["tasks.translate.source.text.tokenizer.bpe.vocab=200"]),
    ("multi30k-en-fr", "linear", &["translate"], &["tasks.translate.source.text.tokenizer.bpe.vocab=200"]),
    ("multi30k-en-de-lstm", "inverse_sqrt", &["translate"], &["tasks.translate.source.text.tokenizer.bpe.vocab=200"]),
    ("multi30k-de-language-model", "cosine", &["write"], &["tasks.write.target.text.tokenizer.bpe.vocab=200"]),
    ("bench-tiny", "inverse_sqrt", &["translate"], &["tasks.translate.source.text.tokenizer.bpe.vocab=200"]),
    ("bench-base", "inverse_sqrt", &["translate"], &[
        "tasks.translate.source.text.tokenizer.bpe.vocab=200", "model.transformer.d_model=64", "model.transformer.d_ff=64",
    ]),
    ("fraktur", "cosine", &["read"], &[]),
    ("emoji-artists", "cosine", &["redraw"], &[]),
    ("emoji-names", "cosine", &["name"], &["tasks.name.data.split.shares.validation=0.1"]),
    ("universal", "cosine",
        &["digits", "strings", "speech", "joined", "fraktur", "emoji", "artists", "brain", "draw", "hear-and-draw",
            "clean", "speak", "fold", "translate"],
        &["tasks.strings.data.join.samples=60", "tasks.strings.data.join.test_samples=10", "tasks.joined.data.join.samples=60",
            "tasks.joined.data.join.test_samples=10", "tasks.hear-and-draw.data.pair.samples=60",
            "tasks.translate.source.text.tokenizer.bpe.vocab=200"]),
];

/// Trains three steps of the file that ships, on a slice of the data below a root.
fn train((name, schedule, tasks, options): Small, workshop: &Workshop, root: &Path) {
    let config = configs().join(format!("{name}.yaml")).display().to_string();
    let mut command = workshop.command(&["train", &config, "--run", name, "--json"]);
    command.env("ANY2ANY_DATA", root);
    let slice = ["train=60", "validation=8", "test=8"];
    let slices = tasks.iter().flat_map(|task| slice.map(|part| format!("tasks.{task}.data.limit.{part}")));
    let training =
        ["steps=3".to_owned(), "batch.tokens=1500".to_owned(), format!("schedule.{schedule}.warmup=1")];
    let training = training.iter().map(|option| format!("training.{option}"));
    let evaluation = ["every=3", "show=0", "decode_at_most=1"].map(|option| format!("evaluation.{option}"));
    let options = options.iter().map(|option| option.replace("MADE", &root.display().to_string()));
    for option in slices.chain(training).chain(evaluation).chain(options) {
        command.args(["--set", &option]);
    }
    let output = command.output().expect("the binary runs");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let evaluated = report["tasks"].as_array().expect("tasks");
    assert_eq!(evaluated.len(), tasks.len(), "{name}: {report}");
    for task in evaluated {
        let loss = task["teacher_forced"]["loss"].as_f64().expect("a loss");
        assert!(loss.is_finite(), "{name}: {report}");
    }
}

#[test]
fn every_medium_trains_on_data_that_is_made_here() {
    let workshop = Workshop::new();
    let root = workshop.path("data");
    made::fill(&root);
    for small in MADE {
        train(small, &workshop, &root);
    }
}

#[test]
fn what_needs_real_data_trains_on_a_slice_of_it() {
    let Some(root) = outside::folder("ANY2ANY_DATA", "") else { return };
    let workshop = Workshop::new();
    for small in OUTSIDE {
        train(small, &workshop, &root);
    }
}

#[test]
fn no_experiment_is_forgotten() {
    let mut tried: Vec<&str> = MADE.iter().chain(&OUTSIDE).map(|small| small.0).collect();
    tried.sort_unstable();
    let mut there: Vec<String> = std::fs::read_dir(configs())
        .expect("the folder of experiments")
        .map(|entry| {
            entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned()
        })
        .collect();
    there.sort_unstable();
    assert_eq!(tried, there, "an experiment that ships is trained by a test");
}

/// A test that lacks its data stands in the list once, however often it asks, and beside those of other programs.
#[test]
fn tests_without_data_are_counted_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let list = folder.path().join("list");
    for (test, what) in [("ba::one", "DATA"), ("a::one", "DATA"), ("a::one", "DATA"), ("a::on", "DATA")] {
        outside::note(&list, test, what);
    }
    let said = std::fs::read_to_string(&list).expect("a list");
    assert_eq!(said, "ba::one (DATA)\na::one (DATA)\na::on (DATA)\n");
    let missing = folder.path().join("no folder").join("list");
    outside::note(&missing, "a::one", "DATA");
    assert!(!missing.exists(), "a list that cannot be written fails no test");
}
