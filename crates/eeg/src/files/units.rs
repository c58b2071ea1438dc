//! Units of a channel's numbers.

/// Unit of numbers, by its relation to microvolts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unit {
    /// A voltage: so many microvolts.
    Microvolts(f64),
    /// No unit is given.
    Missing,
    /// A unit that is no voltage, or is unknown.
    Other,
}

impl Unit {
    /// The unit of a text, whatever its capitals: `uV`, `µV`, `microvolts`, `mV`, `Volt`, `[nV]`.
    pub(crate) fn of(text: &str) -> Self {
        // Shift JIS has its mu as two bytes, which here are two letters of Latin-1; code page 437 has it at `æ`.
        let text = text.replace("\u{83}\u{ca}", "u").to_lowercase().replace(['μ', 'µ', 'æ'], "u");
        // A mu of UTF-8 that was read as Latin-1 has a letter before it.
        let text: String = text.chars().filter(|letter| !"â \t()[]{}\"'.-\0".contains(*letter)).collect();
        if text.is_empty() {
            return Self::Missing;
        }
        // A field of eight letters cuts `microvolt` off.
        let prefix = ["volts", "volt", "vol", "v"].into_iter().find_map(|base| text.strip_suffix(base));
        let microvolts = match prefix {
            Some("") => 1e6,
            Some("d" | "deci") => 1e5,
            Some("c" | "centi") => 1e4,
            Some("m" | "milli") => 1e3,
            Some("u" | "mu" | "mc" | "micro" | "mikro") => 1.0,
            Some("n" | "nano") => 1e-3,
            Some("p" | "pico") => 1e-6,
            _ => return Self::Other,
        };
        Self::Microvolts(microvolts)
    }

    /// Factor from numbers in this unit to microvolts: numbers of no known unit stay as they are.
    pub(crate) fn factor(self) -> f64 {
        match self {
            Self::Microvolts(factor) => factor,
            Self::Missing | Self::Other => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_known_by_any_usual_spelling() {
        let cases: [(&str, &[&str]); 6] = [
            (
                "1",
                &[
                    "uV",
                    "UV",
                    "uv",
                    "µV",
                    "μV",
                    "\u{c2}\u{b5}V",
                    "\u{83}\u{ca}V",
                    "microvolt",
                    "MicroVolts",
                    "µVolt",
                    "[uV]",
                    "(µv)",
                    "mcV",
                    "u V",
                    "muV",
                    "microvol",
                ],
            ),
            ("1000", &["mV", "MV", "mv", "millivolt", "milliVolts"]),
            ("1000000", &["V", "v", "Volt", "volts", "VOLT"]),
            ("0.001", &["nV", "NV", "nanovolts"]),
            ("none", &["", " ", "\0"]),
            ("other", &["degC", "%", "bpm", "Ohm", "mmHg", "g", "adu", "uA", "BOOLEAN", "n/a"]),
        ];
        for (expected, spellings) in cases {
            for spelling in spellings {
                let found = match Unit::of(spelling) {
                    Unit::Microvolts(factor) => factor.to_string(),
                    Unit::Missing => "none".to_owned(),
                    Unit::Other => "other".to_owned(),
                };
                assert_eq!(found, expected, "{spelling:?}");
            }
        }
    }
}
