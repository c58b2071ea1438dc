//! The server over real connections: its answers are those of the library and of the command.

use std::process::Command;

use any2any_adapter::Value as Medium;
use any2any_experiment::spec::Beam;
use any2any_inspect::{Ablations, Array, Explained, Inspector, Method, ReadSource};
use any2any_run::RunFolder;
use any2any_server::{Limits, Options, protocol};
use any2any_translate::Translator;
use serde_json::{Value, json};

use crate::support::Workshop;
use crate::support::served::{SENTENCE, Served, options, workshop};

fn translator() -> Translator {
    let run = RunFolder::new(workshop().path("run"));
    Translator::load(&run, "best", &any2any_cli::media()).expect("a run")
}

/// The numbers of an array in an answer, which must have the shape that the library says.
fn same(answer: &Value, array: &Array, what: &str) {
    let floats: protocol::Floats = serde_json::from_value(answer.clone()).expect("numbers");
    assert_eq!(floats.shape, array.shape, "{what}");
    assert_eq!(floats.values(), array.values, "{what}");
}

#[test]
fn what_there_is_is_told() {
    let served = Served::new(Limits::default());
    let runs = served.get("/api/runs").json();
    let model = &runs[0]["model"];
    for (pointer, expected) in [
        ("/0/name", json!("small")),
        ("/0/folder", json!("run")),
        ("/0/training", json!(true)),
        ("/0/model/body", json!("transformer")),
        ("/0/model/heads", json!(4)),
        ("/0/model/norm", json!("pre")),
        ("/0/model/positions", json!("sinusoidal")),
        ("/0/model/checkpoints/1/name", json!("step-120")),
        ("/0/model/checkpoints/1/last", json!(true)),
        ("/0/model/tasks/0/name", json!("translate")),
        ("/0/model/tasks/0/source/extensions", json!(["txt"])),
        ("/0/model/tasks/0/target/kind", json!("text")),
        ("/0/model/tasks/0/decoding/beam/size", json!(3)),
        ("/0/model/tasks/0/splits", json!(["train", "validation", "test"])),
    ] {
        assert_eq!(runs.pointer(pointer), Some(&expected), "{pointer} of {runs}");
    }
    let described = workshop().json(&["describe", "run", "--json"]);
    assert_eq!(model["parameters"], described["parameters"]);

    let vocabulary = served.get("/api/vocabulary?run=0&task=0").json();
    let tokens = vocabulary["tokens"].as_array().expect("tokens");
    assert_eq!(tokens.len() as u64, model["tasks"][0]["target"]["vocabulary"].as_u64().expect("a number"));
    assert!(vocabulary["forbidden"].as_array().expect("tokens").contains(&vocabulary["begin"]));

    let samples = served.get("/api/samples?split=test&from=38&count=5").json();
    let (sources, targets) = (workshop().read("test.en"), workshop().read("test.de"));
    let lines: Vec<Value> = (38..40)
        .map(|number| {
            let line = |text: &str| text.lines().nth(number).expect("40 lines").to_owned();
            json!({ "number": number, "source": { "text": line(&sources) }, "target": { "text": line(&targets) } })
        })
        .collect();
    assert_eq!(samples, json!({ "total": 40, "samples": lines }));

    let openapi = served.get("/openapi.json").json();
    assert_eq!(openapi["openapi"], "3.1.0");
    for path in openapi["paths"].as_object().expect("paths").keys() {
        let status = served.get(path).status;
        assert!([200, 400, 404, 405].contains(&status), "{path}: {status}");
    }
    let health = served.get("/health").json();
    assert_eq!(health["status"], "ok");
    served.assert_sound();
}

/// Outputs that cannot be written are refused in words, and words that cannot be read are named beside the answer.
/// Between a training's new checkpoint and the names that point to it, the newest that is there answers.
#[test]
fn a_run_without_a_last_checkpoint_answers_with_its_newest() {
    let own = Workshop::new();
    let (from, to) = (workshop().path("run"), own.path("run"));
    let copied = Command::new("cp").arg("-r").args([&from, &to]).status().expect("cp runs");
    assert!(copied.success());
    for name in ["best", "last"] {
        std::fs::remove_file(to.join("checkpoints").join(name)).expect("it was there");
    }
    let served = Served::with(Options { runs: vec![to], ..options() });
    let ask = |checkpoint: &str| {
        let body = json!({ "run": 0, "checkpoint": checkpoint, "task": 0, "source": { "text": SENTENCE } });
        served.ask("/api/translate", &body)
    };
    assert_eq!(ask("last"), ask("step-120"));
    assert_eq!(ask("best"), ask("step-120"));
}

#[test]
fn lengths_prefixes_and_unknown_words() {
    let served = Served::new(Limits::default());
    let source = json!({ "text": SENTENCE });
    for (more, code, words) in [
        (
            json!({ "decoding": { "min_length": 10, "max_length": 5 } }),
            "decoding",
            "at least 10 and at most 5",
        ),
        (json!({ "decoding": { "max_length": 0 } }), "decoding", "at least 1"),
        (json!({ "prefix": "der ßQ" }), "prefix", "'ß"),
    ] {
        let mut body = json!({ "source": source });
        body.as_object_mut().expect("a body").extend(more.as_object().expect("options").clone());
        let answer = served.post("/api/translate", &body);
        let problem = answer.json();
        assert_eq!((answer.status, &problem["error"]["code"]), (400, &json!(code)), "{body}: {problem}");
        assert!(problem["error"]["message"].as_str().is_some_and(|said| said.contains(words)), "{problem}");
    }
    let one = served.ask("/api/translate", &json!({ "source": source }));
    assert_eq!((&one["unknown"], &one["warnings"]), (&json!([[]]), &json!([[]])));
    let two = served.ask("/api/translate", &json!({ "sources": [source, source] }));
    assert_eq!(two["unknown"], json!([[], []]));
    let look = served.ask("/api/look", &json!({ "source": source }));
    let positions = look["source"]["positions"].as_array().expect("positions").len();
    assert_eq!(look["longest"], json!(2 * positions + 20));
    assert_eq!(look["source"]["unknown"], json!([]));
    served.assert_sound();
}

#[test]
fn translations_are_those_of_the_command() {
    let served = Served::new(Limits::default());
    let sources = workshop().read("test.en");
    let lines: Vec<&str> = sources.lines().take(7).collect();
    for (decoding, options) in [
        (json!({}), &[][..]),
        (json!({ "greedy": {} }), &["--greedy"]),
        (json!({ "beam": { "size": 4, "n_best": 2 } }), &["--beam", "4", "--n-best", "2"]),
        (json!({ "sampling": { "temperature": 1.5, "seed": 3 } }), &["--temperature", "1.5", "--seed", "3"]),
        (json!({ "greedy": {}, "max_length": 3 }), &["--greedy", "--max-length", "3"]),
    ] {
        let mut command = vec!["translate", "run", "--json"];
        command.extend(options);
        // A draw depends on a line's number in its batch, and a pipe decides which lines come in one batch.
        let count = if decoding["sampling"].is_object() { 1 } else { lines.len() };
        let text = lines[..count].join("\n") + "\n";
        let written: Value = serde_json::from_str(&workshop().pipe(&command, &text)).expect("JSON");
        let given: Vec<Value> = lines[..count].iter().map(|line| json!({ "text": line })).collect();
        let answer = served.ask("/api/translate", &json!({ "sources": given, "decoding": decoding }));
        for (number, translation) in
            written["translations"].as_array().expect("translations").iter().enumerate()
        {
            let outputs = translation["outputs"].as_array().expect("outputs");
            assert_eq!(answer["outputs"][number].as_array().map(Vec::len), Some(outputs.len()));
            for (rank, output) in outputs.iter().enumerate() {
                let answered = &answer["outputs"][number][rank];
                assert_eq!(answered["view"]["text"], output["text"]);
                assert_eq!(answered["labels"], output["tokens"]);
                let difference = answered["log_probability"].as_f64().expect("a number")
                    - output["log_probability"].as_f64().expect("a number");
                assert!(difference.abs() < 1e-4, "{answered} and {output}");
            }
        }
    }
    // A sample is what it holds, and a file what is in it.
    let by_text = served.ask("/api/translate", &json!({ "source": { "text": lines[3] } }));
    let by_sample =
        served.ask("/api/translate", &json!({ "source": { "sample": { "split": "test", "number": 3 } } }));
    let content =
        serde_json::to_value(protocol::Bytes(format!("{}\n", lines[3]).into_bytes())).expect("base64");
    let by_file = json!({ "source": { "file": { "name": "../../a.txt", "content": content } } });
    assert_eq!(by_text, by_sample);
    assert_eq!(by_text, served.ask("/api/translate", &by_file));
    // Forced tokens come first.
    let tokens = by_text["outputs"][0][0]["tokens"].as_array().expect("tokens")[..2].to_vec();
    let forced = served.ask("/api/translate", &json!({ "source": { "text": SENTENCE }, "prefix": tokens }));
    assert_eq!(forced["outputs"][0][0]["tokens"].as_array().expect("tokens")[..2], tokens[..]);
    // A text that is forced is the beginning of the text that is written.
    let text = by_text["outputs"][0][0]["view"]["text"].as_str().expect("a text");
    let beginning = text.split_inclusive(' ').take(2).collect::<String>();
    let asked = json!({ "source": { "text": SENTENCE }, "prefix": beginning.trim_end() });
    let forced = served.ask("/api/translate", &asked);
    let written = forced["outputs"][0][0]["view"]["text"].as_str().expect("a text");
    assert!(written.starts_with(beginning.trim_end()), "{written:?} begins with {beginning:?}");
}

#[test]
fn a_stream_tells_the_tokens_of_the_translation() {
    let served = Served::new(Limits::default());
    for decoding in [json!({ "greedy": {} }), json!({ "sampling": { "seed": 5 } })] {
        let body = json!({ "source": { "text": SENTENCE }, "decoding": decoding });
        let whole = served.ask("/api/translate", &body);
        let mut streamed = body.clone();
        streamed["stream"] = json!(true);
        let answer = served.post("/api/translate", &streamed);
        assert!(answer.head.contains("application/x-ndjson"), "{}", answer.head);
        let lines: Vec<Value> = answer
            .body
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(Value::is_object)
            .collect();
        let (done, tokens) = lines.split_last().expect("lines");
        assert_eq!(done["done"], whole["outputs"][0][0]);
        let told: Vec<&Value> = tokens.iter().map(|line| &line["token"]).collect();
        let written: Vec<&Value> =
            whole["outputs"][0][0]["tokens"].as_array().expect("tokens").iter().collect();
        assert_eq!(told, written);
    }
    // Where nothing is said the run searches with a beam, which chooses nothing before its end.
    let greedy = json!({ "source": { "text": SENTENCE }, "decoding": { "greedy": {} } });
    let greedy = &served.ask("/api/translate", &greedy)["outputs"][0][0];
    let answer = served.post("/api/translate", &json!({ "source": { "text": SENTENCE }, "stream": true }));
    let mut lines = answer.body.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let last = lines.rfind(Value::is_object).expect("lines");
    assert_eq!(&last["done"], greedy);
    let beam =
        json!({ "source": { "text": SENTENCE }, "stream": true, "decoding": { "beam": { "size": 2 } } });
    assert_eq!(served.post("/api/translate", &beam).status, 400);
}

#[test]
fn analyses_are_those_of_the_library() {
    let served = Served::new(Limits::default());
    let translator = translator();
    let task = translator.task(None).expect("there is one");
    let given = Medium::from(SENTENCE);
    let source = ReadSource::of(task, &given).expect("a text");
    let written = served.ask("/api/translate", &json!({ "source": { "text": SENTENCE } }));
    let tokens: Vec<u32> =
        serde_json::from_value(written["outputs"][0][0]["tokens"].clone()).expect("token numbers");
    let body = |more: Value| {
        let mut body = json!({ "source": { "text": SENTENCE }, "tokens": tokens });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };

    for (more, masked, ablated) in [
        (json!({}), vec![], false),
        (json!({ "masked": [1] }), vec![1], false),
        (
            json!({ "ablated": [{ "stack": "decoder", "kind": "cross", "layer": 0, "head": 2 }] }),
            vec![],
            true,
        ),
    ] {
        let answer = served.ask("/api/look", &body(more.clone()));
        let place = any2any_inspect::Place {
            stack: any2any_inspect::StackKind::Decoder,
            layer: 0,
            kind: any2any_inspect::AttentionKind::CrossAttention,
        };
        let ablated = if ablated { vec![(place, 2)] } else { vec![] };
        let ablations = Ablations { masked, ablated, ..Ablations::default() };
        let look =
            Inspector::new(&translator).look(task, Some(&source), &tokens, &ablations).expect("a look");
        same(&answer["logits"], look.logits.as_ref().expect("tokens have logits"), "logits");
        assert_eq!(answer["attention"].as_array().map(Vec::len), Some(look.attention.len()));
        for (number, attention) in look.attention.iter().enumerate() {
            same(
                &answer["attention"][number]["weights"],
                &attention.weights,
                &format!("{:?}", attention.place),
            );
        }
        assert_eq!(answer["source"]["positions"].as_array().map(Vec::len), Some(source.positions.len()));
        for (number, position) in look.target.positions.iter().enumerate() {
            let answered = &answer["target"]["positions"][number];
            assert_eq!(answered["label"], json!(position.label));
            assert_eq!(
                answered["log_probability"].as_f64().map(|value| value as f32),
                position.log_probability
            );
        }
    }

    let target = &written["outputs"][0][0]["view"]["text"];
    let scored =
        served.ask("/api/score", &json!({ "source": { "text": SENTENCE }, "target": { "text": target } }));
    let target = Medium::from(target.as_str().expect("a text"));
    let score = &translator.score(task, Some(std::slice::from_ref(&given)), &[target]).expect("a score")[0];
    let shown = serde_json::to_string(score).expect("plain data");
    assert_eq!(scored, serde_json::from_str::<Value>(&shown).expect("as it was written"));

    let next = served
        .ask("/api/next", &json!({ "source": { "text": SENTENCE }, "prefix": tokens[..2], "count": 3 }));
    let expected = translator.next_of_tokens(task, Some(&source.sequence), &tokens[..2], 3).expect("tokens");
    for (number, token) in expected.iter().enumerate() {
        assert_eq!(next["tokens"][number]["label"], json!(token.token));
        assert_eq!(
            next["tokens"][number]["probability"].as_f64().map(|value| value as f32),
            Some(token.probability)
        );
    }

    let beam = Beam { size: 2, ..Beam::default() };
    let tree =
        Inspector::new(&translator).beam_trace(task, Some(&source.sequence), &beam, &[]).expect("a tree");
    let answer = served.ask("/api/beam", &json!({ "source": { "text": SENTENCE }, "size": 2 }));
    assert_eq!(answer["nodes"].as_array().map(Vec::len), Some(tree.nodes.len()));
    assert_eq!(answer["best"], json!(tree.best));
    for (number, node) in tree.nodes.iter().enumerate() {
        let answered = &answer["nodes"][number];
        assert_eq!((&answered["token"], &answered["parent"]), (&json!(node.token), &json!(node.parent)));
        assert!((answered["total"].as_f64().expect("a number") - node.total).abs() < 1e-9);
    }

    for (name, method) in [
        ("occlusion", Method::Occlusion),
        ("gradient", Method::Gradient),
        ("gradient_norm", Method::GradientNorm),
        ("integrated_gradients", Method::IntegratedGradients),
    ] {
        let answer = served.ask("/api/attribution", &body(json!({ "position": 1, "method": name })));
        let explained = Explained { position: 1, ..Explained::default() };
        let found = Inspector::new(&translator)
            .attribution(task, Some(&source), &tokens, (explained, method), &Ablations::default())
            .expect("shares");
        let numbers =
            |values: &Value| -> Vec<f32> { serde_json::from_value(values.clone()).expect("numbers") };
        assert_eq!(
            (numbers(&answer["source"]), numbers(&answer["target"])),
            (found.source, found.target),
            "{name}"
        );
    }

    let machine = served.ask("/api/machine", &body(json!({})));
    let parts = Inspector::new(&translator)
        .machine(task, Some(&source), &tokens, &Ablations::default())
        .expect("parts");
    assert_eq!(machine["parts"].as_array().map(Vec::len), Some(parts.len()));
    for (number, part) in parts.iter().enumerate() {
        let answered = &machine["parts"][number];
        assert_eq!(answered["id"], json!(part.id));
        for (number, values) in part.values.iter().enumerate() {
            same(&answered["values"][number]["data"], &values.array, &part.id);
        }
    }
    let parameter = parts.iter().flat_map(|part| &part.parameters).next().expect("something is learned");
    let answer = served.get(&format!("/api/parameter?name={}", parameter.name)).json();
    assert_eq!(answer["full_shape"], json!(parameter.shape));
}

#[test]
fn concurrent_requests_are_translated_together_and_each_gets_its_own() {
    let served = Served::new(Limits::default());
    let sources = workshop().read("test.en");
    let expected = workshop().pipe(&["translate", "run"], &sources);
    let ask = |line: &str| served.ask("/api/translate", &json!({ "source": { "text": line } }));
    std::thread::scope(|scope| {
        for (line, translation) in sources.lines().zip(expected.lines()) {
            scope.spawn(move || {
                for _ in 0..3 {
                    assert_eq!(ask(line)["outputs"][0][0]["view"]["text"], translation, "{line}");
                }
            });
        }
    });
    let (sum, count) =
        (served.metric("any2any_batch_sources_sum"), served.metric("any2any_batch_sources_count"));
    assert_eq!(sum, 120.0);
    assert!(count < 100.0, "{count} batches for {sum} sources");
}
