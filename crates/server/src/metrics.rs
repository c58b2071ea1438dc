//! Metrics of the server, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// Upper bounds of the histogram of durations, in seconds.
const SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// Upper bounds of the histogram of batch sizes, in sources.
const SOURCES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Counters and histograms of the server.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// Number of requests by method, route and status.
    requests: Mutex<BTreeMap<(String, String, u16), u64>>,
    seconds: Histogram<{ SECONDS.len() }>,
    batches: Histogram<{ SOURCES.len() }>,
    /// Number of tokens written.
    pub(crate) tokens: AtomicU64,
    /// Number of jobs that wait for a model.
    pub(crate) queued: AtomicUsize,
    /// Number of requests at work.
    pub(crate) at_work: AtomicUsize,
    /// Number of jobs that ended in a panic.
    pub(crate) panics: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Mutex::default(),
            seconds: Histogram::new(SECONDS),
            batches: Histogram::new(SOURCES),
            tokens: AtomicU64::new(0),
            queued: AtomicUsize::new(0),
            at_work: AtomicUsize::new(0),
            panics: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    /// Counts an answered request.
    pub(crate) fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let key = (method.to_owned(), route.to_owned(), status);
        let mut requests = self.requests.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *requests.entry(key).or_default() += 1;
        self.seconds.observe(took.as_secs_f64());
    }

    /// Counts a batch of sources.
    pub(crate) fn batch(&self, sources: usize) {
        self.batches.observe(sources as f64);
    }

    /// All metrics, in the text format.
    pub(crate) fn text(&self, models: usize) -> String {
        let mut text = String::new();
        head(&mut text, "requests_total", "counter", "Requests by method, route and status.");
        let requests = self.requests.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for ((method, route, status), count) in requests.iter() {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "any2any_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {count}"
            );
        }
        drop(requests);
        self.seconds.write(&mut text, "request_seconds", "How long requests took.");
        self.batches.write(&mut text, "batch_sources", "Sources that were translated together.");
        let count = |atomic: &AtomicUsize| atomic.load(Ordering::Relaxed) as u64;
        for (name, kind, help, value) in [
            ("tokens_total", "counter", "Tokens written.", self.tokens.load(Ordering::Relaxed)),
            (
                "panics_total",
                "counter",
                "Models that had to be loaded anew.",
                self.panics.load(Ordering::Relaxed),
            ),
            ("queue_length", "gauge", "Jobs that wait for a model.", count(&self.queued)),
            ("requests_at_work", "gauge", "Requests at work.", count(&self.at_work)),
            ("models_loaded", "gauge", "Models in memory.", models as u64),
        ] {
            head(&mut text, name, kind, help);
            let _ = writeln!(text, "any2any_{name} {value}");
        }
        text
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP any2any_{name} {help}\n# TYPE any2any_{name} {kind}");
}

/// Cumulative histogram, as Prometheus defines it: the number of values up to each bound, their sum and their count.
#[derive(Debug)]
struct Histogram<const BOUNDS: usize> {
    bounds: [f64; BOUNDS],
    state: Mutex<Counts<BOUNDS>>,
}

#[derive(Debug)]
struct Counts<const BOUNDS: usize> {
    buckets: [u64; BOUNDS],
    count: u64,
    sum: f64,
}

impl<const BOUNDS: usize> Histogram<BOUNDS> {
    fn new(bounds: [f64; BOUNDS]) -> Self {
        Self { bounds, state: Mutex::new(Counts { buckets: [0; BOUNDS], count: 0, sum: 0.0 }) }
    }

    fn observe(&self, value: f64) {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for (bucket, bound) in state.buckets.iter_mut().zip(self.bounds) {
            *bucket += u64::from(value <= bound);
        }
        state.count += 1;
        state.sum += value;
    }

    fn write(&self, text: &mut String, name: &str, help: &str) {
        head(text, name, "histogram", help);
        let state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for (bound, count) in self.bounds.iter().zip(state.buckets) {
            let _ = writeln!(text, "any2any_{name}_bucket{{le=\"{bound}\"}} {count}");
        }
        let Counts { count, sum, .. } = *state;
        let _ = writeln!(text, "any2any_{name}_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(text, "any2any_{name}_sum {sum}\nany2any_{name}_count {count}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_written_as_prometheus_reads_them() {
        let metrics = Metrics::default();
        metrics.request("POST", "/api/translate", 200, Duration::from_millis(20));
        metrics.request("POST", "/api/translate", 200, Duration::from_millis(2));
        metrics.batch(3);
        let text = metrics.text(1);
        for line in [
            "any2any_requests_total{method=\"POST\",route=\"/api/translate\",status=\"200\"} 2",
            "any2any_request_seconds_bucket{le=\"0.005\"} 1",
            "any2any_request_seconds_bucket{le=\"0.025\"} 2",
            "any2any_request_seconds_bucket{le=\"+Inf\"} 2",
            "any2any_request_seconds_sum 0.022",
            "any2any_request_seconds_count 2",
            "any2any_batch_sources_bucket{le=\"2\"} 0",
            "any2any_batch_sources_bucket{le=\"4\"} 1",
            "# TYPE any2any_models_loaded gauge",
            "any2any_models_loaded 1",
        ] {
            assert!(text.lines().any(|written| written == line), "{line} is not in {text}");
        }
        // All else are comments and samples: a name with labels, and a number.
        for line in text.lines().filter(|line| !line.starts_with("# HELP ") && !line.starts_with("# TYPE ")) {
            let (name, value) = line.rsplit_once(' ').expect("a sample");
            assert!(name.starts_with("any2any_") && value.parse::<f64>().is_ok(), "{line}");
        }
    }
}
