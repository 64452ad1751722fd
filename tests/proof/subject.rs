//! Real programs, and where in them things are.

use std::fs;
use std::ops::Range;
use std::process::Command;
use std::sync::LazyLock;

use lambda_slim::archive::{Archive, Limits};
use lambda_slim::slim::{Changes, VerifyError, same_program};
use object::{Object, ObjectSection, SectionKind};

use crate::support::functions::package;
use crate::support::skip::skip;

/// A program whose unwind tables have the usual encodings: 4 or 8 bytes, from where they stand.
pub(crate) struct Subject {
    pub(crate) data: Vec<u8>,
    pub(crate) fdes: Vec<Fde>,
}

/// A frame description: places are offsets in the file.
#[derive(Debug, Clone)]
pub(crate) struct Fde {
    pub(crate) at: usize,
    pub(crate) end: usize,
    pub(crate) cie: usize,
    /// Address of the function, and its size.
    pub(crate) begin: u64,
    pub(crate) size: u32,
    /// Where its pointer to language-specific data is.
    pub(crate) lsda_field: Option<Range<usize>>,
    /// Where the table itself is.
    pub(crate) lsda: Option<usize>,
    /// Its instructions.
    pub(crate) cfi: Range<usize>,
}

/// A call site: its four fields, start, length, pad, action.
pub(crate) type CallSite = [Range<usize>; 4];

impl Subject {
    pub(crate) fn new(data: Vec<u8>) -> Self {
        let mut subject = Self { data, fdes: Vec::new() };
        let frames = subject.section(".eh_frame");
        let mut at = frames.start;
        while at + 4 <= frames.end {
            let length = subject.u32(at) as usize;
            if length == 0 {
                break;
            }
            if subject.u32(at + 4) != 0 {
                let fde = subject.fde(at, at + 4 + length);
                subject.fdes.push(fde);
            }
            at += 4 + length;
        }
        assert!(subject.fdes.len() > 20);
        subject
    }

    fn fde(&self, at: usize, end: usize) -> Fde {
        let cie = at + 4 - self.u32(at + 4) as usize;
        let augmentation = self.data[cie + 9..].split(|&byte| byte == 0).next().expect("a string");
        assert!(matches!(augmentation, b"zR" | b"zPLR" | b"zRS"), "{}", String::from_utf8_lossy(augmentation));
        let aug_size = usize::from(self.data[at + 16]);
        let has_lsda = augmentation.contains(&b'L');
        // Behind the personality, whose encoding comes first.
        let personality = cie + 9 + augmentation.len() + 1 + 4;
        let wide = |encoding: u8| encoding & 0x0f == 0x0c;
        let width = |encoding: u8| if wide(encoding) { 8 } else { 4 };
        let field = has_lsda.then(|| {
            let encoding = self.data[personality + 1 + width(self.data[personality])];
            at + 17..at + 17 + width(encoding)
        });
        // Both widths are signed, and nothing is further away than 2 GiB.
        let lsda =
            field.as_ref().map(|field| self.relative(field.start)).filter(|&target| target != self.address(at + 17));
        Fde {
            at,
            end,
            cie,
            begin: self.relative(at + 8),
            size: self.u32(at + 12),
            lsda_field: field.filter(|_| lsda.is_some()),
            lsda: lsda.map(|address| self.offset(address)),
            cfi: at + 17 + aug_size..end,
        }
    }

    pub(crate) fn file(&self) -> object::File<'_> {
        object::File::parse(&*self.data).expect("a program")
    }

    /// File range of a section.
    pub(crate) fn section(&self, name: &str) -> Range<usize> {
        let file = self.file();
        let section = file.section_by_name(name).unwrap_or_else(|| panic!("{name}"));
        let (offset, size) = section.file_range().expect("in the file");
        offset as usize..(offset + size) as usize
    }

    /// All sections with a place in the file and in memory: address and file offset.
    fn place(&self, within: impl Fn(u64, u64, u64) -> bool) -> (u64, u64) {
        let file = self.file();
        let places = file.sections().filter(|section| section.kind() != SectionKind::UninitializedData);
        let found = places.filter_map(|section| {
            let (offset, size) = section.file_range()?;
            (section.address() != 0 && within(section.address(), offset, size)).then_some((section.address(), offset))
        });
        found.last().expect("a section")
    }

    pub(crate) fn address(&self, at: usize) -> u64 {
        let at = at as u64;
        let (address, offset) = self.place(|_, offset, size| offset <= at && at < offset + size);
        address + (at - offset)
    }

    pub(crate) fn offset(&self, of: u64) -> usize {
        let (address, offset) = self.place(|address, _, size| address <= of && of < address + size);
        (offset + (of - address)) as usize
    }

    pub(crate) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.data[at..at + 4].try_into().expect("4 bytes"))
    }

    pub(crate) fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.data[at..at + 8].try_into().expect("8 bytes"))
    }

    /// Where the 4-byte pointer at `at` leads.
    pub(crate) fn relative(&self, at: usize) -> u64 {
        self.address(at).wrapping_add_signed(i64::from(self.u32(at).cast_signed()))
    }

    /// The call sites of the table at `lsda`, whose fields are LEB128, and where its types end.
    pub(crate) fn call_sites(&self, lsda: usize) -> (Vec<CallSite>, Option<usize>) {
        let mut at = lsda;
        assert_eq!(self.data[at], 0xff, "pads count from the function");
        at += 1;
        let types = (self.data[at] != 0xff).then(|| {
            at += 1;
            let distance = self.uleb(&mut at);
            at -= 1;
            at + 1 + distance as usize
        });
        at += 1;
        assert_eq!(self.data[at], 1, "LEB128");
        at += 1;
        let size = self.uleb(&mut at) as usize;
        let end = at + size;
        let mut sites = Vec::new();
        while at < end {
            sites.push([(); 4].map(|()| {
                let start = at;
                self.uleb(&mut at);
                start..at
            }));
        }
        (sites, types)
    }

    pub(crate) fn uleb(&self, at: &mut usize) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.data[*at];
            *at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
    }

    pub(crate) fn uleb_at(&self, field: &Range<usize>) -> u64 {
        self.uleb(&mut field.start.clone())
    }

    /// A call site of any function for which `fits` holds.
    pub(crate) fn call_site(&self, fits: impl Fn(&CallSite) -> bool) -> (Fde, CallSite) {
        let with_lsda = self.fdes.iter().filter_map(|fde| Some((fde, fde.lsda?)));
        let mut sites =
            with_lsda.flat_map(|(fde, lsda)| self.call_sites(lsda).0.into_iter().map(move |site| (fde, site)));
        let (fde, site) = sites.find(|(_, site)| fits(site)).expect("such a call site");
        (fde.clone(), site)
    }

    /// The index: its entries' offsets in the file.
    pub(crate) fn index_entries(&self) -> Vec<usize> {
        let index = self.section(".eh_frame_hdr");
        assert_eq!(self.data[index.start..index.start + 4], [1, 0x1b, 3, 0x3b]);
        let count = self.u32(index.start + 8) as usize;
        (0..count).map(|number| index.start + 12 + number * 8).collect()
    }

    /// File ranges of all unwind tables.
    pub(crate) fn unwind_tables(&self) -> Vec<Range<u64>> {
        let names = [".eh_frame", ".eh_frame_hdr", ".gcc_except_table"];
        names.map(|name| self.section(name)).map(|range| range.start as u64..range.end as u64).to_vec()
    }

    /// What the proof says of an edit of the unwind tables, all of which are declared as changed.
    #[track_caller]
    pub(crate) fn after_unwind_edit(&self, edit: impl FnOnce(&mut Vec<u8>)) -> Result<(), VerifyError> {
        self.after_edit(&Changes::of_ranges(self.unwind_tables()), edit)
    }

    #[track_caller]
    pub(crate) fn after_edit(&self, changes: &Changes, edit: impl FnOnce(&mut Vec<u8>)) -> Result<(), VerifyError> {
        let mut after = self.data.clone();
        edit(&mut after);
        assert!(after != self.data, "the edit changes nothing");
        same_program(&self.data, &after, changes)
    }
}

pub(crate) fn put32(data: &mut [u8], at: usize, value: u32) {
    data[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

pub(crate) fn put64(data: &mut [u8], at: usize, value: u64) {
    data[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

pub(crate) fn add32(data: &mut [u8], at: usize, value: i32) {
    let old = i32::from_le_bytes(data[at..at + 4].try_into().expect("4 bytes"));
    put32(data, at, old.wrapping_add(value).cast_unsigned());
}

/// Adds to a signed number of 4 or 8 bytes.
pub(crate) fn add_to(data: &mut [u8], at: usize, width: usize, value: i32) {
    if width == 4 {
        return add32(data, at, value);
    }
    let old = i64::from_le_bytes(data[at..at + 8].try_into().expect("8 bytes"));
    put64(data, at, (old + i64::from(value)).cast_unsigned());
}

fn from_package(name: &str) -> Subject {
    let zip = fs::read(package(name)).expect("a fixture");
    let archive = Archive::parse(&zip, &Limits::default()).expect("a fixture");
    let entry = archive.entries().iter().find(|entry| entry.path() == "bootstrap").expect("its program");
    Subject::new(entry.read().expect("a sound fixture").into_owned())
}

/// A Rust program for arm64, linked by lld.
pub(crate) static ARM64: LazyLock<Subject> = LazyLock::new(|| from_package("arm64.zip"));
/// A Rust program for x86_64, linked by lld.
pub(crate) static X86_64: LazyLock<Subject> = LazyLock::new(|| from_package("hello-cargo-lambda.zip"));

const CPP: &str = r#"
#include <stdexcept>
struct A { int a; }; struct B { int b; }; struct C { ~C(); int c; };
C::~C() { __asm__ volatile("" ::: "memory"); }
__attribute__((noinline)) void thrower(int n) {
    if (n == 1) throw A(); if (n == 2) throw B(); if (n == 3) throw std::runtime_error("three");
}
__attribute__((noinline)) int catcher(int n) {
    try { C c; thrower(n); } catch (A &) { return 1; } catch (B &) { return 2; } catch (std::exception &) { return 3; }
    return 0;
}
__attribute__((noinline)) int promising(int n) throw(A, B) { C c; thrower(n); return n; }
template <int N> __attribute__((noinline)) int many(int n) {
    try { C c; thrower(n + N); return many<N - 1>(n); } catch (A &) { return N; }
}
template <> __attribute__((noinline)) int many<0>(int n) { return catcher(n) + promising(0); }
int main(int argc, char **) { return many<24>(argc + 7); }
"#;

/// A C++ program with caught types and an exception specification, by `g++`; `None`, and a word on it, where there is none.
pub(crate) fn cpp() -> Option<&'static Subject> {
    static SUBJECT: LazyLock<Option<Subject>> = LazyLock::new(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let (source, program) = (folder.path().join("program.cc"), folder.path().join("program"));
        fs::write(&source, CPP).expect("written");
        let mut compiler = Command::new("g++");
        compiler.args(["-std=c++14", "-O1", "-w", "-fPIE", "-pie", "-fno-inline"]).arg(&source).arg("-o").arg(&program);
        match compiler.output() {
            Ok(output) if output.status.success() => Some(Subject::new(fs::read(program).expect("a program"))),
            _ => None,
        }
    });
    if SUBJECT.is_none() {
        skip("a C++ program", "g++ cannot make one here");
    }
    SUBJECT.as_ref()
}
