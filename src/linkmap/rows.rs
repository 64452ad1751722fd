//! What one part of a map holds, before the parts are joined.

use std::collections::HashMap;

use super::piece::{OutputSection, Piece};

/// What makes a map worthless, at the line that begins at `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    NotUtf8 { offset: usize },
    SecondHeading { offset: usize },
}

/// The rows of one part of a map, in its order.
#[derive(Debug, Default)]
pub(super) struct Rows<'a> {
    pub(super) outputs: Vec<OutputSection<'a>>,
    /// Their `output` counts this part's output sections from 1; 0 is the one in which the part before ended.
    /// Without a size they only mark an address at which the piece before has ended.
    pub(super) pieces: Vec<Piece<'a>>,
    /// Each object once, in the order of their first pieces.
    pub(super) objects: Vec<&'a str>,
    /// The output section that the next piece lies in, counted as in `pieces`; `None` outside of any.
    pub(super) current: Option<u32>,
}

/// Collects rows.
pub(super) struct Collector<'a> {
    rows: Rows<'a>,
    objects: HashMap<&'a [u8], u32>,
    /// The last piece's object: mostly the next one's too.
    last: Option<(&'a [u8], u32)>,
}

impl<'a> Collector<'a> {
    pub(super) fn new() -> Self {
        let rows = Rows { current: Some(0), ..Rows::default() };
        Self { rows, objects: HashMap::new(), last: None }
    }

    pub(super) fn finish(self) -> Rows<'a> {
        self.rows
    }

    /// Begins an output section of `size` bytes.
    pub(super) fn output(&mut self, name: &'a [u8], address: u64, size: u64) -> Option<()> {
        let size = size.min(u64::MAX - address);
        self.rows.outputs.push(OutputSection { name: text(name)?, address, size });
        self.rows.current = Some(index(self.rows.outputs.len()));
        Some(())
    }

    /// No output section holds what follows.
    pub(super) fn outside(&mut self) {
        self.rows.current = None;
    }

    /// Adds a piece to the current output section. `None` if a name is not UTF-8.
    pub(super) fn piece(&mut self, address: u64, size: u64, section: &'a [u8], object: Option<&'a [u8]>) -> Option<()> {
        let Some(output) = self.rows.current else { return Some(()) };
        let object = match object {
            Some(object) => Some(self.intern(object)?),
            None => None,
        };
        self.rows.pieces.push(Piece { output, address, size, section: text(section)?, object });
        Some(())
    }

    /// Marks an address of the current output section at which the piece before has ended.
    pub(super) fn mark(&mut self, address: u64) {
        if let Some(output) = self.rows.current {
            self.rows.pieces.push(Piece { output, address, size: 0, section: "", object: None });
        }
    }

    /// The object of the last piece that had one.
    pub(super) fn last_object(&self) -> Option<&'a [u8]> {
        self.last.map(|(object, _)| object)
    }

    fn intern(&mut self, object: &'a [u8]) -> Option<u32> {
        if let Some((last, index)) = self.last
            && last == object
        {
            return Some(index);
        }
        let number = match self.objects.get(object) {
            Some(&number) => number,
            None => {
                let number = index(self.rows.objects.len());
                self.rows.objects.push(text(object)?);
                self.objects.insert(object, number);
                number
            }
        };
        self.last = Some((object, number));
        Some(number)
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}

/// A count of rows as an index.
pub(super) fn index(count: usize) -> u32 {
    u32::try_from(count).expect("a text of less than 4 GiB has fewer than 2^32 rows")
}
