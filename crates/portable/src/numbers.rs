//! Arrays of numbers and bytes in JSON: base64, which browsers turn into typed arrays at once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 32-bit floats with a shape, row-major.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Floats {
    /// The sizes of the dimensions.
    pub shape: Vec<usize>,
    /// The numbers, little-endian, as base64.
    pub data: Bytes,
}

impl Floats {
    /// An array of `values` with a shape.
    pub fn new(shape: Vec<usize>, values: &[f32]) -> Self {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { shape, data: Bytes(bytes) }
    }

    /// The numbers.
    pub fn values(&self) -> Vec<f32> {
        let (fours, _) = self.data.0.as_chunks::<4>();
        fours.iter().map(|&four| f32::from_le_bytes(four)).collect()
    }
}

/// Bytes, as base64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(
    /// The bytes.
    pub Vec<u8>,
);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let broken = |error| serde::de::Error::custom(format!("not base64: {error}"));
        STANDARD.decode(text.as_bytes()).map(Self).map_err(broken)
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "contentEncoding": "base64",
            "description": "Bytes, as base64."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_from_json() {
        let floats = Floats::new(vec![2, 2], &[1.0, -0.5, f32::MIN_POSITIVE, f32::NEG_INFINITY]);
        let json = serde_json::to_string(&floats).expect("plain data");
        // 1.0 is 0x3f800000.
        assert!(json.starts_with(r#"{"shape":[2,2],"data":"AACAPwAAAL8"#), "{json}");
        let back: Floats = serde_json::from_str(&json).expect("as it was written");
        assert_eq!(back.values(), [1.0, -0.5, f32::MIN_POSITIVE, f32::NEG_INFINITY]);
        assert!(serde_json::from_str::<Bytes>("\"%\"").is_err());
    }
}
