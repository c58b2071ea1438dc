//! Every score equals sacreBLEU's and jiwer's: printed digits, signatures, and values to 1e-9.
//!
//! `golden/make.py` wrote what those tools say, and names their versions.

use any2any_metrics::{
    Bleu, Chrf, ErrorRate, Metric, Score, Smoothing, Ter, Tokenizer, Unit, corpus_score, edits,
    sentence_scores,
};
use serde_json::Value;

const GOLDEN: &str = include_str!("../golden/golden.jsonl");

/// The metrics under the names that `make.py` gives them.
fn metrics() -> Vec<(&'static str, Box<dyn Metric>)> {
    let (bleu, chrf, ter) = (Bleu::default(), Chrf::default(), Ter::default());
    let plus_plus = Chrf::plus_plus();
    let international = Bleu { tokenizer: Tokenizer::International, ..bleu };
    let chinese = Bleu { tokenizer: Tokenizer::Chinese, ..bleu };
    vec![
        ("bleu", Box::new(bleu)),
        ("bleu-lowercase", Box::new(Bleu { lowercase: true, ..bleu })),
        ("bleu-none", Box::new(Bleu { tokenizer: Tokenizer::None, ..bleu })),
        ("bleu-intl", Box::new(international)),
        ("bleu-intl-lowercase", Box::new(Bleu { lowercase: true, ..international })),
        ("bleu-char", Box::new(Bleu { tokenizer: Tokenizer::Character, ..bleu })),
        ("bleu-zh", Box::new(chinese)),
        ("bleu-zh-lowercase", Box::new(Bleu { lowercase: true, ..chinese })),
        ("bleu-effective", Box::new(Bleu { effective_order: true, ..bleu })),
        ("bleu-floor", Box::new(Bleu { smoothing: Smoothing::Floor(0.1), ..bleu })),
        ("bleu-floor-half", Box::new(Bleu { smoothing: Smoothing::Floor(0.5), ..bleu })),
        ("bleu-add-1", Box::new(Bleu { smoothing: Smoothing::AddK(1.0), ..bleu })),
        (
            "bleu-add-2-effective",
            Box::new(Bleu { smoothing: Smoothing::AddK(2.0), effective_order: true, ..bleu }),
        ),
        ("bleu-unsmoothed", Box::new(Bleu { smoothing: Smoothing::None, ..bleu })),
        ("chrf", Box::new(chrf)),
        ("chrf++", Box::new(plus_plus)),
        ("chrf++-lowercase", Box::new(Chrf { lowercase: true, ..plus_plus })),
        ("chrf-whitespace", Box::new(Chrf { whitespace: true, ..chrf })),
        ("chrf++-epsilon", Box::new(Chrf { epsilon_smoothing: true, ..plus_plus })),
        ("chrf3-order4", Box::new(Chrf { character_order: 4, word_order: 1, beta: 3, ..chrf })),
        ("ter", Box::new(ter)),
        ("ter-cased", Box::new(Ter { case_sensitive: true, ..ter })),
        ("ter-normalized", Box::new(Ter { normalized: true, ..ter })),
        ("ter-no-punctuation", Box::new(Ter { no_punctuation: true, ..ter })),
        ("ter-normalized-asian", Box::new(Ter { normalized: true, asian_support: true, ..ter })),
        (
            "ter-bare-asian",
            Box::new(Ter {
                normalized: true,
                no_punctuation: true,
                asian_support: true,
                case_sensitive: true,
            }),
        ),
    ]
}

/// Lines of a group: hypotheses, and references set by set.
#[derive(Default)]
struct Group {
    name: String,
    hypotheses: Vec<String>,
    sets: Vec<Vec<String>>,
}

impl Group {
    fn push(&mut self, name: &str, hypothesis: &str, references: &[String]) {
        if self.name != name {
            *self = Self { name: name.to_owned(), ..Self::default() };
        }
        self.hypotheses.push(hypothesis.to_owned());
        self.sets.resize(references.len(), Vec::new());
        self.sets.iter_mut().zip(references).for_each(|(set, reference)| set.push(reference.clone()));
    }

    fn sets(&self) -> Vec<&[String]> {
        self.sets.iter().map(Vec::as_slice).collect()
    }
}

/// Everything that a record expects, as differences in words.
fn differences(record: &Value, group: &Group, scores: impl Fn(&dyn Metric) -> Score) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, metric) in metrics() {
        let score = scores(metric.as_ref());
        let expected = record["values"][name].as_f64().expect("make.py wrote every metric");
        if (score.value - expected).abs() > 1e-9 * expected.abs().max(1.0) {
            differences.push(format!("{name}: {} instead of {expected}", score.value));
        }
        if let Some(printed) = record["printed"][name].as_str() {
            // Corpus records have the signature, whose version is ours.
            let (ours, theirs) = match printed.contains('|') {
                true => (format!("{score:#}"), printed.replace("version:2.6.0", &version())),
                false => (score.to_string(), printed.to_owned()),
            };
            if ours != theirs {
                differences.push(format!("{name}: {ours} instead of {theirs}"));
            }
        }
    }
    for (name, unit) in [("wer", Unit::Word), ("cer", Unit::Character)] {
        let Some(expected) = record["errors"][name].as_array() else {
            continue;
        };
        let expected: Vec<f64> = expected.iter().map(|x| x.as_f64().expect("a number")).collect();
        let found = edits(unit, &group.hypotheses, &group.sets[0]).expect("as many references");
        let counts = [found.hits, found.substitutions, found.deletions, found.insertions];
        let score = scores(&ErrorRate { unit });
        if counts.map(|count| count as f64)[..] != expected[1..]
            || (found.rate() - expected[0]).abs() > 1e-9
            || (score.value - 100.0 * expected[0]).abs() > 1e-7
        {
            differences.push(format!("{name}: {found:?} instead of {expected:?}"));
        }
    }
    differences
}

fn version() -> String {
    format!("version:any2any.{}", env!("CARGO_PKG_VERSION"))
}

#[test]
fn every_score_is_the_one_of_the_fields_own_tool() {
    let (mut group, mut all) = (Group::default(), Group::default());
    let (mut segments, mut corpora) = (0, 0);
    let mut wrong = Vec::new();
    for record in GOLDEN.lines().skip(1) {
        let record: Value = serde_json::from_str(record).expect("make.py writes JSON Lines");
        let name = record["group"].as_str().expect("every record has a group");
        let found = match record["hypothesis"].as_str() {
            Some(hypothesis) => {
                let references: Vec<String> =
                    serde_json::from_value(record["references"].clone()).expect("a list of lines");
                group.push(name, hypothesis, &references);
                if references.len() == 1 {
                    all.push("all with one reference", hypothesis, &references);
                }
                segments += 1;
                let mut segment = Group::default();
                segment.push(name, hypothesis, &references);
                let score = |metric: &dyn Metric| {
                    sentence_scores(metric, &segment.hypotheses, &segment.sets()).expect("one line").remove(0)
                };
                differences(&record, &segment, score)
            }
            None => {
                corpora += 1;
                let group = if name == all.name { &all } else { &group };
                let score = |metric: &dyn Metric| {
                    corpus_score(metric, &group.hypotheses, &group.sets()).expect("as many references")
                };
                differences(&record["corpus"], group, score)
            }
        };
        wrong.extend(found.into_iter().map(|difference| {
            format!("{name}, {:?} {}: {difference}", record["hypothesis"], record["references"])
        }));
    }
    assert!(segments >= 250 && corpora >= 15, "{segments} segments, {corpora} groups");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
