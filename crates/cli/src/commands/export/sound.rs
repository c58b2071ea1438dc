//! Sounds of a run as Whisper's feature extractor makes frames of them.

use any2any_audio::AudioOptions;
use any2any_experiment::spec::Side;
use any2any_import::speech::{FFT, HOP, RATE, sound};
use any2any_pretrained::export::FeatureExtractor;
use any2any_run::Task;
use serde_json::Value as Json;

/// Options that are nothing to who reads one recording: where samples lie, which are refused, what training changes, the
/// silence between several.
const OF_DATA: [&str; 5] = ["field", "longest", "augment", "gap", "take"];

/// An option that a feature extractor does not have, with the reason.
pub(super) struct Refused {
    pub(super) option: String,
    pub(super) reason: String,
}

fn refused(option: &str, reason: impl Into<String>) -> Refused {
    Refused { option: option.to_owned(), reason: reason.into() }
}

/// The frames of a task from sounds to texts; none of a task from texts to texts.
pub(super) fn of_task(task: &Task) -> Result<Option<FeatureExtractor>, Refused> {
    let other = |side: &str, medium: &str| {
        refused(
            side,
            format!(
                "it is of the medium {medium}, and what goes out reads texts or sounds, and writes texts"
            ),
        )
    };
    match task.spec().target.medium() {
        "text" => {}
        medium => return Err(other("target", medium)),
    }
    match task.spec().source.as_ref().map(|side| (side, side.medium())) {
        None | Some((_, "text")) => Ok(None),
        Some((side, "audio")) => frames(side).map(Some).map_err(|Refused { option, reason }| Refused {
            option: format!("source.audio.{option}"),
            reason,
        }),
        Some((_, medium)) => Err(other("source", medium)),
    }
}

/// The frames of a side of sounds.
fn frames(side: &Side) -> Result<FeatureExtractor, Refused> {
    let unreadable = |error: serde_json::Error| refused("audio", error.to_string());
    let mut given: AudioOptions = serde_json::from_value(side.options().clone()).map_err(unreadable)?;
    let Some(window) = given.pad_to else {
        return Err(refused("pad_to", "it is left out, and Whisper reads windows of one length"));
    };
    if let Some(take) = given.take.filter(|&take| take < window) {
        let reason = format!("{take} s are read of windows of {window} s; make `pad_to` as long");
        return Err(refused("take", reason));
    }
    let half_of_rate = given.rate as f64 / 2.0;
    given.mel.high.get_or_insert(half_of_rate);
    let expected: AudioOptions =
        serde_json::from_value(sound(given.mel.bands, window)).map_err(unreadable)?;
    let [given, mut expected] = [given, expected].map(serde_json::to_value);
    let given = given.map_err(unreadable)?;
    if let Ok(expected) = &mut expected {
        OF_DATA.iter().for_each(|&option| expected[option] = given[option].clone());
    }
    if let Some(Difference { option, given, expected }) =
        difference(String::new(), &given, &expected.map_err(unreadable)?)
    {
        return Err(refused(&option, format!("it is {given}, and Whisper's is {expected}")));
    }
    let samples = (window * RATE as f64).round() as usize;
    Ok(FeatureExtractor { sampling_rate: RATE, n_fft: FFT, hop_length: HOP, samples })
}

/// An option with two values.
struct Difference {
    option: String,
    given: Json,
    expected: Json,
}

/// The first option that differs.
fn difference(option: String, given: &Json, expected: &Json) -> Option<Difference> {
    if let (Json::Object(of_given), Json::Object(of_expected)) = (given, expected)
        && of_given.keys().eq(of_expected.keys())
    {
        let dot = if option.is_empty() { "" } else { "." };
        return of_given
            .iter()
            .find_map(|(name, given)| difference(format!("{option}{dot}{name}"), given, &expected[name]));
    }
    let same = match (given.as_f64(), expected.as_f64()) {
        (Some(given), Some(expected)) => given == expected,
        _ => given == expected,
    };
    (!same).then(|| Difference { option, given: given.clone(), expected: expected.clone() })
}
