//! Names of channels: made unique within a file, and found in another by their plain spelling.

use std::collections::HashMap;

/// Numbers channels that share a name, from 0: `T8-P8-0`, `T8-P8-1`, as MNE does. Returns the numbers of those
/// channels.
pub(crate) fn unique(names: &mut [String]) -> Vec<Vec<usize>> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, name) in names.iter().enumerate() {
        places.entry(name).or_default().push(number);
    }
    let mut groups: Vec<Vec<usize>> = places.into_values().filter(|group| group.len() > 1).collect();
    groups.sort_unstable();
    for group in &groups {
        let stem = names[group[0]].clone();
        for (count, &number) in group.iter().enumerate() {
            let letters = ('a'..='z').map(String::from);
            let more = (group.len()..).map(|suffix| suffix.to_string());
            let mut tries = std::iter::once(count.to_string()).chain(letters).chain(more);
            let free = tries.find_map(|suffix| {
                let name = format!("{stem}-{suffix}");
                (!names.contains(&name)).then_some(name)
            });
            names[number] = free.unwrap_or_default();
        }
    }
    groups
}

/// The numbers of the channels of some names, each once.
///
/// An exact match wins; otherwise capitals, a leading `EEG`, a trailing `-Ref` and dots make no difference, as long
/// as only one channel can be meant.
pub(crate) fn matching(channels: &[String], wanted: &[String]) -> Result<Vec<usize>, String> {
    let there_are = || channels.join(", ");
    let mut chosen: Vec<usize> = Vec::with_capacity(wanted.len());
    for name in wanted {
        let number = find(channels, name)?;
        let number = number.ok_or_else(|| format!("has no channel '{name}', but these: {}", there_are()))?;
        if chosen.contains(&number) {
            return Err(format!("channel '{name}' is asked for twice"));
        }
        chosen.push(number);
    }
    Ok(chosen)
}

/// The numbers of the channels in the order of known ones, where both are the same channels.
pub(crate) fn order(known: &[String], found: &[String]) -> Result<Vec<usize>, String> {
    let quoted =
        |names: &[&String]| names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    let places = known.iter().map(|name| find(found, name)).collect::<Result<Vec<_>, _>>()?;
    let missing: Vec<&String> =
        known.iter().zip(&places).filter_map(|(name, place)| place.is_none().then_some(name)).collect();
    let places: Vec<usize> = places.into_iter().flatten().collect();
    let others: Vec<&String> = found
        .iter()
        .enumerate()
        .filter_map(|(number, name)| (!places.contains(&number)).then_some(name))
        .collect();
    match (missing.is_empty(), others.is_empty()) {
        (true, true) if places.len() == found.len() => Ok(places),
        (true, true) => Err("two channels that were learned from are one channel here".to_owned()),
        (false, true) => Err(format!("lacks {}", quoted(&missing))),
        (true, false) => Err(format!("also has {}", quoted(&others))),
        (false, false) => Err(format!("has {} instead of {}", quoted(&others), quoted(&missing))),
    }
}

/// The channel of a name, if there is one.
fn find(channels: &[String], name: &str) -> Result<Option<usize>, String> {
    if let Some(exact) = channels.iter().position(|channel| channel == name) {
        return Ok(Some(exact));
    }
    let wanted = plain(name);
    let mut alike = (0..channels.len()).filter(|&number| plain(&channels[number]) == wanted);
    match (alike.next(), alike.next()) {
        (Some(one), Some(other)) => {
            let (one, other) = (&channels[one], &channels[other]);
            Err(format!("'{name}' may be '{one}' or '{other}': write the name as the file does"))
        }
        (found, _) => Ok(found),
    }
}

/// A channel's name without the additions of programs: `EEG Fc5.` and `EEG FC5-Ref` are `fc5`.
fn plain(name: &str) -> String {
    const AROUND: [char; 3] = ['.', ' ', '\t'];
    const BETWEEN: [char; 5] = [' ', ':', '_', '-', '.'];
    let lower = name.to_lowercase();
    let mut plain = lower.trim_matches(AROUND);
    if let Some(rest) = plain.strip_prefix("eeg").filter(|rest| rest.starts_with(BETWEEN)) {
        let rest = rest.trim_start_matches(BETWEEN).trim_matches(AROUND);
        plain = if rest.is_empty() { plain } else { rest };
    }
    for ending in ["reference", "ref"] {
        let stem = plain.strip_suffix(ending).filter(|stem| stem.ends_with(['-', '_', ' ', ':']));
        if let Some(stem) =
            stem.map(|stem| stem.trim_end_matches(['-', '_', ' ', ':', '.'])).filter(|stem| !stem.is_empty())
        {
            plain = stem;
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names, and the channels or the error that they give.
    type Case = (&'static [&'static str], Result<Vec<usize>, &'static str>);

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn channels_are_found_by_their_plain_names() {
        let there = names(&["EEG Fc5.", "Oz", "OZ", "EEG C3-Ref", "EEG_P3-REF", "Ref", "EEG"]);
        let cases: [Case; 11] = [
            (&["OZ", "fc5"], Ok(vec![2, 0])),
            (&["Oz"], Ok(vec![1])),
            (&["oz"], Err("'oz' may be 'Oz' or 'OZ': write the name as the file does")),
            (&["C3", "P3.."], Ok(vec![3, 4])),
            (&["EEG c3"], Ok(vec![3])),
            (&["EEG:P3"], Ok(vec![4])),
            (&["ref"], Ok(vec![5])),
            (&["eeg"], Ok(vec![6])),
            (
                &["Pz"],
                Err("has no channel 'Pz', but these: EEG Fc5., Oz, OZ, EEG C3-Ref, EEG_P3-REF, Ref, EEG"),
            ),
            (&["Oz", "Oz"], Err("channel 'Oz' is asked for twice")),
            (&["C3", "EEG C3"], Err("channel 'EEG C3' is asked for twice")),
        ];
        for (wanted, expected) in cases {
            assert_eq!(matching(&there, &names(wanted)), expected.map_err(str::to_owned), "{wanted:?}");
        }
    }

    #[test]
    fn known_channels_are_put_in_order_and_others_named() {
        let known = names(&["Oz", "O1", "O2"]);
        let cases: [Case; 6] = [
            (&["Oz", "O1", "O2"], Ok(vec![0, 1, 2])),
            (&["EEG O2-Ref", "O1.", "OZ"], Ok(vec![2, 1, 0])),
            (&["ECG", "O1", "O2"], Err("has 'ECG' instead of 'Oz'")),
            (&["O1", "O2"], Err("lacks 'Oz'")),
            (&["O1", "O2", "Oz", "Status"], Err("also has 'Status'")),
            (
                &["EEG Oz", "OZ", "O1", "O2"],
                Err("'Oz' may be 'EEG Oz' or 'OZ': write the name as the file does"),
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(order(&known, &names(found)), expected.map_err(str::to_owned), "{found:?}");
        }
        let twice = order(&names(&["Oz", "OZ"]), &names(&["oz"]));
        assert!(twice.is_err(), "two channels are never one: {twice:?}");
    }

    #[test]
    fn channels_of_one_name_are_numbered() {
        let mut doubled = names(&["T8-P8", "Oz", "T8-P8", "T8-P8-1", "-", "-"]);
        assert_eq!(unique(&mut doubled), [vec![0, 2], vec![4, 5]]);
        assert_eq!(doubled, ["T8-P8-0", "Oz", "T8-P8-a", "T8-P8-1", "--0", "--1"]);
        assert!(unique(&mut names(&["Oz", "O1"])).is_empty());
    }
}
