//! `any2any plan`: what it foretells, beside what is there and what is measured.

use serde_json::Value;

use crate::support::{TRANSFORMER, Workshop};

/// The estimate of the peak and the measured one differ by this share of the latter at most.
const BOUND: f64 = 0.3;

/// A model whose activations are most of the memory.
const DEEP: &str =
    "  transformer: { d_model: 128, d_ff: 512, heads: 4, encoder_layers: 4, decoder_layers: 4 }";

fn number(plan: &Value, pointer: &str) -> f64 {
    plan.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {pointer} in {plan}"))
}

#[test]
fn counts_are_those_of_model_and_data() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 40\n  accumulate: 2");
    let plan = workshop.json(&["plan", "experiment.yaml", "--steps", "2", "--json"]);
    let described = workshop.json(&["describe", "experiment.yaml", "--json"]);
    assert_eq!(plan["parameters"]["total"], described["parameters"]);
    assert_eq!(plan["parameters"]["learned"], described["parameters"]);
    let parts = plan["parameters"]["parts"].as_array().expect("parts");
    let sum: f64 = parts.iter().map(|part| number(part, "/parameters")).sum();
    assert_eq!(sum, number(&plan, "/parameters/total"));
    assert_eq!(number(&plan, "/memory/weights"), 4.0 * sum);
    assert_eq!(number(&plan, "/memory/gradients"), 4.0 * sum);
    assert_eq!(number(&plan, "/memory/optimizer"), 8.0 * sum);

    // An epoch and its operations are those that the bench counts when it goes through one.
    let batches = plan["epoch"]["batches"].to_string();
    let arguments = ["bench", "train", "experiment.yaml", "--steps", &batches, "--warm-up", "0", "--json"];
    let bench = workshop.json(&[&arguments[..], &["--set", "training.accumulate=1"]].concat());
    assert_eq!(bench["batches_an_epoch"].to_string(), batches);
    assert_eq!(bench["samples"], plan["epoch"]["samples"]);
    assert_eq!(bench["target_tokens"], plan["epoch"]["target_tokens"]);
    assert_eq!(bench["source_tokens"], plan["epoch"]["source_tokens"]);
    let an_epoch = number(&plan, "/operations/step") * number(&plan, "/epoch/steps");
    let counted = number(&bench, "/floating_point_operations");
    assert!((an_epoch / counted - 1.0).abs() < 1e-9, "{an_epoch} operations, {counted} counted");
    assert_eq!(number(&plan, "/epochs"), 40.0 / number(&plan, "/epoch/steps"));

    assert_eq!(number(&plan, "/measured/steps"), 2.0);
    let (step, training) = (number(&plan, "/duration/step"), number(&plan, "/duration/training"));
    assert!(step > 0.0 && (training / step - 40.0).abs() < 1e-6, "{step} and {training} seconds");
}

#[test]
#[cfg(target_os = "linux")]
fn memory_is_what_a_step_takes() {
    let workshop = Workshop::new();
    workshop.experiment(DEEP, "  steps: 40");
    let plan = |more: &[&str]| {
        let arguments = ["plan", "experiment.yaml", "--steps", "3", "--json"];
        workshop.json(&[&arguments[..], &["--set", "training.batch.tokens=3000"], more].concat())
    };
    let again = ["--set", "training.recompute=layers"];
    let mut peaks = Vec::new();
    for more in [&[][..], &again, &["--set", "training.accumulate=2"]] {
        let plan = plan(more);
        let (estimate, peak) =
            (number(&plan, "/memory/total"), number(&plan, "/measured/peak_resident_bytes"));
        let off = estimate / peak - 1.0;
        assert!(off.abs() < BOUND, "{more:?}: {estimate} bytes, measured {peak}: {}", plan["memory"]);
        peaks.push((peak, number(&plan, "/memory/activations/total")));
    }
    let [(kept, activations), (again, fewer), _] = peaks[..] else { panic!("three plans") };
    assert!(fewer < activations / 2.0, "{activations} and {fewer} bytes of activations");
    assert!(
        kept - again > activations / 2.0,
        "{kept} and {again} bytes at the peak, {activations} of activations"
    );
}

#[test]
fn without_a_step_nothing_is_measured() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 40\n  recompute: layers");
    let plan = workshop.json(&["plan", "experiment.yaml", "--steps", "0", "--json"]);
    assert_eq!((&plan["measured"], &plan["duration"]), (&Value::Null, &Value::Null));
    assert!(number(&plan, "/operations/recomputed") > 0.0);
    let table = workshop.succeed(&["plan", "experiment.yaml", "--steps", "0"]);
    for words in
        ["parameters", "memory, estimated", "a layer again", "computed again", "steps an epoch", "epochs"]
    {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert!(!table.contains("the training takes"), "{table}");
    assert!(!workshop.path("runs").exists(), "no run is written");
}

#[test]
fn mistakes_are_told_as_check_tells_them() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 40\n  recompute: all");
    let (check, plan) =
        (workshop.run(&["check", "experiment.yaml"]), workshop.run(&["plan", "experiment.yaml"]));
    assert!(plan.stderr.contains("experiment.yaml:") && plan.stderr.contains("layers"), "{}", plan.stderr);
    assert_eq!((plan.stderr, plan.code), (check.stderr, check.code));
    workshop.experiment("  lstm: { d_model: 32 }", "  steps: 40\n  recompute: layers");
    let refused = workshop.run(&["plan", "experiment.yaml"]);
    assert!(refused.stderr.contains("an LSTM cannot be computed again"), "{}", refused.stderr);
    assert_eq!(refused.code, Some(2));
}
