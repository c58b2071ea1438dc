//! Check of all that an adapter returns, where it enters: nothing behind it has to doubt a sequence.

use std::path::Path;
use std::sync::Arc;

use crate::attempt::guarded;
use crate::promises::{Valued, count, ends_at_fault, region_at_fault, sequence_at_fault};
use crate::{
    Adapter, AdapterError, Decoded, Encoded, Head, Kind, Random, Sequence, Stem, Value, WrittenFile,
};

/// An adapter whose entrance, exit and sequences are checked: those that break a promise become errors that name the
/// medium and the promise.
pub(crate) struct Validated {
    adapter: Arc<dyn Adapter>,
    medium: String,
    kind: Kind,
    stem: Stem,
    head: Option<Head>,
}

impl Validated {
    /// Checks the entrance and the exit of an adapter.
    pub(crate) fn new(adapter: Arc<dyn Adapter>, medium: &str, kind: Kind) -> Result<Self, AdapterError> {
        let (stem, head) = (adapter.stem(), adapter.head());
        let validated = Self { adapter, medium: medium.to_owned(), kind, stem, head };
        match ends_at_fault(&validated.stem, validated.head.as_ref()) {
            Some(reason) => Err(validated.fault(reason)),
            None => Ok(validated),
        }
    }

    /// The result of a method of the adapter, whose panic is an error.
    fn guarded<T>(
        &self,
        method: &str,
        call: impl FnOnce(&dyn Adapter) -> Result<T, AdapterError>,
    ) -> Result<T, AdapterError> {
        guarded(&self.medium, method, || call(&*self.adapter))
    }

    fn fault(&self, reason: String) -> AdapterError {
        AdapterError::Contract { medium: self.medium.clone(), reason }
    }

    /// A sequence of a value, checked against entrance, exit and value.
    fn checked(&self, method: &str, value: &Value, encoded: Encoded) -> Result<Encoded, AdapterError> {
        let wrong = sequence_at_fault(&self.stem, self.head.as_ref(), &encoded.sequence)
            .or_else(|| self.regions_at_fault(value, &encoded));
        match wrong {
            Some(reason) => Err(self.fault(format!("its `{method}` gives {reason}"))),
            None => Ok(encoded),
        }
    }

    fn regions_at_fault(&self, value: &Value, encoded: &Encoded) -> Option<String> {
        let positions = self.stem.positions(encoded.sequence.len());
        let regions = &encoded.regions;
        if regions.len() != positions {
            let behind = match self.stem {
                Stem::Convolution { .. } => " behind the strides of its stem",
                Stem::ClassTokens { .. } => ", the class tokens of its stem among them",
                _ => "",
            };
            return Some(format!(
                "{} for {positions} positions{behind}: give one for every position that the encoder sees",
                count(regions.len(), "region")
            ));
        }
        let value = Valued::new(self.kind, value);
        regions.iter().enumerate().find_map(|(place, region)| {
            let wrong = region_at_fault(&value, region)?;
            Some(format!("a wrong region at position {place}: {wrong}"))
        })
    }
}

impl Adapter for Validated {
    fn stem(&self) -> Stem {
        self.stem.clone()
    }

    fn head(&self) -> Option<Head> {
        self.head.clone()
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        self.checked("encode", value, self.guarded("encode", |adapter| adapter.encode(value))?)
    }

    fn augments(&self) -> bool {
        self.adapter.augments()
    }

    fn augment(&self, value: &Value, random: &mut Random) -> Result<Encoded, AdapterError> {
        self.checked("augment", value, self.guarded("augment", |adapter| adapter.augment(value, random))?)
    }

    fn for_side(&self, options: &serde_json::Value) -> Result<Option<Arc<dyn Adapter>>, AdapterError> {
        let Some(adapter) = self.guarded("for_side", |adapter| adapter.for_side(options))? else {
            return Ok(None);
        };
        let validated = Self::new(adapter, &self.medium, self.kind)?;
        if (&validated.stem, &validated.head) != (&self.stem, &self.head) {
            let reason = "its `for_side` gives an adapter with another entrance or exit: both are shared";
            return Err(self.fault(reason.to_owned()));
        }
        Ok(Some(Arc::new(validated)))
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let decoded = self.guarded("decode", |adapter| adapter.decode(sequence))?;
        let (regions, positions) = (decoded.regions.len(), sequence.len());
        if regions != positions {
            let regions = count(regions, "region");
            let reason = format!("its `decode` gives {regions} for {positions} positions: give one for each");
            return Err(self.fault(reason));
        }
        match Kind::of(&decoded.value) {
            Some(kind) if kind == self.kind => Ok(decoded),
            _ => {
                let (found, kind) = (decoded.value.kind(), self.kind);
                Err(self.fault(format!("its `decode` gives {found}, but its `kind` is {kind}")))
            }
        }
    }

    fn to_file(&self, value: &Value) -> Result<WrittenFile, AdapterError> {
        self.guarded("to_file", |adapter| adapter.to_file(value))
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        self.guarded("read_back", |adapter| adapter.read_back(bytes))
    }

    fn longest(&self) -> Option<usize> {
        self.adapter.longest()
    }

    fn unknown(&self, encoded: &Encoded, value: &Value) -> Vec<String> {
        self.adapter.unknown(encoded, value)
    }

    fn warnings(&self) -> Vec<String> {
        self.adapter.warnings()
    }

    fn warnings_beside_prompt(&self, tokens: Option<usize>) -> Vec<String> {
        self.adapter.warnings_beside_prompt(tokens)
    }

    fn show(&self, token: u32) -> String {
        self.adapter.show(token)
    }

    fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        self.guarded("save", |adapter| adapter.save(folder))
    }
}
