//! Filters of texts, and the same samples from any chunks.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use any2any_experiment::spec::{LengthUnit, Script};

use super::letters::{Letters, length};
use super::*;
use crate::samples::Absent;

fn filter(options: &str, sides: &[Option<&str>]) -> Filter {
    let options = serde_yaml::from_str(options).expect("filters");
    Filter::new(&options, sides.iter().map(|side| side.map(str::to_owned)).collect())
}

fn samples(pairs: &[(&str, &str)]) -> Samples {
    let column = |name: &str, side: fn(&(&str, &str)) -> String| {
        (name.to_owned(), pairs.iter().map(|pair| Value::from(side(pair))).collect())
    };
    let columns = vec![column("en", |pair| pair.0.to_owned()), column("de", |pair| pair.1.to_owned())];
    Samples::new(columns).expect("two columns")
}

/// Filters pairs of texts, and compares the sources of those that are kept, and the counts of the others.
fn check(options: &str, pairs: &[(&str, &str)], kept: &[&str], counts: &str) {
    let filter = filter(options, &[Some("en"), Some("de")]);
    let left = filter.apply(samples(pairs), "files").expect("some are left");
    assert_eq!(left.texts("en").expect("texts"), kept, "{options}");
    assert_eq!(left.flaws().filtered.to_string(), format!("filtered: {counts}"), "{options}");
}

#[test]
fn each_filter_leaves_out_what_it_says() {
    check("empty: true", &[("a", "b"), ("", "b"), ("c", "\u{3000} \t"), ("d", ".")], &["a", "d"], {
        "2 of 4 (2 empty)"
    });
    check("identical: true", &[("OK", "ok"), ("OK", " OK"), ("\u{e9}", "e\u{301}")], &["OK", "\u{e9}"], {
        "1 of 3 (1 identical)"
    });
    let again = [("a", "b"), ("a", "c"), ("a ", "b"), ("b", "a"), ("ab", ""), ("a", "b"), ("", "ab")];
    check("duplicates: true", &again, &["a", "a", "b", "ab", ""], "2 of 7 (2 duplicates)");
    let lengths = [("a", "b c"), ("a b", "c d"), ("a b c", "d e f g"), ("", "a b"), ("a b", "今天")];
    check("length: { least: 2, most: 3 }", &lengths, &["a b", "a b"], "3 of 5 (3 length)");
    check("length: { most: 3 }", &lengths, &["a", "a b", "", "a b"], "1 of 5 (1 length)");
    check("length_ratio: 2", &[("a", "b c"), ("a", "b c d"), ("", ""), ("", "a")], &["a", ""], {
        "2 of 4 (2 length ratio)"
    });
    // Words of five letters beside ideographs: as many words, and thrice the characters.
    let chinese = [("today weather good", "今天天")];
    check("length_ratio: 1", &chinese, &["today weather good"], "0 of 1");
    let characters = "{ length_ratio: 5, length_by: characters }";
    check(characters, &[("today weather good", "今天天"), ("a", "b")], &["a"], "1 of 2 (1 length ratio)");
}

#[test]
fn a_sample_is_counted_once_by_the_first_filter() {
    let all = "{ empty: true, identical: true, duplicates: true, length_ratio: 2, script: { de: Latin } }";
    let pairs =
        [("a", "b"), ("", ""), ("c", "c"), ("д", "д"), ("a b c", "д"), ("d", "д"), ("a", "b"), ("e", "e f")];
    check(all, &pairs, &["a", "e"], {
        "6 of 8 (1 duplicates, 1 empty, 2 identical, 1 length ratio, 1 script de)"
    });
}

#[test]
fn values_that_are_no_texts_are_not_looked_at() {
    let all = "{ empty: true, identical: true, duplicates: true, length_ratio: 2, script: { de: Latin } }";
    let pairs = [("1.png", "cat"), ("1.png", "cat"), ("2.png", "кот"), ("3.png", " ")];
    let seen = filter(all, &[None, Some("de")]).apply(samples(&pairs), "files").expect("some are left");
    assert_eq!(seen.texts("de").expect("texts"), ["cat", "cat"]);
    // A language model has texts of one side alone.
    let seen = filter(all, &[Some("de")]).apply(samples(&pairs), "files").expect("some are left");
    assert_eq!(seen.flaws().filtered.to_string(), "filtered: 3 of 4 (1 duplicates, 1 empty, 1 script de)");
}

#[test]
fn texts_are_measured_in_words_and_characters() {
    let cases = [
        ("", 0, 0),
        (" \u{a0}\u{3000}", 0, 0),
        ("Yes, we can - 100 %.", 6, 15),
        // Composed or not, a letter is one.
        ("na\u{ef}ve", 1, 5),
        ("nai\u{308}ve", 1, 5),
        ("नाव चलती है", 3, 6),
        // Every ideograph and every kana is a word; punctuation between them is none.
        ("今天天气很好，我们去公园吧！", 12, 14),
        ("我在 Rust 1.85 里写了一个小程序。", 12, 19),
        ("7時45分に", 5, 6),
        // Consonants and vowels of a line, without the marks above and below it.
        ("ไปตลาดน้ำ", 8, 8),
        ("내일은 비가 온다고 합니다.", 4, 12),
    ];
    for (text, words, characters) in cases {
        let found = (length(text, LengthUnit::Words), length(text, LengthUnit::Characters));
        assert_eq!(found, (words, characters), "{text}");
    }
}

#[test]
fn letters_are_told_by_their_script() {
    let share = |scripts: &str, text: &str| {
        let scripts: Vec<Script> = serde_yaml::from_str(scripts).expect("scripts");
        Letters::new(&scripts).wrong_share(text)
    };
    let cases = [
        ("[Latin]", "", 0.0),
        ("[Latin]", "Haus", 0.0),
        // Digits, marks and signs are of no script, nor are characters that several share.
        ("[Latin]", "12,5 % – «…» 😀 µ €", 0.0),
        ("[Cyrillic]", "100 % !?", 0.0),
        ("[Latin]", "дом", 1.0),
        ("[Latin]", "Haus дом", 3.0 / 7.0),
        ("[Cyrillic]", "дом 24/7 OK", 2.0 / 5.0),
        // Composed or not, and with Cyrillic letters that look like Latin ones.
        ("[Latin]", "e\u{301}t\u{e9}", 0.0),
        ("[Latin]", "p\u{430}ypal", 1.0 / 6.0),
        ("[Latin]", "ＡＢＣ ª", 0.0),
        ("[Han]", "フェリーは7時", 4.0 / 5.0),
        ("[Han, Hiragana, Katakana]", "フェリーは7時45分に出ます。", 0.0),
        ("[Devanagari]", "नाव चलती है", 0.0),
        ("[Thai]", "ไปตลาดน้ำ", 0.0),
        ("[Arabic]", "كِتَاب ٣", 0.0),
    ];
    for (scripts, text, expected) in cases {
        assert_eq!(share(scripts, text), expected, "{scripts} {text}");
    }
    // All scripts are known where texts are looked at.
    for script in Script::all() {
        assert!(Letters::new(std::slice::from_ref(&script)).wrong_share("aд") >= 0.5, "{script:?}");
    }
    let bound = |most: f64| format!("{{ script: {{ en: Latin }}, wrong_letters: {most} }}");
    let pairs = [("ab дд", ""), ("abc д", "")];
    check(&bound(0.5), &pairs, &["ab дд", "abc д"], "0 of 2");
    check(&bound(0.49), &pairs, &["abc д"], "1 of 2 (1 script en)");
}

/// Samples of which some come again, some are empty, and some lack a text, with a broken line before each tenth.
fn odd(rows: std::ops::Range<usize>) -> Samples {
    let text = |row: usize| if row % 7 == 3 || row < 9 { String::new() } else { (row % 50).to_string() };
    let column = |name: &str| (name.to_owned(), rows.clone().map(|row| Value::from(text(row))).collect());
    let absent = |row: usize| Absent { path: Arc::from(Path::new("f")), line: row + 1, found: None };
    let lacking = rows.clone().enumerate().filter(|(_, row)| row % 11 == 5);
    let lacking: BTreeMap<usize, Absent> = lacking.map(|(at, row)| (at, absent(row))).collect();
    let samples = Samples::new(vec![column("en"), column("de")]).expect("two columns");
    let mut flaws = crate::Flaws::default();
    for row in rows.filter(|row| row % 10 == 0) {
        flaws.broken.add(format!("before {row}"));
    }
    samples.with_absent(BTreeMap::from([("de".to_owned(), lacking)])).with_flaws(flaws)
}

#[test]
fn samples_in_chunks_are_those_of_the_whole() {
    let filter = filter("{ duplicates: true, empty: true }", &[Some("en"), Some("de")]);
    let whole = filter.apply(odd(0..200), "files").expect("some are left");
    let fields = ["en", "de"].map(str::to_owned);
    let shown = |samples: &Samples| -> Vec<String> {
        let texts = samples.texts("en").expect("texts").into_iter().enumerate();
        texts.map(|(row, text)| samples.absent(&fields, row).unwrap_or_else(|| text.to_owned())).collect()
    };
    assert_eq!(whole.flaws().filtered.of, 200);
    assert!(whole.len() > 50 && whole.flaws().filtered.count() > 100, "{}", whole.flaws().filtered);
    for size in [1, 2, 3, 7, 60, 200] {
        let (mut rows, mut flaws, mut chunks) = (Vec::new(), crate::Flaws::default(), 0);
        let read = |sink: &mut Sink<'_>| {
            (0..200).step_by(size).try_for_each(|first| sink(odd(first..(first + size).min(200))))
        };
        let mut sink = |chunk: Samples| {
            assert!(!chunk.is_empty());
            chunks += 1;
            flaws.merge(chunk.flaws().clone());
            rows.extend(shown(&chunk));
            Ok(())
        };
        filter.read("files", read, &mut sink).expect("readable");
        assert_eq!(rows, shown(&whole), "chunks of {size}");
        assert_eq!(&flaws, whole.flaws(), "chunks of {size}");
        assert!(size > 60 || chunks > 1);
    }
}

#[test]
fn filters_that_leave_nothing_say_so() {
    let filter = filter("{ identical: true }", &[Some("en"), Some("de")]);
    let same = samples(&[("a", "a"), ("b", "b")]);
    let expected = "dataset 'files', filter: no training sample is left, filtered: 2 of 2 (2 identical): take away a \
                    filter, or let it pass more";
    assert_eq!(filter.apply(same.clone(), "files").expect_err("none").to_string(), expected);
    let read = |sink: &mut Sink<'_>| [0, 1].into_iter().try_for_each(|row| sink(same.select(&[row])));
    let error = filter.read("files", read, &mut |_| panic!("nothing is left")).expect_err("none");
    assert_eq!(error.to_string(), expected);
}
