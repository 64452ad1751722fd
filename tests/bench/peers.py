#!/usr/bin/env python3
"""Whole processes, side by side: tests/bench/peers.py FILE...

Times lambda-slim beside bloaty and cargo-treemap on ELF files: median wall seconds of RUNS runs (default 9) after one that is not
counted, taken in turn so that a machine that drifts drifts for all, and the largest resident set. A peer that is not on the PATH is
left out. `FILE.map` beside a file is the linker's map of it, `FILE.zip` a zip that holds it. SLIM names another lambda-slim.
"""
import os
import shutil
import statistics
import subprocess
import sys
import time

RUNS = int(os.environ.get("RUNS", "9"))
SLIM = os.environ.get("SLIM", os.path.join(os.path.dirname(__file__), "../../target/release/lambda-slim"))


def once(command):
    """Wall seconds, CPU seconds and peak resident kilobytes of one run."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {child.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def commands(file):
    yield "lambda-slim analyze FILE", [SLIM, "analyze", file, "-q"]
    if os.path.exists(f"{file}.map"):
        yield "lambda-slim analyze FILE --link-map", [SLIM, "analyze", file, "-q", "--link-map", f"{file}.map"]
    if os.path.exists(f"{file}.zip"):
        yield "lambda-slim analyze FILE.zip", [SLIM, "analyze", f"{file}.zip", "-q"]
    yield "lambda-slim analyze FILE --by function", [SLIM, "analyze", file, "-q", "--by", "function"]
    if shutil.which("bloaty"):
        yield "bloaty -d symbols FILE", ["bloaty", "-d", "symbols", "-n", "0", file]
    if shutil.which("cargo-treemap"):
        yield "cargo-treemap FILE", ["cargo-treemap", "treemap", "--artifact", file, "--format", "json"]
    if shutil.which("twiggy"):
        yield "twiggy top FILE", ["twiggy", "top", "-n", "20", file]


for file in sys.argv[1:]:
    print(f"{file} ({os.path.getsize(file)} bytes)")
    print(f"  {'command':<40} {'wall s':>8} {'cpu s':>8} {'peak MB':>8}")
    rows = list(commands(file))
    for _, command in rows:
        once(command)
    runs = {name: [] for name, _ in rows}
    for _ in range(RUNS):
        for name, command in rows:
            runs[name].append(once(command))
    for name, measured in runs.items():
        wall, cpu, peak = (statistics.median(run[i] for run in measured) for i in range(3))
        print(f"  {name:<40} {wall:>8.3f} {cpu:>8.3f} {peak / 1000:>8.0f}")
