//! Filters of training samples, by what their texts look like.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::script::Scripts;

/// Training samples that are left out for what their texts look like, each counted by the first filter that it does not
/// pass, in the order below.
///
/// The texts are those of the task's source and target; pictures, sounds and other values are not looked at. Splits
/// for validation and test are never filtered, so that their scores stay comparable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Filter {
    /// Leaves out samples of which a side has no text but spaces.
    pub empty: bool,
    /// Leaves out samples whose source and target are the same text, spaces at its ends aside.
    pub identical: bool,
    /// The range of the length of each text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<LengthRange>,
    /// The greatest ratio of the length of the longer text of a sample to that of the shorter one; 3 is usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 1000.0))]
    pub length_ratio: Option<f64>,
    /// The unit of `length` and `length_ratio`.
    pub length_by: LengthUnit,
    /// The script of the letters of each field (`en: Latin`), or several that a text may have letters of
    /// (`ja: [Han, Hiragana, Katakana]`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub script: BTreeMap<String, Scripts>,
    /// The greatest share of the letters of a text that may be of other scripts than `script` says. Digits, punctuation
    /// and other characters that all scripts share are no letters.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub wrong_letters: f64,
    /// Leaves out samples whose texts are those of an earlier sample of the split, spaces at their ends aside.
    pub duplicates: bool,
}

/// A range of lengths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LengthRange {
    /// The least length.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub least: Option<usize>,
    /// The greatest length.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub most: Option<usize>,
}

/// The unit in which texts are measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LengthUnit {
    /// Words between spaces; of scripts without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan), each letter is
    /// a word.
    #[default]
    Words,
    /// Characters without spaces; marks above, below and within letters do not count by themselves.
    Characters,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            empty: false,
            identical: false,
            length: None,
            length_ratio: None,
            length_by: LengthUnit::default(),
            script: BTreeMap::new(),
            wrong_letters: 0.3,
            duplicates: false,
        }
    }
}

impl Filter {
    /// True if it leaves nothing out, whatever the samples.
    fn is_idle(&self) -> bool {
        let Self { empty, identical, length, length_ratio, script, duplicates, .. } = self;
        let flags = *empty || *identical || *duplicates;
        !flags && length.is_none() && length_ratio.is_none() && script.is_empty()
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if self.is_idle() {
            let help = "add a filter, such as `duplicates: true` or `length_ratio: 3`, or leave `filter` out";
            found.push(Problem::new("", "`filter` leaves nothing out", help));
        }
        match self.length {
            Some(LengthRange { least: None, most: None }) => {
                let help = "add `least`, `most`, or both";
                found.push(Problem::new("/length", "`length` says nothing", help));
            }
            Some(LengthRange { least: Some(least), most: Some(most) }) if least > most => {
                let message = format!("no text is at least {least} and at most {most} long");
                found.push(Problem::new("/length/most", message, "give `most` more than `least`"));
            }
            _ => {}
        }
        for (field, scripts) in &self.script {
            if scripts.list().is_empty() {
                let pointer = crate::node::below("/script", field);
                found.push(Problem::new(pointer, "no script is named", "name one or more"));
            }
        }
        found
    }
}
