//! A breakpoint at each function, taken away where it is hit: who is never called costs nothing, who is called costs one stop.
//!
//! Each process has breakpoints of its own: a child made by fork has copies of its parent's, and a program that is executed gets new ones. What
//! stands in memory decides, so nothing has to be remembered for a process but where its program lies. Threads that hit the same breakpoint at
//! once are sent back by it, and find the function there.
//!
//! What this changes for a program, as every debugger does: one that reads its own code reads breakpoints; and one that handles SIGTRAP itself
//! loses its handler where it calls a function for the first time while it has SIGTRAP blocked, since then the kernel resets both.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use nix::sys::ptrace;
use nix::unistd::Pid;

use super::arch::{BREAKPOINT, SIGNAL_CODE, breakpoint_address, go_back_to};
use super::calls::Calls;
use super::memory::Memory;
use super::process::process_of;
use super::raw::Onward;
use super::text::{Function, LENGTH, Targets};
use super::tracer::Watcher;

/// The most bytes that are read and written at once.
const RUN: u64 = 1 << 20;

/// The most bytes between two functions that are read and written together.
const GAP: u64 = 1 << 16;

/// Where a process runs one of the programs.
#[derive(Debug)]
struct Loaded {
    text: usize,
    /// What is added to its link-time addresses.
    bias: u64,
    memory: Memory,
}

/// Breakpoints in a program and all that it starts.
pub(super) struct Breakpoints {
    calls: Arc<Calls>,
    targets: Targets,
    /// What each thread that was looked at runs; `None` for other programs.
    threads: HashMap<Pid, Option<Rc<Loaded>>>,
}

impl Breakpoints {
    /// For programs below `root`.
    pub(super) fn new(calls: Arc<Calls>, root: &Path) -> Self {
        let targets = Targets::below(root, calls.texts());
        Self { calls, targets, threads: HashMap::new() }
    }

    fn load(&self, thread: Pid) -> Option<Rc<Loaded>> {
        let (text, bias) = self.targets.identify(thread, self.calls.texts())?;
        let memory = Memory::open(thread).ok()?;
        Some(Rc::new(Loaded { text, bias, memory }))
    }

    /// What the process of `thread` runs. Threads share it: a program that hides itself is not readable any more for those that come later.
    fn loaded(&mut self, thread: Pid) -> Option<Rc<Loaded>> {
        if let Some(known) = self.threads.get(&thread) {
            return known.clone();
        }
        let process = process_of(thread).filter(|process| *process != thread);
        let shared = process.and_then(|process| self.threads.get(&process).cloned());
        let loaded = shared.unwrap_or_else(|| self.load(thread));
        self.threads.insert(thread, loaded.clone());
        loaded
    }

    fn hit(&mut self, thread: Pid) -> Option<()> {
        if ptrace::getsiginfo(thread).ok()?.si_code != SIGNAL_CODE {
            return None;
        }
        let address = breakpoint_address(thread).ok()?;
        let loaded = self.loaded(thread)?;
        let text = self.calls.texts().get(loaded.text)?;
        let (index, function) = text.find(address.wrapping_sub(loaded.bias))?;
        let mut there = [0; LENGTH];
        loaded.memory.read(address, &mut there).ok()?;
        if there == BREAKPOINT {
            self.calls.called(loaded.text, index, function.address);
            loaded.memory.write(thread, address, &function.original).ok()?;
        }
        // Else another thread was faster.
        go_back_to(thread, address).ok()
    }
}

impl Watcher for Breakpoints {
    fn onward(&self, signal: i32) -> Onward {
        Onward::Run(signal)
    }

    fn executed(&mut self, thread: Pid) {
        let loaded = self.load(thread);
        if let Some(loaded) = &loaded
            && let Some(text) = self.calls.texts().get(loaded.text)
            && let Err(error) = set(thread, loaded, &text.functions)
        {
            self.calls.failed(&error);
        }
        self.threads.insert(thread, loaded);
    }

    fn trapped(&mut self, thread: Pid) -> bool {
        self.hit(thread).is_some()
    }

    fn system_call(&mut self, _thread: Pid) {}

    fn ended(&mut self, thread: Pid) {
        self.threads.remove(&thread);
    }
}

/// Sets a breakpoint at each of `functions`, but where something else stands than in the file.
fn set(thread: Pid, loaded: &Loaded, functions: &[Function]) -> io::Result<()> {
    let mut rest = functions;
    while let Some(first) = rest.first() {
        let mut previous = first.address;
        let together = rest.iter().take_while(|function| {
            let near = function.address - previous <= GAP && function.address - first.address < RUN;
            previous = function.address;
            near
        });
        let (run, after) = rest.split_at(together.count());
        rest = after;
        let Some(last) = run.last() else { break };
        let size = usize::try_from(last.address - first.address).map_err(io::Error::other)? + LENGTH;
        let mut bytes = vec![0; size];
        let start = first.address.wrapping_add(loaded.bias);
        loaded.memory.read(start, &mut bytes)?;
        for function in run {
            let at = usize::try_from(function.address - first.address).map_err(io::Error::other)?;
            if let Some(place) = bytes.get_mut(at..at + LENGTH)
                && *place == function.original
            {
                place.copy_from_slice(&BREAKPOINT);
            }
        }
        loaded.memory.write(thread, start, &bytes)?;
    }
    Ok(())
}
