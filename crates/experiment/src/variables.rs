//! Environment variables in the paths of an experiment: `${DATA}/train.en`, `$HOME/data`; `$$` is a dollar sign.

use std::env::VarError;

use serde_json::Value as Json;

use crate::diagnostic::Diagnostic;
use crate::node::{Node, Value};
use crate::paths;

/// Expands the environment variables in every path, and reports those that are not set.
pub(crate) fn expand_paths(root: &mut Node, schema: &Json) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    paths::each_node(root, schema, &mut |node| {
        let Value::Text(path) = &mut node.value else { return };
        match expand(path, |name| std::env::var(name)) {
            Ok(expanded) => *path = expanded,
            Err((message, help)) => problems.push(Diagnostic::error(&node.place, message, Some(help))),
        }
    });
    problems
}

/// Replaces `$$` by a dollar sign in every path of a run, and reports variables: a run has its paths in full, and the
/// environment of its reader is none of its writer's business.
pub(crate) fn unescape_paths(root: &mut Node, schema: &Json) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    paths::each_node(root, schema, &mut |node| {
        let Value::Text(path) = &mut node.value else { return };
        match expand(path, |_| Err(VarError::NotPresent)) {
            Ok(plain) => *path = plain,
            Err(_) => {
                let help = "write the path in full; `$$` is the sign itself".to_owned();
                let message = "the paths of a run have no environment variables";
                problems.push(Diagnostic::error(&node.place, message, Some(help)));
            }
        }
    });
    problems
}

/// Escapes dollar signs in a path, so that none begins a variable.
pub(crate) fn escape(path: &str) -> String {
    path.replace('$', "$$")
}

/// Expands the variables of a text; for a bad one, the message and the way out.
fn expand(
    text: &str,
    variable: impl Fn(&str) -> Result<String, VarError>,
) -> Result<String, (String, String)> {
    let (mut expanded, mut rest) = (String::new(), text);
    while let Some(sign) = rest.find('$') {
        expanded.push_str(&rest[..sign]);
        let after = &rest[sign + 1..];
        let (name, length) = if let Some(inside) = after.strip_prefix('{') {
            let wrong =
                |message: String| (message, "write `${NAME}`, or `$$` for the sign itself".to_owned());
            let end = inside.find('}').ok_or_else(|| wrong(format!("`{text}` has `${{` without `}}`")))?;
            let name = &inside[..end];
            if name_length(name) != name.len() || name.is_empty() {
                return Err(wrong(format!("`{name}` is no name of an environment variable")));
            }
            (name, end + 2)
        } else {
            let length = name_length(after);
            (&after[..length], length)
        };
        if name.is_empty() {
            expanded.push('$');
            rest = after.strip_prefix('$').unwrap_or(after);
            continue;
        }
        let value = variable(name).map_err(|error| match error {
            VarError::NotPresent => (
                format!("the environment variable `{name}` is not set"),
                format!("set it, as in `export {name}=FOLDER`, or write the path; `$$` is the sign itself"),
            ),
            VarError::NotUnicode(_) => (
                format!("the environment variable `{name}` is not UTF-8"),
                "write the path instead".to_owned(),
            ),
        })?;
        expanded.push_str(&value);
        rest = &after[length..];
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// The number of bytes at the beginning of a text that can be the name of a variable.
fn name_length(text: &str) -> usize {
    let is_in = |(at, byte): (usize, u8)| {
        byte == b'_' || byte.is_ascii_alphabetic() || at > 0 && byte.is_ascii_digit()
    };
    text.bytes().enumerate().take_while(|&pair| is_in(pair)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_become_their_values() {
        let variable = |name: &str| match name {
            "DATA" => Ok("/data".to_owned()),
            "set_2" => Ok("b".to_owned()),
            _ => Err(VarError::NotPresent),
        };
        let cases = [
            ("train.en", "train.en"),
            ("${DATA}/train.en", "/data/train.en"),
            ("$DATA/${set_2}x/$set_2.en", "/data/bx/b.en"),
            ("a$$DATA/{n}.wav", "a$DATA/{n}.wav"),
            ("5$/a$", "5$/a$"),
            ("$5", "$5"),
        ];
        for (text, expected) in cases {
            assert_eq!(expand(text, variable).as_deref(), Ok(expected), "{text}");
            assert_eq!(expand(&escape(text), variable).as_deref(), Ok(text), "{text} escaped");
        }
        for (text, expected) in [
            ("$DATE/x", "the environment variable `DATE` is not set"),
            ("${DATE}", "the environment variable `DATE` is not set"),
            ("${DATA", "`${DATA` has `${` without `}`"),
            ("${}", "`` is no name of an environment variable"),
            ("${a b}", "`a b` is no name of an environment variable"),
        ] {
            assert_eq!(
                expand(text, variable).map_err(|(message, _)| message),
                Err(expected.to_owned()),
                "{text}"
            );
        }
    }
}
