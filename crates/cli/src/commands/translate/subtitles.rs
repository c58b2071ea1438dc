//! `any2any translate --subtitles`: what is said in recordings, with its times.

use std::path::Path;

use any2any_adapter::Kind;
use any2any_translate::Subtitles;

use super::{inputs_of, tell_language};
use crate::arguments::{TranslateArguments, Usage};
use crate::chain::Chain;
use crate::inputs::Batch;
use crate::output;
use crate::output_folder::OutputFolder;
use crate::way_out::of_source;

/// Prints the subtitles of a recording, or writes those of each into the folder of `--output`.
pub(super) fn run(mut chain: Chain, format: Subtitles, arguments: &TranslateArguments) -> anyhow::Result<()> {
    let kinds = (
        chain.first().task.source_medium().map(|medium| medium.kind()),
        chain.last().task.target_medium().kind(),
    );
    if kinds != (Some(Kind::Signal), Kind::Text) {
        let reason = "subtitles are made of recordings by a run that writes texts: leave --subtitles out";
        return Err(Usage(reason.to_owned()).into());
    }
    chain.with_times();
    let mut inputs = inputs_of(&chain, arguments)?;
    if arguments.output.is_none() && inputs.count() > 1 {
        let reason = "the subtitles of several recordings are files: name a folder for them with --output";
        return Err(Usage(reason.to_owned()).into());
    }
    let mut folder = arguments.output.as_ref().map(|folder| OutputFolder::new(folder, arguments.overwrite));
    let mut failed = 0;
    while let Some(Batch { inputs, remarks, failures }) = inputs.next_batch() {
        remarks.iter().for_each(output::warn);
        for input in inputs {
            let segments = match &input.value {
                Ok(value) => {
                    chain.segments(value)?.map_err(|error| format!("{}: {}", input.place, of_source(&error)))
                }
                Err(error) => Err(error.to_string()),
            };
            match (segments, &mut folder) {
                (Err(error), _) => {
                    eprintln!("{error}");
                    failed += 1;
                }
                (Ok((segments, detected)), folder) => {
                    detected.iter().for_each(|detected| tell_language(&input.place, detected));
                    let Some(folder) = folder else {
                        output::text(&format.write(&segments))?;
                        continue;
                    };
                    let stem =
                        Path::new(&input.name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
                    let name = format!("{stem}.{}", format.extension());
                    let file = folder.write(&name, format.write(&segments).as_bytes())?;
                    output::line(file.display())?;
                }
            }
        }
        for error in failures {
            eprintln!("{error}");
            failed += 1;
        }
    }
    match failed {
        0 => Ok(()),
        failed => anyhow::bail!("{failed} of the sources could not be read"),
    }
}
