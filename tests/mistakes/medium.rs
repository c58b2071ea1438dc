//! Medium of notes, in which every mistake of an author is a switch.

use std::marker::PhantomData;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use any2any_adapter::{
    AdapterError, CustomContents, Kind, Medium, OpenedValue, OptionProblem, PlugInOptions, Price, Side,
    Signal, Value,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::adapter::Keys;

/// A mistake of an author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    None,
    // The description.
    NamedLikeABuiltIn,
    BadName,
    BadExtension,
    InheritedUnknown,
    UnknownOptionsTaken,
    OptionForgotten,
    DefaultDoesNotParse,
    CheckPanics,
    FieldsEmpty,
    FieldsLacking,
    // Opening and fitting.
    OpenForgotten,
    OpenOfAnotherKind,
    OpenPanicsInOne,
    PriceTooLow,
    FitPanics,
    FitByChance,
    // Entrance and exit.
    EvenKernel,
    StrideOfNothing,
    StrideWiderThanKernel,
    NoLayers,
    WidthOfNothing,
    HeadOfAnotherVocabulary,
    PaddingUnlike,
    EndForbidden,
    EndIsPadding,
    SpecialTokenOutside,
    HeadForgotten,
    // Sequences.
    FramesOfAnotherWidth,
    SequenceEmpty,
    TokenBeyondVocabulary,
    TokensForFrames,
    FramesForTokens,
    NotFiniteInOne,
    NotFinite,
    EndMissing,
    BeginInFront,
    PaddingAmong,
    OtherNumberOfFrames,
    EncodeRefusesOne,
    EncodeRefusesAll,
    EncodePanicsInOne,
    EncodePanics,
    EncodeCounts,
    LongestTooShort,
    // Regions.
    RegionsMissing,
    RegionsTooMany,
    RegionsOfAnotherKind,
    RegionsOutside,
    RegionsBeforeStrides,
    // Augmentation.
    AugmentByChance,
    AugmentNotFinite,
    AugmentEmpty,
    AugmentUnsaid,
    AugmentPanics,
    // The way back.
    DecodeWithoutRegions,
    DecodeRegionsOutside,
    DecodeOfAnotherKind,
    DecodePanicsOnNothing,
    DecodePanics,
    ShowPanics,
    FilePanics,
    FileNotReadBack,
    FileExtensionWithDot,
    // Saving.
    SavesNothing,
    SavePanics,
    LoadFails,
    LoadGivesAnother,
}

/// Keys of a piano, one after the other.
#[derive(Debug, PartialEq)]
pub(crate) struct Melody(pub(crate) Vec<u8>);

impl CustomContents for Melody {
    fn kind(&self) -> &'static str {
        "a melody"
    }

    fn items(&self) -> Vec<String> {
        self.0.iter().map(u8::to_string).collect()
    }
}

impl Melody {
    /// A melody of keys with spaces between them.
    pub(crate) fn parse(text: &str) -> Result<Value, AdapterError> {
        let key = |word: &str| word.parse().ok().filter(|key| *key < 128);
        let keys = text.split_whitespace().map(|word| {
            key(word)
                .ok_or_else(|| AdapterError::value(format!("'{word}' is no key: give a number below 128")))
        });
        Ok(Value::custom(Melody(keys.collect::<Result<_, _>>()?)))
    }
}

/// The form of a melody as a sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    /// Tokens, read and written.
    #[default]
    Tokens,
    /// Frames that are read.
    Frames,
    /// Frames that are read behind a convolution with strides.
    Strided,
    /// Frames that are read, and written in a fixed number.
    Fixed,
    /// Frames that are read, and written until the model stops.
    UntilStop,
}

impl Form {
    /// The word of an experiment.
    pub(crate) fn word(self) -> String {
        serde_json::to_value(self).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// Options of notes, whatever mistakes they have.
pub(crate) trait Choices: PlugInOptions {
    fn field(&self) -> &str;
    fn form(&self) -> Form;
}

/// Options without a mistake.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sound {
    /// The field of the dataset.
    field: String,
    /// The form of a melody as a sequence.
    #[serde(default)]
    form: Form,
}

/// Options that pass over what they do not know.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Lenient {
    /// The field of the dataset.
    field: String,
    /// The form of a melody as a sequence.
    #[serde(default)]
    form: Form,
}

/// Options of which one is not written out.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forgetful {
    /// The field of the dataset.
    field: String,
    /// The form of a melody as a sequence.
    #[serde(default, skip_serializing)]
    form: Form,
}

/// Options with a default that JSON does not have.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endless {
    /// The field of the dataset.
    field: String,
    /// The form of a melody as a sequence.
    #[serde(default)]
    form: Form,
    /// The longest melody, in seconds.
    #[serde(default = "endless")]
    seconds: f32,
}

fn endless() -> f32 {
    f32::INFINITY
}

macro_rules! choices {
    ($($options:ident)*) => {$(
        impl Choices for $options {
            fn field(&self) -> &str {
                &self.field
            }

            fn form(&self) -> Form {
                self.form
            }
        }
    )*};
}

choices!(Sound Lenient Forgetful Endless);

/// The medium, with a mistake.
pub(crate) struct Notes<O> {
    mistake: Mistake,
    fits: AtomicUsize,
    options: PhantomData<fn() -> O>,
}

impl<O> Notes<O> {
    pub(crate) fn with(mistake: Mistake) -> Self {
        Self { mistake, fits: AtomicUsize::new(0), options: PhantomData }
    }
}

impl<O: Choices> Medium for Notes<O> {
    type Options = O;
    type Adapter = Keys;

    fn name(&self) -> &str {
        match self.mistake {
            Mistake::NamedLikeABuiltIn => "text",
            Mistake::BadName => "My notes",
            _ => "notes",
        }
    }

    fn kind(&self) -> Kind {
        Kind::Custom
    }

    fn check(&self, options: &O) -> Vec<OptionProblem> {
        assert!(self.mistake != Mistake::CheckPanics, "no table of the form {:?}", options.form());
        Vec::new()
    }

    fn fields(&self, options: &O) -> Vec<String> {
        let field = options.field().to_owned();
        match self.mistake {
            Mistake::FieldsEmpty => Vec::new(),
            Mistake::FieldsLacking => vec![field, "rhythm".to_owned()],
            _ => vec![field],
        }
    }

    fn inherited(&self) -> &'static [&'static str] {
        if self.mistake == Mistake::InheritedUnknown { &["forms"] } else { &["form"] }
    }

    fn extensions(&self) -> Vec<&str> {
        vec![if self.mistake == Mistake::BadExtension { ".KEYS" } else { "keys" }]
    }

    fn open(&self, _side: &Side<O>, value: &Value) -> Result<OpenedValue, AdapterError> {
        let text = value.as_text().ok_or_else(|| AdapterError::other_medium("a text of keys", value))?;
        match self.mistake {
            Mistake::OpenForgotten => return Ok(value.clone().into()),
            Mistake::OpenOfAnotherKind => {
                let signal = Signal::mono(10.0, vec![0.0; text.len()]).expect("a sound rate");
                return Ok(Value::from(signal).into());
            }
            Mistake::OpenPanicsInOne => assert!(!text.starts_with("66"), "no string for key 66"),
            _ => {}
        }
        if text.trim().is_empty() {
            return Err(AdapterError::value("a melody without keys"));
        }
        Ok(Melody::parse(text)?.into())
    }

    fn price(&self, _side: &Side<O>, value: &Value) -> Result<Price, AdapterError> {
        let positions = value.as_text().map(|text| text.split_whitespace().count() as u64 + 4);
        let positions = if self.mistake == Mistake::PriceTooLow { Some(1) } else { positions };
        Ok(Price { positions, ..Price::of_contents(value) })
    }

    fn fit(&self, side: &Side<O>, values: &mut dyn Iterator<Item = &Value>) -> Result<Keys, AdapterError> {
        assert!(self.mistake != Mistake::FitPanics, "attempt to divide by zero");
        let keys = values.filter_map(Value::as_custom).flat_map(|Melody(keys)| keys.iter().copied());
        let (lowest, highest) = keys.fold((127, 0), |(low, high), key| (key.min(low), key.max(high)));
        let (lowest, mut highest) = if lowest > highest { (0, 127) } else { (lowest, highest) };
        if self.mistake == Mistake::FitByChance {
            highest += (self.fits.fetch_add(1, Ordering::Relaxed) % 2) as u8;
        }
        Ok(Keys::new(self.mistake, side.form(), lowest, highest))
    }

    fn load(&self, side: &Side<O>, folder: &Path) -> Result<Keys, AdapterError> {
        if self.mistake == Mistake::SavesNothing {
            return self.fit(side, &mut std::iter::empty());
        }
        let path = folder.join(if self.mistake == Mistake::LoadFails { "keys.json" } else { "range.json" });
        let broken = |reason: String| AdapterError::File { path: path.clone(), reason };
        let text = std::fs::read_to_string(&path).map_err(|error| broken(error.to_string()))?;
        let (lowest, highest): (u8, u8) =
            serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
        let moved = u8::from(self.mistake == Mistake::LoadGivesAnother);
        Ok(Keys::new(self.mistake, side.form(), lowest - moved, highest - moved))
    }
}
