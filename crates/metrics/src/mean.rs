//! Scores of media: the mean of one figure a sample.

use crate::{Bootstrap, MetricsError, Score};

/// The mean of the figures of samples, with a 95 % interval if a bootstrap is given; `noun` names one sample.
pub(crate) fn mean_score(
    name: &str,
    figures: &[f64],
    noun: &str,
    bootstrap: Option<&Bootstrap>,
) -> Result<Score, MetricsError> {
    let mean = figures.iter().sum::<f64>() / figures.len() as f64;
    let plural = if figures.len() == 1 { "" } else { "s" };
    let mut score = Score::new(name, mean).with_detail(format!("({} {noun}{plural})", figures.len()));
    let rows = || figures.iter().map(|&figure| [figure, 1.0]).collect::<Vec<_>>();
    score.interval = bootstrap.map(|bootstrap| bootstrap.interval_of_ratio(&rows())).transpose()?;
    Ok(score)
}
