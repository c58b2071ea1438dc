//! Writing frames: all at once where their number is fixed, else one after the other until the model stops.

use any2any_adapter::{FrameCount, Frames};
use burn::tensor::{Tensor, TensorData};

use crate::encoder_output::RowSelection;
use crate::model::{Model, Source};
use crate::pass::Pass;
use crate::stem::{Entrance, Input};

/// Writes the frames of each source.
///
/// The decoder starts from a frame of zeros and is fed what it wrote; when the number of frames is fixed it is
/// fed zeros throughout, as in training, and all frames are written in one pass.
///
/// # Panics
///
/// When the task writes tokens.
pub fn write_frames<S: Entrance>(
    model: &Model<S>,
    task: usize,
    source: Source,
    width: usize,
    count: FrameCount,
    pass: &mut Pass,
) -> Vec<Frames> {
    let rows = source.lengths.len();
    let encoded = model.encode(task, source, pass);
    match count {
        FrameCount::Fixed(frames) => {
            let zeros = Tensor::zeros([rows, frames, width], &model.device());
            let hidden = model.decode(task, encoded.as_ref(), Input::Frames(zeros), pass);
            let values = values(model.frames(task, hidden));
            values.chunks_exact((frames * width).max(1)).map(|row| whole(width, row.to_vec())).collect()
        }
        FrameCount::UntilStop { at_most } => {
            let mut state = model.start(encoded.as_ref());
            let mut written: Vec<Vec<f32>> = vec![Vec::new(); rows];
            let mut going: Vec<usize> = (0..rows).collect();
            let mut last = vec![0.0; rows * width];
            for _ in 0..at_most {
                if pass.is_cancelled() {
                    break;
                }
                let data = TensorData::new(last, [going.len(), 1, width]);
                let input = Input::Frames(Tensor::from_data(data, &model.device()));
                let hidden = model.extend(task, input, &mut state, pass);
                let next = values(model.frames(task, hidden));
                let (mut kept, mut rows) = (Vec::new(), Vec::new());
                last = Vec::new();
                for (place, frame) in next.chunks_exact(width + 1).enumerate() {
                    let row = going[place];
                    written[row].extend_from_slice(&frame[..width]);
                    if frame[width] <= 0.0 {
                        kept.push(place);
                        rows.push(row);
                        last.extend_from_slice(&frame[..width]);
                    }
                }
                if kept.is_empty() {
                    break;
                }
                if kept.len() < going.len() {
                    state.select(&RowSelection::new(&kept, &model.device()));
                }
                going = rows;
            }
            written.into_iter().map(|row| whole(width, row)).collect()
        }
    }
}

/// The values of a tensor, `[batch, target, width]`.
fn values(tensor: Tensor<3>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_into_vec().expect("converted to 32-bit floats")
}

/// Frames from their values, `[frames, width]`.
fn whole(width: usize, values: Vec<f32>) -> Frames {
    Frames::new(width, values).expect("whole frames were written")
}
