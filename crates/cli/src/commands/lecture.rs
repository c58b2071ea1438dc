//! `any2any lecture`: the page's story in ten chapters, over runs that ship with the program or over one's own.

use any2any_adapter::Registry;

use super::explore;
use crate::arguments::{LectureArguments, Usage};
use crate::{lecture, output};

pub(crate) fn run(arguments: LectureArguments, registry: &Registry) -> anyhow::Result<()> {
    let LectureArguments { mut explore, pack } = arguments;
    let Some(file) = pack else {
        explore.story = true;
        return explore::run(explore, registry);
    };
    let runs = &explore.server.runs;
    if runs.is_empty() {
        return Err(Usage("--pack: name the runs that the archive is to hold".to_owned()).into());
    }
    if file.exists() && !explore.overwrite {
        anyhow::bail!("{} is there already; name another file, or add --overwrite", file.display());
    }
    let bytes = lecture::pack(runs, &file, registry)?;
    let (count, bytes) = (runs.len(), any2any_adapter::grouped(bytes));
    output::line(format!("{}: {count} runs in {bytes} bytes", file.display()))
}
