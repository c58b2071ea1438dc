//! Options of the command line by which one goes on after an error of a library, which knows no command line.

use any2any_data::DataError;
use any2any_run::RunError;
use any2any_server::ServerError;
use any2any_train::TrainError;
use any2any_translate::TranslateError;

/// The way to a run.
const TRAIN: &str = "`any2any train CONFIG --run FOLDER` trains one";

/// Errors of the libraries that an error of a command wraps, from the outermost inwards.
#[derive(Default)]
pub(crate) struct Wrapped<'a> {
    server: Option<&'a ServerError>,
    train: Option<&'a TrainError>,
    translate: Option<&'a TranslateError>,
    /// The error of an experiment or a run.
    pub(crate) run: Option<&'a RunError>,
    data: Option<&'a DataError>,
}

impl<'a> Wrapped<'a> {
    pub(crate) fn of(error: &'a anyhow::Error) -> Self {
        let mut wrapped = Self {
            server: error.downcast_ref(),
            train: error.downcast_ref(),
            translate: error.downcast_ref(),
            run: error.downcast_ref(),
            data: error.downcast_ref(),
        };
        if let Some(ServerError::Run(run)) = wrapped.server {
            wrapped.run = Some(run);
        }
        match wrapped.train {
            Some(TrainError::Run(run)) => wrapped.run = Some(run),
            Some(TrainError::Translate(translate)) => wrapped.translate = Some(translate),
            _ => {}
        }
        wrapped.inwards()
    }

    fn of_translation(error: &'a TranslateError) -> Self {
        Self { translate: Some(error), ..Self::default() }.inwards()
    }

    fn inwards(mut self) -> Self {
        if let Some(TranslateError::Run(run)) = self.translate {
            self.run = Some(run);
        }
        if let Some(RunError::Data(data)) = self.run {
            self.data = Some(data);
        }
        self
    }

    /// The options, in the order in which the error names the ways out.
    fn options(&self) -> Option<String> {
        let of_server = self.server.and_then(|error| match error {
            ServerError::NoRun(_) => Some(TRAIN),
            ServerError::Bind { .. } => Some("`--port PORT`"),
            ServerError::OpenToAll => Some("`--cors SITE`, without `--no-token`"),
            ServerError::NothingToRecord => {
                Some("`--data-root FOLDER`, `--trust-paths` for files outside the run, `--text TEXT`")
            }
            _ => None,
        });
        let of_training = || match self.train? {
            TrainError::Changed { .. } => Some("`--accept-changes`"),
            TrainError::NotRead { .. } => Some("`--from CHECKPOINT`"),
            _ => None,
        };
        let of_translation = || match self.translate? {
            TranslateError::SourceTooLong { .. } => Some("`--max-source POSITIONS`"),
            TranslateError::NoInt8 => Some("leave `--int8` out"),
            TranslateError::ScoreNotFinite => Some("`--checkpoint CHECKPOINT`"),
            _ => None,
        };
        let of_run = || match self.run? {
            RunError::Occupied(_) => Some("`--run FOLDER`"),
            RunError::NoRun(_) => Some(TRAIN),
            RunError::LeadsOut(_) => Some("or follow it with `--trust-paths`"),
            RunError::Altered(_) => {
                Some("`--checkpoint CHECKPOINT`, `--from CHECKPOINT` to go on with training")
            }
            RunError::Task { name: None, .. } => Some("`--task NAME`"),
            RunError::Prompt { .. } => Some("`--source-language LANGUAGE`, `--target-language LANGUAGE`"),
            RunError::Moved(_) => Some("`--files FOLDER`"),
            _ => None,
        };
        let of_data = || match self.data? {
            DataError::OutOfReach { .. } => Some("`--trust-paths`, `--files FOLDER`"),
            DataError::NoData => {
                Some("an imported run is given some by `any2any import ... --set tasks.TASK.data...`")
            }
            DataError::NoRoot => Some("`--data-root FOLDER`"),
            _ => None,
        };
        if let Some(RunError::RunExists(folder)) = self.run {
            let folder = folder.display();
            return Some(format!("`any2any train --resume {folder}`, `--run FOLDER`, `--overwrite`"));
        }
        of_server
            .or_else(of_training)
            .or_else(of_translation)
            .or_else(of_run)
            .or_else(of_data)
            .map(str::to_owned)
    }
}

/// An error's words, with the options in brackets behind them.
pub(crate) fn with_options(message: String, error: &anyhow::Error) -> String {
    in_brackets(message, Wrapped::of(error))
}

/// The words of an error about one source, with the options in brackets behind them.
pub(crate) fn of_source(error: &TranslateError) -> String {
    in_brackets(error.to_string(), Wrapped::of_translation(error))
}

fn in_brackets(message: String, wrapped: Wrapped) -> String {
    match wrapped.options() {
        Some(options) => format!("{message} ({options})"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_behind_every_wrapping() {
        let exists = || RunError::RunExists("runs/a".into());
        let wrapped: [anyhow::Error; 3] = [
            exists().into(),
            TranslateError::Run(exists()).into(),
            TrainError::Translate(TranslateError::Run(exists())).into(),
        ];
        for error in wrapped {
            let words = with_options(error.to_string(), &error);
            let expected = "set aside (`any2any train --resume runs/a`, `--run FOLDER`, `--overwrite`)";
            assert!(words.ends_with(expected), "{words}");
        }
        let error = DataError::NoRoot.into();
        assert!(with_options(String::new(), &error).contains("--data-root"));
        let error = TrainError::Run(DataError::NoRoot.into()).into();
        assert!(with_options(String::new(), &error).contains("--data-root"));
        let long = TranslateError::SourceTooLong { positions: 9, limit: 8 };
        assert!(of_source(&long).ends_with("raise the limit (`--max-source POSITIONS`)"));
        let plain = TranslateError::Unsupported("no".to_owned());
        assert_eq!(of_source(&plain), "no");
    }
}
