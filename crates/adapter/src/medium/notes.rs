use any2any_adapter::{
    Adapter, AdapterError, Decoded, Encoded, Head, Medium, Region, Sequence, Side, Stem, Value,
};

/// Medium of melodies that are written as texts: `c e g e`.
#[derive(Clone)]
pub struct Notes;

/// Options of a side with melodies.
#[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The field of the dataset.
    field: String,
}

impl Medium for Notes {
    type Options = Options;
    type Adapter = NotesAdapter;

    fn name(&self) -> &str {
        "notes"
    }

    fn fields(&self, options: &Options) -> Vec<String> {
        vec![options.field.clone()]
    }

    fn fit(
        &self,
        _side: &Side<Options>,
        _values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<NotesAdapter, AdapterError> {
        Ok(NotesAdapter)
    }
}

/// Adapter of melodies: a token for each note.
pub struct NotesAdapter;

const KEYS: [char; 7] = ['c', 'd', 'e', 'f', 'g', 'a', 'b'];
// Tokens that are no notes stand behind the notes.
const PADDING: u32 = 7;
const BEGIN: u32 = 8;
const END: u32 = 9;
const VOCABULARY: usize = 10;

impl Adapter for NotesAdapter {
    fn stem(&self) -> Stem {
        Stem::Lookup { vocabulary: VOCABULARY, padding: PADDING }
    }

    fn head(&self) -> Option<Head> {
        let forbidden = vec![PADDING, BEGIN];
        Some(Head::Softmax { vocabulary: VOCABULARY, padding: PADDING, begin: BEGIN, end: END, forbidden })
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let text = value.as_text().ok_or_else(|| AdapterError::other_medium("a melody", value))?;
        let (mut tokens, mut regions) = (Vec::new(), Vec::new());
        for (at, letter) in text.char_indices().filter(|(_, letter)| *letter != ' ') {
            let key = KEYS.iter().position(|key| *key == letter);
            let unknown =
                || AdapterError::value(format!("'{letter}' is no note: write one of c d e f g a b"));
            tokens.push(key.ok_or_else(unknown)? as u32);
            regions.push(Region::Bytes(at..at + 1));
        }
        tokens.push(END);
        regions.push(Region::Nothing);
        Ok(Encoded { sequence: Sequence::Tokens(tokens), regions })
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        let tokens = sequence.tokens().ok_or_else(|| AdapterError::value("notes are tokens"))?;
        let key = |token: &u32| KEYS.get(*token as usize).map(char::to_string);
        let keys: Option<Vec<String>> = tokens.iter().map(key).collect();
        let keys = keys.ok_or_else(|| AdapterError::value("a token is no note"))?;
        let regions = (0..keys.len()).map(|at| Region::Bytes(2 * at..2 * at + 1)).collect();
        Ok(Decoded { value: Value::from(keys.join(" ")), regions })
    }
}
