//! Scores by the finished binary: tokenizers and several references, on files and of a run, and the warning of targets
//! without spaces.

use crate::support::Workshop;

const HYPOTHESES: &str = "猫 坐在垫子上。\nThe Dog sleeps .\n";
const REFERENCES: [&str; 2] =
    ["猫坐在毯子上。\nthe cat sleeps .\n", "一只猫坐在垫子上。\nthe dog is asleep .\n"];

/// Arguments or words.
type Words = &'static [&'static str];
/// A score's name, value, and the beginning of its signature.
type Printed = (&'static str, f64, &'static str);

/// The output of `metrics` for two references, by its arguments; the figures are sacreBLEU's.
const SCORES: &[(Words, &[Printed])] = &[
    (&["--tokenize", "zh", "--metric", "bleu"], &[("BLEU", 77.65, "nrefs:2|case:mixed|eff:no|tok:zh|")]),
    (
        &["--tokenize", "zh", "--lowercase", "--metric", "bleu"],
        &[("BLEU", 84.42, "nrefs:2|case:lc|eff:no|tok:zh|smooth:exp|")],
    ),
    (
        &["--metric", "bleu: { tokenize: char, effective_order: true }"],
        &[("BLEU", 70.71, "nrefs:2|case:mixed|eff:yes|tok:char|")],
    ),
    (
        &["--metric", "bleu: { tokenize: intl, smoothing: { floor: 0.5 } }, chrf_plus_plus"],
        &[
            ("BLEU", 29.07, "nrefs:2|case:mixed|eff:no|tok:intl|smooth:floor[0.50]|"),
            ("chrF2++", 49.93, "nrefs:2|case:mixed|eff:yes|nc:6|nw:2|space:no|"),
        ],
    ),
];

#[test]
fn files_score_as_sacrebleu_says() {
    let workshop = Workshop::new();
    workshop.write("hypotheses.txt", HYPOTHESES);
    workshop.write("a.txt", REFERENCES[0]);
    workshop.write("b.txt", REFERENCES[1]);
    for (options, expected) in SCORES {
        let mut arguments = vec!["metrics", "hypotheses.txt", "a.txt", "b.txt", "--json"];
        arguments.extend(*options);
        let scored = workshop.json(&arguments);
        let scores = scored["scores"].as_array().expect("a list");
        assert_eq!(scores.len(), expected.len(), "{options:?}");
        for (score, (name, value, signature)) in scores.iter().zip(*expected) {
            assert_eq!(score["name"], *name, "{options:?}");
            let found = score["value"].as_f64().expect("a number");
            assert!((found - value).abs() < 0.005, "{options:?}: {found} instead of {value}");
            let found = score["signature"].as_str().expect("a signature");
            assert!(found.starts_with(signature), "{options:?}: {found}");
        }
    }
    let interval = workshop.json(&["metrics", "hypotheses.txt", "a.txt", "b.txt", "--confidence", "--json"]);
    let signature = interval["scores"][0]["signature"].as_str().expect("a signature");
    assert!(signature.starts_with("nrefs:2|bs:1000|seed:12345|"), "{signature}");
    assert!(interval["scores"][0]["interval"]["low"].is_number());
}

#[test]
fn what_cannot_be_scored_is_said() {
    let workshop = Workshop::new();
    workshop.write("zh.txt", "今天天气很好，我们去公园吧！\n下雪的时候是谁没关窗户？\n");
    workshop.write("ja.txt", "明日の天気は、くもり時々雨でしょう。\n黄色いコートの小さな男の子です。\n");
    workshop.write("parted.txt", "今天 天气 很 好\n下雪 的 时候\n");
    workshop.write("three.txt", "a b\nc d\ne f\n");
    workshop.write("gap.txt", "我喜欢喝茶。\n\n");
    // Arguments, the exit code, what standard error says, and what it does not.
    let cases: &[(Words, i32, Words, Words)] = &[
        (&["zh.txt", "zh.txt"], 0, &["`bleu` counts", "Chinese", "--tokenize zh"], &["`chrf`"]),
        (&["zh.txt", "zh.txt", "--tokenize", "zh"], 0, &[], &["warning"]),
        (&["zh.txt", "zh.txt", "--tokenize", "char"], 0, &[], &["warning"]),
        (
            &["zh.txt", "zh.txt", "--metric", "wer,ter"],
            0,
            &["`wer` counts", "`ter` counts", "`cer`"],
            &["bleu"],
        ),
        (&["ja.txt", "ja.txt"], 0, &["Japanese", "--tokenize char"], &["zh"]),
        (&["parted.txt", "parted.txt"], 0, &[], &["warning"]),
        (&["zh.txt", "zh.txt", "gap.txt", "--tokenize", "zh"], 0, &["gap.txt has 1 empty line"], &["spaces"]),
        (&["three.txt", "zh.txt"], 1, &["three.txt has 3 lines, zh.txt has 2:"], &[]),
        (&["zh.txt", "zh.txt", "three.txt"], 1, &["zh.txt has 2 lines, three.txt has 3:"], &[]),
        (&["zh.txt"], 2, &["<REFERENCES>..."], &[]),
        (&["ja.txt", "ja.txt", "--tokenize", "ja-mecab"], 2, &["MeCab", "use `char`", "sacrebleu"], &[]),
        (&["ja.txt", "ja.txt", "--tokenize", "flores200"], 2, &["SentencePiece", "sacrebleu"], &[]),
        (&["ja.txt", "ja.txt", "--tokenize", "mecab"], 2, &["13a, none, intl, char, zh"], &[]),
        (&["ja.txt", "ja.txt", "--tokenize", "zh", "--metric", "cer"], 2, &["--tokenize", "cer"], &[]),
        (&["ja.txt", "ja.txt", "--metric", "psnr"], 1, &["psnr does not score texts"], &[]),
        (&["ja.txt", "ja.txt", "--metric", "bleu: { tokenise: zh }"], 2, &["did you mean `tokenize`"], &[]),
    ];
    for (arguments, code, says, silent) in cases {
        let arguments: Vec<&str> = std::iter::once("metrics").chain(arguments.iter().copied()).collect();
        let finished = workshop.run(&arguments);
        assert_eq!(finished.code, Some(*code), "{arguments:?}: {}", finished.stderr);
        for said in *says {
            assert!(finished.stderr.contains(said), "{arguments:?} does not say {said}: {}", finished.stderr);
        }
        for said in *silent {
            assert!(!finished.stderr.contains(said), "{arguments:?} says {said}: {}", finished.stderr);
        }
    }
}

/// A sentence of the workshop's small language in Chinese.
fn chinese(line: &str) -> String {
    const WORDS: [(&str, &str); 20] = [
        ("the", "那个"),
        ("a", "一个"),
        ("dog", "狗"),
        ("cat", "猫"),
        ("child", "孩子"),
        ("man", "男人"),
        ("woman", "女人"),
        ("sees", "看见"),
        ("hears", "听见"),
        ("finds", "找到"),
        ("seeks", "寻找"),
        ("house", "房子"),
        ("tree", "大树"),
        ("sea", "大海"),
        ("book", "书本"),
        ("river", "河流"),
        ("bread", "面包"),
        (".", "。"),
        ("today", "今天"),
        ("not", "不"),
    ];
    let word =
        |word| WORDS.iter().find(|(english, _)| *english == word).map_or(word, |(_, chinese)| *chinese);
    line.split_whitespace().map(word).collect()
}

const EXPERIMENT: &str = "name: chinese
tasks:
  translate:
    data:
      files:
        train: { parallel: { en: train.en, zh: train.zh } }
        validation: { parallel: { en: val.en, zh: val.zh } }
        test: { parallel: { en: test.en, zh: test.zh, other: other.zh, number: number.txt } }
    source: { text: { field: en, tokenizer: { words: { vocab: 25 } } } }
    target: { text: { field: zh, tokenizer: { characters: {} } } }
    references: [other]
model:
  transformer: { d_model: 32, d_ff: 64, heads: 4, encoder_layers: 1, decoder_layers: 1, dropout: 0.0 }
training:
  steps: 60
  batch: { tokens: 300 }
  schedule: { constant: { peak: 5.0e-3, warmup: 5 } }
";

#[test]
fn a_run_is_scored_with_options_against_several_references() {
    let workshop = Workshop::new();
    for split in ["train", "val", "test"] {
        let lines = workshop.read(&format!("{split}.en"));
        let lines: String = lines.lines().map(|line| chinese(line) + "\n").collect();
        workshop.write(&format!("{split}.zh"), &lines);
    }
    let other = workshop.read("test.zh").replace("那个", "那一个");
    workshop.write("other.zh", &other);
    workshop.write("third.zh", &other.replace("看见", "望见"));
    workshop.write("number.txt", &(0..40).map(|number| format!("{}\n", number % 5)).collect::<String>());

    // Without a word on metrics, words are counted where there are none: that is said.
    workshop.write("usual.yaml", EXPERIMENT);
    for command in [
        &["check", "usual.yaml"][..],
        &["train", "usual.yaml", "--set", "training.steps=1", "--run", "usual"],
    ] {
        let finished = workshop.run(command);
        let said = "`bleu` counts up to four words in a row, but the references are Chinese";
        assert!(finished.code == Some(0) && finished.stderr.contains(said), "{}", finished.stderr);
    }
    let metrics = "evaluation: { metrics: [{ bleu: { tokenize: zh } }, chrf, exact_match], best_by: bleu, every: 30 }\n";
    workshop.write("chinese.yaml", &(EXPERIMENT.to_owned() + metrics));
    assert!(!workshop.run(&["check", "chinese.yaml"]).stderr.contains("warning"));

    let trained = workshop.json(&["train", "chinese.yaml", "--run", "run", "--json"]);
    let decoded = &trained["tasks"][0]["decoded"];
    let signature =
        |scores: &serde_json::Value| scores[0]["signature"].as_str().expect("a signature").to_owned();
    assert!(signature(decoded).starts_with("nrefs:2|case:mixed|eff:no|tok:zh|"), "{decoded}");
    assert!(workshop.read("run/resolved.yaml").contains("tokenize: zh"));
    assert!(workshop.read("run/metrics.jsonl").contains("\"bleu_zh\":"));

    // The validation split has no further reference: it is scored without, the test split with it.
    let validated = workshop.json(&["evaluate", "run", "--split", "validation", "--json"]);
    assert!(signature(&validated["decoded"]).starts_with("nrefs:1|"), "{validated}");
    let evaluated = workshop.json(&["evaluate", "run", "--output", "decoded.zh", "--json"]);
    assert_eq!(evaluated["decoded"], *decoded);
    let list = "bleu,chrf,exact_match";
    let score = |references: &[&str]| {
        let mut arguments = vec!["metrics", "decoded.zh", "test.zh"];
        arguments.extend(references);
        arguments.extend(["--tokenize", "zh", "--metric", list, "--json"]);
        workshop.json(&arguments)["scores"].clone()
    };
    assert_eq!(score(&["other.zh"]), *decoded, "files score as the run does");

    // Everything else that scores knows the options and all references.
    let all = workshop.json(&[
        "evaluate",
        "run",
        "--reference-file",
        "third.zh",
        "--by-length",
        "2",
        "--by",
        "number",
        "2",
        "--controls",
        "--confidence",
        "--json",
    ]);
    let found = |scores: &serde_json::Value| scores[0]["value"].as_f64().expect("a number");
    assert_eq!(found(&all["decoded"]), found(&score(&["other.zh", "third.zh"])));
    assert!(signature(&all["decoded"]).starts_with("nrefs:3|bs:1000|"), "{all}");
    for scores in [&all["by_length"][0]["scores"], &all["by_field"]["groups"][0]["scores"]] {
        assert!(signature(scores).starts_with("nrefs:3|case:mixed|eff:no|tok:zh|"), "{scores}");
    }
    for of in ["truth", "swapped", "noise"] {
        assert!(
            signature(&serde_json::json!([all["controls"][0][of]])).starts_with("nrefs:3|bs:"),
            "{of}: {all}"
        );
    }
    let anew = workshop.json(&[
        "evaluate",
        "usual",
        "--references",
        "other",
        "--metric",
        "bleu",
        "--tokenize",
        "char",
        "--json",
    ]);
    assert!(signature(&anew["decoded"]).starts_with("nrefs:2|case:mixed|eff:no|tok:char|"), "{anew}");

    for (arguments, says) in [
        (&["--references", "others"][..], "did you mean 'other'"),
        (&["--reference-file", "train.zh"], "train.zh has 360 lines, the test split has 40 samples"),
        (&["--metric", "wer", "--lowercase"], "`--lowercase` is an option of bleu and chrf"),
    ] {
        let arguments: Vec<&str> = ["evaluate", "run"].into_iter().chain(arguments.iter().copied()).collect();
        let finished = workshop.run(&arguments);
        assert!(
            finished.code != Some(0) && finished.stderr.contains(says),
            "{arguments:?}: {}",
            finished.stderr
        );
    }
}
