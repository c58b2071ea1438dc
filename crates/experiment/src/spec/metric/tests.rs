//! Tests of metrics as experiments name them.

use super::*;

fn read(json: &str) -> Metric {
    serde_json::from_str(json).expect("a metric")
}

#[test]
fn metrics_are_written_as_they_were_read() {
    let zh = r#"{"bleu":{"tokenize":"zh","lowercase":false,"smoothing":"exp","effective_order":false}}"#;
    let cases = [
        (r#""bleu""#, r#""bleu""#, "bleu"),
        (r#""chrf_plus_plus""#, r#""chrf_plus_plus""#, "chrf_plus_plus"),
        (r#"{"bleu":{}}"#, r#""bleu""#, "bleu"),
        (r#"{"bleu":{"lowercase":true}}"#, r#""bleu_lowercase""#, "bleu_lowercase"),
        (r#"{"bleu":{"tokenize":"zh"}}"#, zh, "bleu_zh"),
        (
            r#"{"ter":{"normalized":true,"asian_support":true}}"#,
            r#"{"ter":{"normalized":true,"no_punctuation":false,"asian_support":true,"case_sensitive":false}}"#,
            "ter_normalized_asian_support",
        ),
    ];
    for (given, written, shown) in cases {
        let metric = read(given);
        let json = serde_json::to_string(&metric).expect("plain data");
        assert_eq!(json, written, "{given}");
        assert_eq!(read(&json), metric, "{given}");
        assert_eq!(metric.to_string(), shown, "{given}");
    }
    for (given, shown) in [
        (r#"{"bleu":{"smoothing":{"floor":0.5},"tokenize":"none"}}"#, "bleu_none_smoothing_floor0.5"),
        (r#"{"bleu":{"smoothing":"none"}}"#, "bleu_smoothing_none"),
        (r#"{"chrf":{"beta":3,"word_order":1}}"#, "chrf_word_order1_beta3"),
    ] {
        assert_eq!(read(given).to_string(), shown, "{given}");
    }
}

#[test]
fn every_medium_is_scored_by_its_usual_metrics() {
    for kind in [Kind::Image, Kind::Signal] {
        let usual = Metric::usual(kind).expect("metrics of media");
        assert!(usual.iter().all(|metric| metric.scores(kind) && !metric.scores(Kind::Text)));
        for metric in usual {
            assert_eq!(read(&format!("\"{}\"", metric.word())), metric);
        }
    }
    let custom = Metric::usual(Kind::Custom).expect("metrics of media");
    assert!(custom.iter().all(|metric| metric.scores(Kind::Custom) && metric.scores(Kind::Text)));
    let warping = read(r#""dynamic_time_warping""#);
    assert!(Metric::usual(Kind::Signal).is_some_and(|usual| usual.contains(&warping)));
    assert!(!warping.scores(Kind::Image) && !read(r#""spectral_distance""#).scores(Kind::Image));
}

#[test]
fn a_word_means_the_first_metric_of_its_name() {
    let list =
        [read(r#"{"bleu":{"tokenize":"zh"}}"#), read(r#""bleu_lowercase""#), read(r#""chrf_plus_plus""#)];
    for (wanted, place) in [
        (r#""bleu""#, Some(0)),
        (r#""bleu_lowercase""#, Some(1)),
        (r#""chrf_plus_plus""#, Some(2)),
        (r#""chrf""#, None),
        (r#"{"bleu":{"tokenize":"zh"}}"#, Some(0)),
        (r#"{"bleu":{"tokenize":"char"}}"#, None),
        (r#""wer""#, None),
    ] {
        assert_eq!(read(wanted).find_in(&list), place, "{wanted}");
    }
}

#[test]
fn tokenizers_are_known_by_sacrebleus_names() {
    for word in ["13a", "none", "intl", "char", "zh"] {
        let tokenizer: Tokenizer = word.parse().expect(word);
        assert_eq!(serde_json::to_value(tokenizer).expect("a word"), word);
    }
    for (word, way_out) in
        [("ja-mecab", "use `char`"), ("flores200", "chrF"), ("mecab", "choose one of: 13a")]
    {
        let error = word.parse::<Tokenizer>().expect_err(word);
        assert!(error.contains(way_out), "{error}");
    }
}
