//! Subtitles: SubRip (SRT) and WebVTT of texts and the times at which they are spoken.
//!
//! WebVTT is that of the W3C (<https://www.w3.org/TR/webvtt1/>). SubRip has no standard; this is the form that ffmpeg writes.
//! Cues have at most two lines of 42 characters, the usual bound of broadcasters; longer texts are split where sentences and
//! clauses end, if that can be, and their parts share their time by their number of characters.

use std::fmt::Write;

use crate::segments::Segment;

/// Most characters of a line.
const LINE: usize = 42;
/// Cost of a cue: fewer are read more calmly.
const CUE: usize = 30;
/// Cost of a break behind a clause; one behind a sentence has none.
const CLAUSE: usize = 10;
/// Cost of a break inside of a clause.
const INSIDE: usize = 40;

/// The format of subtitles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subtitles {
    /// SubRip, as every player and ffmpeg read it.
    Srt,
    /// WebVTT, as browsers read it.
    Vtt,
}

impl Subtitles {
    /// The extension of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Srt => "srt",
            Self::Vtt => "vtt",
        }
    }

    /// Segments as a file. Those without a text are left out, and each ends behind its start.
    ///
    /// ```
    /// use any2any_translate::{Segment, Subtitles};
    ///
    /// let segments = [Segment { start: 0.0, end: 2.5, text: "Hello & goodbye".to_owned() }];
    /// assert_eq!(Subtitles::Srt.write(&segments), "1\n00:00:00,000 --> 00:00:02,500\nHello & goodbye\n\n");
    /// assert_eq!(
    ///     Subtitles::Vtt.write(&segments),
    ///     "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nHello &amp; goodbye\n"
    /// );
    /// ```
    pub fn write(self, segments: &[Segment]) -> String {
        match self {
            Self::Srt => srt(segments),
            Self::Vtt => webvtt(segments),
        }
    }
}

/// The file of SubRip, `.srt`, with these cues. As it cannot say `-->` inside of a text, an arrow stands for it.
fn srt(cues: &[Segment]) -> String {
    let mut file = String::new();
    for (number, Timed { start, end, lines }) in timed(cues).iter().enumerate() {
        let text = lines.join("\n").replace("-->", "→");
        let (start, end) = (clock(*start, ','), clock(*end, ','));
        // Writing to a string cannot fail.
        let _ = write!(file, "{}\n{start} --> {end}\n{text}\n\n", number + 1);
    }
    file
}

/// The file of WebVTT, `.vtt`, with these cues.
fn webvtt(cues: &[Segment]) -> String {
    let mut file = "WEBVTT\n".to_owned();
    for Timed { start, end, lines } in timed(cues) {
        let text = lines.join("\n").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let (start, end) = (clock(start, '.'), clock(end, '.'));
        let _ = write!(file, "\n{start} --> {end}\n{text}\n");
    }
    file
}

/// A cue that fits, with its times in milliseconds.
struct Timed {
    start: u64,
    end: u64,
    lines: Vec<String>,
}

/// The cues in the order of their times, each split until it fits. Both formats need an end behind the start.
fn timed(cues: &[Segment]) -> Vec<Timed> {
    let mut all = Vec::new();
    for cue in cues {
        let words = words(&cue.text);
        let (start, end) = (milliseconds(cue.start), milliseconds(cue.end));
        let (parts, whole) = (split(&words), length(&words));
        let end = end.max(start + parts.len() as u64);
        let (mut before, mut from) = (0, start);
        for (number, part) in parts.iter().enumerate() {
            before += part.iter().map(|line| line.chars().count() + 1).sum::<usize>();
            let share = (end - start) as u128 * before as u128 / (whole + 1) as u128;
            // A millisecond at least, for this one and for each that follows.
            let left = (parts.len() - 1 - number) as u64;
            let until = if left == 0 { end } else { (start + share as u64).clamp(from + 1, end - left) };
            all.push(Timed { start: from, end: until, lines: part.clone() });
            from = until;
        }
    }
    all.sort_by_key(|cue| cue.start);
    all
}

/// Seconds in whole milliseconds; what is no time counts as the beginning.
fn milliseconds(seconds: f64) -> u64 {
    // The conversion saturates, and makes zero of what is no number; a thousand years leave room to add.
    ((seconds * 1000.0).round() as u64).min(1_000 * 365 * 86_400_000)
}

/// Hours, minutes, seconds and milliseconds; a point or a comma parts the last two.
fn clock(milliseconds: u64, point: char) -> String {
    let seconds = milliseconds / 1000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}{point}{:03}", seconds % 60, milliseconds % 1000)
}

/// The words of a text, those longer than a line in pieces. Spaces that forbid a break are part of a word.
fn words(text: &str) -> Vec<String> {
    let breaks = |letter: char| {
        (letter.is_whitespace() || letter.is_control())
            && !matches!(letter, '\u{a0}' | '\u{202f}' | '\u{2007}')
    };
    let pieces = |word: &str| {
        let letters: Vec<char> = word.chars().collect();
        letters.chunks(LINE).map(|piece| piece.iter().collect()).collect::<Vec<String>>()
    };
    text.split(breaks).flat_map(pieces).collect()
}

/// Number of characters of words with a space between them.
fn length(words: &[String]) -> usize {
    (words.iter().map(|word| word.chars().count() + 1).sum::<usize>()).saturating_sub(1)
}

/// The lines of words in cues of one or two, at the least cost: each cue has one, and each break in it and behind it.
fn split(words: &[String]) -> Vec<Vec<String>> {
    // The least cost of whole cues up to each word, and where the last of them and its second line begin.
    let mut best = vec![(0, 0, 0)];
    for end in 1..=words.len() {
        let ways = (0..end).rev().take_while(|&start| length(&words[start..end]) <= 2 * LINE + 1);
        let costs = ways.filter_map(|start| {
            let (second, cost) = best_lines(&words[start..end])?;
            let behind = if end == words.len() { 0 } else { break_cost(&words[end - 1]) };
            Some((best[start].0 + CUE + cost + behind, start, start + second))
        });
        // One word always fits into a line.
        best.push(costs.min().unwrap_or_default());
    }
    let (mut cues, mut end) = (Vec::new(), words.len());
    while end > 0 {
        let (_, start, second) = best[end];
        let lines = [&words[start..second], &words[second..end]];
        cues.push(lines.iter().filter(|line| !line.is_empty()).map(|line| line.join(" ")).collect());
        end = start;
    }
    cues.reverse();
    cues
}

/// Where the second line of a cue begins, and the cost of its lines: of a break, and of being of different lengths.
fn best_lines(words: &[String]) -> Option<(usize, usize)> {
    if length(words) <= LINE {
        return Some((words.len(), 0));
    }
    let lines = |second: usize| {
        let [upper, lower] = [length(&words[..second]), length(&words[second..])];
        let cost = (break_cost(&words[second - 1]) + upper.abs_diff(lower)) / 2;
        (upper <= LINE && lower <= LINE).then_some((second, cost))
    };
    (1..words.len()).filter_map(lines).min_by_key(|&(_, cost)| cost)
}

/// The cost of a break behind a word.
fn break_cost(word: &str) -> usize {
    match word.trim_end_matches(['"', '\'', ')', '”', '’', '»']).chars().last() {
        Some('.' | '!' | '?' | '…' | '。' | '！' | '？') => 0,
        Some(',' | ';' | ':' | '–' | '—' | '、' | '，') => CLAUSE,
        _ => INSIDE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CITIES: &str = "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of \
        foolishness, it was the epoch of belief, it was the epoch of incredulity.";

    fn cue(start: f64, end: f64, text: &str) -> Segment {
        Segment { start, end, text: text.to_owned() }
    }

    #[test]
    fn files_are_as_players_expect_them() {
        let cues = [
            cue(0.0, 2.5, " Ever tried.\n\nEver failed. "),
            cue(3661.0405, 3662.0, "<i>A & B</i> --> C"),
            cue(4000.0, 4001.0, " \r\n"),
        ];
        let expected = "1\n00:00:00,000 --> 00:00:02,500\nEver tried. Ever failed.\n\n\
            2\n01:01:01,041 --> 01:01:02,000\n<i>A & B</i> → C\n\n";
        assert_eq!(srt(&cues), expected);
        let expected = "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nEver tried. Ever failed.\n\n\
            01:01:01.041 --> 01:01:02.000\n&lt;i&gt;A &amp; B&lt;/i&gt; --&gt; C\n";
        assert_eq!(webvtt(&cues), expected);
        assert_eq!((srt(&[]), webvtt(&[])), (String::new(), "WEBVTT\n".to_owned()));
    }

    #[test]
    fn long_texts_are_split_where_clauses_end() {
        let expected = "WEBVTT\n\n00:00:10.000 --> 00:00:14.649\nIt was the best of times,\nit was the worst of times,\n\n\
            00:00:14.649 --> 00:00:19.649\nit was the age of wisdom,\nit was the age of foolishness,\n\n\
            00:00:19.649 --> 00:00:25.000\nit was the epoch of belief,\nit was the epoch of incredulity.\n";
        assert_eq!(webvtt(&[cue(10.0, 25.0, CITIES)]), expected);
    }

    /// Times in milliseconds and lines of the cues of a file, read as strictly as the formats are defined.
    fn read(file: &str, point: char) -> Vec<(u64, u64, Vec<String>)> {
        let body = if point == '.' { file.strip_prefix("WEBVTT\n").expect("a header") } else { file };
        let mut cues = Vec::new();
        for block in
            body.split("\n\n").map(|block| block.trim_matches('\n')).filter(|block| !block.is_empty())
        {
            let mut lines = block.lines();
            if point == ',' {
                assert_eq!(lines.next().map(str::parse), Some(Ok(cues.len() + 1)), "{file}");
            }
            let (start, end) = lines.next().and_then(|line| line.split_once(" --> ")).expect("times");
            let time = |clock: &str| {
                let (seconds, thousandths) = clock.split_once(point).expect("a point");
                assert_eq!(thousandths.len(), 3);
                let parts: Vec<u64> =
                    seconds.split(':').map(|part| part.parse().expect("a number")).collect();
                let [hours, minutes, seconds] = parts[..] else { panic!("{clock}") };
                assert!(minutes < 60 && seconds < 60);
                (hours * 3600 + minutes * 60 + seconds) * 1000 + thousandths.parse::<u64>().expect("a number")
            };
            let text = |line: &str| {
                assert!(!line.contains("-->") && (point == ',' || !line.contains(['<', '>'])), "{line}");
                match point {
                    '.' => line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"),
                    _ => line.to_owned(),
                }
            };
            cues.push((time(start), time(end), lines.map(text).collect()));
        }
        cues
    }

    #[test]
    fn what_is_written_is_read_again() {
        let long = "x".repeat(100);
        let texts: [&str; 8] = [
            CITIES,
            &CITIES.repeat(9),
            "a",
            &long,
            "Wie geht’s? &amp; &lt; <b>",
            "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所でニャーニャー泣いていた事だけは記憶している。",
            "Qu’est-ce\u{a0}? Rien\u{202f}!",
            "a\0b\u{2028}c\td",
        ];
        let times = [
            (0.0, 1.0),
            (5.0, 5.0),
            (9.0, 3.0),
            (-1.0, 0.2),
            (f64::NAN, f64::INFINITY),
            (359_999.999_5, 1e6),
        ];
        for text in texts {
            for (start, end) in times {
                for (file, point) in
                    [(srt(&[cue(start, end, text)]), ','), (webvtt(&[cue(start, end, text)]), '.')]
                {
                    let cues = read(&file, point);
                    assert_eq!(cues[0].0, milliseconds(start));
                    assert!(cues.windows(2).all(|pair| pair[0].1 == pair[1].0), "{file}");
                    assert!(
                        cues.iter().all(|(start, end, lines)| start < end && (1..=2).contains(&lines.len())),
                        "{file}"
                    );
                    let lines: Vec<&String> = cues.iter().flat_map(|(.., lines)| lines).collect();
                    assert!(lines.iter().all(|line| line.chars().count() <= LINE), "{file}");
                    let all = |text: &str| {
                        text.replace(|letter: char| letter.is_whitespace() || letter == '\0', "")
                    };
                    assert_eq!(lines.iter().map(|line| all(line)).collect::<String>(), all(text));
                }
            }
        }
    }

    #[test]
    fn cues_are_in_the_order_of_their_times() {
        let cues = read(&srt(&[cue(2.0, 3.0, "second"), cue(0.0, 1.0, "first")]), ',');
        assert_eq!(cues.iter().map(|cue| cue.2[0].as_str()).collect::<Vec<_>>(), ["first", "second"]);
    }
}
