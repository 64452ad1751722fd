//! What differs between processors: the breakpoint instruction, where a thread that hit one stands, and where system calls have their arguments.

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::unistd::Pid;

/// `int3`.
#[cfg(target_arch = "x86_64")]
pub(super) const BREAKPOINT: [u8; 1] = [0xcc];

/// `brk #0`.
#[cfg(target_arch = "aarch64")]
pub(super) const BREAKPOINT: [u8; 4] = 0xd420_0000_u32.to_le_bytes();

/// The `si_code` of a breakpoint's SIGTRAP: `SI_KERNEL` for int3, `TRAP_BRKPT` for brk.
#[cfg(target_arch = "x86_64")]
pub(super) const SIGNAL_CODE: i32 = 0x80;
#[cfg(target_arch = "aarch64")]
pub(super) const SIGNAL_CODE: i32 = 1;

/// Where the breakpoint is that a stopped thread has just hit.
#[cfg(target_arch = "x86_64")]
pub(super) fn breakpoint_address(thread: Pid) -> Result<u64, Errno> {
    // The processor stands behind the instruction.
    Ok(ptrace::getregs(thread)?.rip.wrapping_sub(BREAKPOINT.len() as u64))
}

/// Lets a stopped thread go on at `address`, where it has just hit a breakpoint.
#[cfg(target_arch = "x86_64")]
pub(super) fn go_back_to(thread: Pid, address: u64) -> Result<(), Errno> {
    let mut registers = ptrace::getregs(thread)?;
    registers.rip = address;
    ptrace::setregs(thread, registers)
}

/// Where the breakpoint is that a stopped thread has just hit.
#[cfg(target_arch = "aarch64")]
pub(super) fn breakpoint_address(thread: Pid) -> Result<u64, Errno> {
    // The processor stands at the instruction.
    Ok(ptrace::getregs(thread)?.pc)
}

/// Lets a stopped thread go on at `address`, where it has just hit a breakpoint.
#[cfg(target_arch = "aarch64")]
pub(super) fn go_back_to(_thread: Pid, _address: u64) -> Result<(), Errno> {
    // It stands there already.
    Ok(())
}

/// A system call that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SystemCall {
    /// Which one (`SYS_…`).
    pub(super) number: i64,
    pub(super) arguments: [u64; 6],
}

/// The system call that a thread stands before.
#[cfg(target_arch = "x86_64")]
pub(super) fn system_call(thread: Pid) -> Result<SystemCall, Errno> {
    let registers = ptrace::getregs(thread)?;
    let arguments = [registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9];
    Ok(SystemCall { number: registers.orig_rax.cast_signed(), arguments })
}

/// What the system call gave that a thread stands behind: a negative error number, or what it counts.
#[cfg(target_arch = "x86_64")]
pub(super) fn result(thread: Pid) -> Result<i64, Errno> {
    Ok(ptrace::getregs(thread)?.rax.cast_signed())
}

/// The system call that a thread stands before.
#[cfg(target_arch = "aarch64")]
pub(super) fn system_call(thread: Pid) -> Result<SystemCall, Errno> {
    let [a, b, c, d, e, f, _, _, number, ..] = ptrace::getregs(thread)?.regs;
    Ok(SystemCall { number: number.cast_signed(), arguments: [a, b, c, d, e, f] })
}

/// What the system call gave that a thread stands behind: a negative error number, or what it counts.
#[cfg(target_arch = "aarch64")]
pub(super) fn result(thread: Pid) -> Result<i64, Errno> {
    let [result, ..] = ptrace::getregs(thread)?.regs;
    Ok(result.cast_signed())
}
