//! LibreTranslate's routes, answered by the runs and chains that read and write texts.

use std::sync::Arc;

use any2any_adapter::Kind;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::translate::written;
use super::{blocking, in_time, json};
use crate::api_error::ApiError;
use crate::protocol::{
    Alternatives, Beam, Decoding, Input, Languages, LibreTranslateAnswer, LibreTranslateLanguage,
    LibreTranslateRequest, Texts, View,
};
use crate::server::form::Form;
use crate::server::{App, body};
use crate::ways::{Spoken, Way};

/// The most bytes of a request whose key is in its body, and so is not known before it is read.
const UNADMITTED: usize = 1 << 18;

/// Mark of a request that lacks the token in its head: its body must have it.
#[derive(Clone, Copy)]
pub(in crate::server) struct TokenInBody;

pub(in crate::server) async fn translate(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    let (asked, _held) = read(&app, request).await?;
    let asked = asked.ok_or_else(|| wrong("the body is empty", "give `q`, `source` and `target`"))?;
    let _permit = app.permits.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    in_time(&app, answer(&app, asked)).await
}

pub(in crate::server) async fn languages(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    // Its own client sends the key in a body, of a GET too.
    let _ = admitted(&app, request).await?;
    let ways = ways(&app).await?;
    let mut all: Vec<LibreTranslateLanguage> = Vec::new();
    for way in &ways {
        for source in &way.sources {
            let place = all.iter().position(|known| known.code == source.code).unwrap_or_else(|| {
                let (code, name) = (source.code.clone(), crate::language_names::english(source.name()));
                all.push(LibreTranslateLanguage { code, name, targets: Vec::new() });
                all.len() - 1
            });
            let targets = &mut all[place].targets;
            for target in &way.targets {
                if !targets.contains(&target.code) {
                    targets.push(target.code.clone());
                }
            }
        }
    }
    json(&all)
}

pub(in crate::server) async fn detect(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    let _ = admitted(&app, request).await?;
    Err(ApiError::missing("no language is detected here", "name `source` in requests to /translate"))
}

/// The ways from texts to texts whose languages are known.
async fn ways(app: &Arc<App>) -> Result<Vec<Way>, ApiError> {
    let reading = app.clone();
    let mut ways = blocking(move || Ok(reading.runs.ways(&reading.languages))).await?;
    ways.retain(|way| way.kinds() == (Some(Kind::Text), Kind::Text));
    Ok(ways)
}

async fn answer(app: &Arc<App>, asked: LibreTranslateRequest) -> Result<Response, ApiError> {
    let LibreTranslateRequest { q, source, target, format, alternatives, .. } = asked;
    if format.as_deref().is_some_and(|format| format != "text") {
        return Err(wrong(
            "only `text` is translated: tags of HTML would be read as words",
            "leave `format` out",
        ));
    }
    let ways = ways(app).await?;
    let (way, languages) = find(&ways, &source, &target)?;
    let (texts, one) = match q {
        Texts::One(text) => (vec![text], true),
        Texts::Several(texts) => (texts, false),
    };
    // More than any beam has are refused where a beam is asked for.
    let more = alternatives.unwrap_or(0).min(u16::MAX.into());
    let mut found = translated(app, way, &languages, &texts, more).await?;
    let best: Vec<String> = found.iter_mut().map(|outputs| outputs.remove(0)).collect();
    let alternatives = match (more, one) {
        (0, _) => None,
        (_, true) => Some(Alternatives::One(found.pop().unwrap_or_default())),
        (_, false) => Some(Alternatives::Several(found)),
    };
    let translated_text = match (one, best) {
        (true, mut best) => Texts::One(best.pop().unwrap_or_default()),
        (false, best) => Texts::Several(best),
    };
    json(&LibreTranslateAnswer { translated_text, alternatives })
}

/// The first way from a language to another, with what its model is told.
fn find<'a>(ways: &'a [Way], source: &str, target: &str) -> Result<(&'a Way, Languages), ApiError> {
    let told = |source: &Spoken, target: &Spoken| Languages {
        source_language: source.told.clone(),
        target_language: target.told.clone(),
    };
    let to: Vec<(&Way, &Spoken)> =
        ways.iter().filter_map(|way| Some((way, Spoken::find(&way.targets, target)?))).collect();
    if source == "auto" {
        let all: Vec<(&Way, &Spoken, &Spoken)> = to
            .iter()
            .flat_map(|(way, target)| way.sources.iter().map(move |source| (*way, source, *target)))
            .collect();
        return match &all[..] {
            [(way, source, target), rest @ ..]
                if rest.iter().all(|(_, other, _)| other.code == source.code) =>
            {
                Ok((way, told(source, target)))
            }
            _ => Err(wrong("no language is detected here", "name `source`; /languages lists what there is")),
        };
    }
    let found =
        to.iter().find_map(|(way, target)| Some((*way, Spoken::find(&way.sources, source)?, *target)));
    found.map(|(way, source, target)| (way, told(source, target))).ok_or_else(|| {
        let cut = |text: &str| text.chars().take(40).collect::<String>();
        let message = format!("nothing here translates from '{}' to '{}'", cut(source), cut(target));
        wrong(
            &message,
            "/languages lists what there is; `serve --languages en:de` says it of a run that does not tell it itself",
        )
    })
}

/// Outputs of each text, the best first, with so many more. Every line is translated by itself, and an empty one stays.
async fn translated(
    app: &Arc<App>,
    way: &Way,
    languages: &Languages,
    texts: &[String],
    more: usize,
) -> Result<Vec<Vec<String>>, ApiError> {
    let lines: Vec<Vec<&str>> =
        texts.iter().map(|text| text.split('\n').map(str::trim_end).collect()).collect();
    let told = lines.iter().flatten().filter(|line| !line.trim().is_empty());
    let mut outputs: Vec<Vec<String>> = told.map(|line| vec![(*line).to_owned()]).collect();
    let last = way.steps.len() - 1;
    for (number, step) in way.steps.iter().enumerate() {
        if outputs.is_empty() {
            break;
        }
        let of_step = Languages {
            source_language: languages.source_language.clone().filter(|_| number == 0),
            target_language: languages.target_language.clone().filter(|_| number == last),
        };
        let decoding = (number == last && more > 0).then(|| {
            let known = step.task.decoding().beam.as_ref().map_or(1, |beam| beam.size);
            let beam = Beam { size: Some(known.max(more + 1)), n_best: Some(more + 1), ..Beam::default() };
            Decoding { beam: Some(beam), ..Decoding::default() }
        });
        let sources = outputs.iter().map(|outputs| Input::Text(outputs[0].clone())).collect();
        let found = written(app, step, &of_step, sources, decoding.as_ref()).await?;
        let text = |output: crate::protocol::Output| match output.view {
            View::Text(text) => text,
            _ => String::new(),
        };
        outputs = found.outputs.into_iter().map(|outputs| outputs.into_iter().map(text).collect()).collect();
    }
    let mut outputs = outputs.into_iter();
    let mut of_line = |line: &&str| match line.trim().is_empty() {
        true => vec![String::new()],
        false => outputs.next().unwrap_or_default(),
    };
    let joined = |lines: Vec<Vec<String>>| {
        let count = lines.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let rank = |rank: usize| {
            let line =
                |outputs: &Vec<String>| outputs.get(rank).or(outputs.first()).cloned().unwrap_or_default();
            lines.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        (0..count).map(rank).collect()
    };
    Ok(lines.iter().map(|lines| joined(lines.iter().map(&mut of_line).collect())).collect())
}

/// A body of a request that has the token, in its head or in its body as `api_key`.
async fn admitted(
    app: &Arc<App>,
    request: Request,
) -> Result<(Option<Form>, HeaderMap, body::Read), ApiError> {
    let (parts, body) = request.into_parts();
    let lacks = parts.extensions.get::<TokenInBody>().is_some();
    let most = if lacks { UNADMITTED } else { usize::MAX };
    let read = body::bytes_up_to(body, app, most).await?;
    let form = Form::parse(&parts.headers, &read.bytes).await?;
    // `curl -d` calls JSON a form, too.
    let form = form.filter(|_| !is_json(&read.bytes));
    if lacks {
        let queried: Option<String> =
            form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
                .find_map(|(name, value)| (name == "api_key").then(|| value.into_owned()));
        let given = match &form {
            Some(form) => form.text("api_key").map(str::to_owned),
            None => serde_json::from_slice::<Key>(&read.bytes).ok().and_then(|key| key.api_key),
        };
        if !given.or(queried).is_some_and(|given| app.access.is_token(&given)) {
            return Err(ApiError::unauthorized());
        }
    }
    Ok((form, parts.headers, read))
}

/// The key in a body in JSON.
#[derive(serde::Deserialize)]
struct Key {
    api_key: Option<String>,
}

fn is_json(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'{')
}

/// Reads a request; `None` if its body is empty.
async fn read(
    app: &Arc<App>,
    request: Request,
) -> Result<(Option<LibreTranslateRequest>, body::Held), ApiError> {
    let (form, _, body::Read { bytes, held }) = admitted(app, request).await?;
    let Some(form) = form else {
        let asked = match bytes.trim_ascii().is_empty() {
            true => None,
            false => Some(body::understood::<LibreTranslateRequest>(bytes).await?.body),
        };
        return Ok((asked, held));
    };
    let required = |name: &'static str| {
        let missing = || wrong(&format!("`{name}` is missing"), "/openapi.json describes the body");
        form.text(name).map(str::to_owned).ok_or_else(missing)
    };
    let mut texts: Vec<String> = form.texts("q").map(str::to_owned).collect();
    let q = match texts.len() {
        0 => return Err(wrong("`q` is missing", "give a text, or several")),
        1 => Texts::One(texts.remove(0)),
        _ => Texts::Several(texts),
    };
    let count = |count: &str| {
        count.parse().map_err(|_| wrong("`alternatives` is no whole number", "give one, such as 2"))
    };
    let asked = LibreTranslateRequest {
        q,
        source: required("source")?,
        target: required("target")?,
        format: form.text("format").map(str::to_owned),
        alternatives: form.text("alternatives").map(count).transpose()?,
        api_key: None,
    };
    Ok((Some(asked), held))
}

fn wrong(message: &str, help: &str) -> ApiError {
    ApiError::wrong("malformed", message, help)
}
