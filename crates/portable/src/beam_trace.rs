//! Trace of a beam search as a tree: all tokens that it considered, with their scores and fates.

use any2any_search::{Considered, Fate, Observer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tree of all tokens that a beam search of one source considered.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct BeamTrace {
    /// The nodes; parents stand before their children, and steps follow each other.
    pub nodes: Vec<SearchNode>,
    /// The nodes in which the hypotheses end, best first.
    pub best: Vec<usize>,
}

/// A token that a beam search considered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SearchNode {
    /// The node of the token before it; `None` behind the begin token.
    pub parent: Option<usize>,
    /// The number of tokens before it.
    pub position: usize,
    /// The token; `None`: the end.
    pub token: Option<u32>,
    /// The token's text.
    pub label: String,
    /// The token's log-probability.
    pub log_probability: f32,
    /// The log-probability of all tokens up to this one.
    pub total: f64,
    /// The total, normalised by length, by which hypotheses are ranked.
    pub score: f64,
    /// The fate of the hypothesis that ends here.
    pub fate: NodeFate,
}

/// The fate of a hypothesis at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NodeFate {
    /// Continued at the next step.
    Kept,
    /// Finished: the node ends a hypothesis.
    Finished,
    /// Dropped.
    Pruned,
}

/// A tree that grows while a search of one source is observed.
#[derive(Debug)]
pub struct BeamTracer {
    tree: BeamTrace,
    /// The node of each row of the present step; `None` is the root.
    rows: Vec<Option<usize>>,
    /// The node of each row of the next step.
    next: Vec<Option<usize>>,
    position: usize,
}

impl Default for BeamTracer {
    fn default() -> Self {
        Self { tree: BeamTrace::default(), rows: vec![None], next: Vec::new(), position: 0 }
    }
}

impl BeamTracer {
    /// The tree of a search that has ended; `show` gives the text of a token.
    pub fn into_trace(self, show: impl Fn(u32) -> String) -> BeamTrace {
        let mut tree = self.tree;
        for node in &mut tree.nodes {
            node.label = node.token.map_or_else(String::new, &show);
        }
        tree.best =
            (0..tree.nodes.len()).filter(|&node| tree.nodes[node].fate == NodeFate::Finished).collect();
        // Of equal scores, the hypothesis that finished first, as search has it.
        tree.best.sort_by(|&a, &b| tree.nodes[b].score.total_cmp(&tree.nodes[a].score));
        tree
    }
}

impl Observer for BeamTracer {
    fn considered(&mut self, _source: usize, position: usize, considered: &Considered) {
        if position != self.position {
            self.position = position;
            self.rows = std::mem::take(&mut self.next);
        }
        let fate = match considered.fate {
            Fate::Kept { row } => {
                self.next.resize(self.next.len().max(row + 1), None);
                self.next[row] = Some(self.tree.nodes.len());
                NodeFate::Kept
            }
            Fate::Finished => NodeFate::Finished,
            Fate::Pruned => NodeFate::Pruned,
        };
        self.tree.nodes.push(SearchNode {
            parent: self.rows.get(considered.parent).copied().flatten(),
            position,
            token: considered.token,
            label: String::new(),
            log_probability: considered.log_probability,
            total: considered.total,
            score: considered.score,
            fate,
        });
    }
}
