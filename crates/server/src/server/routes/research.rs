//! Routes of experiments on a model's layers: the logit lens, activation patching, and states that lie near.

use std::sync::Arc;

use any2any_inspect::{self as inspect, Inspector, StackKind};
use axum::extract::{Request, State};
use axum::response::Response;

use super::explain::share;
use super::{Call, blocking, call, json, read_pair};
use crate::api_error::ApiError;
use crate::convert;
use crate::loaded_run::{LOOK, Longest, require_tokens};
use crate::neighbours::States;
use crate::piece::Piece;
use crate::protocol::{LensRequest, NeighboursRequest, Patching, PatchingRequest};
use crate::server::App;

/// The most tokens that the lens lists at one place.
const LISTED: usize = 20;
/// The most groups of positions that are patched.
const GROUPS: usize = 64;
/// The most neighbours of a state.
const NEIGHBOURS: usize = 64;

pub(in crate::server) async fn lens(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    call(app, request, async |call: Call<LensRequest>| {
        let Call { app, run, worker, languages, body, permit: _permit, .. } = call;
        let LensRequest { task, source, window, tokens, count, masked, ablated, edited } = body;
        let ablations = convert::ablations(masked, &ablated, edited);
        let task = run.task_in(&task, &languages)?;
        let source = read_pair(&app, &run, &task, (source, window), &tokens).await?;
        run.require_few_weights(source.as_ref(), tokens.len(), LOOK)?;
        let depths = run.architecture.decoder.layers() + 1;
        let share = share(&app, &run, &task, source.as_ref(), tokens.len(), depths).await?;
        let shown = task.clone();
        let found = worker
            .ask(share.lane, move |model| {
                let inspector = Inspector::new(model);
                Ok(inspector.lens(&task, source.as_ref(), &tokens, count.clamp(1, LISTED), &ablations)?)
            })
            .await?;
        blocking(move || json(&convert::lens(found, &shown))).await
    })
    .await
}

pub(in crate::server) async fn patching(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    call(app, request, async |call: Call<PatchingRequest>| {
        let Call { app, run, worker, languages, body, permit: _permit, .. } = call;
        let PatchingRequest { task, source, window, tokens, other, other_tokens, stack, groups, .. } = body;
        let PatchingRequest { position, token, contrast, masked, ablated, edited, .. } = body;
        let ablations = convert::ablations(masked, &ablated, edited);
        let task = run.task_in(&task, &languages)?;
        let source = read_pair(&app, &run, &task, (source, window), &tokens).await?;
        let before = tokens.get(..position).unwrap_or(&tokens).to_vec();
        let other_tokens = other_tokens.unwrap_or(before);
        if other.is_none() && task.source().is_some() {
            return Err(ApiError::wrong(
                "no_other",
                "patching takes the states of another source, and none is given",
                r#"add for instance "other": { "text": "..." }"#,
            ));
        }
        let other = read_pair(&app, &run, &task, (other, 0), &other_tokens).await?;
        require_tokens(&task, token.as_slice())?;
        require_tokens(&task, contrast.as_slice())?;
        run.require_few_weights(source.as_ref(), tokens.len(), LOOK)?;
        run.require_few_weights(other.as_ref(), other_tokens.len(), LOOK)?;
        let groups = groups.clamp(1, GROUPS);
        let positions = match (stack, &source) {
            (StackKind::Encoder, Some(source)) => source.positions.len(),
            _ => tokens.len() + 1,
        };
        let layers = match stack {
            StackKind::Encoder => run.architecture.encoder.as_ref().map_or(0, |encoder| encoder.layers()),
            StackKind::Decoder => run.architecture.decoder.layers(),
        };
        let passes = (layers + 1) * (groups.min(positions) + 1) + 2;
        let share = share(&app, &run, &task, source.as_ref(), tokens.len(), passes).await?;
        let adapter = task.target();
        let labels: Vec<Option<String>> = match (stack, &other) {
            (StackKind::Encoder, Some(other)) => {
                other.positions.iter().map(|position| position.label.clone()).collect()
            }
            _ => {
                let tokens = other_tokens.iter().map(|&token| Some(adapter.show(token)));
                std::iter::once(None).chain(tokens).collect()
            }
        };
        let found = worker
            .ask(share.lane, move |model| {
                let explained = inspect::Explained { position, token, contrast };
                let other = inspect::Other { source: other.as_ref(), tokens: &other_tokens };
                Ok(Inspector::new(model).patch_effects(
                    &task,
                    (source.as_ref(), &tokens, explained),
                    other,
                    (stack, groups),
                    &ablations,
                )?)
            })
            .await?;
        let inspect::PatchEffects { base, other, effect, whole, group, positions, .. } = found;
        json(&Patching { base, other, effect: convert::floats(&effect), whole, group, positions, labels })
    })
    .await
}

pub(in crate::server) async fn neighbours(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    call(app, request, async |call: Call<NeighboursRequest>| {
        let Call { app, run, worker, languages, body, model, permit: _permit } = call;
        let NeighboursRequest { task, source, window, tokens, stack, position, .. } = body;
        let NeighboursRequest { split, from, samples, count, .. } = body;
        let task = run.task_in(&task, &languages)?;
        let source = read_pair(&app, &run, &task, (source, window), &tokens).await?;
        run.require_few_weights(source.as_ref(), tokens.len(), LOOK)?;
        let written = tokens.len();
        let asked = (stack, split, from, samples);
        let key = (app.runs.step(&model)?, format!("{model:?} {} {languages:?} {asked:?}", task.number()));
        let near = match app.near.found(&key) {
            Some(near) => near,
            None => {
                let longest = Longest(app.limits.source);
                let (reading, of) = (run.clone(), task.clone());
                let (_, split, from, samples) = asked;
                let piece =
                    blocking(move || Piece::read(&reading, &of, &split, (from, samples), longest)).await?;
                let price = run.price_of_passes(&task, piece.longest(), piece.samples.len() + 1);
                let share = app.budget.take(price, "these states").await?;
                let of = task.clone();
                let near = worker.ask(share.lane, move |model| States::of(piece, model, &of, stack)).await?;
                app.near.get(key, || Ok::<_, ApiError>(near))?
            }
        };
        let share = share(&app, &run, &task, source.as_ref(), written, 1).await?;
        let states = worker
            .ask(share.lane, move |model| {
                let given = (source.as_ref(), &tokens[..]);
                Ok(Inspector::new(model).states(&task, given, stack, &inspect::Ablations::default())?)
            })
            .await?;
        if position >= states.rows() {
            let message = format!("there is no position {position}: the stack has {}", states.rows());
            return Err(ApiError::wrong("position", message, "positions are counted from 0"));
        }
        json(&near.nearest(states.row(position), count.clamp(1, NEIGHBOURS)))
    })
    .await
}
