//! Choice of a plug-in in an experiment: its name, or its name with options.

use std::collections::BTreeMap;

use any2any_adapter::{Live, Point, Registry};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Choice of a plug-in: `rhyme`, or with options `{ rhyme: { letters: 2 } }`.
///
/// An experiment that is loaded holds the plug-in itself beside its options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
#[non_exhaustive]
pub struct Plugged {
    /// The plug-in's name.
    pub name: String,
    /// Its options; an empty mapping for a name alone.
    pub options: Json,
    /// The plug-in at work, once the experiment is loaded.
    pub live: Option<Live>,
}

/// A plug-in as it is written in a file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Name(String),
    Options(BTreeMap<String, Json>),
}

impl From<Written> for Plugged {
    fn from(written: Written) -> Self {
        match written {
            Written::Name(name) => Self::new(name, Json::Object(serde_json::Map::new())),
            Written::Options(map) => {
                let (name, options) = map.into_iter().next().unwrap_or_default();
                Self::new(name, options)
            }
        }
    }
}

impl From<Plugged> for Written {
    fn from(plugged: Plugged) -> Self {
        match plugged.options.as_object() {
            Some(options) if options.is_empty() => Self::Name(plugged.name),
            _ => Self::Options(BTreeMap::from([(plugged.name, plugged.options)])),
        }
    }
}

impl Plugged {
    /// A plug-in with options, which is not at work yet.
    pub fn new(name: impl Into<String>, options: Json) -> Self {
        Self { name: name.into(), options, live: None }
    }

    /// The plug-in at work, if it is of this type.
    pub fn get<T: std::any::Any>(&self) -> Option<&T> {
        self.live.as_ref()?.get()
    }

    /// Builds the plug-in, and writes out the defaults of its options.
    pub(crate) fn build(&mut self, point: Point, registry: &Registry) {
        let plug_in = registry.plug_in(point, &self.name);
        if let Some(Ok(built)) = plug_in.map(|plug_in| plug_in.build(&self.options)) {
            self.options = built.options;
            self.live = Some(built.live);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_has_no_options() {
        for (written, name, options) in [
            (r#""rhyme""#, "rhyme", serde_json::json!({})),
            (r#"{"rhyme":{"letters":2}}"#, "rhyme", serde_json::json!({ "letters": 2 })),
            (r#"{"rhyme":0.5}"#, "rhyme", serde_json::json!(0.5)),
        ] {
            let plugged: Plugged = serde_json::from_str(written).expect(written);
            assert_eq!(plugged, Plugged::new(name, options));
            assert_eq!(serde_json::to_string(&plugged).expect("plain data"), written);
        }
    }
}
