//! Finds where JSON values begin and end, in input that arrives in pieces. Strict: what is no JSON is noticed at once, and the text
//! after it is not swallowed. Keeps no bytes and makes no values; `serde_json` does, of the pieces found here.

use memchr::memchr3;

/// Deeper nesting is no record of ours, and `serde_json` would refuse it.
const DEPTH: usize = 120;

/// Lists whose elements are handed out one by one, however long the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// A list that nothing stands around.
    Outermost,
    /// `events`
    Events,
    /// `results`
    Results,
    /// `Traces`
    Traces,
    /// `MetricDataResults`
    Series,
}

impl List {
    fn of_key(key: &[u8]) -> Option<Self> {
        Some(match key {
            b"events" => Self::Events,
            b"results" => Self::Results,
            b"Traces" => Self::Traces,
            b"MetricDataResults" => Self::Series,
            _ => return None,
        })
    }
}

/// Keys of an object that tell what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Keys(u16);

impl Keys {
    pub(super) const TYPE: Self = Self(1);
    pub(super) const MESSAGE: Self = Self(2);
    pub(super) const LOG_EVENTS: Self = Self(4);
    pub(super) const DATAPOINTS: Self = Self(8);
    pub(super) const SEGMENTS: Self = Self(16);
    pub(super) const TIMESTAMPS: Self = Self(32);
    pub(super) const ROW: Self = Self(64);

    fn of_key(key: &[u8]) -> Self {
        match key {
            b"type" => Self::TYPE,
            b"message" => Self::MESSAGE,
            b"logEvents" => Self::LOG_EVENTS,
            b"Datapoints" => Self::DATAPOINTS,
            b"Segments" => Self::SEGMENTS,
            b"Timestamps" => Self::TIMESTAMPS,
            b"invocations" | b"init_histogram" | b"first_call_histogram" | b"warm_histogram" => Self::ROW,
            b"init_bucket" | b"first_call_bucket" | b"warm_bucket" => Self::ROW,
            _ => Self(0),
        }
    }

    /// Whether a key is there.
    pub(super) const fn has(self, key: Self) -> bool {
        self.0 & key.0 != 0
    }
}

/// How far it came. Offsets count from the first byte that the caller has not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// All bytes were looked at, and the value goes on.
    More,
    /// What stands before is not needed: a list was entered, or an element ended whose own elements were handed out.
    Past,
    /// An element of a list has ended.
    Element { list: List, start: usize, keys: Keys },
    /// The outermost value has ended: an object whose bytes tell what it is.
    Object { start: usize, keys: Keys },
    /// The outermost value has ended, and its elements were handed out.
    Done,
    /// No JSON.
    Broken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Key,
    Text,
    /// A number or a word.
    Word,
}

pub(super) struct Scan {
    /// What is open, outermost first: true for an object.
    open: Vec<bool>,
    /// Lists that are handed out, by how much is open inside of them.
    lists: Vec<(usize, List)>,
    expect: Expect,
    token: Option<Token>,
    token_start: usize,
    element_start: usize,
    keys: Keys,
    /// The last key, if it names a list to hand out.
    named: Option<List>,
    /// The element at hand held a list that was handed out.
    drained: bool,
    at: usize,
}

impl Scan {
    pub(super) fn new() -> Self {
        Self {
            open: Vec::new(),
            lists: Vec::new(),
            expect: Expect::Value,
            token: None,
            token_start: 0,
            element_start: 0,
            keys: Keys::default(),
            named: None,
            drained: false,
            at: 0,
        }
    }

    /// Offset of the first byte that was not looked at.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Offset of the element at hand.
    pub(super) fn element_start(&self) -> usize {
        self.element_start
    }

    /// Whether elements of a document are handed out.
    pub(super) fn in_document(&self) -> bool {
        self.drained || self.lists.iter().any(|(_, list)| *list != List::Outermost)
    }

    /// The caller took bytes from the front.
    pub(super) fn taken(&mut self, count: usize) {
        for offset in [&mut self.at, &mut self.token_start, &mut self.element_start] {
            *offset = offset.saturating_sub(count);
        }
    }

    /// Looks at the bytes that it has not seen.
    pub(super) fn run(&mut self, bytes: &[u8]) -> Step {
        while let Some(byte) = bytes.get(self.at) {
            let step = match self.token {
                Some(Token::Word) => self.word(*byte),
                Some(_) => self.string(bytes),
                None => self.punctuation(*byte),
            };
            if let Some(step) = step {
                return step;
            }
        }
        Step::More
    }

    fn string(&mut self, bytes: &[u8]) -> Option<Step> {
        let rest = bytes.get(self.at..).unwrap_or_default();
        let Some(found) = memchr3(b'"', b'\\', b'\n', rest) else {
            self.at = bytes.len();
            return Some(Step::More);
        };
        self.at += found;
        match (rest.get(found), rest.get(found + 1)) {
            (Some(b'"'), _) => self.string_ends(bytes),
            (Some(b'\\'), None) => Some(Step::More),
            (Some(b'\\'), Some(escaped)) if *escaped != b'\n' => {
                self.at += 2;
                None
            }
            _ => Some(Step::Broken),
        }
    }

    fn string_ends(&mut self, bytes: &[u8]) -> Option<Step> {
        let is_key = self.token == Some(Token::Key);
        let text = bytes.get(self.token_start..self.at).unwrap_or_default();
        self.at += 1;
        self.token = None;
        if !is_key {
            return self.value_ends();
        }
        self.expect = Expect::Colon;
        self.named = None;
        // Keys of the element itself, not of what it holds.
        if self.open.len() == self.base() + 1 {
            self.keys.0 |= Keys::of_key(text).0;
            let is_record = self.lists.last().is_none_or(|(_, list)| *list == List::Outermost);
            self.named = List::of_key(text).filter(|_| is_record);
        }
        None
    }

    fn word(&mut self, byte: u8) -> Option<Step> {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.') {
            self.at += 1;
            return None;
        }
        self.token = None;
        self.value_ends()
    }

    fn punctuation(&mut self, byte: u8) -> Option<Step> {
        use Expect::{Colon, CommaOrEnd, Key, KeyOrEnd, Value, ValueOrEnd};
        match (byte, self.expect) {
            (b' ' | b'\n' | b'\r' | b'\t', _) => {}
            (b'"', Key | KeyOrEnd) => self.begin(Token::Key),
            (b':', Colon) => self.expect = Value,
            (b',', CommaOrEnd) => self.expect = if self.open.last() == Some(&true) { Key } else { Value },
            (b'}', KeyOrEnd | CommaOrEnd) if self.open.last() == Some(&true) => return self.close(),
            (b']', ValueOrEnd | CommaOrEnd) if self.open.last() == Some(&false) => return self.close(),
            (_, Value | ValueOrEnd) => return self.value(byte),
            _ => return Some(Step::Broken),
        }
        self.at += 1;
        None
    }

    fn begin(&mut self, token: Token) {
        self.token = Some(token);
        self.token_start = self.at + 1;
    }

    fn value(&mut self, byte: u8) -> Option<Step> {
        if self.open.len() == self.base() {
            self.element_start = self.at;
            self.keys = Keys::default();
        }
        match byte {
            b'"' => self.begin(Token::Text),
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => self.begin(Token::Word),
            b'{' | b'[' if self.open.len() < DEPTH => return self.open(byte == b'{'),
            _ => return Some(Step::Broken),
        }
        self.at += 1;
        None
    }

    fn open(&mut self, is_object: bool) -> Option<Step> {
        self.at += 1;
        self.expect = if is_object { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
        let named = self.named.take();
        let list = if self.open.is_empty() { Some(List::Outermost) } else { named };
        self.open.push(is_object);
        let list = list.filter(|_| !is_object)?;
        self.lists.push((self.open.len(), list));
        // The outermost bracket may be no JSON's: `[INFO] ...`.
        (list != List::Outermost).then_some(Step::Past)
    }

    fn close(&mut self) -> Option<Step> {
        self.at += 1;
        if self.base() == self.open.len() && self.lists.pop().is_some() {
            self.drained = true;
        }
        self.open.pop();
        self.value_ends()
    }

    fn value_ends(&mut self) -> Option<Step> {
        self.expect = Expect::CommaOrEnd;
        self.named = None;
        if self.open.len() != self.base() {
            return None;
        }
        let drained = std::mem::take(&mut self.drained);
        match self.lists.last() {
            None if drained => Some(Step::Done),
            None => Some(Step::Object { start: self.element_start, keys: self.keys }),
            Some(_) if drained => Some(Step::Past),
            Some((_, list)) => Some(Step::Element { list: *list, start: self.element_start, keys: self.keys }),
        }
    }

    /// How much is open around an element.
    fn base(&self) -> usize {
        self.lists.last().map_or(0, |(depth, _)| *depth)
    }
}
