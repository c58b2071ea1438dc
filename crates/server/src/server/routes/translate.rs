//! Routes that translate, score a target, and tell the next tokens.

use std::sync::Arc;

use any2any_run::{Role, Task};
use any2any_translate::{EncodedSource, Translated};
use axum::extract::{Request, State};
use axum::response::Response;

use super::{
    Call, blocking, call, json, model, read_pair, read_prefix, read_source, read_windows, share_to_open,
    stream,
};
use crate::api_error::ApiError;
use crate::decoding::decoding;
use crate::loaded_run::{LoadedRun, Longest, ToTranslate};
use crate::protocol::{
    Decoding, DetectedLanguage, Input, Languages, Model, NextRequest, NextToken, NextTokens, Output, Score,
    ScoreRequest, TranslateRequest, Translations,
};
use crate::server::App;
use crate::ways::Step;
use crate::worker::{Translation, Worker};
use any2any_portable::view;

pub(in crate::server) async fn translate(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    call(app, request, async |call: Call<TranslateRequest>| match call.body.stream {
        true => stream::streamed(call).await,
        false => json(&translated(call).await?),
    })
    .await
}

async fn translated(call: Call<TranslateRequest>) -> Result<Translations, ApiError> {
    let Call { app, run, worker, languages, body, permit: _permit, .. } = call;
    let TranslateRequest { task, source, sources, window, decoding, prefix, .. } = body;
    let task = run.task_in(&task, &languages)?;
    let prefix = read_prefix(&app, &run, &task, prefix).await?;
    let sources: Vec<ToTranslate> = match (source, sources) {
        (Some(_), Some(_)) => {
            return Err(ApiError::wrong("malformed", "give `source` or `sources`, not both", ""));
        }
        (None, Some(sources)) => read_sources(&app, &run, &task, sources, window).await?,
        (source, None) => {
            let longest = Longest(app.limits.source);
            read_windows(&app, &run, &task, (source, window), longest).await?.into_iter().collect()
        }
    };
    let answering = Answering { app: &app, run: &run, worker: &worker, task: &task, languages };
    answering.write(sources, decoding.as_ref(), prefix).await
}

/// Outputs of a step of a way for some sources.
pub(super) async fn written(
    app: &Arc<App>,
    step: &Step,
    languages: &Languages,
    sources: Vec<Input>,
    decoding: Option<&Decoding>,
) -> Result<Translations, ApiError> {
    let (run, worker) = model(app, Model { run: step.run.into(), ..Model::default() }).await?;
    let task = languages.of(&step.task)?;
    let sources = read_sources(app, &run, &task, sources, None).await?;
    let answering = Answering { app, run: &run, worker: &worker, task: &task, languages: languages.clone() };
    answering.write(sources, decoding, Vec::new()).await
}

/// A model at work on a task for a request.
struct Answering<'a> {
    app: &'a App,
    run: &'a LoadedRun,
    worker: &'a Worker,
    /// The task, in the languages of the request.
    task: &'a Task,
    languages: Languages,
}

impl Answering<'_> {
    /// Writes the outputs of sources that have been read.
    async fn write(
        self,
        sources: Vec<ToTranslate>,
        decoding: Option<&Decoding>,
        prefix: Vec<u32>,
    ) -> Result<Translations, ApiError> {
        let Self { app, run, worker, task, languages } = self;
        let unknown = sources.iter().map(|source| source.unknown.clone()).collect();
        let warnings = sources.iter().map(|source| source.warnings.clone()).collect();
        let sources: Vec<EncodedSource> = sources.into_iter().map(|source| source.source).collect();
        // Each window is a row of its own.
        let lengths: Vec<usize> = sources.iter().flat_map(EncodedSource::lengths).collect();
        let decoding = how(app, task, decoding, (lengths.iter().copied().max(), prefix.len()))?;
        let price = run.price_of_writing(task, &lengths, &decoding, prefix.len());
        let share = app.budget.take(price, "this translation").await?;
        let translation = Translation { task: task.number(), languages, sources, decoding, prefix };
        let found = worker.translate(share.lane, translation).await?;
        let mut answer = Translations { outputs: Vec::new(), unknown, warnings, detected: Vec::new() };
        for Translated { outputs, detected, .. } in found {
            answer.outputs.push(outputs.iter().map(|output| show(task, output)).collect());
            if task.language_choice().is_some() {
                answer.detected.push(detected.map(DetectedLanguage::from));
            }
        }
        Ok(answer)
    }
}

/// Reads several sources, whose total length is limited as well.
async fn read_sources(
    app: &App,
    run: &Arc<LoadedRun>,
    task: &Arc<Task>,
    sources: Vec<Input>,
    window: Option<usize>,
) -> Result<Vec<ToTranslate>, ApiError> {
    if sources.is_empty() {
        return Err(ApiError::wrong("malformed", "`sources` is empty", "give at least one"));
    }
    if sources.len() > app.limits.sources {
        let message = format!("at most {} sources are taken, not {}", app.limits.sources, sources.len());
        return Err(ApiError::too_large(message, "ask several times"));
    }
    let longest = Longest(app.limits.source);
    let (mut read, mut positions) = (Vec::with_capacity(sources.len()), 0);
    for source in sources {
        let source = read_windows(app, run, task, (Some(source), window), longest).await?;
        positions += source.as_ref().map_or(0, |source| source.source.positions());
        // One after the other, so that no more values are opened than the limit allows.
        longest.several().check(positions)?;
        read.extend(source);
    }
    Ok(read)
}

/// The decoding options of a request, from the number of the source's positions and of the prefix's tokens. Also limits
/// outputs whose length depends on their source.
pub(super) fn how(
    app: &App,
    task: &Task,
    asked: Option<&crate::protocol::Decoding>,
    (source, prefix): (Option<usize>, usize),
) -> Result<any2any_experiment::spec::Decoding, ApiError> {
    let mut decoding = decoding(task.decoding(), asked, app.limits.output)?;
    let most = task.output_lengths(source, prefix, &decoding).most;
    if decoding.max_length.is_none() && !task.is_per_position() && most > app.limits.output {
        decoding.max_length = Some(app.limits.output);
    }
    Ok(decoding)
}

/// An output in the type of the interface.
pub(super) fn show(task: &Task, output: &any2any_translate::Output) -> Output {
    let adapter = task.target();
    Output {
        view: view(&output.decoded.value),
        tokens: output.tokens().to_vec(),
        labels: output.tokens().iter().map(|&token| adapter.show(token)).collect(),
        score: output.score,
        log_probability: output.log_probability,
    }
}

pub(in crate::server) async fn score(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    call(app, request, async |call: Call<ScoreRequest>| {
        let Call { app, run, worker, languages, body, permit: _permit, .. } = call;
        let longest = Longest(app.limits.source);
        let task = run.task_in(&body.task, &languages)?;
        let given = (body.source, body.window.unwrap_or(0));
        let source = read_source(&app, &run, &task, given, longest).await?;
        if let (None, Some(window)) = (body.window, source.as_ref().and_then(|source| source.window)) {
            let message = format!(
                "this source is read in {} windows, and a target is scored against what is read at once",
                window.count
            );
            return Err(ApiError::wrong("window", message, "cut it shorter, or name the window: `window`"));
        }
        let target = Arc::new(body.target);
        let opening = share_to_open(&app, &run, &task, Role::Target, &target, longest).await?;
        let (reading, of) = (run.clone(), task.clone());
        let target = blocking(move || reading.read_target(&of, &target, longest)).await?;
        drop(opening);
        let positions = source.as_ref().map_or(0, |source| source.positions.len());
        let price = run.price_of_passes(&task, (positions, target.len()), 1);
        let share = app.budget.take(price, "this score").await?;
        let score = worker
            .ask(share.lane, move |model| {
                Ok(model.score_sequences(&task, source.as_ref().map(|source| &source.sequence), &target)?)
            })
            .await?;
        let any2any_translate::PairScore { log_probability, tokens, by_token } = score;
        json(&Score { log_probability, tokens, by_token })
    })
    .await
}

pub(in crate::server) async fn next(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    call(app, request, async |call: Call<NextRequest>| {
        let Call { app, run, worker, languages, body, permit: _permit, .. } = call;
        let NextRequest { task, source, window, prefix, count } = body;
        let task = run.task_in(&task, &languages)?;
        let prefix = read_prefix(&app, &run, &task, prefix).await?;
        let source = read_pair(&app, &run, &task, (source, window), &prefix).await?;
        let positions: Vec<usize> = source.iter().map(|source| source.positions.len()).collect();
        let greedy = any2any_experiment::spec::Decoding::default();
        let price = run.price_of_writing(&task, &positions, &greedy, prefix.len());
        let share = app.budget.take(price, "this question").await?;
        let next = worker
            .ask(share.lane, move |model| {
                let source = source.as_ref().map(|source| &source.sequence);
                let (task, _) = model.in_language_of(&task, source)?;
                Ok(model.next_of_tokens(&task, source, &prefix, count)?)
            })
            .await?;
        let shown = |token: any2any_translate::NextToken| NextToken {
            id: token.id,
            label: token.token,
            probability: token.probability,
        };
        json(&NextTokens { tokens: next.into_iter().map(shown).collect() })
    })
    .await
}
