//! Figures of signals: those of numpy, scipy and librosa (`golden/signal/make.py` asked them), and what must hold of any.

use any2any_adapter::Signal;
use any2any_metrics::{DynamicTimeWarping, MeanAbsoluteError, SignalMetric, SpectralDistance, signal_score};
use serde_json::Value as Json;

/// The signal of a case, whose samples are 16-bit integers in hexadecimal digits, lowest byte first.
fn signal(case: &Json, key: &str) -> Signal {
    let number = |key: &str| case[key].as_f64().expect("a number");
    let digits = case[key].as_str().expect("digits").as_bytes();
    let sample = |four: &[u8]| {
        let bits = u16::from_str_radix(std::str::from_utf8(four).ok()?, 16).ok()?;
        Some(f32::from(bits.swap_bytes() as i16) * number("scale") as f32)
    };
    let samples: Option<Vec<f32>> = digits.chunks_exact(4).map(sample).collect();
    let names: Vec<String> = (0..number("channels") as usize).map(|at| at.to_string()).collect();
    Signal::new(number("rate"), names, samples.expect("digits")).expect("whole channels")
}

fn figure(metric: &dyn SignalMetric, hypothesis: &Signal, reference: &Signal) -> f64 {
    signal_score(metric, &[hypothesis], &[reference], None).expect("signals of one shape").value
}

fn lsd(hypothesis: &Signal, reference: &Signal) -> f64 {
    figure(&SpectralDistance, hypothesis, reference)
}

fn dtw(hypothesis: &Signal, reference: &Signal) -> f64 {
    figure(&DynamicTimeWarping, hypothesis, reference)
}

fn mae(hypothesis: &Signal, reference: &Signal) -> f64 {
    figure(&MeanAbsoluteError, hypothesis, reference)
}

#[test]
fn figures_are_those_of_librosa() {
    let lines = include_str!("../golden/signal/golden.jsonl").lines();
    let cases: Vec<Json> = lines.map(|line| serde_json::from_str(line).expect("a case")).collect();
    assert!(cases.len() >= 36);
    for case in &cases {
        let (hypothesis, reference) = (signal(case, "hypothesis"), signal(case, "reference"));
        for (name, metric) in [
            ("spectral_distance", &SpectralDistance as &dyn SignalMetric),
            ("dynamic_time_warping", &DynamicTimeWarping),
        ] {
            let found = figure(metric, &hypothesis, &reference);
            let expected = case[name].as_f64().expect("a figure");
            let tolerance = 1e-8 * expected.max(1.0);
            assert!(
                (found - expected).abs() < tolerance,
                "{name} of {}: {found}, not {expected}",
                case["name"]
            );
        }
    }
}

/// A voice of 200 Hz that rises and falls, and the sum of three rhythms in two channels: a second and four seconds long,
/// `late` seconds late.
fn right(rate: f64, late: f64) -> Signal {
    let wave = |phase: f64, time: f64| -> f64 {
        let turn = |hertz: f64| (std::f64::consts::TAU * hertz * time + phase).sin();
        if rate >= 4000.0 {
            let bursts = (std::f64::consts::TAU * 2.0 * time).sin().powi(2);
            0.1 * bursts * (turn(200.0) + turn(400.0) / 2.0 + turn(1400.0) / 4.0)
        } else {
            20.0 * turn(10.0) + 12.0 * turn(4.0) + 6.0 * turn(17.0)
        }
    };
    let (seconds, channels) = if rate >= 4000.0 { (1.0, 1) } else { (4.0, 2) };
    let count = (seconds * rate) as usize;
    let places = |channel: usize| (0..count).map(move |at| (channel as f64, at as f64 / rate - late));
    let samples: Vec<f32> =
        (0..channels).flat_map(places).map(|(phase, time)| wave(phase, time) as f32).collect();
    Signal::new(rate, (0..channels).map(|at| at.to_string()).collect::<Vec<_>>(), samples).expect("channels")
}

/// The best that an output can be that says nothing: every channel stays at the reference's mean.
fn flat(reference: &Signal) -> Signal {
    let level = |channel: usize| {
        let samples = reference.channel(channel);
        samples.iter().sum::<f32>() / samples.len() as f32
    };
    let levels = (0..reference.channels().len()).flat_map(|at| vec![level(at); reference.len()]);
    Signal::new(reference.rate(), reference.channels().to_vec(), levels.collect::<Vec<_>>())
        .expect("channels")
}

/// Rates of two sounds and an EEG, and lateness in seconds: about half a period of the strongest rhythm is left over.
const RIGHT: [(f64, f64); 3] = [(8000.0, 0.0425), (16_000.0, 0.0125), (128.0, 0.0625)];

#[test]
fn a_flat_output_wins_by_absolute_error_and_loses_by_the_others() {
    for (rate, late) in RIGHT {
        let reference = right(rate, 0.0);
        let (shifted, flat) = (right(rate, late), flat(&reference));
        assert!(
            mae(&flat, &reference) < mae(&shifted, &reference),
            "{rate} Hz: the failure that is to be shown"
        );
        for metric in [lsd, dtw] {
            let (of_flat, of_shifted) = (metric(&flat, &reference), metric(&shifted, &reference));
            assert!(3.0 * of_shifted < of_flat, "{rate} Hz: {of_shifted} {of_flat}");
        }
    }
}

#[test]
fn equal_signals_are_at_0_and_distances_have_no_direction() {
    for (rate, late) in RIGHT {
        let (one, other) = (right(rate, 0.0), right(rate, late));
        for metric in [lsd, dtw] {
            assert_eq!(metric(&one, &one), 0.0);
            assert!(metric(&one, &other) > 0.0);
        }
        // The floor is the reference's, but the two are equally loud.
        assert!((lsd(&one, &other) / lsd(&other, &one) - 1.0).abs() < 0.05, "{rate} Hz");
        assert!((dtw(&one, &other) / dtw(&other, &one) - 1.0).abs() < 0.05, "{rate} Hz");
    }
}

#[test]
fn phases_cost_nothing_in_spectra_and_lateness_little_in_warped_time() {
    for (rate, late) in RIGHT {
        let reference = right(rate, 0.0);
        let turned: Vec<f32> = reference.samples().iter().map(|sample| -sample).collect();
        let turned = Signal::new(rate, reference.channels().to_vec(), turned).expect("channels");
        // The means are nearly 0, so that little is left of them in the turned one.
        assert!(lsd(&turned, &reference) < 3.0, "{rate} Hz: {}", lsd(&turned, &reference));
        let silence = Signal::new(rate, reference.channels().to_vec(), vec![0.0; turned.samples().len()]);
        let silence = silence.expect("channels");
        // The later, the dearer, but never as dear as silence.
        let figures = [0.0, late / 4.0, late].map(|late| dtw(&right(rate, late), &reference));
        assert!(figures.is_sorted(), "{rate} Hz: {figures:?}");
        assert!(3.0 * figures[2] < dtw(&silence, &reference), "{rate} Hz: {figures:?}");
        assert!(mae(&silence, &reference) < mae(&right(rate, late), &reference), "{rate} Hz");
    }
}

#[test]
fn units_of_eeg_scale_warping_and_leave_spectra() {
    let times = |signal: &Signal, gain: f32| {
        let samples: Vec<f32> = signal.samples().iter().map(|sample| gain * sample).collect();
        Signal::new(signal.rate(), signal.channels().to_vec(), samples).expect("channels")
    };
    let (one, other) = (right(128.0, 0.0), right(128.0, 0.02));
    let (large, large_other) = (times(&one, 1024.0), times(&other, 1024.0));
    assert!((lsd(&large, &large_other) - lsd(&one, &other)).abs() < 1e-9);
    assert!((dtw(&large, &large_other) / dtw(&one, &other) - 1024.0).abs() < 1e-6);
}

#[test]
fn channels_count_alike() {
    for (rate, late) in [(8000.0, 0.0425), (128.0, 0.0625)] {
        let mono =
            |late: f64| Signal::mono(rate, right(rate, late).channel(0).to_vec()).expect("one channel");
        let (reference, output) = (mono(0.0), mono(late));
        let double = |first: &Signal, second: &Signal| {
            let samples = [first.samples(), second.samples()].concat();
            Signal::new(rate, ["C3".to_owned(), "C4".to_owned()], samples).expect("two channels")
        };
        let (twice, half) = (double(&output, &output), double(&output, &reference));
        let wanted = double(&reference, &reference);
        for metric in [lsd, dtw] {
            let alone = metric(&output, &reference);
            assert!((metric(&twice, &wanted) - alone).abs() < 1e-9, "{rate} Hz: the mean of two alike");
        }
        assert!(
            (lsd(&half, &wanted) - lsd(&output, &reference) / 2.0).abs() < 1e-9,
            "{rate} Hz: half is right"
        );
        assert!(dtw(&half, &wanted) > dtw(&output, &reference) / 2.0, "{rate} Hz: channels run in one time");
    }
}

#[test]
fn a_recording_of_five_minutes_is_compared_in_time() {
    // All pairs of these frames would be 5,600,000,000; those within the band are 38,000,000.
    let wave = |late: usize| {
        let samples = (0..5 * 60 * 250).map(|at| ((at - late.min(at)) as f32 / 7.0).sin());
        Signal::mono(250.0, samples.collect::<Vec<_>>()).expect("one channel")
    };
    assert!(dtw(&wave(30), &wave(0)) < 1e-3);
}
