#!/usr/bin/env python3
"""What each rewrite and each effort saves and costs, beside what else makes small zips. Run by hand, on a quiet machine:

    python3 tests/bench/rewrites.py target/release/lambda-slim FILE.elf... [--effort default] [--max]

For every ELF file: bytes of the finished zip and CPU seconds of the command, for the levels, for each opt-in on top of the default
level, and for each effort; and of `strip -s` with gzip -9, 7zz -mx9, advzip -4, zopfli and ECT -9, where they are installed. Peers get the
stripped program in a zip that Python's zipfile made. Times are CPU time, user and system, of the whole command, so that two threads count twice.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import zipfile

OPT_INS = ["omit-unwind-index", "relr", "no-aslr", "abort-on-panic", "drop-backtraces", "drop-section-headers"]
ABORTS = ["abort-on-panic", "drop-backtraces"]


def cpu_of(command, cwd=None):
    """CPU seconds of a command, and whether it ended well."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds, done.returncode == 0, done.stderr.decode(errors="replace")


def row(name, size, base, seconds):
    share = f"{100 * (size - base) / base:+8.2f} %" if base else ""
    print(f"  {name:34} {size:>12,} {share:>10} {seconds:8.2f} s", flush=True)


def slimmed(slim, program, folder, flags):
    command = [slim, "slim", program, "--dry-run", "--format", "json", "-q", *flags]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    if done.returncode != 0:
        print(f"  {' '.join(flags):34} {done.stderr.decode().strip().splitlines()[-1:]}")
        return None, seconds
    outcome = json.loads(done.stdout)["slim"]
    for rewrite in outcome["rewrites"]:
        if rewrite["name"] in flags and rewrite["status"] != "applied":
            print(f"  {rewrite['name']:34} {rewrite['status']}: {rewrite['reason']}")
            return None, seconds
    return outcome["after"]["zip_bytes"], seconds


def peers(program, folder, base):
    stripped = os.path.join(folder, "bootstrap")
    strips = [tool for tool in ("strip", "llvm-strip", "aarch64-linux-gnu-strip") if shutil.which(tool)]
    if all(subprocess.run([tool, "-s", "-o", stripped, program], stderr=subprocess.DEVNULL).returncode for tool in strips):
        shutil.copy(program, stripped)

    def fresh_zip(level=6):
        path = os.path.join(folder, "peer.zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
            archive.write(stripped, "bootstrap")
        return path

    seconds, _, _ = cpu_of(["gzip", "-9kf", stripped])
    row("strip -s, gzip -9", os.path.getsize(stripped + ".gz"), base, seconds)
    path = os.path.join(folder, "7zz.zip")
    if shutil.which("7zz"):
        seconds, _, _ = cpu_of(["7zz", "a", "-tzip", "-mx9", path, "bootstrap"], cwd=folder)
        row("strip -s, 7zz -mx9", os.path.getsize(path), base, seconds)
    for tool, flags in (("advzip", ["-z", "-4"]), ("ect", ["-9", "-zip"])):
        if shutil.which(tool):
            path = fresh_zip()
            seconds, well, _ = cpu_of([tool, *flags, path])
            if well:
                row(f"strip -s, {tool} {' '.join(flags)}", os.path.getsize(path), base, seconds)
    if shutil.which("zopfli") and os.path.getsize(stripped) < 4 << 20:
        seconds, _, _ = cpu_of(["zopfli", "--gzip", stripped])
        row("strip -s, zopfli", os.path.getsize(stripped + ".gz"), base, seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("slim")
    parser.add_argument("programs", nargs="+")
    parser.add_argument("--effort", default="default")
    parser.add_argument("--max", action="store_true", help="also effort max")
    parser.add_argument("--no-peers", action="store_true")
    arguments = parser.parse_args()
    slim, effort = os.path.abspath(arguments.slim), ["--effort", arguments.effort]
    for program in map(os.path.abspath, arguments.programs):
        print(f"{program}: {os.path.getsize(program):,} bytes; zip bytes, against level strict, CPU seconds")
        with tempfile.TemporaryDirectory() as folder:
            base, seconds = slimmed(slim, program, folder, ["--level", "strict", *effort])
            row("strict", base, 0, seconds)
            unmerged = ["--without", "merge-unwind"]
            alone = [*unmerged, "--without", "repack-unwind", "--without", "zero-padding"]
            runs = [("default", []), ("default, not merged", unmerged), ("dead LSDAs alone", alone)]
            runs += [(f"default, {name}", ["--with", name]) for name in OPT_INS]
            # Written nowhere, so that it need not be booted: only its size counts here.
            runs += [(f"default, {name}, drop-dead-code", ["--with", name, "--with", "drop-dead-code"]) for name in ABORTS]
            for name, flags in runs:
                size, seconds = slimmed(slim, program, folder, [*flags, *effort])
                if size is not None:
                    row(name, size, base, seconds)
            efforts = ["fast", "default"] + (["max"] if arguments.max else [])
            for name in efforts:
                for level in ("strict", "default"):
                    size, seconds = slimmed(slim, program, folder, ["--level", level, "--effort", name])
                    row(f"level {level}, effort {name}", size, base, seconds)
            if not arguments.no_peers:
                peers(program, folder, base)


if __name__ == "__main__":
    sys.exit(main())
