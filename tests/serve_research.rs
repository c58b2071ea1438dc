//! Experiments on layers and samples, over a real connection: the numbers are those of the library.

use any2any_adapter::Value as Medium;
use any2any_inspect::{
    Ablations, Array, AttentionChange, AttentionEdit, AttentionKind, Explained, Inspector, Method, Other,
    Place, ReadSource, StackKind, nearest,
};
use any2any_run::RunFolder;
use any2any_server::{Limits, protocol};
use any2any_translate::Translator;
use serde_json::{Value, json};

use crate::support::served::{SENTENCE, Served, workshop};

const OTHER: &str = "the cat eats the fish .";

struct Loaded {
    translator: Translator,
    source: ReadSource,
    tokens: Vec<u32>,
}

impl Loaded {
    fn new(served: &Served) -> Self {
        let run = RunFolder::new(workshop().path("run"));
        let translator = Translator::load(&run, "best", &any2any_cli::media()).expect("a run");
        let task = translator.task(None).expect("there is one");
        let source = ReadSource::of(task, &Medium::from(SENTENCE)).expect("a text");
        let written = served.ask("/api/translate", &json!({ "source": { "text": SENTENCE } }));
        let tokens = serde_json::from_value(written["outputs"][0][0]["tokens"].clone()).expect("tokens");
        Self { translator, source, tokens }
    }

    /// A request about the sentence and its translation.
    fn body(&self, more: Value) -> Value {
        let mut body = json!({ "source": { "text": SENTENCE }, "tokens": self.tokens });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    }
}

fn same(answer: &Value, array: &Array, what: &str) {
    let floats: protocol::Floats = serde_json::from_value(answer.clone()).expect("numbers");
    assert_eq!(floats.shape, array.shape, "{what}");
    assert_eq!(floats.values(), array.values, "{what}");
}

fn numbers(values: &Value) -> Vec<f32> {
    serde_json::from_value(values.clone()).expect("numbers")
}

fn edit() -> (Value, AttentionEdit) {
    let place = Place { stack: StackKind::Decoder, layer: 0, kind: AttentionKind::CrossAttention };
    let change = AttentionChange::Row { query: 1, weights: vec![0.0, 0.25, 0.75] };
    let asked = json!({ "stack": "decoder", "kind": "cross", "layer": 0, "head": 1,
        "change": { "row": { "query": 1, "weights": [0.0, 0.25, 0.75] } } });
    (asked, AttentionEdit { place, head: 1, change })
}

#[test]
fn edited_attention_is_that_of_the_library() {
    let served = Served::new(Limits::default());
    let loaded = Loaded::new(&served);
    let task = loaded.translator.task(None).expect("one");
    let inspector = Inspector::new(&loaded.translator);
    let (asked, edit) = edit();
    let silence =
        json!({ "stack": "encoder", "kind": "self", "layer": 0, "head": 0, "change": { "silence": 2 } });
    let place = Place { stack: StackKind::Encoder, layer: 0, kind: AttentionKind::SelfAttention };
    let silenced = AttentionEdit { place, head: 0, change: AttentionChange::Silence { key: 2 } };
    let ablations = Ablations { edited: vec![edit, silenced], ..Ablations::default() };
    let answer = served.ask("/api/look", &loaded.body(json!({ "edited": [asked, silence] })));
    let look = inspector.look(task, Some(&loaded.source), &loaded.tokens, &ablations).expect("a look");
    same(&answer["logits"], look.logits.as_ref().expect("tokens have logits"), "logits");
    let whole = inspector.look(task, Some(&loaded.source), &loaded.tokens, &Ablations::default());
    assert_ne!(whole.expect("a look").logits, look.logits, "the edit changes something");

    let contrast = (loaded.tokens[1] + 1) % 30;
    let explained = Explained { position: 1, token: None, contrast: Some(contrast) };
    let found = inspector.attribution(
        task,
        Some(&loaded.source),
        &loaded.tokens,
        (explained, Method::IntegratedGradients),
        &ablations,
    );
    let found = found.expect("an attribution");
    let more = json!({ "position": 1, "contrast": contrast, "method": "integrated_gradients",
        "edited": [asked, silence] });
    let answer = served.ask("/api/attribution", &loaded.body(more));
    assert_eq!(
        (numbers(&answer["source"]), numbers(&answer["target"])),
        (found.source, found.target),
        "why this word and not that one"
    );
    let integral = found.integral.expect("an integral");
    assert_eq!(answer["integral"]["steps"], json!(integral.steps));
    assert_eq!(answer["integral"]["missing"].as_f64().map(|missing| missing as f32), Some(integral.missing));
}

#[test]
fn the_lens_is_that_of_the_library() {
    let served = Served::new(Limits::default());
    let loaded = Loaded::new(&served);
    let task = loaded.translator.task(None).expect("one");
    let ablations = Ablations { masked: vec![1], ..Ablations::default() };
    let answer = served.ask("/api/lens", &loaded.body(json!({ "count": 2, "masked": [1] })));
    let lens = Inspector::new(&loaded.translator)
        .lens(task, Some(&loaded.source), &loaded.tokens, 2, &ablations)
        .expect("a lens");
    for (name, array) in [
        ("log_probability", &lens.log_probability),
        ("rank", &lens.rank),
        ("entropy", &lens.entropy),
        ("divergence", &lens.divergence),
    ] {
        same(&answer[name], array, name);
    }
    let first = &answer["likeliest"][0][0];
    assert_eq!(first.as_array().map(Vec::len), Some(2));
    assert_eq!(first[0]["token"], json!(lens.likeliest[0][0][0].token));
    assert_eq!(first[0]["label"], json!(task.target().show(lens.likeliest[0][0][0].token)));
}

#[test]
fn patches_are_those_of_the_library() {
    let served = Served::new(Limits::default());
    let loaded = Loaded::new(&served);
    let task = loaded.translator.task(None).expect("one");
    let other = ReadSource::of(task, &Medium::from(OTHER)).expect("a text");
    let refused =
        served.post("/api/patching", &loaded.body(json!({ "position": 2, "stack": "encoder" }))).json();
    assert_eq!(refused["error"]["code"], json!("no_other"));
    for (name, stack) in [("encoder", StackKind::Encoder), ("decoder", StackKind::Decoder)] {
        let more = json!({ "position": 2, "stack": name, "groups": 3, "other": { "text": OTHER } });
        let answer = served.ask("/api/patching", &loaded.body(more));
        let explained = Explained { position: 2, ..Explained::default() };
        let found = Inspector::new(&loaded.translator)
            .patch_effects(
                task,
                (Some(&loaded.source), &loaded.tokens, explained),
                Other { source: Some(&other), tokens: &loaded.tokens[..2] },
                (stack, 3),
                &Ablations::default(),
            )
            .expect("effects");
        same(&answer["effect"], &found.effect, name);
        assert_eq!(numbers(&answer["whole"]), found.whole, "{name}");
        assert_eq!(answer["positions"], json!(found.positions), "{name}");
        let value = |name: &str| answer[name].as_f64().map(|value| value as f32);
        assert_eq!((value("base"), value("other")), (Some(found.base), Some(found.other)), "{name}");
    }
}

#[test]
fn neighbours_are_those_of_the_library() {
    let served = Served::new(Limits::default());
    let loaded = Loaded::new(&served);
    let task = loaded.translator.task(None).expect("one");
    let inspector = Inspector::new(&loaded.translator);
    let given = (Some(&loaded.source), &loaded.tokens[..]);
    let state = inspector.states(task, given, StackKind::Encoder, &Ablations::default()).expect("states");
    let lines: Vec<String> = workshop().read("train.en").lines().take(20).map(str::to_owned).collect();
    let inputs: Vec<Array> = lines
        .iter()
        .map(|line| {
            let source = ReadSource::of(task, &Medium::from(line.as_str())).expect("a text");
            inspector.states(task, (Some(&source), &[]), StackKind::Encoder, &Ablations::default())
        })
        .collect::<Result<_, _>>()
        .expect("states");
    let expected = nearest(state.row(1), &inputs, 4);
    let more = json!({ "stack": "encoder", "position": 1, "samples": 20, "count": 4 });
    for _ in 0..2 {
        let answer = served.ask("/api/neighbours", &loaded.body(more.clone()));
        assert_eq!(answer["next"], json!(20));
        let found: Vec<_> = answer["neighbours"].as_array().expect("a list").iter().collect();
        assert_eq!(found.len(), expected.len());
        for (found, near) in found.iter().zip(&expected) {
            assert_eq!((&found["sample"], &found["position"]), (&json!(near.input), &json!(near.position)));
            assert_eq!(found["similarity"].as_f64().map(|value| value as f32), Some(near.similarity));
        }
    }
    let more = json!({ "stack": "encoder", "position": 99 });
    let refused = served.post("/api/neighbours", &loaded.body(more)).json();
    assert!(refused["error"]["message"].as_str().is_some_and(|said| said.contains("no position 99")));
}

#[test]
fn samples_are_assessed_by_their_scores_and_outputs() {
    let served = Served::new(Limits::default());
    let loaded = Loaded::new(&served);
    let mut found = Vec::new();
    let mut from = json!(0);
    while !from.is_null() {
        let answer = served.get(&format!("/api/assessments?split=test&count=30&from={from}")).json();
        found.extend(answer["samples"].as_array().expect("a list").clone());
        from = answer["next"].clone();
    }
    let (sources, targets) = (workshop().read("test.en"), workshop().read("test.de"));
    assert_eq!(found.len(), sources.lines().count());
    for (number, (source, target)) in sources.lines().zip(targets.lines()).enumerate().take(12) {
        let sample = &found[number];
        assert_eq!((&sample["source"], &sample["reference"]), (&json!(source), &json!(target)));
        let scored =
            served.ask("/api/score", &json!({ "source": { "text": source }, "target": { "text": target } }));
        let of_each = -scored["log_probability"].as_f64().expect("a number")
            / scored["tokens"].as_f64().expect("a number");
        assert!((sample["loss"].as_f64().expect("a number") - of_each).abs() < 1e-4, "{sample}");
        assert_eq!(sample["tokens"], scored["tokens"]);
        let written = served.ask("/api/translate", &json!({ "source": { "text": source } }));
        assert_eq!(sample["output"], written["outputs"][0][0]["view"]["text"]);
        let is_right = sample["output"] == sample["reference"];
        assert_eq!(sample["error"].as_f64() == Some(0.0), is_right, "{sample}");
    }
    assert!(loaded.tokens.len() > 2);
}
