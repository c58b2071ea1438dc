//! Machine of pickles: the instructions that `torch.save` writes, and those that programs in pickles use, which are known
//! so that these are refused by name.

use std::collections::HashMap;

use super::node::{Function, Id, Node, Nodes, Refusal};

/// The highest protocol of pickles.
const PROTOCOL: u8 = 5;

/// What a pickle makes.
pub(super) fn run(bytes: &[u8]) -> Result<Nodes<'_>, Refusal> {
    let mut machine = Machine { bytes, ..Machine::default() };
    while machine.step()? {}
    match (machine.bytes, &machine.stack[..], &machine.marks[..]) {
        ([], &[root], []) => {
            machine.nodes.root = root;
            Ok(machine.nodes)
        }
        _ => Err(damaged("does not end where it says")),
    }
}

fn damaged(reason: &str) -> Refusal {
    Refusal::Damaged(format!("its pickle {reason}"))
}

#[derive(Default)]
struct Machine<'a> {
    /// What is not read yet.
    bytes: &'a [u8],
    nodes: Nodes<'a>,
    stack: Vec<Id>,
    /// Heights of the stack that nothing takes from below.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    /// Carries out an instruction; false after the last.
    fn step(&mut self) -> Result<bool, Refusal> {
        let [code] = self.exact()?;
        match code {
            b'.' => return Ok(false),
            0x80 => match self.exact()? {
                [2..=PROTOCOL] => {}
                [version] => return Err(damaged(&format!("is of protocol {version}"))),
            },
            // The length of a frame, which matters to readers of streams.
            0x95 => drop(self.exact::<8>()?),
            b'(' => self.marks.push(self.stack.len()),
            b'N' | 0x88 | 0x89 | b']' => self.push(Node::Other)?,
            b'G' => {
                self.exact::<8>()?;
                self.push(Node::Other)?;
            }
            b'K' | b'M' | b'J' | 0x8a => self.number(code)?,
            b'X' => {
                let length = u32::from_le_bytes(self.exact()?);
                self.text(length as usize)?;
            }
            0x8c => {
                let [length] = self.exact()?;
                self.text(length.into())?;
            }
            b')' => self.push(Node::Tuple(Vec::new()))?,
            0x85..=0x87 => {
                let count = usize::from(code - 0x84);
                let first = self.stack.len().checked_sub(count).filter(|&first| first >= self.floor());
                let items = self.stack.split_off(first.ok_or_else(empty)?);
                self.push(Node::Tuple(items))?;
            }
            b't' => {
                let items = self.marked()?;
                self.push(Node::Tuple(items))?;
            }
            b'}' => self.push(Node::Dictionary(Vec::new()))?,
            // Items of lists, which no tensor is made of.
            b'a' => drop(self.pop()?),
            b'e' => drop(self.marked()?),
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(&[key, value])?;
            }
            b'u' => {
                let items = self.marked()?;
                self.set(&items)?;
            }
            b'h' | b'j' | b'q' | b'r' | 0x94 => self.remember(code)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Node::global(module, name)?)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (module, name) =
                    self.nodes.text(module).zip(self.nodes.text(name)).ok_or_else(unnamed)?;
                self.push(Node::global(module, name)?)?;
            }
            b'R' => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                self.call(function, arguments)?;
            }
            b'b' => self.build()?,
            b'Q' => {
                let id = self.pop()?;
                self.storage(id)?;
            }
            b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                return Err(Refusal::runs(module, name));
            }
            b'o' => return Err(Refusal::Program("make an object (OBJ)".to_owned())),
            0x81 => return Err(Refusal::Program("make an object (NEWOBJ)".to_owned())),
            0x92 => return Err(Refusal::Program("make an object (NEWOBJ_EX)".to_owned())),
            0x82..=0x84 => {
                return Err(Refusal::Program("run what is registered by a number (EXT)".to_owned()));
            }
            other => {
                let reason = format!(
                    "has the instruction {other:#04x} in its pickle, which torch.save writes for no weights"
                );
                return Err(Refusal::Unread(reason));
            }
        }
        Ok(true)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or_else(|| damaged("ends too early"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn exact<const COUNT: usize>(&mut self) -> Result<[u8; COUNT], Refusal> {
        let taken = self.take(COUNT)?;
        taken.try_into().map_err(|_| damaged("ends too early"))
    }

    /// A line of text, without its end.
    fn line(&mut self) -> Result<&'a str, Refusal> {
        let end = self.bytes.iter().position(|&byte| byte == b'\n').ok_or_else(unnamed)?;
        let line = self.take(end)?;
        self.take(1)?;
        std::str::from_utf8(line).map_err(|_| unnamed())
    }

    fn text(&mut self, length: usize) -> Result<(), Refusal> {
        let text = std::str::from_utf8(self.take(length)?);
        self.push(Node::Text(text.map_err(|_| damaged("has a text that is none"))?))
    }

    fn number(&mut self, code: u8) -> Result<(), Refusal> {
        let number = match code {
            b'K' => self.exact::<1>()?[0].into(),
            b'M' => u16::from_le_bytes(self.exact()?).into(),
            b'J' => i32::from_le_bytes(self.exact()?).into(),
            _ => {
                let [length] = self.exact()?;
                let bytes = self.take(length.into())?;
                if bytes.len() > 8 {
                    return Err(damaged(&format!("has a number of {length} bytes")));
                }
                // The last byte has the sign.
                let sign = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
                let mut all = [sign; 8];
                all[..bytes.len()].copy_from_slice(bytes);
                i64::from_le_bytes(all)
            }
        };
        self.push(Node::Number(number))
    }

    fn push(&mut self, node: Node<'a>) -> Result<(), Refusal> {
        let id = self.nodes.add(node)?;
        self.stack.push(id);
        Ok(())
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<Id, Refusal> {
        self.stack[self.floor()..].last().copied().ok_or_else(empty)
    }

    fn pop(&mut self) -> Result<Id, Refusal> {
        let id = self.top()?;
        self.stack.pop();
        Ok(id)
    }

    /// What stands above the last mark.
    fn marked(&mut self) -> Result<Vec<Id>, Refusal> {
        let mark = self.marks.pop().ok_or_else(empty)?;
        Ok(self.stack.split_off(mark))
    }

    /// Puts keys and values into the dictionary that they stand on.
    fn set(&mut self, items: &[Id]) -> Result<(), Refusal> {
        let dictionary = self.top()?;
        match (self.nodes.get_mut(dictionary), items.as_chunks::<2>()) {
            (Some(Node::Dictionary(entries)), (pairs, [])) => {
                entries.extend(pairs.iter().map(|&[key, value]| (key, value)));
                Ok(())
            }
            _ => Err(damaged("sets entries of what is no dictionary")),
        }
    }

    /// Keeps the top of the stack under a number, or fetches what is kept.
    fn remember(&mut self, code: u8) -> Result<(), Refusal> {
        let number = match code {
            b'h' | b'q' => self.exact::<1>()?[0].into(),
            b'j' | b'r' => u32::from_le_bytes(self.exact()?),
            _ => self.memo.len() as u32,
        };
        if matches!(code, b'h' | b'j') {
            let kept = self.memo.get(&number).copied();
            self.stack.push(kept.ok_or_else(|| damaged("fetches what it never kept"))?);
        } else {
            let top = self.top()?;
            self.memo.insert(number, top);
        }
        Ok(())
    }

    /// Notes what a function would make.
    fn call(&mut self, function: Id, arguments: Id) -> Result<(), Refusal> {
        let wrong = || damaged("calls what it may with arguments that it has not");
        let Node::Function(function) = *self.nodes.get(function) else {
            return Err(Refusal::Program("call what is no function of weights".to_owned()));
        };
        let made = match (function, self.nodes.tuple(arguments).ok_or_else(wrong)?) {
            (Function::OrderedDict, []) => Node::Dictionary(Vec::new()),
            (Function::Tensor, &[storage, offset, shape, strides, _, _]) => {
                if !matches!(self.nodes.get(storage), Node::Storage { .. }) {
                    return Err(wrong());
                }
                let offset = self.nodes.size(offset).ok_or_else(wrong)?;
                Node::Tensor { storage, offset, shape, strides }
            }
            // Bits that say how the values are meant: conjugated, or negated.
            (Function::Tensor, [_, _, _, _, _, _, _]) => {
                return Err(Refusal::Unread(
                    "has a tensor whose values are conjugated or negated".to_owned(),
                ));
            }
            (Function::Parameter, &[tensor, _, _]) => {
                let &Node::Tensor { storage, offset, shape, strides } = self.nodes.get(tensor) else {
                    return Err(wrong());
                };
                Node::Tensor { storage, offset, shape, strides }
            }
            _ => return Err(wrong()),
        };
        self.push(made)
    }

    /// Leaves out the attributes of a dictionary: the versions of modules.
    fn build(&mut self) -> Result<(), Refusal> {
        self.pop()?;
        let object = self.top()?;
        match self.nodes.get(object) {
            Node::Dictionary(_) => Ok(()),
            _ => Err(Refusal::Program("set the state of an object (BUILD)".to_owned())),
        }
    }

    /// Notes a storage, which is named by `("storage", kind, key, device, count)`.
    fn storage(&mut self, id: Id) -> Result<(), Refusal> {
        let wrong = || damaged("has a storage without a kind, a key or a size");
        let Some(&[word, kind, key, _, count]) = self.nodes.tuple(id) else { return Err(wrong()) };
        let (Some("storage"), &Node::Kind(kind)) = (self.nodes.text(word), self.nodes.get(kind)) else {
            return Err(wrong());
        };
        let count = self.nodes.size(count).ok_or_else(wrong)?;
        self.push(Node::Storage { kind, key, count })
    }
}

fn empty() -> Refusal {
    damaged("takes more from its stack than there is")
}

fn unnamed() -> Refusal {
    damaged("names something by what is no text")
}
