//! Decoding options on the command line, which take the place of the experiment's.

use any2any_experiment::spec::{Beam, Decoding, DecodingError, Sampling};
use clap::Args;

use super::Usage;

/// Options of beam search, beside which there are none of sampling.
const OF_BEAM: [&str; 3] = ["beam", "length_penalty", "n_best"];
/// Options of sampling.
const OF_SAMPLING: [&str; 5] = ["sample", "temperature", "top_k", "top_p", "seed"];

/// Decoding options; those left out are as the experiment says.
#[derive(Args, Debug)]
pub(crate) struct SearchArguments {
    /// Greedy search: take the most probable token at every step.
    #[arg(long, conflicts_with_all = OF_BEAM, conflicts_with_all = OF_SAMPLING)]
    pub greedy: bool,
    /// Beam search with this many hypotheses.
    #[arg(long, value_name = "SIZE", conflicts_with_all = OF_SAMPLING)]
    pub beam: Option<usize>,
    /// The exponent of the length by which a hypothesis' log-probability is divided.
    #[arg(long, value_name = "EXPONENT", conflicts_with_all = OF_SAMPLING)]
    pub length_penalty: Option<f64>,
    /// Print this many hypotheses a source, as `LINE ||| TEXT ||| SCORE`.
    #[arg(long, value_name = "COUNT", conflicts_with_all = OF_SAMPLING)]
    pub n_best: Option<usize>,
    /// Sampling: draw each token at random.
    #[arg(long)]
    pub sample: bool,
    /// The divisor of the logits in sampling.
    #[arg(long)]
    pub temperature: Option<f64>,
    /// Draw from the K most probable tokens.
    #[arg(long, value_name = "K")]
    pub top_k: Option<usize>,
    /// Draw from the most probable tokens that together reach P.
    #[arg(long, value_name = "P")]
    pub top_p: Option<f64>,
    /// The seed of the random numbers.
    #[arg(long)]
    pub seed: Option<u64>,
    /// The scale of classifier-free guidance; 1: none. Needs `source_dropout` in training.
    #[arg(long, value_name = "FACTOR")]
    pub guidance: Option<f64>,
    /// The most tokens of an output.
    #[arg(long, value_name = "TOKENS")]
    pub max_length: Option<usize>,
    /// The fewest tokens of an output.
    #[arg(long, value_name = "TOKENS")]
    pub min_length: Option<usize>,
    /// Write no sequence of this many tokens twice.
    #[arg(long, value_name = "TOKENS")]
    pub no_repeat_ngram: Option<usize>,
    /// The divisor of the score of tokens already written; 1: no penalty.
    #[arg(long, value_name = "FACTOR")]
    pub repetition_penalty: Option<f64>,
    /// Write when each piece of a transcript is spoken, as `segments` of `--json`, with a model that can.
    #[arg(long)]
    pub timestamps: bool,
    /// The most source positions of one batch.
    #[arg(long, value_name = "TOKENS")]
    pub batch_tokens: Option<usize>,
}

impl SearchArguments {
    /// The experiment's decoding options with these changes.
    pub(crate) fn apply(&self, mut decoding: Decoding) -> anyhow::Result<Decoding> {
        if self.greedy {
            (decoding.beam, decoding.sampling) = (None, None);
        }
        if self.sample || (self.draws() && decoding.sampling.is_none()) {
            (decoding.beam, decoding.sampling) = (None, Some(decoding.sampling.take().unwrap_or_default()));
        }
        if self.beam.is_some()
            || ((self.length_penalty.is_some() || self.n_best.is_some()) && decoding.beam.is_none())
        {
            (decoding.beam, decoding.sampling) = (Some(decoding.beam.take().unwrap_or_default()), None);
        }
        if let Some(beam) = &mut decoding.beam {
            let Beam { size, length_penalty, n_best } = beam;
            change(size, self.beam);
            change(length_penalty, self.length_penalty);
            change(n_best, self.n_best);
        }
        if let Some(sampling) = &mut decoding.sampling {
            let Sampling { temperature, top_k, top_p, seed } = sampling;
            change(temperature, self.temperature);
            change(top_k, self.top_k);
            change(top_p, self.top_p);
            *seed = self.seed.or(*seed);
        }
        decoding.max_length = self.max_length.or(decoding.max_length);
        change(&mut decoding.guidance, self.guidance);
        change(&mut decoding.min_length, self.min_length);
        change(&mut decoding.no_repeat_ngram, self.no_repeat_ngram);
        change(&mut decoding.repetition_penalty, self.repetition_penalty);
        change(&mut decoding.batch_tokens, self.batch_tokens);
        decoding.timestamps |= self.timestamps;
        decoding.check().map_err(wrong)?;
        Ok(decoding)
    }

    fn draws(&self) -> bool {
        self.temperature.is_some() || self.top_k.is_some() || self.top_p.is_some() || self.seed.is_some()
    }
}

/// The error of decoding options in the words of the command line.
fn wrong(error: DecodingError) -> Usage {
    Usage(match &error {
        DecodingError::Hypotheses { size, n_best } => {
            format!("--n-best {n_best} needs a beam of at least that size, not {size}: add --beam {n_best}")
        }
        DecodingError::Lengths { .. } => format!("--min-length, --max-length: {error}"),
        DecodingError::Range { option, given, allowed } => {
            let name = option.rsplit('.').next().unwrap_or(option);
            let name = if name == "size" { "beam".to_owned() } else { name.replace('_', "-") };
            format!("--{name} is {given}, and must be {allowed}")
        }
        _ => format!("{error}: {}", error.help()),
    })
}

fn change<T: Copy>(option: &mut T, given: Option<T>) {
    *option = given.unwrap_or(*option);
}
