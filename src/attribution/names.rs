//! The symbols of a file with the crates that their names hold and the object that each came from, before any one is judged.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::cargo::{SymbolHomes, parse_codegen_unit};
use crate::elf::mangling::{self, CrateRef, Scheme, SymbolCrates};
use crate::elf::{Symbol, SymbolKind};

use super::roots::{RootId, Roots};

/// Number of an object file that was linked.
pub(super) type ObjectId = u32;

/// An object file: of a codegen unit, or of something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Object<'a> {
    /// As the symbol table or the map names it.
    pub(super) text: &'a str,
    /// The crate whose codegen unit it is.
    pub(super) unit: Option<RootId>,
    /// For native objects: the crate whose library brought it along.
    pub(super) library: Option<RootId>,
}

/// Objects, each once by its text.
#[derive(Debug, Default)]
pub(super) struct Objects<'a> {
    list: Vec<Object<'a>>,
    by_text: HashMap<&'a str, ObjectId>,
}

impl<'a> Objects<'a> {
    pub(super) fn number(&mut self, text: &'a str, roots: &mut Roots<'a>) -> ObjectId {
        let next = ObjectId::try_from(self.list.len()).expect("a file has fewer than 2^32 objects");
        let id = *self.by_text.entry(text).or_insert(next);
        if id == next {
            let unit = parse_codegen_unit(text);
            let unit =
                unit.map(|unit| roots.number(&CrateRef { name: unit.crate_name, hash: Some(unit.hash.value()) }));
            let library = if unit.is_none() { crate_of_library(text) } else { None };
            let library = library.map(|name| roots.number(&CrateRef { name, hash: None }));
            self.list.push(Object { text, unit, library });
        }
        id
    }

    pub(super) fn get(&self, id: ObjectId) -> &Object<'a> {
        &self.list[id as usize]
    }

    pub(super) fn list(&self) -> &[Object<'a>] {
        &self.list
    }
}

/// `tiny_sys` of `/t/deps/libtiny_sys-0f2c41aa70aa5c20.rlib(checksum.o)`.
fn crate_of_library(text: &str) -> Option<&str> {
    let (path, _member) = text.split_once(".rlib(")?;
    let file = path.rsplit(['/', '\\']).next()?;
    let (name, hash) = file.strip_prefix("lib")?.rsplit_once('-')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && hash.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(name)
}

/// What a name says, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NameCrates<'n> {
    pub(super) scheme: Scheme,
    /// Never empty.
    pub(super) defining: &'n [RootId],
    pub(super) mentioned: &'n [RootId],
    pub(super) instantiating: Option<RootId>,
}

/// Where one name's roots stand in the flat list.
#[derive(Debug, Clone, Copy)]
struct Slots {
    scheme: Scheme,
    start: u32,
    defining: u32,
    mentioned: u32,
    instantiating: bool,
}

/// All symbols, read.
pub(super) struct Names<'a> {
    pub(super) symbols: &'a [Symbol<'a>],
    pub(super) roots: Roots<'a>,
    pub(super) objects: Objects<'a>,
    /// How many of the objects the symbol table names: those come first, in the order of the link.
    pub(super) objects_in_table: usize,
    /// The object that each symbol came from, where anything tells.
    object_of: Vec<Option<ObjectId>>,
    slots: Vec<Option<Slots>>,
    flat: Vec<RootId>,
}

impl<'a> Names<'a> {
    /// `homes` is asked for what the file itself does not tell.
    pub(super) fn read(symbols: &'a [Symbol<'a>], homes: &'a SymbolHomes) -> Self {
        let mut names = Self {
            symbols,
            roots: Roots::default(),
            objects: Objects::default(),
            objects_in_table: 0,
            object_of: Vec::with_capacity(symbols.len()),
            slots: Vec::with_capacity(symbols.len()),
            flat: Vec::new(),
        };
        names.read_objects(homes);
        names.objects_in_table = names.objects.list.len();
        // Chunks keep what is read and not yet numbered small.
        const CHUNK: usize = 16 * 1024;
        for chunk in symbols.chunks(CHUNK) {
            let read: Vec<Option<SymbolCrates<'a>>> =
                chunk.par_iter().with_min_len(512).map(|symbol| mangling::crates_of(symbol.name)).collect();
            for crates in read {
                names.number(crates.as_ref());
            }
        }
        names
    }

    fn read_objects(&mut self, homes: &'a SymbolHomes) {
        let mut last: Option<(&str, ObjectId)> = None;
        for symbol in self.symbols {
            let file = if symbol.kind == SymbolKind::File { Some(symbol.name) } else { symbol.file };
            let Some(file) = file.filter(|file| !file.is_empty()) else {
                let home = homes.member_of(symbol.name).map(|member| self.objects.number(member, &mut self.roots));
                self.object_of.push(home);
                continue;
            };
            let object = match last {
                Some((text, object)) if std::ptr::eq(text, file) => object,
                _ => self.objects.number(file, &mut self.roots),
            };
            last = Some((file, object));
            self.object_of.push(Some(object));
        }
    }

    fn number(&mut self, crates: Option<&SymbolCrates<'a>>) {
        let Some(crates) = crates else {
            self.slots.push(None);
            return;
        };
        let start = u32::try_from(self.flat.len()).unwrap_or(u32::MAX);
        let (defining, mentioned) = (crates.defining.len(), crates.mentioned.len());
        for root in crates.defining.iter().chain(&crates.mentioned).chain(&crates.instantiating) {
            self.flat.push(self.roots.number(root));
        }
        self.slots.push(Some(Slots {
            scheme: crates.scheme,
            start,
            defining: u32::try_from(defining).expect("names are bounded"),
            mentioned: u32::try_from(mentioned).expect("names are bounded"),
            instantiating: crates.instantiating.is_some(),
        }));
    }

    pub(super) fn crates(&self, symbol: usize) -> Option<NameCrates<'_>> {
        let slots = self.slots.get(symbol)?.as_ref()?;
        let flat = self.flat.get(slots.start as usize..)?;
        let (defining, rest) = flat.split_at_checked(slots.defining as usize)?;
        let (mentioned, rest) = rest.split_at_checked(slots.mentioned as usize)?;
        let instantiating = rest.first().copied().filter(|_| slots.instantiating);
        Some(NameCrates { scheme: slots.scheme, defining, mentioned, instantiating })
    }

    /// True where any name is mangled as Rust's are.
    pub(super) fn has_rust(&self) -> bool {
        self.slots.iter().any(Option::is_some)
    }

    pub(super) fn object(&self, symbol: usize) -> Option<ObjectId> {
        self.object_of.get(symbol).copied().flatten()
    }

    /// The crate whose codegen unit the symbol is in, where its object tells.
    pub(super) fn unit(&self, symbol: usize) -> Option<RootId> {
        self.objects.get(self.object(symbol)?).unit
    }
}
