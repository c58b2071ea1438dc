//! Metrics on the command line: a list, written as in an experiment, and options for all of them at once.

use any2any_adapter::Registry;
use any2any_experiment::read_metrics;
use any2any_experiment::spec::{Bleu, Chrf, Metric, Tokenizer};
use clap::Args;

use super::Usage;

/// Parses metrics by their words in experiments, with or without options. The program's own are among them, so that this
/// comes after the parsing of arguments, which knows none.
fn metric_list(text: &str, registry: &Registry) -> Result<Vec<Metric>, Usage> {
    let wrong = |said: String| Usage(format!("invalid value '{text}' for `--metric`: {said}"));
    let problems = match read_metrics(text, registry) {
        Ok(metrics) if metrics.is_empty() => {
            return Err(wrong("name at least one metric, such as `bleu`".to_owned()));
        }
        Ok(metrics) => return Ok(metrics),
        Err(problems) => problems,
    };
    let said = problems.iter().map(|problem| match &problem.help {
        Some(help) => format!("{}; {help}", problem.message),
        None => problem.message.clone(),
    });
    Err(wrong(said.collect::<Vec<_>>().join("\n")))
}

#[derive(Args, Debug)]
pub(crate) struct MetricOptions {
    /// The tokenizer of BLEU, by sacreBLEU's name: 13a, none, intl, char, or zh.
    #[arg(long, value_name = "TOKENIZER")]
    pub tokenize: Option<Tokenizer>,
    /// Ignore case in BLEU and chrF.
    #[arg(long)]
    pub lowercase: bool,
    /// Also give 95 % confidence intervals, by bootstrap resampling.
    #[arg(long)]
    pub confidence: bool,
}

impl MetricOptions {
    /// The metrics of the arguments, or else the usual ones, with these options.
    pub(crate) fn apply(
        &self,
        asked: &[String],
        usual: &[Metric],
        registry: &Registry,
    ) -> Result<Vec<Metric>, Usage> {
        let mut metrics = if asked.is_empty() { usual.to_vec() } else { Vec::new() };
        for list in asked {
            metrics.extend(metric_list(list, registry)?);
        }
        if let Some(tokenize) = self.tokenize {
            let mut changed = 0;
            for metric in &mut metrics {
                if let Metric::Bleu(options) = metric {
                    *options = Bleu { tokenize, ..*options };
                    changed += 1;
                }
            }
            self.require(changed, "--tokenize", "bleu", &metrics)?;
        }
        if self.lowercase {
            let mut changed = 0;
            for metric in &mut metrics {
                match metric {
                    Metric::Bleu(options) => *options = Bleu { lowercase: true, ..*options },
                    Metric::Chrf(options) => *options = Chrf { lowercase: true, ..*options },
                    _ => continue,
                }
                changed += 1;
            }
            self.require(changed, "--lowercase", "bleu and chrf", &metrics)?;
        }
        Ok(metrics)
    }

    /// Fails if an option changes none of the metrics.
    fn require(&self, changed: usize, option: &str, of: &str, metrics: &[Metric]) -> Result<(), Usage> {
        if changed > 0 {
            return Ok(());
        }
        let metrics: Vec<String> = metrics.iter().map(Metric::to_string).collect();
        Err(Usage(format!(
            "`{option}` is an option of {of}, and what is computed is {}: leave it out, or choose other metrics with \
             `--metric`",
            if metrics.is_empty() { "nothing".to_owned() } else { metrics.join(", ") }
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(asked: &str, tokenize: Option<&str>, lowercase: bool) -> Result<String, String> {
        let tokenize = tokenize.map(|word| word.parse().expect("a tokenizer"));
        let options = MetricOptions { tokenize, lowercase, confidence: false };
        let metrics = options.apply(&[asked.to_owned()], &[], &crate::media());
        let metrics = metrics.map_err(|error| error.to_string())?;
        Ok(metrics.iter().map(Metric::to_string).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn lists_and_options_make_metrics() {
        for (asked, tokenize, lowercase, expected) in [
            ("bleu,chrf", None, false, "bleu chrf"),
            ("bleu, chrf", Some("zh"), true, "bleu_zh_lowercase chrf_lowercase"),
            ("bleu_lowercase,ter", Some("char"), false, "bleu_char_lowercase ter"),
            ("bleu: { tokenize: intl, lowercase: true }, wer", None, false, "bleu_intl_lowercase wer"),
            ("{ chrf: { beta: 3 } }", None, false, "chrf_beta3"),
        ] {
            assert_eq!(applied(asked, tokenize, lowercase).as_deref(), Ok(expected), "{asked}");
        }
        for (asked, tokenize, lowercase, says) in [
            ("wer", Some("zh"), false, "`--tokenize` is an option of bleu, and what is computed is wer"),
            ("wer,cer", None, true, "`--lowercase` is an option of bleu and chrf"),
            ("blue", None, false, "did you mean `bleu`?"),
            ("bleu: { tokenize: ja-mecab }", None, false, "use `char`"),
            ("bleu: { tokenise: zh }", None, false, "did you mean `tokenize`?"),
            ("bleu: {", None, false, ""),
            ("]", None, false, ""),
            ("", None, false, ""),
        ] {
            let error = applied(asked, tokenize, lowercase).expect_err(asked);
            assert!(error.contains(says), "{asked}: {error}");
        }
    }
}
