//! Boxes of the figure: their identifiers, names and parameters.

use any2any_architecture::{Architecture, Parameter, StackKind, TaskParts, names};
use any2any_model::{AttentionKind, Record, Site, SiteRole};
use any2any_translate::Translator;

use super::activations::{Part, PartKind, PartParameter, PartValues, values};

/// Names for the boxes of a task.
pub(super) struct Names<'a> {
    architecture: &'a Architecture,
    parameters: Vec<Parameter>,
    task: &'a TaskParts,
}

impl<'a> Names<'a> {
    pub(super) fn new(translator: &'a Translator, task: usize) -> Self {
        let architecture = translator.architecture();
        Self { architecture, parameters: architecture.parameters(), task: &architecture.tasks[task] }
    }

    /// The embedding of a stack, from its input to vectors.
    pub(super) fn embedding(&self, stack: StackKind, values: Vec<PartValues>) -> Part {
        let stem = match stack {
            StackKind::Encoder => self.task.source.unwrap_or(self.task.target),
            StackKind::Decoder => self.task.target,
        };
        let mut prefixes = vec![self.stem(stem)];
        if stack == StackKind::Decoder {
            prefixes.push(names::TASK_VECTORS.to_owned());
        }
        Part {
            id: format!("{}.embedding", word(stack)),
            name: "Embedding".to_owned(),
            kind: PartKind::Embedding,
            stack: Some(stack),
            layer: None,
            values,
            parameters: self.parameters(&prefixes),
        }
    }

    /// The linear layer, from the last vectors to logits or frames.
    pub(super) fn linear(&self, values: Vec<PartValues>) -> Part {
        let head = &self.architecture.heads[self.task.head];
        let mut prefixes = vec![format!("{}.{}.", names::HEADS, head.name)];
        prefixes.extend(head.part.tied().map(|stem| self.stem(stem)));
        let parameters = self.parameters(&prefixes);
        exit("linear", "Linear", PartKind::Linear, values, parameters)
    }

    /// The softmax, from logits to probabilities.
    pub(super) fn softmax(&self, values: Vec<PartValues>) -> Part {
        exit("softmax", "Softmax", PartKind::Softmax, values, Vec::new())
    }

    /// The boxes of records, in the order of their sites; each sub-layer is followed by its sum and normalisation.
    pub(super) fn parts(&self, records: &[&Record]) -> Vec<Part> {
        let mut sites: Vec<Site> = Vec::new();
        for record in records {
            if !sites.contains(&record.site) {
                sites.push(record.site);
            }
        }
        sites.into_iter().flat_map(|site| self.of_site(site, values(records, site))).collect()
    }

    fn of_site(&self, site: Site, values: Vec<PartValues>) -> Vec<Part> {
        let (name, title, kind, module) = match site.role {
            SiteRole::Positions => ("positions", "Positions", PartKind::Positions, names::POSITIONS),
            SiteRole::Norm => ("norm", "Norm", PartKind::AddNorm, names::FINAL_NORM),
            SiteRole::Cells if self.is_recurrent(site) => ("cells", "LSTM", PartKind::Cells, names::FORWARDS),
            SiteRole::Cells => ("ssru", "SSRU", PartKind::Cells, names::SSRU),
            SiteRole::BackwardCells => {
                ("backward_cells", "LSTM from the end", PartKind::Cells, names::BACKWARDS)
            }
            SiteRole::FeedForward => {
                ("feed_forward", "Feed forward", PartKind::FeedForward, names::FEED_FORWARD)
            }
            SiteRole::Attention(AttentionKind::CrossAttention) => {
                ("cross_attention", "Attention to the source", PartKind::Attention, names::CROSS_ATTENTION)
            }
            SiteRole::Attention(AttentionKind::SelfAttention) => {
                ("attention", "Self-attention", PartKind::Attention, names::SELF_ATTENTION)
            }
        };
        let part = |name: &str, title: &str, kind, values, prefixes: &[String]| Part {
            id: match site.layer {
                None => format!("{}.{name}", word(site.stack)),
                Some(layer) => format!("{}.{layer}.{name}", word(site.stack)),
            },
            name: title.to_owned(),
            kind,
            stack: Some(site.stack),
            layer: site.layer,
            values,
            parameters: self.parameters(prefixes),
        };
        let path = self.path(site);
        if self.is_recurrent(site) {
            return vec![part(name, title, kind, values, &recurrent(&path, site))];
        }
        let is_layer = site.layer.is_some();
        let is_joined = |values: &PartValues| is_layer && ["sum", "norm"].contains(&values.name.as_str());
        let (joined, inside): (Vec<_>, Vec<_>) = values.into_iter().partition(is_joined);
        let mut own = vec![format!("{path}{module}.")];
        if site.role == SiteRole::Positions {
            own.push(format!("{path}{}.", names::EMBEDDING_NORM));
        }
        let mut parts = vec![part(name, title, kind, inside, &own)];
        if !joined.is_empty() {
            let name = format!("{name}_add_norm");
            let norm = format!("{path}{}.", names::norm_of(module));
            parts.push(part(&name, "Add & norm", PartKind::AddNorm, joined, &[norm]));
        }
        parts
    }

    fn is_recurrent(&self, site: Site) -> bool {
        self.architecture.stack(site.stack).is_some_and(|stack| stack.lstm().is_some())
    }

    fn stem(&self, number: usize) -> String {
        format!("{}.{}.", names::STEMS, self.architecture.stems[number].name)
    }

    /// The path to the modules of a site.
    fn path(&self, site: Site) -> String {
        let stack = format!("{}.", word(site.stack));
        site.layer.map_or_else(|| stack.clone(), |layer| format!("{stack}{}.{layer}.", names::LAYERS))
    }

    fn parameters(&self, prefixes: &[String]) -> Vec<PartParameter> {
        let is_own = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()));
        let own = self.parameters.iter().filter(|parameter| is_own(&parameter.name));
        own.map(|Parameter { name, shape }| PartParameter { name: name.clone(), shape: shape.clone() })
            .collect()
    }
}

/// The parameters of a part of an LSTM.
fn recurrent(path: &str, site: Site) -> Vec<String> {
    match (site.role, site.stack) {
        (SiteRole::Attention(_), _) => [names::QUERY, names::KEY, names::SCORE, names::COMBINE]
            .map(|module| format!("{path}{module}."))
            .to_vec(),
        (SiteRole::BackwardCells, _) => vec![format!("{path}{}.", names::BACKWARDS)],
        (_, StackKind::Encoder) => vec![format!("{path}{}.", names::FORWARDS)],
        (_, StackKind::Decoder) => vec![path.to_owned()],
    }
}

fn exit(
    id: &str,
    name: &str,
    kind: PartKind,
    values: Vec<PartValues>,
    parameters: Vec<PartParameter>,
) -> Part {
    Part { id: id.to_owned(), name: name.to_owned(), kind, stack: None, layer: None, values, parameters }
}

fn word(stack: StackKind) -> &'static str {
    match stack {
        StackKind::Encoder => names::ENCODER,
        StackKind::Decoder => names::DECODER,
    }
}
