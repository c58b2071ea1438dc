//! Metrics of texts: from the experiment's options to `any2any_metrics`, with warnings if they mean little.

use any2any_adapter::Value;
use any2any_experiment::spec::{Bleu, Chrf, Metric, Smoothing, Ter, Tokenizer};
use any2any_metrics as metrics;
use any2any_metrics::{Bootstrap, Score, Unspaced};

use crate::error::TranslateError;
use crate::evaluate::{metric_name, plugged_score};

/// The score of texts by a metric. Each element of `references` is one set of references, as long as `hypotheses`; with
/// a `bootstrap` the score has its 95 % interval.
///
/// # Errors
///
/// If there is nothing to score, the numbers of lines differ, or the metric is not for texts.
pub fn score_texts(
    metric: &Metric,
    hypotheses: &[String],
    references: &[Vec<String>],
    bootstrap: Option<&Bootstrap>,
) -> Result<Score, TranslateError> {
    if let Metric::Plugged(plugged) = metric {
        let values = |texts: &[String]| texts.iter().map(|text| Value::from(text.as_str())).collect();
        let (outputs, sets): (Vec<Value>, Vec<Vec<Value>>) =
            (values(hypotheses), references.iter().map(|set| values(set)).collect());
        let sets: Vec<Vec<&Value>> = sets.iter().map(|set| set.iter().collect()).collect();
        let outputs: Vec<&Value> = outputs.iter().collect();
        return plugged_score(plugged, &metric_name(metric), &outputs, &sets, bootstrap);
    }
    let sets: Vec<&[String]> = references.iter().map(Vec::as_slice).collect();
    let Some(of_texts) = text_metric(metric) else {
        if *metric != Metric::TokenAccuracy {
            return Err(TranslateError::Unsupported(format!("{metric} does not score texts")));
        }
        return word_accuracy(hypotheses, &sets, bootstrap);
    };
    Ok(match bootstrap {
        Some(bootstrap) => metrics::score_with_interval(of_texts.as_ref(), hypotheses, &sets, bootstrap)?,
        None => metrics::corpus_score(of_texts.as_ref(), hypotheses, &sets)?,
    })
}

/// A metric of texts that is a function of sums over samples.
fn text_metric(metric: &Metric) -> Option<Box<dyn metrics::Metric>> {
    Some(match metric {
        Metric::Bleu(options) => Box::new(bleu(*options)),
        Metric::Chrf(options) => Box::new(chrf(*options)),
        Metric::Ter(options) => Box::new(ter(*options)),
        Metric::Wer => Box::new(metrics::ErrorRate { unit: metrics::Unit::Word }),
        Metric::Cer => Box::new(metrics::ErrorRate { unit: metrics::Unit::Character }),
        Metric::ExactMatch => Box::new(metrics::ExactMatch),
        Metric::CharacterAccuracy => Box::new(metrics::CharacterAccuracy),
        _ => return None,
    })
}

fn bleu(options: Bleu) -> metrics::Bleu {
    let Bleu { lowercase, smoothing, effective_order, .. } = options;
    metrics::Bleu {
        tokenizer: tokenizer(options),
        lowercase,
        smoothing: match smoothing {
            Smoothing::Exp => metrics::Smoothing::Exponential,
            Smoothing::None => metrics::Smoothing::None,
            Smoothing::Floor(value) => metrics::Smoothing::Floor(value),
            Smoothing::AddK(value) => metrics::Smoothing::AddK(value),
        },
        effective_order,
    }
}

fn tokenizer(options: Bleu) -> metrics::Tokenizer {
    match options.tokenize {
        Tokenizer::V13a => metrics::Tokenizer::V13a,
        Tokenizer::None => metrics::Tokenizer::None,
        Tokenizer::International => metrics::Tokenizer::International,
        Tokenizer::Character => metrics::Tokenizer::Character,
        Tokenizer::Chinese => metrics::Tokenizer::Chinese,
    }
}

fn chrf(options: Chrf) -> metrics::Chrf {
    let Chrf { character_order, word_order, beta, lowercase, whitespace, epsilon_smoothing } = options;
    metrics::Chrf { character_order, word_order, beta, lowercase, whitespace, epsilon_smoothing }
}

fn ter(options: Ter) -> metrics::Ter {
    let Ter { normalized, no_punctuation, asian_support, case_sensitive } = options;
    metrics::Ter { normalized, no_punctuation, asian_support, case_sensitive }
}

/// The share of words that agree with the reference at their position; of several references, that with the largest
/// share counts.
fn word_accuracy(
    hypotheses: &[String],
    references: &[&[String]],
    bootstrap: Option<&Bootstrap>,
) -> Result<Score, TranslateError> {
    // Checks the numbers of lines, as every metric does.
    metrics::corpus_score(&metrics::ExactMatch, hypotheses, references)?;
    let words = |line: &String| -> Vec<String> { line.split_whitespace().map(str::to_owned).collect() };
    let written: Vec<Vec<String>> = hypotheses.iter().map(words).collect();
    let share = |written: &[String], wanted: &[String]| -> [f64; 2] {
        let (right, all) = metrics::right_tokens(written, wanted);
        [right as f64, all as f64]
    };
    let nearest = |(line, written): (usize, &Vec<String>)| {
        let mut sets = references.iter().map(|set| words(&set[line]));
        let first = sets.next().unwrap_or_default();
        sets.fold(first, |best, next| {
            let ([right, all], [of_right, of_all]) = (share(written, &best), share(written, &next));
            if of_right * all > right * of_all { next } else { best }
        })
    };
    let wanted: Vec<Vec<String>> = written.iter().enumerate().map(nearest).collect();
    let mut score = metrics::token_accuracy(&written, &wanted)?;
    if let Some(bootstrap) = bootstrap {
        let shares = written.iter().zip(&wanted).map(|(written, wanted)| share(written, wanted));
        let shares: Vec<[f64; 2]> = shares.map(|[right, all]| [100.0 * right, all]).collect();
        score.interval = Some(bootstrap.interval_of_ratio(&shares)?);
    }
    Ok(score)
}

/// A warning about a metric that counts words between spaces, for references without spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpacesMissing {
    /// The index of the metric in its list.
    pub metric: usize,
    /// The problem.
    pub message: String,
    /// The metric to compute instead.
    pub help: String,
}

/// The metrics of a list that count words between spaces, if the references have no spaces between words.
pub fn spaces_missing<L: AsRef<str>>(wanted: &[Metric], references: &[L]) -> Vec<SpacesMissing> {
    if !wanted.iter().any(|metric| counts_words(metric, Unspaced::Chinese)) {
        return Vec::new();
    }
    let Some(unspaced) = Unspaced::find(references) else { return Vec::new() };
    let missing = |(number, metric): (usize, &Metric)| {
        counts_words(metric, unspaced).then(|| SpacesMissing {
            metric: number,
            message: message(metric, unspaced),
            help: instead(metric, unspaced).to_owned(),
        })
    };
    wanted.iter().enumerate().filter_map(missing).collect()
}

/// True if a metric counts words between spaces that lines of this kind do not have.
fn counts_words(metric: &Metric, unspaced: Unspaced) -> bool {
    match metric {
        Metric::Bleu(options) => tokenizer(*options).needs_spaces(),
        // A line that is one word has a word error rate and edits, but no four words in a row.
        _ if !unspaced.is_script() => false,
        Metric::Chrf(options) => options.word_order > 0,
        Metric::Ter(Ter { normalized: true, asian_support: true, .. }) => unspaced != Unspaced::Chinese,
        Metric::Ter(_) | Metric::Wer => true,
        _ => false,
    }
}

fn message(metric: &Metric, unspaced: Unspaced) -> String {
    let have = match unspaced {
        Unspaced::Chinese => "are Chinese, which has no spaces between words",
        Unspaced::Japanese => "are Japanese, which has no spaces between words",
        Unspaced::SouthEastAsian => "are of a script that has no spaces between words",
        Unspaced::Strings => "are one word each",
    };
    let counts = match metric {
        Metric::Bleu(_) => "counts up to four words in a row",
        _ => "counts words",
    };
    format!("`{metric}` {counts}, but the references {have}")
}

fn instead(metric: &Metric, unspaced: Unspaced) -> &'static str {
    match (metric, unspaced) {
        (Metric::Bleu(_), Unspaced::Chinese) => {
            "use the tokenizer zh: `{ bleu: { tokenize: zh } }`, or `--tokenize zh` on the command line"
        }
        (Metric::Bleu(_), Unspaced::Strings) => {
            "use `exact_match` or `cer`, or the tokenizer char: `{ bleu: { tokenize: char } }`, or `--tokenize char` on \
             the command line"
        }
        (Metric::Bleu(_), _) => {
            "use the tokenizer char: `{ bleu: { tokenize: char } }`, or `--tokenize char` on the command line"
        }
        (Metric::Ter(_), Unspaced::Chinese) => {
            "use `cer`, or let it part characters: `{ ter: { normalized: true, asian_support: true } }`"
        }
        (Metric::Chrf(_), _) => "use `chrf`, which counts characters alone",
        _ => "use `cer`, which counts characters",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(list: &str) -> Vec<Metric> {
        any2any_experiment::read_metrics(list, &any2any_adapter::Registry::new()).expect(list)
    }

    fn texts(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|&line| line.to_owned()).collect()
    }

    #[test]
    fn options_and_all_references_reach_the_metric() {
        let hypotheses = texts(&["猫 坐在垫子上。", "The Dog sleeps ."]);
        let references = [
            texts(&["猫坐在毯子上。", "the cat sleeps ."]),
            texts(&["一只猫坐在垫子上。", "the dog is asleep ."]),
        ];
        // The figures are sacreBLEU's.
        for (metric, shown) in CASES {
            let score = score_texts(&metrics(metric)[0], &hypotheses, &references, None).expect(metric);
            let shown_version = format!("|version:any2any.{} = ", env!("CARGO_PKG_VERSION"));
            assert_eq!(format!("{score:#}"), shown.replacen(" = ", &shown_version, 1), "{metric}");
            let interval =
                score_texts(&metrics(metric)[0], &hypotheses, &references, Some(&Bootstrap::default()));
            assert!(interval.expect(metric).interval.is_some(), "{metric}");
        }
    }

    const CASES: &[(&str, &str)] = &[
        (
            "bleu: { tokenize: zh }",
            "BLEU|nrefs:2|case:mixed|eff:no|tok:zh|smooth:exp = 77.65 81.8/77.8/71.4/80.0 (BP = 1.000 ratio = 1.000 hyp_len = 11 ref_len = 11)",
        ),
        (
            "bleu: { tokenize: zh, lowercase: true }",
            "BLEU|nrefs:2|case:lc|eff:no|tok:zh|smooth:exp = 84.42 100.0/88.9/71.4/80.0 (BP = 1.000 ratio = 1.000 hyp_len = 11 ref_len = 11)",
        ),
        (
            "bleu: { tokenize: char, effective_order: true }",
            "BLEU|nrefs:2|case:mixed|eff:yes|tok:char|smooth:exp = 70.71 90.0/77.8/62.5/57.1 (BP = 1.000 ratio = 1.000 hyp_len = 20 ref_len = 20)",
        ),
        (
            "bleu: { tokenize: intl, smoothing: { floor: 0.5 } }",
            "BLEU|nrefs:2|case:mixed|eff:no|tok:intl|smooth:floor[0.50] = 29.07 42.9/20.0/16.7/50.0 (BP = 1.000 ratio = 1.167 hyp_len = 7 ref_len = 6)",
        ),
        (
            "bleu: { tokenize: none, smoothing: { add_k: 2 } }",
            "BLEU|nrefs:2|case:mixed|eff:no|tok:none|smooth:add-k[2.00] = 48.55 33.3/50.0/50.0/66.7 (BP = 1.000 ratio = 1.200 hyp_len = 6 ref_len = 5)",
        ),
        (
            "bleu_lowercase",
            "BLEU|nrefs:2|case:lc|eff:no|tok:13a|smooth:exp = 37.99 66.7/50.0/25.0/25.0 (BP = 1.000 ratio = 1.200 hyp_len = 6 ref_len = 5)",
        ),
        (
            "chrf: { lowercase: true, whitespace: true }",
            "chrF2|nrefs:2|case:lc|eff:yes|nc:6|nw:0|space:yes = 56.99",
        ),
        (
            "chrf: { character_order: 4, word_order: 1, beta: 3, epsilon_smoothing: true }",
            "chrF3+|nrefs:2|case:mixed|eff:no|nc:4|nw:1|space:no = 57.02",
        ),
        ("chrf_plus_plus", "chrF2++|nrefs:2|case:mixed|eff:yes|nc:6|nw:2|space:no = 49.93"),
        (
            "ter: { normalized: true, no_punctuation: true, asian_support: true, case_sensitive: true }",
            "TER|nrefs:2|case:mixed|tok:tercom|norm:yes|punct:no|asian:yes = 28.57",
        ),
    ];

    #[test]
    fn words_at_their_place_are_those_of_the_nearest_reference() {
        let score = score_texts(
            &Metric::TokenAccuracy,
            &texts(&["a b c", "x"]),
            &[texts(&["a c b", "x y"]), texts(&["a b d", "z"])],
            Some(&Bootstrap::default()),
        );
        let score = score.expect("two lines each");
        assert_eq!(score.detail.as_deref(), Some("(3 of 5 tokens)"));
        assert!(score.interval.is_some());
    }

    #[test]
    fn whoever_counts_words_needs_spaces() {
        let every = "bleu,bleu: { tokenize: intl },bleu: { tokenize: zh },bleu: { tokenize: char },chrf,chrf_plus_plus,\
                     ter,ter: { normalized: true, asian_support: true },wer,cer,exact_match";
        let cases: &[(&str, &[usize], &str)] = &[
            ("今天天气很好，我们去公园吧！", &[0, 1, 5, 6, 8], "tokenize zh"),
            ("フェリーは7時45分に出ますが、まだ誰もいません。", &[0, 1, 5, 6, 7, 8], "tokenize char"),
            ("พรุ่งนี้เราจะไปตลาดน้ำกันแต่เช้า", &[0, 1, 5, 6, 7, 8], "tokenize char"),
            ("HHHEEECCC", &[0, 1], "exact_match"),
            ("The cat sat on the mat.", &[], ""),
            ("今天 天气 很 好 ， 我们 去 公园 吧 ！", &[], ""),
        ];
        for (line, expected, help) in cases {
            let missing = spaces_missing(&metrics(every), &[line]);
            let numbers: Vec<usize> = missing.iter().map(|missing| missing.metric).collect();
            assert_eq!(numbers, *expected, "{line}");
            assert!(missing.first().is_none_or(|missing| missing.help.contains(help)), "{missing:?}");
        }
    }
}
