//! Windows of a source: searched for one after the other, their outputs joined; what a transcript leaves of a window is
//! read once more.

use std::borrow::Cow;
use std::collections::BTreeMap;

use any2any_adapter::{Region, Sequence, Signal, Value, Window};
use any2any_experiment::spec::Decoding;
use any2any_run::Task;
use any2any_search::Phrase;

use crate::decode::{Asked, Output, as_decoded, cut};
use crate::detection::DetectedLanguage;
use crate::encoded_source::EncodedSource;
use crate::error::TranslateError;
use crate::evaluate::Part;
use crate::segments::Segment;
use crate::translator::Translator;

/// A source of a search.
pub(crate) struct Searched<'a> {
    /// The number of the source among all, which seeds its sampling.
    pub(crate) number: usize,
    /// The windows that are read one after the other; none of a source that is read at once.
    pub(crate) windows: Vec<(Option<&'a Window>, &'a Sequence)>,
    /// The phrases that its output must have.
    pub(crate) phrases: Vec<Phrase>,
}

/// The outputs of a source, and the language that the model told of it.
pub(crate) struct Found {
    pub(crate) outputs: Vec<Output>,
    pub(crate) detected: Option<DetectedLanguage>,
}

/// A window that waits to be searched for.
struct Waiting<'a> {
    /// The place of the source among those that are searched for.
    place: usize,
    window: Option<Cow<'a, Window>>,
    sequence: Cow<'a, Sequence>,
    /// True for the first window, which a prefix begins.
    first: bool,
}

impl Translator {
    /// Searches for the outputs of sources, in their order: of each window by itself, and in the language that the model
    /// tells of the first, where it tells one. Only the output of the first window begins with `prefix`.
    pub(crate) fn search_windows(
        &self,
        task: &Task,
        searched: &[Searched<'_>],
        decoding: &Decoding,
        prefix: &[u32],
    ) -> Result<Vec<Found>, TranslateError> {
        let task = &*as_decoded(task, decoding)?;
        let firsts: Vec<&Sequence> =
            searched.iter().filter_map(|source| Some(source.windows.first()?.1)).collect();
        let Some(detected) = self.detect_languages(task, &firsts, decoding)? else {
            let places: Vec<usize> = (0..searched.len()).collect();
            let found = self.search_in_one_language(task, searched, &places, decoding, prefix)?;
            return Ok(found.into_iter().map(|outputs| Found { outputs, detected: None }).collect());
        };
        let mut of_language: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, detected) in detected.iter().enumerate() {
            of_language.entry(&detected.language).or_default().push(place);
        }
        let mut found: Vec<Vec<Output>> = searched.iter().map(|_| Vec::new()).collect();
        for (language, places) in of_language {
            let task = task.with_language(language)?;
            let outputs = self.search_in_one_language(&task, searched, &places, decoding, prefix)?;
            for (place, outputs) in places.into_iter().zip(outputs) {
                found[place] = outputs;
            }
        }
        let found = found.into_iter().zip(detected);
        Ok(found.map(|(outputs, detected)| Found { outputs, detected: Some(detected) }).collect())
    }

    /// Those sources, each with its place, that a part of an evaluation has: whole batches, as they would be searched for
    /// without parts.
    pub(crate) fn searched_of_part<'a>(
        &self,
        task: &Task,
        searched: Vec<(usize, Searched<'a>)>,
        decoding: &Decoding,
        part: Part,
    ) -> Result<Vec<(usize, Searched<'a>)>, TranslateError> {
        if part == Part::ALL {
            return Ok(searched);
        }
        let task = &*as_decoded(task, decoding)?;
        let longest =
            |of: &Searched<'_>| of.windows.iter().map(|(_, sequence)| sequence.len()).max().unwrap_or(0);
        let lengths: Vec<usize> = searched.iter().map(|(_, of)| longest(of)).collect();
        let mut order: Vec<usize> = (0..searched.len()).collect();
        order.sort_by_key(|&place| std::cmp::Reverse(lengths[place]));
        let mut has = vec![false; searched.len()];
        let together = |place: usize| task.sources_together(lengths[place], decoding.hypotheses(), decoding);
        for (number, batch) in cut(&order, together).into_iter().enumerate() {
            batch.iter().for_each(|&place| has[place] = part.has(number));
        }
        Ok(searched.into_iter().zip(has).filter_map(|(of, has)| has.then_some(of)).collect())
    }

    /// Searches for the outputs of those sources that stand in some places.
    fn search_in_one_language(
        &self,
        task: &Task,
        searched: &[Searched<'_>],
        places: &[usize],
        decoding: &Decoding,
        prefix: &[u32],
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        let mut waiting = Vec::new();
        for &place in places {
            let windows = searched[place].windows.iter().enumerate();
            waiting.extend(windows.map(|(number, &(window, sequence))| Waiting {
                place,
                window: window.map(Cow::Borrowed),
                sequence: Cow::Borrowed(sequence),
                first: number == 0,
            }));
        }
        let mut found: Vec<Vec<(Option<f64>, Vec<Output>)>> = searched.iter().map(|_| Vec::new()).collect();
        while !waiting.is_empty() {
            // The sampling of a source depends on its number among all, and so does that of each of its windows.
            let asked = waiting.iter().map(|Waiting { place, sequence, first, .. }| {
                let Searched { number, phrases, .. } = &searched[*place];
                let prefix = if *first { prefix } else { &[] };
                Asked { sequence, number: *number, prefix, phrases: phrases.clone() }
            });
            let outputs = self.search_asked(task, &asked.collect::<Vec<_>>(), decoding)?;
            let mut rests = Vec::new();
            for (Waiting { place, window, .. }, outputs) in waiting.into_iter().zip(outputs) {
                let best = window.as_ref().zip(outputs.first());
                let rest = best.and_then(|(window, best)| rest(task, window, best, decoding));
                if let Some(window) = rest {
                    let sequence = Cow::Owned(task.encode_source(&window.value)?.sequence);
                    rests.push(Waiting { place, window: Some(Cow::Owned(window)), sequence, first: false });
                }
                found[place].push((window.map(|window| window.start), outputs));
            }
            waiting = rests;
        }
        places.iter().map(|&place| of_windows(task, std::mem::take(&mut found[place]))).collect()
    }

    /// Writes the output of one source window by window, and tells each token as it is chosen.
    pub(crate) fn stream_windows(
        &self,
        task: &Task,
        source: &EncodedSource,
        prefix: &[u32],
        decoding: &Decoding,
        each: &mut dyn FnMut(u32, f32),
    ) -> Result<Found, TranslateError> {
        let first = source.sequences().next();
        let (task, detected) = self.in_language_of(task, first)?;
        let task = &*as_decoded(&task, decoding)?;
        let mut found = Vec::new();
        for (number, (window, sequence)) in source.windows().into_iter().enumerate() {
            let prefix = if number == 0 { prefix } else { &[] };
            let output = self.stream(task, Some(sequence), prefix, decoding, each)?;
            let mut left = window.and_then(|window| rest(task, window, &output, decoding));
            found.push((window.map(|window| window.start), vec![output]));
            while let Some(window) = left {
                let sequence = task.encode_source(&window.value)?.sequence;
                let output = self.stream(task, Some(&sequence), &[], decoding, each)?;
                left = rest(task, &window, &output, decoding);
                found.push((Some(window.start), vec![output]));
            }
        }
        Ok(Found { outputs: of_windows(task, found)?, detected })
    }
}

/// Least duration by which a window has to go on, in seconds.
const PROGRESS: f64 = 1.0;

/// Least duration of what is read once more, in seconds.
const LEAST_REST: f64 = 0.3;

/// The rest of a window whose transcript stops before it: one that ends with two timestamps, of which the second begins a
/// piece that the model did not write any more.
fn rest(task: &Task, window: &Window, output: &Output, decoding: &Decoding) -> Option<Window> {
    let timestamps = decoding.timestamps.then(|| task.timestamps().ok())??;
    let (&last, before) = output.tokens().split_last()?;
    let (start, _) = (timestamps.seconds(last)?, timestamps.seconds(*before.last()?)?);
    let signal = window.value.as_signal()?;
    let from = (start * signal.rate()) as usize;
    if start < PROGRESS || signal.len() as f64 / signal.rate() < start + LEAST_REST {
        return None;
    }
    let samples = signal.channel(0).get(from..)?.to_vec();
    let value = Value::Signal(Signal::mono(signal.rate(), samples)?);
    Some(Window { value, start: window.start + start })
}

/// The outputs of a source: all of one that was read at once, and else the best of each window, joined.
fn of_windows(
    task: &Task,
    mut found: Vec<(Option<f64>, Vec<Output>)>,
) -> Result<Vec<Output>, TranslateError> {
    found.sort_by(|(a, _), (b, _)| a.unwrap_or(0.0).total_cmp(&b.unwrap_or(0.0)));
    if let [(start, outputs)] = &mut found[..] {
        let outputs = std::mem::take(outputs);
        return match *start {
            None => Ok(outputs),
            Some(start) => outputs.into_iter().map(|output| joined(task, [(start, output)])).collect(),
        };
    }
    let best = found.into_iter().filter_map(|(start, outputs)| Some((start?, outputs.into_iter().next()?)));
    Ok(vec![joined(task, best)?])
}

/// Outputs of the windows of one source, joined to one, without spaces before it.
///
/// # Errors
///
/// If the target is no text: nothing else can be joined.
fn joined(task: &Task, windows: impl IntoIterator<Item = (f64, Output)>) -> Result<Output, TranslateError> {
    let mut all = Output::empty();
    let (mut text, mut tokens) = (String::new(), Vec::new());
    for (seconds, output) in windows {
        let Value::Text(of_window) = &output.decoded.value else {
            let reason =
                "is read in several windows, whose outputs are no texts that could be joined: cut it shorter";
            return Err(TranslateError::Unsupported(format!(
                "this source of task '{}' {reason}",
                task.name()
            )));
        };
        let of_window_trimmed = of_window.trim_start();
        if !text.is_empty() && !of_window_trimmed.is_empty() {
            text.push(' ');
        }
        // Where the text of the window begins in the whole, less the spaces that are not taken over.
        let (start, cut) = (text.len(), of_window.len() - of_window_trimmed.len());
        text.push_str(of_window_trimmed);
        let shifted = |region: &Region| match region {
            Region::Bytes(range) => {
                let moved = |at: usize| at.saturating_sub(cut) + start;
                Region::Bytes(moved(range.start)..moved(range.end))
            }
            other => other.clone(),
        };
        all.decoded.regions.extend(output.decoded.regions.iter().map(shifted));
        tokens.extend_from_slice(output.tokens());
        all.segments.extend(output.segments.into_iter().map(|segment| Segment {
            start: segment.start + seconds,
            end: segment.end + seconds,
            ..segment
        }));
        all.score += output.score;
        all.log_probability += output.log_probability;
    }
    all.decoded.value = Value::Text(text);
    all.sequence = Sequence::Tokens(tokens);
    Ok(all)
}
