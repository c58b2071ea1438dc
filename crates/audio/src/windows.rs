//! Windows of a long recording, cut at silence: what a model with a sequence of bounded length hears, one after the other.
//!
//! A cut falls into the middle of the longest pause of the last third of a window. A pause is a stretch whose energy lies
//! nearer to the quietest moment there than to speech, so that it is found in noise as in silence; where nobody pauses, the
//! quietest moment is cut.

use std::ops::Range;

/// Length of a frame of energy, in seconds.
const FRAME: f64 = 0.02;
/// Number of frames that the energy is smoothed over: stops between sounds of a word are shorter, pauses are longer.
const SMOOTHED: usize = 5;
/// Part of the longest window, from where on it may be cut.
const EARLIEST: f64 = 2.0 / 3.0;
/// Part of the longest window that is left for the last one at least.
const LEAST: f64 = 1.0 / 3.0;
/// Decibels below speech from which on all is equally silent: a moment without a bit of noise is no better a place.
const RANGE: f64 = 40.0;
/// Part of the way from the quietest energy to that of speech, in decibels, below which a pause lies.
const PAUSE: f64 = 0.25;
/// Share of the frames of a window that are no louder than speech.
const SPEECH: f64 = 0.9;
/// Least energy of a frame, 100 decibels below full scale.
const SILENCE: f64 = 1e-10;

/// Ranges of the samples of a recording, one behind the other, none longer than `longest` seconds; together they are the
/// recording. A recording that fits is one window, and one without a sample none.
///
/// A window is cut between two thirds of `longest` and all of it, and earlier only if the last window would be shorter than
/// a third of it. The same samples are always cut at the same places.
///
/// ```
/// let rate = 16_000;
/// // Twenty-four seconds of a tone, one of silence, and ten of the tone again.
/// let tone = |sample: usize| (sample as f32 * 0.1).sin() * 0.5;
/// let paused = |sample: usize| if (24 * rate..25 * rate).contains(&sample) { 0.0 } else { tone(sample) };
/// let samples: Vec<f32> = (0..35 * rate).map(paused).collect();
/// let windows = any2any_audio::windows(&samples, rate, 30.0);
/// assert_eq!(windows.len(), 2);
/// assert!((24 * rate..25 * rate).contains(&windows[0].end));
/// assert_eq!(windows[1], windows[0].end..samples.len());
/// ```
pub fn windows(samples: &[f32], rate: usize, longest: f64) -> Vec<Range<usize>> {
    // Three frames, so that there are places to cut at.
    let frame = ((FRAME * rate as f64).round() as usize).max(1);
    let longest = ((longest * rate as f64) as usize).max(3 * frame);
    let mut windows = Vec::new();
    let mut start = 0;
    while samples.len() - start > longest {
        let end = start + cut(&samples[start..], frame, longest);
        windows.push(start..end);
        start = end;
    }
    if start < samples.len() {
        windows.push(start..samples.len());
    }
    windows
}

/// The length of the first window of more samples than the longest one has.
fn cut(samples: &[f32], frame: usize, longest: usize) -> usize {
    let least = (LEAST * longest as f64) as usize;
    let last = longest.min(samples.len() - least);
    let first = ((EARLIEST * longest as f64) as usize).min(last - least);
    let energies = energies(&samples[..longest], frame);
    // Frames that lie between the first and the last place of a cut as a whole.
    let place = first.div_ceil(frame).min(energies.len() - 1);
    let zone = &energies[place..(last / frame).clamp(place + 1, energies.len())];
    let quietest = zone.iter().copied().fold(f64::INFINITY, f64::min);
    let speech = not_exceeded_by(&energies, SPEECH).max(quietest);
    let quiet = quietest.max(speech - RANGE);
    let pause = longest_run(zone, quiet + PAUSE * (speech - quiet));
    (place + pause.start) * frame + (pause.end - pause.start) * frame / 2
}

/// The energies of frames in decibels, smoothed; what is left behind the last whole frame is none.
fn energies(samples: &[f32], frame: usize) -> Vec<f64> {
    let energy = |frame: &[f32]| {
        frame.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / frame.len() as f64
    };
    let energies: Vec<f64> = samples.chunks_exact(frame).map(energy).collect();
    let half = SMOOTHED / 2;
    let smoothed = |number: usize| {
        let near = &energies[number.saturating_sub(half)..(number + half + 1).min(energies.len())];
        10.0 * (near.iter().sum::<f64>() / near.len() as f64).max(SILENCE).log10()
    };
    (0..energies.len()).map(smoothed).collect()
}

/// The value that a share of all values do not exceed.
fn not_exceeded_by(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

/// The longest run of values that are no more than a bound; of runs as long, the last, which leaves the longer window.
fn longest_run(values: &[f64], most: f64) -> Range<usize> {
    let mut longest = 0..0;
    let mut start = 0;
    for (number, &value) in values.iter().enumerate() {
        if value > most {
            start = number + 1;
        } else if number + 1 - start >= longest.len() {
            longest = start..number + 1;
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;

    use super::*;

    const RATE: usize = 1000;

    /// A noise of so many seconds with pauses, each from one second to another, of a level.
    fn noise(seconds: f64, pauses: &[(f64, f64, f32)]) -> Vec<f32> {
        let mut random = Seed(1).random("noise", 0);
        let level = |second: f64| {
            let pause = pauses.iter().find(|(start, end, _)| (*start..*end).contains(&second));
            pause.map_or(0.5, |pause| pause.2)
        };
        let sample = |number: usize| (random.unit() as f32 - 0.5) * level(number as f64 / RATE as f64);
        (0..(seconds * RATE as f64) as usize).map(sample).collect()
    }

    fn ends(samples: &[f32]) -> Vec<f64> {
        windows(samples, RATE, 30.0).iter().map(|window| window.end as f64 / RATE as f64).collect()
    }

    #[test]
    fn cuts_fall_into_pauses() {
        // The duration, its pauses, and between which seconds each window must end.
        type Case<'c> = (f64, &'c [(f64, f64, f32)], &'c [(f64, f64)]);
        let cases: [Case; 8] = [
            (0.0, &[], &[]),
            (30.0, &[(25.0, 26.0, 0.0)], &[(30.0, 30.0)]),
            // The longer of two pauses, though the other is quieter, and neither is silent.
            (50.0, &[(22.0, 22.2, 0.001), (26.0, 26.8, 0.01)], &[(26.3, 26.5), (50.0, 50.0)]),
            // A pause before two thirds of a window is none that is cut.
            (50.0, &[(10.0, 12.0, 0.0), (24.0, 24.4, 0.0)], &[(24.1, 24.3), (50.0, 50.0)]),
            // The rest must not be shorter than ten seconds.
            (31.0, &[(29.0, 29.5, 0.0), (17.0, 17.4, 0.01)], &[(17.1, 17.3), (31.0, 31.0)]),
            (75.0, &[(21.0, 21.4, 0.0), (45.0, 45.4, 0.0)], &[(21.1, 21.3), (45.1, 45.3), (75.0, 75.0)]),
            // Nobody pauses.
            (45.0, &[], &[(20.0, 30.0), (45.0, 45.0)]),
            // All is a pause: cut in the middle of where it may be.
            (60.0, &[(0.0, 60.0, 0.0)], &[(24.9, 25.1), (44.9, 50.1), (60.0, 60.0)]),
        ];
        for (seconds, pauses, expected) in cases {
            let found = ends(&noise(seconds, pauses));
            assert_eq!(found.len(), expected.len(), "{pauses:?}: {found:?}");
            for (found, (least, most)) in found.iter().zip(expected) {
                assert!((*least..=*most).contains(found), "{pauses:?}: {found}");
            }
        }
    }

    #[test]
    fn no_sample_is_lost_or_doubled_at_any_length_and_rate() {
        let sound = noise(200.0, &[(23.0, 23.1, 0.0), (61.0, 66.0, 0.0), (90.0, 140.0, 0.0)]);
        for (rate, longest) in
            [(1000, 30.0), (1000, 7.3), (16_000, 1.0), (1000, 0.0), (7, 0.01), (44_100, 0.1)]
        {
            for samples in [0, 1, 2, 3, 59, 60, 61, 999, 7_301, 29_999, 30_001, 31_000, 60_001, 200_000] {
                let windows = windows(&sound[..samples], rate, longest);
                let frame = (rate as f64 * FRAME).round().max(1.0);
                let most = (longest * rate as f64).max(3.0 * frame);
                let mut next = 0;
                for window in &windows {
                    assert!(window.start == next && window.end > next, "{samples} at {rate} Hz: {windows:?}");
                    assert!(window.len() as f64 <= most, "{samples} at {rate} Hz: {windows:?}");
                    next = window.end;
                }
                assert_eq!(next, samples);
            }
        }
    }
}
