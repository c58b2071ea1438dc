//! Subtitles: segments of a transcript as SubRip (SRT) and as WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format").

use std::fmt::Write;

use crate::segments::Segment;

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

    /// Segments as a file. Those without a text are left out, and none ends before it begins.
    ///
    /// ```
    /// use any2any_translate::{Segment, Subtitles};
    ///
    /// let segments = [Segment { start: 0.0, end: 2.5, text: "Hello & goodbye".to_owned() }];
    /// assert_eq!(Subtitles::Srt.write(&segments), "1\n00:00:00,000 --> 00:00:02,500\nHello & goodbye\n\n");
    /// assert_eq!(
    ///     Subtitles::Vtt.write(&segments),
    ///     "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nHello &amp; goodbye\n\n"
    /// );
    /// ```
    pub fn write(self, segments: &[Segment]) -> String {
        let mut file = match self {
            Self::Srt => String::new(),
            Self::Vtt => "WEBVTT\n\n".to_owned(),
        };
        let told = segments.iter().filter(|segment| !segment.text.trim().is_empty());
        for (number, segment) in (1..).zip(told) {
            if self == Self::Srt {
                let _ = writeln!(file, "{number}");
            }
            let (start, end) = (self.time(segment.start), self.time(segment.end.max(segment.start)));
            let _ = writeln!(file, "{start} --> {end}\n{}\n", self.text(&segment.text));
        }
        file
    }

    /// A time in hours, minutes, seconds and milliseconds.
    fn time(self, seconds: f64) -> String {
        let milliseconds = (seconds.max(0.0) * 1000.0).round() as u64;
        let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
        let mark = match self {
            Self::Srt => ',',
            Self::Vtt => '.',
        };
        format!("{:02}:{:02}:{:02}{mark}{rest:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }

    /// A text whose lines hold something each: an empty one would end its segment.
    fn text(self, text: &str) -> String {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let text = lines.collect::<Vec<_>>().join("\n");
        match self {
            // It has no way to write `-->`, which nobody says.
            Self::Srt => text.replace("-->", "->"),
            Self::Vtt => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(start: f64, end: f64, text: &str) -> Segment {
        Segment { start, end, text: text.to_owned() }
    }

    #[test]
    fn times_carry_over() {
        for (seconds, srt) in [
            (0.0, "00:00:00,000"),
            (59.9996, "00:01:00,000"),
            (3599.5, "00:59:59,500"),
            (360_000.25, "100:00:00,250"),
            (-1.0, "00:00:00,000"),
        ] {
            assert_eq!(Subtitles::Srt.time(seconds), srt);
            assert_eq!(Subtitles::Vtt.time(seconds), srt.replace(',', "."));
        }
    }

    #[test]
    fn no_text_ends_its_segment_or_looks_like_a_time() {
        let segments =
            [segment(0.0, 1.0, " a\n\n<b> --> c"), segment(1.0, 2.0, "  \n"), segment(3.0, 2.0, "d")];
        assert_eq!(
            Subtitles::Srt.write(&segments),
            "1\n00:00:00,000 --> 00:00:01,000\na\n<b> -> c\n\n2\n00:00:03,000 --> 00:00:03,000\nd\n\n"
        );
        assert_eq!(
            Subtitles::Vtt.write(&segments),
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\na\n&lt;b&gt; --&gt; c\n\n\
             00:00:03.000 --> 00:00:03.000\nd\n\n"
        );
    }
}
