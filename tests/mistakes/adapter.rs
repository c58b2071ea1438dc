//! Adapter of notes, in which every mistake of an author is a switch.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use any2any_adapter::{
    Adapter, AdapterError, Convolution, Decoded, Encoded, FrameCount, Frames, Head, Random, Region, Sequence,
    Stem, Value, WrittenFile,
};

use super::medium::{Form, Melody, Mistake};

const PADDING: u32 = 0;
const BEGIN: u32 = 1;
const END: u32 = 2;
/// The token of the lowest key.
const FIRST: u32 = 3;
/// Frames of the fixed form; those behind a melody are silent.
const FIXED: usize = 6;
/// A frame is a key's height and its loudness.
const WIDTH: usize = 2;
/// The key of the one melody that is unlike the others.
pub(super) const ODD: u8 = 66;

/// Notes between two keys.
pub(crate) struct Keys {
    mistake: Mistake,
    form: Form,
    lowest: u8,
    highest: u8,
    calls: AtomicUsize,
}

impl Keys {
    pub(super) fn new(mistake: Mistake, form: Form, lowest: u8, highest: u8) -> Self {
        Self { mistake, form, lowest, highest, calls: AtomicUsize::new(0) }
    }

    fn is(&self, mistake: Mistake) -> bool {
        self.mistake == mistake
    }

    fn vocabulary(&self) -> usize {
        FIRST as usize + usize::from(self.highest - self.lowest) + 1
    }

    fn span(&self) -> f32 {
        f32::from((self.highest - self.lowest).max(1))
    }

    /// True at every second call.
    fn by_chance(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed) % 2 == 1
    }

    fn sequence(&self, keys: &[u8]) -> Result<Encoded, AdapterError> {
        let outside = |key: &&u8| **key < self.lowest || **key > self.highest;
        if let Some(key) = keys.iter().find(outside) {
            let (lowest, highest) = (self.lowest, self.highest);
            return Err(AdapterError::value(format!("key {key} is not between {lowest} and {highest}")));
        }
        let mut regions: Vec<Region> = (0..keys.len()).map(|at| Region::Items(at..at + 1)).collect();
        let sequence = if self.form == Form::Tokens {
            regions.push(Region::Nothing);
            let tokens = keys.iter().map(|key| FIRST + u32::from(key - self.lowest));
            Sequence::Tokens(tokens.chain([END]).collect())
        } else {
            let height = |key: &u8| f32::from(key - self.lowest) / self.span();
            let mut frames: Vec<f32> = keys.iter().flat_map(|key| [height(key), 1.0]).collect();
            if self.form == Form::Fixed {
                frames.resize(FIXED * WIDTH, 0.0);
                regions.resize(FIXED, Region::Nothing);
            }
            if self.form == Form::Strided {
                let pairs = (0..keys.len()).step_by(2);
                regions = pairs.map(|at| Region::Items(at..(at + 2).min(keys.len()))).collect();
            }
            frames_of(WIDTH, frames)
        };
        Ok(Encoded { sequence, regions })
    }

    /// A sequence with the mistake.
    fn mistaken(&self, keys: &[u8], encoded: Encoded) -> Encoded {
        let Encoded { mut sequence, mut regions } = encoded;
        match &mut sequence {
            Sequence::Tokens(tokens) => match self.mistake {
                Mistake::EndMissing => {
                    tokens.pop();
                    regions.pop();
                }
                Mistake::BeginInFront => {
                    tokens.insert(0, BEGIN);
                    regions.insert(0, Region::Nothing);
                }
                Mistake::PaddingAmong => tokens[0] = PADDING,
                Mistake::TokenBeyondVocabulary => tokens[0] = self.vocabulary() as u32,
                Mistake::FramesForTokens => sequence = frames_of(1, vec![0.5; keys.len() + 1]),
                _ => {}
            },
            Sequence::Frames(frames) => match self.mistake {
                Mistake::FramesOfAnotherWidth => sequence = frames_of(1, vec![0.5; keys.len()]),
                Mistake::TokensForFrames => sequence = Sequence::Tokens(vec![FIRST; keys.len()]),
                Mistake::OtherNumberOfFrames => {
                    sequence = frames_of(WIDTH, vec![0.5; WIDTH * (FIXED + 1)]);
                    regions.push(Region::Nothing);
                }
                Mistake::NotFinite => sequence = not_finite(frames),
                Mistake::NotFiniteInOne if keys.contains(&ODD) => sequence = not_finite(frames),
                _ => {}
            },
        }
        match self.mistake {
            Mistake::SequenceEmpty => return nothing(),
            Mistake::RegionsMissing => regions.clear(),
            Mistake::RegionsTooMany => regions.push(Region::Nothing),
            Mistake::RegionsOfAnotherKind => regions[0] = Region::Bytes(0..1),
            Mistake::RegionsOutside => regions[0] = Region::Items(0..keys.len() + 1),
            Mistake::RegionsBeforeStrides => {
                regions = (0..keys.len()).map(|at| Region::Items(at..at + 1)).collect();
            }
            _ => {}
        }
        Encoded { sequence, regions }
    }

    fn keys_of(&self, sequence: &Sequence) -> Result<(Vec<u8>, Vec<Region>), AdapterError> {
        let mut keys = Vec::new();
        let mut regions = Vec::new();
        let mut sound = |key: u8| {
            regions.push(Region::Items(keys.len()..keys.len() + 1));
            keys.push(key);
        };
        match (sequence, self.form) {
            (Sequence::Tokens(tokens), Form::Tokens) => {
                for token in tokens {
                    let key = token.checked_sub(FIRST).filter(|_| (*token as usize) < self.vocabulary());
                    let key = key.ok_or_else(|| AdapterError::value(format!("token {token} is no key")))?;
                    sound(self.lowest + key as u8);
                }
            }
            (Sequence::Frames(frames), Form::Fixed | Form::UntilStop) if frames.width() == WIDTH => {
                for frame in frames.values().chunks(WIDTH) {
                    sound(self.lowest + (frame[0].clamp(0.0, 1.0) * self.span()).round() as u8);
                }
            }
            _ => return Err(AdapterError::value("melodies are not written in this form")),
        }
        Ok((keys, regions))
    }
}

impl Adapter for Keys {
    fn stem(&self) -> Stem {
        let layers = |kernel, stride| vec![Convolution { kernel, stride }];
        let convolution = |layers| Stem::Convolution { width: WIDTH, layers };
        match (self.form, self.mistake) {
            (Form::Tokens, Mistake::PaddingUnlike) => {
                Stem::Lookup { vocabulary: self.vocabulary(), padding: END }
            }
            (Form::Tokens, _) => Stem::Lookup { vocabulary: self.vocabulary(), padding: PADDING },
            (Form::Strided, Mistake::EvenKernel) => convolution(layers(4, 2)),
            (Form::Strided, Mistake::StrideOfNothing) => convolution(layers(3, 0)),
            (Form::Strided, Mistake::StrideWiderThanKernel) => convolution(layers(3, 4)),
            (Form::Strided, Mistake::NoLayers) => convolution(Vec::new()),
            (Form::Strided, _) => convolution(layers(3, 2)),
            (_, Mistake::WidthOfNothing) => Stem::Projection { width: 0 },
            _ => Stem::Projection { width: WIDTH },
        }
    }

    fn head(&self) -> Option<Head> {
        let regression = |length| Some(Head::Regression { width: WIDTH, length });
        match self.form {
            _ if self.is(Mistake::HeadForgotten) => None,
            Form::Tokens => {
                let more = usize::from(self.is(Mistake::HeadOfAnotherVocabulary));
                Some(Head::Softmax {
                    vocabulary: self.vocabulary() + more,
                    padding: PADDING,
                    begin: if self.is(Mistake::SpecialTokenOutside) { 1000 } else { BEGIN },
                    end: if self.is(Mistake::EndIsPadding) { PADDING } else { END },
                    forbidden: match self.mistake {
                        Mistake::EndForbidden => vec![PADDING, BEGIN, END],
                        _ => vec![PADDING, BEGIN],
                    },
                })
            }
            Form::Frames | Form::Strided => None,
            Form::Fixed => regression(FrameCount::Fixed(FIXED)),
            Form::UntilStop => regression(FrameCount::UntilStop { at_most: 8 }),
        }
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let other = || AdapterError::other_medium("a melody", value);
        let Melody(keys) = value.as_custom().ok_or_else(other)?;
        let odd = keys.contains(&ODD);
        match self.mistake {
            Mistake::EncodeRefusesAll => return Err(AdapterError::value("its keys are not tuned")),
            Mistake::EncodeRefusesOne if odd => return Err(AdapterError::value("its keys are not tuned")),
            Mistake::EncodePanics => panic!("no string for key {}", keys[0]),
            Mistake::EncodePanicsInOne if odd => panic!("no string for key {}", keys[0]),
            Mistake::EncodeCounts if self.by_chance() => return self.sequence(&reversed(keys)),
            _ => {}
        }
        Ok(self.mistaken(keys, self.sequence(keys)?))
    }

    fn augments(&self) -> bool {
        !self.is(Mistake::AugmentUnsaid)
    }

    fn augment(&self, value: &Value, random: &mut Random) -> Result<Encoded, AdapterError> {
        let plain = self.encode(value)?;
        let Some(Melody(keys)) = value.as_custom() else { return Ok(plain) };
        let backwards = match self.mistake {
            Mistake::AugmentEmpty => return Ok(nothing()),
            Mistake::AugmentPanics => panic!("no string for key {}", keys[0]),
            Mistake::AugmentNotFinite => {
                let frames = plain.sequence.frames().map(not_finite);
                return Ok(Encoded { sequence: frames.unwrap_or(plain.sequence), regions: plain.regions });
            }
            Mistake::AugmentByChance => self.by_chance(),
            Mistake::AugmentUnsaid => true,
            _ => random.below(2) == 1,
        };
        if backwards { self.sequence(&reversed(keys)) } else { Ok(plain) }
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let (keys, mut regions) = self.keys_of(sequence)?;
        match self.mistake {
            Mistake::DecodePanics => panic!("no string for key {:?}", keys.first()),
            Mistake::DecodePanicsOnNothing => assert!(!keys.is_empty(), "a melody has a first key"),
            Mistake::DecodeWithoutRegions => regions.clear(),
            Mistake::DecodeRegionsOutside => regions.fill(Region::Items(0..keys.len() + 1)),
            Mistake::DecodeOfAnotherKind => {
                return Ok(Decoded { value: Value::from(format!("{keys:?}")), regions });
            }
            _ => {}
        }
        Ok(Decoded { value: Value::custom(Melody(keys)), regions })
    }

    fn to_file(&self, value: &Value) -> Result<WrittenFile, AdapterError> {
        let other = || AdapterError::other_medium("a melody", value);
        let Melody(keys) = value.as_custom().ok_or_else(other)?;
        assert!(!self.is(Mistake::FilePanics), "no file holds {} keys", keys.len());
        let extension = if self.is(Mistake::FileExtensionWithDot) { ".keys" } else { "keys" };
        let kept = usize::from(self.is(Mistake::FileNotReadBack)).min(keys.len());
        let words: Vec<String> = keys[kept..].iter().map(u8::to_string).collect();
        Ok(WrittenFile::new(extension, format!("{}\n", words.join(" ")).into_bytes()))
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        let text = std::str::from_utf8(bytes).map_err(|error| AdapterError::value(error.to_string()))?;
        Melody::parse(text)
    }

    fn longest(&self) -> Option<usize> {
        self.is(Mistake::LongestTooShort).then_some(2)
    }

    fn show(&self, token: u32) -> String {
        let names: Vec<u8> = (self.lowest..=self.highest).collect();
        match token.checked_sub(FIRST) {
            Some(key) if self.is(Mistake::ShowPanics) => names[key as usize].to_string(),
            Some(key) => names.get(key as usize).map_or_else(|| format!("<{token}>"), u8::to_string),
            None => format!("<{token}>"),
        }
    }

    fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        if self.is(Mistake::SavesNothing) {
            return Ok(());
        }
        assert!(!self.is(Mistake::SavePanics), "no room for {} keys", self.vocabulary());
        let path = folder.join("range.json");
        std::fs::write(&path, format!("[{}, {}]", self.lowest, self.highest))
            .map_err(|error| AdapterError::File { path, reason: error.to_string() })
    }
}

fn reversed(keys: &[u8]) -> Vec<u8> {
    keys.iter().rev().copied().collect()
}

fn frames_of(width: usize, values: Vec<f32>) -> Sequence {
    Sequence::Frames(Frames::new(width, values).expect("whole frames"))
}

fn not_finite(frames: &Frames) -> Sequence {
    let mut values = frames.values().to_vec();
    values[0] = f32::NAN;
    frames_of(frames.width(), values)
}

fn nothing() -> Encoded {
    Encoded { sequence: Sequence::Tokens(Vec::new()), regions: Vec::new() }
}
