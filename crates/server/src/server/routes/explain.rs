//! Interpretability routes: attention, beam search as a tree, attribution, and the activations of the model.

use std::sync::Arc;
use std::time::Instant;

use any2any_experiment::spec::Decoding;
use any2any_inspect::{self as inspect, Inspector, ReadSource};
use any2any_run::Task;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::response::Response;

use super::{Call, blocking, call, in_time, json, model, query, read_pair, read_prefix};
use crate::api_error::ApiError;
use crate::budget::{Lane, Share};
use crate::loaded_run::{LOOK, LoadedRun, Longest, MACHINE, require_tokens};
use crate::protocol::{
    Attribution, AttributionRequest, BeamRequest, Integral, LookRequest, Machine, MachineRequest, Method,
    Model, ParameterQuery,
};
use crate::server::App;
use crate::{convert, pooling};

/// The most hypotheses of a beam search that is drawn.
const BEAM: usize = 16;
/// The most positions that occlusion takes away, each in a pass of its own.
const OCCLUDED: usize = 1024;
/// The usual number of points of integrated gradients, each with a backward pass.
const INTEGRATED: usize = 64;

pub(in crate::server) async fn look(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    call(app, request, async |call: Call<LookRequest>| {
        let Call { app, run, worker, languages, body, permit: _permit, .. } = call;
        let LookRequest { task, source, window, tokens, masked, ablated, edited } = body;
        let task = run.task_in(&task, &languages)?;
        let tokens = tokens.unwrap_or_default();
        let source = read_pair(&app, &run, &task, (source, window), &tokens).await?;
        run.require_few_weights(source.as_ref(), tokens.len(), LOOK)?;
        let longest = longest(&app, &task, source.as_ref());
        let ablations = convert::ablations(masked, &ablated, edited);
        let share = share(&app, &run, &task, source.as_ref(), tokens.len(), 1).await?;
        let (look, source, took) = worker
            .ask(share.lane, move |model| {
                let began = Instant::now();
                let look = Inspector::new(model).look(&task, source.as_ref(), &tokens, &ablations)?;
                Ok((look, source, began.elapsed()))
            })
            .await?;
        blocking(move || json(&convert::look(&look, source.as_ref(), longest, took))).await
    })
    .await
}

/// The length limit of outputs for a source: the smaller of the run's own and the server's.
fn longest(app: &App, task: &Task, source: Option<&ReadSource>) -> usize {
    let positions = source.map(|source| source.sequence.len());
    task.output_lengths(positions, 0, task.decoding()).most.min(app.limits.output)
}

/// The share of the memory for passes over a source and so many tokens.
pub(super) async fn share(
    app: &App,
    run: &LoadedRun,
    task: &Task,
    source: Option<&ReadSource>,
    tokens: usize,
    passes: usize,
) -> Result<Share, ApiError> {
    // Without tokens, the model writes the target.
    let target = if tokens == 0 { longest(app, task, source) } else { tokens };
    let positions = source.map_or(0, |source| source.positions.len());
    app.budget.take(run.price_of_passes(task, (positions, target), passes), "this look inside").await
}

pub(in crate::server) async fn beam(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    call(app, request, async |call: Call<BeamRequest>| {
        let Call { app, run, worker, languages, body, permit: _permit, .. } = call;
        let BeamRequest { task, source, window, prefix, size, length_penalty } = body;
        let task = run.task_in(&task, &languages)?;
        let prefix = read_prefix(&app, &run, &task, prefix).await?;
        let source = read_pair(&app, &run, &task, (source, window), &prefix).await?;
        let known = task.decoding().beam.clone();
        let beam = crate::decoding::beam(known.unwrap_or_default(), size, length_penalty, None)?;
        if beam.size > BEAM {
            return Err(ApiError::wrong(
                "decoding",
                format!("a tree is drawn of at most {BEAM} hypotheses"),
                "",
            ));
        }
        let positions: Vec<usize> = source.iter().map(|source| source.positions.len()).collect();
        let wide = Decoding { beam: Some(beam.clone()), ..Decoding::default() };
        let price = run.price_of_writing(&task, &positions, &wide, prefix.len());
        let share = app.budget.take(price, "this beam").await?;
        let tree = worker
            .ask(share.lane, move |model| {
                let source = source.as_ref().map(|source| &source.sequence);
                let (task, _) = model.in_language_of(&task, source)?;
                Ok(Inspector::new(model).beam_trace(&task, source, &beam, &prefix)?)
            })
            .await?;
        json(&convert::tree(tree))
    })
    .await
}

pub(in crate::server) async fn attribution(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    call(app, request, async |call: Call<AttributionRequest>| {
        let Call { app, run, worker, languages, body, permit: _permit, .. } = call;
        let AttributionRequest { task, source, window, tokens, .. } = body;
        let AttributionRequest { position, token, contrast, method, masked, ablated, edited, .. } = body;
        let ablations = convert::ablations(masked, &ablated, edited);
        let task = run.task_in(&task, &languages)?;
        let source = read_pair(&app, &run, &task, (source, window), &tokens).await?;
        require_tokens(&task, token.as_slice())?;
        require_tokens(&task, contrast.as_slice())?;
        if method == Method::Occlusion {
            let positions = source.as_ref().map_or(0, |source| source.positions.len());
            Longest(OCCLUDED).check(positions + tokens.len())?;
        }
        let positions = source.as_ref().map_or(0, |source| source.positions.len());
        let passes = match method {
            Method::Occlusion => positions + tokens.len() + 1,
            Method::IntegratedGradients => 3 * INTEGRATED,
            _ => 3,
        };
        let share = share(&app, &run, &task, source.as_ref(), tokens.len(), passes).await?;
        let found = worker
            .ask(share.lane, move |model| {
                let explained = (inspect::Explained { position, token, contrast }, method);
                Ok(Inspector::new(model).attribution(
                    &task,
                    source.as_ref(),
                    &tokens,
                    explained,
                    &ablations,
                )?)
            })
            .await?;
        let inspect::Attribution { source, target, base, integral } = found;
        let integral = integral.map(|inspect::Integral { baseline, steps, missing }| Integral {
            baseline,
            steps,
            missing,
        });
        json(&Attribution { source, target, base, integral })
    })
    .await
}

pub(in crate::server) async fn machine(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    call(app, request, async |call: Call<MachineRequest>| {
        let Call { app, run, worker, languages, body, permit: _permit, .. } = call;
        let MachineRequest { task, source, window, tokens, masked, ablated, edited } = body;
        let ablations = convert::ablations(masked, &ablated, edited);
        let task = run.task_in(&task, &languages)?;
        let tokens = tokens.unwrap_or_default();
        let source = read_pair(&app, &run, &task, (source, window), &tokens).await?;
        run.require_few_weights(source.as_ref(), tokens.len(), MACHINE)?;
        let share = share(&app, &run, &task, source.as_ref(), tokens.len(), 1).await?;
        let parts = worker
            .ask(share.lane, move |model| {
                Ok(Inspector::new(model).machine(&task, source.as_ref(), &tokens, &ablations)?)
            })
            .await?;
        blocking(move || json(&Machine { parts: parts.iter().map(convert::part).collect() })).await
    })
    .await
}

pub(in crate::server) async fn parameter(
    State(app): State<Arc<App>>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let ParameterQuery { run, checkpoint, name } = query(&uri)?;
    let known = Model::default();
    let asked = Model { run, checkpoint: checkpoint.unwrap_or(known.checkpoint) };
    in_time(&app.clone(), async {
        let (_, worker) = model(&app, asked).await?;
        let found = worker
            .ask(Lane::Quick, move |model| {
                Inspector::new(model).parameter(&name).ok_or_else(|| {
                    let name: String = name.chars().take(80).collect();
                    let message = format!("the model has no parameter '{name}'");
                    ApiError::missing(message, "/api/machine lists the parameters of every part")
                })
            })
            .await?;
        json(&pooling::parameter(&found))
    })
    .await
}
