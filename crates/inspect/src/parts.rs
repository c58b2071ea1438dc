//! The boxes of the figure: what each is called, and which parameters are its own.

use std::collections::BTreeMap;

use any2any_core::{AttentionKind, BodyConfig, HeadConfig, Record, Site, SiteRole, Stack, TaskConfig};
use any2any_run::{model_config, parameters};
use any2any_translate::Translator;

use super::activations::{Part, PartKind, PartParameter, PartValues, values};

/// What the boxes of a task are called.
pub(super) struct Names {
    shapes: BTreeMap<String, Vec<usize>>,
    task: TaskConfig,
    /// The stem that lends the head its weights.
    tied: Option<usize>,
    /// The path to the body's stacks.
    body: &'static str,
}

impl Names {
    pub(super) fn new(translator: &Translator, task: usize) -> Self {
        let config = model_config(&translator.experiment, &translator.adapters);
        let task = config.tasks[task];
        Self {
            shapes: parameters::shapes(translator.model()),
            tied: match config.heads[task.head] {
                HeadConfig::Tied { stem } => Some(stem),
                HeadConfig::Own { .. } | HeadConfig::Frames { .. } => None,
            },
            task,
            body: match config.body {
                BodyConfig::Transformer(_) => "body.Transformer",
                BodyConfig::DecoderOnly(_) => "body.DecoderOnly",
                BodyConfig::Lstm(_) => "body.Lstm",
            },
        }
    }

    /// From what a stack reads to vectors.
    pub(super) fn embedding(&self, stack: Stack, values: Vec<PartValues>) -> Part {
        let stem = match stack {
            Stack::Encoder => self.task.source.unwrap_or(self.task.target),
            Stack::Decoder => self.task.target,
        };
        let mut prefixes = vec![format!("stems.{stem}.")];
        if stack == Stack::Decoder {
            prefixes.push("task_vectors".to_owned());
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

    /// From the last vectors to logits or frames.
    pub(super) fn linear(&self, values: Vec<PartValues>) -> Part {
        let weights = match self.tied {
            Some(stem) => format!("stems.{stem}."),
            None => format!("heads.{}.", self.task.head),
        };
        let parameters = self.parameters(&[weights]);
        exit("linear", "Linear", PartKind::Linear, values, parameters)
    }

    /// From logits to probabilities.
    pub(super) fn softmax(&self, values: Vec<PartValues>) -> Part {
        exit("softmax", "Softmax", PartKind::Softmax, values, Vec::new())
    }

    /// The boxes of records, in the order of their sites; a sub-layer is followed by its sum and normalisation.
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
            SiteRole::Positions => ("positions", "Positions", PartKind::Positions, "positions"),
            SiteRole::Norm => ("norm", "Norm", PartKind::AddNorm, "norm"),
            SiteRole::Cells => ("cells", "LSTM", PartKind::Cells, "forwards"),
            SiteRole::BackwardCells => ("backward_cells", "LSTM from the end", PartKind::Cells, "backwards"),
            SiteRole::FeedForward => ("feed_forward", "Feed forward", PartKind::FeedForward, "feed_forward"),
            SiteRole::Attention(AttentionKind::Cross) => {
                ("cross_attention", "Attention to the source", PartKind::Attention, "cross.attention")
            }
            SiteRole::Attention(AttentionKind::Own) => {
                let module = if site.stack == Stack::Encoder { "attention" } else { "own" };
                ("attention", "Self-attention", PartKind::Attention, module)
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
        if self.body == "body.Lstm" {
            return vec![part(name, title, kind, values, &recurrent(&path, site))];
        }
        let is_layer = matches!(site.role, SiteRole::Attention(_) | SiteRole::FeedForward);
        let is_joined = |values: &PartValues| is_layer && ["sum", "norm"].contains(&values.name.as_str());
        let (joined, inside): (Vec<_>, Vec<_>) = values.into_iter().partition(is_joined);
        let mut parts = vec![part(name, title, kind, inside, &[format!("{path}{module}.")])];
        if !joined.is_empty() {
            let residual = match module {
                "cross.attention" => "cross.residual".to_owned(),
                module => format!("{module}_residual"),
            };
            let name = format!("{name}_add_norm");
            parts.push(part(&name, "Add & norm", PartKind::AddNorm, joined, &[format!("{path}{residual}.")]));
        }
        parts
    }

    /// The path to the modules of a site.
    fn path(&self, site: Site) -> String {
        let stack = format!("{}.{}.", self.body, word(site.stack));
        site.layer.map_or_else(|| stack.clone(), |layer| format!("{stack}layers.{layer}."))
    }

    fn parameters(&self, prefixes: &[String]) -> Vec<PartParameter> {
        let is_own = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()));
        let own = self.shapes.iter().filter(|(name, _)| is_own(name));
        own.map(|(name, shape)| PartParameter { name: name.clone(), shape: shape.clone() }).collect()
    }
}

/// The parameters of a part of an LSTM.
fn recurrent(path: &str, site: Site) -> Vec<String> {
    match (site.role, site.stack) {
        (SiteRole::Attention(_), _) => {
            ["query", "key", "score", "combine"].map(|module| format!("{path}{module}.")).to_vec()
        }
        (SiteRole::BackwardCells, _) => vec![format!("{path}backwards.")],
        (_, Stack::Encoder) => vec![format!("{path}forwards.")],
        (_, Stack::Decoder) => vec![path.to_owned()],
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

fn word(stack: Stack) -> &'static str {
    match stack {
        Stack::Encoder => "encoder",
        Stack::Decoder => "decoder",
    }
}
