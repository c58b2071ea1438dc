//! Values that a pickle makes, as far as tensors are concerned. They stand in one list and name one another by their numbers,
//! so that a value that contains itself, or is nested a million deep, is nothing special.

use std::path::Path;

use crate::error::PretrainedError;
use crate::values::Values;

/// The number of a value.
pub(super) type Id = u32;

/// The most values of a pickle: a tensor takes about twenty.
const MOST: usize = 1 << 20;

/// Value that a pickle makes.
#[derive(Debug)]
pub(super) enum Node<'a> {
    /// None, true, false, a fraction, or a list: nothing that a tensor is made of.
    Other,
    Number(i64),
    Text(&'a str),
    Tuple(Vec<Id>),
    /// A dictionary, ordered or not.
    Dictionary(Vec<(Id, Id)>),
    Function(Function),
    Kind(&'static Kind),
    /// As many values of a kind, in a member of the archive.
    Storage {
        kind: &'static Kind,
        key: Id,
        count: u64,
    },
    /// View of a storage.
    Tensor {
        storage: Id,
        offset: u64,
        shape: Id,
        strides: Id,
    },
}

/// Function whose result is known without a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    /// `collections.OrderedDict`
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2`
    Tensor,
    /// `torch._utils._rebuild_parameter`
    Parameter,
}

/// Type of the values of a storage.
#[derive(Debug)]
pub(super) struct Kind {
    /// Its name in the module `torch`.
    name: &'static str,
    /// The name of its values, as safetensors calls them.
    pub(super) dtype: &'static str,
    /// Bytes of a value.
    pub(super) width: usize,
}

const fn kind(name: &'static str, dtype: &'static str, width: usize) -> Kind {
    Kind { name, dtype, width }
}

const KINDS: &[Kind] = &[
    kind("FloatStorage", "F32", 4),
    kind("HalfStorage", "F16", 2),
    kind("BFloat16Storage", "BF16", 2),
    kind("DoubleStorage", "F64", 8),
    kind("LongStorage", "I64", 8),
    kind("IntStorage", "I32", 4),
    kind("ShortStorage", "I16", 2),
    kind("CharStorage", "I8", 1),
    kind("ByteStorage", "U8", 1),
    kind("BoolStorage", "BOOL", 1),
    kind("ComplexFloatStorage", "C64", 8),
    kind("ComplexDoubleStorage", "C128", 16),
];

impl Kind {
    pub(super) fn values(&self) -> Values {
        match self.dtype {
            "F32" => Values::F32,
            "F16" => Values::F16,
            "BF16" => Values::BF16,
            other => Values::Other(other.to_owned()),
        }
    }
}

impl<'a> Node<'a> {
    /// What a name stands for; all but those that weights need are refused.
    pub(super) fn global(module: &str, name: &str) -> Result<Self, Refusal> {
        match (module, name) {
            ("collections", "OrderedDict") => Ok(Self::Function(Function::OrderedDict)),
            ("torch._utils", "_rebuild_tensor_v2") => Ok(Self::Function(Function::Tensor)),
            ("torch._utils", "_rebuild_parameter") => Ok(Self::Function(Function::Parameter)),
            // PyTorch's own way for types that no model of these families has: sound, and named as such.
            ("torch._utils", "_rebuild_tensor_v3") => Err(Refusal::Unread(
                "has tensors of 8-bit floats or of another new type (`torch._utils._rebuild_tensor_v3`)"
                    .to_owned(),
            )),
            ("torch", storage) => {
                let kind = KINDS.iter().find(|kind| kind.name == storage);
                kind.map(Self::Kind).ok_or_else(|| Refusal::runs(module, name))
            }
            _ => Err(Refusal::runs(module, name)),
        }
    }
}

/// All values of a pickle; the last one named by `root` is its result.
#[derive(Debug, Default)]
pub(super) struct Nodes<'a> {
    nodes: Vec<Node<'a>>,
    pub(super) root: Id,
}

impl<'a> Nodes<'a> {
    pub(super) fn add(&mut self, node: Node<'a>) -> Result<Id, Refusal> {
        if self.nodes.len() >= MOST {
            return Err(Refusal::Damaged(format!("its pickle makes more than {MOST} values")));
        }
        self.nodes.push(node);
        Ok((self.nodes.len() - 1) as Id)
    }

    /// A value by a number that `add` gave.
    pub(super) fn get(&self, id: Id) -> &Node<'a> {
        self.nodes.get(id as usize).unwrap_or(&Node::Other)
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut Node<'a>> {
        self.nodes.get_mut(id as usize)
    }

    pub(super) fn text(&self, id: Id) -> Option<&'a str> {
        if let Node::Text(text) = *self.get(id) { Some(text) } else { None }
    }

    pub(super) fn tuple(&self, id: Id) -> Option<&[Id]> {
        if let Node::Tuple(items) = self.get(id) { Some(items) } else { None }
    }

    /// A number that is not below 0.
    pub(super) fn size(&self, id: Id) -> Option<u64> {
        if let Node::Number(number) = *self.get(id) { number.try_into().ok() } else { None }
    }

    /// A tuple of such numbers.
    pub(super) fn sizes(&self, id: Id) -> Option<Vec<usize>> {
        let size = |&id: &Id| self.size(id)?.try_into().ok();
        self.tuple(id).filter(|sizes| sizes.len() <= super::view::DIMENSIONS)?.iter().map(size).collect()
    }

    /// The entries of the dictionary that a file of weights is.
    pub(super) fn entries(&self) -> Result<&[(Id, Id)], Refusal> {
        match self.get(self.root) {
            Node::Dictionary(entries) => Ok(entries),
            _ => Err(Refusal::Unread("holds no dictionary of tensors".to_owned())),
        }
    }
}

/// Reason why a file is not read.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is broken.
    Damaged(String),
    /// It would do this, which no weights need.
    Program(String),
    /// It may be sound, and only PyTorch reads it.
    Unread(String),
}

impl Refusal {
    /// The refusal of a name that a file would call.
    pub(super) fn runs(module: &str, name: &str) -> Self {
        Self::Program(format!("run `{}.{}`", module.escape_debug(), name.escape_debug()))
    }

    pub(super) fn of(self, path: &Path) -> PretrainedError {
        let path = path.to_owned();
        match self {
            Self::Damaged(reason) => PretrainedError::Damaged { path, reason },
            Self::Program(deed) => PretrainedError::Program { path, deed },
            Self::Unread(reason) => PretrainedError::Pickled { path, reason },
        }
    }
}
