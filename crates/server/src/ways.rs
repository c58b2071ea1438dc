//! Ways from a source to an output that clients of other programs' interfaces can ask for: a task of a run, or a chain of
//! runs, of which each reads what the one before it writes.

use std::str::FromStr;
use std::sync::Arc;

use any2any_adapter::Kind;
use any2any_run::{Role, Task};

use crate::api_error::ApiError;
use crate::language_names::two_letters;
use crate::run_registry::RunRegistry;

/// The languages of a run's texts, for a run that does not tell them itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLanguages {
    /// The name of the run's folder; `None`: every run.
    pub run: Option<String>,
    /// The language of its sources.
    pub source: String,
    /// The language of its targets.
    pub target: String,
}

impl FromStr for RunLanguages {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (run, languages) = match text.rsplit_once('=') {
            Some((run, languages)) => (Some(run.to_owned()), languages),
            None => (None, text),
        };
        match languages.split_once(':') {
            Some((source, target)) if !source.is_empty() && !target.is_empty() => {
                Ok(Self { run, source: source.to_owned(), target: target.to_owned() })
            }
            _ => Err("name the languages of sources and targets, as in `en:de`"),
        }
    }
}

/// One way from a source to an output.
pub(crate) struct Way {
    /// The name of its run, or those of a chain's runs with `+` between them.
    pub(crate) name: String,
    /// The steps, at least one.
    pub(crate) steps: Vec<Step>,
    /// The languages of its sources.
    pub(crate) sources: Vec<Spoken>,
    /// The languages of its targets.
    pub(crate) targets: Vec<Spoken>,
}

/// A task of a run.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) run: usize,
    pub(crate) task: Arc<Task>,
}

/// A language that a way reads or writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spoken {
    /// The code by which clients name it.
    pub(crate) code: String,
    /// The name by which the model is told it; `None` for a model that is told none.
    pub(crate) told: Option<String>,
}

impl Way {
    fn new(name: String, steps: Vec<Step>, first: &RunLanguages, last: &RunLanguages) -> Self {
        let named = |name: &String| (!name.is_empty()).then(|| name.clone());
        let sources = spoken(&steps[0].task, Role::Source, named(&first.source));
        let targets = spoken(&steps[steps.len() - 1].task, Role::Target, named(&last.target));
        Self { name, steps, sources, targets }
    }

    /// The kinds of its sources and targets.
    pub(crate) fn kinds(&self) -> (Option<Kind>, Kind) {
        let last = &self.steps[self.steps.len() - 1].task;
        (self.steps[0].task.source_medium().map(|medium| medium.kind()), last.target_medium().kind())
    }

    /// True if a client's name of a model means this way: that of the run, or with the task behind it.
    pub(crate) fn is_called(&self, model: &str) -> bool {
        let task = model.strip_prefix(self.name.as_str());
        match task.map(|rest| rest.strip_prefix('/').ok_or(rest)) {
            Some(Err("")) => true,
            Some(Ok(task)) => self.steps[0].task.name() == task,
            _ => false,
        }
    }
}

impl Spoken {
    /// The language of a list that a client means.
    pub(crate) fn find<'a>(list: &'a [Self], asked: &str) -> Option<&'a Self> {
        let exactly = |known: &&Self| known.code == asked || known.told.as_deref() == Some(asked);
        let code = two_letters(asked);
        let alike = |known: &&Self| code.is_some() && two_letters(known.name()) == code;
        list.iter().find(exactly).or_else(|| list.iter().find(alike))
    }

    /// The name that the model has for it; its code for a model that is told none.
    pub(crate) fn name(&self) -> &str {
        self.told.as_deref().unwrap_or(&self.code)
    }
}

/// The languages of a side of a task: those that it is told, or the one that is said of it, or of its prompt, or by which
/// its data names the field.
fn spoken(task: &Task, role: Role, said: Option<String>) -> Vec<Spoken> {
    let prompt = task.prompt();
    let (told, own) = match (prompt, role) {
        (None, _) => (false, None),
        (Some(prompt), Role::Source) => (prompt.reads_source_language(), prompt.source_language.clone()),
        (Some(prompt), Role::Target) => (prompt.reads_target_language(), prompt.target_language.clone()),
    };
    if let (true, Some(prompt)) = (told, prompt) {
        let names: Vec<&String> = prompt.languages.keys().collect();
        let code = |name: &str| {
            // Chinese in two scripts is two languages of a model, which no code of two letters tells apart.
            let short = two_letters(name)?;
            let alike = names.iter().filter(|other| two_letters(other) == Some(short)).count();
            (alike == 1).then(|| short.to_owned())
        };
        let spoken = |name: &&String| Spoken {
            code: code(name).unwrap_or_else(|| (*name).clone()),
            told: Some((*name).clone()),
        };
        return names.iter().map(spoken).collect();
    }
    let sides = task.sides();
    let side = if role == Role::Source { sides.source.as_ref() } else { Some(&sides.target) };
    let field = || match side.map(|side| &side.fields[..]) {
        Some([field]) if field.len() <= 3 && two_letters(field).is_some() => Some(field.clone()),
        _ => None,
    };
    let name = said.or(own).or_else(field);
    name.map(|name| Spoken { code: two_letters(&name).map_or(name, str::to_owned), told: None })
        .into_iter()
        .collect()
}

impl RunRegistry {
    /// All ways, those of runs first. Runs that cannot be read, or have no checkpoint yet, have none.
    pub(crate) fn ways(&self, languages: &[RunLanguages]) -> Vec<Way> {
        let said = |run: usize| {
            let name = self.name(run);
            let of = |wanted: Option<&str>| languages.iter().find(|said| said.run.as_deref() == wanted);
            let none = RunLanguages { run: None, source: String::new(), target: String::new() };
            of(Some(&name)).or_else(|| of(None)).cloned().unwrap_or(none)
        };
        let mut ways = Vec::new();
        for run in 0..self.count() {
            let Ok(opened) = self.open(run) else { continue };
            for task in opened.adapters.tasks().iter().filter(|task| task.source().is_some()) {
                let step = Step { run, task: task.clone() };
                ways.push(Way::new(self.name(run), vec![step], &said(run), &said(run)));
            }
        }
        for chain in self.chains() {
            let Ok(steps) = self.steps(chain) else { continue };
            let names: Vec<String> = chain.iter().map(|&run| self.name(run)).collect();
            let (first, last) = (said(chain[0]), said(chain[chain.len() - 1]));
            ways.push(Way::new(names.join("+"), steps, &first, &last));
        }
        ways
    }

    /// The steps of a chain: of each run the first task that reads what the run before it writes.
    ///
    /// # Errors
    ///
    /// If a run cannot be read, or has no such task.
    pub(crate) fn steps(&self, chain: &[usize]) -> Result<Vec<Step>, ApiError> {
        let mut steps: Vec<Step> = Vec::with_capacity(chain.len());
        for &run in chain {
            let opened = self.open(run)?;
            let mut reading = opened.adapters.tasks().iter().filter(|task| task.source().is_some());
            let before = steps.last().map(|step| step.task.target_medium().name().to_owned());
            let found = match &before {
                None => reading.next(),
                Some(before) => reading
                    .find(|task| task.source_medium().is_some_and(|medium| medium.name() == before.as_str())),
            };
            let task = found.cloned().ok_or_else(|| {
                let reads: Vec<&str> = opened
                    .adapters
                    .tasks()
                    .iter()
                    .filter_map(|task| task.source_medium())
                    .map(|medium| medium.name())
                    .collect();
                let (name, reads) =
                    (self.name(run), if reads.is_empty() { "nothing".to_owned() } else { reads.join(", ") });
                let before = before.map_or_else(
                    || "a source".to_owned(),
                    |before| format!("{before}, which the run before it writes"),
                );
                ApiError::wrong("chain", format!("run '{name}' does not read {before}: it reads {reads}"), "")
            })?;
            steps.push(Step { run, task });
        }
        Ok(steps)
    }
}
