//! OpenAI's interface to models that write down what is said, as its own clients ask and are answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A recording to write down, as a form (`multipart/form-data`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct TranscriptionRequest {
    /// The recording, a file of a format that the model's medium opens.
    #[schemars(extend("format" = "binary"))]
    pub file: String,
    /// The model, one of `/v1/models`; `whisper-1` is the first that reads recordings.
    pub model: String,
    /// The language that is spoken, for a model that is told it. Not for translations.
    #[serde(default)]
    pub language: Option<String>,
    /// Taken for the sake of clients; no model here reads it.
    #[serde(default)]
    pub prompt: Option<String>,
    /// The format of the answer.
    #[serde(default)]
    pub response_format: TranscriptionFormat,
    /// The temperature of sampling; 0, or none: as the run's experiment decodes.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 2.0))]
    pub temperature: Option<f64>,
    /// `segment`; `word` is refused.
    #[serde(default, rename = "timestamp_granularities[]")]
    pub timestamp_granularities: Vec<String>,
}

/// The format of a transcript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TranscriptionFormat {
    /// An object with the text.
    #[default]
    Json,
    /// The text alone.
    Text,
    /// Subtitles as SubRip.
    Srt,
    /// Subtitles as WebVTT.
    Vtt,
    /// An object with the text and its segments.
    VerboseJson,
}

/// A transcript, for `json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Transcription {
    /// The text.
    pub text: String,
}

/// A transcript with its segments, for `verbose_json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct VerboseTranscription {
    /// `transcribe` or `translate`.
    pub task: String,
    /// The language that the model was told, or told itself, by its English name in small letters; `unknown` if there is
    /// none.
    pub language: String,
    /// The duration of the recording in seconds.
    pub duration: f64,
    /// The text.
    pub text: String,
    /// The segments in order.
    pub segments: Vec<TranscriptionSegment>,
}

/// A segment of a transcript.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct TranscriptionSegment {
    /// The segment's number, from 0.
    pub id: usize,
    /// The start in hundredths of a second.
    pub seek: u64,
    /// The start in seconds.
    pub start: f64,
    /// The end in seconds.
    pub end: f64,
    /// The text.
    pub text: String,
    /// The temperature of sampling; 0 without it.
    pub temperature: f64,
    /// The mean log-probability of a token of the whole transcript.
    pub avg_logprob: f64,
}

/// The models that transcribe or translate recordings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct OpenAiModels {
    /// `list`.
    pub object: String,
    /// The models.
    pub data: Vec<OpenAiModel>,
}

/// A model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct OpenAiModel {
    /// The name by which requests call it: that of the run's folder.
    pub id: String,
    /// `model`.
    pub object: String,
    /// Always 0: a run does not tell when it was made.
    pub created: u64,
    /// `any2any`.
    pub owned_by: String,
}

/// The reason why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct OpenAiProblem {
    /// The reason.
    pub error: OpenAiProblemDetail,
}

/// The reason why there is no answer: words for people, codes for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct OpenAiProblemDetail {
    /// The reason, and the way out.
    pub message: String,
    /// The kind: `invalid_request_error` or `server_error`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The field that is wrong, which is not told.
    pub param: Option<String>,
    /// A code for programs.
    pub code: Option<String>,
}
