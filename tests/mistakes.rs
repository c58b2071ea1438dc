//! Mistakes of a medium's author, each with the message that a user gets before the first step of a training and the
//! faults that the author's own test finds.
//!
//! The texts stand in `tests/mistakes/NAME.expected`. After a change of wording, write them anew with
//! `UPDATE_EXPECTED=1` and read what has changed.

mod adapter;
mod medium;

use std::path::Path;

use any2any_adapter::testing::faults;
use any2any_adapter::{Registry, Value};
use any2any_data::DataRoot;

use medium::{Choices, Endless, Forgetful, Form, Lenient, Mistake, Notes, Sound};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/mistakes");

/// Melodies, one of which is unlike the others.
const MELODIES: [&str; 8] = [
    "60 62 64",
    "62 64 65 67",
    "60 64 67",
    "67 65 64 62 60",
    "66 62 61",
    "60 60 67 67",
    "64 62 60",
    "65 64 62 61",
];

/// The time at which a mistake is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Before the first step, by `check` and `train`, and by `conforms`.
    Refused,
    /// Before the first step, by a warning about samples left out, and by `conforms`.
    LeftOut,
    /// By `check` and `train` alone: it is a mistake only beside other media, or beside data.
    Together,
    /// By `conforms` alone: neither a training nor an output goes wrong.
    ByConforms,
}

/// The role of notes in a task.
#[derive(Clone, Copy, Debug)]
enum Role {
    Source,
    Target,
}

/// All mistakes, with the form and the role in which they matter.
const MISTAKES: &[(Mistake, Form, Role, Found)] = {
    use Form::{Fixed, Frames, Strided, Tokens, UntilStop};
    use Found::{ByConforms, LeftOut, Refused, Together};
    use Role::{Source, Target};
    &[
        (Mistake::NamedLikeABuiltIn, Tokens, Source, Together),
        (Mistake::BadName, Tokens, Source, Refused),
        (Mistake::BadExtension, Tokens, Source, Refused),
        (Mistake::InheritedUnknown, Tokens, Source, Refused),
        (Mistake::UnknownOptionsTaken, Tokens, Source, ByConforms),
        (Mistake::OptionForgotten, Strided, Source, Refused),
        (Mistake::DefaultDoesNotParse, Tokens, Source, Refused),
        (Mistake::CheckPanics, Tokens, Source, Refused),
        (Mistake::FieldsEmpty, Tokens, Source, Refused),
        (Mistake::FieldsLacking, Tokens, Source, Together),
        (Mistake::OpenForgotten, Tokens, Source, Refused),
        (Mistake::OpenOfAnotherKind, Tokens, Source, Refused),
        (Mistake::OpenPanicsInOne, Tokens, Source, LeftOut),
        (Mistake::PriceTooLow, Tokens, Source, ByConforms),
        (Mistake::FitPanics, Tokens, Source, Refused),
        (Mistake::FitByChance, Tokens, Source, ByConforms),
        (Mistake::EvenKernel, Strided, Source, Refused),
        (Mistake::StrideOfNothing, Strided, Source, Refused),
        (Mistake::StrideWiderThanKernel, Strided, Source, Refused),
        (Mistake::NoLayers, Strided, Source, Refused),
        (Mistake::WidthOfNothing, Frames, Source, Refused),
        (Mistake::HeadOfAnotherVocabulary, Tokens, Target, Refused),
        (Mistake::PaddingUnlike, Tokens, Target, Refused),
        (Mistake::EndForbidden, Tokens, Target, Refused),
        (Mistake::EndIsPadding, Tokens, Target, Refused),
        (Mistake::SpecialTokenOutside, Tokens, Target, Refused),
        (Mistake::HeadForgotten, Tokens, Target, Refused),
        (Mistake::FramesOfAnotherWidth, Frames, Source, Refused),
        (Mistake::SequenceEmpty, Tokens, Source, Refused),
        (Mistake::TokenBeyondVocabulary, Tokens, Source, Refused),
        (Mistake::TokensForFrames, Frames, Source, Refused),
        (Mistake::FramesForTokens, Tokens, Source, Refused),
        (Mistake::NotFiniteInOne, Frames, Source, LeftOut),
        (Mistake::NotFinite, UntilStop, Target, Refused),
        (Mistake::EndMissing, Tokens, Target, Refused),
        (Mistake::BeginInFront, Tokens, Target, Refused),
        (Mistake::PaddingAmong, Tokens, Target, Refused),
        (Mistake::OtherNumberOfFrames, Fixed, Target, Refused),
        (Mistake::EncodeRefusesOne, Tokens, Target, LeftOut),
        (Mistake::EncodeRefusesAll, Tokens, Source, Refused),
        (Mistake::EncodePanicsInOne, Frames, Source, LeftOut),
        (Mistake::EncodePanics, Frames, Source, Refused),
        (Mistake::EncodeCounts, Tokens, Source, Refused),
        (Mistake::LongestTooShort, Tokens, Target, Refused),
        (Mistake::RegionsMissing, Frames, Source, Refused),
        (Mistake::RegionsTooMany, Frames, Source, Refused),
        (Mistake::RegionsOfAnotherKind, Frames, Source, Refused),
        (Mistake::RegionsOutside, Tokens, Source, Refused),
        (Mistake::RegionsBeforeStrides, Strided, Source, Refused),
        (Mistake::AugmentByChance, Frames, Source, Refused),
        (Mistake::AugmentNotFinite, Frames, Source, Refused),
        (Mistake::AugmentEmpty, Tokens, Source, Refused),
        (Mistake::AugmentUnsaid, Strided, Source, Refused),
        (Mistake::AugmentPanics, Tokens, Source, Refused),
        (Mistake::DecodeWithoutRegions, Tokens, Target, Refused),
        (Mistake::DecodeRegionsOutside, Tokens, Target, ByConforms),
        (Mistake::DecodeOfAnotherKind, UntilStop, Target, Refused),
        (Mistake::DecodePanicsOnNothing, Tokens, Target, Refused),
        (Mistake::DecodePanics, Fixed, Target, Refused),
        (Mistake::ShowPanics, Tokens, Target, Refused),
        (Mistake::FilePanics, Tokens, Target, Refused),
        (Mistake::FileNotReadBack, Tokens, Target, Refused),
        (Mistake::FileExtensionWithDot, UntilStop, Target, Refused),
        (Mistake::SavesNothing, Tokens, Source, Refused),
        (Mistake::SavePanics, Tokens, Source, Refused),
        (Mistake::LoadFails, Tokens, Source, Refused),
        (Mistake::LoadGivesAnother, Tokens, Source, Refused),
    ]
};

#[test]
fn notes_without_a_mistake_are_sound_in_every_form() {
    for form in [Form::Tokens, Form::Frames, Form::Strided, Form::Fixed, Form::UntilStop] {
        let faults = by_conforms::<Sound>(Mistake::None, form);
        assert!(faults.is_empty(), "{form:?}: {faults:?}");
        let role = if matches!(form, Form::Frames | Form::Strided) { Role::Source } else { Role::Target };
        let words = by_check::<Sound>(Mistake::None, form, role).expect("sound");
        assert_eq!(words, "", "{form:?}");
    }
}

/// `check` encodes samples, so that a mistake in one of them is found before a training is paid for.
#[test]
fn mistakes_are_found_before_the_first_step() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut wrong = Vec::new();
    for &(mistake, form, role, found) in MISTAKES {
        let (checked, faults) = match mistake {
            Mistake::UnknownOptionsTaken => found_by::<Lenient>(mistake, form, role),
            Mistake::OptionForgotten => found_by::<Forgetful>(mistake, form, role),
            Mistake::DefaultDoesNotParse => found_by::<Endless>(mistake, form, role),
            _ => found_by::<Sound>(mistake, form, role),
        };
        let as_said = match (&checked, faults.is_empty()) {
            (Err(_), false) => found == Found::Refused,
            (Err(_), true) => found == Found::Together,
            (Ok(warnings), false) if warnings.is_empty() => found == Found::ByConforms,
            (Ok(_), false) => found == Found::LeftOut,
            (Ok(_), true) => false,
        };
        if !as_said {
            wrong.push(format!("{mistake:?} is not {found:?}: {checked:?}, {faults:?}"));
        }
        let (Ok(words) | Err(words)) = checked;
        let told = format!("{}\n\n{}\n", or_nothing(words), or_nothing(list(&faults)));
        let path = Path::new(FOLDER).join(file_name(mistake));
        if update {
            std::fs::write(&path, &told).expect("writable");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if told != expected {
            wrong.push(format!("{mistake:?}\n--- expected\n{expected}--- found\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_text_has_its_mistake() {
    let known: Vec<String> = MISTAKES.iter().map(|(mistake, ..)| file_name(*mistake)).collect();
    let entries = std::fs::read_dir(FOLDER).expect("the folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let unknown: Vec<_> = names.filter(|name| name.ends_with(".expected") && !known.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// What `check` and what `conforms` say about a mistake.
fn found_by<O: Choices>(mistake: Mistake, form: Form, role: Role) -> (Result<String, String>, Vec<String>) {
    (by_check::<O>(mistake, form, role), by_conforms::<O>(mistake, form))
}

fn by_conforms<O: Choices>(mistake: Mistake, form: Form) -> Vec<String> {
    let values = MELODIES.map(Value::from);
    let options = serde_json::json!({ "field": "notes", "form": form.word() });
    faults(Notes::<O>::with(mistake), options, &values)
}

/// The warnings of `any2any check`, or its error; `train` begins with the same preparation.
fn by_check<O: Choices>(mistake: Mistake, form: Form, role: Role) -> Result<String, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    let words: Vec<String> = (0..MELODIES.len()).map(|at| "la".repeat(at + 1)).collect();
    std::fs::write(path("train.notes"), format!("{}\n", MELODIES.join("\n"))).expect("writable");
    std::fs::write(path("train.words"), format!("{}\n", words.join("\n"))).expect("writable");
    let name = if mistake == Mistake::NamedLikeABuiltIn { "text" } else { "notes" };
    let notes = format!("{{ {name}: {{ field: notes, form: {} }} }}", form.word());
    let text = "{ text: { field: words, tokenizer: { characters: {} } } }".to_owned();
    let (source, target) = match role {
        Role::Source => (notes, text),
        Role::Target => (text, notes),
    };
    let experiment = format!(
        "name: songs
tasks:
  sing:
    data: {{ files: {{ train: {{ parallel: {{ notes: train.notes, words: train.words }} }} }} }}
    source: {source}
    target: {target}
    metrics: []
model:
  transformer: {{ d_model: 16, d_ff: 16, heads: 2, encoder_layers: 1, decoder_layers: 1 }}
training: {{ steps: 1, schedule: {{ constant: {{ peak: 1.0e-3 }} }} }}
"
    );
    let registry = Registry::new().with(any2any_text::Text).with(Notes::<O>::with(mistake));
    let said = |words: String| words.replace(&folder.path().display().to_string(), "FOLDER");
    let document = any2any_experiment::load_str("songs.yaml", &experiment, folder.path(), &[], &registry)
        .map_err(|problems| said(problems.to_string()))?;
    let root = DataRoot::at(folder.path());
    let (reports, warnings, _) =
        any2any_train::check(&document, &registry, &root).map_err(|error| said(error.to_string()))?;
    let mut words: Vec<String> = reports.into_iter().flat_map(|report| report.warnings).collect();
    words.extend(
        [&document.warnings, &warnings]
            .into_iter()
            .filter(|found| !found.is_empty())
            .map(ToString::to_string),
    );
    Ok(said(words.join("\n")))
}

fn list(faults: &[String]) -> String {
    let lines: Vec<String> = faults.iter().map(|fault| format!("- {fault}")).collect();
    lines.join("\n")
}

fn or_nothing(words: String) -> String {
    if words.is_empty() { "(nothing is found)".to_owned() } else { words }
}

/// The file of a mistake: `EvenKernel` is in `even-kernel.expected`.
fn file_name(mistake: Mistake) -> String {
    let mut name = String::new();
    for letter in format!("{mistake:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    format!("{name}.expected")
}
