//! Detection of lines without spaces between their words, as in Chinese, Japanese, Thai and others, or strings such
//! as proteins: a metric that counts words then counts whole lines, and its score says next to nothing.

use crate::whitespace::{is_space, words};

/// Script of lines without spaces between words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unspaced {
    /// Chinese characters.
    Chinese,
    /// Kana, with or without Chinese characters.
    Japanese,
    /// Thai, Lao, Khmer, Burmese or Tibetan.
    SouthEastAsian,
    /// Anything else, with hardly a space in it.
    Strings,
}

/// Letters that a word of Chinese or Japanese seldom has more of.
const LONGEST_OF_IDEOGRAPHS: f64 = 4.0;
/// Characters of a word at most, in scripts with letters; marks above and below count.
const LONGEST_OF_LETTERS: f64 = 8.0;
/// The share of lines that are one word.
const HARDLY_ANY: f64 = 0.9;

impl Unspaced {
    /// The script of lines that have no spaces between their words; `None` if they have.
    ///
    /// Lines that are segmented into words already have spaces in any script.
    pub fn find<L: AsRef<str>>(lines: &[L]) -> Option<Self> {
        let mut counts = Counts::default();
        for line in lines {
            counts.add(line.as_ref());
        }
        counts.judge()
    }

    /// True for a script, in which every character is a word or part of one that no space ends, so that a rule must
    /// find the words.
    pub fn is_script(self) -> bool {
        self != Self::Strings
    }
}

#[derive(Default)]
struct Counts {
    ideographs: usize,
    kana: usize,
    south_east_asian: usize,
    /// All characters but white space.
    all: usize,
    /// Words with a letter of a script without spaces.
    words: usize,
    lines: usize,
    lines_of_one_word: usize,
}

impl Counts {
    fn add(&mut self, line: &str) {
        let count = words(line).count();
        if count == 0 {
            return;
        }
        self.words +=
            words(line).filter(|word| word.chars().any(|character| script(character).is_some())).count();
        self.lines += 1;
        self.lines_of_one_word += usize::from(count == 1);
        for character in line.chars().filter(|&character| !is_space(character)) {
            self.all += 1;
            match script(character) {
                Some(Unspaced::Chinese) => self.ideographs += 1,
                Some(Unspaced::Japanese) => self.kana += 1,
                Some(_) => self.south_east_asian += 1,
                None => {}
            }
        }
    }

    fn judge(&self) -> Option<Unspaced> {
        let chinese = self.ideographs + self.kana;
        let letters = chinese + self.south_east_asian;
        let fewest =
            chinese as f64 / LONGEST_OF_IDEOGRAPHS + self.south_east_asian as f64 / LONGEST_OF_LETTERS;
        if 2 * letters >= self.all && fewest > self.words as f64 {
            return Some(match self.south_east_asian > chinese {
                true => Unspaced::SouthEastAsian,
                // A few kana are quoted in Chinese; Japanese is never without many.
                false if 10 * self.kana > chinese => Unspaced::Japanese,
                false => Unspaced::Chinese,
            });
        }
        let hardly_any = self.lines > 0 && self.lines_of_one_word as f64 >= HARDLY_ANY * self.lines as f64;
        hardly_any.then_some(Unspaced::Strings)
    }
}

/// True for a character of a script that has no spaces between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan.
pub fn is_unspaced(character: char) -> bool {
    script(character).is_some()
}

/// The script of a character that has no spaces between words.
fn script(character: char) -> Option<Unspaced> {
    match character {
        '\u{2e80}'..='\u{2fdf}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Some(Unspaced::Chinese),
        '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}' => {
            Some(Unspaced::Japanese)
        }
        '\u{e00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => {
            Some(Unspaced::SouthEastAsian)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_without_spaces_are_told_from_others() {
        let cases: &[(&[&str], Option<Unspaced>)] = &[
            (&["今天天气很好，我们去公园吧！", "下雪的时候是谁没关窗户？"], Some(Unspaced::Chinese)),
            // A space here and there, and words of another script.
            (
                &["我在 Rust 1.85 里写了一个小程序，运行得很快", "我喜欢看书 和 喝茶的朋友们"],
                Some(Unspaced::Chinese),
            ),
            (&["フェリーは7時45分に出ますが、まだ誰もいません。"], Some(Unspaced::Japanese)),
            (&["พรุ่งนี้เราจะไปตลาดน้ำกันแต่เช้า", "เด็กๆ วิ่งเล่นอยู่ในสวนหน้าบ้าน"], Some(Unspaced::SouthEastAsian)),
            (&["မနက်ဖြန် ကျွန်တော်တို့ ဈေးသွားမယ်လို့ပြောတယ်"], Some(Unspaced::SouthEastAsian)),
            (&["ང་ཚོ་སང་ཉིན་ཁྲོམ་ལ་འགྲོ་གི་ཡིན།"], Some(Unspaced::SouthEastAsian)),
            // Divided into words or characters already.
            (&["今天 天气 很 好 ， 我们 去 公园 吧 ！"], None),
            (&["今 天 天 气 很 好"], None),
            (&["フェリー は 7 時 45 分 に 出 ます"], None),
            (&["พรุ่งนี้ เรา จะ ไป ตลาดน้ำ กัน แต่ เช้า"], None),
            // Scripts with spaces.
            (&["내일은 비가 온다고 합니다."], None),
            (&["The cat sat on the mat.", "Rain."], None),
            (&["Das Wort 猫 heißt Katze.", "日本 is Japan and 中国 is China"], None),
            (&["नाव सुबह 7:45 बजे चलती है।"], None),
            // One word a line.
            (&["HHHHEEEECCC", "CCCHHHEEECC"], Some(Unspaced::Strings)),
            (&["猫", "犬", "三十一"], Some(Unspaced::Strings)),
            (&["yes", "no"], Some(Unspaced::Strings)),
            (&["", " "], None),
            (&[], None),
        ];
        for (lines, expected) in cases {
            assert_eq!(Unspaced::find(lines), *expected, "{lines:?}");
        }
    }
}
