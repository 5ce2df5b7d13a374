//! Lists of whole numbers out of a pickled NumPy array of lists.
//!
//! A pickle is a program for a machine with a stack, and can name any Python object. Here nothing is run and nothing
//! built but the lists: of everything else it is known only that it is neither a number nor a list. So memory is a few
//! times the length of the pickle, whatever it says, and nothing nests. A list may be in the array once only.

use anyhow::{Context, Result, bail, ensure};

use crate::untrusted::Budget;

/// Python stacks at most a thousand elements of a list.
const MAX_STACK: usize = 1 << 16;
/// Bytes of memory that a list takes beside its numbers.
const LIST_COST: usize = 64;

/// An item of the stack.
enum Item {
    Number(i64),
    /// A list of numbers; 0 stands for those that are not in `1..=u32::MAX`.
    Ranks(Vec<u32>),
    Lists(Vec<Vec<u32>>),
    Other,
}

/// The lists of a pickled array, at most `most` of them; numbers out of `1..=u32::MAX` are 0.
///
/// # Errors
/// The pickle is cut off, or it is none of lists of whole numbers.
pub(super) fn lists(pickle: &[u8], most: usize, budget: &Budget) -> Result<Vec<Vec<u32>>> {
    let mut machine = Machine {
        code: pickle,
        stack: Vec::new(),
        marks: Vec::new(),
        // One list holds the others.
        lists: most.saturating_add(1),
        budget,
    };
    let result = loop {
        if let Some(result) = machine.step()? {
            break result;
        }
    };
    match result {
        Item::Lists(lists) => Ok(lists),
        Item::Ranks(ranks) if ranks.is_empty() => Ok(Vec::new()),
        _ => bail!("it is not an array of lists"),
    }
}

struct Machine<'a> {
    /// Bytes still to be read.
    code: &'a [u8],
    stack: Vec<Item>,
    /// Heights of the stack.
    marks: Vec<usize>,
    /// How many more there may be.
    lists: usize,
    budget: &'a Budget,
}

impl Machine<'_> {
    /// Takes one instruction; gives the result after the last.
    fn step(&mut self) -> Result<Option<Item>> {
        let [op] = self.bytes()?;
        match op {
            // The end.
            b'.' => return Ok(Some(self.pop()?)),
            // Protocol and frames.
            0x80 => self.skip(1)?,
            0x95 => self.skip(8)?,
            b'(' => self.mark()?,
            // Whole numbers of 1, 2, 4 and up to 8 bytes.
            b'K' => self.number(1)?,
            b'M' => self.unsigned_16()?,
            b'J' => self.number(4)?,
            0x8a => self.long()?,
            // None, true, false, an empty dictionary, a float.
            b'N' | 0x88 | 0x89 | b'}' => self.push(Item::Other)?,
            b'G' => self.other(8)?,
            // Strings with lengths of 1, 4 and 8 bytes.
            b'U' | b'C' | 0x8c => self.string(1)?,
            b'T' | b'B' | b'X' => self.string(4)?,
            0x8d | 0x8e => self.string(8)?,
            // Names of objects, as two lines and as two strings.
            b'c' => self.name()?,
            0x93 => self.join(2)?,
            // Stored objects are neither numbers nor lists, unless a list is there twice.
            b'q' => self.skip(1)?,
            b'r' => self.skip(4)?,
            0x94 => {}
            b'h' => self.other(1)?,
            b'j' => self.other(4)?,
            // Calls.
            b'R' | 0x81 => self.join(2)?,
            // Tuples, and an object with its state: they stand for the list that is their last field.
            b')' => self.push(Item::Other)?,
            0x85 => self.join(1)?,
            0x86 | b'b' => self.join(2)?,
            0x87 => self.join(3)?,
            b't' => {
                let from = self.unmark()?;
                self.join(self.stack.len() - from)?;
            }
            // Lists.
            b']' => self.empty_list()?,
            b'a' => self.append(self.stack.len().saturating_sub(1))?,
            b'e' => {
                let from = self.unmark()?;
                self.append(from)?;
            }
            _ => bail!("instruction {op:#04x} is none of an array of lists"),
        }
        Ok(None)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.code.split_first_chunk().context("it is cut off")?;
        self.code = rest;
        Ok(*bytes)
    }

    fn skip(&mut self, count: usize) -> Result<()> {
        self.code = self.code.get(count..).context("it is cut off")?;
        Ok(())
    }

    fn push(&mut self, item: Item) -> Result<()> {
        ensure!(
            self.stack.len() < MAX_STACK,
            "it stacks more than {MAX_STACK} items"
        );
        self.stack.push(item);
        Ok(())
    }

    fn pop(&mut self) -> Result<Item> {
        self.stack.pop().context("its stack is empty")
    }

    fn mark(&mut self) -> Result<()> {
        ensure!(
            self.marks.len() < MAX_STACK,
            "it sets more than {MAX_STACK} marks"
        );
        self.marks.push(self.stack.len());
        Ok(())
    }

    /// The height at the last mark.
    fn unmark(&mut self) -> Result<usize> {
        let from = self.marks.pop().context("a mark is missing")?;
        ensure!(from <= self.stack.len(), "its stack is empty");
        Ok(from)
    }

    /// A signed number of `count` bytes, one of a single byte unsigned.
    fn number(&mut self, count: usize) -> Result<()> {
        let number = match count {
            1 => self.bytes::<1>()?[0].into(),
            _ => i32::from_le_bytes(self.bytes()?).into(),
        };
        self.push(Item::Number(number))
    }

    fn unsigned_16(&mut self) -> Result<()> {
        let number = u16::from_le_bytes(self.bytes()?);
        self.push(Item::Number(number.into()))
    }

    fn long(&mut self) -> Result<()> {
        let [length] = self.bytes()?;
        let bytes = self.code.get(..length.into()).context("it is cut off")?;
        ensure!(length <= 8, "a number has {length} bytes");
        let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
        let mut number = [if negative { 0xff } else { 0 }; 8];
        number[..bytes.len()].copy_from_slice(bytes);
        self.skip(length.into())?;
        self.push(Item::Number(i64::from_le_bytes(number)))
    }

    fn other(&mut self, skipped: usize) -> Result<()> {
        self.skip(skipped)?;
        self.push(Item::Other)
    }

    /// A string whose length has `count` bytes.
    fn string(&mut self, count: usize) -> Result<()> {
        let mut length = [0; 8];
        let bytes = self.code.get(..count).context("it is cut off")?;
        length[..count].copy_from_slice(bytes);
        self.skip(count)?;
        self.other(u64::from_le_bytes(length).try_into()?)
    }

    fn name(&mut self) -> Result<()> {
        for _line in 0..2 {
            let end = self.code.iter().position(|&byte| byte == b'\n');
            self.skip(end.context("it is cut off")? + 1)?;
        }
        self.push(Item::Other)
    }

    /// Replaces the last `count` items by the last of them if that is a list, else by something else.
    fn join(&mut self, count: usize) -> Result<()> {
        let from = self.stack.len().checked_sub(count);
        let from = from.context("its stack is empty")?;
        let last = self.stack.drain(from..).next_back();
        self.push(match last {
            Some(list @ (Item::Ranks(_) | Item::Lists(_))) => list,
            _ => Item::Other,
        })
    }

    fn empty_list(&mut self) -> Result<()> {
        let left = self.lists.checked_sub(1);
        self.lists = left.context("it has more lists than there are labels")?;
        self.budget.take(LIST_COST)?;
        self.push(Item::Ranks(Vec::new()))
    }

    /// Appends the items from place `from` on to the list before them.
    fn append(&mut self, from: usize) -> Result<()> {
        self.budget.take_items::<u32>(self.stack.len() - from)?;
        let (below, items) = self.stack.split_at_mut(from);
        let list = below.last_mut().context("its stack is empty")?;
        for item in items {
            match (&mut *list, item) {
                (Item::Ranks(ranks), Item::Number(number)) => {
                    ranks.push(u32::try_from(*number).unwrap_or(0));
                }
                (Item::Lists(lists), Item::Ranks(ranks)) => lists.push(std::mem::take(ranks)),
                (Item::Ranks(none), Item::Ranks(ranks)) if none.is_empty() => {
                    *list = Item::Lists(vec![std::mem::take(ranks)]);
                }
                _ => bail!("a list holds something else than whole numbers"),
            }
        }
        self.stack.truncate(from);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(pickle: &[u8]) -> Result<Vec<Vec<u32>>> {
        lists(pickle, 3, &Budget::new(10_000))
    }

    fn message(pickle: &[u8]) -> String {
        format!("{:#}", run(pickle).unwrap_err())
    }

    #[test]
    fn numbers_of_every_width() {
        let pickle = b"\x80\x02](](K\xffM\xff\xffJ\xff\xff\xff\x7f\x8a\x05\xff\xff\xff\xff\x00\x8a\x01\xffJ\xfe\xff\xff\xffe]]K\x07ae.";
        let expected = [
            vec![255, 65_535, i32::MAX as u32, u32::MAX, 0, 0],
            vec![],
            vec![7],
        ];
        assert_eq!(run(pickle).unwrap(), expected);
        assert!(run(b"].").unwrap().is_empty());
    }

    /// The state of an array with names and strings of every kind; the lists are its last field.
    #[test]
    fn everything_but_numbers_and_lists_is_passed_over() {
        let pickle = b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00\x8c\x01m\x94\x8c\x01n\x94\x93\x94cnumpy\nndarray\nK\x00\x85C\x01b\x87R\
            (K\x01K\x02\x85cnumpy\ndtype\nX\x02\x00\x00\x00O8\x89\x88\x87R\
            (K\x03U\x01|NNJ\xff\xff\xff\xfft}\x86b\x89h\x05G\x00\x00\x00\x00\x00\x00\x00\x00](]q\x01K\x01a]r\x01\x00\x00\x00K\x02aetb.";
        assert_eq!(run(pickle).unwrap(), [[1], [2]]);
    }

    #[test]
    fn memory_is_bounded_and_nothing_nests() {
        assert!(message(b"](]]]]e.").contains("more lists than there are labels"));
        assert!(message(b"](]h\x01e.").contains("something else than whole numbers"));
        assert!(message(b"](](]e]e.").contains("something else than whole numbers"));
        assert!(message(&b"N".repeat(MAX_STACK + 1)).contains("stacks more than 65536"));
        assert!(message(&b"(".repeat(MAX_STACK + 1)).contains("more than 65536 marks"));
        let long = [&b"](](K\x01"[..], &b"K\x01".repeat(9000), b"ee."].concat();
        assert!(message(&long).contains("more than 10000 bytes of memory"));
        // A string that announces more than there is.
        assert!(message(b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7fa.").contains("cut off"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            pickle in proptest::collection::vec(prop::sample::select(b"\x80\x95(KMJ\x8aN}GUX\x8cc\nRb)\x85\x86\x87t]ae.\x93hj\x00\x01".to_vec()), 0..60),
        ) {
            let _ = run(&pickle);
        }
    }
}
