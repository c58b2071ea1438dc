//! Checks of the options that the schema cannot express, and the ranges that other checks rely on.

use any2any_adapter::OptionProblem;

use super::options::{FramesOptions, MOST_WIDTH, Output};

pub(super) fn problems(options: &FramesOptions) -> Vec<OptionProblem> {
    let mut problems = Vec::new();
    if options.field.is_empty() {
        let help = "name the field of the dataset that holds the vectors";
        problems.push(OptionProblem::new("/field", "the name of the field is empty", help));
    }
    let mut range = |pointer: &str, value: f64, least: f64, most: f64| {
        if !(least..=most).contains(&value) {
            let help = format!("a number from {least} to {most}");
            problems.push(OptionProblem::new(pointer, format!("{value} is out of range"), help));
        }
    };
    range("/width", options.width.unwrap_or(1) as f64, 1.0, MOST_WIDTH as f64);
    range("/rate", options.frames_a_second(), 1e-6, 1e6);
    range("/longest", options.longest as f64, 1.0, 1e7);
    match options.output {
        Some(Output::Frames(written)) => {
            range("/output/frames/at_most", written.at_most as f64, 1.0, 1e5);
            range("/output/frames/count", written.count.unwrap_or(1) as f64, 1.0, 1e5);
        }
        Some(Output::Codes(codes)) => range("/output/codes/codes", codes.codes as f64, 2.0, 65_536.0),
        None => {}
    }
    problems.extend(options.stem.problems("/stem"));
    if let Some(noun) = options.stem.noun().filter(|_| options.output.is_some()) {
        let message = format!("{noun} are for frames that are only read");
        problems.push(OptionProblem::new(
            "/stem",
            message,
            "write `stem: projection`, or leave `output` out",
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use any2any_adapter::testing::Tested;
    use serde_json::json;

    use crate::Frames;

    #[test]
    fn each_problem_is_found_where_it_is() {
        for (options, expected) in [
            (json!({ "field": "x" }), vec![]),
            (json!({ "field": "x", "stem": { "convolution": {} }, "rate": 100, "width": 3 }), vec![]),
            (json!({ "field": "x", "output": { "frames": { "count": 4 } } }), vec![]),
            (json!({ "field": "" }), vec!["/field"]),
            (
                json!({ "field": "x", "width": 0, "rate": 0, "longest": 0 }),
                vec!["/width", "/rate", "/longest"],
            ),
            (json!({ "field": "x", "output": { "codes": { "codes": 1 } } }), vec!["/output/codes/codes"]),
            (
                json!({ "field": "x", "output": { "frames": { "at_most": 0 } } }),
                vec!["/output/frames/at_most"],
            ),
            (
                json!({ "field": "x", "stem": { "convolution": {} }, "output": { "codes": {} } }),
                vec!["/stem"],
            ),
            (json!({ "field": "x", "widht": 3 }), vec!["/widht"]),
        ] {
            let found = Tested(Frames).check(&options);
            let pointers: Vec<&str> = found.iter().map(|problem| problem.pointer.as_str()).collect();
            assert_eq!(pointers, expected, "{options}: {found:?}");
        }
    }
}
