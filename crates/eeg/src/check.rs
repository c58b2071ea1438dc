//! Checks of the EEG options that the schema cannot express.

use any2any_adapter::OptionProblem;
use any2any_frames::StemOptions;

use crate::features::options::{Features, Layout, Spectrum};
use crate::options::{EegOptions, Filter, Reference, Span};

/// Problems of the options that the schema cannot express.
pub(crate) fn problems(options: &EegOptions) -> Vec<OptionProblem> {
    let mut problems = Problems::default();
    if options.field.is_empty() {
        problems.add("/field", "the name of the field is empty", "name the field that holds the recording");
    }
    channels(options, &mut problems);
    if let Some(filter) = &options.filter {
        filtering(filter, options.resample, &mut problems);
    }
    for (pointer, span) in [("/epoch", options.epoch), ("/baseline", options.baseline)] {
        if let Some(Span { from, to }) = span
            && (from.is_nan() || to.is_nan() || from >= to)
        {
            problems.add(pointer, format!("{from} to {to} s is no span"), "'from' lies before 'to'");
        }
    }
    if let Some(augment) = &options.augment
        && augment.time_shift > 0.0
        && options.epoch.is_none()
    {
        let help = "give 'epoch', or leave the shift out";
        problems.add("/augment/time_shift", "a whole recording has nothing to shift in", help);
    }
    features(options, &mut problems);
    stem(options, &mut problems);
    problems.found
}

#[derive(Default)]
struct Problems {
    found: Vec<OptionProblem>,
}

impl Problems {
    fn add(&mut self, pointer: &str, message: impl Into<String>, help: &str) {
        self.found.push(OptionProblem::new(pointer, message, help));
    }
}

fn channels(options: &EegOptions, problems: &mut Problems) {
    let channels = options.channels.as_deref().unwrap_or_default();
    for (number, channel) in channels.iter().enumerate() {
        if channels[..number].contains(channel) {
            let message = format!("channel '{channel}' is asked for twice");
            problems.add(&format!("/channels/{number}"), message, "leave one out");
        }
    }
    if options.channels.as_ref().is_some_and(Vec::is_empty) {
        problems.add("/channels", "no channel is chosen", "name some, or leave 'channels' out for all");
    }
    match &options.reference {
        Reference::Channel(name) if channels.contains(name) => {
            let message = format!("channel '{name}' is the reference: it would be nothing but zeros");
            problems.add("/reference/channel", message, "leave it out of 'channels'");
        }
        Reference::Average if channels.len() == 1 => {
            let message = "the average of one channel is the channel itself";
            problems.add("/reference", message, "choose more channels");
        }
        _ => {}
    }
}

fn filtering(filter: &Filter, resample: Option<f64>, problems: &mut Problems) {
    if let (Some(low), Some(high)) = (filter.low, filter.high)
        && low >= high
    {
        problems.add("/filter/low", format!("{low} Hz does not lie below 'high'"), "keep what lies between");
    }
    for (number, &frequency) in filter.notch.iter().enumerate() {
        if frequency.is_nan() || frequency <= 0.0 {
            let pointer = format!("/filter/notch/{number}");
            problems.add(&pointer, format!("{frequency} Hz is no frequency"), "50 or 60 is the mains");
        }
    }
    // Without a filter the resampler's own low pass keeps aliases away; with one that reaches higher too, so
    // this is no problem, but what was meant to be kept would be lost.
    if let (Some(high), Some(rate)) = (filter.high, resample)
        && high > rate / 2.0
    {
        let message = format!("{high} Hz cannot be kept at {rate} Hz");
        problems.add("/resample", message, "resample to more than twice 'filter.high'");
    }
}

fn features(options: &EegOptions, problems: &mut Problems) {
    if options.output.is_some() {
        return;
    }
    let features = &options.features;
    let pointer = |option: &str| format!("/features/{}/{option}", features.name());
    let (window, hop) = features.window_and_hop();
    for (name, seconds) in [("window", window), ("hop", hop)] {
        if seconds.is_nan() || seconds <= 0.0 {
            problems.add(&pointer(name), format!("{seconds} s is no time"), "give seconds above 0");
        }
    }
    if let Some(epoch) = options.epoch
        && epoch.seconds() > 0.0
        && window > epoch.seconds() + 1e-9
    {
        let message = format!("a window of {window} s is longer than the epoch of {} s", epoch.seconds());
        problems.add(&pointer("window"), message, "make it shorter, or the epoch longer");
    }
    match features {
        Features::Raw(_) => {}
        Features::BandPowers(powers) => {
            if powers.bands.is_empty() {
                problems.add(&pointer("bands"), "no band is named", "alpha: [8, 13]");
            }
            for (name, [low, high]) in &powers.bands {
                if low.is_nan() || high.is_nan() || *low < 0.0 || low >= high {
                    let pointer = pointer(&format!("bands/{}", name.replace('~', "~0").replace('/', "~1")));
                    problems.add(
                        &pointer,
                        format!("{low} to {high} Hz is no band"),
                        "the lowest comes first",
                    );
                }
            }
        }
        Features::Spectrum(Spectrum { low, high, .. }) if low >= high => {
            problems.add(
                &pointer("low"),
                format!("{low} Hz does not lie below 'high'"),
                "6 and 45 are usual",
            );
        }
        Features::Rhythms(rhythms) if rhythms.low >= rhythms.high => {
            let message = format!("{} Hz does not lie below 'high'", rhythms.low);
            problems.add(&pointer("low"), message, "6 and 24 are usual");
        }
        Features::Spectrum(_) | Features::Rhythms(_) => {}
    }
    together(options, problems);
}

/// Reports options that ask for single channels or frequencies of features that have none.
fn together(options: &EegOptions, problems: &mut Problems) {
    let features = &options.features;
    let together = matches!(features, Features::Rhythms(_))
        || matches!(features, Features::Spectrum(Spectrum { per_channel: false, .. }));
    let message = "these features are made of all channels together";
    if together && options.layout == Layout::Channels {
        problems.add("/layout", message, "leave 'layout' out, or choose features of each channel");
    }
    let Some(augment) = &options.augment else { return };
    if together && augment.channel_dropout > 0.0 {
        problems.add("/augment/channel_dropout", message, "leave it out, or choose features of each channel");
    }
    if augment.frequency_mask > 0.0 && matches!(features, Features::Raw(_) | Features::BandPowers(_)) {
        let message = format!("'{}' has no frequencies to hide", features.name());
        problems.add("/augment/frequency_mask", message, "leave it out, or choose 'spectrum'");
    }
}

fn stem(options: &EegOptions, problems: &mut Problems) {
    problems.found.extend(options.stem.problems("/stem"));
    if matches!(options.stem, StemOptions::Convolution(_)) && options.layout == Layout::Channels {
        let message = "a convolution would mix frames of different channels";
        problems.add("/stem", message, "use 'projection', or leave 'layout' out");
    }
    if let Some(noun) = options.stem.noun().filter(|_| options.output.is_some()) {
        let message = format!("traces are written as they are read, without {noun}");
        problems.add("/stem", message, "use 'projection', or leave 'output' out");
    }
}
