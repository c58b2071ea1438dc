//! Tables of embeddings: which of source, target and softmax share one, and where files keep it.

use any2any_architecture::{Entry, Head, Stem, TaskParts, names};

use crate::assembly::Assembly;
use crate::config::Config;
use crate::error::PretrainedError;

/// The task of a model with an encoder.
const TRANSLATE: &str = "translate";
/// The task of a language model.
const COMPLETE: &str = "complete";

/// Tables of a model from tokens to tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tables {
    /// The number of tokens of a source.
    pub(crate) source: usize,
    /// The number of tokens of a target.
    pub(crate) target: usize,
    /// Source and target share a table.
    pub(crate) shared: bool,
    /// The softmax shares the table of the target.
    pub(crate) tied: bool,
    /// The factor of embeddings.
    pub(crate) scale: f64,
    /// The factor of hidden states before the softmax.
    pub(crate) head_scale: f64,
    /// Each token has a bias.
    pub(crate) bias: bool,
}

/// Entrances, exits and the task between them.
pub(crate) type Ends = (Vec<Entry<Stem>>, Vec<Entry<Head>>, Vec<TaskParts>);

impl Tables {
    /// One table for all, as config.json has it unless it says that the softmax has its own.
    pub(crate) fn of(config: &Config) -> Result<Self, PretrainedError> {
        let vocabulary = config.size("vocab_size")?;
        Ok(Self {
            source: vocabulary,
            target: vocabulary,
            shared: true,
            tied: config.flag_or("tie_word_embeddings", true)?,
            scale: 1.0,
            head_scale: 1.0,
            bias: false,
        })
    }

    /// The parts of a model with an encoder. A table that several share is called by the first that uses it.
    pub(crate) fn ends(&self) -> Ends {
        let source = self.stem(self.source);
        match self.shared {
            true => self.ends_of(vec![entry("source", source)]),
            false => self.ends_behind(source),
        }
    }

    /// The parts of a model with an encoder behind another entrance.
    pub(crate) fn ends_behind(&self, source: Stem) -> Ends {
        self.ends_of(vec![entry("source", source), entry("target", self.stem(self.target))])
    }

    /// The parts behind stems, of which the last is that of targets.
    fn ends_of(&self, stems: Vec<Entry<Stem>>) -> Ends {
        let target = stems.len() - 1;
        let task =
            TaskParts { name: TRANSLATE.to_owned(), source: Some(0), target, head: 0, alignment: None };
        (stems, vec![entry("target", self.head(target))], vec![task])
    }

    /// The parts of a language model.
    pub(crate) fn ends_of_language_model(&self) -> Ends {
        let name = format!("{COMPLETE}.target");
        let task = TaskParts { name: COMPLETE.to_owned(), source: None, target: 0, head: 0, alignment: None };
        (vec![Entry::new(&name, self.stem(self.target))], vec![Entry::new(name, self.head(0))], vec![task])
    }

    fn stem(&self, vocabulary: usize) -> Stem {
        Stem::Lookup { vocabulary, scale: self.scale }
    }

    fn head(&self, target: usize) -> Head {
        Head::Softmax {
            vocabulary: self.target,
            tied: self.tied.then_some(target),
            bias: self.bias,
            scale: self.head_scale,
        }
    }
}

fn entry<T>(side: &str, part: T) -> Entry<T> {
    Entry::new(format!("{TRANSLATE}.{side}"), part)
}

/// Names of a table in the files.
pub(crate) struct TableNames<'a> {
    /// The names of the table of sources and targets where they share one, the most usual first.
    pub(crate) shared: &'a [String],
    /// That of sources alone.
    pub(crate) source: &'a str,
    /// That of targets alone.
    pub(crate) target: &'a str,
    /// That of the softmax.
    pub(crate) head: &'a str,
}

impl Tables {
    /// Reads the tables of a model with an encoder; all but the first of several of one table must be equal to it.
    pub(crate) fn read(
        &self,
        assembly: &mut Assembly<'_>,
        files: &TableNames<'_>,
    ) -> Result<(), PretrainedError> {
        let [source, target] = ["source", "target"].map(|side| table(names::STEMS, TRANSLATE, side));
        let target = if self.shared { source.clone() } else { target };
        if self.shared {
            let both = [files.source.to_owned(), files.target.to_owned()];
            let known: Vec<&str> = files.shared.iter().chain(&both).map(String::as_str).collect();
            read_one(assembly, &known, self.tied.then_some(files.head), &source, SHARED)?;
        } else {
            read_one(assembly, &[files.source], None, &source, SHARED)?;
            self.read_target(assembly, files.target, files.head, &target)?;
        }
        self.read_head(assembly, files.head, &table(names::HEADS, TRANSLATE, "target"))
    }

    /// Reads the table of targets and the softmax of a model whose sources are frames.
    pub(crate) fn read_behind(
        &self,
        assembly: &mut Assembly<'_>,
        target: &str,
        head: &str,
    ) -> Result<(), PretrainedError> {
        self.read_target(assembly, target, head, &table(names::STEMS, TRANSLATE, "target"))?;
        self.read_head(assembly, head, &table(names::HEADS, TRANSLATE, "target"))
    }

    /// Reads the tables of a language model.
    pub(crate) fn read_language_model(
        &self,
        assembly: &mut Assembly<'_>,
        target: &str,
        head: &str,
    ) -> Result<(), PretrainedError> {
        self.read_target(assembly, target, head, &table(names::STEMS, COMPLETE, "target"))?;
        self.read_head(assembly, head, &table(names::HEADS, COMPLETE, "target"))
    }

    fn read_target(
        &self,
        assembly: &mut Assembly<'_>,
        target: &str,
        head: &str,
        ours: &str,
    ) -> Result<(), PretrainedError> {
        read_one(assembly, &[target], self.tied.then_some(head), ours, TIED)
    }

    fn read_head(&self, assembly: &mut Assembly<'_>, head: &str, ours: &str) -> Result<(), PretrainedError> {
        if self.tied { Ok(()) } else { assembly.same(head, ours) }
    }
}

const SHARED: &str = "source and target share one table in this family, and the softmax too unless config.json has \
                      \"tie_word_embeddings\": false";
const TIED: &str = "the softmax shares the table of embeddings; if it has one of its own, config.json must have \
                    \"tie_word_embeddings\": false";

fn table(kind: &str, task: &str, side: &str) -> String {
    format!("{kind}.{task}.{side}.{}", names::TABLE)
}

/// Reads one table from the first of its names that is there; a softmax that shares it may be the only one.
fn read_one(
    assembly: &mut Assembly<'_>,
    known: &[&str],
    head: Option<&str>,
    ours: &str,
    reason: &str,
) -> Result<(), PretrainedError> {
    let known: Vec<&str> = known.iter().copied().chain(head).collect();
    let first = known.iter().position(|name| assembly.has(name)).unwrap_or(0);
    assembly.same(known[first], ours)?;
    for duplicate in &known[first + 1..] {
        assembly.duplicate(duplicate, ours, reason)?;
    }
    Ok(())
}
