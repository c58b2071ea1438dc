//! Recordings that are written down, and taken through the further steps of a chain.

use std::sync::Arc;

use any2any_run::{Role, Task};
use any2any_translate::{Segment, Translated};

use crate::api_error::ApiError;
use crate::loaded_run::Longest;
use crate::protocol::{Decoding, Input, InputFile, Languages, Model, Sampling, View};
use crate::server::App;
use crate::server::routes::translate::{how, written};
use crate::server::routes::{blocking, model};
use crate::ways::{Step, Way};

/// What was heard in a recording.
pub(super) struct Heard {
    pub(super) text: String,
    pub(super) segments: Vec<Segment>,
    /// The duration of the recording.
    pub(super) seconds: f64,
    /// The mean log-probability of a token.
    pub(super) log_probability: f64,
    /// The language that the model told, if it was to tell it.
    pub(super) language: Option<String>,
}

/// Writes a recording down, and takes the text through the further steps of the way.
pub(super) async fn hear(
    app: &Arc<App>,
    way: &Way,
    languages: &Languages,
    file: InputFile,
    temperature: f64,
) -> Result<Heard, ApiError> {
    let Translated { outputs, seconds, detected, .. } =
        &transcribed(app, &way.steps[0], languages, file, temperature).await?;
    let output = outputs.first().ok_or_else(|| ApiError::internal("nothing was written"))?;
    let translated = Translated { seconds: *seconds, ..Translated::default() };
    let mut segments = translated.segments(output);
    for step in &way.steps[1..] {
        if segments.is_empty() {
            break;
        }
        // Segment by segment, so that the times remain.
        let texts = segments.iter().map(|segment| Input::Text(segment.text.clone())).collect();
        let found = written(app, step, &Languages::default(), texts, None).await?;
        for (segment, outputs) in segments.iter_mut().zip(found.outputs) {
            if let Some(View::Text(text)) = outputs.into_iter().next().map(|output| output.view) {
                segment.text = text;
            }
        }
    }
    let text = match way.steps.len() {
        1 => output.decoded.value.to_string().trim().to_owned(),
        _ => segments.iter().map(|segment| segment.text.as_str()).collect::<Vec<_>>().join(" "),
    };
    let log_probability = output.log_probability / (output.tokens().len() + 1) as f64;
    let language = detected.as_ref().map(|detected| detected.language.clone());
    Ok(Heard { text, segments, seconds: seconds.unwrap_or(0.0), log_probability, language })
}

/// The output of the first step for a recording.
async fn transcribed(
    app: &Arc<App>,
    step: &Step,
    languages: &Languages,
    file: InputFile,
    temperature: f64,
) -> Result<Translated, ApiError> {
    let (run, worker) = model(app, Model { run: step.run.into(), ..Model::default() }).await?;
    let task: Arc<Task> = languages.of(&step.task)?;
    let longest = Longest(app.limits.source);
    let given = Arc::new(Input::File(file));
    let price = {
        let (run, task, given) = (run.clone(), task.clone(), given.clone());
        blocking(move || run.price_of_opening(&task, Role::Source, &given, longest)).await?
    };
    let opening = app.budget.take(price, "opening this recording").await?;
    let sampling = Sampling { temperature: Some(temperature), ..Sampling::default() };
    let asked = Decoding { sampling: (temperature > 0.0).then_some(sampling), ..Decoding::default() };
    let mut decoding = how(app, &task, Some(&asked), (Some(app.limits.source), 0))?;
    decoding.timestamps |= task.timestamps().is_ok();
    let writing = run.price_of_writing(&task, &[app.limits.source], &decoding, 0);
    let share = app.budget.take(writing, "this transcript").await?;
    let value = run.value(&task, Role::Source, &given, longest)?;
    let longest = app.limits.source;
    let translated = worker
        .ask(share.lane, move |model| {
            let model = model.up_to_positions(longest);
            let mut found = model.translate_each(&task, &[value], &decoding, None)?;
            Ok(found.pop().ok_or_else(|| ApiError::internal("nothing was written"))??)
        })
        .await?;
    drop((opening, share));
    Ok(translated)
}
