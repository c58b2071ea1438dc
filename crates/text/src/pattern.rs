//! Regular expressions of a tokenizer that comes from elsewhere: a check that they end in reasonable time on any
//! text.
//!
//! Without look-around an expression is matched in linear time. With it the library goes back and tries again, and a
//! few characters of a pattern keep it busy for hours. Look-around is therefore taken where it costs nothing: in an
//! alternative with one repetition at most, as in `\s+(?!\S)`, which nearly every tokenizer of a large model has.

use regex::RegexBuilder;

/// Longest pattern, in bytes.
const LENGTH: usize = 4096;
/// Largest compiled automaton, in bytes.
const AUTOMATON: usize = 4 << 20;
/// Largest product of all counted repetitions of a pattern.
const COUNT: usize = 1000;
/// Most ways to match before a look-around that is an expression of its own.
const FEW: usize = 16;

/// Checks that an expression may be used.
///
/// # Errors
///
/// The reason why it may not.
pub(crate) fn check(pattern: &str) -> Result<(), String> {
    if pattern.is_empty() {
        return Err("it is empty".to_owned());
    }
    if pattern.len() > LENGTH {
        return Err(format!("it has {} bytes, and may have {LENGTH}", pattern.len()));
    }
    if counts(pattern).into_iter().try_fold(1, usize::checked_mul).is_none_or(|count| count > COUNT) {
        return Err(format!("its counted repetitions multiply to more than {COUNT}"));
    }
    if compiles(pattern).is_ok() {
        return Ok(());
    }
    for alternative in alternatives(pattern) {
        let Some(parts) = without_look_around(alternative) else {
            return Err(format!("'{alternative}' has look-around in a group, which may never end"));
        };
        let (rest, bodies) = parts;
        compiles(&rest)?;
        bodies.iter().try_for_each(|around| compiles(around.body))?;
        if !bodies.is_empty() && !is_cheap(&rest, &bodies) {
            return Err(format!(
                "'{alternative}' has look-around beside more than one repetition, or looks behind for one, which may \
                 never end: write it as several steps"
            ));
        }
    }
    Ok(())
}

fn compiles(pattern: &str) -> Result<(), String> {
    let built = RegexBuilder::new(pattern).size_limit(AUTOMATON).build();
    built.map(drop).map_err(|error| {
        let error = error.to_string();
        format!(
            "it is no expression that can be matched in linear time: {}",
            error.lines().last().unwrap_or_default()
        )
    })
}

/// True if backtracking is cheap: nothing is grouped, and repeated without an end only before single characters.
fn is_cheap(rest: &str, bodies: &[LookAround<'_>]) -> bool {
    let (mut endless, mut grouped, mut ways) = (0, false, counts(rest).into_iter().product::<usize>());
    for (_, byte, _) in syntax(rest).filter(|(_, _, is_plain)| *is_plain) {
        endless += usize::from(matches!(byte, b'*' | b'+'));
        grouped |= byte == b'(';
        ways = ways.saturating_mul(if byte == b'?' { 2 } else { 1 });
    }
    let few = ways <= FEW;
    let open = rest.contains(",}");
    let is_single = |around: &LookAround<'_>| {
        let mut plain = syntax(around.body).filter(|(_, _, is_plain)| *is_plain);
        !plain.any(|(_, byte, _)| matches!(byte, b'*' | b'+' | b'?' | b'{' | b'(' | b'|'))
    };
    let bodies_are_cheap = bodies.iter().all(|around| is_single(around) || endless == 0 && !around.behind);
    !grouped && !open && few && endless <= 1 && bodies_are_cheap
}

/// The counts `{n}` and `{n,m}` of a pattern, the larger of each.
fn counts(pattern: &str) -> Vec<usize> {
    let mut counts = Vec::new();
    let mut escaped = false;
    for (at, byte) in pattern.bytes().enumerate() {
        if byte == b'{' && !escaped {
            let inside = pattern[at + 1..].split('}').next().unwrap_or_default();
            let numbers: Option<Vec<usize>> = inside
                .split(',')
                .filter(|number| !number.trim().is_empty())
                .map(|number| number.trim().parse().ok())
                .collect();
            counts.extend(numbers.and_then(|numbers| numbers.into_iter().max()).map(|most| most.max(1)));
        }
        escaped = byte == b'\\' && !escaped;
    }
    counts
}

/// A condition on what stands before or behind a place.
struct LookAround<'a> {
    body: &'a str,
    behind: bool,
}

/// The bytes of a pattern with their places, and whether each is syntax: neither escaped nor in a class.
fn syntax(pattern: &str) -> impl Iterator<Item = (usize, u8, bool)> {
    let (mut escaped, mut classes) = (false, 0usize);
    pattern.bytes().enumerate().map(move |(at, byte)| {
        let is_plain = !escaped && classes == 0;
        if escaped {
            escaped = false;
        } else {
            match byte {
                b'\\' => escaped = true,
                b'[' => classes += 1,
                b']' => classes = classes.saturating_sub(1),
                _ => {}
            }
        }
        (at, byte, is_plain)
    })
}

/// The alternatives of a pattern that stand in no group.
fn alternatives(pattern: &str) -> Vec<&str> {
    let (mut alternatives, mut depth, mut from) = (Vec::new(), 0usize, 0);
    for (at, byte, is_plain) in syntax(pattern) {
        match byte {
            b'(' if is_plain => depth += 1,
            b')' if is_plain => depth = depth.saturating_sub(1),
            b'|' if is_plain && depth == 0 => {
                alternatives.push(&pattern[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    alternatives.push(&pattern[from..]);
    alternatives
}

/// An alternative without its look-around, and the expressions of that; none where one lies in a group or in another.
fn without_look_around(alternative: &str) -> Option<(String, Vec<LookAround<'_>>)> {
    let (mut rest, mut bodies) = (String::new(), Vec::new());
    let (mut depth, mut kept, mut open): (usize, usize, Option<(usize, bool)>) = (0, 0, None);
    for (at, byte, is_plain) in syntax(alternative) {
        match byte {
            b'(' if is_plain => {
                let marks = ["(?=", "(?!", "(?<=", "(?<!"];
                let mark = marks.iter().find(|mark| alternative[at..].starts_with(**mark));
                match mark {
                    Some(_) if depth > 0 => return None,
                    Some(mark) => {
                        rest.push_str(&alternative[kept..at]);
                        open = Some((at + mark.len(), mark.contains('<')));
                    }
                    None => {}
                }
                depth += 1;
            }
            b')' if is_plain => {
                depth = depth.checked_sub(1)?;
                if let Some((from, behind)) = open.filter(|_| depth == 0) {
                    bodies.push(LookAround { body: &alternative[from..at], behind });
                    kept = at + 1;
                    open = None;
                }
            }
            _ => {}
        }
    }
    if open.is_some() {
        return None;
    }
    rest.push_str(&alternative[kept..]);
    Some((rest, bodies))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_tokenizers_have_is_taken_and_what_never_ends_is_not() {
        let gpt2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
        let gpt4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
        let gpt4o = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
        let deepseek = r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"##;
        for (pattern, expected) in [
            (gpt2, ""),
            (gpt4, ""),
            (gpt4o, ""),
            (deepseek, ""),
            (r" ?[^(\s|[.,!?…。，、।۔،])]+", ""),
            (r"\p{N}{1,3}(?=(?:\p{N}{3})*(?:\P{N}|$))", ""),
            (r"(?<=\d)(?=\D)", ""),
            (r"(a+)+$", ""),
            (r" {2,}", ""),
            ("", "is empty"),
            (r"(a*)*(?!b)c", "more than one repetition"),
            (r"a*a*(?!b)", "more than one repetition"),
            (r"a*(?=b+c)", "more than one repetition"),
            (r"(?<=a+)b", "looks behind"),
            (r"a?a?a?a?a?(?!b)", "more than one repetition"),
            (r"(?:a(?=b))*", "look-around in a group"),
            (r"(a)\1", "linear time"),
            (r"(?>a+)b", "linear time"),
            (r"(", "linear time"),
            (r"a{1000}{1000}", "more than 1000"),
            (r"a{99999999999999999999}", ""),
        ] {
            let found = check(pattern).err().unwrap_or_default();
            let is_counted = pattern.contains("99999");
            assert!(
                found.contains(expected) && found.is_empty() == (expected.is_empty() && !is_counted),
                "{pattern}: {found}"
            );
        }
        assert!(check(&"a".repeat(5000)).is_err_and(|reason| reason.contains("5000 bytes")));
    }
}
