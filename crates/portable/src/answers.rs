//! Answers of a portable model: translations, the next token and looks at attention, in the shapes of the JSON interface.

use any2any_adapter::{
    Cancellation, Encoded, File, Head, OpenedValue, Region as ValueRegion, Sequence, Signal, Value,
};
use any2any_architecture::StackKind;
use any2any_inference::{Ablations, AttentionWeights, EngineStepper, Look, Place};
use any2any_search::{Hypothesis, Observer, SearchOptions, SearchPlan, log_sum_exp, search_observed};
use serde_json::{Value as Json, json};

use crate::beam_trace::{BeamTrace, BeamTracer, SearchNode};
use crate::error::PortableError;
use crate::model::{PortableModel, Side, Task};
use crate::numbers::Floats;
use crate::questions::{Input, Prefix, Question};
use crate::value::View;
use crate::view::{region, value, view};

/// A source that is read.
struct Source {
    value: Value,
    warnings: Vec<String>,
    unknown: Vec<String>,
    encoded: Encoded,
    /// The window that is read, of a source that is read in several.
    window: Option<Json>,
}

impl PortableModel {
    /// Answers a question to an endpoint of the JSON interface, `/api/translate`, `/api/look`, `/api/next`, `/api/beam` or
    /// `/api/attribution` (by occlusion), whose body and answer are JSON.
    ///
    /// # Errors
    ///
    /// When the question cannot be read, a value cannot be opened, or the endpoint needs more than the engine.
    pub fn answer(&self, endpoint: &str, body: &[u8]) -> Result<Vec<u8>, PortableError> {
        let question = Question::of(body)?;
        let answer = match endpoint {
            "/api/translate" => self.translate(&question),
            "/api/look" => self.look(&question),
            "/api/next" => self.next(&question),
            "/api/beam" => self.beam(&question),
            "/api/attribution" => self.attribution(&question),
            _ => Err(PortableError::Unsupported(format!("{endpoint} needs more than decoding does"))),
        }?;
        serde_json::to_vec(&answer).map_err(|error| PortableError::Question(error.to_string()))
    }

    fn translate(&self, question: &Question) -> Result<Json, PortableError> {
        let task = self.task(question.task)?;
        let source = task.read(question)?;
        let options = match &question.decoding {
            Some(decoding) => decoding.options(&task.plan.options)?,
            None => task.plan.options.clone(),
        };
        let outputs = self.search(task, source.as_ref(), question, &options, &mut ())?;
        let outputs = outputs.iter().map(|output| task.output(output)).collect::<Result<Vec<_>, _>>()?;
        let (unknown, warnings) = source.map(|source| (source.unknown, source.warnings)).unwrap_or_default();
        Ok(json!({ "outputs": [outputs], "unknown": [unknown], "warnings": [warnings] }))
    }

    /// Searches for the outputs of a source, best first.
    fn search(
        &self,
        task: &Task,
        source: Option<&Source>,
        question: &Question,
        options: &SearchOptions,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Hypothesis>, PortableError> {
        let prefix = task.prefix(&question.prefix)?;
        self.require_known(task, &prefix)?;
        let sequences: Vec<&Sequence> = source.iter().map(|source| &source.encoded.sequence).collect();
        let SearchPlan { begin, end, forbidden, .. } = &task.plan;
        let row = task.plan.row(0, sequences.first().map(|source| source.len()), prefix);
        let mut stepper = EngineStepper::new(&self.engine, task.number, &sequences, &Cancellation::default());
        let found = search_observed(&mut stepper, &[row], *begin, *end, forbidden, options, observer);
        let found = found.map_err(|error| PortableError::Search(error.to_string()))?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    fn beam(&self, question: &Question) -> Result<Json, PortableError> {
        let task = self.task(question.task)?;
        let source = task.read(question)?;
        let mut tracer = BeamTracer::default();
        self.search(task, source.as_ref(), question, &question.beam(&task.plan.options)?, &mut tracer)?;
        let BeamTrace { nodes, best } = tracer.into_trace(|token| task.target.adapter.show(token));
        let node = |(id, node): (usize, &SearchNode)| {
            json!({
                "id": id, "parent": node.parent, "step": node.position, "token": node.token, "label": node.label,
                "log_probability": node.log_probability, "total": node.total, "score": node.score, "fate": node.fate,
            })
        };
        Ok(json!({ "nodes": nodes.iter().enumerate().map(node).collect::<Vec<_>>(), "best": best }))
    }

    /// Occlusion: for each position of the source and of the decoder the token's log-probability less that without it.
    fn attribution(&self, question: &Question) -> Result<Json, PortableError> {
        if question.method != "occlusion" {
            let reason = "gradients need the model itself, and not only what decodes with it";
            return Err(PortableError::Unsupported(reason.to_owned()));
        }
        let task = self.task(question.task)?;
        let source = task.read(question)?;
        let tokens = question.tokens.as_deref().unwrap_or_default();
        let known = || {
            let given = tokens.len();
            PortableError::Missing(format!(
                "there is no token at {} to explain: {given} are given",
                question.position
            ))
        };
        let before = tokens.get(..question.position).ok_or_else(known)?;
        let token = question.token.or_else(|| tokens.get(question.position).copied()).ok_or_else(known)?;
        self.require_known(task, &[token])?;
        let ablations = question.ablations();
        let (look, rows) = self.looked_at(task, source.as_ref(), before, question)?;
        let log_probability = |look: &Look| {
            let logits = &look.logits[(rows - 1) * (look.logits.len() / rows)..];
            (f64::from(logits[token as usize]) - log_sum_exp(logits)) as f32
        };
        let base = log_probability(&look);
        let sequence = source.as_ref().map(|source| &source.encoded.sequence);
        let without = |ablations: &Ablations| {
            base - log_probability(&self.engine.look(
                task.number,
                sequence,
                (task.plan.begin, before),
                ablations,
            ))
        };
        let positions = source.as_ref().map_or(0, |source| source.encoded.regions.len());
        let of_source: Vec<f32> = (0..positions)
            .map(|position| {
                let hidden = [&ablations.hidden[..], &[position]].concat();
                without(&Ablations { hidden, ..ablations.clone() })
            })
            .collect();
        let of_target: Vec<f32> = (0..rows)
            .map(|position| without(&Ablations { hidden_target: vec![position], ..ablations.clone() }))
            .collect();
        Ok(json!({ "source": of_source, "target": of_target, "base": base }))
    }

    fn next(&self, question: &Question) -> Result<Json, PortableError> {
        let task = self.task(question.task)?;
        let source = task.read(question)?;
        let tokens = task.prefix(&question.prefix)?;
        let (look, rows) = self.looked_at(task, source.as_ref(), &tokens, question)?;
        let logits = &look.logits[(rows - 1) * (look.logits.len() / rows)..];
        let log_sum = log_sum_exp(logits);
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]).then(a.cmp(&b)));
        let shown = order.into_iter().take(question.count.max(1)).map(|token| {
            let probability = (f64::from(logits[token]) - log_sum).exp() as f32;
            json!({ "id": token, "label": task.target.adapter.show(token as u32), "probability": probability })
        });
        Ok(json!({ "tokens": shown.collect::<Vec<_>>() }))
    }

    fn look(&self, question: &Question) -> Result<Json, PortableError> {
        let task = self.task(question.task)?;
        let source = task.read(question)?;
        let tokens = question.tokens.clone().unwrap_or_default();
        let (look, rows) = self.looked_at(task, source.as_ref(), &tokens, question)?;
        let vocabulary = look.logits.len() / rows;
        let decoded = task.target.adapter.decode(&Sequence::Tokens(tokens.clone())).ok();
        let regions = decoded.as_ref().map_or(&[][..], |decoded| &decoded.regions);
        let written = tokens.iter().enumerate().map(|(place, &token)| {
            let logits = &look.logits[place * vocabulary..][..vocabulary];
            let log_probability = (f64::from(logits[token as usize]) - log_sum_exp(logits)) as f32;
            let covered = regions.get(place).cloned().unwrap_or(ValueRegion::Nothing);
            json!({
                "token": token, "label": task.target.adapter.show(token), "region": region(&covered),
                "log_probability": log_probability,
            })
        });
        let positions = source.as_ref().map(|source| source.encoded.sequence.len());
        let longest = task.plan.lengths.of(positions, 0).most;
        Ok(json!({
            "source": source.as_ref().map(|source| task.shown(source)),
            "target": {
                "view": decoded.as_ref().map(|decoded| view(&decoded.value)),
                "positions": written.collect::<Vec<_>>(),
            },
            "attention": look.attention.iter().map(attention).collect::<Vec<_>>(),
            "logits": Floats::new(vec![rows, vocabulary], &look.logits),
            "longest": longest,
            "milliseconds": 0.0,
        }))
    }

    /// A look at a source and tokens, and the number of its rows of logits.
    fn looked_at(
        &self,
        task: &Task,
        source: Option<&Source>,
        tokens: &[u32],
        question: &Question,
    ) -> Result<(Look, usize), PortableError> {
        self.require_known(task, tokens)?;
        let ablations = question.ablations();
        let length = source.map_or(0, |source| source.encoded.regions.len());
        if let Some(position) = ablations.hidden.iter().find(|&&position| position >= length) {
            let missing = format!("there is no position {position} to mask: the source has {length}");
            return Err(PortableError::Missing(missing));
        }
        if let Some((place, head)) =
            ablations.silenced.iter().find(|(place, head)| *head >= self.heads(*place))
        {
            return Err(PortableError::Missing(format!("there is no head {head} to mute at {place:?}")));
        }
        let sequence = source.map(|source| &source.encoded.sequence);
        let look = self.engine.look(task.number, sequence, (task.plan.begin, tokens), &ablations);
        Ok((look, tokens.len() + 1))
    }

    /// The number of heads at a place; 0 when there is no such place.
    fn heads(&self, place: Place) -> usize {
        let Some(stack) = self.architecture.stack(place.stack) else { return 0 };
        let Some(layers) = stack.transformer().filter(|layers| place.layer < layers.layers) else { return 0 };
        let attention = match place.cross {
            true => layers.cross_attention.as_ref().filter(|_| place.stack == StackKind::Decoder),
            false => stack.self_attention(),
        };
        attention.map_or(0, |attention| attention.heads)
    }

    /// Fails unless all are tokens of the task's target.
    fn require_known(&self, task: &Task, tokens: &[u32]) -> Result<(), PortableError> {
        let known = self.architecture.outputs(task.number);
        match tokens.iter().find(|&&token| token as usize >= known) {
            None => Ok(()),
            Some(token) => {
                Err(PortableError::Missing(format!("there is no token {token}: the vocabulary has {known}")))
            }
        }
    }
}

impl Task {
    /// Reads the source of a question: a window of it, where it is read in several.
    fn read(&self, question: &Question) -> Result<Option<Source>, PortableError> {
        let Some(side) = &self.source else { return Ok(None) };
        let given = question.source.as_ref().ok_or_else(|| {
            PortableError::Question(format!("task '{}' writes from a source, and none is given", self.name))
        })?;
        let wrong = |source| PortableError::Adapter { side: format!("{} source", self.name), source };
        let OpenedValue { value, warnings } = match given {
            // Items are what a person reads of a value of a medium's own kind, and types.
            Input::View(View::Items(items)) => {
                side.medium.open(&Value::from(items.join(" ").as_str())).map_err(wrong)?
            }
            Input::View(view) => OpenedValue::from(value(view).ok_or_else(unreadable)?),
            Input::Text(text) => side.medium.open(&Value::from(text.as_str())).map_err(wrong)?,
            Input::File { name, content } => {
                let file = File::in_memory(name.clone(), content.0.clone());
                side.medium.open(&file.into()).map_err(wrong)?
            }
        };
        let number = question.window.unwrap_or(0);
        let mut windows = side.medium.windows(&value).map_err(wrong)?;
        let count = windows.len().max(1);
        if number >= count {
            let missing = format!("there is no window {number}: the source is read in {count}, from 0");
            return Err(PortableError::Missing(missing));
        }
        let end = windows.get(number + 1).map(|next| next.start).or(value.as_signal().map(Signal::seconds));
        let (window, value) = match count {
            1 => (None, value),
            count => {
                let window = windows.swap_remove(number);
                let shown = json!({ "number": number, "count": count, "start": window.start, "end": end });
                (Some(shown), window.value)
            }
        };
        let encoded = side.adapter.encode(&value).map_err(wrong)?;
        if encoded.sequence.is_empty() {
            return Err(PortableError::Question("there is nothing to read in an empty source".to_owned()));
        }
        let unknown = side.adapter.unknown(&encoded, &value);
        Ok(Some(Source { value, warnings, unknown, encoded, window }))
    }

    /// A source, as an answer shows it.
    fn shown(&self, source: &Source) -> Json {
        let Encoded { sequence, regions } = &source.encoded;
        let label = |place: usize| {
            let Side { adapter, .. } = self.source.as_ref()?;
            Some(adapter.show(*sequence.tokens()?.get(place)?))
        };
        let position = |(place, covered)| json!({ "label": label(place), "region": region(covered) });
        json!({
            "view": view(&source.value),
            "window": source.window,
            "positions": regions.iter().enumerate().map(position).collect::<Vec<_>>(),
            "unknown": source.unknown,
            "warnings": source.warnings,
            "frames": sequence.frames().map(|frames| {
                Floats::new(vec![frames.len(), frames.width()], frames.values())
            }),
        })
    }

    /// The tokens that an output begins with.
    fn prefix(&self, prefix: &Prefix) -> Result<Vec<u32>, PortableError> {
        let text = match prefix {
            Prefix::Tokens(tokens) => return Ok(tokens.clone()),
            Prefix::Text(text) => text,
        };
        let wrong = |source| PortableError::Adapter { side: format!("{} target", self.name), source };
        let opened = self.target.medium.open(&Value::from(text.as_str())).map_err(wrong)?;
        let encoded = self.target.adapter.encode(&opened.value).map_err(wrong)?;
        let tokens = encoded.sequence.tokens().unwrap_or_default();
        let Some(Head::Softmax { end, .. }) = self.target.adapter.head() else { return Ok(Vec::new()) };
        Ok(tokens.strip_suffix(&[end]).unwrap_or(tokens).to_vec())
    }

    fn output(&self, hypothesis: &Hypothesis) -> Result<Json, PortableError> {
        let wrong = |source| PortableError::Adapter { side: format!("{} target", self.name), source };
        let adapter = &self.target.adapter;
        let decoded = adapter.decode(&Sequence::Tokens(hypothesis.tokens.clone())).map_err(wrong)?;
        let labels: Vec<String> = hypothesis.tokens.iter().map(|&token| adapter.show(token)).collect();
        Ok(json!({
            "view": view(&decoded.value),
            "tokens": hypothesis.tokens,
            "labels": labels,
            "score": hypothesis.score,
            "log_probability": hypothesis.log_probability,
        }))
    }
}

fn unreadable() -> PortableError {
    PortableError::Question("the value of a view has other sizes than it says".to_owned())
}

fn attention(layer: &AttentionWeights) -> Json {
    let AttentionWeights { place, heads, queries, keys, weights } = layer;
    json!({
        "stack": place.stack,
        "kind": if place.cross { "cross" } else { "self" },
        "layer": place.layer,
        "weights": Floats::new(vec![*heads, *queries, *keys], weights),
    })
}
