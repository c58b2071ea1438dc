//! Precision of a training's products: the choice of the experiment, on the processor that trains.

use any2any_experiment::spec::Precision;
use any2any_experiment::{Diagnostic, Document};
use any2any_kernels::{Order, Products};
use any2any_run::RunError;
use any2any_run::device::{device, is_flex};
use burn::tensor::{DType, Device};

use crate::error::TrainError;
use crate::ranks::Ranks;

/// The precision with the order of its sums, where the experiment leaves that to the processor: that which the processor has
/// instructions for, of several the fastest. Other backends than flex have orders of their own.
pub fn resolved(precision: Precision, device: &Device) -> Precision {
    if precision != Precision::Bfloat16 || !is_flex(device) {
        return precision;
    }
    match Order::ALL.into_iter().find(|order| order.has_instructions()) {
        Some(Order::Tiles) => Precision::Bfloat16Tiles,
        Some(Order::Pairs) | None => Precision::Bfloat16Pairs,
    }
}

/// The arithmetic of products in a precision.
pub fn products(precision: Precision) -> Products {
    match precision {
        Precision::Float32 => Products::Float32,
        Precision::Bfloat16 | Precision::Bfloat16Tiles => Products::Bfloat16(Order::Tiles),
        Precision::Bfloat16Pairs => Products::Bfloat16(Order::Pairs),
    }
}

/// Makes sure that all ranks take sums in one order: each has found that of its own processor.
pub(crate) fn agree(ranks: &Ranks, precision: Precision) -> Result<(), TrainError> {
    let all = ranks.all_gather_bytes(format!("{precision:?}").as_bytes())?;
    match all.iter().all(|of_rank| *of_rank == all[0]) {
        true => Ok(()),
        false => Err(TrainError::Unsupported(UNLIKE_ORDERS.to_owned())),
    }
}

const UNLIKE_ORDERS: &str = "the processors of the ranks take sums of products in bfloat16 in different orders; name one for all: \
                             `training.precision: bfloat16_tiles` or `bfloat16_pairs`";

/// Checks that the device computes in the precision of an experiment; gives a warning where its processor has no instructions for
/// the sums.
///
/// # Errors
///
/// If the device of another backend has no bfloat16.
pub(crate) fn check(document: &Document) -> Result<Option<Diagnostic>, RunError> {
    let experiment = &document.experiment;
    if experiment.training.precision == Precision::Float32 {
        return Ok(None);
    }
    let device = device(&experiment.device)?;
    if !device.supports_dtype(DType::BF16) {
        let help = Some("choose `float32`, or the backend `flex`".to_owned());
        let problem =
            document.diagnose("/training/precision", "this device does not compute in bfloat16", help);
        return Err(RunError::Experiment(problem.into()));
    }
    let precision = resolved(experiment.training.precision, &device);
    let Products::Bfloat16(order) = products(precision) else { return Ok(None) };
    Ok((is_flex(&device) && !order.has_instructions()).then(|| {
        let (message, help) = match order {
            Order::Tiles => (
                "this processor has no AMX",
                "choose `bfloat16`, or `float32`, where the bytes may be others",
            ),
            Order::Pairs => {
                ("this processor has neither AMX nor AVX512_BF16", "choose `float32`, which is faster here")
            }
        };
        let message =
            format!("{message}, so products in bfloat16 are computed with other instructions, and slowly");
        document.diagnose("/training/precision", message, Some(help.to_owned())).as_warning()
    }))
}
