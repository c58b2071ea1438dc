//! OpenAI's routes for recordings, answered by the runs and chains that read sounds and write texts.

mod hearing;

use std::sync::Arc;

use any2any_adapter::Kind;
use any2any_translate::{Segment, Subtitles};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::{blocking, in_time, json};
use crate::api_error::ApiError;
use crate::language_names::{english, two_letters};
use crate::protocol::{
    InputFile, Languages, OpenAiModel, OpenAiModels, Transcription, TranscriptionFormat,
    TranscriptionSegment, VerboseTranscription,
};
use crate::server::form::Form;
use crate::server::{App, body};
use crate::ways::{Spoken, Way};
use hearing::{Heard, hear};

/// The name by which programs call OpenAI's own model, many of which know no other.
const ANY: &str = "whisper-1";

/// What is asked of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// What is said, in its language.
    Transcription,
    /// What is said, in English.
    Translation,
}

impl Wanted {
    /// The task's name in the answer, and that of Whisper's task in a run.
    fn task(self) -> &'static str {
        match self {
            Self::Transcription => "transcribe",
            Self::Translation => "translate",
        }
    }
}

/// A recording, and how it is asked for.
struct Asked {
    file: InputFile,
    model: String,
    language: Option<String>,
    format: TranscriptionFormat,
    temperature: f64,
}

pub(in crate::server) async fn models(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let ways = ways(&app).await?;
    let mut data: Vec<OpenAiModel> = Vec::new();
    for way in ways {
        if !data.iter().any(|known| known.id == way.name) {
            let (object, owned_by) = ("model".to_owned(), "any2any".to_owned());
            data.push(OpenAiModel { id: way.name, object, created: 0, owned_by });
        }
    }
    json(&OpenAiModels { object: "list".to_owned(), data })
}

pub(in crate::server) async fn transcriptions(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    answer(app, request, Wanted::Transcription).await
}

pub(in crate::server) async fn translations(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    answer(app, request, Wanted::Translation).await
}

/// The ways from recordings to texts.
async fn ways(app: &Arc<App>) -> Result<Vec<Way>, ApiError> {
    let reading = app.clone();
    let mut ways = blocking(move || Ok(reading.runs.ways(&reading.languages))).await?;
    ways.retain(|way| way.kinds() == (Some(Kind::Signal), Kind::Text));
    Ok(ways)
}

async fn answer(app: Arc<App>, request: Request, wanted: Wanted) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let body::Read { bytes, held: _held } = body::bytes(body, &app).await?;
    let form = Form::parse(&parts.headers, &bytes).await?;
    drop(bytes);
    let form = form.ok_or_else(|| wrong("the body is no form", "send it as multipart/form-data"))?;
    let asked = Asked::of(form)?;
    let _permit = app.permits.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    in_time(&app, async {
        let ways = ways(&app).await?;
        let way = find(&ways, &asked.model, wanted)?;
        let languages = languages(way, asked.language.as_deref())?;
        let Asked { file, format, temperature, .. } = asked;
        let spoken =
            languages.source_language.clone().or(asked.language).or_else(|| match &way.sources[..] {
                [Spoken { code, told: None }] => Some(code.clone()),
                _ => None,
            });
        let heard = hear(&app, way, &languages, file, temperature).await?;
        shaped(heard, format, wanted, spoken.as_deref(), temperature)
    })
    .await
}

impl Asked {
    fn of(mut form: Form) -> Result<Self, ApiError> {
        let missing = |name: &str| wrong(&format!("`{name}` is missing"), "/openapi.json describes the form");
        let file = form.take_file("file").ok_or_else(|| missing("file"))?;
        let text = |name: &str| form.text(name).map(str::to_owned);
        let temperature = match form.text("temperature") {
            None => 0.0,
            Some(given) => given
                .parse()
                .ok()
                .filter(|temperature| (0.0..=2.0).contains(temperature))
                .ok_or_else(|| wrong("`temperature` is no number between 0 and 2", ""))?,
        };
        let format = match form.text("response_format") {
            None | Some("json") => TranscriptionFormat::Json,
            Some("text") => TranscriptionFormat::Text,
            Some("srt") => TranscriptionFormat::Srt,
            Some("vtt") => TranscriptionFormat::Vtt,
            Some("verbose_json") => TranscriptionFormat::VerboseJson,
            Some(_) => {
                let help = "there are: json, text, srt, vtt, verbose_json";
                return Err(wrong("there is no such `response_format`", help));
            }
        };
        let granularities = ["timestamp_granularities[]", "timestamp_granularities"];
        if granularities.iter().flat_map(|name| form.texts(name)).any(|granularity| granularity != "segment")
        {
            return Err(wrong("the times of words are not known", "ask for `segment` alone"));
        }
        if form.text("stream") == Some("true") {
            return Err(wrong("a transcript is not streamed", "leave `stream` out"));
        }
        let model = text("model").ok_or_else(|| missing("model"))?;
        Ok(Self { file, model, language: text("language"), format, temperature })
    }
}

/// The way that a model's name means; of several tasks the one that does what is wanted.
fn find<'a>(ways: &'a [Way], model: &str, wanted: Wanted) -> Result<&'a Way, ApiError> {
    let called: Vec<&Way> = match ways.iter().any(|way| way.is_called(model)) {
        true => ways.iter().filter(|way| way.is_called(model)).collect(),
        false if model == ANY => ways.iter().collect(),
        false => Vec::new(),
    };
    if called.is_empty() {
        let names: Vec<&str> = ways.iter().map(|way| way.name.as_str()).collect();
        let cut: String = model.chars().take(80).collect();
        let known = match names.is_empty() {
            true => "no run here reads sounds and writes texts".to_owned(),
            false => format!("there are: {}", names.join(", ")),
        };
        let message = format!("the model '{cut}' does not exist; {known}");
        return Err(ApiError::missing(message, "/v1/models lists the models"));
    }
    let named = called.iter().find(|way| way.steps[0].task.name() == wanted.task());
    let into_english = |way: &&&Way| way.targets.is_empty() || Spoken::find(&way.targets, "en").is_some();
    let found = match wanted {
        Wanted::Transcription => {
            named.or_else(|| called.iter().find(|way| way.steps[0].task.name() != Wanted::Translation.task()))
        }
        Wanted::Translation => named.or_else(|| called.iter().find(into_english)),
    };
    found.copied().ok_or_else(|| {
        let does = match wanted {
            Wanted::Transcription => "write down what is said",
            Wanted::Translation => "write in English what is said",
        };
        wrong(&format!("this model does not {does}"), "/v1/models lists the models")
    })
}

/// What a way's first model is told of the language that is spoken.
fn languages(way: &Way, asked: Option<&str>) -> Result<Languages, ApiError> {
    let Some(asked) = asked else { return Ok(Languages::default()) };
    let known = Spoken::find(&way.sources, asked);
    match (known, way.sources.is_empty()) {
        (Some(spoken), _) => Ok(Languages { source_language: spoken.told.clone(), target_language: None }),
        (None, true) => Ok(Languages::default()),
        (None, false) => {
            let codes: Vec<&str> = way.sources.iter().map(|spoken| spoken.code.as_str()).collect();
            let cut: String = asked.chars().take(40).collect();
            let message =
                format!("this model does not know the language '{cut}'; it knows: {}", codes.join(", "));
            Err(ApiError::wrong("language", message, "leave `language` out, or name one of those"))
        }
    }
}

/// A transcript in the format that is asked for.
fn shaped(
    heard: Heard,
    format: TranscriptionFormat,
    wanted: Wanted,
    language: Option<&str>,
    temperature: f64,
) -> Result<Response, ApiError> {
    let Heard { text, segments, seconds, log_probability, language: told } = heard;
    let language = language.or(told.as_deref());
    let plain = |kind: &'static str, text: String| {
        Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response())
    };
    match format {
        TranscriptionFormat::Json => json(&Transcription { text }),
        TranscriptionFormat::Text => plain("text/plain; charset=utf-8", text + "\n"),
        TranscriptionFormat::Srt => {
            plain("application/x-subrip; charset=utf-8", Subtitles::Srt.write(&segments))
        }
        TranscriptionFormat::Vtt => plain("text/vtt; charset=utf-8", Subtitles::Vtt.write(&segments)),
        TranscriptionFormat::VerboseJson => {
            let segment = |(id, Segment { start, end, text }): (usize, Segment)| TranscriptionSegment {
                id,
                seek: (start * 100.0) as u64,
                start,
                end,
                text,
                temperature,
                avg_logprob: log_probability,
            };
            let known =
                language.map(|language| two_letters(language).map_or_else(|| language.to_owned(), english));
            json(&VerboseTranscription {
                task: wanted.task().to_owned(),
                language: known.map_or_else(|| "unknown".to_owned(), |name| name.to_lowercase()),
                duration: seconds,
                text,
                segments: segments.into_iter().enumerate().map(segment).collect(),
            })
        }
    }
}

fn wrong(message: &str, help: &str) -> ApiError {
    ApiError::wrong("malformed", message, help)
}
