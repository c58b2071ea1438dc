//! Families of models that are known.

use std::fmt;

use crate::config::Config;
use crate::error::PretrainedError;

/// A family of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// BART (Lewis et al. 2020).
    Bart,
    /// Blenderbot (Roller et al. 2021).
    Blenderbot,
    /// GPT-2 (Radford et al. 2019).
    Gpt2,
    /// M2M-100 (Fan et al. 2021), and NLLB (NLLB Team 2022), which has its layers.
    M2m100,
    /// Marian (Junczys-Dowmunt et al. 2018), as OPUS-MT's models are (Tiedemann and Thottingal 2020).
    Marian,
    /// mBART (Liu et al. 2020).
    Mbart,
    /// Pegasus (Zhang et al. 2020).
    Pegasus,
    /// T5 (Raffel et al. 2020), mT5 (Xue et al. 2021) and ByT5 (Xue et al. 2022).
    T5,
    /// A vision transformer (Dosovitskiy et al. 2021) that a decoder of text reads, as TrOCR (Li et al. 2021).
    VisionEncoderDecoder,
    /// Whisper (Radford et al. 2022).
    Whisper,
}

/// The `model_type` of each family in `config.json`.
const MODEL_TYPES: [(&str, Family); 11] = [
    ("bart", Family::Bart),
    ("blenderbot", Family::Blenderbot),
    ("gpt2", Family::Gpt2),
    ("m2m_100", Family::M2m100),
    ("marian", Family::Marian),
    ("mbart", Family::Mbart),
    ("mt5", Family::T5),
    ("pegasus", Family::Pegasus),
    ("t5", Family::T5),
    ("vision-encoder-decoder", Family::VisionEncoderDecoder),
    ("whisper", Family::Whisper),
];

impl Family {
    pub(crate) fn of(config: &Config) -> Result<Self, PretrainedError> {
        const OPTION: &str = "model_type";
        let known = || MODEL_TYPES.map(|(name, _)| name).join(", ");
        let Some(found) = config.text(OPTION)? else {
            return Err(config.refuse(OPTION, format!("is missing; known are: {}", known())));
        };
        let family = MODEL_TYPES.iter().find(|(name, _)| *name == found);
        family.map(|(_, family)| *family).ok_or_else(|| {
            config.refuse(
                OPTION,
                format!("is \"{found}\", a kind of model that is not known here; known are: {}", known()),
            )
        })
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bart => "BART",
            Self::Blenderbot => "Blenderbot",
            Self::Gpt2 => "GPT-2",
            Self::M2m100 => "M2M-100",
            Self::Marian => "Marian",
            Self::Mbart => "mBART",
            Self::Pegasus => "Pegasus",
            Self::T5 => "T5",
            Self::VisionEncoderDecoder => "vision encoder-decoder",
            Self::Whisper => "Whisper",
        })
    }
}
