//! The choice of a generator, as a manifest makes it.

use any2any_adapter::Value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::error::SyntheticError;
use crate::signs::Signs;
use crate::toy_en_de::ToyEnDe;

/// The fields of a split, each by its name, with as many values in every one.
pub type Columns = Vec<(String, Vec<Value>)>;

/// Generator of samples without any file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Generator {
    /// The [little grammar](ToyEnDe) of English and German.
    ToyEnDe(ToyEnDe),
    /// [Statements and questions](crate::agreement) whose subject and verb stand far apart.
    Agreement(Agreement),
    /// Six [signs](Signs), each as a word, a picture, a sound and a recording.
    Signs(Signs),
}

impl Generator {
    /// Checks the options.
    ///
    /// # Errors
    ///
    /// The problem, and the way out.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::ToyEnDe(toy) => toy.check(),
            Self::Agreement(agreement) => agreement.check(),
            Self::Signs(signs) => signs.check(),
        }
    }

    /// The splits train, validation and test.
    ///
    /// # Errors
    ///
    /// When an option is out of its range.
    pub fn generate(&self) -> Result<[Columns; 3], SyntheticError> {
        match self {
            Self::ToyEnDe(toy) => Ok(toy.generate()?.columns()),
            Self::Agreement(agreement) => agreement.columns(),
            Self::Signs(signs) => Ok(signs.columns()),
        }
    }
}
