//! Checks of the audio options that the schema cannot express.

use any2any_adapter::OptionProblem;

use crate::filter_bank::FilterBank;
use crate::mel::Logarithm;
use crate::options::{AudioOptions, Normalize, Output};

/// Collects problems.
#[derive(Default)]
struct Problems(Vec<OptionProblem>);

impl Problems {
    fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>, help: &str) {
        self.0.push(OptionProblem::new(pointer, message, help));
    }

    /// Reports a number outside its range; the schema repeats the ranges of the numbers that it can see.
    fn range(&mut self, pointer: impl Into<String>, value: f64, least: f64, most: f64) {
        if !(least..=most).contains(&value) {
            let help = format!("a number from {least} to {most}");
            self.add(pointer, format!("{value} is out of range"), &help);
        }
    }

    /// Reports two ends of which one is outside its range, or that are the wrong way round.
    fn between(&mut self, pointer: &str, [low, high]: [f64; 2], least: f64, most: f64) {
        let before = self.0.len();
        self.range(format!("{pointer}/0"), low, least, most);
        self.range(format!("{pointer}/1"), high, least, most);
        if self.0.len() == before && low > high {
            self.add(pointer, format!("{low} is more than {high}"), "write the smaller number first");
        }
    }
}

/// Problems that the schema cannot express, and the ranges that other checks rely on.
pub(crate) fn problems(options: &AudioOptions) -> Vec<OptionProblem> {
    let mut problems = Problems::default();
    if options.field.is_empty() {
        let help = "name the field of the dataset that holds the sound";
        problems.add("/field", "the name of the field is empty", help);
    }
    opening(options, &mut problems);
    mel(options, &mut problems);
    stem(options, &mut problems);
    normalize(options, &mut problems);
    augment(options, &mut problems);
    output(options, &mut problems);
    problems.0
}

fn opening(options: &AudioOptions, problems: &mut Problems) {
    problems.range("/longest", options.longest, 0.01, 3600.0);
    match options.gap {
        crate::options::Gap::Seconds(seconds) => problems.range("/gap", seconds, 0.0, 60.0),
        crate::options::Gap::Between(ends) => problems.between("/gap", ends, 0.0, 60.0),
    }
    if let Some(take) = options.take {
        problems.range("/take", take, 0.001, 3600.0);
    }
    if let Some(seconds) = options.pad_to {
        problems.range("/pad_to", seconds, 0.01, 3600.0);
    }
    if let Some(trim) = options.trim {
        problems.range("/trim/threshold", trim.threshold, 1.0, 200.0);
        problems.range("/trim/margin", trim.margin, 0.0, 60.0);
    }
}

fn mel(options: &AudioOptions, problems: &mut Problems) {
    let (mel, rate) = (&options.mel, options.rate);
    let before = problems.0.len();
    problems.range("/rate", rate as f64, 1000.0, 192_000.0);
    problems.range("/mel/bands", mel.bands as f64, 1.0, 512.0);
    problems.range("/mel/window", mel.window, 0.001, 1.0);
    problems.range("/mel/hop", mel.hop, 0.0005, 1.0);
    problems.range("/mel/power", f64::from(mel.power), 1.0, 2.0);
    problems.range("/mel/floor", mel.floor, 1e-30, 1.0);
    problems.range("/mel/low", mel.low, 0.0, 96_000.0);
    problems.range("/stack", options.stack as f64, 1.0, 64.0);
    if let Some(fft) = mel.fft {
        problems.range("/mel/fft", fft as f64, 2.0, 262_144.0);
    }
    if problems.0.len() > before {
        return;
    }
    if mel.hop > mel.window {
        let message = format!("steps of {} s leave gaps between windows of {} s", mel.hop, mel.window);
        problems.add("/mel/hop", message, "at most the window; two fifths of it is usual");
    }
    let (window, fft) = (mel.window_samples(rate), mel.fft_samples(rate));
    if fft < window || !fft.is_multiple_of(2) {
        let message =
            format!("a window of {window} samples needs a transform of as many or more, an even number");
        problems.add("/mel/fft", message, &format!("leave it out for {}", window.next_power_of_two().max(2)));
    }
    let (high, half) = (mel.high_hertz(rate), rate as f64 / 2.0);
    if high > half {
        let message = format!("sounds at {rate} Hz end at {half} Hz");
        problems.add("/mel/high", message, "lower it, raise `rate`, or leave it out");
    }
    if mel.low >= high {
        let message =
            format!("the lowest band begins at {} Hz, where the highest ends at {high} Hz", mel.low);
        problems.add("/mel/low", message, "it must lie below `high`");
    }
    if problems.0.len() == before
        && let Some(empty) = FilterBank::new(mel, rate).empty()
    {
        let message = format!("band {} is too narrow: no frequency of the transform lies in it", empty + 1);
        problems.add("/mel/bands", message, &format!("use fewer bands, or an `fft` of {}", 2 * fft));
    }
}

fn stem(options: &AudioOptions, problems: &mut Problems) {
    problems.0.extend(options.stem.problems("/stem"));
    if let Some(noun) = options.stem.noun().filter(|_| options.output != Output::Frames) {
        let message = format!("{noun} are for sounds that are only read");
        problems.add("/stem", message, "write `stem: projection`, or leave `output` out");
    }
}

fn normalize(options: &AudioOptions, problems: &mut Problems) {
    if options.normalize != Normalize::DynamicRange {
        return;
    }
    if options.mel.logarithm != Logarithm::Decimal || options.mel.power != 2 {
        let message = "a dynamic range is that of base 10 logarithms of energies";
        problems.add("/normalize", message, "write `mel: { logarithm: decimal, power: 2 }`, or use `fitted`");
    }
    if options.deltas {
        let message = "differences over time have no dynamic range";
        problems.add("/deltas", message, "set it to false, or use `normalize: fitted`");
    }
}

fn augment(options: &AudioOptions, problems: &mut Problems) {
    let augment = &options.augment;
    if let Some(speed) = augment.speed {
        problems.between("/augment/speed", speed, 0.25, 4.0);
    }
    problems.range("/augment/shift", augment.shift, 0.0, 60.0);
    problems.range("/augment/gain", augment.gain, 0.0, 100.0);
    if let Some(noise) = augment.noise {
        problems.between(&format!("/augment/noise/{}", noise.name()), noise.ends(), -60.0, 120.0);
    }
    if let Some(masks) = &augment.spec_augment {
        problems.range("/augment/spec_augment/time_share", masks.time_share, 0.0, 1.0);
        if masks.frequency_width > options.mel.bands {
            let message = format!("there are {} bands only", options.mel.bands);
            problems.add(
                "/augment/spec_augment/frequency_width",
                message,
                "at most as many; a fifth is usual",
            );
        }
    }
}

fn output(options: &AudioOptions, problems: &mut Problems) {
    match options.output {
        Output::Frames => return,
        Output::Mel(mel) => problems.range("/output/mel/at_most", mel.at_most as f64, 1.0, 100_000.0),
        Output::Codes(codes) => {
            problems.range("/output/codes/codes", codes.codes as f64, 2.0, 65_536.0);
            problems.range("/output/codes/stack", codes.stack.unwrap_or(1) as f64, 1.0, 64.0);
        }
    }
    if options.deltas {
        let message = "sounds that are written have no room for differences over time";
        problems.add("/deltas", message, "set it to false");
    }
    if options.pad_to.is_some() {
        let message = "sounds that are written have their own duration";
        problems.add("/pad_to", message, "leave it out");
    }
    if options.mel.drop_last {
        let message = "sounds that are written need their last frame";
        problems.add("/mel/drop_last", message, "set it to false");
    }
    if matches!(options.normalize, Normalize::PerUtterance | Normalize::DynamicRange) {
        let message = "what was scaled by each sound's own values cannot be scaled back";
        problems.add("/normalize", message, "use `fitted` or `none`");
    }
    let (window, hop) = (options.mel.window_samples(options.rate), options.mel.hop_samples(options.rate));
    if hop < 2 || 2 * hop > window {
        let message = format!("steps of {hop} samples between windows of {window} give no sound");
        problems.add("/mel/hop", message, "at least 2 samples, and at most half the window");
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::testing::Tested;
    use serde_json::{Value as Json, json};

    use crate::Audio;

    #[test]
    fn each_problem_is_found_where_it_is() {
        let cases = [
            (json!({}), vec![]),
            (
                json!({
                    "rate": 8000, "take": 5.0, "trim": { "threshold": 40, "margin": 0.05 }, "gap": [0.05, 0.2],
                    "longest": 60, "deltas": true, "normalize": "per_utterance", "stack": 2,
                    "stem": { "convolution": { "layers": [{ "kernel": 3, "stride": 2 }] } },
                    "mel": {
                        "bands": 40, "window": 0.025, "hop": 0.01, "fft": 256, "low": 20, "high": 4000,
                        "scale": "slaney", "norm": "slaney", "power": 2, "floor": 1e-6
                    },
                    "augment": {
                        "speed": [0.9, 1.1], "shift": 0.05, "gain": 6, "noise": { "white": [10, 40] },
                        "spec_augment": {
                            "time_masks": 2, "time_width": 40, "time_share": 0.2, "frequency_masks": 2,
                            "frequency_width": 8
                        }
                    },
                    "output": "frames"
                }),
                vec![],
            ),
            (json!({ "field": "" }), vec!["/field"]),
            (json!({ "rate": 10, "longest": 0 }), vec!["/longest", "/rate"]),
            (json!({ "gap": [0.2, 0.1] }), vec!["/gap"]),
            (json!({ "gap": -1 }), vec!["/gap"]),
            (json!({ "gap": [-1, 0.5] }), vec!["/gap/0"]),
            (json!({ "gap": "long" }), vec!["/gap"]),
            (json!({ "trim": { "threshold": 0 } }), vec!["/trim/threshold"]),
            (json!({ "mel": { "bands": 0, "power": 3 } }), vec!["/mel/bands", "/mel/power"]),
            (json!({ "mel": { "hop": 0.05 } }), vec!["/mel/hop"]),
            (json!({ "mel": { "fft": 200 } }), vec!["/mel/fft"]),
            (json!({ "mel": { "fft": 513 } }), vec!["/mel/fft"]),
            (json!({ "rate": 8000, "mel": { "high": 8000 } }), vec!["/mel/high"]),
            (json!({ "mel": { "low": 500, "high": 400 } }), vec!["/mel/low"]),
            (json!({ "mel": { "bands": 256 } }), vec!["/mel/bands"]),
            (json!({ "stem": { "convolution": { "layers": [] } } }), vec!["/stem/convolution/layers"]),
            (
                json!({ "stem": { "convolution": { "layers": [{ "kernel": 4, "stride": 0 }] } } }),
                vec!["/stem/convolution/layers/0/kernel", "/stem/convolution/layers/0/stride"],
            ),
            (json!({ "augment": { "speed": [1.1, 0.9] } }), vec!["/augment/speed"]),
            (json!({ "augment": { "noise": { "pink": [0, 900] } } }), vec!["/augment/noise/pink/1"]),
            (
                json!({ "augment": { "spec_augment": { "frequency_width": 41 } } }),
                vec!["/augment/spec_augment/frequency_width"],
            ),
            (
                json!({ "output": { "mel": {} }, "deltas": true, "normalize": "per_utterance", "stem": { "convolution": {} } }),
                vec!["/stem", "/deltas", "/normalize"],
            ),
            (
                json!({
                    "rate": 16000, "pad_to": 30, "normalize": "dynamic_range", "mel": {
                        "bands": 80, "fft": 400, "low": 0, "scale": "slaney", "norm": "slaney", "floor": 1e-10,
                        "logarithm": "decimal", "padding": "reflect", "drop_last": true
                    },
                    "stem": { "convolution": { "layers": [{ "kernel": 3, "stride": 1 }, { "kernel": 3, "stride": 2 }] } }
                }),
                vec![],
            ),
            (json!({ "pad_to": 0 }), vec!["/pad_to"]),
            (json!({ "normalize": "dynamic_range", "deltas": true }), vec!["/normalize", "/deltas"]),
            (
                json!({
                    "output": { "mel": {} }, "pad_to": 3, "normalize": "dynamic_range",
                    "mel": { "drop_last": true, "logarithm": "decimal" }
                }),
                vec!["/pad_to", "/mel/drop_last", "/normalize"],
            ),
            (json!({ "output": { "codes": { "codes": 1 } } }), vec!["/output/codes/codes"]),
            (json!({ "output": { "codes": {} }, "mel": { "hop": 0.02 } }), vec!["/mel/hop"]),
        ];
        for (options, expected) in cases {
            let mut all = json!({ "field": "sound" });
            for (key, option) in options.as_object().expect("a mapping") {
                all[key] = option.clone();
            }
            let found = Tested(Audio).check(&all);
            let pointers: Vec<&str> = found.iter().map(|problem| problem.pointer.as_str()).collect();
            assert_eq!(pointers, expected, "{options}: {found:?}");
        }
    }

    #[test]
    fn defaults_are_written_out_once() {
        let resolved = Tested(Audio)
            .resolve(&json!({ "field": "sound", "rate": 8000, "stack": 2, "output": { "codes": {} } }));
        assert_eq!(resolved["mel"]["fft"], json!(256));
        assert_eq!(resolved["mel"]["high"], json!(4000.0));
        assert_eq!(resolved["output"]["codes"], json!({ "codes": 256, "stack": 2 }));
        assert_eq!(resolved["augment"]["noise"], Json::Null);
        assert_eq!(Tested(Audio).check(&resolved), []);
        assert_eq!(Tested(Audio).resolve(&resolved), resolved);
    }
}
