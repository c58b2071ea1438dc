//! Samples to which adapters are fitted, drawn at random where there are more than an experiment says, the same ones in memory as
//! on the disk.

use any2any_adapter::{Seed, Value};
use any2any_data::{Samples, Streamed};
use any2any_experiment::Document;
use any2any_experiment::spec::Experiment;
use any2any_run::{Groups, Role, RunError, TaskSides};
use any2any_translate::OpenedSplit;

use super::opening::{OpenedTask, Train};
use super::{Preparing, Watch};

/// The most bytes of files whose values adapters are fitted to: half an hour of sound, or so; opened, they have many times
/// as many.
const FITTED: u64 = 64 << 20;

/// Samples that are opened at once.
const OPENED: usize = 8192;

/// A draw of so many items, each as likely as any other, from a stream whose length nobody knows before its end
/// (algorithm R; Vitter 1985, "Random Sampling with a Reservoir").
struct Reservoir<T> {
    most: usize,
    random: any2any_adapter::Random,
    seen: usize,
    kept: Vec<(usize, T)>,
}

impl<T> Reservoir<T> {
    /// The draw of a task's samples.
    fn new(most: usize, task: &str, seed: u64) -> Self {
        let random = Seed(seed).random(&format!("fit {task}"), 0);
        Self { most, random, seen: 0, kept: Vec::new() }
    }

    fn offer(&mut self, item: impl FnOnce() -> T) {
        let number = self.seen;
        self.seen += 1;
        if number < self.most {
            self.kept.push((number, item()));
        } else {
            let place = self.random.below(self.seen);
            if let Some(kept) = self.kept.get_mut(place) {
                *kept = (number, item());
            }
        }
    }

    /// What was drawn, in the order of the stream.
    fn into_drawn(mut self) -> Vec<(usize, T)> {
        self.kept.sort_by_key(|(number, _)| *number);
        self.kept
    }
}

/// As many of some samples as have no more bytes in files than adapters are fitted to, drawn at random, in their order.
fn within_bytes<T>(drawn: Vec<T>, bytes: impl Fn(&T) -> u64, task: &str, seed: u64) -> Vec<T> {
    if drawn.iter().map(&bytes).sum::<u64>() <= FITTED {
        return drawn;
    }
    let mut order: Vec<usize> = (0..drawn.len()).collect();
    Seed(seed).random(&format!("fit files {task}"), 0).shuffle(&mut order);
    let (mut all, mut kept) = (0, vec![false; drawn.len()]);
    for (count, place) in order.into_iter().enumerate() {
        all += bytes(&drawn[place]);
        if all > FITTED && count > 0 {
            break;
        }
        kept[place] = true;
    }
    drawn.into_iter().zip(kept).filter_map(|(item, kept)| kept.then_some(item)).collect()
}

/// The opened values to which adapters are fitted.
#[derive(Default)]
pub(super) struct Drawn {
    sources: Vec<Value>,
    targets: Vec<Value>,
    /// The number of samples that were drawn, and that of all.
    pub(super) number: (usize, usize),
}

impl Drawn {
    /// Values drawn from a split in memory that has more samples than adapters are fitted to; `None` of a smaller one.
    pub(super) fn of(train: &OpenedSplit, task: &TaskSides, experiment: &Experiment) -> Option<Self> {
        let most = experiment.tasks[&task.name].data.fit_samples;
        let bytes = train.file_bytes();
        let rows = bytes.len();
        if rows <= most && bytes.iter().sum::<u64>() <= FITTED {
            return None;
        }
        let mut reservoir = Reservoir::new(most, &task.name, experiment.seed);
        (0..rows).for_each(|_| reservoir.offer(|| ()));
        let drawn = reservoir.into_drawn().into_iter().map(|(row, ())| row).collect();
        let drawn = within_bytes(drawn, |row: &usize| bytes[*row], &task.name, experiment.seed);
        let mut values = Self { number: (drawn.len(), rows), ..Self::default() };
        let mut drawn = drawn.into_iter().peekable();
        for (place, &row) in train.samples.iter().enumerate() {
            while drawn.next_if(|&of| of < row).is_some() {}
            if drawn.next_if_eq(&row).is_some() {
                values.sources.extend(train.sources.get(place).cloned());
                values.targets.push(train.targets[place].clone());
            }
        }
        Some(values)
    }

    /// The values of a side.
    pub(super) fn values(&self, role: Role) -> &[Value] {
        match role {
            Role::Source => &self.sources,
            Role::Target => &self.targets,
        }
    }
}

/// Draws the samples of a streamed split to which adapters are fitted, and opens them; those that cannot be are left out.
fn draw(streamed: &Streamed, task: &TaskSides, experiment: &Experiment) -> Result<Drawn, RunError> {
    let names = task.fields();
    let most = experiment.tasks[&task.name].data.fit_samples;
    let mut reservoir = Reservoir::new(most, &task.name, experiment.seed);
    // Files with all their bytes are not held before it is known which are drawn.
    let again = streamed.holds_files();
    each_row(streamed, &names, |chunk, columns, row| {
        let bytes = chunk.bytes_of_files(&names, row, 0);
        reservoir.offer(|| (bytes, if again { None } else { values_of(chunk, &names, columns, row) }));
    })?;
    let all = reservoir.seen;
    let bytes = |(_, (bytes, _)): &(usize, (u64, Option<Vec<Value>>))| *bytes;
    let rows = within_bytes(reservoir.into_drawn(), bytes, &task.name, experiment.seed);
    let mut drawn = Drawn { number: (rows.len(), all), ..Drawn::default() };
    let rows: Vec<Vec<Value>> = if again {
        let mut places = rows.into_iter().map(|(place, _)| place).peekable();
        let (mut number, mut found) = (0, Vec::new());
        each_row(streamed, &names, |chunk, columns, row| {
            if places.next_if_eq(&number).is_some() {
                found.extend(values_of(chunk, &names, columns, row));
            }
            number += 1;
        })?;
        found
    } else {
        rows.into_iter().filter_map(|(_, (_, values))| values).collect()
    };
    let mut rows = rows.into_iter();
    let mut unread = None;
    loop {
        // Part by part, so that values are held once: as they are read, or opened.
        let mut columns: Vec<Vec<Value>> = vec![Vec::new(); names.len()];
        for values in rows.by_ref().take(OPENED) {
            columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        }
        let samples = Samples::new(names.iter().cloned().zip(columns).collect()).unwrap_or_default();
        if samples.is_empty() {
            break;
        }
        match OpenedSplit::new(&samples, task) {
            Ok(opened) => {
                drawn.sources.extend(opened.sources);
                drawn.targets.extend(opened.targets);
            }
            Err(error) => unread = Some(error),
        }
    }
    match unread {
        Some(error) if drawn.targets.is_empty() => Err(error),
        _ => Ok(drawn),
    }
}

/// Looks at all rows of a split, with the columns of some fields.
fn each_row(
    streamed: &Streamed,
    names: &[String],
    mut look: impl FnMut(&Samples, &[&[Value]], usize),
) -> Result<(), RunError> {
    for chunk in streamed.chunks() {
        let chunk = chunk?;
        let columns = names.iter().map(|name| chunk.require(name)).collect::<Result<Vec<_>, _>>()?;
        (0..chunk.len()).for_each(|row| look(&chunk, &columns, row));
    }
    Ok(())
}

/// The values of a row; none of one that lacks a value, which is drawn as any other and then read as little.
fn values_of(chunk: &Samples, names: &[String], columns: &[&[Value]], row: usize) -> Option<Vec<Value>> {
    let values = || columns.iter().map(|column| column[row].clone()).collect();
    chunk.absent(names, row).is_none().then(values)
}

/// Says to how many samples adapters are fitted, if not to all.
pub(super) fn say_drawn(task: &str, drawn: &Drawn, watch: &mut Watch<'_>) {
    let (samples, of) = drawn.number;
    if samples < of {
        watch(Preparing::Drawn { task, samples, of });
    }
}

/// Draws what adapters are fitted to, of every task whose training split is on the disk.
pub(super) fn draw_all(
    document: &Document,
    groups: &Groups,
    opened: &mut [OpenedTask],
    watch: &mut Watch<'_>,
) -> Result<(), RunError> {
    for (task, opened) in groups.tasks().iter().zip(opened) {
        if let Train::Disk(streamed, drawn) = &mut opened.train {
            watch(Preparing::Fitting { task: &task.name });
            let found = draw(streamed, task, &document.experiment)?;
            *streamed = streamed.clone().counted(found.number.1);
            say_drawn(&task.name, &found, watch);
            *drawn = Some(found);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_files_are_drawn_than_can_be_opened_together() {
        let few: Vec<u64> = vec![1 << 20; 64];
        assert_eq!(within_bytes(few.clone(), |bytes| *bytes, "t", 1), few);
        let many: Vec<(usize, u64)> = (0..1000).map(|number| (number, 1 << 20)).collect();
        let draw = |seed| within_bytes(many.clone(), |(_, bytes)| *bytes, "t", seed);
        let drawn = draw(1);
        assert_eq!(drawn.len(), 64);
        assert!(drawn.is_sorted() && drawn == draw(1) && drawn != draw(2));
        // One that is larger than all that is wanted is better than none.
        assert_eq!(within_bytes(vec![1 << 40, 1 << 40], |bytes| *bytes, "t", 1).len(), 1);
    }

    #[test]
    fn as_many_are_drawn_as_asked_for_each_as_likely() {
        let draw = |most, all, seed| {
            let mut reservoir = Reservoir::new(most, "t", seed);
            (0..all).for_each(|number| reservoir.offer(|| number * 10));
            reservoir.into_drawn()
        };
        assert_eq!(draw(5, 3, 1), [(0, 0), (1, 10), (2, 20)]);
        let mut counts = [0_usize; 20];
        for seed in 0..4000 {
            let drawn = draw(5, 20, seed);
            assert_eq!(drawn.len(), 5);
            assert!(drawn.is_sorted() && drawn.iter().all(|(number, item)| number * 10 == *item));
            drawn.iter().for_each(|(number, _)| counts[*number] += 1);
        }
        // 1,000 in the mean, with a standard deviation of 27.
        assert!(counts.iter().all(|count| (860..1140).contains(count)), "{counts:?}");
    }
}
