//! Plain (unquoted) scalars by the core schema of YAML 1.2.2, section 10.3.2.
//!
//! `yes`, `no`, `on` and `off` are texts here, unlike in YAML 1.1: a field may be called `no`.

use crate::node::Value;

/// The value of a plain scalar.
pub(crate) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Boolean(true),
        "false" | "False" | "FALSE" => Value::Boolean(false),
        _ => number(text).unwrap_or_else(|| Value::Text(text.to_owned())),
    }
}

fn number(text: &str) -> Option<Value> {
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some(Value::Float(sign * f64::INFINITY)),
        ".nan" | ".NaN" | ".NAN" if unsigned.len() == text.len() => return Some(Value::Float(f64::NAN)),
        _ => {}
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number with more digits than any option can hold is still a number.
        let integer = text.parse().map(Value::Integer);
        return Some(integer.unwrap_or(Value::Integer(if sign < 0.0 { i128::MIN } else { i128::MAX })));
    }
    is_decimal(unsigned).then(|| text.parse().ok().map(Value::Float))?
}

fn radix(digits: &str, radix: u32) -> Option<Value> {
    let fits = digits.chars().all(|digit| digit.is_digit(radix)) && !digits.is_empty();
    fits.then(|| Value::Integer(i128::from_str_radix(digits, radix).unwrap_or(i128::MAX)))
}

/// `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_schema() {
        let text = |text: &str| Value::Text(text.to_owned());
        let cases = [
            ("", Value::Null),
            ("~", Value::Null),
            ("true", Value::Boolean(true)),
            ("no", text("no")),
            ("12", Value::Integer(12)),
            ("-3", Value::Integer(-3)),
            ("0o17", Value::Integer(15)),
            ("0xff", Value::Integer(255)),
            ("0x", text("0x")),
            ("99999999999999999999999999999999999999999", Value::Integer(i128::MAX)),
            ("5.0e-3", Value::Float(0.005)),
            ("1e3", Value::Float(1000.0)),
            (".5", Value::Float(0.5)),
            ("1.", Value::Float(1.0)),
            ("-.inf", Value::Float(f64::NEG_INFINITY)),
            (".", text(".")),
            ("e5", text("e5")),
            ("1e", text("1e")),
            ("1_000", text("1_000")),
            ("1.2.3", text("1.2.3")),
            ("nan", text("nan")),
            ("-", text("-")),
        ];
        for (scalar, expected) in cases {
            assert_eq!(plain(scalar), expected, "{scalar}");
        }
    }
}
