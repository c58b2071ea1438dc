//! Whole numbers formatted for people.

/// A whole number with its thousands set apart: 29,000.
///
/// ```
/// use any2any_adapter::grouped;
///
/// assert_eq!(format!("{} pairs of sentences", grouped(29_000)), "29,000 pairs of sentences");
/// ```
pub fn grouped(number: impl ToString) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (29_000, "29,000"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
    }
}
