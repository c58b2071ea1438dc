//! Time of thirty seconds of sound to become the frames of Whisper: `cargo bench -p any2any-audio`.

#![allow(missing_docs)] // criterion_group writes a public function

use any2any_adapter::testing::Tested;
use any2any_adapter::{Signal, Value};
use any2any_audio::Audio;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;

const RATE: usize = 16_000;

fn frames(criterion: &mut Criterion) {
    let sample = |n: usize| 0.4 * ((n as f32).powf(1.3) * 0.02).sin();
    let samples: Vec<f32> = (0..30 * RATE).map(sample).collect();
    let sound = Value::Signal(Signal::mono(RATE as f64, samples).expect("a rate"));
    let mut group = criterion.benchmark_group("frames of 30 s");
    for bands in [80, 128] {
        let options = json!({
            "field": "sound", "rate": RATE, "pad_to": 30, "normalize": "dynamic_range",
            "mel": {
                "bands": bands, "fft": 400, "low": 0, "scale": "slaney", "norm": "slaney", "floor": 1e-10,
                "logarithm": "decimal", "padding": "reflect", "drop_last": true
            }
        });
        let adapter = Tested(Audio).fit(&options, &mut [].into_iter()).expect("nothing to learn");
        group.bench_function(format!("{bands} bands"), |bencher| {
            bencher.iter(|| adapter.encode(&sound).expect("a sound"));
        });
    }
    group.finish();
}

criterion_group!(benches, frames);
criterion_main!(benches);
