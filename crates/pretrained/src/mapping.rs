//! Correspondence of a family's tensors and our parameters, which its reader and its writer share.

use crate::error::PretrainedError;
use crate::pretrained::LeftOut;

/// The pairs of a family's tensors and our parameters, told one by one to a reader ([`Assembly`](crate::assembly::Assembly))
/// or to a writer ([`Disassembly`](crate::export::Disassembly)).
pub(crate) trait Mapping {
    /// A tensor that stands as ours does.
    fn same(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError>;

    /// A linear layer of PyTorch, whose matrix is `[outputs, inputs]`, with a bias where ours has one.
    fn linear(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError>;

    /// A linear layer of GPT-2, whose matrix is `[inputs, outputs]`; several of ours stand side by side.
    fn columns(&mut self, theirs: &str, ours: &[String]) -> Result<(), PretrainedError>;

    /// A convolution over frames of PyTorch, whose kernels are `[outputs, inputs, kernel]`.
    fn convolution(&mut self, theirs: &str, ours: &str, kernel: usize) -> Result<(), PretrainedError>;

    /// A normalisation, with a bias where ours has one.
    fn norm(&mut self, theirs: &str, ours: &str) -> Result<(), PretrainedError>;

    /// A tensor of theirs, which may be there, that becomes nothing of ours.
    fn leave_out(&mut self, theirs: &str, reason: LeftOut);
}
