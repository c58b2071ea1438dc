//! Names that can be folders on every system.

/// A name for a folder: everything but letters, digits, `-`, `_` and (unless `is_key`) inner dots is replaced.
pub(crate) fn folder_name(name: &str, is_key: bool) -> String {
    let fits = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || (c == '.' && !is_key);
    let replaced: String = name.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    let proper = if replaced == name { name.trim_matches('.') } else { replaced.trim_matches(['-', '.']) };
    if proper.is_empty() { "experiment".to_owned() } else { proper.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proper_names_stay_and_others_become_proper() {
        let cases = [
            ("multi30k-en_de", "multi30k-en_de"),
            ("größe", "größe"),
            ("v1.5", "v1.5"),
            ("..", "experiment"),
            (".hidden", "hidden"),
            ("runs/demo", "runs-demo"),
            ("my demo!", "my-demo"),
            ("/", "experiment"),
        ];
        for (name, expected) in cases {
            assert_eq!(folder_name(name, false), expected, "{name}");
            assert_eq!(folder_name(expected, false), expected);
        }
        assert_eq!(folder_name("v1.5", true), "v1-5");
    }
}
