//! Parts of pages in Markdown: rows of tables, headings and the names under which links find them.

use std::collections::BTreeSet;
use std::fmt::Write;

/// A table, without columns in which no row says anything.
pub(crate) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let used: Vec<usize> =
        (0..heads.len()).filter(|&column| rows.iter().any(|row| !row[column].is_empty())).collect();
    let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(used.iter().map(|&column| heads[column]).collect());
    text.push_str(&line(vec!["---"; used.len()]));
    for row in rows {
        let cells: Vec<String> = used.iter().map(|&column| cell(&row[column])).collect();
        text.push_str(&line(cells.iter().map(String::as_str).collect()));
    }
    text
}

/// A text that does not end its cell.
fn cell(text: &str) -> String {
    text.trim().replace("\n\n", "<br>").replace('\n', " ").replace('|', "\\|")
}

/// A heading of a level.
pub(crate) fn heading(page: &mut String, level: usize, title: &str) {
    let _ = write!(page, "\n{} {title}\n", "#".repeat(level));
}

/// The name under which a link finds a heading: lower case, without marks, with hyphens for spaces.
pub(crate) fn anchor(title: &str) -> String {
    let kept = title.to_lowercase().replace(' ', "-");
    kept.chars().filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter)).collect()
}

/// Links within a page that lead to no heading of it, and headings that share a name.
pub(crate) fn broken_links(page: &str) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut broken = Vec::new();
    for title in page.lines().filter_map(|line| Some(line.strip_prefix('#')?.trim_start_matches('#').trim()))
    {
        if !known.insert(anchor(title)) {
            broken.push(format!("two headings {title}"));
        }
    }
    let linked = links(page).filter_map(|link| link.strip_prefix('#').map(str::to_owned));
    broken.extend(linked.filter(|name| !known.contains(name)));
    broken
}

/// The files that a page links to.
pub(crate) fn files_linked(page: &str) -> Vec<String> {
    let files = links(page).filter(|link| !link.starts_with('#') && !link.contains("://"));
    files.map(|link| link.split('#').next().unwrap_or_default().to_owned()).collect()
}

fn links(page: &str) -> impl Iterator<Item = String> {
    let mut code = false;
    let lines = page.lines().filter(move |line| {
        code ^= line.trim_start().starts_with("```");
        !code
    });
    lines
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| rest.split_once(')'))
        .map(|(link, _)| link.to_owned())
        .collect::<Vec<_>>()
        .into_iter()
}

/// The first line in which two pages differ; none when they are the same.
pub(crate) fn first_difference(found: &str, expected: &str) -> Option<String> {
    if found == expected {
        return None;
    }
    let same = found.lines().zip(expected.lines()).take_while(|(one, other)| one == other).count();
    let at = |text: &str| text.lines().nth(same).unwrap_or("(the end)").to_owned();
    Some(format!("line {} is\n  {}\nand should be\n  {}", same + 1, at(found), at(expected)))
}

#[test]
fn tables_drop_empty_columns_and_keep_their_cells() {
    let rows = [
        vec!["a".into(), String::new(), "x|y".into()],
        vec!["b".into(), String::new(), "two\n\nlines".into()],
    ];
    assert_eq!(
        table(&["key", "range", "what"], &rows),
        "| key | what |\n| --- | --- |\n| a | x\\|y |\n| b | two<br>lines |\n"
    );
}

#[test]
fn links_are_held_against_headings() {
    assert_eq!(anchor("`tasks.NAME.source`"), "tasksnamesource");
    assert_eq!(anchor("any2any cross-validate"), "any2any-cross-validate");
    let page = "# One\n[a](#one) [b](#two) [c](other.md#x)\n```\n[d](#three)\n```\n## One\n";
    assert_eq!(broken_links(page), ["two headings One", "two"]);
    assert_eq!(files_linked(page), ["other.md"]);
    assert_eq!(first_difference("a\nb\n", "a\nc\n").as_deref(), Some("line 2 is\n  b\nand should be\n  c"));
    assert_eq!(first_difference("a\n", "a\n"), None);
}
