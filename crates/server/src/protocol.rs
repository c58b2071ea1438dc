//! The types of the JSON interface: requests and answers, from which its OpenAPI description is made.
//!
//! Large arrays of numbers are [`Floats`]. Beside its own fields, the body of every request may have those of
//! [`Model`], which name the run and the checkpoint that answer, and of [`Languages`].

mod analysis;
mod assessment;
mod beam;
mod chain;
mod distance;
mod input;
mod lens;
mod libretranslate;
mod look;
mod machine;
mod neighbours;
mod openai;
mod patching;
mod problem;
mod reference;
mod run;
mod sample;
mod training;
mod translate;

pub use analysis::{Attribution, AttributionRequest, Integral, Parameter, ParameterQuery};
pub use any2any_inspect::{Method, NodeFate, PartKind, PartParameter};
pub use any2any_portable::{Bytes, Channels, Floats, Rectangle, Region, Span, View, ViewImage, ViewSignal};
pub use assessment::{AssessedSample, AssessmentQuery, Assessments, Confusion};
pub use beam::{BeamNode, BeamRequest, BeamTree};
pub use chain::{Chain, ChainRequest, ChainStep, Chained};
pub use distance::{DistanceGroup, DistanceQuery, Distances};
pub use input::{Input, InputFile, InputSample, Languages, Model, Prefix};
pub use lens::{Lens, LensRequest, LensToken};
pub use libretranslate::{
    Alternatives, LibreTranslateAnswer, LibreTranslateLanguage, LibreTranslateProblem, LibreTranslateRequest,
    Texts,
};
pub use look::{
    Attention, AttentionChange, AttentionEdit, AttentionKind, AttentionRow, Head, Look, LookPosition,
    LookRequest, LookSource, LookTarget, LookWindow, WrittenPosition,
};
pub use machine::{Machine, MachineRequest, Part, PartValues};
pub use neighbours::{Neighbour, Neighbours, NeighboursRequest};
pub use openai::{
    OpenAiModel, OpenAiModels, OpenAiProblem, OpenAiProblemDetail, Transcription, TranscriptionFormat,
    TranscriptionRequest, TranscriptionSegment, VerboseTranscription,
};
pub use patching::{Patching, PatchingRequest};
pub use problem::{Problem, ProblemDetail};
pub use reference::Reference;
pub use run::{Body, Checkpoint, Health, Kind, Run, RunModel, Side, Task, TaskLanguages};
pub use sample::{Sample, Samples, SamplesQuery, Vocabulary, VocabularyQuery};
pub use training::{Sweep, SweepQuery, Training, TrainingQuery, Written, WrittenQuery};
pub use translate::{
    Beam, Decoding, DetectedLanguage, Greedy, NextRequest, NextToken, NextTokens, Output, Sampling, Score,
    ScoreRequest, StreamedEnd, StreamedToken, TranslateRequest, Translations,
};
