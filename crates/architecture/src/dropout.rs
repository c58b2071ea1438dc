//! Dropout (Srivastava et al. 2014), by the parts of a model that it stands in.

/// Shares of values that are set to zero while a model trains.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DropoutRates {
    /// Of residual branches; between the layers of an LSTM.
    pub residual: f64,
    /// Of embeddings plus positions.
    pub embedding: f64,
    /// Of attention weights.
    pub attention: f64,
    /// Of activated values inside feed-forward layers.
    pub activation: f64,
}

impl DropoutRates {
    /// One rate everywhere.
    pub fn everywhere(rate: f64) -> Self {
        Self { residual: rate, embedding: rate, attention: rate, activation: rate }
    }
}
