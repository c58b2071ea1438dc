//! Selection of the channels of a file: those that are asked for, or all that are EEG.

use crate::files::names::{matching, unique};

/// The description of one channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Channel {
    /// Its name.
    pub name: String,
    /// The reason why it is no EEG: `triggers`, `unit degC`.
    pub other: Option<String>,
}

/// Names under which devices store their triggers, whatever the capitals: BioSemi, g.tec, Neuromag.
const TRIGGERS: [&str; 3] = ["status", "trigger", "sti 014"];
/// Names of channels that are declared to be empty.
const DUMMIES: [&str; 3] = ["-", "--", "---"];

impl Channel {
    /// A channel of a name, which marks triggers, annotations and dummies as no EEG.
    pub(crate) fn named(name: String) -> Self {
        let plain = name.trim().to_lowercase();
        let other = if TRIGGERS.contains(&plain.as_str()) {
            Some("triggers".to_owned())
        } else if DUMMIES.contains(&plain.as_str()) {
            Some("an empty channel".to_owned())
        } else {
            None
        };
        Self { name, other }
    }

    /// The channel, marked as no EEG for this reason; the first reason stays.
    pub(crate) fn unless(mut self, other: Option<String>) -> Self {
        self.other = self.other.or(other);
        self
    }
}

/// The selected channels.
#[derive(Debug, PartialEq)]
pub(crate) struct Selection {
    /// Numbers of the channels, in the order in which they are read.
    pub numbers: Vec<usize>,
    /// The names of all channels, each of them once.
    pub names: Vec<String>,
    /// Warnings about channels that were renamed or left out.
    pub warnings: Vec<String>,
}

impl Selection {
    /// The channels that are wanted, or all that are EEG.
    pub(crate) fn new(channels: &[Channel], wanted: Option<&[String]>) -> Result<Self, String> {
        let mut names: Vec<String> = channels.iter().map(|channel| channel.name.clone()).collect();
        let groups = unique(&mut names);
        if let Some(wanted) = wanted {
            let numbers = matching(&names, wanted)?;
            let warnings = renamed(channels, &names, &groups, &numbers);
            return Ok(Self { numbers, names, warnings });
        }
        let left_out: Vec<String> = channels
            .iter()
            .zip(&names)
            .filter_map(|(channel, name)| Some(format!("'{name}' ({})", channel.other.as_ref()?)))
            .collect();
        let numbers: Vec<usize> =
            (0..channels.len()).filter(|&number| channels[number].other.is_none()).collect();
        if numbers.is_empty() {
            return Err(match left_out.is_empty() {
                true => "has no channel".to_owned(),
                false => format!(
                    "has no channel of EEG, but {}: name those that you mean with 'channels'",
                    left_out.join(", ")
                ),
            });
        }
        let mut warnings = renamed(channels, &names, &groups, &numbers);
        if !left_out.is_empty() {
            warnings.push(format!("no EEG, and left out: {}", left_out.join(", ")));
        }
        Ok(Self { numbers, names, warnings })
    }

    /// The names of the selected channels.
    pub(crate) fn chosen(&self) -> Vec<String> {
        self.numbers.iter().map(|&number| self.names[number].clone()).collect()
    }
}

/// Warnings about the selected channels that were numbered.
fn renamed(channels: &[Channel], names: &[String], groups: &[Vec<usize>], taken: &[usize]) -> Vec<String> {
    let of = |group: &Vec<usize>| {
        let new: Vec<&str> = group.iter().map(|&number| names[number].as_str()).collect();
        format!("'{}' is now {}", channels[group[0]].name, new.join(", "))
    };
    let groups = groups.iter().filter(|group| group.iter().any(|number| taken.contains(number)));
    let said: Vec<String> = groups.map(of).collect();
    match said.is_empty() {
        true => Vec::new(),
        false => vec![format!("channels of one name are numbered: {}", said.join("; "))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_eeg_is_left_out_unless_it_is_asked_for() {
        let names = ["Oz", "Status", "-", "Temp", "Oz"];
        let channel = |name: &str| {
            let channel = Channel::named(name.to_owned());
            channel.unless((name == "Temp").then(|| "unit degC".to_owned()))
        };
        let channels: Vec<Channel> = names.into_iter().map(channel).collect();
        let all = Selection::new(&channels, None).expect("two channels");
        assert_eq!(all.chosen(), ["Oz-0", "Oz-1"]);
        let said = all.warnings.join("; ");
        assert!(said.contains("'Status' (triggers), '-' (an empty channel), 'Temp' (unit degC)"), "{said}");
        let wanted = ["temp".to_owned(), "Oz-1".to_owned()];
        assert_eq!(Selection::new(&channels, Some(&wanted)).expect("two channels").numbers, [3, 4]);
        assert!(Selection::new(&channels[1..3], None).expect_err("none").contains("'Status' (triggers)"));
        assert!(Selection::new(&[], None).is_err());
    }
}
