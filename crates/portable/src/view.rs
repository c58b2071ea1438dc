//! Conversion of values and regions into the types of the interface.

use any2any_adapter::{Image, Region, Signal, Value};

use crate::numbers::{Bytes, Floats};
use crate::value::{self as shown, Rectangle, Span, View, ViewImage, ViewSignal};

/// A value as it is drawn. Anything that is no picture, signal or row of items is shown as text.
pub fn view(value: &Value) -> View {
    match value {
        Value::Image(image) => View::Image(ViewImage {
            width: image.width(),
            height: image.height(),
            channels: image.channels(),
            pixels: Bytes(image.pixels().to_vec()),
        }),
        Value::Signal(signal) => View::Signal(ViewSignal {
            rate: signal.rate(),
            channels: signal.channels().to_vec(),
            samples: Floats::new(vec![signal.channels().len(), signal.len()], signal.samples()),
            start: signal.start(),
        }),
        Value::Custom(custom) => View::Items(custom.items()),
        value => View::Text(value.to_string()),
    }
}

/// An opened value of a view: the way back. `None` for items of a medium's own kind, and numbers that are no value.
pub fn value(view: &View) -> Option<Value> {
    match view {
        View::Text(text) => Some(Value::from(text.as_str())),
        View::Image(ViewImage { width, height, channels, pixels }) => {
            Image::new(*width, *height, *channels, pixels.0.clone()).map(Value::from)
        }
        View::Signal(ViewSignal { rate, channels, samples, start }) => {
            let signal = Signal::new(*rate, channels.clone(), samples.values())?;
            Some(signal.starting_at(*start).into())
        }
        View::Items(_) => None,
    }
}

/// A region in the type of the interface; an unknown kind of region becomes `Nothing`.
pub fn region(region: &Region) -> shown::Region {
    match region {
        Region::Bytes(bytes) => shown::Region::Bytes(Span { start: bytes.start, end: bytes.end }),
        Region::Items(items) => shown::Region::Items(Span { start: items.start, end: items.end }),
        &Region::Rectangle { left, top, width, height } => {
            shown::Region::Rectangle(Rectangle { left, top, width, height })
        }
        &Region::Span { start, end } => shown::Region::Span(Span { start, end }),
        Region::Window { channels, start, end } => shown::Region::Window {
            channels: Span { start: channels.start, end: channels.end },
            start: *start,
            end: *end,
        },
        _ => shown::Region::Nothing {},
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::{CustomContents, Image};
    use serde_json::json;

    use super::*;

    /// A throw of dice.
    #[derive(Debug, PartialEq)]
    struct Dice(Vec<u8>);

    impl CustomContents for Dice {
        fn kind(&self) -> &'static str {
            "dice"
        }

        fn items(&self) -> Vec<String> {
            self.0.iter().map(u8::to_string).collect()
        }
    }

    #[test]
    fn values_and_regions_are_drawn() {
        let image = Image::new(2, 1, 1, vec![0, 255]).expect("two pixels");
        let recording = Signal::mono(2.0, vec![0.0]).expect("a rate");
        let samples = json!({ "shape": [1, 1], "data": "AAAAAA==" });
        for (value, expected) in [
            (Value::from("dog"), json!({ "text": "dog" })),
            (Value::custom(Dice(vec![6, 1])), json!({ "items": ["6", "1"] })),
            (
                Value::from(image),
                json!({ "image": { "width": 2, "height": 1, "channels": 1, "pixels": "AP8=" } }),
            ),
            (
                recording.clone().into(),
                json!({ "signal": { "rate": 2.0, "channels": ["mono"], "samples": samples } }),
            ),
            (
                recording.starting_at(-0.5).into(),
                json!({ "signal": { "rate": 2.0, "channels": ["mono"], "samples": samples, "start": -0.5 } }),
            ),
        ] {
            assert_eq!(serde_json::to_value(view(&value)).expect("plain data"), expected);
            let back = super::value(&view(&value));
            assert!(back.is_none_or(|back| back == value), "{value}");
        }
        for (given, expected) in [
            (Region::Nothing, json!({ "nothing": {} })),
            (Region::Bytes(1..3), json!({ "bytes": { "start": 1, "end": 3 } })),
            (Region::Items(0..2), json!({ "items": { "start": 0, "end": 2 } })),
            (Region::Span { start: 0.5, end: 1.0 }, json!({ "span": { "start": 0.5, "end": 1.0 } })),
            (
                Region::Window { channels: 0..2, start: 0.0, end: 0.5 },
                json!({ "window": { "channels": { "start": 0, "end": 2 }, "start": 0.0, "end": 0.5 } }),
            ),
        ] {
            assert_eq!(serde_json::to_value(region(&given)).expect("plain data"), expected);
        }
    }
}
